/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers of so many bits each, the least first, without room between them: for columns of numbers
 * that are all within a span. The last byte is filled up with zeros.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

/* How many bits a number takes: 0 to 64. */
static inline unsigned bits_of(uint64_t n)
{
	return n ? 64u - (unsigned)__builtin_clzll(n) : 0;
}

struct bits_out {
	struct buf *out;
	uint64_t held; /* bits that are no whole byte yet */
	unsigned n;    /* so many, below 8 between two calls */
};

/* Puts the lower `width` bits of n, 64 at most. */
static inline void bits_put(struct bits_out *b, uint64_t n, unsigned width)
{
	while (width) {
		unsigned take = width < 32 ? width : 32;

		b->held |= (n & ((UINT64_C(1) << take) - 1)) << b->n;
		for (b->n += take; b->n >= 8; b->n -= 8, b->held >>= 8)
			buf_put_char(b->out, (char)b->held);
		n >>= take;
		width -= take;
	}
}

/* The last byte. */
static inline void bits_end(struct bits_out *b)
{
	if (b->n)
		buf_put_char(b->out, (char)b->held);
	b->held = b->n = 0;
}

struct bits_in {
	struct str in;
	uint64_t held;
	unsigned n;
};

/* Takes `width` bits, 64 at most; false: there are no more. */
static inline bool bits_take(struct bits_in *b, unsigned width, uint64_t *ret)
{
	unsigned at = 0;

	*ret = 0;
	while (at < width) {
		unsigned take = width - at < 32 ? width - at : 32;

		while (b->n < take) {
			if (!b->in.n)
				return false;
			b->held |= (uint64_t)(unsigned char)b->in.p[0] << b->n;
			b->in = str_from(b->in, 1);
			b->n += 8;
		}
		*ret |= (b->held & ((UINT64_C(1) << take) - 1)) << at;
		b->held >>= take;
		b->n -= take;
		at += take;
	}
	return true;
}

/* Is all taken, and what fills up the last byte zero? */
static inline bool bits_all(const struct bits_in *b)
{
	return b->in.n == 0 && b->n < 8 && b->held == 0;
}
