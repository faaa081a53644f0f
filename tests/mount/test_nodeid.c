/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The kernel's numbers of nodes: there and back, and spread in the kernel's table of inodes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nodeid.h"

#define KINDS 100u
#define ROWS  2000u

static uint64_t node(uint64_t kind, uint64_t row)
{
	return kind << 56 | row;
}

static void test_there_and_back(void **state)
{
	const uint64_t rows[] = { 1, 4711, 1ull << 28 | 5, 1ull << 36 | 7,
				  (1ull << 56) - 1 };

	(void)state;
	assert_int_equal(nodeid(1), 1);
	for (uint64_t kind = 0; kind < 256; kind++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			uint64_t n = node(kind, rows[i]);

			assert_int_equal(nodeid(nodeid(n)), n);
			assert_int_not_equal(nodeid(n), 0);
			/* Only the root is 1. */
			assert_true(n == 1 || nodeid(n) != 1);
		}
	}
}

/* As fs/inode.c of Linux does it, with 2^21 chains and some address of a super block. */
static size_t chain_of(uint64_t number)
{
	const uint64_t golden = UINT64_C(0x61c8864680b583eb);
	uint64_t h = number * UINT64_C(0xffff88810a3c9000) ^ (golden + number) / 64;

	return (h ^ (h ^ golden) >> 21) & ((1u << 21) - 1);
}

static void test_spread(void **state)
{
	uint8_t *chains = calloc(1u << 21, 1);
	unsigned longest = 0;

	(void)state;
	assert_non_null(chains);
	for (uint64_t kind = 1; kind <= KINDS; kind++) {
		for (uint64_t row = 1; row <= ROWS; row++) {
			uint8_t *n = &chains[chain_of(nodeid(node(kind, row)))];

			if (*n < UINT8_MAX)
				(*n)++;
			if (*n > longest)
				longest = *n;
		}
	}
	free(chains);
	/* 200,000 in ten times as many chains; the nodes themselves make chains of KINDS. */
	assert_in_range(longest, 1, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
