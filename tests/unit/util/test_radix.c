/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/macro.h"
#include "util/radix.h"

#define ROWS 5000u

struct row {
	int64_t a, b, c;
	uint64_t was; /* not looked at */
};

/* A sequence that is the same each time (xorshift64). */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int by_numbers(const void *p, const void *q)
{
	const struct row *x = p, *y = q;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return (x->c > y->c) - (x->c < y->c);
}

/* Any bits, few values, negative ones, much alike, and the last number the order of arrival. */
static void fill(struct row *rows, size_t n, unsigned way)
{
	uint64_t state = 88172645463325252u + way;

	for (size_t i = 0; i < n; i++) {
		uint64_t any = next(&state);

		rows[i] = (struct row){ (int64_t)any, (int64_t)next(&state), (int64_t)i,
					i };
		if (way >= 1)
			rows[i].a = (int64_t)(any % 7) - 3;
		if (way >= 2)
			rows[i].b = 1700000000000 + (int64_t)(any >> 40);
		if (way >= 3)
			rows[i].a = 12;
		if (way >= 4)
			rows[i].b = (int64_t)i / 3;
	}
}

static void test_as_qsort(void **state _unused_)
{
	struct row *rows = calloc(ROWS, sizeof(*rows)),
		   *same = calloc(ROWS, sizeof(*same));
	static const size_t counts[] = { 0, 1, 2, 24, 25, 300, ROWS };

	assert_true(rows && same);
	for (unsigned way = 0; way < 5; way++)
		for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
			size_t n = counts[k];

			fill(rows, n, way);
			memcpy(same, rows, n * sizeof(*rows));
			radix_sort(rows, n, sizeof(*rows), 3);
			if (n)
				qsort(same, n, sizeof(*same), by_numbers);
			assert_memory_equal(rows, same, n * sizeof(*rows));
		}
	free(rows);
	free(same);
}

/* By the first number alone: the others go with it. */
static void test_rows_stay_whole(void **state _unused_)
{
	struct row *rows = calloc(ROWS, sizeof(*rows));
	struct row *were = calloc(ROWS, sizeof(*were));

	assert_true(rows && were);
	fill(rows, ROWS, 0);
	memcpy(were, rows, ROWS * sizeof(*rows));
	radix_sort(rows, ROWS, sizeof(*rows), 1);
	for (size_t i = 0; i < ROWS; i++) {
		assert_memory_equal(&rows[i], &were[rows[i].was], sizeof(rows[i]));
		if (i)
			assert_true(rows[i - 1].a <= rows[i].a);
	}
	free(rows);
	free(were);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_qsort),
		cmocka_unit_test(test_rows_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
