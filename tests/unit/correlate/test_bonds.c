/* SPDX-License-Identifier: Apache-2.0 */
/* Calls found by an id that an earlier call was given, or by the neighbour that was lost. */
#include "scene.h"

#define SUBNET "AWS::EC2::Subnet", "subnet-0123456789abcdef0", ""
#define TABLE(id)                                                     \
	"{\"configuration\":{},\"relationships\":[{\"resourceType\":" \
	"\"AWS::EC2::RouteTable\",\"resourceId\":\"" id               \
	"\",\"name\":\"Is attached to\"}]}"
#define NO_TABLE "{\"configuration\":{},\"relationships\":[]}"
#define ASSOCIATE                                                                         \
	"\"requestParameters\":{\"routeTableId\":\"rtb-0aaaaaaaaaaaaaaa1\",\"subnetId\":" \
	"\"subnet-0123456789abcdef0\"},\"responseElements\":{\"associationId\":"          \
	"\"rtbassoc-0bbbbbbbbbbbbbbb2\"}"
#define DISASSOCIATE(id) "\"requestParameters\":{\"associationId\":\"" id "\"}"

static void test_an_association_ends(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SUBNET, TABLE("rtb-0aaaaaaaaaaaaaaa1"));
	add_state(&s, 30 * MINUTE, SUBNET, NO_TABLE);
	add_event(&s, 5 * MINUTE, "ec2", "AssociateRouteTable", ASSOCIATE);
	add_event(&s, 22 * MINUTE, "ec2", "DisassociateRouteTable",
		  DISASSOCIATE("rtbassoc-0ccccccccccccccc3"));
	add_event(&s, 23 * MINUTE, "ec2", "DisassociateRouteTable",
		  DISASSOCIATE("rtbassoc-0bbbbbbbbbbbbbbb2"));
	run(&s);
	assert_int_equal(s.verdicts[1].role, CORRELATE_NONE); /* another's association */
	assert_cause(&s, 2, 1);
	assert_true(s.verdicts[2].evidence & 1u << EVIDENCE_OWNED_ID);
	keep = s.a;
}

#define GROUP "AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", "web"
#define HAS_INSTANCE                                                                         \
	"{\"configuration\":{},\"relationships\":[{\"resourceType\":\"AWS::EC2::Instance\"," \
	"\"resourceId\":\"i-0123456789abcdef0\",\"name\":\"Is associated with\"}]}"

static void test_a_group_is_left_out(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, GROUP, HAS_INSTANCE);
	add_state(&s, 30 * MINUTE, GROUP, NO_TABLE);
	add_event(&s, 22 * MINUTE, "ec2", "StopInstances",
		  "\"requestParameters\":{\"instancesSet\":{\"items\":[{\"instanceId\":"
		  "\"i-0123456789abcdef0\"}]}}");
	add_event(&s, 23 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  "\"requestParameters\":{\"instanceId\":\"i-0123456789abcdef0\","
		  "\"groupSet\":{\"items\":[{\"groupId\":\"sg-0fedcba9876543210\"}]}}");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_NONE);
	assert_cause(&s, 1, 1);
	assert_true(s.verdicts[1].evidence & 1u << EVIDENCE_RELATION);
	keep = s.a;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_association_ends),
		cmocka_unit_test(test_a_group_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
