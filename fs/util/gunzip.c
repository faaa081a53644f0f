/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompression in memory. The output grows as the stream gives it and stops at the caller's
 * limit, so a small payload cannot claim much memory.
 */
#include "util/gunzip.h"

#include <errno.h>
#include <limits.h>

#define ZLIB_CONST /* next_in is const */
#include <zlib.h>

#define STEP        ((size_t)64 << 10)
#define WINDOW_GZIP (15 + 16) /* the largest window, gzip framing only */

bool gunzip_is(struct str bytes)
{
	return bytes.n >= 2 && (unsigned char)bytes.p[0] == 0x1f &&
	       (unsigned char)bytes.p[1] == 0x8b;
}

/* One more piece of output; Z_OK or Z_STREAM_END to go on, anything else is the stream's end. */
static int inflate_step(z_stream *z, struct buf *out, size_t limit)
{
	size_t room = MIN(STEP, limit - out->len);
	int r;

	if (!buf_reserve(out, room))
		return Z_MEM_ERROR;
	z->next_out = (Bytef *)out->data + out->len;
	z->avail_out = (uInt)room;
	r = inflate(z, Z_NO_FLUSH);
	out->len += room - z->avail_out;
	return r;
}

static int inflate_members(z_stream *z, struct buf *out, size_t limit)
{
	for (;;) {
		uInt in = z->avail_in;
		size_t len = out->len;
		int r;

		/* One byte over the limit is asked for: only then it is known to be passed. */
		if (out->len > limit)
			return GUNZIP_E_SIZE;
		r = inflate_step(z, out, limit + 1);
		if (r == Z_MEM_ERROR)
			return -ENOMEM;
		if (r == Z_STREAM_END) {
			if (z->avail_in == 0)
				return out->len > limit ? GUNZIP_E_SIZE : 0;
			r = inflateReset(z);
		}
		if (r != Z_OK || (z->avail_in == in && out->len == len))
			return GUNZIP_E_DAMAGED;
	}
}

int gunzip(struct buf *out, struct str bytes, size_t limit)
{
	size_t start = out->len;
	z_stream z = { 0 };
	int r;

	if (!gunzip_is(bytes) || bytes.n > UINT_MAX)
		return GUNZIP_E_DAMAGED;
	if (limit >= SIZE_MAX - start)
		return -EINVAL;
	z.next_in = (const Bytef *)bytes.p;
	z.avail_in = (uInt)bytes.n;
	if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
		return -ENOMEM;
	r = inflate_members(&z, out, start + limit);
	(void)inflateEnd(&z);
	if (r != 0)
		out->len = start;
	return r;
}
