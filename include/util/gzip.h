/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A byte source that is plain or gzip (told by its magic 1f 8b, one member or several), read
 * as a stream. Bombs are stopped by two limits: decompressed size, and the ratio to what was
 * read of the source once that is past a floor.
 */

#include "util/fault.h"
#include "util/str.h"

#define GZIP_MAX_RATIO 200u /* decompressed : compressed, checked past 64 MiB out */
#define GZIP_MAX_SIZE  (64ull << 30) /* decompressed bytes of one source */

enum {
	_GZIP_E_SUCCESS,
	GZIP_E_DAMAGED, /* truncated or corrupt: the fault has the offset in the source */
	GZIP_E_BOMB,    /* a limit was passed */
};

struct gzip_reader;

/* Reads from fd, which stays the caller's. 0 or negative errno. */
int gzip_reader_new(int fd, struct gzip_reader **ret) _must_check_;
/* Reads what is in memory; it stays the caller's, until the reader is freed. 0, -ENOMEM, -EFBIG. */
int gzip_reader_new_bytes(struct str bytes, struct gzip_reader **ret) _must_check_;
struct gzip_reader *gzip_reader_free(struct gzip_reader *r); /* returns NULL */
/* Up to size bytes; *ret_n == 0 at the end. 0, GZIP_E_..., negative errno. */
int gzip_read(struct gzip_reader *r, void *bytes, size_t size, size_t *ret_n,
	      struct fault *f) _must_check_;
/* Bytes taken from the source so far (for progress). */
uint64_t gzip_consumed(const struct gzip_reader *r);
