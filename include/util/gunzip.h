/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gzip in memory, for payloads inside of records; files are read through util/gzip.h.
 */

#include "util/buf.h"
#include "util/str.h"

enum {
	_GUNZIP_E_SUCCESS,
	GUNZIP_E_DAMAGED, /* no gzip, truncated or corrupt */
	GUNZIP_E_SIZE,    /* more than `limit` bytes come out */
};

/* Does it start with the magic of gzip? */
bool gunzip_is(struct str bytes) _pure_;
/* Appends what the members of `bytes` hold, at most `limit` bytes. 0, GUNZIP_E_..., -ENOMEM. */
int gunzip(struct buf *out, struct str bytes, size_t limit) _must_check_;
