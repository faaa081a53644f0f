/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request to AWS as it is meant: nothing is encoded yet. Strings are borrowed. What is sent
 * and what is signed are both made from this, so they cannot differ.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

struct aws_pair {
	struct str name;
	struct str value;
};

#define AWS_MAX_HEADERS 16
#define AWS_MAX_QUERY   16

struct aws_request {
	const char *method; /* "GET", "POST", "PUT" */
	struct str scheme;  /* "https", or "http" for an endpoint given so */
	struct str host;    /* with ":port" where it is not the scheme's own */
	struct str path;    /* begins with a slash */
	struct aws_pair query[AWS_MAX_QUERY];
	size_t n_query;
	struct aws_pair headers[AWS_MAX_HEADERS]; /* besides Host; names in lower case */
	size_t n_headers;
	struct str body;
};

/*
 * RFC 3986: all but unreserved characters as %XX, upper case; slashes stay where keep_slash.
 */
void aws_encode(struct buf *out, struct str text, bool keep_slash);
/* The query as it is sent and signed: encoded, sorted by encoded name, then value. */
int aws_request_query(struct buf *out, const struct aws_request *rq) _must_check_;
/* scheme://host/path?query */
int aws_request_url(struct buf *out, const struct aws_request *rq) _must_check_;
