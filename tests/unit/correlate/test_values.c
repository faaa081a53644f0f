/* SPDX-License-Identifier: Apache-2.0 */
/* What a request set against what a change shows. */
#include "values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct jv *read_json(struct arena *a, const char *text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));

	assert_non_null(v);
	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	return v;
}

static size_t shared(const char *before, const char *after, const char *request,
		     size_t *ret_strong)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e = { .request = read_json(&a, request) };
	struct item item = { .id = STR("sg-1"), .account = STR("111122223333") };
	struct value_set event, change;
	struct change c;

	assert_int_equal(
		change_between(&a, read_json(&a, before), read_json(&a, after), &c), 0);
	assert_int_equal(values_of_change(&a, &c, &change), 0);
	assert_int_equal(values_of_event(&a, &e, &item, &event), 0);
	return values_shared(&event, &change, ret_strong, NULL);
}

static const char before[] =
	"{\"configuration\":{\"ports\":[{\"fromPort\":80,\"cidrIp\":\"192.0.2.0/24\"}]}}";
static const char after[] =
	"{\"configuration\":{\"ports\":[{\"fromPort\":80,\"cidrIp\":\"192.0.2.0/24\"},"
	"{\"fromPort\":22,\"cidrIp\":\"0.0.0.0/0\"}]}}";

static void test_what_was_set_shows(void **state)
{
	size_t strong;

	(void)state;
	assert_int_equal(
		shared(before, after,
		       "{\"items\":[{\"fromPort\":22,\"cidrIp\":\"0.0.0.0/0\"}]}",
		       &strong),
		2);
	assert_int_equal(strong, 1); /* 22 tells nothing without its name */
}

static void test_what_stood_before_does_not(void **state)
{
	size_t strong;

	(void)state;
	assert_int_equal(shared(before, after,
				"{\"fromPort\":80,\"cidrIp\":\"192.0.2.0/24\"}", &strong),
			 0);
}

static void test_own_names_do_not(void **state)
{
	size_t strong;

	(void)state;
	assert_int_equal(shared("{\"configuration\":{}}",
				"{\"configuration\":{\"groupId\":\"sg-1\"}}",
				"{\"groupId\":\"sg-1\"}", &strong),
			 0);
}

static void test_documents_in_strings_open(void **state)
{
	size_t strong;

	(void)state;
	assert_int_equal(
		shared("{\"configuration\":{}}",
		       "{\"configuration\":{\"policy\":{\"Action\":\"s3:GetObject\"}}}",
		       "{\"policyDocument\":\"{\\\"Action\\\":\\\"s3:GetObject\\\"}\"}",
		       &strong),
		1);
}

/* Tags of Kubernetes have a slash, which the pointers of a difference write as ~1. */
static void test_keys_are_unescaped(void **state)
{
	static const char without[] = "{\"tags\":{}}";
	static const char with[] = "{\"tags\":{\"k8s.io/a~b\":\"1\"}}";
	size_t strong;

	(void)state;
	assert_int_equal(
		shared(without, with, "{\"tags\":{\"k8s.io/a~b\":\"1\"}}", &strong), 1);
	assert_int_equal(strong, 0);
	assert_int_equal(shared(without, with,
				"{\"items\":[{\"key\":\"k8s.io/a~b\",\"value\":\"1\"}]}",
				&strong),
			 1);
	assert_int_equal(shared(with, without, "{\"tagKeys\":[\"k8s.io/a~b\"]}", &strong),
			 1);
	assert_int_equal(strong, 1);
	assert_int_equal(
		shared(with, without, "{\"tagKeys\":[\"k8s.io~1a~0b\"]}", &strong), 0);
}

/* A tag is text under a key that the user chose, whatever either looks like. */
static void test_tags_are_text(void **state)
{
	static const struct {
		const char *key, *value;
		size_t strong;
	} tags[] = {
		{ "2024", "1", 0 },
		{ "1.5", "1", 0 },
		{ "team", "", 0 },
		{ "account", "111122223333", 0 }, /* the item's own */
		{ "group", "sg-1", 0 },
		{ "Host", "web", 0 },
		{ "rule", "{\\\"a\\\":1}", 1 },
	};
	size_t strong;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		char map[128], list[128];

		snprintf(map, sizeof(map), "{\"tags\":{\"%s\":\"%s\"}}", tags[i].key,
			 tags[i].value);
		snprintf(list, sizeof(list),
			 "{\"items\":[{\"key\":\"%s\",\"value\":\"%s\"}]}", tags[i].key,
			 tags[i].value);
		assert_int_equal(shared("{\"tags\":{}}", map, list, &strong), 1);
		assert_int_equal(strong, tags[i].strong);
		assert_int_equal(shared("{\"tags\":{}}", map, map, &strong), 1);
		assert_int_equal(strong, tags[i].strong);
	}
	/* Without a value of its own it is what comes by that key alone. */
	assert_int_equal(shared("{\"tags\":{}}", "{\"tags\":{\"team\":\"\"}}",
				"{\"tags\":{\"owner\":\"\"}}", &strong),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_set_shows),
		cmocka_unit_test(test_what_stood_before_does_not),
		cmocka_unit_test(test_own_names_do_not),
		cmocka_unit_test(test_documents_in_strings_open),
		cmocka_unit_test(test_keys_are_unescaped),
		cmocka_unit_test(test_tags_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
