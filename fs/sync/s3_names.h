/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The names of the objects of a bucket that are wanted, listed by a thread of its own ahead of who
 * takes them.
 */

#include "fetch.h"
#include "s3_feed.h"

struct s3_names;

/* The options' strings are borrowed for its life. 0, AWS_E_..., with the fault; negative errno. */
int s3_names_new(const struct s3_feed_options *options, struct s3_names **ret,
		 struct fault *f) _must_check_;
struct s3_names *s3_names_free(struct s3_names *s); /* returns NULL */
/* The next one, the caller's; NULL: none is listed just now. *ret_end: none will come. */
struct fetch_job *s3_names_take(struct s3_names *s, bool *ret_end) _must_check_;
/* Where the bucket is; known from the first name on. */
void s3_names_bucket(struct s3_names *s, struct aws_bucket *ret);

struct s3_names_report {
	uint64_t listed;
	/* When it has ended: 0, AWS_E_..., negative errno. */
	int result;
	struct fault fault;
	bool nothing; /* all that the prefix has was looked at, and it has nothing */
};
void s3_names_report(struct s3_names *s, struct s3_names_report *ret);
