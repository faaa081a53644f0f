/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lists of a moment: golden lines, one line a resource whatever its name, a snapshot that is JSON
 * and as long as was promised.
 */

#include "golden.h"

#include "render/inventory.h"
#include "render/readme_at.h"

static const char *const bodies[] = {
	"{\"ARN\":\"arn:aws:ec2:us-east-1:123456789012:instance/i-0ab\",\"awsAccountId\":"
	"\"123456789012\",\"awsRegion\":\"us-east-1\",\"configuration\":{\"n\":1},"
	"\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\","
	"\"configurationItemStatus\":\"OK\",\"resourceCreationTime\":"
	"\"2024-04-30T08:00:00.000Z\",\"resourceId\":\"i-0ab\",\"resourceName\":null,"
	"\"resourceType\":\"AWS::EC2::Instance\",\"tags\":{\"Name\":\"web\",\"env\":\"a,b\"}}",
	/* Everything that could break a line or drive a terminal. */
	"{\"ARN\":null,\"awsAccountId\":\"123456789012\",\"awsRegion\":\"global\","
	"\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.000Z\","
	"\"configurationItemStatus\":\"ResourceNotRecorded\",\"resourceCreationTime\":null,"
	"\"resourceId\":\"say \\\"hi\\\", you\",\"resourceName\":\"a\\n\\u001b[2Jb\\u202ec\","
	"\"resourceType\":\"My::Own::Thing\",\"tags\":{}}",
	/* Nothing at all. */
	"{\"resourceId\":\" x\"}",
};

static void parse(struct arena *a, const char *body, struct jv *ret)
{
	assert_int_equal(jv_parse(a, str_of(body), ret, NULL), 0);
}

static void test_csv(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct jv body;

	(void)state;
	render_inventory_csv_head(&out);
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		parse(&a, bodies[i], &body);
		render_inventory_csv(&out, &body);
	}
	golden_check("inventory.csv", &out);
}

static void test_jsonl(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct jv body, line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		size_t from = out.len;

		parse(&a, bodies[i], &body);
		render_inventory_jsonl(&out, &body);
		assert_int_equal(jv_parse(&a, str_from(buf_str(&out), from), &line, NULL),
				 0);
		/* What was escaped is the same text still. */
		assert_true(jv_equal(jv_get(&line, "resourceId"),
				     jv_get(&body, "resourceId")));
		if (jv_get(&body, "resourceName"))
			assert_true(jv_equal(jv_get(&line, "resourceName"),
					     jv_get(&body, "resourceName")));
	}
	golden_check("inventory.jsonl", &out);
}

static void test_snapshot(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct jv file, body;

	(void)state;
	render_snapshot_head(&out, STR("2024-05-01"));
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		size_t before = out.len;

		render_snapshot_item(&out, str_of(bodies[i]), i == 0);
		assert_int_equal(out.len - before,
				 strlen(bodies[i]) + (i ? RENDER_SNAPSHOT_OTHER
							: RENDER_SNAPSHOT_FIRST));
	}
	render_snapshot_tail(&out);
	golden_check("snapshot.json", &out);
	assert_int_equal(jv_parse(&a, buf_str(&out), &file, NULL), 0);
	assert_true(str_is(jv_get_text(&file, "fileVersion"), "1.0"));
	assert_int_equal(jv_get(&file, "configurationItems")->len, ARRAY_SIZE(bodies));
	parse(&a, bodies[0], &body);
	assert_true(jv_equal(&jv_get(&file, "configurationItems")->items[0], &body));
}

static void test_empty_snapshot(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT, other = BUF_INIT;
	struct jv file;

	(void)state;
	render_snapshot_head(&out, STR("a"));
	render_snapshot_head(&other, STR("b"));
	assert_int_equal(out.len, other.len);
	assert_false(str_eq(buf_str(&out), buf_str(&other)));
	render_snapshot_tail(&out);
	assert_int_equal(jv_parse(&a, buf_str(&out), &file, NULL), 0);
	assert_int_equal(jv_get(&file, "configurationItems")->len, 0);
}

/* The page fits a terminal that is a little wider than it used to be. */
static void test_readme(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	size_t width = 0;

	(void)state;
	render_readme_at(&out);
	for (size_t i = 0; i < out.len; i++) {
		width = out.data[i] == '\n' ? 0 : width + 1;
		assert_true(width <= 100);
		assert_true(out.data[i] == '\n' ||
			    (out.data[i] >= ' ' && out.data[i] < 0x7f));
	}
	assert_int_equal(width, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),      cmocka_unit_test(test_jsonl),
		cmocka_unit_test(test_snapshot), cmocka_unit_test(test_empty_snapshot),
		cmocka_unit_test(test_readme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
