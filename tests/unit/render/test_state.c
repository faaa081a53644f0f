/* SPDX-License-Identifier: Apache-2.0 */

/*
 * States as files: the layout, what a deletion inherits, and that the length told beforehand is
 * the length of what comes out.
 */

#include "golden.h"

#include "render/state.h"
#include "util/json.h"

static void check_length(struct str body, struct str name, struct str arn,
			 const struct buf *out)
{
	size_t len = 0;

	assert_int_equal(render_state_len(body, name, arn, &len), 0);
	assert_int_equal(len, out->len);
}

/* Renders, checks the length, and hands the text over. */
static struct buf render(const char *body, const char *name, const char *arn)
{
	struct buf out = BUF_INIT;

	render_state(&out, str_of(body), str_of(name), str_of(arn));
	assert_int_equal(buf_error(&out), 0);
	check_length(str_of(body), str_of(name), str_of(arn), &out);
	return out;
}

static void expect(const char *body, const char *name, const char *arn, const char *want)
{
	_cleanup_(buf_deinit) struct buf out = render(body, name, arn);

	if (!str_is(buf_str(&out), want))
		fail_msg("got %.*s\nwant %s", STR_ARGS(buf_str(&out)), want);
}

#define DELETED                                                                         \
	"{\"ARN\":null,\"availabilityZone\":\"Not Applicable\",\"configuration\":null," \
	"\"configurationItemStatus\":\"ResourceDeleted\",\"resourceId\":\"sg-1\","      \
	"\"resourceName\":null,\"tags\":{\"resourceName\":null,\"ARN\":null}}"

static void test_layout(void **state)
{
	(void)state;
	expect("{\"a\":[],\"b\":{},\"c\":[1.10,{\"d\":\"x\"}]}", "", "",
	       "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1.10,\n    {\n      \"d\": \"x\"\n"
	       "    }\n  ]\n}\n");
	expect("{}", "n", "a", "{}\n");
}

static void test_deletion_inherits(void **state)
{
	_cleanup_(buf_deinit) struct buf out = render(
		DELETED, "web \"1\"", "arn:aws:ec2:us-east-1:1:security-group/sg-1");

	(void)state;
	golden_check("deleted.json", &out);
}

static void test_deletion_inherits_one(void **state)
{
	(void)state;
	expect("{\"ARN\":null,\"resourceName\":null}", "n", "",
	       "{\n  \"ARN\": null,\n  \"resourceName\": \"n\"\n}\n");
	expect("{\"ARN\":null,\"resourceName\":null}", "", "a",
	       "{\n  \"ARN\": \"a\",\n  \"resourceName\": null\n}\n");
	/* A key that sorts between them must not matter, nor the order. */
	expect("{\"resourceName\":null,\"ARN\":null}", "n", "a",
	       "{\n  \"resourceName\": \"n\",\n  \"ARN\": \"a\"\n}\n");
}

static void test_own_name_stays(void **state)
{
	(void)state;
	expect("{\"ARN\":\"own\",\"resourceName\":\"mine\"}", "n", "a",
	       "{\n  \"ARN\": \"own\",\n  \"resourceName\": \"mine\"\n}\n");
}

/* Only the outermost members count; a string that looks like one does not. */
static void test_decoys(void **state)
{
	(void)state;
	expect("{\"a\":{\"ARN\":null},\"b\":[{\"resourceName\":null}]}", "n", "a",
	       "{\n  \"a\": {\n    \"ARN\": null\n  },\n  \"b\": [\n    {\n"
	       "      \"resourceName\": null\n    }\n  ]\n}\n");
	expect("{\"a\":\"\\\"ARN\\\":null,\",\"b\":\"{[\",\"resourceName\":null}", "n",
	       "a",
	       "{\n  \"a\": \"\\\"ARN\\\":null,\",\n  \"b\": \"{[\",\n"
	       "  \"resourceName\": \"n\"\n}\n");
	expect("{\"a\":\"ARN\",\"b\":\"\\\\\"}", "n", "a",
	       "{\n  \"a\": \"ARN\",\n  \"b\": \"\\\\\"\n}\n");
}

/* What comes out must be the body, but for the names. */
static void test_still_the_same_value(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out =
		render(DELETED, "\x1b[31m\n", "\xe2\x80\xae");
	struct jv v;

	(void)state;
	assert_int_equal(jv_parse(&a, buf_str(&out), &v, NULL), 0);
	assert_true(str_is(jv_get_text(&v, "resourceName"), "\x1b[31m\n"));
	assert_true(str_is(jv_get_text(&v, "ARN"), "\xe2\x80\xae"));
	assert_true(jv_is(jv_path(&v, "tags.ARN"), JV_NULL));
}

/* A body cut off anywhere must not be read past its end. */
static void test_cut_bodies(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(DELETED); n++) {
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;
		char *body = str_dup((struct str){ DELETED, n });
		size_t len;

		assert_non_null(body);
		render_state(&out, (struct str){ body, n }, STR("n"), STR("a"));
		assert_int_equal(render_state_len((struct str){ body, n }, STR("n"),
						  STR("a"), &len),
				 0);
		free(body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_deletion_inherits),
		cmocka_unit_test(test_deletion_inherits_one),
		cmocka_unit_test(test_own_name_stays),
		cmocka_unit_test(test_decoys),
		cmocka_unit_test(test_still_the_same_value),
		cmocka_unit_test(test_cut_bodies),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
