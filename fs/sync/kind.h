/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every kind of source gives to sync.c. A source is read in rounds: begun, asked for
 * documents until there are none, asked how it went, and freed. Everything here is called by
 * the importing thread; a kind has threads of its own for what has to be waited for, and they
 * ring the bell when there is something new.
 */

#include "bell.h"
#include "sync/sync.h"

struct sync_begin {
	const struct sync_options *options;
	struct aws_client *client;
	struct bell *bell;
	const char *url;
	bool again; /* this process has read it before: only what may be new is wanted */
	bool last;  /* who does not follow: what the others brought is in the history */
};

/* A document's cookie begins so; the rest is the kind's. */
struct sync_cookie {
	void *owner; /* sync.c's */
};

struct sync_round {
	uint64_t known; /* passed over */
	uint64_t had;   /* grows with what AWS gives; of kinds that do not tell ok_ms */
	bool partial;   /* some of it could not be had, and may be another time */
	int result;     /* 0, AWS_E_..., negative errno: why it ended early */
	int64_t ok_ms;  /* when AWS last gave a good answer; 0: not yet */
	int64_t newest_ms; /* the newest of what it brought was made then; 0: not known */
	struct fault fault; /* of the result; else of what could not be had */
};

struct sync_kind {
	const char *scheme; /* "s3://" */
	const char *form;   /* for people */
	unsigned most; /* of its rounds at a time: 1 if it fills the line by itself; 0: any */
	bool local; /* an account's own: asked with each role that was given */
	bool hurried; /* somebody waits to see what it brings: each state by itself, as it came about */
	bool stays; /* while followed its round does not end but by a failure */
	/* For who does not follow: is there to be another round, when all the others have ended,
	   since what it asks for is what they bring? NULL: never. */
	bool (*again)(const struct sync_options *o);
	bool (*check)(struct str rest); /* is what stands behind the scheme one? */
	struct str (*account)(struct str rest); /* whose it is; NULL: nobody can tell */
	int (*begin)(const struct sync_begin *b, void **ret, struct fault *f);
	/* 0, IMPORT_E_LATER, IMPORT_E_END, negative errno; at the end no cookie is out. */
	int (*next)(void *round, struct import_ledger *ledger,
		    struct import_document *ret);
	/* Of documents with a cookie; NULL: it gives none. */
	void (*done)(void *round, struct sync_cookie *cookie, bool kept);
	void (*report)(void *round, struct sync_round *ret); /* at any time */
	void (*free)(void *round);
};

extern const struct sync_kind sync_kind_s3, sync_kind_sqs, sync_kind_config,
	sync_kind_cloudtrail, sync_kind_cloudwatch;
