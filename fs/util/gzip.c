/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading a source that may be gzip. The first two bytes tell; then it is either passed on as it
 * is or inflated member by member. An error is remembered until all that could be decoded has
 * been handed out, so that a truncated delivery still yields its whole records.
 */

#include "util/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#define INPUT_SIZE       (256u << 10)
#define WINDOW_BITS_GZIP (15 + 16) /* zlib: the largest window, and a gzip header */
#define RATIO_FLOOR      (64ull << 20)

enum source {
	SOURCE_UNKNOWN,
	SOURCE_PLAIN,
	SOURCE_MEMBER,  /* inside a gzip member */
	SOURCE_BETWEEN, /* behind one */
	SOURCE_PADDING, /* in zeros behind the last one */
};

struct gzip_reader {
	int fd; /* -1: all there is is at hand from the start */
	enum source source;
	bool at_end; /* read() gave nothing */
	bool inflating;
	int error; /* to be told when nothing is left to hand out */
	const char *reason;
	uint64_t taken;    /* bytes read from fd */
	uint64_t produced; /* bytes inflated */
	z_stream z;        /* next_in, avail_in: what is left of input, plain or not */
	unsigned char input[]; /* INPUT_SIZE where there is an fd */
};

int gzip_reader_new(int fd, struct gzip_reader **ret)
{
	struct gzip_reader *r = malloc(sizeof(*r) + INPUT_SIZE);

	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->z.next_in = r->input;
	*ret = r;
	return 0;
}

int gzip_reader_new_bytes(struct str bytes, struct gzip_reader **ret)
{
	struct gzip_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	if (bytes.n > UINT_MAX) {
		free(r);
		return -EFBIG;
	}
	r->fd = -1;
	r->at_end = true;
	r->taken = bytes.n;
	r->z.next_in = (unsigned char *)(uintptr_t)bytes.p;
	r->z.avail_in = (uInt)bytes.n;
	*ret = r;
	return 0;
}

struct gzip_reader *gzip_reader_free(struct gzip_reader *r)
{
	if (r && r->inflating)
		inflateEnd(&r->z);
	free(r);
	return NULL;
}

uint64_t gzip_consumed(const struct gzip_reader *r)
{
	return r->taken - r->z.avail_in;
}

/* Remembers the error; always returns it. */
static int set_error(struct gzip_reader *r, int error, const char *reason)
{
	r->error = error;
	r->reason = reason;
	return error;
}

/* Until `want` bytes are at hand (few; those left over move to the front) or the source ends. */
static int fill(struct gzip_reader *r, size_t want)
{
	if (r->z.avail_in >= want || r->at_end)
		return 0;
	memmove(r->input, r->z.next_in, r->z.avail_in);
	r->z.next_in = r->input;
	while (r->z.avail_in < want && !r->at_end) {
		ssize_t n =
			read(r->fd, r->input + r->z.avail_in, INPUT_SIZE - r->z.avail_in);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_error(r, -errno, "");
		r->at_end = n == 0;
		r->taken += n;
		r->z.avail_in += (uInt)n;
	}
	return 0;
}

static bool has_magic(const struct gzip_reader *r)
{
	return r->z.avail_in >= 2 && r->z.next_in[0] == 0x1f && r->z.next_in[1] == 0x8b;
}

static int source_tell(struct gzip_reader *r)
{
	int e = fill(r, 2);

	if (e)
		return e;
	if (!has_magic(r)) {
		r->source = SOURCE_PLAIN;
		return 0;
	}
	if (inflateInit2(&r->z, WINDOW_BITS_GZIP) != Z_OK)
		return set_error(r, -ENOMEM, "");
	r->inflating = true;
	r->source = SOURCE_MEMBER;
	return 0;
}

/* Behind a member comes another one, or zeros that fill up a block of a tape, or nothing. */
static int member_next(struct gzip_reader *r)
{
	int e = fill(r, 2);

	if (e)
		return e;
	if (!has_magic(r)) {
		r->source = SOURCE_PADDING;
		return 0;
	}
	if (inflateReset(&r->z) != Z_OK)
		return set_error(r, -EINVAL, "");
	r->source = SOURCE_MEMBER;
	return 0;
}

static int padding_skip(struct gzip_reader *r)
{
	for (; r->z.avail_in > 0; r->z.avail_in--, r->z.next_in++)
		if (*r->z.next_in != 0)
			return set_error(
				r, GZIP_E_DAMAGED,
				"bytes that are not gzip follow the compressed data");
	return fill(r, 1);
}

static int check_limits(struct gzip_reader *r)
{
	if (r->produced > GZIP_MAX_SIZE)
		return set_error(r, GZIP_E_BOMB, "decompresses to more than 64 GiB");
	if (r->produced > RATIO_FLOOR && r->produced / GZIP_MAX_RATIO > gzip_consumed(r))
		return set_error(r, GZIP_E_BOMB,
				 "decompresses to more than 200 times its size");
	return 0;
}

/*
 * Inflates to next_out; a member that ends is left behind. Without further bytes there may still
 * be some to come out: only when nothing moves any more, the source is truncated.
 */
static int member_inflate(struct gzip_reader *r)
{
	uInt room = r->z.avail_out;
	int z, e = fill(r, 1);

	if (e)
		return e;
	z = inflate(&r->z, Z_NO_FLUSH);
	r->produced += room - r->z.avail_out;
	switch (z) {
	case Z_STREAM_END:
		r->source = SOURCE_BETWEEN;
		break;
	case Z_OK:
		break;
	case Z_BUF_ERROR:
		if (r->at_end && r->z.avail_in == 0)
			return set_error(r, GZIP_E_DAMAGED,
					 "ends inside of the compressed data");
		break;
	case Z_MEM_ERROR:
		return set_error(r, -ENOMEM, "");
	default:
		return set_error(r, GZIP_E_DAMAGED,
				 r->z.msg ? r->z.msg : "the compressed data is corrupt");
	}
	return check_limits(r);
}

static int plain_copy(struct gzip_reader *r)
{
	uInt n;
	int e = fill(r, 1);

	if (e)
		return e;
	n = MIN(r->z.avail_in, r->z.avail_out);
	memcpy(r->z.next_out, r->z.next_in, n);
	r->z.next_in += n;
	r->z.avail_in -= n;
	r->z.next_out += n;
	r->z.avail_out -= n;
	return 0;
}

static int step(struct gzip_reader *r)
{
	switch (r->source) {
	case SOURCE_UNKNOWN:
		return source_tell(r);
	case SOURCE_PLAIN:
		return plain_copy(r);
	case SOURCE_MEMBER:
		return member_inflate(r);
	case SOURCE_BETWEEN:
		return member_next(r);
	default:
		return padding_skip(r);
	}
}

/* Nothing more will come, and that is as it should be. */
static bool is_done(const struct gzip_reader *r)
{
	return r->at_end && r->z.avail_in == 0 && r->source != SOURCE_UNKNOWN &&
	       r->source != SOURCE_MEMBER;
}

int gzip_read(struct gzip_reader *r, void *bytes, size_t size, size_t *ret_n,
	      struct fault *f)
{
	size_t n;

	size = MIN(size, (size_t)INT_MAX);
	r->z.next_out = bytes;
	r->z.avail_out = (uInt)size;
	while (!r->error && r->z.avail_out > 0 && !is_done(r)) {
		/* What is there is handed out before one waits for more. */
		if (r->z.avail_out < size && r->z.avail_in == 0)
			break;
		(void)step(r);
	}
	n = size - r->z.avail_out;
	if (n == 0 && r->error) {
		if (r->error > 0)
			fault_set(f, gzip_consumed(r), "", "%s", r->reason);
		return r->error;
	}
	*ret_n = n;
	return 0;
}
