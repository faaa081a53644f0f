/* SPDX-License-Identifier: Apache-2.0 */
#include "util/varint.h"

void varint_put(struct buf *out, uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	buf_put(out, bytes, varint_write(bytes, n));
}

bool varint_take_long(struct str *in, uint64_t *ret)
{
	unsigned shift = 0;

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
