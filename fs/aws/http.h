/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request over HTTP and its answer, by libcurl. Nothing is interpreted and nothing repeated
 * here (client.h does), no redirect is ever followed, and what comes in is bounded in size and
 * time. A handle keeps its connections, belongs to one thread, and obeys the environment's
 * proxies as curl's users expect.
 */

#include "request.h"
#include "util/fault.h"

enum {
	_HTTP_E_SUCCESS,
	HTTP_E_TRANSIENT, /* no connection, cut off, stalled: another try may do it */
	HTTP_E_TLS,       /* the server's certificate, or TLS itself */
	HTTP_E_REFUSED, /* a name that does not resolve, a protocol or URL that is not ours */
	HTTP_E_TOO_LONG, /* the answer is longer than it may be */
};

struct http_options {
	const char *ca_file;      /* NULL: the system's */
	unsigned connect_ms;      /* to have a connection; 0: 10 s */
	unsigned stall_ms;        /* without a byte; 0: 60 s */
	const volatile int *stop; /* not 0: give up at once; NULL: never */
	bool no_proxy;            /* whatever the environment says */
};

#define HTTP_VALUE_SIZE 256

/* Headers that somebody asks for; "" where there is none. Overlong ones are cut. */
struct http_answer {
	long status;
	char content_type[HTTP_VALUE_SIZE];
	char error_type[HTTP_VALUE_SIZE];    /* x-amzn-errortype */
	char query_error[HTTP_VALUE_SIZE];   /* x-amzn-query-error */
	char bucket_region[HTTP_VALUE_SIZE]; /* x-amz-bucket-region */
	char date[HTTP_VALUE_SIZE];
	char etag[HTTP_VALUE_SIZE];
	char retry_after[HTTP_VALUE_SIZE];
	struct buf body; /* what no sink took */
};

void http_answer_deinit(struct http_answer *a);

/*
 * Where the body of a success (2xx) goes, piece by piece; a negative errno ends it. begin() is
 * called anew for each try. NULL: into the answer's body.
 */
struct http_sink {
	int (*begin)(void *ctx);
	int (*put)(void *ctx, const char *bytes, size_t n);
	void *ctx;
};

struct http;

/* Once a process, before any thread; 0 or -ENOMEM. */
int http_library_init(void) _must_check_;
int http_new(const struct http_options *options, struct http **ret) _must_check_;
struct http *http_free(struct http *h); /* returns NULL */

/*
 * Sends the request and reads the whole answer, at most body_max bytes of it. A status of any
 * kind is a success here. 0, HTTP_E_... with the fault filled, -ECANCELED, -ENOMEM, what the
 * sink returned.
 */
int http_send(struct http *h, const struct aws_request *rq, uint64_t body_max,
	      const struct http_sink *sink, struct http_answer *ret,
	      struct fault *f) _must_check_;
