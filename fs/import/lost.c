/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is lost is kept as numbers: of a damaged dictionary all resources may be. They come in the order
 * in which makers meet them, and are sorted when a page is to be gone through.
 */
#include "lost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static size_t count(const struct lost *l)
{
	return l->ids.len / sizeof(int64_t);
}

void lost_deinit(struct lost *l)
{
	buf_deinit(&l->ids);
}

void lost_forget(struct lost *l)
{
	buf_reset(&l->ids);
	l->sorted = 0;
	l->first = 0;
}

bool lost_any(const struct lost *l)
{
	return l->ids.len > 0;
}

int lost_add(struct lost *l, int64_t resource, struct str why)
{
	buf_put(&l->ids, &resource, sizeof(resource));
	if (buf_error(&l->ids))
		return -ENOMEM;
	if (!l->first || resource < l->first) {
		l->first = resource;
		if (!why.n)
			why = STR("a row is not there, or cannot be read");
		(void)snprintf(l->why, sizeof(l->why), "%.*s", STR_ARGS(why));
	}
	return 0;
}

static int by_row(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* How many of the n are left. */
static size_t leave_out(struct lost *l, struct store_dirty *page, size_t n)
{
	int64_t *ids = (int64_t *)l->ids.data;
	size_t kept = 0;

	if (!lost_any(l))
		return n;
	if (l->sorted < count(l))
		qsort(ids, count(l), sizeof(*ids), by_row);
	l->sorted = count(l);
	for (size_t i = 0; i < n; i++)
		if (!bsearch(&page[i].resource, ids, l->sorted, sizeof(*ids), by_row))
			page[kept++] = page[i];
	return kept;
}

int lost_others(struct lost *l, struct store *s, int64_t *after, struct store_dirty *ret,
		size_t n, size_t *ret_n)
{
	size_t got = n;
	int r = 0;

	*ret_n = 0;
	while (!r && !*ret_n && got) {
		int64_t last;

		r = store_dirty_next(s, *after, ret, n, &got);
		if (r || !got)
			break;
		last = ret[got - 1].resource;
		*ret_n = leave_out(l, ret, got);
		if (!*ret_n)
			*after = last;
	}
	return r;
}

int lost_count_others(struct lost *l, struct store *s, struct store_dirty *page, size_t n,
		      uint64_t *ret)
{
	int64_t after = 0;
	size_t got;
	int r;

	*ret = 0;
	do {
		r = lost_others(l, s, &after, page, n, &got);
		*ret += got;
		after = got ? page[got - 1].resource : after;
	} while (!r && got);
	return r;
}

int lost_tell(const struct lost *l, struct store *s, struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_resource of;
	char many[64] = "story of ";

	if (!lost_any(l))
		return 0;
	if (count(l) > 1)
		(void)snprintf(many, sizeof(many), "stories of %zu resources, first ",
			       count(l));
	if (store_resource_get(s, l->first, &a, &of) == 0)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making the %s%.*s %.*s of %.*s, %.*s: %s", many,
			  STR_ARGS(of.type), STR_ARGS(of.rid), STR_ARGS(of.account),
			  STR_ARGS(of.region), l->why);
	else
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making the %sa resource that is not there: %s", many, l->why);
	return -EBADMSG;
}
