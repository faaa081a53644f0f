/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting postings into rows: the bytes of a row with new ones among them, and sweeps through a list
 * that is longer than what is read ahead of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "history.h"
#include "posting.h"
#include "posting_row.h"
#include "private.h"

/* Each with the ones of both, in order. */
static void assert_spliced(const struct posting *was, size_t n_was,
			   const struct posting *rows, size_t n,
			   const struct posting *all, size_t n_all)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT, got = BUF_INIT,
					 expected = BUF_INIT;
	struct posting_splice told;

	posting_encode(&places, was, n_was);
	assert_int_equal(posting_splice(&was[0], buf_str(&places), rows, n, n_all, &got,
					&told),
			 0);
	posting_encode(&expected, all, n_all);
	assert_int_equal(told.n_before, n_was);
	assert_int_equal(told.n_added, n_all - n_was);
	assert_memory_equal(&told.last, &was[n_was - 1], sizeof(told.last));
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.data, expected.data, got.len);
	/* Of too many that is told, wherever it ends, and the row is looked through all the same. */
	for (size_t most = n_all; most--;) {
		buf_reset(&got);
		assert_int_equal(posting_splice(&was[0], buf_str(&places), rows, n, most,
						&got, &told),
				 0);
		assert_int_equal(told.n_before, n_was);
		assert_in_range(told.n_added, most < n_was ? 0 : most + 1 - n_was,
				MIN(most, n_all - n_was));
		assert_memory_equal(&told.last, &was[n_was - 1], sizeof(told.last));
	}
}

/* Whichever of a row were there, and whichever are new, or not quite. */
static void test_splice(void **state _unused_)
{
	struct posting all[40], was[40], rows[120];
	uint64_t bits = UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned round = 0; round < 2000; round++) {
		size_t n_was = 1, n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			bits = bits * UINT64_C(6364136223846793005) + 1;
			all[i] = (struct posting){ (int64_t)i / 7 * 1000,
						   (int64_t)(bits >> 40) *
							   (bits >> 39 & 1 ? 1000 : 1),
						   (int64_t)(bits >> 20 & 0xffff) + 1 };
		}
		qsort(all, ARRAY_SIZE(all), sizeof(all[0]), posting_order);
		was[0] = all[0];
		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			bool stays = bits >> i & 1;

			if (i && stays)
				was[n_was++] = all[i];
			/* A new one twice, too; some that are there. */
			for (unsigned k = 0; k < 2; k++)
				if ((i && !stays) || (bits >> (i + k) & 3) == 3)
					rows[n++] = all[i];
		}
		assert_spliced(was, n_was, rows, n, all, ARRAY_SIZE(all));
		assert_spliced(was, n_was, rows, 0, was, n_was);
		assert_spliced(all, ARRAY_SIZE(all), rows, n, all, ARRAY_SIZE(all));
	}
}

/* What cannot be decoded is told, wherever it stands; the new ones do not hide it. */
static void test_splice_damaged(void **state _unused_)
{
	static const struct posting first = { 7, 1000, 1 },
				    rows[] = { { 7, 1000, 1 }, { 7, 2000, 5 } };
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct posting_splice told;

	for (size_t most = 0; most < 4; most++) {
		assert_int_equal(posting_splice(&first, STR("\x06\x02\x80"), rows, 2,
						most, &out, &told),
				 -EBADMSG);
		assert_int_equal(posting_splice(&first, STR("\x03\x02\x02"), rows, 2,
						most, &out, &told),
				 -EBADMSG);
	}
	assert_int_equal(posting_splice(&first, STR_NULL, rows, 2, 2, &out, &told), 0);
	assert_int_equal(told.n_added, 1);
}

/* What need not be as long as it is stays so, beside what is new: no posting is another one. */
static void test_splice_longer(void **state _unused_)
{
	/* Four seconds on, 1.5 on, another key, the same time: in too many bytes, and in milliseconds. */
	const struct str rows[] = {
		STR("\x88\x80\x00\x86\x00\xf1\xae\x00\x83\x80\x00"
		    "\x8f\x00\x88\x00\x8a\x80\x00\x80\x00\x82\x00"),
		STR("\x81\x7d\x06\xf1\x2e\x03\x0f\xc1\x3e\x0a\x01\x02"),
	};
	static const struct posting first = { 7, 1000, 5 },
				    new[] = { { 7, 5000, 8 },
					      { 7, 6000, 17 },
					      { 8, 1, 1 },
					      { 10, 8500, 10 },
					      { 10, 8500, 12 } },
				    all[] = { { 7, 1000, 5 },   { 7, 5000, 8 },
					      { 7, 6000, 17 },  { 7, 6500, 6 },
					      { 8, 1, 1 },      { 10, 8500, 10 },
					      { 10, 8500, 11 }, { 10, 8500, 12 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_deinit) struct buf places = BUF_INIT, got = BUF_INIT;
		struct posting_splice told;

		assert_int_equal(posting_splice(&first, rows[i], new, ARRAY_SIZE(new),
						128, &places, &told),
				 0);
		assert_int_equal(told.n_before + told.n_added, ARRAY_SIZE(all));
		assert_int_equal(posting_decode(&first, buf_str(&places), &got), 0);
		assert_int_equal(got.len, sizeof(all));
		assert_memory_equal(got.data, all, sizeof(all));
	}
}

/* All of a list, as its rows have them; no row is too long or reaches into the next one. */
static void read_rows(struct history *h, struct buf *out)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(h->s->db,
					    "SELECT token, time_ms, event, places "
					    "FROM session ORDER BY 1, 2, 3",
					    -1, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		struct posting first = posting_first(q);
		size_t before = out->len;

		if (before)
			assert_true(
				posting_order(
					(const struct posting *)(out->data + before) - 1,
					&first) < 0);
		assert_int_equal(posting_decode(&first, col_str(q, 3), out), 0);
		assert_in_range((out->len - before) / sizeof(first), 1,
				posting_lists[POSTING_SESSION].row_max);
	}
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

#define SWEPT 40000

/* Every `step` of the places from one to another that is not in the list yet. */
static void sweep(struct history *h, bool in[SWEPT], size_t from, size_t to, size_t step)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;

	for (size_t i = from; i < to; i += step) {
		struct posting p = { (int64_t)i / 3 * 17, (int64_t)i * 1000,
				     (int64_t)(i * 7919 % SWEPT) + 1 };

		buf_put(&rows, &p, sizeof(p));
		in[i] = true;
	}
	assert_int_equal(postings_put(h->s, POSTING_SESSION,
				      (const struct posting *)rows.data,
				      rows.len / sizeof(struct posting)),
			 0);
}

/* Sweeps through hundreds of rows, dense and thin ones, and what is in a place alone. */
static void test_sweeps(void **state)
{
	static const struct {
		size_t from, to, step;
	} sweeps[] = {
		{ 5000, 39000, 2 },  { 5001, 39000, 400 }, { 4000, 39900, 3001 },
		{ 0, SWEPT, 9 },     { 20000, 21000, 1 },  { 100, 101, 1 },
		{ 1, SWEPT, 70 },    { 0, SWEPT, 4 },      { 39000, SWEPT, 1 },
		{ 3, SWEPT, 20000 }, { 0, SWEPT, 1 },
	};
	struct history *h = *state;
	bool *in = calloc(SWEPT, sizeof(*in));

	assert_non_null(in);
	for (size_t k = 0; k < ARRAY_SIZE(sweeps); k++) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		const struct posting *p;
		size_t n = 0;

		begin(h);
		sweep(h, in, sweeps[k].from, sweeps[k].to, sweeps[k].step);
		commit(h);
		read_rows(h, &got);
		p = (const struct posting *)got.data;
		for (size_t i = 0; i < SWEPT; i++) {
			if (!in[i])
				continue;
			assert_true(n < got.len / sizeof(*p));
			assert_int_equal(p[n++].time_ms, i * 1000);
		}
		assert_int_equal(n, got.len / sizeof(*p));
	}
	free(in);
}

/* Each second of the places, in rows by the dozen, committed. */
static void fill(struct history *h)
{
	bool *in = calloc(SWEPT, sizeof(*in));

	assert_non_null(in);
	begin(h);
	sweep(h, in, 0, SWEPT, 2);
	commit(h);
	free(in);
}

/* The rows beside what is open, as text. */
static void dump(struct history *h, struct buf *out)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *db = NULL;

	buf_reset(out);
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(
			db,
			"SELECT token || ' ' || time_ms || ' ' || event || ' ' || "
			"hex(places) || char(10) FROM session ORDER BY token, "
			"time_ms, event",
			-1, &q, NULL),
		SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW)
		buf_put_str(out, col_str(q, 0));
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_true(out->len > 0);
}

/* The row of that number, as it was before; what it is now is in its place. */
static void swap_row(struct history *h, unsigned row, struct buf *places,
		     struct posting *ret)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *db = NULL;
	struct buf was = BUF_INIT;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
				   "SELECT token, time_ms, event, places FROM session "
				   "ORDER BY 1, 2, 3 LIMIT 1 OFFSET ?1",
				   -1, &q, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_int64(q, 1, row), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	*ret = posting_first(q);
	buf_put_str(&was, col_str(q, 3));
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
				   "UPDATE session SET places = ?1 WHERE token = ?2 "
				   "AND time_ms = ?3 AND event = ?4",
				   -1, &q, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_blob64(q, 1, places->data, places->len, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_bind_int64(q, 2, ret->key), SQLITE_OK);
	assert_int_equal(sqlite3_bind_int64(q, 3, ret->time_ms), SQLITE_OK);
	assert_int_equal(sqlite3_bind_int64(q, 4, ret->event), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_DONE);
	assert_int_equal(sqlite3_changes(db), 1);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	buf_deinit(places);
	*places = was;
}

/* Those that fill() left out, in one go. */
static int put_others(struct history *h)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;

	for (size_t i = 1; i < SWEPT; i += 2) {
		struct posting p = { (int64_t)i / 3 * 17, (int64_t)i * 1000, 1 };

		buf_put(&rows, &p, sizeof(p));
	}
	return postings_put(h->s, POSTING_SESSION, (const struct posting *)rows.data,
			    rows.len / sizeof(struct posting));
}

/* Put with one row damaged so: that is told, and all that was written before it is taken back. */
static void assert_taken_back(struct history *h, unsigned row, struct str damage)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT, before = BUF_INIT,
					 after = BUF_INIT;
	struct posting first;
	char message[128];

	buf_put_str(&places, damage);
	swap_row(h, row, &places, &first);
	dump(h, &before);
	begin(h);
	assert_int_equal(put_others(h), STORE_E_DAMAGED);
	(void)snprintf(message, sizeof(message),
		       "the postings of session from %lld, %lld, %lld on are damaged",
		       (long long)first.key, (long long)first.time_ms,
		       (long long)first.event);
	assert_string_equal(store_message(h->s), message);
	store_rollback(h->s);
	dump(h, &after);
	assert_true(str_eq(buf_str(&before), buf_str(&after)));
	/* Who opens it next meets the row alone as it was. */
	history_open(h, STORE_WRITE, 0);
	begin(h);
	assert_int_equal(postings_put(h->s, POSTING_SESSION, &first, 1), STORE_E_DAMAGED);
	assert_string_equal(store_message(h->s), message);
	store_rollback(h->s);
	swap_row(h, row, &places, &first);
	assert_true(str_eq(buf_str(&places), damage));
}

/* A damaged row in the midst of one sweep, wherever it stands in what was read ahead. */
static void test_sweep_damaged(void **state)
{
	/* Cut; another key that is none; an event below one; one that is in the next row. */
	const struct str damages[] = { STR("\x80"), STR("\x03\x02\x02"),
				       STR("\x02\xff\xff\xff\x7f"),
				       STR("\xff\xff\xff\xff\x0f\x02\x02") };
	static const unsigned rows[] = { 0, 1, 2, 5, 64, 100, 131, 155 };
	_cleanup_(buf_deinit) struct buf got = BUF_INIT, before = BUF_INIT,
					 after = BUF_INIT;
	struct history *h = *state;

	fill(h);
	dump(h, &before);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(damages); k++)
			assert_taken_back(h, rows[i], damages[k]);
	dump(h, &after);
	assert_true(str_eq(buf_str(&before), buf_str(&after)));
	/* With all rows whole again, all of it goes in. */
	begin(h);
	assert_int_equal(put_others(h), 0);
	commit(h);
	read_rows(h, &got);
	assert_int_equal(got.len / sizeof(struct posting), SWEPT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splice),
		cmocka_unit_test(test_splice_damaged),
		cmocka_unit_test(test_splice_longer),
		CASE(test_sweeps),
		CASE(test_sweep_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
