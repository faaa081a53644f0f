/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A source that is an API of a region, read by one thread: what those of AWS Config, CloudTrail
 * and CloudWatch have in common. How far it was read is kept in cursors of the history, which are
 * times and never tokens, so that a round that was cut off is gone on with.
 */

#include "api.h"
#include "pump.h"

#define API_SECOND_MS INT64_C(1000)
#define API_HOUR_MS   (3600 * API_SECOND_MS)
#define API_SOURCE_E_CLOCK \
	3000 /* AWS's clock is another one than was thought; for run() */

#define API_DAY_MS (24 * API_HOUR_MS)

/* Of a kind at a time: an organisation has hundreds of accounts, and each round has threads. */
#define API_ROUNDS 8u

struct api_source {
	struct pump *pump;
	const struct sync_options *options;
	char *url;
	char *region, *name; /* scheme://REGION[/NAME]; name NULL: none */
	bool again, last;    /* as they are begun */
	struct aws_client *client;
	int64_t now_ms;  /* when the round began, by AWS's clock ... */
	int64_t skew_ms; /* ... which was ahead of ours by this */
	int (*run)(struct api_source *s, struct aws_handle *h, struct fault *f);
};

/* Is it REGION (named: or REGION/NAME)? */
bool api_source_check(struct str rest, bool named) _pure_;
int api_source_begin(const struct sync_begin *b,
		     int (*run)(struct api_source *s, struct aws_handle *h,
				struct fault *f),
		     void **ret) _must_check_;
int api_source_next(void *source, struct import_ledger *ledger,
		    struct import_document *ret);
void api_source_report(void *source, struct sync_round *ret);
void api_source_free(void *source);

/* What all kinds of such sources have alike; a kind's table begins with it. */
#define API_SOURCE_KIND(NAME, FORM)                                          \
	.scheme = NAME "://", .form = NAME "://" FORM, .most = API_ROUNDS,   \
	.local = true, .next = api_source_next, .report = api_source_report, \
	.free = api_source_free

/* --- for run() ------------------------------------------------------------------------------ */

/* Not before `ms` have passed since the call before. As api_call(), or -ECANCELED. */
struct api_operation {
	enum aws_service service;
	const char *name;
	unsigned pace_ms;
};
int api_source_call(struct api_source *s, struct aws_handle *h,
		    const struct api_operation *op, struct json_build *body,
		    struct api_answer *ret, struct fault *f) _must_check_;
int api_source_call_text(struct api_source *s, struct aws_handle *h,
			 const struct api_operation *op, struct str body,
			 struct api_answer *ret, struct fault *f) _must_check_;

/* The answer's text as a document, with what is to be noted once it is in the history. */
struct api_note {
	const char *name; /* NULL: the source's URL; else what is put behind it */
	int64_t value;
};
int api_source_push(struct api_source *s, struct str text, const struct api_note *notes,
		    unsigned n) _must_check_;
/* What was noted; INT64_MIN: nothing. */
int api_source_noted(struct api_source *s, const char *name, int64_t *ret) _must_check_;

/* The next page's token, kept between two answers. */
struct api_token {
	struct buf text;
};
void api_token_deinit(struct api_token *t);
void api_token_put(const struct api_token *t, const char *key, struct json_build *b);
/* *ret_more: there is a next page. A token that comes twice would never end: AWS_E_UNREADABLE. */
int api_token_take(struct api_token *t, const struct api_answer *answer, const char *key,
		   bool *ret_more, struct fault *f) _must_check_;
/* Has the answer an array of that name with something in it? */
bool api_has(const struct api_answer *answer, const char *name) _pure_;
