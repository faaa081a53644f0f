/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a story comes out as it does in the whole, or says that it depends on what was before. */
#include "scene.h"

#define GROUP "AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", "web"
#define PORTS(list)                                                                         \
	"{\"configuration\":{\"groupId\":\"sg-0123456789abcdef0\",\"ipPermissions\":[" list \
	"]}}"
#define RULE(port)                                                           \
	"{\"ipProtocol\":\"tcp\",\"fromPort\":" port ",\"toPort\":" port "," \
	"\"ipRanges\":[{\"cidrIp\":\"203.0.113.0/24\"}]}"
#define OPENED(port)                                                               \
	"\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\","             \
	"\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"tcp\",\"fromPort\":" port \
	",\"toPort\":" port ",\"groups\":{},\"ipRanges\":{\"items\":[{\"cidrIp\":" \
	"\"203.0.113.0/24\"}]}}]}},\"responseElements\":{\"_return\":true}"
#define GONE "{\"configuration\":null,\"configurationItemStatus\":\"ResourceDeleted\"}"
#define NAMED                                                           \
	"\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\"}," \
	"\"responseElements\":{\"_return\":true}"

/* The events of a scene that come after its first steps. */
static int run_from(struct scene *s, size_t first)
{
	size_t skip = 0;

	while (skip < s->in.n_events &&
	       s->events[skip].time_ms <= s->steps[first - 1].captured_ms)
		skip++;
	s->in.first_step = first;
	s->skipped = skip;
	s->in.n_events -= skip;
	return correlate(&s->a, &s->in, s->verdicts + skip, s->reasons);
}

static void make_group(struct scene *s)
{
	scene_init(s);
	add_state(s, 10 * MINUTE, GROUP, PORTS(""));
	add_state(s, 100 * MINUTE, GROUP, PORTS(RULE("22")));
	add_state(s, 200 * MINUTE, GROUP, PORTS(RULE("22") "," RULE("443")));
	add_event(s, 95 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", OPENED("22"));
	add_event(s, 150 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress",
		  OPENED("80") ",\"errorCode\":\"Client.UnauthorizedOperation\"");
	add_event(s, 195 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", OPENED("443"));
	add_event(s, 250 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress",
		  OPENED("8080"));
}

static void test_a_part_is_as_in_the_whole(void **state)
{
	struct scene whole;

	(void)state;
	make_group(&whole);
	run(&whole);
	assert_cause(&whole, 0, 1);
	assert_cause(&whole, 2, 2);
	for (size_t first = 1; first <= 3; first++) {
		struct scene part;

		make_group(&part);
		assert_int_equal(run_from(&part, first), 0);
		for (size_t i = 0; i < 4; i++) {
			/* Those before are not looked at. */
			if (part.events[i].time_ms <= part.steps[first - 1].captured_ms)
				continue;
			assert_int_equal(part.verdicts[i].role, whole.verdicts[i].role);
			assert_int_equal(part.verdicts[i].step, whole.verdicts[i].step);
			assert_int_equal(part.verdicts[i].evidence,
					 whole.verdicts[i].evidence);
			assert_int_equal(part.verdicts[i].confidence,
					 whole.verdicts[i].confidence);
		}
		for (size_t k = first; k < 3; k++)
			assert_int_equal(part.reasons[k], whole.reasons[k]);
		arena_deinit(&part.a);
	}
	arena_deinit(&whole.a);
}

/* What removed it may have been called before the state that parts the story. */
static void test_a_deletion_may_be_older(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, GROUP, PORTS(""));
	add_state(&s, 100 * MINUTE, GROUP, PORTS(RULE("22")));
	add_state(&s, 200 * MINUTE, GROUP, GONE);
	add_event(&s, 90 * MINUTE, "ec2", "DeleteSecurityGroup", NAMED);
	assert_int_equal(run_from(&s, 2), CORRELATE_E_EARLIER);
	arena_deinit(&s.a);
}

/* What was under way at the parting is over in the next state: by the call before. */
static void test_what_was_under_way(void **state)
{
	static const char modifying[] =
		"{\"configuration\":{\"dBInstanceStatus\":\"modifying\"}}";
	static const char available[] =
		"{\"configuration\":{\"dBInstanceStatus\":\"available\"}}";
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::RDS::DBInstance", "db-1", "orders", modifying);
	add_state(&s, 20 * MINUTE, "AWS::RDS::DBInstance", "db-1", "orders", available);
	assert_int_equal(run_from(&s, 1), CORRELATE_E_EARLIER);
	arena_deinit(&s.a);
}

/* A resource known before its own creation was heard of: its life is another one now. */
static void test_one_that_is_made_late(void **state)
{
	static const char role[] = "AROAEXAMPLEFIRST00001";
	static const char body[] = "{\"configuration\":{\"roleName\":\"app\"}}";
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::IAM::Role", role, "app", body);
	add_event(
		&s, 50 * MINUTE, "iam", "CreateRole",
		"\"requestParameters\":{\"roleName\":\"app\"},\"responseElements\":{\"role\":"
		"{\"roleName\":\"app\",\"roleId\":\"AROAEXAMPLEFIRST00001\"}}");
	assert_int_equal(run_from(&s, 1), CORRELATE_E_EARLIER);
	assert_true(correlate_has_lives(&s.shown[0].item));
	arena_deinit(&s.a);
}

static bool takes_back(struct scene *s, const char *name, const char *rest)
{
	add_event(s, 0, "ec2", name, rest);
	return correlate_takes_back(&s->events[s->in.n_events - 1]);
}

static void test_what_takes_back_an_id(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_true(
		takes_back(&s, "DisassociateRouteTable",
			   "\"requestParameters\":{\"associationId\":\"rtbassoc-1\"}"));
	assert_true(takes_back(
		&s, "DeleteNatGateway",
		"\"requestParameters\":{\"DeleteNatGatewayRequest\":{\"NatGatewayId\":\"nat-1\"}}"));
	assert_false(takes_back(&s, "DeleteSecurityGroup", NAMED));
	assert_false(
		takes_back(&s, "AssociateRouteTable",
			   "\"requestParameters\":{\"associationId\":\"rtbassoc-1\"}"));
	arena_deinit(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_part_is_as_in_the_whole),
		cmocka_unit_test(test_a_deletion_may_be_older),
		cmocka_unit_test(test_what_was_under_way),
		cmocka_unit_test(test_one_that_is_made_late),
		cmocka_unit_test(test_what_takes_back_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
