/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bodies are small (a kilobyte or two) and there are millions of them: each byte of a frame
 * counts. So frames carry no content size, checksum or dictionary id, and go without the four
 * bytes of zstd's magic, which are put before a frame again for reading. The store knows what it
 * compressed with what, and how long it was. Most are of one compressed block, and what is before
 * that tells no more than that it is so (RFC 8878, 3.1.1): those have a byte, which no frame begins
 * with, in place of both headers.
 */

#include "util/zcodec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define ZDICT_STATIC_LINKING_ONLY /* the trainer whose time can be bounded */
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#define MAGIC_SIZE     4u
#define HEADERS_SIZE   9u   /* the magic, the frame's header, that of its first block */
#define BLOCK_ALONE    0x08 /* the reserved bit of a frame header's first byte */
#define BLOCK_LAST     1u
#define BLOCK_MAX      ((size_t)128 << 10) /* bytes that one block gives */
#define BLOCK_PACKED   (2u << 1)
#define WINDOW_OF(log) (((log)-10) << 3) /* of a frame's header */
#define WINDOW_LOG_MAX 27 /* 128 MiB: what readers of zstd take without being asked */
#define LARGE_LOG \
	19 /* bodies that fit in 512 KiB with their prefix leave it to the level */
#define LONG_LOG 22

struct zcodec {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
	struct buf scratch; /* a frame with its magic */
};

struct zdict {
	ZSTD_CDict *c;
	ZSTD_DDict *d;
};

static int set_parameters(ZSTD_CCtx *c, int level)
{
	if (ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 0)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_dictIDFlag, 0)))
		return -EINVAL;
	return 0;
}

static void codec_freep(struct zcodec **z)
{
	zcodec_free(*z);
}

int zcodec_new(int level, struct zcodec **ret)
{
	_cleanup_(codec_freep) struct zcodec *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return -ENOMEM;
	z->c = ZSTD_createCCtx();
	z->d = ZSTD_createDCtx();
	if (!z->c || !z->d)
		return -ENOMEM;
	r = set_parameters(z->c, level);
	if (r < 0)
		return r;
	*ret = take_ptr(z);
	return 0;
}

struct zcodec *zcodec_free(struct zcodec *z)
{
	if (z) {
		ZSTD_freeCCtx(z->c);
		ZSTD_freeDCtx(z->d);
		buf_deinit(&z->scratch);
	}
	free(z);
	return NULL;
}

struct zdict *zdict_new(struct str bytes, int level)
{
	struct zdict *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	if (level)
		d->c = ZSTD_createCDict(bytes.p, bytes.n, level);
	d->d = ZSTD_createDDict(bytes.p, bytes.n);
	return d->d && (d->c || !level) ? d : zdict_free(d);
}

struct zdict *zdict_free(struct zdict *d)
{
	if (d) {
		ZSTD_freeCDict(d->c);
		ZSTD_freeDDict(d->d);
	}
	free(d);
	return NULL;
}

int zdict_train(struct str samples, const size_t *lengths, size_t n, size_t size,
		struct buf *ret)
{
	/* Given all parameters, one pass is made instead of a search for the best ones, which
	   takes ten times as long and gains little on bodies that are so much alike. Segments of
	   1,500 bytes, about a body each: of 200 bytes they left 4 % more of events, 40 % of states. */
	ZDICT_fastCover_params_t params = { .k = 1500, .d = 8, .f = 20, .accel = 1 };
	size_t length;

	if (n == 0 || n > UINT_MAX || size < ZDICT_DICTSIZE_MIN)
		return 1;
	if (!buf_reserve(ret, size))
		return -ENOMEM;
	params.zParams.compressionLevel = 3;
	length = ZDICT_trainFromBuffer_fastCover(ret->data + ret->len, size, samples.p,
						 lengths, (unsigned)n, params);
	if (!ZDICT_isError(length)) {
		ret->len += length;
		return 0;
	}
	return ZSTD_getErrorCode(length) == ZSTD_error_memory_allocation ? -ENOMEM : 1;
}

static int error_of(size_t code)
{
	return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM
								       : -EINVAL;
}

/* The window must reach back over the body to the prefix; 0 leaves it to the level. */
static int window_log(size_t length)
{
	int bits = 0;

	while (bits < WINDOW_LOG_MAX && length > (size_t)1 << bits)
		bits++;
	return bits <= LARGE_LOG ? 0 : bits;
}

static size_t refer(struct zcodec *z, struct str body, const struct zdict *dict,
		    struct str prefix)
{
	int log = prefix.n > 0 ? window_log(body.n + prefix.n) : 0;
	size_t code;

	ZSTD_CCtx_reset(z->c, ZSTD_reset_session_only);
	code = ZSTD_CCtx_setParameter(z->c, ZSTD_c_windowLog, log);
	if (ZSTD_isError(code))
		return code;
	/* The level's hash table soon forgets where in a long prefix things were. */
	code = ZSTD_CCtx_setParameter(z->c, ZSTD_c_enableLongDistanceMatching,
				      log >= LONG_LOG);
	if (ZSTD_isError(code))
		return code;
	/* Forgets a prefix; no dictionary forgets a dictionary. */
	code = ZSTD_CCtx_refCDict(z->c, dict ? dict->c : NULL);
	if (ZSTD_isError(code) || prefix.n == 0)
		return code;
	return ZSTD_CCtx_refPrefix(z->c, prefix.p, prefix.n);
}

/* What the headers of a frame are that has one block of `length` bytes. */
static void headers_of(size_t length, unsigned char ret[HEADERS_SIZE])
{
	uint32_t block = BLOCK_LAST | BLOCK_PACKED | (uint32_t)length << 3;

	memcpy(ret, (unsigned char[]){ 0x28, 0xb5, 0x2f, 0xfd, 0, WINDOW_OF(LARGE_LOG) },
	       6);
	for (unsigned i = 0; i < 3; i++)
		ret[6 + i] = (unsigned char)(block >> 8 * i);
}

/* Takes off a frame what is known of it without; how long it is then. */
static size_t shorten(char *frame, size_t n)
{
	unsigned char headers[HEADERS_SIZE];

	if (n > HEADERS_SIZE) {
		headers_of(n - HEADERS_SIZE, headers);
		/* The window says where a reader must reach back to; that of all of these is larger. */
		if ((unsigned char)frame[5] < headers[5])
			headers[5] = (unsigned char)frame[5];
		if (!memcmp(frame, headers, HEADERS_SIZE)) {
			frame[0] = BLOCK_ALONE;
			memmove(frame + 1, frame + HEADERS_SIZE, n - HEADERS_SIZE);
			return n - HEADERS_SIZE + 1;
		}
	}
	memmove(frame, frame + MAGIC_SIZE, n - MAGIC_SIZE);
	return n - MAGIC_SIZE;
}

/* The frame as zstd knows it. */
static void put_whole(struct buf *out, struct str frame)
{
	unsigned char headers[HEADERS_SIZE];
	bool alone = frame.n && frame.p[0] == BLOCK_ALONE;

	headers_of(frame.n - alone, headers);
	buf_put(out, headers, alone ? HEADERS_SIZE : MAGIC_SIZE);
	buf_put_str(out, str_from(frame, alone));
}

int zcodec_pack(struct zcodec *z, struct str body, const struct zdict *dict,
		struct str prefix, struct buf *out)
{
	size_t bound = ZSTD_compressBound(body.n);
	size_t code;
	char *frame;

	if (dict && (prefix.n > 0 || !dict->c))
		return -EINVAL;
	if (ZSTD_isError(bound) || !buf_reserve(out, bound))
		return -ENOMEM;
	code = refer(z, body, dict, prefix);
	if (ZSTD_isError(code))
		return error_of(code);
	frame = out->data + out->len;
	code = ZSTD_compress2(z->c, frame, bound, body.p, body.n);
	if (ZSTD_isError(code))
		return error_of(code);
	out->len += shorten(frame, code);
	return 0;
}

int zcodec_unpack(struct zcodec *z, struct str frame, const struct zdict *dict,
		  struct str prefix, size_t length, struct buf *out)
{
	size_t start = out->len;
	int r = zcodec_unpack_most(z, frame, dict, prefix, length, out);

	if (!r && out->len - start != length) {
		out->len = start;
		return -EBADMSG;
	}
	return r;
}

int zcodec_unpack_most(struct zcodec *z, struct str frame, const struct zdict *dict,
		       struct str prefix, size_t most, struct buf *out)
{
	size_t code;
	bool room;

	if (dict && prefix.n > 0)
		return -EINVAL;
	/* A block takes a byte and more, so a length that was damaged asks for no more than that. */
	most = MIN(most, (frame.n + 1) * BLOCK_MAX);
	buf_reset(&z->scratch);
	put_whole(&z->scratch, frame);
	/* One byte at least: a NULL target would not be told from "no room". */
	room = out->data ? buf_reserve(out, most + (most == 0))
			 : buf_reserve_just(out, most + (most == 0));
	if (!room || buf_error(&z->scratch) < 0)
		return -ENOMEM;
	ZSTD_DCtx_reset(z->d, ZSTD_reset_session_only);
	code = prefix.n > 0 ? ZSTD_DCtx_refPrefix(z->d, prefix.p, prefix.n)
			    : ZSTD_DCtx_refDDict(z->d, dict ? dict->d : NULL);
	if (ZSTD_isError(code))
		return error_of(code);
	code = ZSTD_decompressDCtx(z->d, out->data + out->len, most, z->scratch.data,
				   z->scratch.len);
	if (ZSTD_isError(code) && ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return -ENOMEM;
	if (ZSTD_isError(code))
		return -EBADMSG;
	out->len += code;
	return 0;
}
