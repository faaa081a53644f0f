/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Listings of names. Their order is that of hashes, so each name, and the resource it leads to, is
 * anywhere in the history: the names of a directory that is not large are read at once, in the
 * order of their rows, and kept for the further pieces of the listing. So are their attributes, once
 * somebody wants more of them than those of the first piece, which come with the names anyway.
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

/* Names of a first piece, whose attributes are made one by one. */
#ifndef LISTED_FIRST /* a test sets it lower */
#define LISTED_FIRST 256u
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

/* What a name's key (struct store_key) has of its own, and the name. */
struct listed {
	int64_t id, newest_ms, resource;
	uint64_t n, cookie;
	uint32_t name, name_len; /* among the names behind them */
};

struct making {
	struct request *q;
	int64_t space;
	struct arena keys;
	struct buf entries, names; /* struct listed */
	const struct head *of;     /* of attributes: the names */
};

static void making_deinit(struct making *m)
{
	arena_deinit(&m->keys);
	buf_deinit(&m->entries);
	buf_deinit(&m->names);
}

static int make_listing(void *ctx, struct buf *out)
{
	struct making *m = ctx;
	struct head head = { 0 };
	struct store_key *all = NULL;
	int r = store_keys_all(m->q->store, m->space, LISTED_MAX, &m->keys, &all,
			       &head.n);

	head.large = r == STORE_E_LARGE;
	if (head.large)
		head.n = 0;
	else
		r = view_error(r);
	if (r && !head.large)
		return r;
	for (size_t i = 0; i < head.n; i++) {
		struct listed one = { .id = all[i].id,
				      .newest_ms = all[i].newest_ms,
				      .resource = all[i].resource,
				      .n = all[i].n,
				      .cookie = all[i].cookie,
				      .name = (uint32_t)m->names.len };

		name_escape(&m->names, all[i].text);
		one.name_len = (uint32_t)m->names.len - one.name;
		buf_put(&m->entries, &one, sizeof(one));
	}
	if (buf_error(&m->names) || buf_error(&m->entries))
		return -ENOMEM;
	buf_put(out, &head, sizeof(head));
	buf_put_str(out, buf_str(&m->entries));
	buf_put_str(out, buf_str(&m->names));
	return 0;
}

static const struct listed *entries_of(const struct head *head)
{
	return (const struct listed *)(head + 1);
}

static int by_resource(const void *a, const void *b)
{
	const struct listed *x = *(const struct listed *const *)a,
			    *y = *(const struct listed *const *)b;

	return (x->resource > y->resource) - (x->resource < y->resource);
}

static int attr_of(struct request *q, int64_t space, const struct listed *one, bool bare,
		   struct tree_attr *ret)
{
	const struct store_key key = { .space = space,
				       .id = one->id,
				       .n = one->n,
				       .newest_ms = one->newest_ms,
				       .resource = one->resource,
				       .cookie = one->cookie };

	return names_attr(q, &key, bare, ret);
}

/* In the order of the resources, each at its place. */
static int make_attrs(void *ctx, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena resource = ARENA_INIT;
	struct making *m = ctx;
	const struct listed *entries = entries_of(m->of);
	const struct listed **order =
		arena_alloc(&m->keys, (m->of->n + 1) * sizeof(const struct listed *));
	struct arena *before = m->q->arena;
	struct tree_attr *attrs;
	int r = 0;

	if (!order || !buf_reserve(out, m->of->n * sizeof(*attrs)))
		return -ENOMEM;
	attrs = (struct tree_attr *)(out->data + out->len);
	for (size_t i = 0; i < m->of->n; i++)
		order[i] = &entries[i];
	if (m->of->n > 1)
		qsort(order, m->of->n, sizeof(const struct listed *), by_resource);
	m->q->arena = &resource;
	for (size_t i = 0; r == 0 && i < m->of->n; i++) {
		r = attr_of(m->q, m->space, order[i], false, &attrs[order[i] - entries]);
		arena_reset(&resource);
	}
	m->q->arena = before;
	out->len += m->of->n * sizeof(*attrs);
	return r;
}

/* --- out of what is kept ------------------------------------------------------------------ */

struct kept_listing {
	struct request *q;
	struct making *making;
	struct cache_entry *names, *attrs; /* held */
	const struct head *head;
	const struct tree_attr *all; /* NULL: not got yet */
};

static void kept_listing_deinit(struct kept_listing *l)
{
	cache_release(&l->q->tree->rosters, l->names);
	cache_release(&l->q->tree->rosters, l->attrs);
}

static int get(struct kept_listing *l, int64_t which,
	       int (*make)(void *ctx, struct buf *out), struct cache_entry **ret,
	       const char **ret_data)
{
	const struct kept_key key = { { -NODE_FIXED_BY_NAME, (int64_t)l->q->label,
					l->making->space, which } };

	return kept_get(&l->q->tree->rosters, &key, make, l->making, ret, ret_data);
}

static int get_names(struct kept_listing *l)
{
	const char *data = NULL;
	int r = get(l, 0, make_listing, &l->names, &data);

	l->head = (const struct head *)data;
	return r;
}

static int get_attrs(struct kept_listing *l)
{
	const char *data = NULL;
	int r;

	l->making->of = l->head;
	r = get(l, 1, make_attrs, &l->attrs, &data);
	l->all = (const struct tree_attr *)data;
	return r;
}

/* The first name behind the cookie. */
static size_t place_of(const struct head *head, uint64_t cookie)
{
	const struct listed *all = entries_of(head);
	size_t low = 0, high = head->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].cookie <= cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int list_kept(struct kept_listing *l, uint64_t cookie,
		     const struct tree_lister *lister)
{
	const struct listed *all = entries_of(l->head);
	const char *names = (const char *)(all + l->head->n);

	for (size_t i = place_of(l->head, cookie); i < l->head->n; i++) {
		const struct listed *one = &all[i];
		struct str name = { names + one->name, one->name_len };
		struct tree_attr attr;
		int r = 0;

		if (!lister->names && !l->all && (cookie || i >= LISTED_FIRST))
			r = get_attrs(l);
		if (r == 0 && l->all)
			attr = l->all[i];
		else if (r == 0)
			r = attr_of(l->q, l->making->space, one, lister->names, &attr);
		if (r)
			return r;
		if (!lister->entry(lister->ctx,
				   &(struct tree_entry){ name, &attr, one->cookie }))
			break;
	}
	return 0;
}

int names_list(struct request *q, int64_t space, uint64_t cookie,
	       const struct tree_lister *lister)
{
	_cleanup_(making_deinit) struct making m = { .q = q, .space = space };
	_cleanup_(kept_listing_deinit) struct kept_listing l = { .q = q, .making = &m };
	int r;

	if (space != STORE_SPACE_NAMES || q->label == 0)
		return list_each(q, space, cookie, lister);
	r = get_names(&l);
	if (r)
		return r;
	return l.head->large ? list_each(q, space, cookie, lister)
			     : list_kept(&l, cookie, lister);
}
