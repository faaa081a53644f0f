/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: which events find which resources, and which must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mentions.h"

static void test_sets(void **state)
{
	uint64_t tokens[] = { 7, UINT64_MAX, 2, 7, 0, 2 };
	struct mention_set set = { tokens, 6 }, none = { NULL, 0 };

	(void)state;
	mention_set_sort(&set);
	assert_int_equal(set.n, 4);
	assert_true(tokens[0] == 0 && tokens[1] == 2 && tokens[2] == 7 &&
		    tokens[3] == UINT64_MAX);
	assert_true(mention_set_has(&set, 7));
	assert_true(mention_set_has(&set, UINT64_MAX));
	assert_false(mention_set_has(&set, 3));
	mention_set_sort(&none);
	assert_int_equal(none.n, 0);
	assert_false(mention_set_has(&none, 0));
}

static void test_event_finds_by_any_form(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv_member member = {
		jv_make_string(STR("roleName")),
		jv_make_string(STR("arn:aws:iam::123456789012:role/app/Deployer")),
	};
	const struct jv request = jv_make_object(&member, 1);
	const struct jv record = jv_make_object(NULL, 0);
	struct event e = { .name = STR("AttachRolePolicy"),
			   .source = STR("iam.amazonaws.com"),
			   .record = &record,
			   .request = &request };
	const struct item role = item_of("AWS::IAM::Role", "AROAEXAMPLE", "DEPLOYER", "");
	const struct item other = item_of("AWS::IAM::Role", "AROAOTHER", "Deploy", "");
	struct mention_set event, item;

	(void)state;
	e.account = role.account;
	assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
	assert_int_equal(mention_of_item(&a, &role, NULL, false, &item), 0);
	assert_true(meet(&event, &item));
	assert_int_equal(mention_of_item(&a, &other, NULL, false, &item), 0);
	assert_false(meet(&event, &item));
}

/* "orders" is in every account; an instance's id and an ARN are of one, whoever names it. */
static void test_names_are_of_an_account(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv_member members[] = {
		{ jv_make_string(STR("tableName")), jv_make_string(STR("orders")) },
		{ jv_make_string(STR("instanceId")),
		  jv_make_string(STR("i-0123456789ABCDEF0")) },
	};
	const struct jv request = jv_make_object(members, ARRAY_SIZE(members));
	const struct jv record = jv_make_object(NULL, 0);
	struct event e = { .name = STR("UpdateTable"),
			   .source = STR("dynamodb.amazonaws.com"),
			   .record = &record,
			   .request = &request,
			   .account = STR("999999999999") };
	const struct item table = item_of("AWS::DynamoDB::Table", "orders", "orders", "");
	const struct item instance =
		item_of("AWS::EC2::Instance", "i-0123456789abcdef0", "", "");
	struct mention_set event, item;

	(void)state;
	assert_int_equal(mention_of_item(&a, &table, NULL, false, &item), 0);
	assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
	assert_false(meet(&event, &item));
	e.account = table.account;
	assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
	assert_true(meet(&event, &item));
	e.account = STR("999999999999");
	assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
	assert_int_equal(mention_of_item(&a, &instance, NULL, false, &item), 0);
	assert_true(meet(&event, &item));
	assert_true(mention_token_of(mention_scope(&table, false), STR("orders")) !=
		    mention_token(STR("orders")));
	assert_true(mention_token_of(mention_scope(&table, false), STR("arn:aws:x")) ==
		    mention_token(STR("arn:aws:x")));
}

/* A function "orders" is no table "orders"; what looks made up is meant wherever it stands. */
static void test_names_are_of_a_service(void **state)
{
	static const struct {
		const char *name;
		bool meets, any;
	} cases[] = {
		{ "orders", false, true },
		{ "orders-20240501", true, true },
		{ "arn:aws:dynamodb:eu-west-1:123456789012:table/orders", true, true },
	};
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv record = jv_make_object(NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct jv_member member = {
			jv_make_string(STR("name")),
			jv_make_string(str_of(cases[i].name)),
		};
		const struct jv request = jv_make_object(&member, 1);
		const struct item table =
			item_of("AWS::DynamoDB::Table", cases[i].name, cases[i].name, "");
		struct event e = { .name = STR("UpdateFunctionCode"),
				   .source = STR("lambda.amazonaws.com"),
				   .record = &record,
				   .request = &request,
				   .account = table.account };
		struct mention_set event, item;

		assert_int_equal(mention_of_item(&a, &table, NULL, false, &item), 0);
		assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
		assert_int_equal(meet(&event, &item), cases[i].meets);
		e.source = STR("dynamodb.amazonaws.com");
		assert_int_equal(mention_of_event(&a, &e, false, &event), 0);
		assert_true(meet(&event, &item));
		e.source = STR("lambda.amazonaws.com");
		assert_int_equal(mention_of_item(&a, &table, NULL, true, &item), 0);
		assert_int_equal(mention_of_event(&a, &e, true, &event), 0);
		assert_int_equal(meet(&event, &item), cases[i].any);
	}
}

static const struct jv *parsed(struct arena *a, const char *text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));

	assert_non_null(v);
	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	return v;
}

/* Does a resource with that relationship meet the call that made or removed the instance? */
static bool hears(const struct event *e, const char *relationship)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct item volume =
		item_of("AWS::EC2::Volume", "vol-0123456789abcdef9", "", "");
	struct mention_set event, item;

	assert_int_equal(mention_of_event(&a, e, false, &event), 0);
	assert_int_equal(
		mention_of_item(&a, &volume, parsed(&a, relationship), false, &item), 0);
	return meet(&event, &item);
}

/* What it is called, and what its body holds besides: each has a part of all. */
static void test_of_a_body_apart(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct item nic = item_of("AWS::EC2::NetworkInterface",
					"eni-0123456789abcdef9", "front", "");
	const struct jv *body = parsed(
		&a,
		"{\"configuration\":{\"attachment\":{\"instanceId\":\"i-0123456789abcdef0\","
		"\"attachmentId\":\"eni-attach-0123456789abcdef1\"}},\"relationships\":["
		"{\"resourceId\":\"subnet-0123456789abcdef1\"}]}");
	struct mention_set all, called, held;

	(void)state;
	assert_int_equal(mention_of_item(&a, &nic, body, false, &all), 0);
	assert_int_equal(mention_of_item(&a, &nic, NULL, false, &called), 0);
	assert_int_equal(mention_of_body(&a, &nic, body, false, &held), 0);
	assert_int_equal(held.n, 4);
	assert_int_equal(called.n + held.n, all.n);
	for (size_t i = 0; i < all.n; i++)
		assert_true(mention_set_has(&called, all.tokens[i]) !=
			    mention_set_has(&held, all.tokens[i]));
}

/* A neighbour hears of an instance that comes, not of those that come in the same network. */
static void test_neighbours_hear_of_what_was_made(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv record = jv_make_object(NULL, 0);
	struct event e = {
		.name = STR("RunInstances"),
		.record = &record,
		.request = parsed(&a, "{\"subnetId\":\"subnet-0123456789abcdef1\","
				      "\"launchTemplate\":\"lt-0123456789abcdef2\"}"),
		.response = parsed(&a, "{\"instanceId\":\"i-0123456789abcdef0\","
				       "\"vpcId\":\"vpc-0123456789abcdef3\","
				       "\"launchTemplate\":\"lt-0123456789abcdef2\","
				       "\"groupId\":\"sg-0123456789abcdef4\","
				       "\"groupName\":\"web\"}"),
		.account = STR("123456789012"),
	};

	(void)state;
#define BESIDE(id) "{\"relationships\":[{\"resourceId\":\"" id "\"}]}"
	assert_true(hears(&e, BESIDE("i-0123456789abcdef0")));
	assert_false(hears(&e, BESIDE("vpc-0123456789abcdef3")));
	assert_false(hears(&e, BESIDE("sg-0123456789abcdef4")));
	assert_false(hears(&e, BESIDE("lt-0123456789abcdef2")));
	assert_false(hears(&e, BESIDE("web")));
	e.name = STR("CreateVpc");
	assert_true(hears(&e, BESIDE("vpc-0123456789abcdef3")));
	e.name = STR("CreateSecurityGroup");
	assert_true(hears(&e, BESIDE("sg-0123456789abcdef4")));
	assert_true(hears(&e, BESIDE("web")));
	e.request = parsed(&a, "{\"vpcId\":\"vpc-0123456789abcdef3\"}");
	e.name = STR("DeleteVpc");
	assert_true(hears(&e, BESIDE("vpc-0123456789abcdef3")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_event_finds_by_any_form),
		cmocka_unit_test(test_names_are_of_an_account),
		cmocka_unit_test(test_names_are_of_a_service),
		cmocka_unit_test(test_of_a_body_apart),
		cmocka_unit_test(test_neighbours_hear_of_what_was_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
