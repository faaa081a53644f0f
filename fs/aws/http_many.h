/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests under way at once, moved on by one thread. They share the connections that are open:
 * whichever is free serves the next.
 */

#include "http.h"

struct http_many;

/* So many connections are kept. 0 or negative errno. */
int http_many_new(unsigned most, struct http_many **ret) _must_check_;
/* What is under way is dropped; the handles that were begun are then to be freed. */
struct http_many *http_many_free(struct http_many *m);

/* As http_send(), but only begins; the handle has none under way, and stays its owner's. */
int http_many_begin(struct http_many *m, struct http *h, const struct aws_request *rq,
		    uint64_t body_max, const struct http_sink *sink,
		    struct http_answer *ret) _must_check_;
/* Moves all on; waits until there is something to move, or to be woken, but not longer. */
void http_many_run(struct http_many *m, unsigned ms);
/* One that has ended, in any order; NULL: none. Its http_many_result() is to be asked next. */
struct http *http_many_ended(struct http_many *m) _must_check_;
int http_many_result(struct http *h,
		     struct fault *f) _must_check_; /* as http_send() returns */
/* From any thread: http_many_run() returns, now or when it is called next. */
void http_many_wake(struct http_many *m);
