/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources with the most items. Counts are kept with the items. Those of many are ordered by an
 * index, so that the first hundred of a type cost a hundred rows where a type has so many; the others,
 * which nearly all are, are not worth a row of an index that each of their items moves: where it comes
 * to them, all resources are gone through once, in the order of their rows. (Type by type each would
 * be sought by itself, ten times as long.)
 *
 * What may be among the first is kept until there is twice as much as is wanted; then it is put in
 * order, and the rest of it left out. Times are read of those alone that are left at the end.
 */
#include "store/churn.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "rows.h"

/* A folder of resources, and the type they are of. */
struct place {
	int64_t folder;
	size_t type;
};

struct candidate {
	int64_t id;
	struct store_churn is; /* its times not yet */
};

struct top {
	const struct store_tally *types;
	size_t n_types, each, max;
	struct buf places; /* in the order of types, then of folders */
	uint32_t *counts;  /* of each type, while the first are chosen */
	struct buf all;    /* struct candidate */
	struct arena rids;
	bool full;             /* there are as many as are wanted: */
	struct candidate last; /* ... the last of them, but for its id */
};

static void top_deinit(struct top *t)
{
	buf_deinit(&t->places);
	buf_deinit(&t->all);
	arena_deinit(&t->rids);
	free(t->counts);
}

/* --- the types' folders ---------------------------------------------------------------------- */

static int by_folder(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->folder > y->folder) - (x->folder < y->folder);
}

static int order_of(sqlite3_stmt *folder, const struct store_tally *type)
{
	int order = str_cmp(col_str(folder, 1), type->region);

	return order ? order : str_cmp(col_str(folder, 2), type->type);
}

/* The account's types from *type on: both are in order. */
static int find_folders(struct store *s, struct top *t, size_t *type)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct str account = t->types[*type].account;
	bool row = true;
	int r = sql_open(s, Q_CHURN_FOLDERS, ARGS(TEXT(account)), &q);

	if (!r)
		r = sql_next(s, q, &row);
	while (!r && *type < t->n_types && str_eq(t->types[*type].account, account)) {
		int order = row ? order_of(q, &t->types[*type]) : 1;

		if (order == 0) {
			struct place place = { col_int(q, 0), *type };

			buf_put(&t->places, &place, sizeof(place));
		}
		*type += order >= 0;
		if (order <= 0)
			r = sql_next(s, q, &row);
	}
	return r ? r : buf_error(&t->places);
}

static int find_places(struct store *s, struct top *t)
{
	int r = 0;

	t->counts = calloc(t->n_types + 1, sizeof(t->counts[0]));
	if (!t->counts)
		return -ENOMEM;
	for (size_t type = 0; !r && type < t->n_types;)
		r = find_folders(s, t, &type);
	return r;
}

/* --- choosing --------------------------------------------------------------------------------- */

static int by_items(const void *a, const void *b)
{
	const struct store_churn *x = &((const struct candidate *)a)->is,
				 *y = &((const struct candidate *)b)->is;
	int order = (x->items < y->items) - (x->items > y->items);

	if (!order)
		order = (x->type > y->type) - (x->type < y->type);
	return order ? order : str_cmp(x->rid, y->rid);
}

/* Puts them in order, and leaves out those beyond the first. */
static int keep_first(struct top *t)
{
	struct candidate *all = (struct candidate *)t->all.data;
	size_t had = t->all.len / sizeof(*all), n = 0;
	struct arena kept = ARENA_INIT;
	int r = 0;

	if (had > 1)
		qsort(all, had, sizeof(*all), by_items);
	memset(t->counts, 0, t->n_types * sizeof(t->counts[0]));
	for (size_t i = 0; i < had && n < t->max; i++) {
		if (t->counts[all[i].is.type] == t->each)
			continue;
		t->counts[all[i].is.type]++;
		all[n] = all[i];
		all[n].is.rid = arena_str(&kept, all[i].is.rid);
		if (!all[n++].is.rid.p)
			r = -ENOMEM;
	}
	t->all.len = n * sizeof(*all);
	t->full = n && n == t->max;
	if (t->full)
		t->last = all[n - 1];
	arena_deinit(&t->rids);
	t->rids = kept;
	return r;
}

/* Equals of the last one's own type may be before it, by their id. */
static bool may_be_first(const struct top *t, uint64_t items, size_t type)
{
	if (!t->full || items != t->last.is.items)
		return !t->full || items > t->last.is.items;
	return type <= t->last.is.type;
}

/* The row a query stands at: id, items, resource id. */
static int add(struct top *t, sqlite3_stmt *q, size_t type)
{
	struct candidate c = { .id = col_int(q, 0),
			       .is = { .type = type, .items = (uint64_t)col_int(q, 1) } };

	if (!may_be_first(t, c.is.items, type))
		return 0;
	c.is.rid = arena_str(&t->rids, col_str(q, 2));
	if (!c.is.rid.p)
		return -ENOMEM;
	buf_put(&t->all, &c, sizeof(c));
	if (buf_error(&t->all))
		return -ENOMEM;
	return t->all.len > 2 * t->max * sizeof(c) ? keep_first(t) : 0;
}

/* --- going through --------------------------------------------------------------------------- */

/* What a resource of the type has at most: each of the others came with an item. */
static uint64_t most_of(const struct store_tally *t)
{
	return t->n >= t->resources ? t->n + 1 - t->resources : MAX(t->n, 1);
}

static int add_busy(struct store *s, struct top *t, const struct place *place)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_CHURN_BUSY,
			 ARGS(INT(place->folder), INT(t->each),
			      INT(t->full ? t->last.is.items - 1 : 0)),
			 &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = add(t, q, place->type);
	}
	return r;
}

/*
 * Types that may have very busy resources first, roughly: with those most of the others need not be
 * looked at.
 */
static int add_all_busy(struct store *s, struct top *t)
{
	static const uint64_t steps[] = { UINT64_MAX, 64, 32, CHURN_FEW };
	const struct place *places = (const struct place *)t->places.data;
	size_t n = t->places.len / sizeof(*places);
	int r = 0;

	for (size_t step = 1; step < ARRAY_SIZE(steps); step++)
		for (size_t i = 0; r == 0 && i < n; i++) {
			uint64_t most = most_of(&t->types[places[i].type]);

			if (most > steps[step] && most <= steps[step - 1] &&
			    may_be_first(t, most, places[i].type))
				r = add_busy(s, t, &places[i]);
		}
	return r;
}

/* The row of a resource with few items, in whatever folder. */
static int add_other(struct top *t, sqlite3_stmt *q)
{
	const struct place key = { .folder = col_int(q, 3) };
	const struct place *place = NULL;

	if (t->places.len)
		place = bsearch(&key, t->places.data, t->places.len / sizeof(key),
				sizeof(key), by_folder);
	return place ? add(t, q, place->type) : 0;
}

/*
 * Those of few items from a row on, of all types, until what was left out tells how many items are
 * too few: the statement itself passes over such rows four times as fast.
 */
static int add_others(struct store *s, struct top *t, int64_t *after, bool *ret_more)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	uint64_t least = t->full ? t->last.is.items : 1;
	int r = sql_open(s, Q_CHURN_OTHERS, ARGS(INT(*after), INT(least)), &q);

	while (!r) {
		r = sql_next(s, q, ret_more);
		if (r || !*ret_more)
			break;
		*after = col_int(q, 0);
		r = add_other(t, q);
		if (t->full && t->last.is.items > least)
			break;
	}
	return r;
}

static int add_all_others(struct store *s, struct top *t)
{
	bool more = true;
	int64_t after = 0;
	int r = 0;

	if (t->places.len > sizeof(struct place))
		qsort(t->places.data, t->places.len / sizeof(struct place),
		      sizeof(struct place), by_folder);
	while (!r && more)
		r = add_others(s, t, &after, &more);
	return r;
}

/* --- the first -------------------------------------------------------------------------------- */

static int by_row(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a,
			       *y = *(struct candidate *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static int read_times(struct store *s, struct candidate *c)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_CHURN_TIMES, ARGS(INT(c->id)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? STORE_E_DAMAGED : r;
	c->is.first_ms = col_int(q, 0);
	c->is.last_ms = col_int(q, 1);
	return 0;
}

/* Their times, in the order of the rows. */
static int finish(struct store *s, struct top *t, struct arena *a,
		  struct store_churn **ret, size_t *ret_n)
{
	struct candidate *all = (struct candidate *)t->all.data;
	size_t n = t->all.len / sizeof(*all);
	struct candidate **order = arena_alloc(a, (n + 1) * sizeof(*order));
	int r = 0;

	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	if (!order || !*ret)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		order[i] = &all[i];
	if (n > 1)
		qsort(order, n, sizeof(*order), by_row);
	for (size_t i = 0; i < n && !r; i++)
		r = read_times(s, order[i]);
	for (size_t i = 0; i < n && !r; i++) {
		(*ret)[i] = all[i].is;
		(*ret)[i].rid = arena_str(a, all[i].is.rid);
		if (!(*ret)[i].rid.p)
			r = -ENOMEM;
	}
	*ret_n = n;
	return r;
}

int store_churn(struct store *s, const struct store_tally *types, size_t n_types,
		size_t each, size_t max, struct arena *a, struct store_churn **ret,
		size_t *ret_n)
{
	_cleanup_(top_deinit) struct top t = {
		.types = types, .n_types = n_types, .each = each, .max = max
	};
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = find_places(s, &t);
	if (!r)
		r = add_all_busy(s, &t);
	if (!r)
		r = keep_first(&t);
	if (!r && (!t.full || t.last.is.items <= CHURN_FEW))
		r = add_all_others(s, &t);
	if (!r)
		r = keep_first(&t);
	return r ? r : finish(s, &t, a, ret, ret_n);
}
