/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From states to spans of relationships. What is named by a state is sorted and merged with
 * what stood open before it, so that a resource with thousands of neighbours costs no more than
 * sorting them. One neighbour is one relationship while it is named without a gap; its name may
 * come up later than its id.
 */

#include "model/relation.h"

#include <errno.h>
#include <stdlib.h>

/* Do both mean one target in one way? By id, or by name where there is no id. */
static int by_target(const struct relation *a, const struct relation *b)
{
	int order = str_cmp(a->what, b->what);

	if (order == 0)
		order = str_cmp(a->type, b->type);
	if (order == 0)
		order = str_cmp(a->id, b->id);
	if (order == 0 && a->id.n == 0)
		order = str_cmp(a->name, b->name);
	return order;
}

int relation_cmp(const struct relation *a, const struct relation *b)
{
	int order = (a->since_ms > b->since_ms) - (a->since_ms < b->since_ms);

	if (order == 0)
		order = by_target(a, b);
	return order ? order : str_cmp(a->name, b->name);
}

/* Of one target the one with the greater name comes last, whatever their order in the state. */
static int compare_named(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	int order = by_target(x, y);

	return order ? order : str_cmp(x->name, y->name);
}

static int compare_listed(const void *a, const void *b)
{
	return relation_cmp(a, b);
}

struct follower {
	struct arena *arena;
	struct buf done;       /* struct relation, ended */
	struct relation *open; /* sorted by target */
	size_t n_open;
};

/* The relationships a state names, sorted, each target once. */
static int read_named(struct arena *a, const struct relation_state *state,
		      struct relation **ret, size_t *ret_n)
{
	const struct jv *list = jv_get(state->body, "relationships");
	struct relation *named;
	size_t n = 0, kept = 0;

	*ret_n = 0;
	*ret = NULL;
	if (state->deleted || !jv_is(list, JV_ARRAY))
		return 0;
	named = arena_alloc(a, (list->len + 1) * sizeof(*named));
	if (!named)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->len; i++) {
		const struct jv *v = &list->items[i];
		struct relation r = { .what = jv_get_text(v, "name"),
				      .type = jv_get_text(v, "resourceType"),
				      .id = jv_get_text(v, "resourceId"),
				      .name = jv_get_text(v, "resourceName"),
				      .since_ms = state->time_ms,
				      .until_ms = RELATION_OPEN };

		if (relation_reference(&r).n)
			named[n++] = r;
	}
	if (n > 1)
		qsort(named, n, sizeof(*named), compare_named);
	for (size_t i = 0; i < n; i++) {
		if (kept && by_target(&named[kept - 1], &named[i]) == 0)
			kept--;
		named[kept++] = named[i];
	}
	*ret = named;
	*ret_n = kept;
	return 0;
}

static void end(struct follower *f, const struct relation *open, int64_t time_ms)
{
	struct relation r = *open;

	r.until_ms = time_ms;
	buf_put(&f->done, &r, sizeof(r));
}

/* What the state names stands open after it; what it does not name ends with it. */
static int follow(struct follower *f, const struct relation_state *state)
{
	struct relation *named;
	size_t n, i = 0, j = 0;
	int r;

	if (!state->deleted && !jv_is(jv_get(state->body, "relationships"), JV_ARRAY))
		return 0;
	r = read_named(f->arena, state, &named, &n);
	if (r)
		return r;
	while (i < f->n_open || j < n) {
		int order = i == f->n_open ? 1
			    : j == n       ? -1
					   : by_target(&f->open[i], &named[j]);

		if (order < 0) {
			end(f, &f->open[i++], state->time_ms);
		} else if (order > 0) {
			j++;
		} else {
			named[j].since_ms = f->open[i].since_ms;
			if (!named[j].name.n)
				named[j].name = f->open[i].name;
			i++;
			j++;
		}
	}
	f->open = named;
	f->n_open = n;
	return 0;
}

int relation_list(struct arena *a, const struct relation_state *states, size_t n,
		  struct relation **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf done = BUF_INIT;
	struct follower f = { .arena = a };
	struct relation *all;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = follow(&f, &states[i]);
	done = f.done;
	if (r == 0 && f.n_open)
		buf_put(&done, f.open, f.n_open * sizeof(*f.open));
	if (r == 0)
		r = buf_error(&done);
	if (r)
		return r;
	all = arena_alloc(a, done.len + 1);
	if (!all)
		return -ENOMEM;
	if (done.len)
		memcpy(all, done.data, done.len);
	*ret = all;
	*ret_n = done.len / sizeof(*all);
	if (*ret_n > 1)
		qsort(all, *ret_n, sizeof(*all), compare_listed);
	return 0;
}
