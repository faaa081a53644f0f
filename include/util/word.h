/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Eight bytes of text at a time, as one number: its lowest bits are the first byte. What looks for
 * a byte below or equal to another subtracts, so that the byte's highest bit is set by a borrow; a
 * borrow may run on into higher bytes, never into lower ones: the lowest hit is always right.
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define WORD_HIGHS      WORD_EACH(0x80)

static inline uint64_t word_at(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* Bytes that are zero; of a word ^ WORD_EACH(byte): that are that byte. */
static inline uint64_t word_zeros(uint64_t w)
{
	return (w - WORD_EACH(1)) & ~w & WORD_HIGHS;
}

/* Bytes that are control characters below a space, or above ASCII; 0: none is. */
static inline uint64_t word_controls(uint64_t w)
{
	return ((w - WORD_EACH(0x20)) | w) & WORD_HIGHS;
}
