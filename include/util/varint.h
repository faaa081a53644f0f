/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers of seven bits a byte, the least first (LEB128), the upper bit set in all but the last;
 * signed ones by zigzag: doubled, below zero less one as well.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

#define VARINT_MAX 10u /* bytes that a number can take */

static inline uint64_t zigzag(int64_t n)
{
	return (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t n)
{
	return (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}

/* Writes n to `out`, which has VARINT_MAX bytes of room; how many it took. */
static inline size_t varint_write(unsigned char *out, uint64_t n)
{
	size_t at = 0;

	for (; n >= 0x80; n >>= 7)
		out[at++] = (unsigned char)(n | 0x80);
	out[at++] = (unsigned char)n;
	return at;
}

void varint_put(struct buf *out, uint64_t n);
bool varint_take_long(struct str *in, uint64_t *ret) _must_check_;
/* Takes one off the front of *in; false, with *in as it was, when there is no whole one. */
static inline bool _must_check_ varint_take(struct str *in, uint64_t *ret)
{
	/* Most are one byte, and some hundred are taken for each that is looked for. */
	if (in->n && !(in->p[0] & 0x80)) {
		*ret = (unsigned char)in->p[0];
		*in = str_from(*in, 1);
		return true;
	}
	return varint_take_long(in, ret);
}

/* What stands beside such numbers: a text behind its length, a byte of flags. */
void varint_text_put(struct buf *out, struct str text);
bool varint_text_take(struct str *in,
		      struct str *ret) _must_check_; /* borrowed from *in */
bool varint_byte_take(struct str *in, unsigned *ret) _must_check_;
