/* SPDX-License-Identifier: Apache-2.0 */
/* One text, one fingerprint, under one key. */
#include "util/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void tells_texts_apart(void **state _unused_)
{
	char text[700] = { 0 };
	struct fingerprint_key key;
	struct fingerprint whole;

	assert_int_equal(fingerprint_key_new(&key), 0);
	whole = fingerprint_of(&key, (struct str){ text, sizeof(text) });
	assert_true(fingerprint_eq(
		whole, fingerprint_of(&key, (struct str){ text, sizeof(text) })));
	for (size_t i = 0; i < sizeof(text); i++) {
		struct fingerprint less = fingerprint_of(&key, (struct str){ text, i });
		struct fingerprint other;

		text[i] ^= 1;
		other = fingerprint_of(&key, (struct str){ text, sizeof(text) });
		text[i] ^= 1;
		assert_false(fingerprint_eq(whole, less));
		assert_false(fingerprint_eq(whole, other));
	}
}

static void differs_by_key(void **state _unused_)
{
	struct fingerprint_key a, b;

	assert_int_equal(fingerprint_key_new(&a), 0);
	assert_int_equal(fingerprint_key_new(&b), 0);
	assert_false(fingerprint_eq(fingerprint_of(&a, STR("text")),
				    fingerprint_of(&b, STR("text"))));
	assert_false(fingerprint_eq(fingerprint_of(&a, STR_NULL),
				    fingerprint_of(&b, STR_NULL)));
	assert_true(fingerprint_eq(fingerprint_of(&a, STR_NULL),
				   fingerprint_of(&a, STR(""))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_texts_apart),
		cmocka_unit_test(differs_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
