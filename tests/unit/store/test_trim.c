/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies without what their rows say: they come back byte for byte, or are left as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trim.h"

#define TIME_MS INT64_C(1714558500123)
#define TIME    "2024-05-01T10:15:00.123Z"

static size_t trimmed_len(const char *body, struct trimming t)
{
	_cleanup_(buf_deinit) struct buf small = BUF_INIT, again = BUF_INIT;

	assert_int_equal(trim(str_of(body), &t, &small), 0);
	assert_true(trim_undo(buf_str(&small), &t, strlen(body), &again));
	assert_true(str_eq(buf_str(&again), str_of(body)));
	return small.len;
}

static size_t saved(const char *body, const char *state_id)
{
	struct trimming t = { TIME_MS, str_of(state_id) };

	return strlen(body) - trimmed_len(body, t);
}

static void test_taken_out(void **state _unused_)
{
	assert_int_equal(saved("{\"configurationItemCaptureTime\":\"" TIME "\","
			       "\"configurationStateId\":1714558500,\"x\":1}",
			       "1714558500"),
			 24 + 10);
	assert_int_equal(saved("{\"configurationItemCaptureTime\":\"" TIME "\","
			       "\"configurationStateId\":\"a b\"}",
			       "a b"),
			 24 + 3);
	assert_int_equal(saved("{\"configurationStateId\":7}", "7"), 1);
	assert_int_equal(saved("{\"configurationItemCaptureTime\":\"" TIME "\"}", ""),
			 24);
	/* One of both is another. */
	assert_int_equal(saved("{\"configurationItemCaptureTime\":\"" TIME "\","
			       "\"configurationStateId\":12}",
			       "123"),
			 24);
	assert_int_equal(saved("{\"configurationItemCaptureTime\":1714558500.123,"
			       "\"configurationStateId\":\"12\"}",
			       "12"),
			 2);
}

static void test_left_as_it_is(void **state _unused_)
{
	static const char *const bodies[] = {
		"",
		"{}",
		"{\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.12Z\"}",
		"{\"configurationItemCaptureTime\":\"" TIME "0\"}",
		"{\"configurationItemCaptureTime\":\"\"}",
		"{\"configurationItemCaptureTime\":\"",
		"{\"configurationStateId\":",
		"{\"configurationStateId\":\"",
		"{\"configurationStateId\":123}",
		"{\"configurationStateId\":\"\"}",
		/* The place would be found too early. */
		"{\"a\":{\"configurationItemCaptureTime\":\"\"},"
		"\"configurationItemCaptureTime\":\"" TIME "\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_int_equal(saved(bodies[i], "12"), 0);
}

/* Whatever is read back: in bounds, and of the length that is told, or nothing. */
static void test_damaged(void **state _unused_)
{
	static const char *const bodies[] = {
		"",
		"{\"configurationItemCaptureTime\":\"",
		"{\"configurationStateId\":\"",
		"{\"configurationItemCaptureTime\":\"\",\"configurationStateId\":\"\"}",
	};
	struct trimming t = { TIME_MS, STR("12") };

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		size_t n = strlen(bodies[i]), taken = 0;

		for (size_t length = 0; length < n + 40; length++) {
			_cleanup_(buf_deinit) struct buf out = BUF_INIT;

			if (!trim_undo(str_of(bodies[i]), &t, length, &out))
				continue;
			assert_int_equal(out.len, length);
			taken++;
		}
		assert_in_range(taken, 1, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_out),
		cmocka_unit_test(test_left_as_it_is),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
