/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathered sums: an array that is sorted when it is wanted, which for some hundred thousand
 * additions costs less than a table that is looked up for each.
 */
#include "sums.h"

#include <stdlib.h>

#include "util/array.h"
#include "util/radix.h"

_Static_assert(sizeof(struct sum) <= RADIX_SIZE_MAX, "a row to be sorted");

int sums_add(struct sums *sums, const struct sum *sum)
{
	struct sum *last = sums->n ? &sums->rows[sums->n - 1] : NULL;
	int r;

	if (last && last->what == sum->what && last->when == sum->when) {
		last->text_len += sum->text_len;
		last->jsonl_len += sum->jsonl_len;
		last->n += sum->n;
		last->newest_ms = MAX(last->newest_ms, sum->newest_ms);
		last->unit |= sum->unit;
		return 0;
	}
	r = array_room(sums->rows, sums->n, sums->cap, 256);
	if (!r)
		sums->rows[sums->n++] = *sum;
	return r;
}

void sums_merge(struct sums *sums)
{
	size_t n = sums->n;

	radix_sort(sums->rows, n, sizeof(sums->rows[0]), 2);
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
