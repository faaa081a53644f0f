/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define ONE_RULE                                                                          \
	"{\"configuration\":{\"ipPermissions\":[{\"ipProtocol\":\"tcp\",\"fromPort\":22," \
	"\"toPort\":22,\"ipv4Ranges\":[{\"cidrIp\":\"10.0.0.0/8\"}]}]}}"
#define NO_RULE "{\"configuration\":{\"ipPermissions\":[]}}"
#define ASKED                                                                                   \
	"{\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"tcp\",\"fromPort\":22,\"toPort\":22," \
	"\"ipRanges\":{\"items\":[{\"cidrIp\":\"10.0.0.0/8\"}]}}]}}"
#define ASKED_FLAT \
	"{\"ipPermissions\":{},\"ipProtocol\":\"tcp\",\"fromPort\":22,\"toPort\":22,\"cidrIp\":\"10.0.0.0/8\"}"

static enum rules_effect effect(const char *name, const char *request, const char *before,
				const char *after)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv values[3];
	const char *texts[] = { request, before, after };
	struct event e = { .name = str_of(name), .request = &values[0] };

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(jv_parse(&a, arena_str(&a, str_of(texts[i])), &values[i],
					  NULL),
				 0);
	return rules_effect(&e, &values[1], &values[2]);
}

static void test_what_came_and_went(void **state)
{
	const char *opens = "AuthorizeSecurityGroupIngress";
	const char *closes = "RevokeSecurityGroupIngress";

	(void)state;
	assert_int_equal(effect(opens, ASKED, NO_RULE, ONE_RULE), RULES_SHOWN);
	assert_int_equal(effect(opens, ASKED_FLAT, NO_RULE, ONE_RULE), RULES_SHOWN);
	assert_int_equal(effect(opens, ASKED, NO_RULE, NO_RULE), RULES_HIDDEN);
	assert_int_equal(effect(opens, ASKED, ONE_RULE, ONE_RULE), RULES_HIDDEN);
	assert_int_equal(effect(closes, ASKED, ONE_RULE, NO_RULE), RULES_SHOWN);
	assert_int_equal(effect(closes, ASKED_FLAT, NO_RULE, ONE_RULE), RULES_HIDDEN);
}

static void test_what_cannot_be_told(void **state)
{
	(void)state;
	assert_int_equal(effect("CreateTags", ASKED, NO_RULE, ONE_RULE), RULES_UNKNOWN);
	assert_int_equal(effect("RevokeSecurityGroupIngress",
				"{\"securityGroupRuleIds\":{}}", ONE_RULE, NO_RULE),
			 RULES_UNKNOWN);
	assert_int_equal(effect("AuthorizeSecurityGroupIngress", ASKED, ONE_RULE, "null"),
			 RULES_UNKNOWN);
	/* The other direction has a list of its own. */
	assert_int_equal(effect("AuthorizeSecurityGroupEgress", ASKED, NO_RULE, ONE_RULE),
			 RULES_UNKNOWN);
	assert_int_equal(effect("AuthorizeSecurityGroupIngress",
				"{\"ipPermissions\":{\"items\":[7,null]}}", NO_RULE,
				ONE_RULE),
			 RULES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_came_and_went),
		cmocka_unit_test(test_what_cannot_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
