/* SPDX-License-Identifier: Apache-2.0 */
#include "util/varint.h"

void varint_put(struct buf *out, uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	buf_put(out, bytes, varint_write(bytes, n));
}

bool varint_take(struct str *in, uint64_t *ret)
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
