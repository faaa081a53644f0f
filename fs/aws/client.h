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
