/* SPDX-License-Identifier: Apache-2.0 */

/*
 * by-id, by-name, by-arn and by-tag: links where a name is one resource's, directories of links
 * where it is shared; every spelling of a name, and none that only looks like one.
 */

#include "estate.h"

#include "model/name.h"
#include "names.h"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	e->named = true;
	estate_begin(e);
	estate_put(e, GROUP, "sg-1", T0);
	estate_put_deletion(e, GROUP, "sg-1", T0 + DAY);
	estate_put(e, "AWS::A,B::C", "sg-1", T0);
	estate_put(e, GROUP, "role/path/Admin", T0);
	estate_put(e, GROUP, "/aws/lambda/x", T0);
	estate_put(e, GROUP, "https://q.x/1/orders", T0);
	estate_commit(e);
	estate_open(e);
	return 0;
}

static void expect_link(struct estate *e, const char *path, const char *want)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	struct tree_attr attr = estate_at(e, path);

	assert_int_equal(attr.type, TREE_LINK);
	assert_int_equal(tree_readlink(e->t, attr.node, &target), 0);
	if (!str_is(buf_str(&target), want))
		fail_msg("%s leads to %.*s", path, STR_ARGS(buf_str(&target)));
	assert_int_equal(attr.size, target.len);
}

/* By as many links as it takes. */
static void expect_leads(struct estate *e, const char *path, const char *want)
{
	struct tree_attr attr = { 0 };

	if (tree_walk_path(e->t, str_of(path), true, &attr) != 0)
		fail_msg("%s leads nowhere", path);
	assert_int_equal(attr.node, estate_at(e, want).node);
}

static void expect_none(struct estate *e, const char *path)
{
	struct tree_attr attr;

	if (estate_lookup(e, path, &attr) != TREE_E_NOT_FOUND)
		fail_msg("there is %s", path);
}

/* All names of a directory, in steps of any width. */
static void expect_list(struct estate *e, const char *path, const char *want)
{
	uint64_t node = estate_at(e, path).node;

	for (size_t step = 1; step < 10; step += 4) {
		_cleanup_(buf_deinit) struct buf names = BUF_INIT;
		uint64_t cookie = 0;

		while (estate_list(e, node, &cookie, step, &names) == step)
			;
		if (!str_is(buf_str(&names), want))
			fail_msg("%s by %zu: %.*s", path, step,
				 STR_ARGS(buf_str(&names)));
	}
}

#define ROLE  "role%2Fpath%2FAdmin"
#define LOG   "%2Faws%2Flambda%2Fx"
#define QUEUE "https:%2F%2Fq.x%2F1%2Forders"

static void test_links(void **state)
{
	struct estate *e = *state;

	expect_link(e, "by-id/" ROLE, "../" GROUPS "/" ROLE);
	expect_link(e, "by-arn/arn:role%2Fpath%2FAdmin", "../" GROUPS "/" ROLE);
	expect_link(e, "by-id/sg-1/123456789012,us-east-1,AWS,EC2,SecurityGroup,sg-1",
		    "../../" GROUPS "/sg-1");
	expect_link(e, "by-id/sg-1/123456789012,us-east-1,AWS,A%2CB,C,sg-1",
		    "../../resources/123456789012/us-east-1/AWS/A,B/C/sg-1");
	expect_link(
		e, "by-tag/env%2Fx/p q/123456789012,us-east-1,AWS,EC2,SecurityGroup,sg-1",
		"../../../" GROUPS "/sg-1");
}

static void test_lists(void **state)
{
	struct estate *e = *state;

	expect_list(e, "by-id", "sg-1\n" ROLE "\n" LOG "\n" QUEUE "\n");
	expect_list(e, "by-id/sg-1",
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup,sg-1\n"
		    "123456789012,us-east-1,AWS,A%2CB,C,sg-1\n");
	expect_list(e, "by-name", "name\n");
	expect_list(e, "by-tag", "env%2Fx\n");
	expect_list(e, "by-tag/env%2Fx", "p q\n");
	expect_list(e, "by-tag/env%2Fx/p q",
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup,sg-1\n"
		    "123456789012,us-east-1,AWS,A%2CB,C,sg-1\n"
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup," ROLE "\n"
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup," LOG "\n"
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup," QUEUE "\n");
}

/* As it is on the clipboard: slashes as they are, escaped somehow, the leading one lost. */
static void test_spellings(void **state)
{
	static const char *const same[] = {
		"by-id/role/path/Admin",   "by-id/role%2fpath%2FAdmin",
		"by-id/role/path%2FAdmin", "by-id/%72ole/path/Admin",
		"by-arn/arn:" ROLE,        "by-arn/arn%3Arole/path/Admin",
	};
	static const char *const logs[] = { "by-id/aws/lambda/x", "by-id/" LOG,
					    "by-id/aws%2Flambda%2Fx",
					    "by-id//aws/lambda/x" };
	static const char *const queues[] = {
		"by-id/https://q.x/1/orders",
		"by-id/https:/q.x/1/orders",
		"by-id/https:%2F%2fq.x%2F1%2Forders",
		"by-arn/arn:https://q.x/1%2Forders",
	};
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		expect_leads(e, same[i], GROUPS "/" ROLE);
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++)
		expect_leads(e, logs[i], GROUPS "/" LOG);
	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		expect_leads(e, queues[i], GROUPS "/" QUEUE);
	assert_int_equal(estate_at(e, "by-tag/%65nv%2Fx").node,
			 estate_at(e, "by-tag/env%2Fx").node);
	assert_int_equal(estate_at(e, "by-tag/env%2Fx/p%20q").node,
			 estate_at(e, "by-tag/env%2Fx/p q").node);
	/* On the way there is a directory, which has nothing of its own. */
	assert_int_equal(estate_at(e, "by-id/role/path").type, TREE_DIR);
	expect_list(e, "by-id/role", "");
	/* Two slashes are one step up and down. */
	expect_link(e, "by-id/https:/q.x/1/orders", "../../../" QUEUE);
	assert_int_equal(estate_at(e, "by-id/https:/q.x").parent,
			 estate_at(e, "by-id/https:").node);
}

static void test_not_found(void **state)
{
	static const char *const none[] = {
		"by-id/sg",
		"by-id/sg-1%",
		"by-id/sg-1%zz",
		"by-id/role/pat",
		"by-id/role/path/admin",
		"by-id/https:/q.x/orders",
		"by-id/https:/q",
		"by-id/sg-1/x",
		"by-id/sg-1/123456789012,us-east-1,AWS,EC2,SecurityGroup,sg-2",
		"by-id/sg-1/123456789012,us-east-1,AWS,EC2,SecurityGroup",
		"by-id/sg-1/123456789012,us-east-1,AWS,A,B,C,sg-1",
		"by-id/sg-1/123456789012,us-east-1,AWS,EC2,SecurityGroup," ROLE,
		"by-name/nam",
		"by-tag/env",
		"by-tag/env%2Fx/p",
		"by-tag/name",
	};
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		expect_none(e, none[i]);
}

static void test_bad_cookies(void **state)
{
	static const char *const dirs[] = { "by-id",          "by-name",
					    "by-id/sg-1",     "by-tag",
					    "by-tag/env%2Fx", "by-tag/env%2Fx/p q" };
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_int_equal(tree_readdir(e->t, estate_at(e, dirs[i]).node,
					      (UINT64_C(1) << 62) + 1,
					      &(struct tree_lister){ 0 }),
				 TREE_E_BAD_COOKIE);
}

/* A name that becomes shared turns from a link into a directory, and says that it may. */
static void test_shared_later(void **state)
{
	struct estate *e = *state;
	struct tree_attr link = estate_at(e, "by-arn/arn:" LOG), dir;
	bool changed;

	assert_true(link.fleeting);
	estate_begin(e);
	estate_put(e, "Other", "/aws/lambda/x", T0);
	estate_commit(e);
	assert_int_equal(tree_poll(e->t, &changed), 0);
	dir = estate_at(e, "by-arn/arn:" LOG);
	assert_int_equal(dir.type, TREE_DIR);
	assert_true(dir.fleeting);
	assert_int_not_equal(dir.node, link.node);
	expect_list(e, "by-arn/arn:" LOG,
		    "123456789012,us-east-1,AWS,EC2,SecurityGroup," LOG "\n"
		    "123456789012,us-east-1,Other," LOG "\n");
}

/* --- names.c by itself -------------------------------------------------------------------- */

static void test_decode(void **state)
{
	static const struct {
		const char *from, *to;
		bool decoded;
	} cases[] = {
		{ "", "", false },          { "a%2Fb", "a/b", true },
		{ "%2fx%25", "/x%", true }, { "%", "%", false },
		{ "%4", "%4", false },      { "%4g", "%4g", false },
		{ "%g4", "%g4", false },    { "%%41", "%A", true },
		{ "a%2", "a%2", false },    { "%41%", "A%", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;

		if (names_decode(&out, str_of(cases[i].from)) != cases[i].decoded ||
		    !str_is(buf_str(&out), cases[i].to))
			fail_msg("%s: %.*s", cases[i].from, STR_ARGS(buf_str(&out)));
	}
}

static void test_tops(void **state)
{
	static const uint64_t nodes[] = { NODE_FIXED_BY_ID, NODE_FIXED_BY_NAME,
					  NODE_FIXED_BY_ARN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		assert_true(names_space(nodes[i]) < 0);
		assert_int_equal(names_top(names_space(nodes[i])), nodes[i]);
	}
	assert_int_equal(names_space(NODE_FIXED_BY_TAG), 0);
	assert_int_equal(names_space(TREE_ROOT), 0);
	assert_int_equal(names_top(7), NODE_FIXED_BY_TAG);
}

/* Too long for a name: shortened as ids are, to the byte. */
static void test_long_member(void **state)
{
	static const char letters[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct store_resource r = { .account = STR("1"),
				    .region = STR("a,b"),
				    .type = STR("T::U"),
				    .name = str_of(letters) };
	_cleanup_(buf_deinit) struct buf name = BUF_INIT, more = BUF_INIT;

	(void)state;
	assert_int_equal(names_member(&r, &name), 0);
	assert_true(str_starts(buf_str(&name), "1,a%2Cb,T,U,0123"));
	assert_int_equal(name.len, strlen("1,a%2Cb,T,U,") + strlen(letters));
	r.account = STR("1234567890123456789012345678901234567890123456789012345678901");
	assert_int_equal(names_member(&r, &more), 0);
	assert_true(more.len <= NAME_MAX_BYTES);
	assert_true(str_chr(buf_str(&more), '~') > 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_links),
		CASE(test_lists),
		CASE(test_spellings),
		CASE(test_not_found),
		CASE(test_bad_cookies),
		CASE(test_shared_later),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_tops),
		cmocka_unit_test(test_long_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
