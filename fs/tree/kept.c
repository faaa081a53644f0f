/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Things kept by their numbers. The cache knows entries by one number, so that is a hash of
 * them all; whoever has the same hash takes the other's place.
 */

#include "kept.h"

#include <errno.h>

/* Any label does: nothing here is ever out of date. */
#define LABEL UINT64_C(1)

static uint64_t hash_of(const struct kept_key *key)
{
	return str_hash((struct str){ (const char *)key, sizeof(*key) });
}

static struct cache_entry *look_up(struct cache *c, uint64_t hash,
				   const struct kept_key *key)
{
	uint64_t label;
	struct cache_entry *e = cache_hold(c, hash, &label);

	if (e && memcmp(e->content.data, key, sizeof(*key)) == 0)
		return e;
	cache_release(c, e);
	return NULL;
}

static int make_entry(struct cache *c, uint64_t hash, const struct kept_key *key,
		      int (*make)(void *ctx, struct buf *out), void *ctx,
		      struct cache_entry **ret)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	int r;

	buf_put(&out, key, sizeof(*key));
	r = make(ctx, &out);
	if (r == 0)
		r = buf_error(&out);
	if (r)
		return r;
	buf_fit(&out);
	*ret = cache_put(c, hash, LABEL, 0, &out);
	return *ret ? 0 : -ENOMEM;
}

int kept_get(struct cache *c, const struct kept_key *key,
	     int (*make)(void *ctx, struct buf *out), void *ctx, struct cache_entry **ret,
	     const char **ret_data)
{
	uint64_t hash = hash_of(key);
	struct cache_making making;
	int r = 0;

	while (!(*ret = look_up(c, hash, key))) {
		if (!cache_begin(c, hash, &making))
			continue;
		/* Perhaps it was made between the look and the announcement. */
		*ret = look_up(c, hash, key);
		if (!*ret)
			r = make_entry(c, hash, key, make, ctx, ret);
		cache_end(c, &making);
		break;
	}
	if (r == 0)
		*ret_data = (*ret)->content.data + sizeof(*key);
	return r;
}
