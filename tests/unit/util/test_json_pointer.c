/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers into JSON values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/json_pointer.h"

static void assert_member(const char *part, const char *expected)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str name;

	assert_int_equal(json_pointer_member(&a, str_of(part), &name), 0);
	assert_true(str_is(name, expected));
}

static void test_member(void **state)
{
	(void)state;
	assert_member("", "");
	assert_member("plain", "plain");
	assert_member("k8s.io~1role", "k8s.io/role");
	assert_member("~01", "~1");
	assert_member("~0~1", "~/");
	assert_member("cut~", "cut~");
}

static const struct jv *holder(struct arena *a, const struct jv *v, const char *pointer)
{
	const struct jv *ret;

	assert_int_equal(json_pointer_holder(a, v, str_of(pointer), &ret), 0);
	return ret;
}

static void test_holder(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv *list;
	struct jv v;

	(void)state;
	assert_int_equal(
		jv_parse(&a, STR("{\"a/b\":{\"~\":[{\"x\":1},[2]],\"12\":{}},\"n\":1}"),
			 &v, NULL),
		0);
	list = jv_get(jv_get(&v, "a/b"), "~");
	assert_null(holder(&a, &v, ""));
	assert_ptr_equal(holder(&a, &v, "/a~1b"), &v);
	assert_ptr_equal(holder(&a, &v, "/gone"), &v);
	assert_ptr_equal(holder(&a, &v, "/a~1b/~0/9"), list);
	assert_ptr_equal(holder(&a, &v, "/a~1b/~0/1/0"), &list->items[1]);
	assert_ptr_equal(holder(&a, &v, "/a~1b/12/x"), jv_get(jv_get(&v, "a/b"), "12"));
	/* There is no such place. */
	assert_null(holder(&a, &v, "/a~1b/~0/2/x"));
	assert_null(holder(&a, &v, "/a~1b/~0/18446744073709551616/x"));
	assert_null(holder(&a, &v, "/a~1b/~0/x/x"));
	assert_null(holder(&a, &v, "/a~1b/~0//x"));
	assert_null(holder(&a, &v, "/n/x/y"));
	assert_null(holder(&a, &v, "/a/b/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
