/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: all members are filled, long texts are cut between characters. */
#include "util/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/str.h"

static void test_fills_all(void **state)
{
	struct fault f;

	(void)state;
	memset(&f, 'x', sizeof(f));
	fault_set(&f, 42, "field", "%d of %s", 3, "four");
	assert_int_equal(f.offset, 42);
	assert_string_equal(f.field, "field");
	assert_string_equal(f.reason, "3 of four");

	fault_set(&f, FAULT_NO_OFFSET, NULL, "other");
	assert_true(f.offset == FAULT_NO_OFFSET);
	assert_string_equal(f.field, "");
	assert_string_equal(f.reason, "other");
	fault_set(NULL, 0, "field", "nobody listens");
}

static void test_cuts_between_characters(void **state)
{
	/* Characters of two, three and four bytes, in front of them 0 to 3 of one byte. */
	static const char *const wide[] = { "\u00e9", "\u20ac", "\U0001f600" };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(wide); w++) {
		for (size_t shift = 0; shift < 4; shift++) {
			size_t n = strlen(wide[w]);
			char text[1024];
			size_t len = shift;
			struct fault f;

			memset(text, 'x', shift);
			for (; len + n < sizeof(text); len += n)
				memcpy(text + len, wide[w], n);
			text[len] = '\0';
			fault_set(&f, 0, text, "%s", text);
			assert_true(str_is_utf8(str_of(f.field)));
			assert_true(str_is_utf8(str_of(f.reason)));
			assert_in_range(strlen(f.field), sizeof(f.field) - n,
					sizeof(f.field) - 1);
			assert_in_range(strlen(f.reason), sizeof(f.reason) - n,
					sizeof(f.reason) - 1);
			assert_memory_equal(f.reason, text, strlen(f.reason));
		}
	}
}

static void test_full_texts_stay(void **state)
{
	char text[256] = { 0 };
	struct fault f;

	(void)state;
	memset(text, 'y', 255);
	memcpy(text + 253, "\u00e9", 2);
	fault_set(&f, 0, "", "%s", text);
	assert_string_equal(f.reason, text);
}

static void test_bytes_that_are_not_utf8(void **state)
{
	char text[400] = { 0 };
	struct fault f;

	(void)state;
	memset(text, 0x80, sizeof(text) - 1);
	fault_set(&f, 0, text, "%s", text);
	assert_in_range(strlen(f.reason), 250, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_all),
		cmocka_unit_test(test_cuts_between_characters),
		cmocka_unit_test(test_full_texts_stay),
		cmocka_unit_test(test_bytes_that_are_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
