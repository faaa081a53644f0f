/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A growing byte buffer with a sticky error: appending never returns a code; an allocation
 * that failed is remembered and told once by buf_error(). What was appended before it stays.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

struct buf {
	char *data; /* owned; NULL while empty */
	size_t len;
	size_t cap;
	bool failed; /* an allocation failed; nothing was appended since */
	bool secret; /* what it leaves behind when it grows is wiped */
};

#define BUF_INIT   ((struct buf){ 0 })
#define BUF_SECRET ((struct buf){ .secret = true }) /* to be ended by buf_wipe() */

void buf_deinit(struct buf *b);
void buf_wipe(struct buf *b); /* likewise, wiped: what it held may be a secret */
/* Forget the content, keep the memory and clear the error. */
static inline void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}
/* 0, or -ENOMEM when any append failed. */
int buf_error(const struct buf *b) _must_check_;
bool buf_reserve_slow(struct buf *b, size_t n);
/* Room for n more bytes; false (and failed set) when there is none. */
static inline bool buf_reserve(struct buf *b, size_t n)
{
	return (!b->failed && n <= b->cap - b->len) || buf_reserve_slow(b, n);
}
/* Likewise, and none for more: for what is kept long, by who knows how long it is. */
bool buf_reserve_just(struct buf *b, size_t n);
/* Gives back the room that is not used: for what is kept long. */
void buf_fit(struct buf *b);
/* Inlined, these four: texts are written a member, a quote, a comma at a time. */
static inline void buf_put(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
}
static inline void buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}
static inline void buf_put_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}
static inline void buf_put_char(struct buf *b, char c)
{
	if (buf_reserve(b, 1))
		b->data[b->len++] = c;
}
/* In decimal: a fifth of what buf_printf() takes for it. */
void buf_put_number(struct buf *b, uint64_t n);
void buf_printf(struct buf *b, const char *format, ...) _printf_(2, 3);
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->data, b->len };
}
