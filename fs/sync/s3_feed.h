/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bucket as a feed of documents: listed by one thread, looked up in the ledger by the
 * importing one, fetched by another, handed out as they come.
 */

#include "aws/s3.h"
#include "bell.h"
#include "import/import.h"
#include "s3_key.h"

struct s3_feed;

struct s3_feed_options {
	struct aws_client *client;
	struct str bucket, prefix; /* borrowed for the feed's life, as is all else */
	struct s3_wish wish;
	bool requester_pays;
	unsigned at_once; /* 0: as many as are good */
	struct bell *
		bell; /* rung when there may be something to hand out; NULL: nobody waits */
};

int s3_feed_new(const struct s3_feed_options *options, struct s3_feed **ret,
		struct fault *f) _must_check_;
struct s3_feed *s3_feed_free(struct s3_feed *s); /* returns NULL */
/* As import_run() wants them; the context is the feed. */
int s3_feed_next(void *feed, struct import_ledger *ledger, struct import_document *ret);

struct s3_feed_report {
	uint64_t listed, known, fetched, failed;
	bool partial; /* some of `failed` may be had at another time */
	int result;   /* of the listing: 0, AWS_E_..., negative errno */
	struct fault fault;
};
void s3_feed_report(struct s3_feed *s, struct s3_feed_report *ret);
