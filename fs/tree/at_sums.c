/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sums over the estate at a moment. A folder's sum is that of its own rosters and the sums of
 * its folders, each kept by itself: so the inventory of an account costs nothing more once
 * those of its regions are known.
 */

#include "at_sums.h"

#include <errno.h>
#include <stdlib.h>

#include "render/inventory.h"

#include "at_roster.h"
#include "view.h"

/* Account, region and the segments of a type: deeper than this there is nothing. */
#define DEPTH_MAX 16

int at_sums_init(struct at_sums_cache *c)
{
	c->slots = calloc(AT_SLOTS, sizeof(*c->slots));
	if (!c->slots)
		return -ENOMEM;
	if (pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c->slots);
		return -ENOMEM;
	}
	return 0;
}

void at_sums_deinit(struct at_sums_cache *c)
{
	free(c->slots);
	pthread_mutex_destroy(&c->lock);
}

/* --- what is kept ------------------------------------------------------------------------- */

static struct at_slot *slot_of(struct at_sums_cache *c, int64_t folder, int64_t time_ms)
{
	uint64_t h =
		((uint64_t)folder * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)time_ms) *
		UINT64_C(0xbf58476d1ce4e5b9);

	return &c->slots[(h >> 32) % AT_SLOTS];
}

static bool is_for(const struct at_slot *slot, const struct store_at_folder *f,
		   int64_t time_ms)
{
	return slot->folder == f->id && slot->time_ms == time_ms &&
	       slot->changed == f->changed;
}

static void look_up(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		    struct at_slot *ret)
{
	struct at_sums_cache *c = &q->tree->sums;

	pthread_mutex_lock(&c->lock);
	*ret = *slot_of(c, f->id, time_ms);
	pthread_mutex_unlock(&c->lock);
	if (!is_for(ret, f, time_ms))
		*ret = (struct at_slot){ .folder = f->id,
					 .time_ms = time_ms,
					 .changed = f->changed };
}

static void keep(struct request *q, const struct at_slot *slot)
{
	struct at_sums_cache *c = &q->tree->sums;

	pthread_mutex_lock(&c->lock);
	*slot_of(c, slot->folder, slot->time_ms) = *slot;
	pthread_mutex_unlock(&c->lock);
}

/* --- sums --------------------------------------------------------------------------------- */

static uint64_t mark_of(const struct at_sums *one)
{
	const uint64_t parts[] = { (uint64_t)one->newest_ms, one->csv_len, one->jsonl_len,
				   one->item_len };

	return str_hash((struct str){ (const char *)parts, sizeof(parts) });
}

int at_measure(struct request *q, const struct store_at_row *row, struct at_sums *ret)
{
	_cleanup_(arena_deinit) struct arena arena = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT, csv = BUF_INIT,
					 jsonl = BUF_INIT;
	struct jv v;
	int r;

	*ret = (struct at_sums){ .n = 1,
				 .csv_len = row->csv_len,
				 .jsonl_len = row->jsonl_len,
				 .item_len = row->item_len,
				 .newest_ms = row->time_ms };
	if (row->measured) {
		ret->mark = mark_of(ret);
		return 0;
	}
	r = view_error(store_state_body(q->store, row->state, &body));
	if (r == 0)
		r = buf_error(&body);
	if (r == 0)
		r = view_error(jv_parse(&arena, buf_str(&body), &v, NULL));
	if (r)
		return r;
	render_inventory_csv(&csv, &v);
	render_inventory_jsonl(&jsonl, &v);
	ret->csv_len = csv.len;
	ret->jsonl_len = jsonl.len;
	ret->item_len = body.len;
	ret->mark = mark_of(ret);
	return buf_error(&csv) ? -ENOMEM : buf_error(&jsonl);
}

void at_sums_add(struct at_sums *to, const struct at_sums *more)
{
	to->n += more->n;
	to->csv_len += more->csv_len;
	to->jsonl_len += more->jsonl_len;
	to->item_len += more->item_len;
	to->newest_ms = MAX(to->newest_ms, more->newest_ms);
	to->mark += more->mark;
}

static int sum_own(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		   struct at_sums *ret)
{
	int64_t after = 0;

	/* Accounts and regions hold no resources. */
	if (f->level < 3)
		return 0;
	do {
		struct cache_entry *held = NULL;
		const struct at_roster *roster;
		int r = at_roster_get(q, f, time_ms, after, &held, &roster);

		if (r)
			return r;
		at_sums_add(ret, &roster->sums);
		after = roster->next;
		cache_release(&q->tree->rosters, held);
	} while (after);
	return 0;
}

static int sum_all(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		   unsigned depth, struct at_slot *ret);

static int sum_folders(struct request *q, const struct store_at_folder *f,
		       int64_t time_ms, unsigned depth, struct at_sums *ret)
{
	struct store_at_folder page[VIEW_PAGE_FIRST];
	int64_t after = 0;
	size_t n;

	do {
		int r = view_error(store_at_folders(q->store, f->id, time_ms, after,
						    q->arena, page, ARRAY_SIZE(page),
						    &n));

		for (size_t i = 0; r == 0 && i < n; i++) {
			struct at_slot slot;

			r = sum_all(q, &page[i], time_ms, depth + 1, &slot);
			if (r == 0)
				at_sums_add(ret, &slot.all);
			after = page[i].id;
		}
		if (r)
			return r;
	} while (n == ARRAY_SIZE(page));
	return 0;
}

/* --- all accounts at once ----------------------------------------------------------------- */

struct estate {
	struct request *q;
	struct buf
		slots; /* struct at_slot of each account that had anything, by its folder */
	size_t lacking;
};

static void estate_deinit(struct estate *e)
{
	buf_deinit(&e->slots);
}

static int find_accounts(struct estate *e, int64_t time_ms)
{
	struct store_at_folder page[VIEW_PAGE_FIRST];
	int64_t after = STORE_ROOT;
	size_t n;

	do {
		int r = view_error(store_at_folders(e->q->store, STORE_ROOT, time_ms,
						    after, e->q->arena, page,
						    ARRAY_SIZE(page), &n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			struct at_slot slot;

			look_up(e->q, &page[i], time_ms, &slot);
			e->lacking += !slot.has_sums;
			buf_put(&e->slots, &slot, sizeof(slot));
			after = page[i].id;
		}
	} while (n == ARRAY_SIZE(page));
	return buf_error(&e->slots);
}

static int by_folder(const void *a, const void *b)
{
	const struct at_slot *x = a, *y = b;

	return (x->folder > y->folder) - (x->folder < y->folder);
}

static int add_row(void *ctx, int64_t account, const struct store_at_row *row)
{
	const struct at_slot key = { .folder = account };
	struct estate *e = ctx;
	struct at_slot *slot =
		e->slots.len ? bsearch(&key, e->slots.data, e->slots.len / sizeof(key),
				       sizeof(key), by_folder)
			     : NULL;
	struct at_sums one;
	int r;

	/* One that is not listed has nothing as old, so no row of it comes here. */
	if (!slot)
		return -EIO;
	if (slot->has_sums)
		return 0;
	r = at_measure(e->q, row, &one);
	if (r == 0)
		at_sums_add(&slot->all, &one);
	return r;
}

/* All of those that lack, in one pass. */
static int sum_lacking(struct estate *e, int64_t time_ms)
{
	struct at_slot *slots = (struct at_slot *)e->slots.data;
	int r = view_error(store_at_estate(e->q->store, time_ms, add_row, e));

	for (size_t i = 0; r == 0 && i < e->slots.len / sizeof(*slots); i++) {
		slots[i].has_sums = slots[i].has_any = true;
		slots[i].any = slots[i].all.n > 0;
		keep(e->q, &slots[i]);
	}
	return r;
}

/* Of all accounts. One by itself costs some three times its part of the pass. */
static int sum_estate(struct request *q, int64_t time_ms, struct at_sums *ret)
{
	_cleanup_(estate_deinit) struct estate e = { .q = q };
	const struct at_slot *slots;
	size_t n;
	int r = find_accounts(&e, time_ms);

	n = e.slots.len / sizeof(*slots);
	if (r == 0 && e.lacking * 3 > n)
		r = sum_lacking(&e, time_ms);
	slots = (const struct at_slot *)e.slots.data;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct at_slot slot = slots[i];

		if (!slot.has_sums)
			r = sum_all(q,
				    &(struct store_at_folder){ .id = slot.folder,
							       .level = 1,
							       .changed = slot.changed },
				    time_ms, 1, &slot);
		if (r == 0)
			at_sums_add(ret, &slot.all);
	}
	return r;
}

static int sum_all(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		   unsigned depth, struct at_slot *ret)
{
	int r = 0;

	if (depth > DEPTH_MAX)
		return -EIO;
	look_up(q, f, time_ms, ret);
	if (ret->has_sums)
		return 0;
	if (f->id == STORE_ROOT) {
		r = sum_estate(q, time_ms, &ret->all);
	} else {
		r = sum_own(q, f, time_ms, &ret->own);
		ret->all = ret->own;
		if (r == 0)
			r = sum_folders(q, f, time_ms, depth, &ret->all);
	}
	if (r)
		return r;
	ret->has_sums = ret->has_any = true;
	ret->any = ret->all.n > 0;
	keep(q, ret);
	return 0;
}

int at_sums_get(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		struct at_sums *ret_own, struct at_sums *ret_all)
{
	struct at_slot slot;
	int r = sum_all(q, f, time_ms, 0, &slot);

	if (r)
		return r;
	*ret_all = slot.all;
	if (ret_own)
		*ret_own = slot.own;
	return 0;
}

int at_any(struct request *q, const struct store_at_folder *f, int64_t time_ms, bool *ret)
{
	struct at_slot slot;
	int r = 0;

	*ret = false;
	if (f->first_ms > time_ms)
		return 0;
	look_up(q, f, time_ms, &slot);
	if (!slot.has_any) {
		r = view_error(store_at_any(q->store, f->id, time_ms, &slot.any));
		if (r)
			return r;
		slot.has_any = true;
		keep(q, &slot);
	}
	*ret = slot.any;
	return 0;
}

/* All accounts as one folder. What changes beneath one of them changes the sum, for good. */
static int root_folder(struct request *q, struct store_at_folder *ret)
{
	struct store_at_folder page[VIEW_PAGE_FIRST];
	int64_t after = 0;
	size_t n;

	*ret = (struct store_at_folder){ .id = STORE_ROOT };
	do {
		int r = view_error(store_at_folders(q->store, STORE_ROOT, INT64_MAX,
						    after, q->arena, page,
						    ARRAY_SIZE(page), &n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			ret->newest_ms = MAX(ret->newest_ms, page[i].newest_ms);
			ret->changed += page[i].changed;
			after = page[i].id;
		}
	} while (n == ARRAY_SIZE(page));
	return 0;
}

int at_folder(struct request *q, int64_t id, struct store_at_folder *ret)
{
	if (id == STORE_ROOT)
		return root_folder(q, ret);
	return view_error(store_at_folder_get(q->store, id, q->arena, ret));
}
