/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a mount learns of an import: that there was one, which stamps moved, which nodes that
 * concerns.
 */

#include "estate.h"

#include "request.h"

#define S1          GROUPS "/sg-1"
#define REGION_PATH "resources/" ACCOUNT "/" REGION

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_add(e, "sg-1", T0);
	estate_add(e, "sg-2", T0);
	estate_open(e);
	return 0;
}

static bool changed(struct estate *e)
{
	bool ret;

	assert_int_equal(tree_poll(e->t, &ret), 0);
	return ret;
}

static void test_poll(void **state)
{
	struct estate *e = *state;

	assert_true(changed(e));
	assert_false(changed(e));
	estate_add(e, "sg-1", T0 + DAY);
	/* Another connection notices it first; that is none of poll's business. */
	estate_at(e, S1);
	assert_true(changed(e));
	assert_false(changed(e));
}

static void test_stamps(void **state)
{
	struct estate *e = *state;
	struct tree_attr first = estate_at(e, S1), second = estate_at(e, GROUPS "/sg-2");
	struct tree_attr folder = estate_at(e, GROUPS);
	struct tree_attr region = estate_at(e, REGION_PATH),
			 top = estate_at(e, "resources");

	assert_true(first.covers && folder.covers && region.covers && top.covers);
	estate_begin(e);
	estate_put(e, "AWS::S3::Bucket", "b-1", T0);
	estate_commit(e);
	assert_int_equal(estate_at(e, GROUPS).stamp, folder.stamp);
	assert_int_not_equal(estate_at(e, REGION_PATH).stamp, region.stamp);
	assert_int_not_equal(estate_at(e, "resources").stamp, top.stamp);
	estate_add(e, "sg-1", T0 - DAY);
	assert_int_not_equal(estate_at(e, S1).stamp, first.stamp);
	assert_int_equal(estate_at(e, GROUPS "/sg-2").stamp, second.stamp);
	assert_int_not_equal(estate_at(e, GROUPS).stamp, folder.stamp);
	/* Numbers stay. */
	assert_int_equal(estate_at(e, S1).node, first.node);
	assert_int_equal(estate_at(e, GROUPS).node, folder.node);
}

/* Where someone polls, all that is asked between two findings is answered from one history. */
static void test_held(void **state)
{
	struct estate *e = *state;
	struct tree_attr before, first = estate_at(e, S1);

	assert_true(changed(e));
	before = estate_at(e, S1);
	assert_int_equal(before.stamp, first.stamp);
	estate_add(e, "sg-1", T0 + DAY);
	assert_int_equal(estate_at(e, S1).stamp, first.stamp);
	assert_true(changed(e));
	assert_int_not_equal(estate_at(e, S1).stamp, first.stamp);
	/* Unused over two polls: the view is let go, and what is committed then is seen at once. */
	assert_false(changed(e));
	assert_false(changed(e));
	before = estate_at(e, GROUPS "/sg-2");
	assert_false(changed(e));
	assert_false(changed(e));
	estate_add(e, "sg-2", T0 + DAY);
	assert_int_not_equal(estate_at(e, GROUPS "/sg-2").stamp, before.stamp);
}

/* Views never go back: what one connection has shown, another one's held view does not hide. */
static void test_forward(void **state)
{
	struct estate *e = *state;
	struct request held[2] = { 0 }, first = { 0 };
	struct tree_attr attr;

	assert_true(changed(e));
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		assert_int_equal(request_begin(e->t, &held[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		request_end(&held[i]);
	estate_add(e, "sg-3", T0);
	assert_int_not_equal(estate_lookup(e, GROUPS "/sg-3", &attr), 0);
	/* Three at once: one of them is new, and has no view of before the commit. */
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		assert_int_equal(request_begin(e->t, &held[i]), 0);
	assert_int_equal(request_begin(e->t, &first), 0);
	request_end(&first);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		request_end(&held[i]);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		assert_int_equal(estate_lookup(e, GROUPS "/sg-3", &attr), 0);
}

/* All connections find one commit, and the label grows once: what is made under it is kept. */
static void test_label(void **state)
{
	struct estate *e = *state;
	struct request held[3] = { 0 };
	uint64_t label;

	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		assert_int_equal(request_begin(e->t, &held[i]), 0);
	label = tree_label(e->t);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
		assert_true(held[i].label == label);
		request_end(&held[i]);
	}
	assert_true(changed(e));
	assert_true(tree_label(e->t) == label);
	estate_add(e, "sg-1", T0 + DAY);
	assert_true(changed(e));
	assert_true(tree_label(e->t) > label);
	label = tree_label(e->t);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		assert_int_equal(request_begin(e->t, &held[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
		assert_true(held[i].label == label);
		request_end(&held[i]);
	}
}

/* A commit that came, and was noticed, between the label and the view: nothing is sure. */
static void test_between(void **state)
{
	struct estate *e = *state;
	struct request q = { 0 };
	struct connection_news news;

	assert_true(changed(e));
	assert_int_equal(request_begin(e->t, &q), 0);
	/* As a request that had read the label, but had no view yet. */
	estate_add(e, "sg-1", T0 + DAY);
	assert_true(changed(e));
	news = (struct connection_news){ true, e->t->commits };
	assert_true(tree_knows(e->t, &news));
	assert_true(q.label != 0 && q.label != tree_label(e->t));
	request_note(&q, &news);
	assert_true(q.label == 0);
	/* One that reads the label now has that of the commit. */
	q.label = tree_label(e->t);
	request_note(&q, &news);
	assert_true(q.label == tree_label(e->t));
	request_end(&q);
}

/* Another generation of as many commits: it was changed by who does not count them. */
static void test_uncounted(void **state)
{
	struct estate *e = *state;
	struct connection *c = e->t->poller;
	struct connection_news news;

	assert_int_equal(connection_look(c, &news), 0);
	assert_true(news.any && news.commits > 0);
	assert_int_equal(connection_look(c, &news), 0);
	assert_false(news.any);
	c->seen--;
	assert_int_equal(connection_look(c, &news), 0);
	assert_true(news.any);
	assert_true(news.commits == 0);
	assert_false(tree_knows(e->t, &news));
}

static bool gather(void *ctx, uint64_t node)
{
	buf_put(ctx, &node, sizeof(node));
	return true;
}

static bool is_affected(struct estate *e, const char *dir, const char *path)
{
	_cleanup_(buf_deinit) struct buf nodes = BUF_INIT;
	uint64_t wanted = estate_at(e, path).node, node;

	assert_int_equal(tree_affected(e->t, estate_at(e, dir).node, gather, &nodes), 0);
	for (size_t at = 0; at < nodes.len; at += sizeof(node)) {
		memcpy(&node, nodes.data + at, sizeof(node));
		if (node == wanted)
			return true;
	}
	return false;
}

static void test_affected(void **state)
{
	struct estate *e = *state;

	assert_true(is_affected(e, S1, S1));
	assert_true(is_affected(e, S1, S1 "/changes"));
	assert_true(is_affected(e, S1, S1 "/changes.jsonl"));
	assert_true(is_affected(e, S1, S1 "/latest.json"));
	assert_true(is_affected(e, S1, S1 "/2024-05-01T101500.123Z.json"));
	assert_false(is_affected(e, S1, GROUPS "/sg-2"));
	assert_true(is_affected(e, "", "README"));
	assert_true(is_affected(e, GROUPS, GROUPS));
	assert_false(is_affected(e, GROUPS, S1));
}

static bool stop_at_once(void *ctx, uint64_t node)
{
	(void)node;
	++*(int *)ctx;
	return false;
}

static void test_affected_stops(void **state)
{
	struct estate *e = *state;
	int calls = 0;

	assert_int_equal(tree_affected(e->t, estate_at(e, S1).node, stop_at_once, &calls),
			 0);
	assert_int_equal(calls, 1);
	assert_int_equal(tree_affected(e->t, 0, stop_at_once, &calls), TREE_E_NOT_FOUND);
}

/* What is listed in a directory: its files, and where to go on. */
struct census {
	uint64_t dirs[64];
	size_t n;
	uint64_t files;
};

static bool count(void *ctx, const struct tree_entry *entry)
{
	struct census *c = ctx;

	c->files += entry->attr->type == TREE_FILE;
	if (entry->attr->type == TREE_DIR) {
		assert_true(c->n < ARRAY_SIZE(c->dirs));
		c->dirs[c->n++] = entry->attr->node;
	}
	return true;
}

static void test_totals(void **state)
{
	struct census c = { .dirs = { TREE_ROOT }, .n = 1 };
	struct estate *e = *state;
	struct tree_totals totals;

	while (c.n > 0)
		assert_int_equal(
			tree_readdir(e->t, c.dirs[--c.n], 0,
				     &(struct tree_lister){ .entry = count, .ctx = &c }),
			0);

	assert_int_equal(tree_totals(e->t, &totals), 0);
	assert_true(totals.bytes > 1000);
	assert_true(c.files > 4);
	assert_int_equal(totals.files, c.files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_poll),    TEST(test_stamps),    TEST(test_affected),
		TEST(test_held),    TEST(test_forward),   TEST(test_affected_stops),
		TEST(test_label),   TEST(test_uncounted), TEST(test_totals),
		TEST(test_between),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
