/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Buckets: what is in them and the bytes of their objects (Amazon S3 API reference,
 * ListObjectsV2 and GetObject).
 */

#include "aws/client.h"

/* Where a bucket is; filled by aws_bucket_init(), the region corrected by the first call that
   AWS answers with another one, which the client remembers. Used by one thread at a time. */
struct aws_bucket {
	struct str name; /* borrowed */
	char region[64];
	bool requester_pays;
};
/* AWS_E_NOT_FOUND for a name that cannot be a bucket's. */
int aws_bucket_init(struct aws_bucket *b, const struct aws_client *c, struct str name,
		    bool requester_pays, struct fault *f) _must_check_;

struct aws_object {
	struct str key;  /* decoded */
	struct str etag; /* with its quotes */
	struct str storage_class;
	struct str modified; /* ISO 8601 */
	uint64_t size;
};

struct aws_listing {
	struct str prefix;      /* keys that begin so; may be empty */
	struct str start_after; /* only keys behind this one; may be empty */
	bool folders; /* only one level: deeper ones as prefixes that end in a slash */
	/* Called in order of the keys; a negative errno ends the listing. NULL: not wanted. */
	int (*object)(void *ctx, const struct aws_object *o);
	int (*folder)(void *ctx, struct str prefix);
	void *ctx;
};
/* All of it, page by page. */
int aws_s3_list(struct aws_handle *h, struct aws_bucket *b, const struct aws_listing *l,
		struct fault *f) _must_check_;

/*
 * An object's bytes as they are stored; put() gets them in pieces, begin() comes before the first
 * and again when a try was cut off. Only if its ETag is still the one given (empty: whichever);
 * AWS_E_FAILED otherwise. A body shorter than announced is tried again, never handed on as whole.
 */
struct aws_sink {
	int (*begin)(void *ctx);
	int (*put)(void *ctx, const char *bytes, size_t n);
	void *ctx;
};
int aws_s3_get(struct aws_handle *h, const struct aws_bucket *b, struct str key,
	       struct str etag, const struct aws_sink *sink,
	       struct fault *f) _must_check_;
