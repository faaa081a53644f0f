/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Listings of names. Their order is that of hashes, so each name, and the resource it leads to, is
 * anywhere in the history: the names of a directory that is not large are read at once, in the
 * order of their rows, and kept for the further pieces of the listing.
 */

#include "names.h"

#include <errno.h>
#include <stdlib.h>

#include "model/name.h"

#include "kept.h"

/* Names of a listing that is kept; of larger ones, mostly nothing but the names is wanted. */
#ifndef LISTED_MAX /* a test sets it lower */
#define LISTED_MAX 16384u
#endif

struct listing {
	struct request *q;
	const struct tree_lister *lister;
	int error;
};

static bool list_key(void *ctx, const struct store_key *key)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct listing *l = ctx;
	struct tree_attr attr;

	name_escape(&name, key->text);
	l->error = buf_error(&name);
	if (l->error == 0)
		l->error = names_attr(l->q, key, l->lister->names, &attr);
	return l->error == 0 &&
	       l->lister->entry(l->lister->ctx,
				&(struct tree_entry){ buf_str(&name), &attr,
						      key->cookie });
}

static int list_each(struct request *q, int64_t space, uint64_t cookie,
		     const struct tree_lister *lister)
{
	struct listing l = { .q = q, .lister = lister };
	int r = view_error(store_keys(q->store, space, cookie, q->arena, list_key, &l));

	return r ? r : l.error;
}

/* --- all at once -------------------------------------------------------------------------- */

struct head {
	size_t n;
	bool large; /* then there is nothing behind it */
};

struct listed {
	struct tree_attr attr;
	uint64_t cookie;
	size_t name, name_len; /* among the names behind them */
};

struct making {
	struct request *q;
	int64_t space;
	struct arena keys, resource;
	struct store_key *all;
	size_t n;
	struct buf entries, names; /* struct listed */
};

static void making_deinit(struct making *m)
{
	arena_deinit(&m->keys);
	arena_deinit(&m->resource);
	buf_deinit(&m->entries);
	buf_deinit(&m->names);
}

static int by_resource(const void *a, const void *b)
{
	const struct store_key *x = *(struct store_key *const *)a,
			       *y = *(struct store_key *const *)b;

	return (x->resource > y->resource) - (x->resource < y->resource);
}

/* In the order of the resources, each at its place. */
static int fill_attrs(struct making *m)
{
	struct listed *entries = (struct listed *)m->entries.data;
	struct store_key **order =
		arena_alloc(&m->keys, (m->n + 1) * sizeof(struct store_key *));
	struct arena *before = m->q->arena;
	int r = order ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < m->n; i++)
		order[i] = &m->all[i];
	if (r == 0 && m->n > 1)
		qsort(order, m->n, sizeof(struct store_key *), by_resource);
	m->q->arena = &m->resource;
	for (size_t i = 0; r == 0 && i < m->n; i++) {
		r = names_attr(m->q, order[i], false, &entries[order[i] - m->all].attr);
		arena_reset(&m->resource);
	}
	m->q->arena = before;
	return r;
}

static int make_listing(void *ctx, struct buf *out)
{
	struct making *m = ctx;
	struct head head = { 0 };
	int r = store_keys_all(m->q->store, m->space, LISTED_MAX, &m->keys, &m->all,
			       &m->n);

	head.large = r == STORE_E_LARGE;
	if (head.large) {
		buf_put(out, &head, sizeof(head));
		return 0;
	}
	r = view_error(r);
	for (size_t i = 0; r == 0 && i < m->n; i++) {
		struct listed one = { .cookie = m->all[i].cookie, .name = m->names.len };

		name_escape(&m->names, m->all[i].text);
		one.name_len = m->names.len - one.name;
		buf_put(&m->entries, &one, sizeof(one));
		r = buf_error(&m->names);
	}
	if (r == 0)
		r = buf_error(&m->entries);
	if (r == 0)
		r = fill_attrs(m);
	if (r)
		return r;
	head.n = m->n;
	buf_put(out, &head, sizeof(head));
	buf_put_str(out, buf_str(&m->entries));
	buf_put_str(out, buf_str(&m->names));
	return 0;
}

/* Those behind the cookie. */
static void list_kept(const char *data, uint64_t cookie, const struct tree_lister *lister)
{
	const struct head *head = (const struct head *)data;
	const struct listed *all = (const struct listed *)(head + 1);
	const char *names = (const char *)(all + head->n);
	size_t n = head->n, low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].cookie <= cookie)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n; low++) {
		const struct listed *one = &all[low];

		if (!lister->entry(lister->ctx, &(struct tree_entry){ { names + one->name,
									one->name_len },
								      &one->attr,
								      one->cookie }))
			break;
	}
}

/* Names alone are read one by one: for those no resource is looked at. */
int names_list(struct request *q, int64_t space, uint64_t cookie,
	       const struct tree_lister *lister)
{
	_cleanup_(making_deinit) struct making m = { .q = q, .space = space };
	const struct kept_key key = { { -NODE_FIXED_BY_NAME, (int64_t)q->label, space } };
	struct cache_entry *held = NULL;
	const char *data;
	int r;

	if (space != STORE_SPACE_NAMES || q->label == 0 || lister->names)
		return list_each(q, space, cookie, lister);
	r = kept_get(&q->tree->rosters, &key, make_listing, &m, &held, &data);
	if (r)
		return r;
	if (((const struct head *)data)->large)
		r = list_each(q, space, cookie, lister);
	else
		list_kept(data, cookie, lister);
	cache_release(&q->tree->rosters, held);
	return r;
}
