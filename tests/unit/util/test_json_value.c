/* SPDX-License-Identifier: Apache-2.0 */
/* Access to members, and equality: of numbers, of any order of members, at any size. */
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct jv parse(struct arena *a, const char *text)
{
	struct jv v;
	struct fault f;

	if (jv_parse(a, str_of(text), &v, &f))
		fail_msg("%s: %s", text, f.reason);
	return v;
}

static void test_holds(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v = parse(&a, "{\"name\":[{\"b\":\"deep\"},7,null,\"7\"],\"c\":\"x\"}");

	(void)state;
	assert_true(jv_holds(&v, STR("deep")));
	assert_true(jv_holds(&v, STR("7")));
	assert_true(jv_holds(&v, STR("x")));
	assert_false(jv_holds(&v, STR("name")));
	assert_false(jv_holds(NULL, STR("x")));
}

static void test_get(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v = parse(&a, "{\"a\":1,\"b\":\"t\",\"a\":2,\"\":3,\"n\\u0000l\":4}");

	(void)state;
	assert_true(str_is(jv_str(jv_get(&v, "a")), "2"));
	assert_true(str_is(jv_str(jv_get(&v, "")), "3"));
	assert_true(str_is(jv_str(jv_get_str(&v, STR("n\0l"))), "4"));
	assert_null(jv_get(&v, "n"));
	assert_null(jv_get(&v, "ab"));
	assert_null(jv_get(NULL, "a"));
	assert_null(jv_get(jv_get(&v, "a"), "a"));
	assert_true(str_is(jv_get_text(&v, "b"), "t"));
	assert_null(jv_get_text(&v, "a").p);
	assert_null(jv_get_text(&v, "none").p);
	assert_null(jv_get_text(NULL, "b").p);
	assert_null(jv_str(&v).p);
	assert_null(jv_str(NULL).p);
}

static void test_path(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v =
		parse(&a, "{\"a\":{\"b\":{\"c\":7},\"l\":[{\"c\":8}]},\"\":{\"\":9}}");

	(void)state;
	assert_true(str_is(jv_str(jv_path(&v, "a.b.c")), "7"));
	assert_true(jv_is(jv_path(&v, "a.b"), JV_OBJECT));
	assert_true(str_is(jv_str(jv_path(&v, ".")), "9"));
	assert_null(jv_path(&v, "a.l.c"));
	assert_null(jv_path(&v, "a.b.c.d"));
	assert_null(jv_path(&v, "a.x.c"));
	assert_null(jv_path(&v, "a."));
	assert_null(jv_path(NULL, "a"));
	assert_false(jv_is(NULL, JV_NULL));
}

static void test_made_values(void **state)
{
	struct jv items[] = { jv_make_string(STR("s")), jv_make_number(STR("1.0")) };
	struct jv_member members[] = {
		{ jv_make_string(STR("list")), jv_make_array(items, 2) },
		{ jv_make_string(STR("none")), jv_null },
	};
	struct jv made = jv_make_object(members, 2);
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv read = parse(&a, "{\"none\":null,\"list\":[\"s\",1]}");

	(void)state;
	assert_true(jv_equal(&made, &read));
	assert_int_equal(made.at, 0);
	assert_true(jv_is(jv_get(&made, "none"), JV_NULL));
}

static const struct {
	const char *a;
	const char *b;
	bool equal;
} equalities[] = {
	{ "null", "null", true },
	{ "null", "false", false },
	{ "true", "false", false },
	{ "\"1\"", "1", false },
	{ "\"a\\u0062\"", "\"ab\"", true },
	{ "\"a\"", "\"A\"", false },
	{ "1.10", "1.1", true },
	{ "1.10", "11e-1", true },
	{ "1", "1.0", true },
	{ "1", "-1", false },
	{ "10", "1", false },
	{ "0", "-0.000e5", true },
	{ "0", "0e99999999999999999999", true },
	{ "100", "1e2", true },
	{ "100", "1E+02", true },
	{ "0.001", "1e-3", true },
	{ "0.0010", "10.0e-4", true },
	{ "120.5e1", "1205", true },
	{ "12", "1.2", false },
	{ "12", "21", false },
	{ "123", "12", false },
	{ "1.23", "1.230000", true },
	{ "1e5", "1e6", false },
	/* No double tells these two apart. */
	{ "9007199254740993", "9007199254740992", false },
	{ "9007199254740993", "9007199254740993.0", true },
	{ "0.1", "0.1000000000000000055511151231257827", false },
	{ "1e400", "10e399", true },
	{ "1e400", "1e401", false },
	{ "1e99999999999999999", "10e99999999999999998", true },
	{ "1e999999999999999999", "1e999999999999999999", true },
	{ "1e999999999999999999", "2e999999999999999999", false },
	{ "[]", "[]", true },
	{ "[]", "{}", false },
	{ "[1,2]", "[1,2]", true },
	{ "[1,2]", "[2,1]", false },
	{ "[1]", "[1,1]", false },
	{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true },
	{ "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", false },
	{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":3}", false },
	{ "{\"a\":1}", "{\"b\":1}", false },
	{ "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
	{ "{\"a\":1,\"a\":2}", "{\"a\":2}", true },
	{ "{\"a\":1,\"a\":2}", "{\"a\":1}", false },
	{ "{\"a\":1,\"a\":2}", "{\"a\":3,\"a\":2}", true },
	{ "{\"a\":2,\"b\":1}", "{\"a\":2,\"a\":2}", false },
	{ "{\"a\":{\"x\":[1,{\"y\":2}]}}", "{\"a\":{\"x\":[1,{\"y\":2.0}]}}", true },
	{ "{\"a\":{\"x\":[1,{\"y\":2}]}}", "{\"a\":{\"x\":[1,{\"y\":3}]}}", false },
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(equalities); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct jv x = parse(&a, equalities[i].a);
		struct jv y = parse(&a, equalities[i].b);

		if (jv_equal(&x, &y) != equalities[i].equal ||
		    jv_equal(&y, &x) != equalities[i].equal)
			fail_msg("%s and %s", equalities[i].a, equalities[i].b);
		assert_true(jv_equal(&x, &x));
	}
	assert_true(jv_equal(NULL, NULL));
	assert_false(jv_equal(NULL, &jv_null));
	assert_false(jv_equal(&jv_null, NULL));
}

/* {"k0":0,"k1":1,...}, the members taken in steps of `step` (prime to n), so shuffled. */
static struct jv big_object(struct arena *a, size_t n, size_t step, size_t odd_one)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct str text;
	struct jv v;

	buf_put_char(&b, '{');
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s\"k%zu\":%zu", i ? "," : "", i * step % n,
			   i * step % n + (i == odd_one));
	buf_put_char(&b, '}');
	assert_int_equal(buf_error(&b), 0);
	text = arena_str(a, buf_str(&b));
	assert_non_null(text.p);
	assert_int_equal(jv_parse(a, text, &v, NULL), 0);
	return v;
}

/* Both sides of the limit for sorting on the stack, and a size at which n * n would show. */
static void test_equal_in_any_order(void **state)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 1000, 200000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		size_t n = sizes[i];
		struct jv x = big_object(&a, n, 1, n);
		struct jv y = big_object(&a, n, 7919, n);
		struct jv z = big_object(&a, n, 7919, n - 1);
		struct jv w = big_object(&a, n + 1, 7919, n + 1);

		assert_true(jv_equal(&x, &y));
		assert_false(jv_equal(&x, &z));
		assert_false(jv_equal(&x, &w));
		assert_false(jv_equal(&w, &x));
	}
}

/* Each level has a doubled name whose first values differ: comparing twice would be 2^500. */
static void test_equal_is_not_exponential(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct buf b[2] = { BUF_INIT, BUF_INIT };
	struct jv v[2];

	(void)state;
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < 500; i++)
			buf_put_text(&b[k], "{\"n\":");
		buf_put_char(&b[k], '0');
		for (int i = 0; i < 500; i++)
			buf_printf(&b[k], ",\"d\":%d,\"d\":0}", k);
		assert_int_equal(jv_parse(&a, buf_str(&b[k]), &v[k], NULL), 0);
	}
	assert_true(jv_equal(&v[0], &v[1]));
	buf_deinit(&b[1]);
	buf_deinit(&b[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_made_values),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_equal_in_any_order),
		cmocka_unit_test(test_equal_is_not_exponential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
