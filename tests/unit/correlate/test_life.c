/* SPDX-License-Identifier: Apache-2.0 */
/* Names used again: a role "app" deleted, and another one made by that name. */
#include "scene.h"

#define FIRST  "AWS::IAM::Role", "AROAEXAMPLEFIRST00001", "app"
#define SECOND "AWS::IAM::Role", "AROAEXAMPLESECOND0002", "app"
#define PLAIN  "{\"configuration\":{\"roleName\":\"app\",\"attachedManagedPolicies\":[]}}"
#define GONE   "{\"configuration\":null,\"configurationItemStatus\":\"ResourceDeleted\"}"
#define MADE(id)                                                                       \
	"\"requestParameters\":{\"roleName\":\"app\"},\"responseElements\":{\"role\":" \
	"{\"roleName\":\"app\",\"roleId\":\"" id "\"}}"
#define NAMED "\"requestParameters\":{\"roleName\":\"app\"},\"responseElements\":null"
#define ATTACHED                                                                        \
	"\"requestParameters\":{\"roleName\":\"app\",\"policyArn\":\"arn:aws:iam::aws:" \
	"policy/ReadOnlyAccess\"},\"responseElements\":null"

/* Made, deleted, made again, attached to, refused. */
static void add_two_lives(struct scene *s)
{
	add_event(s, 10 * MINUTE, "iam", "CreateRole", MADE("AROAEXAMPLEFIRST00001"));
	add_event(s, 100 * MINUTE, "iam", "DeleteRole", NAMED);
	add_event(s, 160 * MINUTE, "iam", "CreateRole", MADE("AROAEXAMPLESECOND0002"));
	add_event(s, 190 * MINUTE, "iam", "AttachRolePolicy", ATTACHED);
	add_event(s, 195 * MINUTE, "iam", "AttachRolePolicy",
		  ATTACHED ",\"errorCode\":\"AccessDenied\"");
}

static void test_the_first_has_nothing_of_the_second(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 12 * MINUTE, FIRST, PLAIN);
	add_state(&s, 105 * MINUTE, FIRST, GONE);
	add_two_lives(&s);
	run(&s);
	assert_cause(&s, 0, 0);
	assert_cause(&s, 1, 1);
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(s.verdicts[i].role, CORRELATE_NONE);
	keep = s.a;
}

/* Deleted before the deletion was recorded: the call bounds it, not the record. */
static void test_the_call_ends_a_life(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 12 * MINUTE, FIRST, PLAIN);
	add_state(&s, 250 * MINUTE, FIRST, GONE);
	add_two_lives(&s);
	run(&s);
	assert_cause(&s, 1, 1);
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(s.verdicts[i].role, CORRELATE_NONE);
	keep = s.a;
}

static void test_the_second_has_nothing_of_the_first(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 165 * MINUTE, SECOND, PLAIN);
	add_two_lives(&s);
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_NONE);
	assert_int_equal(s.verdicts[1].role, CORRELATE_NONE);
	assert_cause(&s, 2, 0);
	assert_int_equal(s.verdicts[3].role, CORRELATE_ACTIVITY);
	assert_int_equal(s.verdicts[4].role, CORRELATE_ATTEMPT);
	keep = s.a;
}

/* Nobody saw it made: what the state says of its creation bounds it. */
static void test_the_creation_time_begins_a_life(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 200 * MINUTE, SECOND,
		  "{\"resourceCreationTime\":\"1970-01-01T02:40:00.000Z\","
		  "\"configuration\":{\"roleName\":\"app\"}}");
	add_event(&s, 50 * MINUTE, "iam", "AttachRolePolicy", ATTACHED);
	add_event(&s, 210 * MINUTE, "iam", "AttachRolePolicy", ATTACHED);
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_NONE);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
	keep = s.a;
}

/* First recorded long after it was made, and no other of that name: all of it is its own. */
static void test_before_the_first_record(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 1200 * MINUTE, FIRST, PLAIN);
	add_event(&s, 50 * MINUTE, "iam", "TagRole",
		  "\"requestParameters\":{\"roleName\":\"app\",\"tags\":[{\"key\":\"a\","
		  "\"value\":\"b\"}]},\"responseElements\":null");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	keep = s.a;
}

#define USER   "AWS::IAM::User", "AIDAEXAMPLEEXAMPLE001"
#define ARN(x) "arn:aws:iam::111122223333:user/" x
#define CALLED(x, policies)                            \
	"{\"resourceName\":\"" x                       \
	"\",\"ARN\":\"" ARN(x) "\",\"configuration\":" \
			       "{\"userName\":\"" x "\",\"policies\":[" policies "]}}"
#define ATTACH(user, policy)                                \
	"\"requestParameters\":{\"userName\":\"" user "\"," \
	"\"policyArn\":\"arn:aws:iam::aws:policy/" policy "\"}"
#define POLICY(x) "{\"policyArn\":\"arn:aws:iam::aws:policy/" x "\"}"

/* Until the call that renames it, and in that, it has the old name; then another may have that. */
static void test_renamed(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, USER, "alice", CALLED("alice", ""));
	add_state(&s, 30 * MINUTE, USER, "agnes",
		  CALLED("agnes", POLICY("ReadOnly") "," POLICY("Billing")));
	s.shown[0].item.arn = STR(ARN("alice"));
	s.shown[1].item.arn = STR(ARN("agnes"));
	add_event(&s, 20 * MINUTE, "iam", "AttachUserPolicy",
		  ATTACH("alice", "ReadOnly"));
	add_event(&s, 21 * MINUTE, "iam", "UpdateUser",
		  "\"requestParameters\":{\"userName\":\"bob\",\"newUserName\":\"eve\"}");
	add_event(
		&s, 22 * MINUTE, "iam", "UpdateUser",
		"\"requestParameters\":{\"userName\":\"alice\",\"newUserName\":\"agnes\"}");
	add_event(&s, 23 * MINUTE, "iam", "AttachUserPolicy", ATTACH("agnes", "Billing"));
	add_event(&s, 24 * MINUTE, "iam", "AttachUserPolicy", ATTACH("alice", "Admin"));
	run(&s);
	assert_cause(&s, 0, 1);
	assert_int_equal(s.verdicts[1].role, CORRELATE_NONE);
	assert_cause(&s, 2, 1);
	assert_true(s.verdicts[2].evidence & (1u << EVIDENCE_VALUE));
	assert_cause(&s, 3, 1);
	assert_int_equal(s.verdicts[4].role, CORRELATE_NONE);
	keep = s.a;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_has_nothing_of_the_second),
		cmocka_unit_test(test_the_call_ends_a_life),
		cmocka_unit_test(test_the_second_has_nothing_of_the_first),
		cmocka_unit_test(test_the_creation_time_begins_a_life),
		cmocka_unit_test(test_before_the_first_record),
		cmocka_unit_test(test_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
