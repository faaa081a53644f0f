/* SPDX-License-Identifier: Apache-2.0 */

/*
 * status/: tables of any length have the size that is read, wherever a read begins, and refused
 * records are files under stable names.
 */

#include "estate.h"

#include <stdio.h>
#include <stdlib.h>

#include "render/status.h"
#include "store/coverage.h"
#include "store/ledger.h"
#include "store/recorder.h"

#define SOURCES  3000
#define ACCOUNTS 300

/* Days of a recorder, in two spans, and none of a trail. */
static void put_signs(struct estate *e)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		struct coverage_sign sign = { .region = STR(REGION),
					      .source = COVERAGE_CONFIG };
		char account[16];

		(void)snprintf(account, sizeof(account), "%d", i * 37);
		sign.account = str_of(account);
		for (int span = 0; span < 2; span++) {
			sign.from_ms = T0 + (span * 40 + i % 7) * DAY;
			sign.to_ms = sign.from_ms + 3 * DAY;
			assert_int_equal(store_put_sign(e->s, &sign), 0);
		}
	}
}

/* Of an account that has nothing else. */
static void put_recorder(struct estate *e)
{
	static const char text[] =
		"{\"accountId\":\"999\",\"awsRegion\":\"" REGION
		"\",\"askedTime\":\"2024-05-01T00:00:00Z\","
		"\"configurationRecorder\":{\"name\":\"default\"},"
		"\"configurationRecorderStatus\":{\"recording\":false}}";
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct recorder r;
	struct jv v;

	assert_int_equal(jv_parse(&a, str_of(text), &v, NULL), 0);
	assert_int_equal(recorder_from_jv(&v, &r, NULL), 0);
	assert_int_equal(store_put_recorder(e->s, &r), 0);
}

static int setup(void **state)
{
	_cleanup_(buf_deinit) struct buf line = BUF_INIT;
	struct estate *e;
	struct fault f;
	char name[80];
	int64_t id;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	for (int i = 1; i <= SOURCES; i++) {
		struct store_source source = { .size = (uint64_t)i };
		struct render_import row = { .size = (uint64_t)i };

		(void)snprintf(name, sizeof(name), "/%0*d", i % 50 + 1, i);
		source.name = row.name = str_of(name);
		assert_int_equal(store_source_start(e->s, &source, &id), 0);
		buf_reset(&line);
		render_import(&line, &row);
		assert_int_equal(store_put_line(e->s, STORE_LINES_IMPORTS, id, line.len),
				 0);
	}
	fault_set(&f, 5, "", "is wrong");
	assert_int_equal(store_put_refusal(e->s, id, &f, STR("bytes\n"), 6), 0);
	put_signs(e);
	put_recorder(e);
	estate_put(e, GROUP, "sg-1", T0);
	estate_commit(e);
	estate_open(e);
	return 0;
}

/* As long as its attributes say, and the same from wherever it is read. */
static void check_table(struct estate *e, const char *path, size_t want_lines,
			struct buf *ret)
{
	struct tree_attr attr = estate_at(e, path);
	_cleanup_(freep) char *whole = malloc(attr.size + 10);
	char piece[777];
	size_t n = 0, lines = 0;

	assert_non_null(whole);
	assert_int_equal(tree_read(e->t, attr.node, 0, attr.size + 10, whole, &n), 0);
	assert_int_equal(n, attr.size);
	for (size_t i = 0; i < n; i++)
		lines += whole[i] == '\n';
	assert_int_equal(lines, want_lines);
	buf_put(ret, whole, n);
	for (size_t at = attr.size + 100; at > 5003; at -= 5003) {
		size_t want = at > attr.size ? 0 : MIN(sizeof(piece), attr.size - at);

		assert_int_equal(tree_read(e->t, attr.node, at, sizeof(piece), piece, &n),
				 0);
		assert_int_equal(n, want);
		assert_memory_equal(piece, whole + at, n);
	}
}

static void test_reads(void **state)
{
	_cleanup_(buf_deinit) struct buf whole = BUF_INIT;

	check_table(*state, "status/imports.tsv", SOURCES + 1, &whole);
}

/* An account at a time they are what they are all at once. */
static void test_coverage(void **state)
{
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT;
	struct buf want[2] = { BUF_INIT, BUF_INIT }, whole[2] = { BUF_INIT, BUF_INIT };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct coverage_control *controls;
	struct coverage_day *days;
	struct recorder_seen *seen;
	size_t n_days, n_controls, n_seen;

	assert_int_equal(store_coverage_days(e->s, &a, &days, &n_days), 0);
	assert_int_equal(store_coverage_controls(e->s, &a, &controls, &n_controls), 0);
	assert_int_equal(store_recorders(e->s, &a, &seen, &n_seen), 0);
	assert_int_equal(n_seen, 1);
	assert_int_equal(recorder_coverage(&a, days, n_days, controls, n_controls, seen,
					   n_seen, &spans, &gaps),
			 0);
	render_coverage_header(&want[0]);
	for (size_t i = 0; i < spans.len / sizeof(struct coverage_span); i++)
		render_coverage(&want[0], (struct coverage_span *)spans.data + i);
	render_gaps_header(&want[1]);
	for (size_t i = 0; i < gaps.len / sizeof(struct coverage_gap); i++)
		render_gap(&want[1], (struct coverage_gap *)gaps.data + i);
	/* Those of the signs, and the one group's day. */
	check_table(e, "status/coverage.tsv", 1 + 2 * ACCOUNTS + 1, &whole[0]);
	check_table(e, "status/gaps.tsv", 1 + gaps.len / sizeof(struct coverage_gap),
		    &whole[1]);
	assert_true(gaps.len / sizeof(struct coverage_gap) > 2 * ACCOUNTS);
	for (size_t i = 0; i < 2; i++) {
		assert_true(str_eq(buf_str(&whole[i]), buf_str(&want[i])));
		buf_deinit(&whole[i]);
		buf_deinit(&want[i]);
	}
}

static void test_refused(void **state)
{
	static const char *const wrong[] = { "status/refused/000002-3000+5",
					     "status/refused/1",
					     "status/refused/000001-3000",
					     "status/refused/99999999999999999999",
					     "status/refused/x" };
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	uint64_t cookie = 0;
	struct tree_attr attr;
	char bytes[16];
	size_t n;

	assert_int_equal(estate_list(e, estate_at(e, "status/refused").node, &cookie, 10,
				     &names),
			 1);
	assert_true(str_starts(buf_str(&names), "000001-"));
	buf_put_char(&names, '\0');
	*strchr(names.data, '\n') = '\0';
	assert_int_equal(tree_lookup(e->t, estate_at(e, "status/refused").node,
				     str_of(names.data), &attr),
			 0);
	assert_int_equal(attr.size, 6);
	assert_int_equal(tree_read(e->t, attr.node, 0, sizeof(bytes), bytes, &n), 0);
	assert_true(str_is((struct str){ bytes, n }, "bytes\n"));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(estate_lookup(e, wrong[i], &attr), TREE_E_NOT_FOUND);
	/* Its line was not measured, so the table does not have it yet. */
	assert_true(estate_at(e, "status/refused.tsv").size < 60);
}

static bool is_churn(void *ctx, uint64_t node)
{
	uint64_t *churn = ctx;

	if (node == *churn)
		*churn = 0;
	return true;
}

/* A watcher of the directory takes back the tables in it. */
static void test_affected(void **state)
{
	struct estate *e = *state;
	uint64_t churn = estate_at(e, "status/churn.tsv").node;

	assert_int_equal(
		tree_affected(e->t, estate_at(e, "status").node, is_churn, &churn), 0);
	assert_int_equal(churn, 0);
}

#ifndef CHURN_LINES /* as view_status.c has it */
#define CHURN_LINES 10000
#endif

#define BUSY_TYPES     6
#define BUSY_RESOURCES 5

/* A resource of a type, by number: how many items it has, with many equals. */
static int items_of(int type, int resource)
{
	return 1 + (type * 7 + resource * 3) % 5 + (type == 4 && resource == 0 ? 9 : 0);
}

/* The lines of resources are those with the most items of all, equals by their place. */
static void test_churn(void **state)
{
	_cleanup_(buf_deinit) struct buf want = BUF_INIT, got = BUF_INIT, text = BUF_INIT;
	const struct tree_content *content = NULL;
	struct estate *e = *state;
	size_t lines = 0;

	estate_begin(e);
	for (int type = BUSY_TYPES - 1; type >= 0; type--)
		for (int one = 0; one < BUSY_RESOURCES; one++)
			for (int n = 0; n < items_of(type, one); n++) {
				char name[16], id[16];

				(void)snprintf(name, sizeof(name), "T%d", type);
				(void)snprintf(id, sizeof(id), "r%d", one);
				estate_put(e, name, id, T0 + n);
			}
	estate_commit(e);
	for (int items = 20; items > 0; items--)
		for (int type = 0; type < BUSY_TYPES; type++)
			for (int one = 0; one < BUSY_RESOURCES; one++)
				if (items_of(type, one) == items && lines < CHURN_LINES) {
					buf_printf(&want, "%d T%d r%d\n", items, type,
						   one);
					lines++;
				}
	assert_int_equal(tree_content_get(e->t, estate_at(e, "status/churn.tsv").node,
					  &content),
			 0);
	buf_put(&text, content->data, content->len);
	buf_put_char(&text, '\0');
	for (const char *at = text.data; *at; at = strchr(at, '\n') + 1) {
		char type[32], id[32];
		int items;

		/* There are others, of one item each. */
		if (sscanf(at,
			   "resource\t%d\t%*[^\t]\t" ACCOUNT
			   "\t%*[^\t]\t%31[^\t]\t%31[^\t]",
			   &items, type, id) == 3 &&
		    type[0] == 'T')
			buf_printf(&got, "%d %s %s\n", items, type, id);
	}
	assert_true(str_eq(buf_str(&want), buf_str(&got)));
	tree_content_put(e->t, content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),   cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_affected),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, setup, estate_teardown);
}
