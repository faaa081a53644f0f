/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One UTF-8 sequence at a time (RFC 3629). Where all is ASCII, eight bytes at a time are quicker:
 * see util/word.h.
 */

#include <stddef.h>

/*
 * Length of the well-formed sequence that starts at p (p < end), 0 when there is none: a
 * stray or missing continuation byte, an overlong form, a surrogate, past U+10FFFF.
 */
static inline size_t utf8_sequence(const char *p, const char *end)
{
	const unsigned char *b = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	/* The second byte's range carries the rules on overlong forms, surrogates and the end. */
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	if (b[0] < 0xe0) {
		n = 2;
	} else if (b[0] < 0xf0) {
		n = 3;
		low = b[0] == 0xe0 ? 0xa0 : 0x80;
		high = b[0] == 0xed ? 0x9f : 0xbf;
	} else {
		n = 4;
		low = b[0] == 0xf0 ? 0x90 : 0x80;
		high = b[0] == 0xf4 ? 0x8f : 0xbf;
	}
	if (left < n || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return n;
}
