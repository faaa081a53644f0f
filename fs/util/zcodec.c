/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies in zstd frames without magic, size or checksum: bodies are a few hundred bytes, and
 * the caller keeps the length. One context each way is reused; a prefix or a dictionary is
 * referenced for one frame only.
 */
#include "util/zcodec.h"

#include <errno.h>
#include <stdlib.h>

#define ZDICT_STATIC_LINKING_ONLY
#define ZSTD_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

struct zcodec {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
};

struct zdict {
	ZSTD_CDict *c;
	ZSTD_DDict *d;
};

struct zcodec *zcodec_free(struct zcodec *z)
{
	if (z) {
		ZSTD_freeCCtx(z->c);
		ZSTD_freeDCtx(z->d);
	}
	free(z);
	return NULL;
}

static bool set_up(struct zcodec *z, int level)
{
	return z->c && z->d &&
	       !ZSTD_isError(
		       ZSTD_CCtx_setParameter(z->c, ZSTD_c_compressionLevel, level)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z->c, ZSTD_c_contentSizeFlag, 0)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z->c, ZSTD_c_dictIDFlag, 0)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z->c, ZSTD_c_format,
						    ZSTD_f_zstd1_magicless)) &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(z->d, ZSTD_d_format,
						    ZSTD_f_zstd1_magicless));
}

int zcodec_new(int level, struct zcodec **ret)
{
	struct zcodec *z = calloc(1, sizeof(*z));

	if (!z)
		return -ENOMEM;
	z->c = ZSTD_createCCtx();
	z->d = ZSTD_createDCtx();
	if (!set_up(z, level)) {
		zcodec_free(z);
		return -ENOMEM;
	}
	*ret = z;
	return 0;
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

struct zdict *zdict_new(struct str bytes, int level)
{
	struct zdict *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->c = ZSTD_createCDict(bytes.p, bytes.n, level);
	d->d = ZSTD_createDDict(bytes.p, bytes.n);
	return d->c && d->d ? d : zdict_free(d);
}

int zdict_train(struct str samples, const size_t *lengths, size_t n, size_t size,
		struct buf *ret)
{
	/* Fixed parameters: searching for the best ones costs seconds and gains a few per cent. */
	ZDICT_fastCover_params_t params = { .k = 200, .d = 8, .f = 18, .accel = 4 };
	size_t made;

	if (n > UINT32_MAX || n < 8)
		return 1;
	if (!buf_reserve(ret, size))
		return -ENOMEM;
	made = ZDICT_trainFromBuffer_fastCover(ret->data + ret->len, size, samples.p,
					       lengths, (unsigned)n, params);
	if (ZDICT_isError(made))
		return 1;
	ret->len += made;
	return 0;
}

int zcodec_pack(struct zcodec *z, struct str body, const struct zdict *dict,
		struct str prefix, struct buf *out)
{
	size_t bound = ZSTD_compressBound(body.n), n;

	ZSTD_CCtx_reset(z->c, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_CCtx_refCDict(z->c, dict ? dict->c : NULL)))
		return -ENOMEM;
	if (prefix.n && ZSTD_isError(ZSTD_CCtx_refPrefix(z->c, prefix.p, prefix.n)))
		return -ENOMEM;
	if (!buf_reserve(out, bound))
		return -ENOMEM;
	n = ZSTD_compress2(z->c, out->data + out->len, bound, body.p, body.n);
	if (ZSTD_isError(n))
		return -ENOMEM;
	out->len += n;
	return 0;
}

int zcodec_unpack(struct zcodec *z, struct str frame, const struct zdict *dict,
		  struct str prefix, size_t length, struct buf *out)
{
	size_t n;

	ZSTD_DCtx_reset(z->d, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_DCtx_refDDict(z->d, dict ? dict->d : NULL)))
		return -ENOMEM;
	if (prefix.n && ZSTD_isError(ZSTD_DCtx_refPrefix(z->d, prefix.p, prefix.n)))
		return -ENOMEM;
	if (!buf_reserve(out, length + 1))
		return -ENOMEM;
	n = ZSTD_decompressDCtx(z->d, out->data + out->len, length + 1, frame.p, frame.n);
	if (ZSTD_isError(n) || n != length)
		return -EBADMSG;
	out->len += n;
	return 0;
}
