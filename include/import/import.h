/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The write side's driver: sources in, facts and then derived rows in the history. Worker
 * threads read, split and parse; one writer commits in batches; then the stories of the
 * resources touched are derived. Cut off at any instant, the next import completes it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/write.h"
#include "util/buf.h"
#include "util/fault.h"

enum import_phase {
	IMPORT_READING,  /* done/total: bytes of the sources, as stored */
	IMPORT_DERIVING, /* done/total: resources */
};

struct import_progress {
	enum import_phase phase;
	uint64_t done, total;
	struct store_counts counts; /* so far */
	uint64_t files_done, files_total;
};

struct import_report {
	struct store_counts counts;
	uint64_t files;          /* source files that held something of AWS's */
	uint64_t files_known;    /* skipped: the ledger has them, unchanged */
	uint64_t sources_failed; /* of those named: could not be read */
	uint64_t resources;      /* touched by this import's items */
	bool refused; /* something that was refused in it, and not taken since */
};

/*
 * Documents that are no files: what sync fetches. All calls are made by import_run()'s own
 * thread.
 */
struct import_ledger;
struct import_cursor {
	const char *name; /* store/sync.h */
	int64_t value;    /* IMPORT_CURSOR_FORGET: all whose names begin so are deleted */
};
#define IMPORT_CURSOR_FORGET INT64_MIN
#define IMPORT_CURSORS       3u

/* The bytes of a document, owned: in memory, or behind a descriptor at their start, or none. */
struct import_bytes {
	bool held; /* in memory: */
	struct buf memory;
	int fd; /* -1: none */
};
#define IMPORT_NO_BYTES ((struct import_bytes){ .fd = -1 })
static inline bool import_bytes_any(const struct import_bytes *b)
{
	return b->held || b->fd >= 0;
}
/* Frees them; there are none then. */
void import_bytes_deinit(struct import_bytes *b);
/* Hands them over; there are none then. */
static inline struct import_bytes import_bytes_take(struct import_bytes *b)
{
	struct import_bytes taken = *b;

	*b = IMPORT_NO_BYTES;
	return taken;
}

struct import_document {
	const char *name;  /* for the ledger: a URL; until the next call */
	const char *shown; /* as its user would name it; likewise */
	uint64_t size;     /* bytes as stored there */
	int64_t version;   /* hash of the ETag, or the like */
	/* Its bytes, taken over. None: they could not be had, the fault says why, and another run
	   tries again; or, without a reason, there are none. */
	struct import_bytes bytes;
	struct fault fault;
	bool stream; /* more of what the ledger has by that name */
	bool hurried; /* somebody waits to see it: nothing else that is under way keeps it */
	/* Set in the transaction that ends the document, in this order; until the next call. */
	struct import_cursor cursors[IMPORT_CURSORS];
	unsigned n_cursors;
	void *cookie; /* for done() */
};

enum {
	_IMPORT_E_SUCCESS,
	IMPORT_E_LATER = 1000, /* nothing just now */
	IMPORT_E_END,          /* nothing any more */
};

struct import_feed {
	/* 0, IMPORT_E_LATER, IMPORT_E_END; a negative errno ends the import. */
	int (*next)(void *ctx, struct import_ledger *ledger, struct import_document *ret);
	/* Likewise, of hurried ones, which next() then does not give; never the end. Asked when there
	   is no room for others, too. NULL: there are none. */
	int (*next_hurried)(void *ctx, struct import_ledger *ledger,
			    struct import_document *ret);
	/* Waits until next() may have something, but not longer. */
	void (*wait)(void *ctx, unsigned ms);
	/* The document is in the history, committed; `kept`: all of it was read. May be NULL. */
	void (*done)(void *ctx, void *cookie, bool kept);
	bool follow; /* does not end */
	/* Not 0: it was ended. Stories that take longer than seconds are left to another run; may
	   be NULL. */
	const volatile int *stop;
	void *ctx;
};
/* Is this version of it in the history, whole? 0, STORE_E_..., negative errno. */
int import_ledger_knows(struct import_ledger *ledger, const char *name, uint64_t size,
			int64_t version, bool *ret) _must_check_;
/* Is anything in the history from a place whose name begins so? Likewise. */
int import_ledger_begins(struct import_ledger *ledger, const char *prefix,
			 bool *ret) _must_check_;
/* Is everything that was handed out in the history, if not yet committed? */
bool import_ledger_is_even(const struct import_ledger *ledger) _pure_;
/* IMPORT_E_LATER: there is none. */
int import_ledger_cursor(struct import_ledger *ledger, const char *name,
			 int64_t *ret) _must_check_;
struct store_health;
/* To read other things of the history than the ledger's own. */
struct store *import_ledger_store(struct import_ledger *ledger);
/* Goes with the next transaction. */
int import_ledger_health(struct import_ledger *ledger,
			 const struct store_health *health) _must_check_;

struct import_options {
	const char *history;
	const char *const *sources; /* files, folders, "-" */
	size_t n_sources;
	const struct import_feed *feed; /* instead of the sources; NULL: none */
	unsigned workers;               /* 0: one per processor */
	bool all_events; /* take in read-only calls, too, also of sources that are done without */
	/* Of transitions whose source names neither; NULL, or both. */
	const char *account, *region;
	bool wait;                 /* for another import to end */
	bool held;                 /* the writer lock is the caller's: store_lock() */
	uint32_t without_evidence; /* bits of enum evidence that correlation shall not look at */
	void (*progress)(
		void *ctx,
		const struct import_progress *p); /* may be NULL; from one thread */
	void (*refused)(void *ctx, const char *source,
			const struct fault *f); /* may be NULL */
	/* One of the sources is not there or cannot be read; may be NULL. */
	void (*failed)(void *ctx, const char *source, const struct fault *f);
	void *ctx;
};

/*
 * 0: done, perhaps with refusals, perhaps without some of the sources (see the report): what is
 * named as a source and cannot be read is told of, and the others are imported; what is met in a
 * folder and cannot be read is a refusal. Where no source is there, no history is made. A failure fills the fault: STORE_E_..., or a
 * negative errno. What was committed before a failure stays.
 */
int import_run(const struct import_options *options, struct import_report *ret,
	       struct fault *f) _must_check_;
