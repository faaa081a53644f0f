/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a story's new rows change in timeline/ and activity/. Old rows and new ones are compared:
 * a story that is made anew mostly has what it had, and of the lines only those that came, went or
 * have another length are written. Changes are compared by time, causes event by event: an event's
 * values get the difference of what it is told to have caused.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "store/derive.h"
#include "tell.h"
#include "told.h"

/* --- the timeline ------------------------------------------------------------------------- */

static struct store_line line_of(const struct store_entry *change)
{
	return (struct store_line){ .time_ms = change->time_ms,
				    .ref = change->ref,
				    .text_len = change->line_len,
				    .jsonl_len = change->line_jsonl_len };
}

uint64_t store_resource_rank(struct str account, struct str region, struct str type,
			     struct str rid)
{
	const struct str parts[] = { account, region, type, rid };
	uint64_t hash = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		hash = (hash ^ str_hash(parts[i])) * UINT64_C(0x9e3779b97f4a7c15);
	return hash;
}

static int old_changes(const struct buf *gone, struct buf *ret)
{
	const struct told_change *c = (const struct told_change *)gone->data;

	for (size_t i = 0; i < gone->len / sizeof(*c); i++) {
		struct store_line line = line_of(&c[i].change);

		if (line.text_len)
			buf_put(ret, &line, sizeof(line));
	}
	return buf_error(ret);
}

static int new_changes(const struct store_story *story, struct buf *ret)
{
	for (size_t i = 0; i < story->n_entries; i++) {
		const struct store_entry *e = &story->entries[i];
		struct store_line line = line_of(e);

		if (e->kind == STORE_ENTRY_CHANGE && e->line_len)
			buf_put(ret, &line, sizeof(line));
	}
	return buf_error(ret);
}

/* Numbers twins and gives each its place among other resources' lines. */
static size_t place(struct buf *lines, int64_t rank, struct store_line **ret)
{
	struct store_line *l = (struct store_line *)lines->data;
	size_t n = lines->len / sizeof(l[0]);

	for (size_t i = 0; i < n; i++) {
		l[i].kind = STORE_LINE_CHANGE;
		l[i].rank = rank;
		l[i].twin = i && l[i].time_ms == l[i - 1].time_ms ? l[i - 1].twin + 1 : 0;
	}
	*ret = l;
	return n;
}

static int by_place(const struct store_line *a, const struct store_line *b)
{
	if (a->time_ms != b->time_ms)
		return a->time_ms < b->time_ms ? -1 : 1;
	if (a->twin != b->twin)
		return a->twin < b->twin ? -1 : 1;
	return (a->ref > b->ref) - (a->ref < b->ref);
}

static int tell_changes(struct store *s, const struct store_story *story,
			const struct buf *gone)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT;
	struct store_line *o, *n;
	size_t n_old, n_new, i = 0, k = 0;
	int r = old_changes(gone, &old);

	if (!r)
		r = new_changes(story, &new);
	n_old = place(&old, (int64_t)(story->rank >> 1), &o);
	n_new = place(&new, (int64_t)(story->rank >> 1), &n);
	while (!r && (i < n_old || k < n_new)) {
		int side = i == n_old ? 1 : k == n_new ? -1 : by_place(&o[i], &n[k]);
		bool same = side == 0 && o[i].text_len == n[k].text_len &&
			    o[i].jsonl_len == n[k].jsonl_len;

		if (side <= 0 && !same)
			r = timeline_take(s, &o[i]);
		if (!r && side >= 0 && !same)
			r = timeline_put(s, &n[k]);
		i += side <= 0;
		k += side >= 0;
	}
	return r;
}

/* --- causes ------------------------------------------------------------------------------- */

static int old_causes(struct store *s, const struct store_story *story, int64_t from_ms,
		      struct sums *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_CAUSE_LINES_FROM,
			 ARGS(INT(story->dirty.resource), INT(from_ms)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = sums_add(ret, &(struct sum){ .what = col_int(q, 0),
						 .text_len = -col_int(q, 1),
						 .jsonl_len = -col_int(q, 2) });
	}
	return r;
}

static int new_causes(const struct store_story *story, struct sums *ret)
{
	int r = 0;

	for (size_t i = 0; i < story->n_entries; i++)
		for (size_t k = 0; k < story->entries[i].n_causes && !r; k++) {
			const struct store_cause *c = &story->entries[i].causes[k];

			r = sums_add(ret,
				     &(struct sum){ .what = c->event,
						    .text_len = c->line_len,
						    .jsonl_len = c->line_jsonl_len });
		}
	return r;
}

/* What is known of the values of events that the story names now, by event. */
struct known {
	int64_t event;
	const struct store_event_values *values;
};

static int by_event(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->event > y->event) - (x->event < y->event);
}

static int known_of(const struct store_story *story, struct buf *ret)
{
	for (size_t i = 0; i < story->n_entries; i++)
		for (size_t k = 0; k < story->entries[i].n_causes; k++) {
			const struct store_cause *c = &story->entries[i].causes[k];
			const struct known known = { c->event, c->values };

			if (c->values)
				buf_put(ret, &known, sizeof(known));
		}
	if (ret->len)
		qsort(ret->data, ret->len / sizeof(struct known), sizeof(struct known),
		      by_event);
	return buf_error(ret);
}

static int read_values(struct store *s, int64_t event, struct arena *a,
		       struct store_event_values *ret)
{
	struct event_told told;
	struct event e;
	int r = store_event_line(s, event, a, &e, &told);

	if (!r)
		*ret = tell_values_of(&e, &told);
	return r;
}

/* All values of the event get longer or shorter by what it is told to have caused. */
static int tell_caused(struct store *s, const struct sum *event, const struct buf *known,
		       struct arena *a)
{
	const struct known wanted = { .event = event->what };
	const struct known *found =
		known->len ? bsearch(&wanted, known->data, known->len / sizeof(wanted),
				     sizeof(wanted), by_event)
			   : NULL;
	struct value_node *values[VALUES_MAX];
	struct store_event_values of;
	size_t n = 0;
	int r = 0;

	if (found)
		of = *found->values;
	else
		r = read_values(s, event->what, a, &of);
	if (!r)
		r = tell_values(s, &of, values, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = sums_add(&s->writer->tell.value_sums,
			     &(struct sum){ .what = values[i]->id,
					    .when = of.time_ms / STORE_DAY_MS,
					    .text_len = event->text_len,
					    .jsonl_len = event->jsonl_len,
					    .unit = values[i]->unit_ms != INT64_MAX });
	return r;
}

/* Of a history that an older program wrote: up to this event nothing is told. */
static int last_untold(struct store *s, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_UNTOLD_EVENT))), &q);

	*ret = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int tell_causes(struct store *s, const struct store_story *story, bool fresh,
		       int64_t from_ms, bool *ret_had)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(sums_deinit) struct sums events = { 0 };
	_cleanup_(buf_deinit) struct buf known = BUF_INIT;
	int64_t untold = 0;
	int r = fresh ? 0 : old_causes(s, story, from_ms, &events);

	*ret_had = events.n > 0;
	if (!r)
		r = new_causes(story, &events);
	if (!r && events.n)
		r = last_untold(s, &untold);
	if (!r)
		r = known_of(story, &known);
	if (!r)
		sums_merge(&events);
	for (size_t i = 0; i < events.n && !r; i++) {
		const struct sum *event = &events.rows[i];

		arena_reset(&a);
		/* One not told of yet will be with all that it caused. */
		if (event->what > untold && (event->text_len || event->jsonl_len))
			r = tell_caused(s, event, &known, &a);
	}
	return r;
}

int tell_story(struct store *s, const struct store_story *story, bool fresh,
	       int64_t from_ms, const struct buf *gone, bool *ret_had_causes)
{
	int r = tell_changes(s, story, gone);

	return r ? r : tell_causes(s, story, fresh, from_ms, ret_had_causes);
}
