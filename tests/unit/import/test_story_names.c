/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a resource: of any of its states, each once, whatever its tags are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "story_work.h"

#define STATES 4

struct one {
	const char *name, *arn, *body;
};

/* KIND KEY=TEXT, a line each. */
static void check(const struct one *states, size_t n, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct story_names names = { .a = &a };
	struct store_story story = { 0 };
	struct story_called called[STATES] = { 0 };
	struct jv bodies[STATES];

	assert_int_equal(story_names_begin(&names, STR("id")), 0);
	for (size_t i = 0; i < n; i++) {
		struct story_state state = { .called = &called[i] };

		assert_int_equal(jv_parse(&a, str_of(states[i].body), &bodies[i], NULL),
				 0);
		called[i].name = str_of(states[i].name);
		called[i].arn = str_of(states[i].arn);
		assert_int_equal(story_names_add(&names, &state, &bodies[i]), 0);
	}
	story_names_make(&names, &story);
	for (size_t i = 0; i < story.n_names; i++)
		buf_printf(&text, "%d %.*s=%.*s\n", (int)story.names[i].kind,
			   STR_ARGS(story.names[i].key), STR_ARGS(story.names[i].text));
	buf_put_char(&text, '\0');
	assert_string_equal(text.data, want);
}

static void test_none(void **state)
{
	const struct one bare = { "", "", "{}" };

	(void)state;
	check(NULL, 0, "3 =id\n");
	check(&bare, 1, "3 =id\n");
}

/* Renamed and back, moved, tagged anew: all it was ever called. */
static void test_each_once(void **state)
{
	const struct one states[] = {
		{ "old", "arn:1", "{\"tags\":{\"env\":\"dev\",\"a\":\"1\"}}" },
		{ "new", "arn:1", "{\"tags\":{\"a\":\"1\",\"env\":\"dev\"}}" },
		{ "old", "arn:2", "{\"tags\":{\"env\":\"prod\"}}" },
		{ "", "", "{\"tags\":{}}" },
	};

	(void)state;
	check(states, 4,
	      "1 =new\n1 =old\n2 =arn:1\n2 =arn:2\n3 =id\n"
	      "4 a=1\n4 env=dev\n4 env=prod\n");
}

static void test_odd_tags(void **state)
{
	const struct one odd = {
		"", "",
		"{\"tags\":{\"n\":null,\"x\":12.50,\"l\":[1, \"b\"],\"\":\"\",\"s\":\"a/b\"}}"
	};
	const struct one list = { "", "",
				  "{\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}" };

	(void)state;
	check(&odd, 1, "3 =id\n4 =\n4 l=[1,\"b\"]\n4 n=\n4 s=a/b\n4 x=12.50\n");
	check(&list, 1, "3 =id\n");
}

/* A tag for each of very many states, again and again: no more is kept than there are. */
static void test_again_and_again(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT, text = ARENA_INIT;
	struct story_names names = { .a = &a };
	struct story_called called = { 0 };
	const struct story_state one = { .called = &called };
	struct store_story story = { 0 };
	struct jv bodies[2];

	(void)state;
	assert_int_equal(
		jv_parse(&text, STR("{\"tags\":{\"k\":\"1\"}}"), &bodies[0], NULL), 0);
	assert_int_equal(
		jv_parse(&text, STR("{\"tags\":{\"k\":\"2\"}}"), &bodies[1], NULL), 0);
	assert_int_equal(story_names_begin(&names, STR("id")), 0);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(story_names_add(&names, &one, &bodies[i % 2]), 0);
	assert_int_equal(names.cap, 16);
	story_names_make(&names, &story);
	assert_int_equal(story.n_names, 3);
}

static void test_many(void **state)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT, want = BUF_INIT;
	struct one one = { "", "", NULL };

	(void)state;
	buf_put_text(&body, "{\"tags\":{");
	buf_put_text(&want, "3 =id\n");
	for (int i = 1000; i < 1100; i++) {
		buf_printf(&body, "%s\"%d\":\"v\"", i > 1000 ? "," : "", 2099 - i);
		buf_printf(&want, "4 %d=v\n", i);
	}
	buf_put_text(&body, "}}");
	buf_put_char(&body, '\0');
	buf_put_char(&want, '\0');
	one.body = body.data;
	check(&one, 1, want.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),     cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_odd_tags), cmocka_unit_test(test_again_and_again),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
