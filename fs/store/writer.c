/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's gathering. An import touches the same few rows - sums, a resource's listing
 * row, a folder's newest time - again and again; here they are kept in memory and written once
 * at the end of the transaction. Names of resources, whose list is hit at random, are written
 * sorted, so that one visit of a page serves many of them; what events are found by waits longer:
 * see gathered.c.
 *
 * Caches of ids outlive the transaction: nobody else writes. A rollback forgets them all.
 */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>

#include "coverage.h"
#include "private.h"
#include "skip.h"

#define CACHED_MAX     65536      /* resources; then the caches start over */
#define ALIAS_ROWS_MAX (1u << 20) /* gathered names; then they are written at once */

static const char *const counter_names[] = {
	[COUNTER_SOURCE] = "source",
	[COUNTER_RESOURCE] = "resource",
	[COUNTER_ITEM] = "item",
	[COUNTER_KEYFRAME] = "keyframe",
	[COUNTER_SHOWN] = "shown",
	[COUNTER_EVENT] = "event",
	[COUNTER_EVENT_ROW] = "event row",
	[COUNTER_TRANSITION] = "transition",
	[COUNTER_REFUSAL] = "refusal",
	[COUNTER_NOTICE] = "notice",
	[COUNTER_SKIPPED] = "skipped",
	[COUNTER_TOLD] = "told",
	[COUNTER_VALUE] = "value",
	[COUNTER_DAY] = "day",
	[COUNTER_UNTOLD_EVENT] = "untold event",
	[COUNTER_UNTOLD_TRANSITION] = "untold transition",
	[COUNTER_KEY] = "public key",
	[COUNTER_POINT] = "point",
	[COUNTER_METRIC_FILE] = "metric file",
	[COUNTER_UNSWEPT] = "unswept",
	[COUNTER_ARRIVAL] = "arrival",
	[COUNTER_COMMIT] = "commit",
	[COUNTER_LATE] = "late",
	[COUNTER_REMADE] = "remade",
	[COUNTER_ITEM_FIRST] = "first item",
	[COUNTER_ITEM_LAST] = "last item",
	[COUNTER_EVENT_FIRST] = "first event",
	[COUNTER_EVENT_LAST] = "last event",
};

struct str counter_name(enum counter c)
{
	return str_of(counter_names[c]);
}

int writer_new(struct writer **ret)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->resources_end = &(*ret)->resources_touched;
	gathered_init(&(*ret)->gathered);
	late_init(&(*ret)->late);
	return 0;
}

struct writer *writer_free(struct writer *w)
{
	if (!w)
		return NULL;
	map_deinit(&w->leaves);
	map_deinit(&w->resources);
	map_deinit(&w->tallies);
	map_deinit(&w->trails);
	map_deinit(&w->days);
	map_deinit(&w->skipped);
	arena_deinit(&w->cached);
	arena_deinit(&w->summed);
	gathered_deinit(&w->gathered);
	block_deinit(&w->events.block);
	free(w->aliases.rows);
	free(w->bearers.rows);
	free(w->edges.rows);
	buf_deinit(&w->recalled);
	buf_deinit(&w->recount);
	sums_deinit(&w->grown);
	buf_deinit(&w->noted);
	buf_deinit(&w->redated);
	tell_deinit(&w->tell);
	buf_deinit(&w->key);
	buf_deinit(&w->name);
	buf_deinit(&w->pack);
	buf_deinit(&w->raw);
	buf_deinit(&w->guess);
	buf_deinit(&w->trimmed);
	buf_deinit(&w->packed);
	free(w);
	return NULL;
}

static void forget_sums(struct writer *w)
{
	map_clear(&w->tallies);
	map_clear(&w->trails);
	map_clear(&w->days);
	map_clear(&w->skipped);
	arena_reset(&w->summed);
	w->tally_list = NULL;
	w->trail_list = NULL;
	w->day_list = w->last_day = NULL;
	w->skipped_list = NULL;
	memset(w->counters, 0, sizeof(w->counters));
	w->finished_ms = 0;
}

static void forget_cached(struct writer *w)
{
	map_clear(&w->leaves);
	map_clear(&w->resources);
	arena_reset(&w->cached);
	w->leaves_touched = NULL;
	w->resources_touched = NULL;
	w->resources_end = &w->resources_touched;
}

void writer_forget(struct writer *w)
{
	forget_sums(w);
	forget_cached(w);
	gathered_forget(&w->gathered);
	block_deinit(&w->events.block);
	w->aliases.n = 0;
	w->bearers.n = 0;
	w->edges.n = 0;
	buf_reset(&w->recalled);
	buf_reset(&w->recount);
	w->grown.n = 0;
	buf_reset(&w->noted);
	buf_reset(&w->packed);
	w->putting = false;
	tell_forget(&w->tell);
	memset(w->path_lengths, 0, sizeof(w->path_lengths));
	buf_reset(&w->redated);
	w->pending = false;
}

int writer_begin(struct store *s)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct writer *w = s->writer;
	int r;

	if (w->resources.n > CACHED_MAX)
		forget_cached(w);
	r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_EVENT_ROW))), &q);
	if (r && r != STORE_E_NOT_FOUND)
		return r;
	w->next_event = r ? 1 : col_int(q, 0) + 1;
	sql_endp(&q);
	if (!w->in_stories)
		w->in_stories = w->next_event;
	r = gathered_begin(s);
	if (!r)
		r = tell_begin(s);
	if (!r)
		r = sql_exists(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_ARRIVAL))),
			       &w->notes_arrivals);
	if (!r)
		r = sql_exists(s, Q_ALIAS_ANY, NO_ARGS, &w->has_alias);
	return r ? r : sql_exists(s, Q_TRANSITION_ANY, NO_ARGS, &w->has_transition);
}

void writer_count(struct store *s, enum counter c, int64_t n)
{
	s->writer->counters[c] += n;
	s->writer->pending = true;
}

int writer_key(struct writer *w, const struct str *parts, size_t n)
{
	buf_reset(&w->key);
	for (size_t i = 0; i < n; i++)
		buf_put(&w->key, &parts[i].n, sizeof(parts[i].n));
	for (size_t i = 0; i < n; i++)
		buf_put_str(&w->key, parts[i]);
	return buf_error(&w->key);
}

static int tally_new(struct writer *w, uint64_t hash, const struct str *parts,
		     struct tally **ret)
{
	struct tally *t = arena_zalloc(&w->summed, sizeof(*t));
	struct str key = t ? arena_str(&w->summed, buf_str(&w->key)) : STR_NULL;
	struct str copies[4];
	size_t at = ARRAY_SIZE(copies) * sizeof(copies[0].n);

	if (!key.p)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		copies[i] = (struct str){ key.p + at, parts[i].n };
		at += parts[i].n;
	}
	*t = (struct tally){ .node = { .hash = hash, .key = key },
			     .what = copies[0],
			     .account = copies[1],
			     .region = copies[2],
			     .type = copies[3],
			     .first_ms = INT64_MAX,
			     .last_ms = INT64_MIN };
	t->next = w->tally_list;
	w->tally_list = t;
	*ret = t;
	return map_add(&w->tallies, &t->node);
}

int writer_tally(struct store *s, struct str what, struct str account, struct str region,
		 struct str type, int64_t n, int64_t resources, int64_t time_ms)
{
	const struct str parts[] = { what, account, region, type };
	struct writer *w = s->writer;
	struct tally *t;
	uint64_t hash;
	int r = writer_key(w, parts, ARRAY_SIZE(parts));

	if (r)
		return r;
	hash = str_hash(buf_str(&w->key));
	t = (struct tally *)map_get(&w->tallies, hash, buf_str(&w->key));
	if (!t) {
		r = tally_new(w, hash, parts, &t);
		if (r)
			return r;
	}
	t->n += n;
	t->resources += resources;
	t->first_ms = MIN(t->first_ms, time_ms);
	t->last_ms = MAX(t->last_ms, time_ms);
	w->pending = true;
	return 0;
}

int writer_trail(struct store *s, struct str account, int64_t time_ms)
{
	struct writer *w = s->writer;
	uint64_t hash = str_hash(account);
	struct trail *t = (struct trail *)map_get(&w->trails, hash, account);

	if (!t) {
		struct str key = arena_str(&w->summed, account);
		int r;

		t = key.p ? arena_zalloc(&w->summed, sizeof(*t)) : NULL;
		if (!t)
			return -ENOMEM;
		t->node = (struct map_node){ .hash = hash, .key = key };
		t->first_ms = t->last_ms = time_ms;
		r = map_add(&w->trails, &t->node);
		if (r)
			return r;
		t->next = w->trail_list;
		w->trail_list = t;
	}
	t->first_ms = MIN(t->first_ms, time_ms);
	t->last_ms = MAX(t->last_ms, time_ms);
	w->pending = true;
	return 0;
}

/* --- writing it all ------------------------------------------------------------------------ */

static int settle_resource(struct store *s, const struct resource *res)
{
	int r = sql_run(s, Q_VIEW_PUT,
			ARGS(INT(res->id), INT(res->first_ms), INT(res->newest_ms),
			     INT(res->latest), INT(res->states), INT(res->text_len),
			     INT(res->jsonl_len), INT(res->changed_ms)));

	if (!r)
		r = sql_run(s, Q_RESOURCE_PUT,
			    ARGS(INT(res->id), INT(res->last), INT(res->items)));
	if (!r && res->dirty)
		r = sql_run(s, Q_DIRTY_ADD, ARGS(INT(res->id), INT(res->dirty_ms)));
	return r;
}

static int settle_resources(struct store *s)
{
	struct writer *w = s->writer;

	while (w->resources_touched) {
		struct resource *res = w->resources_touched;
		int r = settle_resource(s, res);

		if (r)
			return r;
		w->resources_touched = res->next_touched;
		if (!w->resources_touched)
			w->resources_end = &w->resources_touched;
		res->touched = false;
		res->dirty = false;
		res->items = 0;
	}
	return 0;
}

static int settle_leaves(struct store *s)
{
	struct writer *w = s->writer;

	while (w->leaves_touched) {
		struct leaf *leaf = w->leaves_touched;

		for (unsigned i = 0; i < leaf->depth; i++) {
			int r = sql_run(s, Q_FOLDER_TOUCH,
					ARGS(INT(leaf->path[i]), INT(leaf->newest_ms),
					     INT(leaf->first_ms)));

			if (r)
				return r;
		}
		w->leaves_touched = leaf->next_touched;
		leaf->touched = false;
	}
	return 0;
}

static int raise_counter(struct store *s, struct str name, int64_t n)
{
	return sql_run(s, Q_COUNTER_RAISE, ARGS(TEXT(name), INT(n)));
}

/* From when to when there is anything of a kind: a question of each look at the top of the tree. */
static int raise_span(struct store *s, struct str what, enum counter first,
		      enum counter last)
{
	int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
	int r;

	for (const struct tally *t = s->writer->tally_list; t; t = t->next) {
		if (!str_eq(t->what, what))
			continue;
		first_ms = MIN(first_ms, t->first_ms);
		last_ms = MAX(last_ms, t->last_ms);
	}
	if (first_ms > last_ms)
		return 0;
	r = raise_counter(s, counter_name(first), -first_ms);
	return r ? r : raise_counter(s, counter_name(last), last_ms);
}

static int settle_sums(struct store *s)
{
	struct writer *w = s->writer;
	int r = 0;

	for (const struct tally *t = w->tally_list; t && !r; t = t->next)
		r = sql_run(s, Q_TALLY_ADD,
			    ARGS(TEXT(t->what), TEXT(t->account), TEXT(t->region),
				 TEXT(t->type), INT(t->n), INT(t->resources),
				 INT(t->first_ms), INT(t->last_ms)));
	if (!r)
		r = raise_span(s, STR("item"), COUNTER_ITEM_FIRST, COUNTER_ITEM_LAST);
	if (!r)
		r = raise_span(s, STR("event"), COUNTER_EVENT_FIRST, COUNTER_EVENT_LAST);
	for (const struct trail *t = w->trail_list; t && !r; t = t->next)
		r = sql_run(s, Q_TRAIL_ADD,
			    ARGS(TEXT(t->node.key), INT(t->first_ms), INT(t->last_ms)));
	if (!r)
		r = skip_settle(s);
	for (enum counter c = 0; c < COUNTER_COUNT && !r; c++)
		if (w->counters[c])
			r = sql_run(s, Q_COUNTER_ADD,
				    ARGS(TEXT(counter_name(c)), INT(w->counters[c])));
	if (!r && w->finished_ms)
		r = raise_counter(s, STR(FINISHED_COUNTER), w->finished_ms);
	if (!r)
		r = coverage_settle(s);
	if (!r)
		forget_sums(w);
	return r;
}

int writer_postings(struct store *s, struct token_rows *t, enum posting_list list)
{
	int r;

	if (!t->n)
		return 0;
	postings_sort(t->rows, t->n);
	r = postings_put(s, list, t->rows, t->n);
	t->n = 0;
	return r;
}

int writer_posting(struct store *s, struct token_rows *t, size_t most,
		   enum posting_list list, const struct posting *p)
{
	int r = token_rows_add(t, p);

	return r || t->n < most ? r : writer_postings(s, t, list);
}

int writer_aliases(struct store *s)
{
	return writer_postings(s, &s->writer->aliases, POSTING_ALIAS);
}

int writer_alias(struct store *s, int64_t token, int64_t resource)
{
	const struct posting p = posting_of_hash((uint64_t)token, resource);

	return writer_posting(s, &s->writer->aliases, ALIAS_ROWS_MAX, POSTING_ALIAS, &p);
}

static int settle_facts(struct store *s)
{
	struct writer *w = s->writer;
	int r;

	if (!w->pending)
		return 0;
	r = settle_resources(s);
	if (!r)
		r = settle_leaves(s);
	if (!r)
		r = settle_sums(s);
	if (!r)
		w->pending = false;
	return r;
}

int writer_settle(struct store *s)
{
	int r;

	if (!s->writer || s->writer->putting)
		return 0;
	r = settle_facts(s);
	return r ? r : stories_settle(s);
}

int writer_uncache(struct store *s)
{
	int r = settle_facts(s);

	if (!r && s->writer->resources.n)
		forget_cached(s->writer);
	return r;
}
