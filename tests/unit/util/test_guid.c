/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/guid.h"

static void test_back_and_forth(void **state _unused_)
{
	static const char text[] = "01234567-89ab-cdef-fedc-ba9876543210 and more";
	static const unsigned char bytes[GUID_BYTES] = { 0x01, 0x23, 0x45, 0x67,
							 0x89, 0xab, 0xcd, 0xef,
							 0xfe, 0xdc, 0xba, 0x98,
							 0x76, 0x54, 0x32, 0x10 };
	unsigned char got[GUID_BYTES];
	char again[GUID_TEXT];

	assert_true(guid_read(str_of(text), got));
	assert_memory_equal(got, bytes, sizeof(bytes));
	guid_write(got, again);
	assert_memory_equal(again, text, sizeof(again));
}

static void test_others(void **state _unused_)
{
	static const char *const others[] = {
		"",
		"01234567-89ab-cdef-fedc-ba987654321",
		"01234567-89AB-cdef-fedc-ba9876543210",
		"0123456789abcdeffedcba98765432100000",
		"0123456-789ab-cdef-fedc-ba9876543210",
		"01234567-89ab-cdef-fedc-ba987654321g",
	};
	unsigned char got[GUID_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(guid_read(str_of(others[i]), got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_and_forth),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
