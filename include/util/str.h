/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A borrowed slice of bytes: never owned, not terminated, may hold NUL. The owner of the bytes
 * is named where a function returns one. An empty slice may have p == NULL.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NULL     ((struct str){ NULL, 0 })
/* For printf: ("%.*s", STR_ARGS(s)) */
#define STR_ARGS(s) (int)(s).n, (s).p

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

static inline bool str_starts(struct str a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

static inline bool str_ends(struct str a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

/* The part from byte `from` on; empty when from is past the end. */
static inline struct str str_from(struct str a, size_t from)
{
	return from >= a.n ? STR_NULL : (struct str){ a.p + from, a.n - from };
}

/* Byte order, then length: <0, 0, >0. */
int str_cmp(struct str a, struct str b) _pure_;
/* Equal but for ASCII case. */
bool str_eq_nocase(struct str a, struct str b) _pure_;
/* Index of the last / first byte c, or -1. */
ptrdiff_t str_rchr(struct str a, char c) _pure_;
ptrdiff_t str_chr(struct str a, char c) _pure_;
/* A malloc'ed, NUL-terminated copy; NULL when out of memory. */
char *str_dup(struct str a) _must_check_;
/* XXH3 64-bit hash of the bytes; stable over machines and versions, used in stored indexes. */
uint64_t str_hash(struct str a) _pure_;
/* Is every byte part of well-formed UTF-8 (RFC 3629; no surrogates, no overlong forms)? */
bool str_is_utf8(struct str a) _pure_;
