/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of relationships out of a resource's states. */
#include "model/relation.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct given {
	int64_t time_ms;
	const char *relationships; /* NULL: not told */
	bool deleted;
};

static void assert_spans(const struct given *given, size_t n, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct relation_state states[8];
	_cleanup_(relation_follower_deinit) struct relation_follower f = { .arena = &a };
	struct relation *list;
	size_t n_list;

	for (size_t i = 0; i < n; i++) {
		struct jv *body = arena_alloc(&a, sizeof(*body));
		struct buf text = BUF_INIT;

		buf_printf(&text, "{\"relationships\":%s}",
			   given[i].relationships ? given[i].relationships : "null");
		assert_int_equal(jv_parse(&a, arena_str(&a, buf_str(&text)), body, NULL),
				 0);
		buf_deinit(&text);
		states[i] = (struct relation_state){ given[i].time_ms, given[i].deleted,
						     body };
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(relation_follow(&f, &states[i]), 0);
	assert_int_equal(relation_list(&f, &list, &n_list), 0);
	for (size_t i = 0; i < n_list; i++)
		buf_printf(&got, "%.*s %.*s %.*s/%.*s %" PRId64 "-%" PRId64 "\n",
			   STR_ARGS(list[i].what), STR_ARGS(list[i].type),
			   STR_ARGS(list[i].id), STR_ARGS(list[i].name), list[i].since_ms,
			   list[i].until_ms);
	buf_put_char(&got, '\0');
	assert_string_equal(got.data, want);
}

#define CHECK(want, ...)                                    \
	assert_spans((const struct given[]){ __VA_ARGS__ }, \
		     ARRAY_SIZE(((const struct given[]){ __VA_ARGS__ })), (want))
#define IN(id) "{\"name\":\"in\",\"resourceId\":\"" id "\",\"resourceType\":\"V\"}"
#define NAMED(id, name)                                                 \
	"{\"name\":\"in\",\"resourceId\":" id ",\"resourceName\":" name \
	",\"resourceType\":\"V\"}"

static void test_spans(void **state)
{
	(void)state;
	CHECK("in V a/ 1-3\nin V b/ 2--1\nin V a/ 4--1\n", { 1, "[" IN("a") "]", false },
	      { 2, "[" IN("b") "," IN("a") "]", false }, { 3, "[" IN("b") "]", false },
	      { 4, "[" IN("a") "," IN("b") "]", false });
	CHECK("", { 1, "[]", false }, { 2, NULL, false });
}

static void test_untold_and_deleted(void **state)
{
	(void)state;
	CHECK("in V a/ 1-4\n", { 1, "[" IN("a") "]", false }, { 2, NULL, false },
	      { 3, "[" IN("a") "]", false }, { 4, NULL, true }, { 5, NULL, false });
}

static void test_names(void **state)
{
	(void)state;
	/* One target, whether its name is told or not; without an id the name is it. */
	CHECK("in V a/n 1--1\n", { 1, "[" IN("a") "," IN("a") "]", false },
	      { 2, "[" NAMED("\"a\"", "\"n\"") "]", false },
	      { 3, "[" IN("a") "]", false });
	CHECK("in V /m 1-2\nin V /n 2--1\n", { 1, "[" NAMED("null", "\"m\"") "]", false },
	      { 2, "[" NAMED("null", "\"n\"") "]", false });
}

static void test_bad(void **state)
{
	(void)state;
	CHECK("in V a/ 1--1\n",
	      { 1,
		"[1,null,{},[],{\"name\":\"in\"},{\"resourceId\":7},{\"name\":7,"
		"\"resourceName\":null}," IN("a") "]",
		false });
	/* No list tells nothing. */
	CHECK("in V a/ 1--1\n", { 1, "[" IN("a") "]", false }, { 2, "{}", false },
	      { 3, "\"x\"", false });
}

static void test_order(void **state)
{
	const struct relation a = { .what = STR("x"), .type = STR("T"), .id = STR("1") };
	struct relation b = a;

	(void)state;
	assert_int_equal(relation_cmp(&a, &b), 0);
	b.name = STR("n");
	assert_true(relation_cmp(&a, &b) < 0);
	b.since_ms = -1;
	assert_true(relation_cmp(&a, &b) > 0);
	assert_true(str_is(relation_reference(&b), "1"));
	b.id = STR_NULL;
	assert_true(str_is(relation_reference(&b), "n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans), cmocka_unit_test(test_untold_and_deleted),
		cmocka_unit_test(test_names), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
