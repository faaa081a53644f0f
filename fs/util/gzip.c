/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain or gzip, as one stream of bytes.
 *
 * AWS's deliveries end in .gz and may be plain (an HTTP client has decoded them), or hold
 * several members one behind the other (Firehose); so the magic decides, and after a member's
 * end another one may begin. Zero padding behind the last member is passed over, anything else
 * there is damage. A reader is done for after damage: what was decodable has been given out.
 */
#include "util/gzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#define INPUT_SIZE  (256u << 10)
#define RATIO_FLOOR (64ull << 20) /* small things may be as dense as they like */

enum state { START, PLAIN, MEMBER, BETWEEN, END };

struct gzip_reader {
	int fd;
	enum state state;
	bool source_ended;
	bool open; /* inflateInit2() was called */
	uint64_t consumed, produced;
	z_stream z; /* next_in, avail_in also serve plain input */
	unsigned char input[INPUT_SIZE];
};

int gzip_reader_new(int fd, struct gzip_reader **ret)
{
	struct gzip_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->fd = fd;
	*ret = r;
	return 0;
}

struct gzip_reader *gzip_reader_free(struct gzip_reader *r)
{
	if (r && r->open)
		inflateEnd(&r->z);
	free(r);
	return NULL;
}

uint64_t gzip_consumed(const struct gzip_reader *r)
{
	return r->consumed - r->z.avail_in;
}

/* Reads on behind what is left; at the source's end sets source_ended. */
static int fill(struct gzip_reader *r)
{
	ssize_t n;

	if (r->z.avail_in && r->z.next_in != r->input)
		memmove(r->input, r->z.next_in, r->z.avail_in);
	r->z.next_in = r->input;
	do
		n = read(r->fd, r->input + r->z.avail_in, INPUT_SIZE - r->z.avail_in);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->source_ended = n == 0;
	r->z.avail_in += (unsigned)n;
	r->consumed += (uint64_t)n;
	return 0;
}

static bool at_magic(const struct gzip_reader *r)
{
	return r->z.avail_in >= 2 && r->z.next_in[0] == 0x1f && r->z.next_in[1] == 0x8b;
}

static int damaged(const struct gzip_reader *r, struct fault *f, const char *reason)
{
	fault_set(f, gzip_consumed(r), "", "gzip: %s", reason);
	return GZIP_E_DAMAGED;
}

/* What begins here: a member, plain bytes, padding, or the end? */
static int begin(struct gzip_reader *r, struct fault *f)
{
	while (r->z.avail_in < 2 && !r->source_ended) {
		int e = fill(r);

		if (e)
			return e;
	}
	if (at_magic(r)) {
		int e = r->open ? inflateReset(&r->z) : inflateInit2(&r->z, 15 + 16);

		if (e != Z_OK)
			return -ENOMEM;
		r->open = true;
		r->state = MEMBER;
		return 0;
	}
	if (r->state == START) {
		r->state = PLAIN;
		return 0;
	}
	while (r->z.avail_in && *r->z.next_in == 0) {
		r->z.next_in++;
		r->z.avail_in--;
	}
	if (r->z.avail_in)
		return damaged(r, f, "what follows the last member is not gzip");
	if (r->source_ended)
		r->state = END;
	return 0;
}

static int read_plain(struct gzip_reader *r, void *bytes, size_t size, size_t *ret_n)
{
	if (!r->z.avail_in && !r->source_ended) {
		int e = fill(r);

		if (e)
			return e;
	}
	*ret_n = MIN(size, (size_t)r->z.avail_in);
	if (*ret_n)
		memcpy(bytes, r->z.next_in, *ret_n);
	r->z.next_in += *ret_n;
	r->z.avail_in -= (unsigned)*ret_n;
	if (r->source_ended && !r->z.avail_in)
		r->state = END;
	return 0;
}

static int check_limits(const struct gzip_reader *r, struct fault *f)
{
	if (r->produced > GZIP_MAX_SIZE)
		fault_set(f, gzip_consumed(r), "", "decompresses to more than %llu bytes",
			  (unsigned long long)GZIP_MAX_SIZE);
	else if (r->produced > RATIO_FLOOR &&
		 r->produced / GZIP_MAX_RATIO > gzip_consumed(r))
		fault_set(f, gzip_consumed(r), "",
			  "decompresses to more than %u times its size", GZIP_MAX_RATIO);
	else
		return 0;
	return GZIP_E_BOMB;
}

static int read_member(struct gzip_reader *r, void *bytes, size_t size, size_t *ret_n,
		       struct fault *f)
{
	int z;

	r->z.next_out = bytes;
	r->z.avail_out = (unsigned)MIN(size, (size_t)UINT32_MAX);
	do {
		if (!r->z.avail_in && !r->source_ended) {
			int e = fill(r);

			if (e)
				return e;
		}
		if (!r->z.avail_in && r->source_ended)
			return damaged(r, f, "the file is cut off");
		z = inflate(&r->z, Z_NO_FLUSH);
		*ret_n = (size_t)((char *)r->z.next_out - (char *)bytes);
	} while (z == Z_OK && *ret_n == 0);
	r->produced += *ret_n;
	if (z == Z_STREAM_END)
		r->state = BETWEEN;
	else if (z == Z_MEM_ERROR)
		return -ENOMEM;
	else if (z != Z_OK && z != Z_BUF_ERROR && *ret_n == 0)
		return damaged(r, f, r->z.msg ? r->z.msg : "the data are corrupt");
	return check_limits(r, f);
}

int gzip_read(struct gzip_reader *r, void *bytes, size_t size, size_t *ret_n,
	      struct fault *f)
{
	*ret_n = 0;
	while (*ret_n == 0 && r->state != END) {
		int e;

		if (r->state == START || r->state == BETWEEN)
			e = begin(r, f);
		else if (r->state == PLAIN)
			e = read_plain(r, bytes, size, ret_n);
		else
			e = read_member(r, bytes, size, ret_n, f);
		if (e) {
			r->state = END;
			return e;
		}
	}
	return 0;
}
