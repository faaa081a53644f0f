/* SPDX-License-Identifier: Apache-2.0 */
#include "util/varint.h"

#include <endian.h>
#include <string.h>

void varint_put(struct buf *out, uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	buf_put(out, bytes, varint_write(bytes, n));
}

/* Eight bytes of which n are a number: their seven bits each, put together. */
static uint64_t put_together(uint64_t word, unsigned n)
{
	word &= UINT64_C(0x7f7f7f7f7f7f7f7f) >> (64 - 8 * n);
	word = (word & UINT64_C(0x007f007f007f007f)) |
	       (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) |
	       (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (word & UINT64_C(0x000000000fffffff)) |
	       (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* Most that are long are far from the end, and have up to eight bytes: these are taken at once. */
static bool take_word(struct str *in, uint64_t *ret)
{
	uint64_t word, ends;
	unsigned n;

	if (in->n < sizeof(word))
		return false;
	memcpy(&word, in->p, sizeof(word));
	word = le64toh(word);
	ends = ~word & UINT64_C(0x8080808080808080);
	if (!ends)
		return false;
	n = (unsigned)__builtin_ctzll(ends) / 8 + 1;
	*ret = put_together(word, n);
	*in = str_from(*in, n);
	return true;
}

bool varint_take_long(struct str *in, uint64_t *ret)
{
	unsigned shift = 0;

	if (take_word(in, ret))
		return true;
	*ret = 0;
	for (size_t i = 0; i < in->n && shift < 64; i++, shift += 7) {
		unsigned char c = (unsigned char)in->p[i];

		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*in = str_from(*in, i + 1);
			return true;
		}
	}
	return false;
}

void varint_text_put(struct buf *out, struct str text)
{
	varint_put(out, text.n);
	buf_put_str(out, text);
}

bool varint_text_take(struct str *in, struct str *ret)
{
	uint64_t n;

	if (!varint_take(in, &n) || n > in->n)
		return false;
	*ret = (struct str){ in->p, (size_t)n };
	*in = str_from(*in, (size_t)n);
	return true;
}

bool varint_byte_take(struct str *in, unsigned *ret)
{
	if (!in->n)
		return false;
	*ret = (unsigned char)in->p[0];
	*in = str_from(*in, 1);
	return true;
}
