/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The client as the services' own files see it. */

#include "aws/client.h"
#include "credentials.h"
#include "error.h"
#include "http.h"
#include "moved.h"

struct aws_client {
	struct aws_client_options options;
	struct credentials *credentials;
	struct moved *moved;
	char region[64];
	int64_t skew_s; /* of AWS's clock against ours; atomic */
};

struct aws_handle {
	struct aws_client *client;
	struct http *http;
	struct http_answer answer; /* of the last call */
	struct aws_error error;    /* likewise, when it was one */
	uint64_t random;           /* state of the jitter's generator */
	int64_t skew_s;            /* that the last try was signed with */
};

/* A call as its service wants it; the handle's answer holds what came back. */
struct aws_call {
	struct aws_request request; /* without what signing adds */
	struct str service;         /* signing name */
	struct str region;
	uint64_t body_max; /* of the answer */
	const struct http_sink *sink;
};

/* 0 for any 2xx; AWS_E_..., with the fault; negative errno. */
int aws_handle_call(struct aws_handle *h, const struct aws_call *call,
		    struct fault *f) _must_check_;

/* The client's stop is set: nothing is to be begun. */
bool aws_handle_is_stopped(const struct aws_handle *h);

/*
 * The same step by step, for who has many under way: sign, send, judge; and so again as long as
 * the verdict and aws_try_again() say. The tries of one call share a struct aws_trying.
 */
struct aws_trying {
	unsigned attempt;
	bool corrected, renewed;
	bool throttled;
	struct aws_secret secret; /* of the try under way; wiped by the verdict */
};
enum aws_verdict {
	AWS_VERDICT_FINAL,
	AWS_VERDICT_WAIT,    /* try again after a while */
	AWS_VERDICT_AT_ONCE, /* something was put right: try again */
};
/* *ret is what is to be sent; sigv4_forget(keep) when that is done. 0, AWS_E_..., negative errno. */
int aws_try_sign(struct aws_handle *h, const struct aws_call *call, struct aws_trying *t,
		 struct aws_request *ret, struct sigv4_kept *keep,
		 struct fault *f) _must_check_;
/* `sent` is what http_send() returned; *ret_result holds if it was the last. */
enum aws_verdict aws_try_judge(struct aws_handle *h, const struct aws_call *call,
			       struct aws_trying *t, int sent, int *ret_result,
			       struct fault *f) _must_check_;
/* May it be tried again, and after how long? */
bool aws_try_again(struct aws_handle *h, struct aws_trying *t,
		   unsigned *ret_ms) _must_check_;

/* How long to wait before the next try, in milliseconds; see client.c. Pure. */
unsigned aws_backoff_ms(unsigned attempt, bool throttled, uint64_t random,
			const char *retry_after) _pure_;
/* By how much the clock of an answer's Date is ahead of ours; false for what is no date. */
bool aws_skew_of(const char *date, int64_t *ret) _must_check_;
/* Appends "https://HOST" of a service in a region, or the endpoint; sets scheme and host of rq. */
int aws_endpoint(const struct aws_client *c, const char *service, struct str region,
		 struct buf *keep, struct aws_request *rq) _must_check_;
/* ".amazonaws.com", ".amazonaws.com.cn" for China. */
const char *aws_dns_suffix(struct str region) _pure_;
