/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slice operations that are not worth inlining. Everything works on bytes, never on the
 * locale: a comparison has to give the same order on every machine, as stored indexes use it.
 */
#include "util/str.h"

#include <stdlib.h>

/* Inlined: the hash of a short key costs less than a call through the library. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "utf8.h"
#include "util/word.h"

int str_cmp(struct str a, struct str b)
{
	size_t n = MIN(a.n, b.n);
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

ptrdiff_t str_rchr(struct str a, char c)
{
	const char *hit = a.n ? memrchr(a.p, c, a.n) : NULL;

	return hit ? hit - a.p : -1;
}

ptrdiff_t str_chr(struct str a, char c)
{
	const char *hit = a.n ? memchr(a.p, c, a.n) : NULL;

	return hit ? hit - a.p : -1;
}

char *str_dup(struct str a)
{
	char *copy = a.n < SIZE_MAX ? malloc(a.n + 1) : NULL;

	if (!copy)
		return NULL;
	if (a.n)
		memcpy(copy, a.p, a.n);
	copy[a.n] = '\0';
	return copy;
}

uint64_t str_hash(struct str a)
{
	return XXH3_64bits(a.p, a.n);
}

bool str_is_utf8(struct str a)
{
	const char *p = a.p;
	const char *end = a.n ? a.p + a.n : a.p;

	while (p < end) {
		size_t n;

		if (end - p >= 8 && !(word_at(p) & WORD_HIGHS)) {
			p += 8;
			continue;
		}
		n = utf8_sequence(p, end);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}
