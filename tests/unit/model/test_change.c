/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: which type two states make, that recordings and nulls are none, and that a deletion
 * reads as AWS's does. The comparison with AWS's own diffs is in parse's data test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/change.h"

static const struct jv *body(struct arena *a, const char *text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));

	if (!text)
		return NULL;
	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	return v;
}

/* One line an entry: "KIND pointer previous -> updated\n". */
static void expect(const char *before, const char *after, enum change_type type,
		   const char *wanted)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct change change;

	assert_int_equal(change_between(&a, body(&a, before), body(&a, after), &change),
			 0);
	assert_int_equal(change.type, type);
	for (size_t i = 0; i < change.diff.n; i++) {
		const struct json_diff_entry *e = &change.diff.entries[i];

		buf_printf(&got, "%s %.*s ", change_type_name((enum change_type)e->kind),
			   STR_ARGS(e->pointer));
		if (e->previous)
			jv_write(&got, e->previous);
		buf_put_text(&got, " -> ");
		if (e->updated)
			jv_write(&got, e->updated);
		buf_put_char(&got, '\n');
	}
	if (!str_is(buf_str(&got), wanted))
		fail_msg("%s\nto %s\ngives:\n%.*snot:\n%s", before, after,
			 STR_ARGS(buf_str(&got)), wanted);
}

static void test_types(void **state)
{
	(void)state;
	expect(NULL, "{\"configurationItemStatus\":\"OK\",\"a\":1}", CHANGE_CREATE, "");
	expect(NULL, "{\"configurationItemStatus\":\"ResourceDeleted\"}", CHANGE_DELETE,
	       "");
	expect("{\"configurationItemStatus\":\"ResourceDeleted\",\"a\":1}",
	       "{\"configurationItemStatus\":\"OK\",\"a\":2}", CHANGE_CREATE, "");
	expect("{\"a\":1}", "{\"configurationItemStatus\":\"Deleted\",\"a\":1}",
	       CHANGE_DELETE, "");
	expect("{\"configurationItemStatus\":\"ResourceDiscovered\",\"a\":1}",
	       "{\"configurationItemStatus\":\"OK\",\"a\":2}", CHANGE_UPDATE,
	       "UPDATE /a 1 -> 2\n");
	expect("{\"configurationItemStatus\":\"OK\",\"configuration\":{}}",
	       "{\"configurationItemStatus\":\"ResourceNotRecorded\",\"configuration\":null}",
	       CHANGE_UPDATE, "");
}

static void test_metadata(void **state)
{
	(void)state;
	expect("{\"configurationStateId\":1,\"configurationItemCaptureTime\":\"x\",\"relatedEvents\":[],"
	       "\"configuration\":{\"configurationStateId\":1}}",
	       "{\"configurationStateId\":2,\"configurationItemCaptureTime\":\"y\","
	       "\"recordingFrequency\":\"DAILY\",\"configuration\":{\"configurationStateId\":2}}",
	       CHANGE_UPDATE, "UPDATE /configuration/configurationStateId 1 -> 2\n");
}

static void test_nulls(void **state)
{
	(void)state;
	expect("{\"a\":null,\"c\":{\"x\":null,\"y\":1}}",
	       "{\"b\":null,\"c\":{\"y\":1,\"z\":null}}", CHANGE_UPDATE, "");
	expect("{\"c\":{\"association\":null}}",
	       "{\"c\":{\"association\":{\"ip\":1,\"v6\":null}}}", CHANGE_UPDATE,
	       "CREATE /c/association  -> {\"ip\":1,\"v6\":null}\n");
	expect("{\"c\":{\"association\":{\"ip\":1,\"v6\":null}}}",
	       "{\"c\":{\"association\":null}}", CHANGE_UPDATE,
	       "DELETE /c/association {\"ip\":1,\"v6\":null} -> \n");
	expect("{\"c\":{\"a\":{}}}", "{\"c\":{}}", CHANGE_UPDATE, "DELETE /c/a {} -> \n");
	expect("{\"c\":[]}", "{\"c\":{}}", CHANGE_UPDATE, "UPDATE /c [] -> {}\n");
	/* A null member that a new schema adds to every element changes none of them. */
	expect("{\"c\":[{\"x\":1},{\"x\":2}]}",
	       "{\"c\":[{\"x\":1,\"new\":null},{\"x\":2,\"new\":null}]}", CHANGE_UPDATE,
	       "");
	/* In an array it is an element. */
	expect("{\"c\":[1,null]}", "{\"c\":[1]}", CHANGE_UPDATE,
	       "DELETE /c/1 null -> \n");
}

#define RELATION \
	"{\"name\":\"Is contained in Vpc\",\"resourceId\":\"vpc-1\",\"resourceName\":null,\"resourceType\":\"AWS::EC2::VPC\"}"

static void test_deletion(void **state)
{
	(void)state;
	expect("{\"ARN\":\"arn:x\",\"availabilityZone\":\"a\",\"configuration\":{\"k\":null,\"s\":1},"
	       "\"configurationItemStatus\":\"OK\",\"relationships\":[" RELATION "],"
	       "\"resourceCreationTime\":\"then\",\"resourceName\":\"n\","
	       "\"supplementaryConfiguration\":{\"Tags\":[],\"Policy\":{\"a\":1}},\"tags\":{\"t\":\"1\"}}",
	       "{\"ARN\":null,\"availabilityZone\":null,\"configuration\":null,"
	       "\"configurationItemStatus\":\"ResourceDeleted\",\"relationships\":[],"
	       "\"resourceCreationTime\":null,\"resourceName\":null,"
	       "\"supplementaryConfiguration\":{},\"tags\":{}}",
	       CHANGE_DELETE,
	       "DELETE /configuration {\"k\":null,\"s\":1} -> \n"
	       "DELETE /relationships/0 " RELATION " -> \n"
	       "DELETE /supplementaryConfiguration/Policy {\"a\":1} -> \n"
	       "DELETE /supplementaryConfiguration/Tags [] -> \n");
}

/* A batch answer has neither relationships nor tags: that does not mean they went. */
static void test_untold(void **state)
{
	(void)state;
	expect("{\"relationships\":[" RELATION
	       "],\"tags\":{\"t\":\"1\"},\"configuration\":{\"a\":1}}",
	       "{\"relationships\":null,\"tags\":null,\"configuration\":{\"a\":2}}",
	       CHANGE_UPDATE, "UPDATE /configuration/a 1 -> 2\n");
	expect("{\"configuration\":{\"a\":1}}",
	       "{\"relationships\":[" RELATION
	       "],\"tags\":{\"t\":\"1\"},\"configuration\":{\"a\":1}}",
	       CHANGE_UPDATE, "");
	expect("{\"relationships\":[],\"tags\":{}}",
	       "{\"relationships\":[" RELATION "],\"tags\":{\"t\":\"1\"}}", CHANGE_UPDATE,
	       "CREATE /relationships/0  -> " RELATION "\nCREATE /tags/t  -> \"1\"\n");
}

/* Recording stopped: an item without details takes nothing away. */
static void test_not_recorded(void **state)
{
	(void)state;
	expect("{\"configuration\":{\"a\":1},\"resourceName\":\"q\"}",
	       "{\"configurationItemStatus\":\"ResourceNotRecorded\",\"configuration\":null}",
	       CHANGE_UPDATE, "");
}

#define SUMMARY                                                                            \
	"{\"ARN\":\"arn:x\",\"availabilityZone\":null,\"configuration\":null,"             \
	"\"configurationItemStatus\":\"OK\",\"relationships\":null,\"resourceName\":null," \
	"\"supplementaryConfiguration\":null,\"tags\":null}"
#define WHOLE                                                                             \
	"{\"ARN\":\"arn:x\",\"availabilityZone\":\"z\",\"configuration\":{\"a\":1},"      \
	"\"configurationItemStatus\":\"OK\",\"relationships\":[],\"resourceName\":\"q\"," \
	"\"supplementaryConfiguration\":{},\"tags\":{\"t\":\"1\"}}"

/* Of an item that is too large there may be no more than a summary. */
static void test_summary(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;

	(void)state;
	assert_true(change_is_untold(body(&a, SUMMARY)));
	assert_false(change_is_unrecorded(body(&a, SUMMARY)));
	assert_false(change_is_untold(body(&a, WHOLE)));
	expect(NULL, SUMMARY, CHANGE_CREATE, "");
	expect(WHOLE, SUMMARY, CHANGE_UPDATE, "");
	expect(SUMMARY, WHOLE, CHANGE_UPDATE, "");
	expect(SUMMARY, "{\"configurationItemStatus\":\"ResourceDeleted\"}",
	       CHANGE_DELETE, "");
}

/* A query is answered with what it asked for: here tags, and no configuration. */
static void test_queried(void **state)
{
	static const char queried[] =
		"{\"ARN\":\"arn:x\",\"availabilityZone\":null,\"configuration\":null,"
		"\"configurationItemStatus\":\"OK\",\"relationships\":null,"
		"\"resourceName\":null,\"tags\":{\"t\":\"2\"}}";

	(void)state;
	expect(WHOLE, queried, CHANGE_UPDATE, "UPDATE /tags/t \"1\" -> \"2\"\n");
	expect(queried, WHOLE, CHANGE_UPDATE, "UPDATE /tags/t \"2\" -> \"1\"\n");
	/* Where both tell the configuration, the name went. */
	expect("{\"configuration\":{\"a\":1},\"resourceName\":\"q\"}",
	       "{\"configuration\":{\"a\":1},\"resourceName\":null}", CHANGE_UPDATE,
	       "DELETE /resourceName \"q\" -> \n");
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(change_type_name(CHANGE_CREATE), "CREATE");
	assert_string_equal(change_type_name(CHANGE_UPDATE), "UPDATE");
	assert_string_equal(change_type_name(CHANGE_DELETE), "DELETE");
	assert_string_equal(confidence_name(CONFIDENCE_CERTAIN), "certain");
	assert_string_equal(evidence_name(EVIDENCE_REQUEST_ID), "request-id");
	assert_string_equal(evidence_name(EVIDENCE_ONLY), "only");
	for (enum evidence e = 0; e < EVIDENCE_COUNT; e++)
		assert_true(evidence_name(e) && evidence_name(e)[0]);
	assert_string_equal(evidence_name(EVIDENCE_COUNT), "");
	assert_null(reason_text(REASON_NONE));
	for (enum reason r = REASON_NO_TRAIL; r <= REASON_LAST; r++)
		assert_non_null(reason_text(r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),   cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_nulls),   cmocka_unit_test(test_deletion),
		cmocka_unit_test(test_untold),  cmocka_unit_test(test_not_recorded),
		cmocka_unit_test(test_summary), cmocka_unit_test(test_queried),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
