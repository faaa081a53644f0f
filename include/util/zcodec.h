/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compressed bodies (zstd): alone, with a dictionary, or against another body as prefix. The
 * contexts are reused; a codec belongs to one thread. Frames carry no content size: the caller
 * keeps the length.
 */

#include "util/buf.h"
#include "util/str.h"

struct zcodec;
struct zdict; /* immutable, shared between threads, reference counted by nobody: owner frees */

int zcodec_new(int level, struct zcodec **ret) _must_check_;
struct zcodec *zcodec_free(struct zcodec *z);
/* Copies the bytes. Level 0: for unpacking alone, without the tables for packing. NULL: no memory. */
struct zdict *zdict_new(struct str bytes, int level) _must_check_;
struct zdict *zdict_free(struct zdict *d);
/* Trains a dictionary of at most `size` bytes from samples laid end to end; 0, 1 when the samples do not
   suffice, -ENOMEM. */
int zdict_train(struct str samples, const size_t *lengths, size_t n, size_t size,
		struct buf *ret) _must_check_;

/* Appends the frame to out. dict and prefix may be absent (NULL / STR_NULL), never both given. The
   prefix and the body lie apart: from a body that overlaps its prefix nothing would be saved. */
int zcodec_pack(struct zcodec *z, struct str body, const struct zdict *dict,
		struct str prefix, struct buf *out) _must_check_;
/* Appends just `length` bytes to out; -EBADMSG when the frame does not give them. */
int zcodec_unpack(struct zcodec *z, struct str frame, const struct zdict *dict,
		  struct str prefix, size_t length, struct buf *out) _must_check_;
/* The same of a frame that gives `most` bytes or less. */
int zcodec_unpack_most(struct zcodec *z, struct str frame, const struct zdict *dict,
		       struct str prefix, size_t most, struct buf *out) _must_check_;
