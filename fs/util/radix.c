/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An American flag sort: rows are put into 256 piles by the highest eight bits in which any of them
 * differ, where they stand, and then each pile by itself. Hashes need two or three rounds; of times,
 * whose upper bits are the same, those are left out.
 */
#include "util/radix.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

#define PILES     256u
#define FEW       24u /* these are sorted by comparing */
#define ROW_WORDS (RADIX_SIZE_MAX / sizeof(uint64_t))
#define SIGN      (UINT64_C(1) << 63)

/* Rows are looked at as words, whatever a caller has behind the keys. */
typedef uint64_t _may_alias_ word;

struct rows {
	word *words;
	size_t width; /* words of a row */
	unsigned keys;
};

static word *row_at(const struct rows *r, size_t i)
{
	return r->words + i * r->width;
}

static void copy(const struct rows *r, word *to, const word *from)
{
	for (size_t i = 0; i < r->width; i++)
		to[i] = from[i];
}

/* Two rows, which are alike in the keys before this one. */
static bool is_less(const struct rows *r, const word *a, const word *b, unsigned key)
{
	for (; key < r->keys; key++)
		if (a[key] != b[key])
			return (int64_t)a[key] < (int64_t)b[key];
	return false;
}

static void insert_each(const struct rows *r, size_t n, unsigned key)
{
	word row[ROW_WORDS];

	for (size_t i = 1; i < n; i++) {
		size_t to = i;

		copy(r, row, row_at(r, i));
		for (; to && is_less(r, row, row_at(r, to - 1), key); to--)
			copy(r, row_at(r, to), row_at(r, to - 1));
		copy(r, row_at(r, to), row);
	}
}

static bool is_sorted(const struct rows *r, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (is_less(r, row_at(r, i), row_at(r, i - 1), 0))
			return false;
	return true;
}

/* How far the highest eight bits that differ are from the lowest; false: none does. */
static bool find_digit(const struct rows *r, size_t n, unsigned key, unsigned *ret)
{
	uint64_t first = r->words[key], differ = 0;
	unsigned highest;

	for (size_t i = 1; i < n; i++)
		differ |= row_at(r, i)[key] ^ first;
	if (!differ)
		return false;
	highest = 63 - (unsigned)__builtin_clzll(differ);
	*ret = highest > 7 ? highest - 7 : 0;
	return true;
}

static size_t digit_of(const word *row, unsigned key, unsigned shift)
{
	return (row[key] ^ SIGN) >> shift & (PILES - 1);
}

/* Puts the rows into piles; ends: of each, behind its last row. */
static void pile_up(const struct rows *r, size_t n, unsigned key, unsigned shift,
		    size_t ends[PILES])
{
	size_t next[PILES], at = 0;
	word row[ROW_WORDS], other[ROW_WORDS];

	memset(ends, 0, PILES * sizeof(ends[0]));
	for (size_t i = 0; i < n; i++)
		ends[digit_of(row_at(r, i), key, shift)]++;
	for (size_t i = 0; i < PILES; i++) {
		next[i] = at;
		at += ends[i];
		ends[i] = at;
	}
	for (size_t i = 0; i < PILES; i++)
		while (next[i] < ends[i]) {
			size_t to;

			/* Goes where it belongs, and who stood there likewise, until one belongs here. */
			copy(r, row, row_at(r, next[i]));
			while ((to = digit_of(row, key, shift)) != i) {
				copy(r, other, row_at(r, next[to]));
				copy(r, row_at(r, next[to]++), row);
				copy(r, row, other);
			}
			copy(r, row_at(r, next[i]++), row);
		}
}

/* By the keys from this one on. Each round has eight bits less before it. */
static void sort(const struct rows *r, size_t n, unsigned key)
{
	size_t ends[PILES], start = 0;
	unsigned shift = 0;

	while (n > FEW && key < r->keys && !find_digit(r, n, key, &shift))
		key++;
	if (n <= FEW || key == r->keys) {
		insert_each(r, n <= FEW ? n : 0, key);
		return;
	}
	pile_up(r, n, key, shift, ends);
	for (size_t i = 0; i < PILES; start = ends[i++]) {
		const struct rows pile = { row_at(r, start), r->width, r->keys };

		if (ends[i] - start > 1)
			sort(&pile, ends[i] - start, key);
	}
}

void radix_sort(void *rows, size_t n, size_t size, unsigned keys)
{
	const struct rows r = { rows, size / sizeof(uint64_t), keys };

	if (n > 1 && !is_sorted(&r, n))
		sort(&r, n, 0);
}
