/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Content: just as long as stat says, rendered once for several reads, made anew when its
 * resource's story is and only then.
 */

#include "estate.h"

#include <pthread.h>

#include "util/json.h"

#define S1 GROUPS "/sg-1"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	estate_put(e, GROUP, "sg-1", T0);
	estate_put(e, GROUP, "sg-1", T0 + DAY);
	estate_put_deletion(e, GROUP, "sg-1", T0 + 2 * DAY);
	estate_put(e, GROUP, "sg-2", T0);
	estate_commit(e);
	estate_open(e);
	return 0;
}

static const struct tree_content *get(struct estate *e, const char *path)
{
	const struct tree_content *content = NULL;

	assert_int_equal(tree_content_get(e->t, estate_at(e, path).node, &content), 0);
	return content;
}

static void test_sizes(void **state)
{
	static const char *const paths[] = { "README", S1 "/changes", S1 "/changes.jsonl",
					     S1 "/2024-05-01T101500.123Z.json",
					     S1 "/2024-05-03T101500.123Z.json" };
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct tree_content *content = get(e, paths[i]);

		assert_true(content->len > 0);
		assert_int_equal(content->len, estate_at(e, paths[i]).size);
		tree_content_put(e->t, content);
	}
}

static void test_deletion(void **state)
{
	struct estate *e = *state;
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct tree_content *content = get(e, S1 "/2024-05-03T101500.123Z.json");
	struct jv v;

	assert_int_equal(
		jv_parse(&a, (struct str){ content->data, content->len }, &v, NULL), 0);
	assert_true(str_is(jv_get_text(&v, "resourceName"), "name"));
	assert_true(jv_is(jv_get(&v, "configuration"), JV_NULL));
	tree_content_put(e->t, content);
}

static void test_pieces(void **state)
{
	struct estate *e = *state;
	const struct tree_content *whole = get(e, S1 "/changes");
	uint64_t node = estate_at(e, S1 "/changes").node;
	char piece[7];
	size_t n;

	for (size_t at = 0; at < whole->len; at += n) {
		assert_int_equal(tree_read(e->t, node, at, sizeof(piece), piece, &n), 0);
		assert_int_equal(n, MIN(sizeof(piece), whole->len - at));
		assert_memory_equal(piece, whole->data + at, n);
	}
	assert_int_equal(tree_read(e->t, node, whole->len, 1, piece, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(tree_read(e->t, node, UINT64_MAX, 7, piece, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(tree_read(e->t, node, 0, 0, piece, &n), 0);
	assert_int_equal(n, 0);
	tree_content_put(e->t, whole);
}

/* The same bytes at the same place: not rendered again, a story not even after a commit elsewhere. */
static void test_rendered_once(void **state)
{
	static const char *const paths[] = { S1 "/changes", S1 "/changes.jsonl",
					     S1 "/2024-05-01T101500.123Z.json" };
	struct estate *e = *state;
	const struct tree_content *first[ARRAY_SIZE(paths)], *again;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		first[i] = get(e, paths[i]);
		again = get(e, paths[i]);
		assert_ptr_equal(first[i], again);
		tree_content_put(e->t, again);
	}
	estate_add(e, "sg-2", T0 + DAY);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		again = get(e, paths[i]);
		if (i < 2)
			assert_ptr_equal(first[i], again);
		assert_int_equal(first[i]->len, again->len);
		assert_memory_equal(first[i]->data, again->data, again->len);
		tree_content_put(e->t, again);
		tree_content_put(e->t, first[i]);
	}
}

static void test_made_anew(void **state)
{
	struct estate *e = *state;
	const struct tree_content *before = get(e, S1 "/changes"), *after;
	_cleanup_(buf_deinit) struct buf copy = BUF_INIT;

	buf_put(&copy, before->data, before->len);
	estate_add(e, "sg-1", T0 + 3 * DAY);
	after = get(e, S1 "/changes");
	assert_int_equal(after->len, estate_at(e, S1 "/changes").size);
	assert_true(after->len > before->len);
	/* It grew at its end, and what a reader still holds is as it was. */
	assert_memory_equal(after->data, before->data, before->len);
	assert_memory_equal(copy.data, before->data, before->len);
	tree_content_put(e->t, before);
	tree_content_put(e->t, after);
}

static void test_raw(void **state)
{
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;

	assert_int_equal(tree_raw(e->t,
				  estate_at(e, S1 "/2024-05-01T101500.123Z.json").node,
				  &raw),
			 0);
	assert_true(str_is(buf_str(&raw), "as received"));
}

struct reader {
	struct estate *e;
	const char *problem;
};

static void *read_much(void *arg)
{
	struct reader *reader = arg;
	struct estate *e = reader->e;

	for (int i = 0; i < 300; i++) {
		const struct tree_content *content = NULL;
		struct tree_attr attr;

		if (estate_lookup(e, i % 2 ? S1 "/changes" : "README", &attr) ||
		    tree_content_get(e->t, attr.node, &content)) {
			reader->problem = "failed";
			break;
		}
		if (i % 2 &&
		    (content->len == 0 || content->data[content->len - 1] != '\n'))
			reader->problem = "damaged";
		tree_content_put(e->t, content);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct estate *e = *state;
	struct reader readers[6];
	pthread_t threads[6];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		readers[i] = (struct reader){ .e = e };
		assert_int_equal(
			pthread_create(&threads[i], NULL, read_much, &readers[i]), 0);
	}
	for (int day = 3; day < 20; day++)
		estate_add(e, "sg-1", T0 + day * DAY);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		if (readers[i].problem)
			fail_msg("a reader %s", readers[i].problem);
	}
	test_sizes(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),         TEST(test_deletion),  TEST(test_pieces),
		TEST(test_rendered_once), TEST(test_made_anew), TEST(test_raw),
		TEST(test_threads),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
