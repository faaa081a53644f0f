/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What one object at a time and many have in common. */

#include "aws/s3.h"
#include "client.h"

/* What a request's strings borrow from. */
struct place {
	struct buf host, path;
};
void place_deinit(struct place *p);

/* A GetObject. The call borrows place, bucket, key and ETag. 0 or negative errno. */
int s3_get_call(const struct aws_handle *h, const struct aws_bucket *b, struct str key,
		struct str etag, const struct http_sink *sink, struct place *place,
		struct aws_call *ret) _must_check_;
/* AWS named another region: is it one, and news? Then it is the bucket's. */
bool s3_moved(const struct aws_handle *h, struct aws_bucket *b) _must_check_;
