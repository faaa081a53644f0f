/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the packed columns of a history, which may be damaged: the first byte says which
 * form the rest is read as. Whatever the bytes: they are turned down, or what they give is in
 * bounds and in order, and comes back when it is packed again.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "called.h"
#include "edge.h"
#include "pack.h"
#include "posting.h"
#include "run.h"
#include "timeline_row.h"
#include "told.h"
#include "trim.h"
#include "util/json_shape.h"
#include "util/phrase.h"
#include "util/varint.h"
#include "util/zcodec.h"
#include "waiting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNPACKED_MAX 65536u

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A number of four bytes, or as many as are left. */
static uint32_t take_number(struct str *in)
{
	uint32_t n = 0;
	size_t len = MIN(in->n, sizeof(n));

	if (len)
		memcpy(&n, in->p, len);
	*in = str_from(*in, len);
	return n;
}

/* The bytes whose length, below `most`, is told before them; fewer, where there are. */
static struct str take_bytes(struct str *in, size_t most)
{
	size_t n = take_number(in) % most;
	struct str bytes = { in->p, MIN(n, in->n) };

	*in = str_from(*in, bytes.n);
	return bytes;
}

/* Every third of them put among the others is all of them again. */
static void check_splice(const struct posting *p, size_t n)
{
	_cleanup_(buf_deinit) struct buf most = BUF_INIT, third = BUF_INIT,
					 places = BUF_INIT, out = BUF_INIT,
					 all = BUF_INIT, again = BUF_INIT;
	struct posting_splice told;

	for (size_t i = 0; i < n; i++)
		if (!i || posting_order(&p[i], &p[i - 1]))
			buf_put(i % 3 == 1 ? &third : &most, &p[i], sizeof(p[i]));
	for (size_t i = 0; i < n; i++)
		if (!i || posting_order(&p[i], &p[i - 1]))
			buf_put(&all, &p[i], sizeof(p[i]));
	posting_encode(&places, (const struct posting *)most.data, most.len / sizeof(*p));
	/* Without those between them some are too far apart. */
	if (posting_decode(&p[0], buf_str(&places), &again) ||
	    !str_eq(buf_str(&again), buf_str(&most)))
		return;
	require(posting_splice(&p[0], buf_str(&places),
			       (const struct posting *)third.data, third.len / sizeof(*p),
			       n, &out, &told) == 0);
	require(told.n_before == most.len / sizeof(*p) &&
		told.n_added == third.len / sizeof(*p));
	buf_reset(&places);
	posting_encode(&places, (const struct posting *)all.data, all.len / sizeof(*p));
	require(str_eq(buf_str(&places), buf_str(&out)));
}

/* Both in order: all of the row, and each of the others that it has not. How many are there of these? */
static size_t join(const struct posting *row, size_t n_row, const struct posting *others,
		   size_t n, struct buf *out)
{
	struct posting last = row[0];
	size_t added = 0;

	for (size_t i = 0, k = 0; i < n_row || k < n;) {
		bool own =
			k == n || (i < n_row && posting_order(&row[i], &others[k]) <= 0);
		const struct posting *p = own ? &row[i++] : &others[k++];

		if (!own && posting_order(p, &last) == 0)
			continue;
		added += !own;
		buf_put(out, p, sizeof(*p));
		last = *p;
	}
	return added;
}

static bool is_code_of(const struct posting *first, const struct buf *places,
		       const struct buf *rows)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;

	return posting_decode(first, buf_str(places), &got) == 0 &&
	       str_eq(buf_str(&got), buf_str(rows));
}

/*
 * A row's first, how many it may have, its places, those to be put into it: they may be longer than
 * they need be, and what is spliced holds what all of them coded anew do. It is the same bytes, if
 * the row was as it is written.
 */
static void check_put(struct str in)
{
	_cleanup_(buf_deinit) struct buf row = BUF_INIT, others = BUF_INIT,
					 all = BUF_INIT, was = BUF_INIT, code = BUF_INIT,
					 out = BUF_INIT;
	struct posting first = { 7, (int64_t)take_number(&in) * 1000,
				 take_number(&in) + INT64_C(1) };
	size_t most = take_number(&in) % 300, n, n_others, n_added;
	struct str places = take_bytes(&in, 4096);
	struct posting_splice told;
	bool good = posting_decode(&first, places, &row) == 0;

	if (posting_decode(&first, in, &others))
		return;
	n_others = others.len / sizeof(first);
	require(posting_splice(&first, places, (const struct posting *)others.data,
			       n_others, most, &out, &told) == (good ? 0 : -EBADMSG));
	if (!good)
		return;
	n = row.len / sizeof(first);
	n_added = join((const struct posting *)row.data, n,
		       (const struct posting *)others.data, n_others, &all);
	require(told.n_before == n &&
		!memcmp(&told.last, row.data + row.len - sizeof(first), sizeof(first)));
	require(n + n_added > most ? n + told.n_added > most : told.n_added == n_added);
	posting_encode(&code, (const struct posting *)all.data, n + n_added);
	posting_encode(&was, (const struct posting *)row.data, n);
	/* Some are too far apart where another key is between them. */
	if (n + n_added > most || !is_code_of(&first, &code, &all))
		return;
	require(is_code_of(&first, &out, &all));
	require(!str_eq(buf_str(&was), places) || str_eq(buf_str(&code), buf_str(&out)));
}

static void check_postings(struct str in)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT, places = BUF_INIT,
					 again = BUF_INIT;
	struct posting first = { 7, (int64_t)take_number(&in) * 1000,
				 take_number(&in) + INT64_C(1) };
	const struct posting *p;
	size_t n;

	if (posting_decode(&first, in, &rows))
		return;
	p = (const struct posting *)rows.data;
	n = rows.len / sizeof(*p);
	require(n >= 1 && n <= 1 + in.n / 2);
	for (size_t i = 0; i < n; i++)
		require(p[i].event > 0 && (!i || posting_order(&p[i], &p[i - 1]) >= 0));
	posting_encode(&places, p, n);
	require(places.len <= in.n);
	require(posting_decode(&first, buf_str(&places), &again) == 0);
	require(str_eq(buf_str(&rows), buf_str(&again)));
	check_splice(p, n);
}

/* How many bytes of ids, these, what is told of each event. */
static void check_rows(struct str in)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	_cleanup_(block_deinit) struct block b = { .first = 1 }, c = { .first = 1 };
	struct str ids = take_bytes(&in, 4096), rows = in;

	if (!block_rows_take(rows, ids, &b))
		return;
	require(b.n >= 1 && b.n <= BLOCK_EVENTS);
	for (unsigned i = 0; i < b.n; i++) {
		require(!i || b.ends[i] >= b.ends[i - 1]);
		(void)block_key(&b, i);
	}
	block_rows_put(&again, &b, b.n);
	require(again.len <= rows.n);
	require(block_rows_take(buf_str(&again), ids, &c) && c.n == b.n);
	require(!memcmp(b.rows, c.rows, b.n * sizeof(b.rows[0])));
}

/* A record comes back as it was, whatever of it is apart. */
static void check_record(struct str in)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	_cleanup_(block_deinit) struct block b = { .first = 1 };
	const char *at = in.n ? memmem(in.p, in.n, "\"eventID\":\"", 11) : NULL;
	struct str identity = at ? str_from(in, (size_t)(at + 11 - in.p)) : STR_NULL;

	identity.n = MIN(identity.n, (size_t)36);
	for (unsigned i = 0; i < 2; i++)
		require(block_push(&b, in, identity, &(struct block_row){ 0 }) == 0);
	require(block_record(&b, 1, &again) == 0 && str_eq(buf_str(&again), in));
}

/* A byte of flags, two ids, a record that is damaged. */
static void check_cut(struct str in)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	_cleanup_(block_deinit) struct block b = { .first = 1, .n = 1 };
	int r;

	if (in.n < 33)
		return;
	b.rows[0].flags = (unsigned char)in.p[0] & (EVENT_ID_APART | EVENT_REQUEST_APART);
	buf_put(&b.ids, in.p + 1, 32);
	in = str_from(in, 33);
	buf_put_str(&b.bytes, in);
	b.ends[0] = in.n;
	r = block_record(&b, 0, &out);
	require(r == 0 || r == -EBADMSG);
	require(r || out.len == in.n + 36 * block_ids_before(&b, 1));
}

static void check_trimmed(struct str in)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct trimming t = { take_number(&in), STR("1714558500123") };
	size_t length = take_number(&in) % (UNPACKED_MAX + 1);

	if (trim_undo(in, &t, length, &out))
		require(out.len == length);
}

/* The shape's text, a zero, the body's. */
static void check_shape(struct str in)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const char *zero = in.n ? memchr(in.p, 0, in.n) : NULL;
	size_t n = zero ? (size_t)(zero - in.p) : in.n;
	struct jv_shape *shape = NULL;
	int r = jv_shape_new((struct str){ in.p, n }, &shape);

	require(r == 0 || r == JV_E_SYNTAX);
	if (!r) {
		r = jv_shape_write(shape, str_from(in, n + (zero != NULL)), &out);
		require(r == 0 || r == JV_E_SYNTAX);
	}
	shape = jv_shape_free(shape);
}

static void check_frame(struct str in)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct zcodec *z = NULL;
	struct str prefix = take_bytes(&in, 256);
	int r;

	require(zcodec_new(1, &z) == 0);
	r = zcodec_unpack_most(z, in, NULL, prefix, UNPACKED_MAX, &out);
	require(r == 0 ? out.len <= UNPACKED_MAX : r == -EBADMSG && out.len == 0);
	z = zcodec_free(z);
}

/* What is told of a state, in as few bytes as it takes. */
static void check_told(struct str in)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT, twice = BUF_INIT;
	struct told told, other;

	if (!told_take(in, &told))
		return;
	told_put(&again, &told);
	require(again.len <= in.n);
	require(told_take(buf_str(&again), &other));
	told_put(&twice, &other);
	require(str_eq(buf_str(&again), buf_str(&twice)));
}

/* The time of a row's first line, its lines. */
static void check_lines(struct str in)
{
	_cleanup_(buf_deinit) struct buf lines = BUF_INIT, bytes = BUF_INIT,
					 again = BUF_INIT, twice = BUF_INIT;
	int64_t first_ms = (int64_t)take_number(&in) * 1000;
	const struct store_line *l;
	size_t n;

	if (!timeline_decode(first_ms, in, &lines))
		return;
	l = (const struct store_line *)lines.data;
	n = lines.len / sizeof(*l);
	for (size_t i = 0; i < n; i++)
		require(l[i].time_ms >= first_ms &&
			(!i || timeline_order(&l[i - 1], &l[i]) < 0));
	timeline_encode(&bytes, first_ms, l, n);
	/* Its columns begin at what they have, which may be a longer number. */
	require(bytes.len <= in.n + 9 * VARINT_MAX);
	require(timeline_decode(first_ms, buf_str(&bytes), &again));
	require(again.len == lines.len);
	timeline_encode(&twice, first_ms, (const struct store_line *)again.data, n);
	require(str_eq(buf_str(&bytes), buf_str(&twice)));
}

static bool take_gathered(struct str in, struct buf *out)
{
	struct posting p = { 0 };

	while (in.n) {
		if (!waiting_take(&in, &p))
			return false;
		buf_put(out, &p, sizeof(p));
	}
	return true;
}

/* Postings that wait for their lists; which are possible is not told by the bytes alone. */
static void check_gathered(struct str in)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT, bytes = BUF_INIT,
					 again = BUF_INIT;

	if (!take_gathered(in, &rows))
		return;
	waiting_encode(&bytes, (const struct posting *)rows.data,
		       rows.len / sizeof(struct posting));
	require(bytes.len <= in.n);
	require(take_gathered(buf_str(&bytes), &again));
	require(str_eq(buf_str(&rows), buf_str(&again)));
}

/* The other way: whatever they are, they come back. Four bytes each: most are like their neighbours. */
static void check_waiting(struct str in)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT, bytes = BUF_INIT,
					 again = BUF_INIT;

	for (; in.n >= 4; in = str_from(in, 4)) {
		const unsigned char *b = (const unsigned char *)in.p;
		struct posting p = { (int64_t)((uint64_t)b[0] << 56 | b[1]),
				     (int64_t)((uint64_t)(b[2] & 3) << b[2] / 4),
				     (int64_t)((uint64_t)(b[3] & 3) << b[3] / 4 % 60) };

		buf_put(&rows, &p, sizeof(p));
	}
	waiting_encode(&bytes, (const struct posting *)rows.data,
		       rows.len / sizeof(struct posting));
	require(take_gathered(buf_str(&bytes), &again));
	require(str_eq(buf_str(&rows), buf_str(&again)));
}

/* The table's length, the table, bytes: a text that comes back, and a code that may be none. */
static void check_phrases(struct str in)
{
	_cleanup_(buf_deinit) struct buf coded = BUF_INIT, text = BUF_INIT;
	struct str table = take_bytes(&in, 4096);
	struct phrases *p = NULL;
	int r = phrases_new(table, &p);

	require(r == 0 || r == -EBADMSG);
	if (r)
		return;
	phrases_put(p, in, &coded);
	require(phrases_take(p, buf_str(&coded), &text) && str_eq(buf_str(&text), in));
	(void)!phrases_take(p, in, &text);
	p = phrases_free(p);
}

/* A byte says which list of what a resource is called: in order, and it comes back. */
static void check_called(struct str in)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT, bytes = BUF_INIT;
	bool names = in.n && in.p[0] & 1;
	const int64_t *n;

	in = str_from(in, MIN(in.n, (size_t)1));
	if (!(names ? called_names_take : called_tokens_take)(in, &list))
		return;
	n = (const int64_t *)list.data;
	for (size_t i = 1; i < list.len / sizeof(*n); i++)
		require(n[i] > n[i - 1]);
	(names ? called_names_put : called_tokens_put)(&bytes, n, list.len / sizeof(*n));
	require(bytes.len <= in.n);
}

/* Rows of a run: in order, and they come back. */
static void check_run(struct str in)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct run_last last = { 0 }, put = { 0 };
	struct run_row row = { 0 };
	struct str left = in;

	while (left.n) {
		struct run_row before = row;
		bool any = last.any;

		if (!run_row_take(&left, &last, &row))
			return;
		require(!any || row.time_ms > before.time_ms ||
			(row.time_ms == before.time_ms && row.twin > before.twin));
		run_row_put(&bytes, &put, &row);
	}
	require(bytes.len <= in.n);
	last = put = (struct run_last){ 0 };
	left = buf_str(&bytes);
	while (left.n) {
		require(run_row_take(&left, &last, &row));
		run_row_put(&again, &put, &row);
	}
	require(str_eq(buf_str(&bytes), buf_str(&again)));
}

static void check_pack(struct str in)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	struct pack one, two;
	size_t stored = 0;

	if (!pack_take(in, &one))
		return;
	require(one.n >= 1 && one.n <= PACK_STATES_MAX && pack_states(in) == one.n);
	for (unsigned i = 0; i < one.n; i++)
		stored += one.states[i].stored;
	require(stored == one.stored && stored <= PACK_BYTES_MAX);
	pack_put(&again, &one);
	require(again.len <= in.n && pack_take(buf_str(&again), &two));
	require(two.n == one.n && str_eq(two.frame, one.frame));
	for (unsigned i = 0; i < one.n; i++) {
		const struct packed_state *a = &one.states[i], *b = &two.states[i];

		require(a->capture_ms == b->capture_ms && a->source == b->source &&
			a->kind == b->kind && a->body_len == b->body_len &&
			a->stored == b->stored && a->name.number == b->name.number &&
			str_eq(a->name.text, b->name.text) && str_eq(a->raw, b->raw));
	}
}

/* Relationships of a run: they come back, in no more bytes. */
static void check_edges(struct str in)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct edge_last last = { 0 }, put = { 0 };
	struct edge edge;
	struct str left = in;

	for (unsigned n = 0; left.n && n < EDGE_RUN; n++) {
		int r = edge_row_take(&left, &last, &a, &edge);

		require(r == 0 || r == -EBADMSG);
		if (r)
			return;
		require(edge.kind > 0 && edge.target >= 0);
		require(relation_reference(&edge.relation).n > 0);
		edge_row_put(&bytes, &put, &edge);
	}
	require(bytes.len <= in.n - left.n);
	last = put = (struct edge_last){ 0 };
	for (left = buf_str(&bytes); left.n;) {
		require(edge_row_take(&left, &last, &a, &edge) == 0);
		edge_row_put(&again, &put, &edge);
	}
	require(str_eq(buf_str(&bytes), buf_str(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const forms[])(struct str in) = {
		check_postings, check_rows,    check_trimmed, check_shape, check_frame,
		check_record,   check_cut,     check_told,    check_lines, check_gathered,
		check_phrases,  check_called,  check_run,     check_pack,  check_edges,
		check_put,      check_waiting,
	};
	struct str input = { (const char *)data, size };

	if (size)
		forms[data[0] % ARRAY_SIZE(forms)](str_from(input, 1));
	return 0;
}
