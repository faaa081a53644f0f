/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathered sums: an array that is sorted when it is wanted, which for some hundred thousand
 * additions costs less than a table that is looked up for each.
 */
#include "sums.h"

#include <errno.h>
#include <stdlib.h>

int sums_add(struct sums *sums, const struct sum *sum)
{
	struct sum *last = sums->n ? &sums->rows[sums->n - 1] : NULL;

	if (last && last->what == sum->what && last->when == sum->when) {
		last->text_len += sum->text_len;
		last->jsonl_len += sum->jsonl_len;
		last->n += sum->n;
		last->newest_ms = MAX(last->newest_ms, sum->newest_ms);
		last->unit |= sum->unit;
		return 0;
	}
	if (sums->n == sums->cap) {
		size_t cap = MAX(sums->cap * 2, (size_t)256);
		struct sum *rows = realloc(sums->rows, cap * sizeof(rows[0]));

		if (!rows)
			return -ENOMEM;
		sums->rows = rows;
		sums->cap = cap;
	}
	sums->rows[sums->n++] = *sum;
	return 0;
}

static int by_row(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return (x->when > y->when) - (x->when < y->when);
}

void sums_merge(struct sums *sums)
{
	size_t n = sums->n;

	if (n > 1)
		qsort(sums->rows, n, sizeof(sums->rows[0]), by_row);
	sums->n = 0;
	/* Adding what is there already never takes memory. */
	for (size_t i = 0; i < n; i++) {
		struct sum row = sums->rows[i];

		(void)!sums_add(sums, &row);
	}
}

void sums_deinit(struct sums *sums)
{
	free(sums->rows);
	*sums = (struct sums){ 0 };
}
