/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two halves of a request, for who sends it by itself (http.c) and who sends many at once
 * (http_many.c). Only these know curl's handles.
 */

#include <curl/curl.h>

#include "http.h"

/* One request under way. */
struct exchange {
	struct http *h;
	struct http_answer *answer;
	const struct http_sink *sink;
	struct buf url, host;
	struct curl_slist *headers;
	uint64_t max, got;
	curl_off_t moved; /* bytes both ways, as far as they were seen */
	int64_t moved_ms; /* when that was */
	bool begun;       /* the sink's */
	int error; /* what ended it: negative errno, HTTP_E_TOO_LONG, HTTP_E_TRANSIENT: stalled */
};

struct http {
	CURL *curl;
	struct http_options options;
	char *ca_file;
	char error[CURL_ERROR_SIZE];
	struct exchange x; /* at most one */

	/* Of http_many.c. */
	struct http *next;
	int code; /* curl's, once it has ended */
};

/* Ready to be sent; the request's body alone is borrowed until its end. 0 or negative errno. */
int http_begin(struct http *h, const struct aws_request *rq, uint64_t body_max,
	       const struct http_sink *sink, struct http_answer *ret) _must_check_;
/* As http_send() returns; `code` is curl's. */
int http_end(struct http *h, int code, struct fault *f) _must_check_;
/* Nothing has come for too long, or all is to stop: then it is ended, as aborted by a callback. */
bool http_is_over(struct http *h, int64_t now_ms);
