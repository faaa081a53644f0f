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

static int sum_all(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		   unsigned depth, struct at_slot *ret)
{
	int r;

	if (depth > DEPTH_MAX)
		return -EIO;
	look_up(q, f, time_ms, ret);
	if (ret->has_sums)
		return 0;
	r = sum_own(q, f, time_ms, &ret->own);
	ret->all = ret->own;
	if (r == 0)
		r = sum_folders(q, f, time_ms, depth, &ret->all);
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
