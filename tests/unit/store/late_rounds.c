/* SPDX-License-Identifier: Apache-2.0 */
#include "late_rounds.h"

#include <stdio.h>

#include "private.h"

void tell_late(struct history *h, int number, int64_t ms)
{
	const struct event_told told = { .principal = number % 2 ? STR("user/alice")
								 : STR("user/bob"),
					 .text_len = (uint32_t)(1 + number % 3),
					 .jsonl_len = (uint32_t)(1 + number % 4) };

	history_put_told(h, number, ms, &told);
}

int64_t time_of(int round, int i)
{
	return T0 + i % 3 * DAY_MS + i / 3 * 997000 - round / 2 * 1000 -
	       (i % 10 ? round : 0);
}

void put_round(struct history *h, int round)
{
	begin(h);
	for (int i = 0; i < EACH; i++)
		tell_late(h, round * EACH + i, time_of(round, i));
	commit(h);
}

void wait_from(struct history *h, size_t few, size_t many)
{
	h->s->writer->late.few = few;
	h->s->writer->late.many = many;
	h->s->writer->late.waits = true;
}

struct store_value value_of(struct history *h, enum store_value_kind kind,
			    const char *name)
{
	struct store_value v;

	if (store_value_find(h->s, kind, str_of(name), &h->a, &v))
		fail_msg("no %s", name);
	return v;
}

size_t read_all(struct history *h, int64_t value, size_t step,
		struct store_act ret[ALL + 1])
{
	struct store_act after = { 0 };
	size_t n, all = 0;

	do {
		assert_true(all <= ALL);
		assert_int_equal(store_activity(h->s, value, &after, ret + all,
						MIN(step, ALL + 1 - all), &n),
				 0);
		all += n;
		if (n)
			after = ret[all - 1];
	} while (n == step);
	return all;
}

static void assert_same_act(const struct store_act *a, const struct store_act *b)
{
	assert_int_equal(a->second, b->second);
	assert_int_equal(a->rank, b->rank);
	assert_int_equal(a->event, b->event);
}

static void assert_same_seek(struct history *h, struct history *other, int64_t value,
			     bool jsonl, uint64_t offset)
{
	struct store_act a, b;
	uint64_t at_a, at_b;

	assert_int_equal(store_activity_seek(h->s, value, jsonl, offset, &a, &at_a), 0);
	assert_int_equal(store_activity_seek(other->s, value, jsonl, offset, &b, &at_b),
			 0);
	assert_int_equal(at_a, at_b);
	assert_same_act(&a, &b);
}

/* From each stride's byte on, each read a view of its own; and a few in one view, as a mount does. */
static void assert_same_seeks(struct history *h, struct history *other, int64_t value,
			      bool jsonl, uint64_t len, uint64_t stride)
{
	for (uint64_t offset = 0; offset <= len + 1; offset += stride)
		assert_same_seek(h, other, value, jsonl, offset);
	assert_int_equal(store_read_begin(h->s), 0);
	assert_int_equal(store_read_begin(other->s), 0);
	for (uint64_t offset = 0; offset <= len + 1; offset += 17 * stride)
		assert_same_seek(h, other, value, jsonl, offset);
	store_read_end(other->s);
	store_read_end(h->s);
}

/* One file of both histories, whole, in steps, and from a byte on. */
static void assert_same_file(struct history *h, struct history *other,
			     enum store_value_kind kind, const char *name, size_t n,
			     uint64_t stride)
{
	static struct store_act ours[ALL + 1], theirs[ALL + 1];
	struct store_value v = value_of(h, kind, name), w = value_of(other, kind, name);

	assert_int_equal(v.id, w.id);
	assert_int_equal(v.text_len, w.text_len);
	assert_int_equal(v.jsonl_len, w.jsonl_len);
	assert_int_equal(v.newest_ms, w.newest_ms);
	for (size_t step = 1; step <= ALL; step = step * 6 + 1) {
		assert_int_equal(read_all(h, v.id, step, ours), n);
		assert_int_equal(read_all(other, w.id, step, theirs), n);
		for (size_t i = 0; i < n; i++)
			assert_same_act(&ours[i], &theirs[i]);
	}
	assert_same_seeks(h, other, v.id, false, v.text_len, stride);
	assert_same_seeks(h, other, v.id, true, v.jsonl_len, stride);
}

void assert_same(struct history *h, struct history *other, int rounds, unsigned stride)
{
	size_t n = (size_t)rounds * EACH;

	assert_same_file(h, other, STORE_VALUE_PRINCIPAL, "user%2Falice", n / 2, stride);
	assert_same_file(h, other, STORE_VALUE_PRINCIPAL, "user%2Fbob", n / 2, stride);
	assert_same_file(h, other, STORE_VALUE_EVENT_NAME, CALL, n, stride);
	assert_sound(h);
}

void other_begin(struct history **ret, int rounds)
{
	assert_int_equal(history_setup((void **)ret), 0);
	wait_from(*ret, SIZE_MAX, SIZE_MAX);
	for (int round = 0; round < rounds; round++)
		put_round(*ret, round);
	assert_int_equal(ask(*ret, LATE_ROWS), 0);
	assert_int_equal(ask(*ret, LATE_COUNTED), 0);
}

int64_t put_two_waiting(struct history *h)
{
	int64_t n;

	wait_from(h, 1, SIZE_MAX);
	put_round(h, 0);
	put_round(h, 1);
	n = ask(h, LATE_COUNTED);
	assert_true(n > EACH);
	return n;
}

static int take_posting(void *ctx, const struct posting *p, bool *more _unused_)
{
	buf_put(ctx, p, sizeof(*p));
	return buf_error(ctx);
}

void part_late_rows(struct history *h)
{
	_cleanup_(buf_deinit) struct buf all = BUF_INIT, places = BUF_INIT;
	int64_t values = ask(h, "SELECT max(id) FROM value");
	const struct posting *p;
	size_t n;

	for (int64_t v = 1; v <= values; v++)
		assert_int_equal(postings_each(h->s, POSTING_LATE, v, INT64_MIN,
					       INT64_MAX, take_posting, &all),
				 0);
	p = (const struct posting *)all.data;
	n = all.len / sizeof(*p);
	begin(h);
	assert_int_equal(sql_run(h->s, Q_LATE_CLEAR, NO_ARGS), 0);
	for (size_t i = 0; i < n; i += 2) {
		buf_reset(&places);
		posting_encode(&places, p + i, MIN((size_t)2, n - i));
		assert_int_equal(sql_run(h->s, Q_LATE_INSERT,
					 ARGS(INT(p[i].key), INT(p[i].time_ms),
					      INT(p[i].event), BLOB(buf_str(&places)))),
				 0);
	}
	commit(h);
	assert_int_equal(ask(h, LATE_ROWS), (n + 1) / 2);
	assert_int_equal(ask(h, LATE_COUNTED), n);
}

void assert_rounds(struct history *h, int rounds)
{
	struct history *other = NULL;

	other_begin(&other, rounds);
	assert_same(h, other, rounds, 1);
	history_teardown((void **)&other);
}
