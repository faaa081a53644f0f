/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coverage.tsv and gaps.tsv: reckoned from the days of each account, region and source, one account
 * at a time, so that the memory is that of one account. How long the accounts' parts are is
 * found by rendering them once, and kept while the history does not change; so is the text, unless
 * it is very long.
 *
 * A key is { behind the header, number of the account }.
 */

#include "fixed.h"

#include <errno.h>

#include "render/status.h"
#include "store/coverage.h"
#include "store/ledger.h"
#include "store/recorder.h"

#include "kept.h"

enum table { TABLE_SPANS, TABLE_GAPS, TABLES };

/* Where an account's parts begin in the tables, the headers left out. */
struct part {
	uint64_t start[TABLES];
	size_t name, name_len; /* among the names behind the parts */
};

struct head {
	size_t n, names_len;
	bool has_texts;
	/* Behind it: the parts, and one more for the end; then the names, and the tables' texts. */
};

/* Of both tables: some 6,000 accounts of a few regions for a quarter. */
#ifndef TEXTS_MAX /* a test sets it lower */
#define TEXTS_MAX ((size_t)4 << 20)
#endif

static enum table table_of(uint64_t node)
{
	return node == NODE_FIXED_COVERAGE ? TABLE_SPANS : TABLE_GAPS;
}

static void put_header(enum table table, struct buf *out)
{
	if (table == TABLE_SPANS)
		render_coverage_header(out);
	else
		render_gaps_header(out);
}

/* --- an account ---------------------------------------------------------------------------- */

struct account {
	struct arena arena;
	struct buf spans, gaps;
};

static void account_deinit(struct account *c)
{
	arena_deinit(&c->arena);
	buf_deinit(&c->spans);
	buf_deinit(&c->gaps);
}

static int reckon(struct request *q, struct str name, struct account *c)
{
	struct coverage_control *controls;
	struct recorder_seen *seen;
	struct coverage_day *days;
	size_t n_controls, n_days, n_seen;
	int r;

	arena_reset(&c->arena);
	buf_reset(&c->spans);
	buf_reset(&c->gaps);
	r = view_error(store_coverage_of(q->store, name, &c->arena, &days, &n_days,
					 &controls, &n_controls));
	if (r == 0)
		r = view_error(store_recorders_of(q->store, name, STR_NULL, &c->arena,
						  &seen, &n_seen));
	return r ? r
		 : recorder_coverage(&c->arena, days, n_days, controls, n_controls, seen,
				     n_seen, &c->spans, &c->gaps);
}

static void put_part(const struct account *c, enum table table, struct buf *out)
{
	const struct coverage_span *spans = (const void *)c->spans.data;
	const struct coverage_gap *gaps = (const void *)c->gaps.data;

	if (table == TABLE_SPANS)
		for (size_t i = 0; i < c->spans.len / sizeof(*spans); i++)
			render_coverage(out, &spans[i]);
	else
		for (size_t i = 0; i < c->gaps.len / sizeof(*gaps); i++)
			render_gap(out, &gaps[i]);
}

/* --- the index ----------------------------------------------------------------------------- */

struct making {
	struct request *q;
	struct account account;
	struct part end;
	struct buf parts, names, text;
	struct buf texts[TABLES]; /* as long as they are not too long */
	bool too_long;
};

static void making_deinit(struct making *m)
{
	account_deinit(&m->account);
	buf_deinit(&m->parts);
	buf_deinit(&m->names);
	buf_deinit(&m->text);
	for (enum table table = 0; table < TABLES; table++)
		buf_deinit(&m->texts[table]);
}

/* The text is kept, too, unless there is too much of it. */
static void keep_text(struct making *m, enum table table)
{
	size_t len = m->text.len;

	for (enum table other = 0; other < TABLES; other++)
		len += m->texts[other].len;
	m->too_long |= len > TEXTS_MAX;
	if (!m->too_long)
		buf_put_str(&m->texts[table], buf_str(&m->text));
}

/* The part of one account, and that of whoever is next begins where it ends. */
static int add_part(struct making *m, struct str name)
{
	int r;

	m->end.name = m->names.len;
	m->end.name_len = name.n;
	buf_put_str(&m->names, name);
	buf_put(&m->parts, &m->end, sizeof(m->end));
	r = reckon(m->q, name, &m->account);
	for (enum table table = 0; r == 0 && table < TABLES; table++) {
		buf_reset(&m->text);
		put_part(&m->account, table, &m->text);
		m->end.start[table] += m->text.len;
		keep_text(m, table);
		r = buf_error(&m->text);
	}
	return r;
}

static int make_index(void *ctx, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf from = BUF_INIT;
	struct making *m = ctx;
	struct head head;
	struct str name;
	int r;

	while (!(r = view_error(store_coverage_account(m->q->store, buf_str(&from), &a,
						       &name)))) {
		r = add_part(m, name);
		if (r)
			return r;
		/* What comes right behind a text is that text and a zero byte. */
		buf_reset(&from);
		buf_put_str(&from, name);
		buf_put_char(&from, '\0');
		arena_reset(&a);
		if (buf_error(&from))
			return -ENOMEM;
	}
	if (r != TREE_E_NOT_FOUND)
		return r;
	head = (struct head){ m->parts.len / sizeof(struct part), m->names.len,
			      !m->too_long };
	buf_put(&m->parts, &m->end, sizeof(m->end));
	buf_put(out, &head, sizeof(head));
	buf_put_str(out, buf_str(&m->parts));
	buf_put_str(out, buf_str(&m->names));
	r = buf_error(&m->parts);
	if (r == 0)
		r = buf_error(&m->names);
	for (enum table table = 0; r == 0 && table < TABLES && head.has_texts; table++) {
		buf_put_str(out, buf_str(&m->texts[table]));
		r = buf_error(&m->texts[table]);
	}
	return r;
}

struct coverage_index {
	size_t n;
	const struct part *parts;
	const char *names;
	const char *texts[TABLES]; /* NULL: too long to be kept */
	struct cache *cache;
	struct cache_entry *held;
	struct buf own;
};

static void index_deinit(struct coverage_index *x)
{
	if (x->held)
		cache_release(x->cache, x->held);
	buf_deinit(&x->own);
}

/* Under a label that is sure it is kept. */
static int index_get(struct request *q, struct coverage_index *ret)
{
	_cleanup_(making_deinit) struct making m = { .q = q };
	const struct kept_key key = { { -NODE_FIXED_COVERAGE, (int64_t)q->label } };
	const struct head *head;
	const char *data;
	int r;

	ret->cache = &q->tree->rosters;
	if (q->label) {
		r = kept_get(ret->cache, &key, make_index, &m, &ret->held, &data);
	} else {
		r = make_index(&m, &ret->own);
		if (r == 0)
			r = buf_error(&ret->own);
		data = ret->own.data;
	}
	if (r)
		return r;
	head = (const struct head *)data;
	ret->n = head->n;
	ret->parts = (const struct part *)(head + 1);
	ret->names = (const char *)(ret->parts + ret->n + 1);
	if (head->has_texts) {
		ret->texts[TABLE_SPANS] = ret->names + head->names_len;
		ret->texts[TABLE_GAPS] =
			ret->texts[TABLE_SPANS] + ret->parts[ret->n].start[TABLE_SPANS];
	}
	return 0;
}

/* --- the tables ---------------------------------------------------------------------------- */

static int coverage_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	_cleanup_(index_deinit) struct coverage_index x = { 0 };
	_cleanup_(buf_deinit) struct buf header = BUF_INIT;
	enum table table = table_of(node);
	int r = index_get(q, &x);

	if (r)
		return r;
	put_header(table, &header);
	*ret = (struct tree_attr){ .node = node,
				   .type = TREE_FILE,
				   .growing = true,
				   .size = header.len + x.parts[x.n].start[table] };
	r = view_error(store_finished_ms(q->store, &ret->mtime_ms));
	return r ? r : buf_error(&header);
}

static int coverage_seek(struct request *q, uint64_t node, uint64_t offset,
			 struct stream_key *ret_key, uint64_t *ret_offset)
{
	_cleanup_(index_deinit) struct coverage_index x = { 0 };
	_cleanup_(buf_deinit) struct buf header = BUF_INIT;
	enum table table = table_of(node);
	size_t i = 0;
	int r = index_get(q, &x);

	put_header(table, &header);
	if (r == 0)
		r = buf_error(&header);
	*ret_key = (struct stream_key){ 0 };
	*ret_offset = 0;
	if (r || offset < header.len)
		return r;
	while (i < x.n && header.len + x.parts[i + 1].start[table] <= offset)
		i++;
	*ret_key = (struct stream_key){ { 1, (int64_t)i } };
	*ret_offset = header.len + x.parts[i].start[table];
	return 0;
}

/* The account's part of the table, out of what is kept or made anew. */
static int add_account(struct request *q, const struct coverage_index *x, size_t i,
		       enum table table, struct account *c, struct buf *out)
{
	const struct part *part = &x->parts[i];
	int r = 0;

	if (x->texts[table]) {
		buf_put(out, x->texts[table] + part->start[table],
			part[1].start[table] - part->start[table]);
		return 0;
	}
	r = reckon(q, (struct str){ x->names + part->name, part->name_len }, c);
	if (r == 0)
		put_part(c, table, out);
	return r;
}

static int coverage_next(struct request *q, uint64_t node, size_t want,
			 struct stream_key *key, struct buf *out)
{
	_cleanup_(index_deinit) struct coverage_index x = { 0 };
	_cleanup_(account_deinit) struct account c = { 0 };
	size_t until = out->len + want;
	int r = index_get(q, &x);

	if (r)
		return r;
	if (!key->part[0])
		put_header(table_of(node), out);
	key->part[0] = 1;
	while (r == 0 && (size_t)key->part[1] < x.n && out->len < until) {
		r = add_account(q, &x, (size_t)key->part[1], table_of(node), &c, out);
		key->part[1]++;
	}
	return r;
}

static const struct stream coverage_stream = { .seek = coverage_seek,
					       .next = coverage_next };

const struct view view_coverage = {
	.getattr = coverage_getattr,
	.files = fixed_one_file,
	.stream = &coverage_stream,
};
