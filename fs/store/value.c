/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values, from the writer's side: texts to ids, and their sums. An import meets the same few
 * thousand values again and again, so ids are cached; places are gathered and written sorted, and
 * each value's sums once a transaction. What is added to a session's access key is added to the
 * persons behind it, too: their files hold its events.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/name.h"
#include "posting.h"
#include "private.h"
#include "tell.h"
#include "util/radix.h"

static int unit_time(struct store *s, int64_t value, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_UNIT, ARGS(INT(value)), &q);

	*ret = r ? INT64_MAX : col_int(q, 2);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* --- names -------------------------------------------------------------------------------- */

uint64_t value_name_hash(enum store_value_kind kind, struct str name)
{
	return str_hash(name) + kind * UINT64_C(0x9e3779b97f4a7c15);
}

/* In the list of hashes; whose name it is the rows tell. */
static struct posting place_of_name(enum store_value_kind kind, struct str name,
				    int64_t id)
{
	return posting_of_hash(value_name_hash(kind, name), id);
}

struct search {
	struct store *s;
	enum store_value_kind kind;
	struct str name;
	int64_t found; /* 0: nothing */
	int64_t newest_ms;
};

static int look_at(void *ctx, const struct posting *p, bool *more)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct search *c = ctx;
	int r = sql_get(c->s, Q_VALUE, ARGS(INT(p->event)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	if (col_int(q, 1) != c->kind || !str_eq(col_str(q, 2), c->name))
		return 0;
	c->found = p->event;
	c->newest_ms = col_int(q, 5);
	*more = false;
	return 0;
}

static int find(struct search *c)
{
	struct posting p = place_of_name(c->kind, c->name, 0);
	int r = postings_each(c->s, POSTING_VALUE, p.key, p.time_ms, p.time_ms, look_at,
			      c);

	return r || c->found ? r : STORE_E_NOT_FOUND;
}

int value_find(struct store *s, enum store_value_kind kind, struct str name, int64_t *ret)
{
	struct search c = { .s = s, .kind = kind, .name = name };
	int r = find(&c);

	*ret = c.found;
	return r;
}

/* Until then they are cached. */
static int write_names(struct store *s)
{
	struct buf *names = &s->writer->tell.names;
	size_t n = names->len / sizeof(struct posting);
	int r = buf_error(names);

	postings_sort((struct posting *)names->data, n);
	if (!r && n)
		r = postings_put(s, POSTING_VALUE, (const struct posting *)names->data,
				 n);
	buf_reset(names);
	return r;
}

static int find_or_insert(struct store *s, enum store_value_kind kind, struct str text,
			  struct value_node *ret)
{
	struct buf *name = &s->writer->name;
	struct search c = { .s = s, .kind = kind };
	struct posting p;
	int r;

	buf_reset(name);
	name_escape_within(name, text, STORE_VALUE_NAME_MAX);
	r = buf_error(name);
	c.name = buf_str(name);
	if (!r)
		r = find(&c);
	ret->id = c.found;
	ret->newest_ms = c.found ? c.newest_ms : INT64_MIN;
	if (r != STORE_E_NOT_FOUND)
		return r;
	r = sql_run(s, Q_VALUE_INSERT, ARGS(INT(kind), TEXT(buf_str(name))));
	if (r)
		return r;
	ret->id = sqlite3_last_insert_rowid(s->db);
	p = place_of_name(kind, buf_str(name), ret->id);
	buf_put(&s->writer->tell.names, &p, sizeof(p));
	return buf_error(&s->writer->tell.names);
}

static int node_new(struct store *s, enum store_value_kind kind, struct str text,
		    uint64_t hash, struct value_node **ret)
{
	struct tell *t = &s->writer->tell;
	struct str key = arena_str(&t->cached, buf_str(&s->writer->key));
	struct value_node *node = key.p ? arena_zalloc(&t->cached, sizeof(*node)) : NULL;
	int r;

	if (!node)
		return -ENOMEM;
	*node = (struct value_node){ .node = { .hash = hash, .key = key },
				     .unit_ms = INT64_MAX };
	r = find_or_insert(s, kind, text, node);
	node->settle = t->settle;
	node->settled_ms = node->newest_ms;
	if (!r && (kind == STORE_VALUE_ACCESS_KEY || kind == STORE_VALUE_SESSION))
		r = unit_time(s, node->id, &node->unit_ms);
	*ret = node;
	return r ? r : map_add(&t->values, &node->node);
}

int value_get(struct store *s, enum store_value_kind kind, struct str text,
	      struct value_node **ret)
{
	struct buf *key = &s->writer->key;
	uint64_t hash;
	int r;

	buf_reset(key);
	buf_put_char(key, (char)kind);
	buf_put_str(key, text);
	r = buf_error(key);
	if (r)
		return r;
	hash = str_hash(buf_str(key));
	*ret = (struct value_node *)map_get(&s->writer->tell.values, hash, buf_str(key));
	return *ret ? 0 : node_new(s, kind, text, hash, ret);
}

int tell_values(struct store *s, const struct store_event_values *of,
		struct value_node *ret[VALUES_MAX], size_t *ret_n)
{
	const struct {
		enum store_value_kind kind;
		struct str text;
	} all[] = {
		{ STORE_VALUE_PRINCIPAL, of->principal },
		{ STORE_VALUE_PRINCIPAL, of->role },
		{ STORE_VALUE_ADDRESS, of->address },
		{ STORE_VALUE_ACCESS_KEY, of->access_key },
		{ STORE_VALUE_EVENT_NAME, of->name },
		{ STORE_VALUE_ERROR, of->error },
	};
	_cleanup_(buf_deinit) struct buf session = BUF_INIT;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all) && !r; i++)
		if (all[i].text.n)
			r = value_get(s, all[i].kind, all[i].text, &ret[n++]);
	if (!r && of->session.n && !of->access_key.n) {
		buf_printf(&session, "%.*s@%lld", STR_ARGS(of->session),
			   (long long)of->time_ms);
		r = buf_error(&session);
		if (!r)
			r = value_get(s, STORE_VALUE_SESSION, buf_str(&session),
				      &ret[n++]);
	}
	*ret_n = n;
	return r;
}

/* --- writing sums ------------------------------------------------------------------------- */

/* A value that has got its first event is one more file, one that has lost its last one less. */
static void count_shown(struct store *s, sqlite3_stmt *q, int64_t added)
{
	int64_t now = col_int(q, 0);

	if (col_int(q, 1) == STORE_VALUE_SESSION || added == 0)
		return;
	if (now == added)
		writer_count(s, COUNTER_VALUE, 1);
	else if (now == 0)
		writer_count(s, COUNTER_VALUE, -1);
}

int value_apply(struct store *s, const struct sum *sums, size_t n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct sum total = sums[0];
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		r = sql_run(s, Q_VALUE_DAY_ADD,
			    ARGS(INT(sums[i].what), INT(sums[i].when),
				 INT(sums[i].text_len), INT(sums[i].jsonl_len)));
		if (i == 0)
			continue;
		total.text_len += sums[i].text_len;
		total.jsonl_len += sums[i].jsonl_len;
		total.newest_ms = MAX(total.newest_ms, sums[i].newest_ms);
	}
	if (!r)
		r = sql_get(s, Q_VALUE_ADD,
			    ARGS(INT(total.what), INT(total.text_len),
				 INT(total.jsonl_len), INT(total.newest_ms),
				 INT(s->writer->tell.seq + 1)),
			    &q);
	if (!r)
		count_shown(s, q, total.text_len);
	return r;
}

/* Adds the same for each person behind the unit. */
static int add_persons(struct store *s, const struct sum *sums, size_t n,
		       struct sums *persons)
{
	_cleanup_(buf_deinit) struct buf ids = BUF_INIT;
	int r = postings_events(s, POSTING_BEHIND, sums[0].what, &ids);

	for (size_t k = 0; k < ids.len / sizeof(int64_t) && !r; k++) {
		for (size_t i = 0; i < n && !r; i++) {
			struct sum sum = sums[i];

			sum.what = ((const int64_t *)ids.data)[k];
			sum.unit = false;
			r = sums_add(persons, &sum);
		}
	}
	return r;
}

/* Value by value; `persons` (NULL: none) gathers what others get of it. */
static int apply_all(struct store *s, struct sums *sums, struct sums *persons)
{
	int r = 0;

	sums_merge(sums);
	for (size_t i = 0, n; i < sums->n && !r; i += n) {
		bool unit = sums->rows[i].unit;

		for (n = 1;
		     i + n < sums->n && sums->rows[i + n].what == sums->rows[i].what; n++)
			unit |= sums->rows[i + n].unit;
		r = value_apply(s, &sums->rows[i], n);
		if (!r && unit && persons)
			r = add_persons(s, &sums->rows[i], n, persons);
	}
	return r;
}

/* --- places ------------------------------------------------------------------------------- */

_Static_assert(sizeof(struct act_row) <= RADIX_SIZE_MAX, "a row to be sorted");

/* So many places go to their lists at once. */
#define PLACES_BATCH 4096u

/* Places of both lists, as posting.h has them. */
struct placing {
	struct buf in_order, late;
	bool has_late; /* else all go to the first */
};

static void placing_deinit(struct placing *c)
{
	buf_deinit(&c->in_order);
	buf_deinit(&c->late);
}

/* A place, and what it adds to its value's sums. */
static int add_place(struct store *s, const struct act_row *row, struct placing *c)
{
	struct posting p = { row->value, row->time_ms, row->event };

	buf_put(c->has_late && row->late ? &c->late : &c->in_order, &p, sizeof(p));
	return sums_add(&s->writer->tell.value_sums,
			&(struct sum){ .what = row->value,
				       .when = row->time_ms / 86400000,
				       .text_len = row->text_len,
				       .jsonl_len = row->jsonl_len,
				       .newest_ms = row->time_ms,
				       .unit = row->unit });
}

static int put_places(struct store *s, const struct placing *c)
{
	int r = buf_error(&c->in_order);

	if (!r)
		r = buf_error(&c->late);
	if (!r)
		r = postings_put(s, POSTING_ACTIVITY,
				 (const struct posting *)c->in_order.data,
				 c->in_order.len / sizeof(struct posting));
	return r ? r
		 : late_put(s, (const struct posting *)c->late.data,
			    c->late.len / sizeof(struct posting));
}

static int write_places(struct store *s)
{
	_cleanup_(placing_deinit) struct placing c = { 0 };
	struct tell *t = &s->writer->tell;
	int r = 0;

	c.has_late = late_begin(s, t->n_late);
	radix_sort(t->rows, t->n, sizeof(t->rows[0]), 3);
	for (size_t i = 0, n; i < t->n && !r; i += n) {
		buf_reset(&c.in_order);
		buf_reset(&c.late);
		for (n = 0; n < PLACES_BATCH && i + n < t->n && !r; n++)
			r = add_place(s, &t->rows[i + n], &c);
		if (!r)
			r = put_places(s, &c);
	}
	if (!r)
		r = late_settle(s, t->n, t->n_late);
	t->n = t->n_late = 0;
	t->settle++;
	return r;
}

int values_settle(struct store *s)
{
	_cleanup_(sums_deinit) struct sums persons = { 0 };
	struct tell *t = &s->writer->tell;
	int r = write_names(s);

	if (!r)
		r = write_places(s);
	if (r || !t->value_sums.n)
		return r;
	r = apply_all(s, &t->value_sums, &persons);
	if (!r)
		r = apply_all(s, &persons, NULL);
	t->value_sums.n = 0;
	t->seq++;
	writer_count(s, COUNTER_TOLD, 1);
	return r;
}
