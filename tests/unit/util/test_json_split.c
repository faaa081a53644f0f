/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting sound streams: where records are found, what is a document, what is counted. */
#include "split_help.h"

#define MAX_RECORD 4096

struct want {
	const char *container;
	const char *text;
};

static void assert_split(const char *input, const struct want *want, size_t n,
			 uint64_t documents, uint64_t empty)
{
	_cleanup_(pieces_deinit) struct pieces p = { 0 };

	split_all_ways(str_of(input), MAX_RECORD, &p);
	for (size_t i = 0; i < p.n && i < n; i++) {
		if (p.all[i].damaged)
			fail_msg("%s: %zu damaged: %s", input, i, p.all[i].fault.reason);
		assert_string_equal(p.all[i].text, want[i].text);
		assert_string_equal(p.all[i].container, want[i].container);
	}
	if (p.n != n)
		fail_msg("%s: %zu pieces, not %zu", input, p.n, n);
	assert_int_equal(p.documents, documents);
	assert_int_equal(p.empty, empty);
}

#define ASSERT_SPLIT(input, documents, empty, ...)                                       \
	do {                                                                             \
		const struct want want_[] = { { NULL, NULL }, __VA_ARGS__ };             \
		assert_split(input, want_ + 1, ARRAY_SIZE(want_) - 1, documents, empty); \
	} while (0)

static void test_containers(void **state)
{
	(void)state;
	ASSERT_SPLIT("{\"Records\":[{\"a\":1},{\"a\":[{\"b\":\"}]\"}]}]}", 1, 0,
		     { "Records", "{\"a\":1}" },
		     { "Records", "{\"a\":[{\"b\":\"}]\"}]}" });
	ASSERT_SPLIT(
		" {\n \"x\" : {\"Records\":[1]}, \"Records\" :\n [ {} , {\"a\" : 1} ]\n, "
		"\"y\":[{}]}\n",
		1, 0, { "Records", "{}" }, { "Records", "{\"a\" : 1}" });
	/* Two containers in one document. */
	ASSERT_SPLIT("{\"Records\":[{\"a\":1}],\"configurationItems\":[{\"b\":2}]}", 1, 0,
		     { "Records", "{\"a\":1}" }, { "configurationItems", "{\"b\":2}" });
	/* A string with quotes and backslashes, its last one escaped. */
	ASSERT_SPLIT(
		"{\"Records\":[{\"p\":\"{\\\"Records\\\":[{}]}\\\\\"},{\"p\":\"\\u0022\"}]}",
		1, 0, { "Records", "{\"p\":\"{\\\"Records\\\":[{}]}\\\\\"}" },
		{ "Records", "{\"p\":\"\\u0022\"}" });
}

static void test_wrappers(void **state)
{
	(void)state;
	ASSERT_SPLIT("{\"data\":{\"n\":1,\"Records\":[{\"a\":1}],\"z\":2},\"more\":3}", 1,
		     0, { "Records", "{\"a\":1}" });
	/* Too deep, in a member that is no wrapper, or in an array: no container. */
	ASSERT_SPLIT("{\"data\":{\"data\":{\"Records\":[{}]}}}", 1, 0,
		     { "", "{\"data\":{\"data\":{\"Records\":[{}]}}}" });
	ASSERT_SPLIT("{\"data\":{\"a\":1},\"other\":{\"Records\":[{}]}}", 1, 0,
		     { "", "{\"data\":{\"a\":1},\"other\":{\"Records\":[{}]}}" });
	ASSERT_SPLIT("{\"data\":[{\"Records\":[{}]}]}", 1, 0,
		     { "", "{\"data\":[{\"Records\":[{}]}]}" });
}

static void test_documents(void **state)
{
	(void)state;
	ASSERT_SPLIT("", 0, 0);
	ASSERT_SPLIT(" \n\t ", 0, 0);
	ASSERT_SPLIT("{}", 1, 0, { "", "{}" });
	ASSERT_SPLIT("{\"a\":1}{\"b\":2} {\"c\":3}\n{\"d\":4}\r\n\n", 4, 0,
		     { "", "{\"a\":1}" }, { "", "{\"b\":2}" }, { "", "{\"c\":3}" },
		     { "", "{\"d\":4}" });
	/* A container member that is no array does not count. */
	ASSERT_SPLIT("{\"Records\":null}", 1, 0, { "", "{\"Records\":null}" });
	ASSERT_SPLIT("{\"Records\":{\"a\":[]}}", 1, 0,
		     { "", "{\"Records\":{\"a\":[]}}" });
	ASSERT_SPLIT("{\"Records\":\"[\"}", 1, 0, { "", "{\"Records\":\"[\"}" });
	ASSERT_SPLIT("\xef\xbb\xbf{\"a\":1}", 1, 0, { "", "{\"a\":1}" });
}

static void test_empty_containers(void **state)
{
	(void)state;
	ASSERT_SPLIT("{\"Records\":[]}", 1, 1);
	ASSERT_SPLIT("{\"Records\": [ ] , \"x\":1}\n{\"Records\":[{}]}", 2, 1,
		     { "Records", "{}" });
	ASSERT_SPLIT("[]", 1, 1);
	ASSERT_SPLIT("[{\"Records\":[]},{\"Records\":[]}]", 2, 2);
	ASSERT_SPLIT("{\"Records\":[],\"configurationItems\":[]}", 1, 1);
}

static void test_arrays_of_documents(void **state)
{
	(void)state;
	ASSERT_SPLIT("[{\"a\":1},\n[2],{\"Records\":[{\"r\":1},{\"r\":2}]} , {\"b\":1}]",
		     4, 0, { "", "{\"a\":1}" }, { "", "[2]" }, { "Records", "{\"r\":1}" },
		     { "Records", "{\"r\":2}" }, { "", "{\"b\":1}" });
	ASSERT_SPLIT("[{\"a\":1}]{\"b\":1}", 2, 0, { "", "{\"a\":1}" },
		     { "", "{\"b\":1}" });
}

/* A good record may hold objects that begin as it does. */
static void test_look_alikes(void **state)
{
	(void)state;
	ASSERT_SPLIT(
		"{\"Records\":[{\"id\":1},{\"id\":2,\"l\":[{\"id\":3},{\"id\":4}]},{\"id\":5},"
		"{\"id\":6,\"l\":[{\"id\":7}]}\n]}",
		1, 0, { "Records", "{\"id\":1}" },
		{ "Records", "{\"id\":2,\"l\":[{\"id\":3},{\"id\":4}]}" },
		{ "Records", "{\"id\":5}" },
		{ "Records", "{\"id\":6,\"l\":[{\"id\":7}]}" });
	ASSERT_SPLIT("{\"id\":1}\n{\"id\":2,\"l\":[{\"id\":3}]}\n{\"id\":4}\n", 3, 0,
		     { "", "{\"id\":1}" }, { "", "{\"id\":2,\"l\":[{\"id\":3}]}" },
		     { "", "{\"id\":4}" });
}

/* A record within one chunk is handed over where it is. */
static int in_place(void *ctx, const struct json_record *record)
{
	struct str *chunk = ctx;

	assert_true(record->text.p >= chunk->p &&
		    record->text.p + record->text.n <= chunk->p + chunk->n);
	return 0;
}

static void test_no_copy(void **state)
{
	struct str chunk = STR("{\"Records\":[{\"a\":1},{\"a\":2}]}");
	struct json_split_config config = { .containers = split_containers,
					    .max_record = MAX_RECORD,
					    .record = in_place,
					    .ctx = &chunk };
	struct json_split *s = json_split_new(&config);

	(void)state;
	assert_non_null(s);
	assert_int_equal(json_split_feed(s, chunk.p, chunk.n), 0);
	assert_int_equal(json_split_finish(s), 0);
	json_split_free(s);
}

static void test_callback_stops(void **state)
{
	static const size_t chunks[] = { 1, 7, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		_cleanup_(pieces_deinit) struct pieces p = { .stop_at = 2 };

		assert_int_equal(split_chunks(STR("{\"a\":1}{\"b\":2}{\"c\":3}"),
					      chunks[i], 100, &p),
				 7);
		assert_int_equal(p.n, 2);
	}
}

/* Some 20,000 records in one line, with the offsets of all of them. */
static void test_long_array(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(pieces_deinit) struct pieces p = { 0 };
	const unsigned n = 20000;

	(void)state;
	buf_put_text(&b, "{\"Records\":[");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%s{\"n\":%u,\"t\":\"%.*s\"}", i ? "," : "", i,
			   (int)(i % 40), "0123456789012345678901234567890123456789");
	buf_put_text(&b, "]}");
	assert_int_equal(buf_error(&b), 0);
	assert_int_equal(split_chunks(buf_str(&b), 4096, 100, &p), 0);
	assert_int_equal(p.n, n);
	for (unsigned i = 0; i < n; i++) {
		char begin[32];

		snprintf(begin, sizeof(begin), "{\"n\":%u,", i);
		assert_false(p.all[i].damaged);
		assert_memory_equal(p.all[i].text, begin, strlen(begin));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_wrappers),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_empty_containers),
		cmocka_unit_test(test_arrays_of_documents),
		cmocka_unit_test(test_look_alikes),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_long_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
