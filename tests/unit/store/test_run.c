/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of listing rows: their bytes, reading them from either end and as a table, and changes of
 * them at every place, held against a plain list.
 */
#include "history.h"
#include "private.h"
#include "run.h"

#define RESOURCE 7

static const struct store_entry update = { .kind = STORE_ENTRY_CHANGE,
					   .change_type = CHANGE_UPDATE,
					   .reason = REASON_LAST,
					   .text_len = 300,
					   .jsonl_len = 900,
					   .line_jsonl_len = UINT32_MAX };

static void assert_row(const struct run_row *a, const struct run_row *b)
{
	_cleanup_(buf_deinit) struct buf x = BUF_INIT, y = BUF_INIT;

	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->twin, b->twin);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->hidden, b->hidden);
	assert_true(str_eq(a->name, b->name));
	assert_true(str_eq(a->arn, b->arn));
	told_put(&x, &a->told);
	told_put(&y, &b->told);
	assert_true(str_eq(buf_str(&x), buf_str(&y)));
}

/* All that a row can tell. */
static void test_code(void **state _unused_)
{
	struct run_row rows[] = {
		{ .time_ms = -5, .state = 9, .size = 1000, .told = TOLD_NOTHING },
		{ .time_ms = -5, .state = 3, .twin = 1, .told = TOLD_NOTHING },
		{ .time_ms = -5, .state = 4, .twin = 9, .status = 4, .hidden = true },
		{ .time_ms = 0, .state = INT64_MAX, .size = UINT32_MAX },
		{ .time_ms = INT64_MAX,
		  .state = INT64_MIN,
		  .name = STR("web"),
		  .arn = STR("arn:aws:x") },
	};
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct run_last last = { .time_ms = -5 };
	struct run_row row;
	struct str in;

	rows[2].told = (struct told){
		.measured = true, .csv_len = 5, .item_len = 1, .follows = true
	};
	rows[3].told =
		(struct told){ .has_change = true, .change = update, .follows = true };
	rows[4].told = (struct told){ .measured = true,
				      .jsonl_len = UINT32_MAX,
				      .has_change = true,
				      .change = update,
				      .seq = 3 };
	rows[4].told.change.previous = INT64_MAX - 1;
	rows[4].told.change.why = STR("somebody stopped it");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run_row_put(&bytes, &last, &rows[i]);
	last = (struct run_last){ .time_ms = -5 };
	in = buf_str(&bytes);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run_last same = last;
		struct str left = in;

		assert_true(run_row_take(&in, &last, &row));
		assert_row(&row, &rows[i]);
		/* Cut anywhere. */
		for (size_t n = 0; n < left.n - in.n; n++) {
			struct run_last l = same;
			struct str cut = { left.p, n };

			assert_false(run_row_take(&cut, &l, &row));
		}
	}
	assert_int_equal(in.n, 0);
}

/* A state much like the one before it takes few bytes. */
static void test_few_bytes(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct run_last last = { 0 };
	struct run_row row = { .state = 1000,
			       .size = 3000,
			       .told = { .measured = true,
					 .csv_len = 200,
					 .jsonl_len = 300,
					 .item_len = 2000,
					 .has_change = true,
					 .change = update,
					 .follows = true } };

	run_row_put(&bytes, &last, &row);
	buf_reset(&bytes);
	row.time_ms += 60000;
	row.state++;
	row.size += 10;
	row.told.item_len += 10;
	row.told.change.text_len++;
	row.told.change.jsonl_len++;
	run_row_put(&bytes, &last, &row);
	assert_int_equal(bytes.len, 1 + 3 + 1 + 1 + 1 + 1);
}

static void test_damaged(void **state _unused_)
{
	static const struct str bad[] = {
		{ "\x3c\2\2", 3 },                   /* a reason, of no change */
		{ "\x23\2\2\0\0\0", 6 },             /* more, of no change */
		{ "\x83\x80\2\2", 4 },               /* no such bit */
		{ "\x43\2\2\x08\2", 5 },             /* a length that is not told */
		{ "\x01\2\2\x01\2", 5 },             /* likewise */
		{ "\x03\2\xff\xff\xff\xff\x7f", 7 }, /* a size of 35 bits */
		{ "\x83\x10\2\2\5abcd", 9 },         /* a name cut off */
		{ "\0\0\0\0\0\0\0\0", 8 },           /* the state 0 */
	};
	struct run_row row;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct run_last last = { 0 };
		struct str in = bad[i];

		if (run_row_take(&in, &last, &row))
			fail_msg("%zu is taken", i);
	}
	/* A state, and the same one again. */
	struct run_last last = { 0 };
	struct str in = { "\3\2\2\3\1\0\2", 7 };

	assert_true(run_row_take(&in, &last, &row));
	assert_false(run_row_take(&in, &last, &row));
}

/* --- in the history ------------------------------------------------------------------------ */

/* What is to be there: two states each millisecond that is told by 3 without a remainder. */
struct plain {
	struct run_row rows[600];
	size_t n;
};

static void assert_all(struct history *h, const struct plain *p)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(h->s);
	const struct run_row *row;

	assert_int_equal(run_seek(&c, RESOURCE, INT64_MIN, INT64_MAX, false), 0);
	for (size_t i = 0; i < p->n; i++) {
		assert_int_equal(run_next(&c, &row), 0);
		assert_non_null(row);
		assert_row(row, &p->rows[i]);
	}
	assert_int_equal(run_next(&c, &row), 0);
	assert_null(row);
	assert_int_equal(run_seek(&c, RESOURCE, INT64_MIN, INT64_MAX, true), 0);
	for (size_t i = p->n; i-- > 0;) {
		assert_int_equal(run_next(&c, &row), 0);
		assert_row(row, &p->rows[i]);
	}
	assert_int_equal(run_next(&c, &row), 0);
	assert_null(row);
}

static struct run_row row_at(int64_t time_ms, uint32_t twin)
{
	return (struct run_row){ .time_ms = time_ms,
				 .twin = twin,
				 .state = 1 + time_ms * 10 + twin,
				 .size = 100,
				 .told = TOLD_NOTHING };
}

/* Puts the states of a moment at its place, there and in the plain list. */
static void insert(struct history *h, struct plain *p, int64_t time_ms)
{
	_cleanup_(run_list_deinit) struct run_list list = RUN_LIST_INIT;
	const struct run_row rows[] = { row_at(time_ms, 0), row_at(time_ms, 1) };
	size_t n = time_ms % 3 ? 1 : 2, at, i = 0;

	assert_int_equal(run_list(h->s, RESOURCE, time_ms, time_ms, &list), 0);
	at = run_find(&list, time_ms);
	assert_int_equal(run_put(h->s, &list, at, at, rows, n), 0);
	while (i < p->n && p->rows[i].time_ms < time_ms)
		i++;
	memmove(&p->rows[i + n], &p->rows[i], (p->n - i) * sizeof(rows[0]));
	memcpy(&p->rows[i], rows, n * sizeof(rows[0]));
	p->n += n;
}

static void fill(struct history *h, struct plain *p, unsigned step)
{
	begin(h);
	for (unsigned i = 0; i < 199; i++)
		insert(h, p, 1000 + i * step % 199);
	commit(h);
}

#define RUNS "SELECT count(*) FROM shown_run"

/* In order, backwards, and in no order: the same rows, in runs that are not small. */
static void test_orders(void **state)
{
	static const unsigned steps[] = { 1, 198, 60 };
	struct history *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct plain p = { .n = 0 };

		fill(h, &p, steps[i]);
		assert_all(h, &p);
		assert_in_range(ask(h, RUNS), p.n / RUN_STATES,
				(i ? 2 : 1) * (p.n / RUN_STATES + 1));
		begin(h);
		assert_int_equal(sqlite3_exec(h->s->db, "DELETE FROM shown_run", NULL,
					      NULL, NULL),
				 SQLITE_OK);
		commit(h);
	}
}

/* The last rows are replaced, by fewer and by none. */
static void test_replaced(void **state)
{
	struct history *h = *state;
	struct plain p = { .n = 0 };

	fill(h, &p, 1);
	for (int64_t from_ms = 1150; from_ms >= 950; from_ms -= 50) {
		_cleanup_(run_list_deinit) struct run_list list = RUN_LIST_INIT;
		const struct run_row row = row_at(from_ms, 0);
		size_t n, at;

		begin(h);
		assert_int_equal(run_list(h->s, RESOURCE, from_ms, INT64_MAX, &list), 0);
		(void)run_rows(&list, &n);
		at = run_find(&list, from_ms);
		assert_int_equal(run_put(h->s, &list, at, n, &row, from_ms > 950), 0);
		commit(h);
		while (p.n && p.rows[p.n - 1].time_ms >= from_ms)
			p.n--;
		if (from_ms > 950)
			p.rows[p.n++] = row;
		assert_all(h, &p);
	}
	assert_int_equal(ask(h, RUNS), 0);
}

/* Whatever the times between which is read. */
static void test_seek(void **state)
{
	struct history *h = *state;
	struct plain p = { .n = 0 };

	fill(h, &p, 1);
	for (int64_t from = 990; from <= 1210; from += 5)
		for (int64_t to = from - 5; to <= 1210; to += 45)
			for (unsigned down = 0; down < 2; down++) {
				_cleanup_(run_cursor_deinit) struct run_cursor c =
					RUN_CURSOR(h->s);
				const struct run_row *row;

				assert_int_equal(run_seek(&c, RESOURCE, from, to, down),
						 0);
				for (size_t i = 0; i < p.n; i++) {
					const struct run_row *r =
						&p.rows[down ? p.n - 1 - i : i];

					if (r->time_ms < from || r->time_ms > to)
						continue;
					assert_int_equal(run_next(&c, &row), 0);
					assert_non_null(row);
					assert_row(row, r);
				}
				assert_int_equal(run_next(&c, &row), 0);
				assert_null(row);
			}
}

/* One is read in the middle of another. */
static void test_nested(void **state)
{
	struct history *h = *state;
	struct plain p = { .n = 0 };
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(h->s);
	const struct run_row *row;

	fill(h, &p, 1);
	assert_int_equal(run_seek(&c, RESOURCE, 1000, INT64_MAX, false), 0);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_equal(run_next(&c, &row), 0);
		assert_row(row, &p.rows[i]);
		if (i % 20 == 0)
			assert_all(h, &p);
	}
}

/* Of the table: rows, their order, what is compared with. */
static void test_table(void **state)
{
	struct history *h = *state;
	struct plain p = { .n = 0 };
	sqlite3_stmt *q = NULL;

	fill(h, &p, 1);
#define OF " FROM shown WHERE resource = 7 "
	assert_int_equal(ask(h, "SELECT count(*)" OF), p.n);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms > 1100"), 131);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms >= 1100"), 132);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms < 1100"), 133);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms <= 1100"), 134);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms = 1101"), 2);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms IN (1101, 1102, 5)"),
			 3);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND capture_ms > NULL"), 0);
	assert_int_equal(
		ask(h, "SELECT count(*)" OF "AND (capture_ms, twin) > (1101, 0)"), 130);
	assert_int_equal(ask(h, "SELECT count(*)" OF "AND told IS NULL AND name IS NULL"),
			 p.n);
	assert_int_equal(ask(h, "SELECT state" OF "ORDER BY capture_ms, twin LIMIT 1"),
			 10001);
	assert_int_equal(ask(h, "SELECT state" OF
				"ORDER BY capture_ms DESC, twin DESC LIMIT 1"),
			 11981);
	assert_int_equal(ask(h,
			     "SELECT state" OF "ORDER BY twin DESC, capture_ms LIMIT 1"),
			 10022);
	assert_int_equal(ask(h, "SELECT state" OF
				"ORDER BY capture_ms DESC, twin LIMIT 1 OFFSET 1"),
			 11971);
	/* Not of all resources. */
	assert_int_equal(sqlite3_prepare_v2(h->s->db, "SELECT state FROM shown", -1, &q,
					    NULL),
			 SQLITE_ERROR);
	assert_null(q);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_few_bytes),
		cmocka_unit_test(test_damaged),
		CASE(test_orders),
		CASE(test_replaced),
		CASE(test_seek),
		CASE(test_nested),
		CASE(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
