/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: growth, formatted text at the edges of the room there is, the sticky error. */
#include "util/buf.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_append(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	buf_put(&b, NULL, 0);
	assert_null(b.data);
	buf_put_text(&b, "ab");
	buf_put_char(&b, '\0');
	buf_put_str(&b, STR("cd"));
	buf_put_str(&b, STR_NULL);
	assert_int_equal(buf_error(&b), 0);
	assert_true(str_eq(buf_str(&b), STR("ab\0cd")));
	buf_reset(&b);
	assert_int_equal(buf_str(&b).n, 0);
	assert_true(b.cap > 0);
}

static void test_growth(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_put_char(&b, (char)i);
	assert_int_equal(b.len, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], (char)i);
}

/* Texts that just fit, and that miss by the terminating zero, whatever is in the buffer. */
static void test_printf_at_the_edge(void **state)
{
	(void)state;
	for (int filled = 0; filled < 140; filled++) {
		for (int width = 0; width < 140; width++) {
			_cleanup_(buf_deinit) struct buf b = BUF_INIT;

			for (int i = 0; i < filled; i++)
				buf_put_char(&b, 'x');
			buf_printf(&b, "%*s", width, "");
			assert_int_equal(buf_error(&b), 0);
			assert_int_equal(b.len, filled + width);
			for (int i = 0; i < width; i++)
				assert_int_equal(b.data[filled + i], ' ');
		}
	}
}

static void test_numbers(void **state)
{
	static const uint64_t numbers[] = { 0, 9, 10, 4096, UINT64_MAX };
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		buf_put_number(&b, numbers[i]);
		buf_put_char(&b, ' ');
	}
	assert_int_equal(buf_error(&b), 0);
	assert_true(str_is(buf_str(&b), "0 9 10 4096 18446744073709551615 "));
}

static void test_error_sticks(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	buf_put_text(&b, "kept");
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_int_equal(buf_error(&b), -ENOMEM);
	buf_put_text(&b, "lost");
	buf_put_char(&b, 'x');
	buf_printf(&b, "%d", 1);
	assert_true(str_is(buf_str(&b), "kept"));
	buf_reset(&b);
	buf_put_text(&b, "new");
	assert_int_equal(buf_error(&b), 0);
	assert_true(str_is(buf_str(&b), "new"));
}

static void test_reserve_is_kept(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	char *data;

	(void)state;
	assert_true(buf_reserve(&b, 1000));
	data = b.data;
	for (int i = 0; i < 1000; i++)
		buf_put_char(&b, 'x');
	assert_ptr_equal(b.data, data);
}

static void test_fit(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	buf_fit(&b);
	assert_null(b.data);
	assert_true(buf_reserve(&b, 1000));
	buf_put_text(&b, "kept");
	buf_fit(&b);
	assert_int_equal(b.cap, 4);
	buf_put_text(&b, " on");
	assert_true(str_is(buf_str(&b), "kept on"));
}

static void test_reserve_just(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	assert_true(buf_reserve_just(&b, 1000));
	assert_int_equal(b.cap, 1000);
	buf_put_text(&b, "kept");
	assert_true(buf_reserve_just(&b, 996));
	assert_int_equal(b.cap, 1000);
	assert_true(buf_reserve_just(&b, 997));
	assert_int_equal(b.cap, 1001);
	assert_true(str_is(buf_str(&b), "kept"));
	assert_false(buf_reserve_just(&b, SIZE_MAX));
	assert_int_equal(buf_error(&b), -ENOMEM);
	assert_false(buf_reserve_just(&b, 1));
	assert_true(str_is(buf_str(&b), "kept"));
}

/* How often memory was given back with this in it. */
static unsigned left_behind, given_back;

void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p)
{
	if (p) {
		given_back++;
		left_behind += memmem(p, malloc_usable_size(p), "secret", 6) != NULL;
	}
	__real_free(p);
}

static void test_secret(void **state)
{
	_cleanup_(buf_deinit) struct buf expected = BUF_INIT;
	struct buf b = BUF_SECRET;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_put_text(&expected, "secret");
	left_behind = given_back = 0;
	for (int i = 0; i < 1000; i++)
		buf_put_text(&b, "secret");
	assert_true(str_eq(buf_str(&b), buf_str(&expected)));
	buf_wipe(&b);
	assert_in_range(given_back, 5, 20);
	assert_int_equal(left_behind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_printf_at_the_edge),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_error_sticks),
		cmocka_unit_test(test_reserve_is_kept),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_reserve_just),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
