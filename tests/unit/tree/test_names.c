/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names and attributes: what is found under which name, what is not, and what is said of it.
 */

#include "estate.h"

#include <stdio.h>
#include <unistd.h>

#include "node.h"

#define S1 GROUPS "/sg-1"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	estate_put(e, GROUP, "sg-1", T0);
	estate_put(e, GROUP, "sg-1", T0 + DAY);
	estate_put(e, GROUP, "sg-1", T0 + DAY); /* a twin */
	estate_put_deletion(e, GROUP, "sg-1", T0 + 2 * DAY);
	estate_put(e, GROUP, "a/b %", T0 - DAY);
	estate_put(e, "Odd", "odd", T0);
	estate_commit(e);
	estate_open(e);
	return 0;
}

static void expect_none(struct estate *e, uint64_t dir, struct str name)
{
	struct tree_attr attr;

	if (tree_lookup(e->t, dir, name, &attr) != TREE_E_NOT_FOUND)
		fail_msg("found \"%.*s\"", STR_ARGS(name));
}

static void test_root(void **state)
{
	struct estate *e = *state;
	struct tree_attr root = estate_at(e, ""), readme = estate_at(e, "README");

	assert_int_equal(root.node, TREE_ROOT);
	assert_int_equal(root.parent, TREE_ROOT);
	assert_int_equal(root.type, TREE_DIR);
	assert_int_equal(root.mtime_ms, T0 + 2 * DAY);
	assert_int_equal(readme.type, TREE_FILE);
	assert_true(readme.size > 1000);
	assert_int_equal(estate_at(e, "resources").parent, TREE_ROOT);
	assert_int_equal(estate_at(e, "resources").mtime_ms, T0 + 2 * DAY);
}

static void test_folders(void **state)
{
	struct estate *e = *state;
	struct tree_attr ec2 = estate_at(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2");
	struct tree_attr odd = estate_at(e, "resources/" ACCOUNT "/" REGION "/Odd/odd");

	assert_int_equal(ec2.type, TREE_DIR);
	assert_true(ec2.growing);
	assert_int_equal(ec2.mtime_ms, T0 + 2 * DAY);
	assert_int_equal(ec2.parent,
			 estate_at(e, "resources/" ACCOUNT "/" REGION "/AWS").node);
	assert_int_equal(odd.parent,
			 estate_at(e, "resources/" ACCOUNT "/" REGION "/Odd").node);
	assert_int_equal(odd.mtime_ms, T0);
}

static void test_states(void **state)
{
	struct estate *e = *state;
	struct tree_attr first = estate_at(e, S1 "/2024-05-01T101500.123Z.json");
	struct tree_attr twin = estate_at(e, S1 "/2024-05-02T101500.123Z-1.json");
	struct tree_attr gone = estate_at(e, S1 "/2024-05-03T101500.123Z.json");

	assert_int_equal(first.type, TREE_FILE);
	assert_int_equal(first.mtime_ms, T0);
	assert_false(first.growing);
	assert_true(gone.growing); /* it inherits */
	assert_int_not_equal(twin.node,
			     estate_at(e, S1 "/2024-05-02T101500.123Z.json").node);
	assert_int_equal(estate_at(e, S1).mtime_ms, T0 + 2 * DAY);
}

static void test_other_spellings(void **state)
{
	static const char *const names[] = {
		"2024-05-01T10:15:00.123Z.json",
		"2024-05-01T12:15:00.123+02:00",
		"20240501T101500.123Z",
		"1714558500.123",
	};
	struct estate *e = *state;
	uint64_t dir = estate_at(e, S1).node;
	struct tree_attr attr;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (tree_lookup(e->t, dir, str_of(names[i]), &attr) != 0)
			fail_msg("no %s", names[i]);
		assert_int_equal(attr.node,
				 estate_at(e, S1 "/2024-05-01T101500.123Z.json").node);
	}
}

static void test_not_found(void **state)
{
	static const char *const probes[] = {
		".hidden",   ".git",      ".Trash",  "._changes", ".",      "..",
		".DS_Store", "",          "sg-1",    "Changes",   "latest", "changes/",
		"2024",      "latest.js", "-1.json", "/"
	};
	struct estate *e = *state;
	uint64_t dirs[] = { TREE_ROOT, estate_at(e, "resources").node,
			    estate_at(e, S1).node };

	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
		for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
			expect_none(e, dirs[d], str_of(probes[i]));
		expect_none(e, dirs[d], (struct str){ "README\0", 7 });
		expect_none(e, dirs[d], (struct str){ "\0\0\0", 3 });
	}
	expect_none(e, estate_at(e, S1).node, STR("2024-05-01T101500.124Z.json"));
	expect_none(e, estate_at(e, S1).node, STR("2024-05-02T101500.123Z-2.json"));
	/* The id itself is not a name where it needs escaping. */
	expect_none(e, estate_at(e, GROUPS).node, STR("a/b %"));
	assert_int_equal(estate_at(e, GROUPS "/a%2Fb %25").type, TREE_DIR);
}

static void test_too_long(void **state)
{
	struct estate *e = *state;
	char name[257];
	struct tree_attr attr;

	memset(name, 'x', sizeof(name));
	assert_int_equal(tree_lookup(e->t, TREE_ROOT, (struct str){ name, 255 }, &attr),
			 TREE_E_NOT_FOUND);
	assert_int_equal(tree_lookup(e->t, TREE_ROOT, (struct str){ name, 256 }, &attr),
			 TREE_E_TOO_LONG);
}

/* Numbers that are no node's, as a kernel with a stale idea may hand in. */
static void test_bad_nodes(void **state)
{
	static const uint64_t nodes[] = { 0,
					  NODE_FIXED_COUNT,
					  255,
					  UINT64_C(1) << 56,
					  UINT64_C(6) << 56 | 999999,
					  UINT64_C(2) << 56 | 999999,
					  UINT64_C(77) << 56 | 1,
					  UINT64_MAX };
	struct estate *e = *state;
	const struct tree_content *content;
	struct tree_attr attr;
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		assert_int_equal(tree_getattr(e->t, nodes[i], &attr), TREE_E_NOT_FOUND);
		assert_true(tree_lookup(e->t, nodes[i], STR("changes"), &attr) > 0);
		assert_true(tree_content_get(e->t, nodes[i], &content) > 0);
		assert_true(tree_readlink(e->t, nodes[i], &out) > 0);
		assert_true(tree_raw(e->t, nodes[i], &out) > 0);
	}
	assert_int_equal(out.len, 0);
}

static void test_wrong_kind(void **state)
{
	struct estate *e = *state;
	uint64_t dir = estate_at(e, S1).node, file = estate_at(e, S1 "/changes").node;
	const struct tree_content *content;
	struct tree_attr attr;
	struct buf out = BUF_INIT;

	assert_int_equal(tree_lookup(e->t, file, STR("x"), &attr), TREE_E_NOT_DIR);
	assert_int_equal(tree_readdir(e->t, file, 0, &(struct tree_lister){ 0 }),
			 TREE_E_NOT_DIR);
	assert_int_equal(tree_readlink(e->t, file, &out), TREE_E_NOT_LINK);
	assert_int_equal(tree_content_get(e->t, dir, &content), TREE_E_IS_DIR);
	assert_int_equal(tree_raw(e->t, file, &out), TREE_E_NOT_STATE);
}

static void test_open_refuses(void **state)
{
	struct estate *e = *state;
	struct tree *t = NULL;
	struct fault f;
	char path[96];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/other", e->dir);
	assert_int_equal(tree_open(path, &t, &f), TREE_E_NOT_HISTORY);
	assert_true(f.reason[0] != '\0');
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("this is no database, and was never meant to be one", file);
	fclose(file);
	assert_int_equal(tree_open(path, &t, &f), TREE_E_NOT_HISTORY);
	assert_true(f.reason[0] != '\0');
	assert_int_equal(tree_open(e->dir, &t, &f), TREE_E_NOT_HISTORY);
	assert_null(t);
	(void)unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_root),      TEST(test_folders),         TEST(test_states),
		TEST(test_not_found), TEST(test_other_spellings), TEST(test_too_long),
		TEST(test_bad_nodes), TEST(test_wrong_kind),      TEST(test_open_refuses),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
