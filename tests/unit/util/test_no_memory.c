/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when memory runs out: each allocation of an operation fails in turn, and the
 * operation has to say so, lose nothing and leak nothing (the leak checker looks on). The
 * linker sends the allocations of the part, and only those, through the functions below.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/json.h"

/* Allocations until one fails; negative: none does. */
static int countdown = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails_now(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __real_realloc(p, size);
}

/* Did the allocation that was to fail take place at all? */
static bool has_failed(void)
{
	bool failed = countdown < 0;

	countdown = -1;
	return failed;
}

static void test_buf(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	countdown = 0;
	buf_put_char(&b, 'x');
	assert_true(has_failed());
	assert_int_equal(buf_error(&b), -ENOMEM);
	assert_int_equal(b.len, 0);

	/* Growing fails: what was there is still there. */
	buf_reset(&b);
	buf_put_text(&b, "kept");
	countdown = 0;
	buf_printf(&b, "%*s", 100000, "");
	assert_true(has_failed());
	assert_int_equal(buf_error(&b), -ENOMEM);
	assert_true(str_is(buf_str(&b), "kept"));
}

static void test_arena(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char *p;

	(void)state;
	countdown = 0;
	assert_null(arena_alloc(&a, 1));
	assert_true(has_failed());
	p = arena_alloc(&a, 16);
	assert_non_null(p);
	countdown = 0;
	assert_null(arena_alloc(&a, (size_t)1 << 20));
	assert_true(has_failed());
	countdown = 0;
	assert_null(arena_zalloc(&a, 100000));
	assert_true(has_failed());
	countdown = 0;
	assert_null(arena_str(&a, (struct str){ "", SIZE_MAX }).p);
	countdown = -1;
	assert_ptr_equal(arena_alloc(&a, 16), p + 16);
}

static void test_str_dup(void **state)
{
	(void)state;
	countdown = 0;
	assert_null(str_dup(STR("text")));
	assert_true(has_failed());
}

/* A text that needs the parser's big stack, several arena blocks and decoded strings. */
static void big_text(struct buf *b)
{
	buf_put_char(b, '[');
	for (int i = 0; i < 2000; i++)
		buf_printf(b, "%s{\"k\\t%d\":[%d,{}]}", i ? "," : "", i, i);
	buf_put_char(b, ']');
	assert_int_equal(buf_error(b), 0);
}

static void test_parse(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	int n = 0;

	(void)state;
	big_text(&b);
	for (;; n++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct jv v;
		int r;

		countdown = n;
		r = jv_parse(&a, buf_str(&b), &v, NULL);
		if (!has_failed()) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(n > 5);
}

/* {"k0":0,...}, in steps of `step`, with a member of odd value when asked for. */
static struct jv object(struct arena *a, size_t step, size_t odd_one)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	for (size_t i = 0; i < 50; i++)
		buf_printf(&b, "%s\"k%zu\":%zu", i ? "," : "{", i * step % 50,
			   i * step % 50 + (i == odd_one));
	buf_put_text(&b, ",\"k0\":[]}");
	assert_int_equal(jv_parse(a, arena_str(a, buf_str(&b)), &v, NULL), 0);
	return v;
}

static void test_write_sorted(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v = object(&a, 1, 50);

	(void)state;
	assert_true(buf_reserve(&b, 10000));
	countdown = 0;
	jv_write_sorted(&b, &v);
	assert_true(has_failed());
	assert_int_equal(buf_error(&b), -ENOMEM);
}

/* Comparing has no way to fail: without memory it is slower, and just as right. */
static void test_equal(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v = object(&a, 1, 50);
	struct jv same = object(&a, 7, 50);
	struct jv other = object(&a, 7, 3);

	(void)state;
	countdown = 0;
	assert_true(jv_equal(&v, &same));
	assert_true(has_failed());
	countdown = 0;
	assert_false(jv_equal(&v, &other));
	assert_true(has_failed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf),          cmocka_unit_test(test_arena),
		cmocka_unit_test(test_str_dup),      cmocka_unit_test(test_parse),
		cmocka_unit_test(test_write_sorted), cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
