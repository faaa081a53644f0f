/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Paths as people type them.
 */

#include "estate.h"

#define S1 GROUPS "/sg-1"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_add(e, "sg-1", T0);
	estate_add(e, "sg-1", T0 + DAY);
	estate_open(e);
	return 0;
}

static void test_same_place(void **state)
{
	static const char *const paths[] = {
		S1,
		"/" S1,
		S1 "/",
		"//resources///" ACCOUNT "/./" REGION "/AWS/EC2/SecurityGroup//sg-1/.",
		"../" S1,
		S1 "/../sg-1",
		"resources/../" S1,
	};
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(estate_at(e, paths[i]).node, estate_at(e, S1).node);
	assert_int_equal(estate_at(e, "").node, TREE_ROOT);
	assert_int_equal(estate_at(e, "/").node, TREE_ROOT);
	assert_int_equal(estate_at(e, "../..").node, TREE_ROOT);
}

static void test_links(void **state)
{
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	struct tree_attr link = estate_at(e, S1 "/latest.json"), file;

	assert_int_equal(link.type, TREE_LINK);
	assert_int_equal(tree_readlink(e->t, link.node, &target), 0);
	assert_true(str_is(buf_str(&target), "2024-05-02T101500.123Z.json"));
	assert_int_equal(link.size, target.len);
	assert_int_equal(tree_walk_path(e->t, STR(S1 "/latest.json"), true, &file), 0);
	assert_int_equal(file.node, estate_at(e, S1 "/2024-05-02T101500.123Z.json").node);
	/* The link follows the newest. */
	estate_add(e, "sg-1", T0 + 2 * DAY);
	assert_int_equal(tree_walk_path(e->t, STR(S1 "/latest.json"), true, &file), 0);
	assert_int_equal(file.mtime_ms, T0 + 2 * DAY);
}

static void test_errors(void **state)
{
	static const struct {
		const char *path;
		int result;
	} wrong[] = {
		{ "no", TREE_E_NOT_FOUND },
		{ "resources/no/" REGION, TREE_E_NOT_FOUND },
		{ S1 "/no", TREE_E_NOT_FOUND },
		{ S1 "/.git", TREE_E_NOT_FOUND },
		{ "README/x", TREE_E_NOT_DIR },
		{ S1 "/changes/..", TREE_E_NOT_DIR },
		{ S1 "/latest.json/x", TREE_E_NOT_DIR },
	};
	struct estate *e = *state;
	struct tree_attr attr;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (tree_walk_path(e->t, str_of(wrong[i].path), true, &attr) !=
		    wrong[i].result)
			fail_msg("%s", wrong[i].path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_same_place), TEST(test_links),
					    TEST(test_errors) };

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
