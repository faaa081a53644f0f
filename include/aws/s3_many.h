/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Objects of one bucket, many under way at once, by one thread: each as aws_s3_get() would fetch
 * it, with tries and waits of its own, over connections that they share.
 */

#include "aws/s3.h"

struct aws_gets;

/* One of them; borrowed until it is handed out again. */
struct aws_get {
	struct str key, etag;
	struct aws_sink sink;
	int result; /* as aws_s3_get() returns */
	struct fault fault;
};

/* At most so many at once. 0 or negative errno. */
int aws_gets_new(struct aws_client *c, const struct aws_bucket *bucket, unsigned most,
		 struct aws_gets **ret) _must_check_;
struct aws_gets *aws_gets_free(struct aws_gets *g); /* forgets what is under way */
bool aws_gets_has_room(const struct aws_gets *g);
/* Takes one more, if there is room. */
void aws_gets_add(struct aws_gets *g, struct aws_get *get);
/* Moves all on; waits until there is something to move, or to be woken, but not longer. */
void aws_gets_run(struct aws_gets *g, unsigned ms);
/* One that has ended, in any order; NULL: none. */
struct aws_get *aws_gets_take(struct aws_gets *g) _must_check_;
/* From any thread: aws_gets_run() returns, now or when it is called next. */
void aws_gets_wake(struct aws_gets *g);
