/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listings of directories.
 */

#include "serve.h"

/*
 * Answers the request with the names of the directory from behind `offset` on (0: the begin) that go
 * into `size` bytes; `plus`: in the form that has room for attributes.
 */
void listing_reply(fuse_req_t req, struct serving *s, uint64_t node, size_t size,
		   off_t offset, bool plus);
