/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growing buffer. It doubles, so that appending costs amortised constant time; the error
 * is sticky, so that writers of text need not check each append.
 */
#include "util/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_MIN_CAP 64

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_deinit(b);
}

int buf_error(const struct buf *b)
{
	return b->failed ? -ENOMEM : 0;
}

/* As realloc(), to a greater size; which leaves the old bytes where they were, or not. */
static char *grow_wiped(const struct buf *b, size_t cap)
{
	char *data = malloc(cap);

	if (data && b->data) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	return data;
}

static bool resize(struct buf *b, size_t cap)
{
	char *data = b->secret ? grow_wiped(b, cap) : realloc(b->data, cap);

	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

static bool buf_grow(struct buf *b, size_t n)
{
	size_t cap = MAX(b->cap, (size_t)BUF_MIN_CAP);

	if (n > SIZE_MAX / 2 - b->len)
		return false;
	while (cap < b->len + n)
		cap *= 2;
	return resize(b, cap);
}

bool buf_reserve_slow(struct buf *b, size_t n)
{
	if (b->failed)
		return false;
	b->failed = !buf_grow(b, n);
	return !b->failed;
}

bool buf_reserve_just(struct buf *b, size_t n)
{
	if (!b->failed && n > b->cap - b->len)
		b->failed = n > SIZE_MAX / 2 - b->len || !resize(b, b->len + n);
	return !b->failed;
}

void buf_fit(struct buf *b)
{
	char *data = b->len > 0 ? realloc(b->data, b->len) : NULL;

	if (!data)
		return;
	b->data = data;
	b->cap = b->len;
}

void buf_put_number(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_put(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	/* Most texts fit what there is; one that does not tells how much room it needs. */
	if (!buf_reserve(b, BUF_MIN_CAP))
		return;
	va_start(args, format);
	n = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n >= b->cap - b->len) {
		if (!buf_reserve(b, (size_t)n + 1))
			return;
		va_start(args, format);
		n = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
		va_end(args);
	}
	if (n < 0)
		b->failed = true;
	else
		b->len += (size_t)n;
}
