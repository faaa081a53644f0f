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

void relation_follower_deinit(struct relation_follower *f)
{
	buf_deinit(&f->done);
	buf_deinit(&f->open);
	buf_deinit(&f->named);
}

/* The relationships a state names, sorted, each target once. */
static int read_named(const struct relation_state *state, struct buf *ret)
{
	const struct jv *list = jv_get(state->body, "relationships");
	struct relation *named;
	size_t n, kept = 0;

	buf_reset(ret);
	if (state->deleted || !jv_is(list, JV_ARRAY))
		return 0;
	for (uint32_t i = 0; i < list->len; i++) {
		const struct jv *v = &list->items[i];
		struct relation r = { .what = jv_get_text(v, "name"),
				      .type = jv_get_text(v, "resourceType"),
				      .id = jv_get_text(v, "resourceId"),
				      .name = jv_get_text(v, "resourceName"),
				      .since_ms = state->time_ms,
				      .until_ms = RELATION_OPEN };

		if (relation_reference(&r).n)
			buf_put(ret, &r, sizeof(r));
	}
	named = (struct relation *)ret->data;
	n = ret->len / sizeof(*named);
	if (n > 1)
		qsort(named, n, sizeof(*named), compare_named);
	for (size_t i = 0; i < n; i++) {
		if (kept && by_target(&named[kept - 1], &named[i]) == 0)
			kept--;
		named[kept++] = named[i];
	}
	ret->len = kept * sizeof(*named);
	return buf_error(ret);
}

static void end(struct relation_follower *f, const struct relation *open, int64_t time_ms)
{
	struct relation r = *open;

	r.until_ms = time_ms;
	buf_put(&f->done, &r, sizeof(r));
}

/* The texts, which are the state's, become the follower's own. */
static int own(struct relation_follower *f, struct relation *r)
{
	struct str *texts[] = { &r->what, &r->type, &r->id, &r->name };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = arena_str(f->arena, *texts[i]);
		if (!texts[i]->p)
			return -ENOMEM;
	}
	return 0;
}

/* It stood before: so did the texts, but the name may have come up only now. */
static int go_on(struct relation_follower *f, const struct relation *open,
		 struct relation *named)
{
	struct str name = named->name;

	*named = *open;
	if (!name.n || str_eq(name, open->name))
		return 0;
	named->name = arena_str(f->arena, name);
	return named->name.p ? 0 : -ENOMEM;
}

/* What the state names stands open after it; what it does not name ends with it. */
int relation_follow(struct relation_follower *f, const struct relation_state *state)
{
	const struct relation *open = (const struct relation *)f->open.data;
	size_t n_open = f->open.len / sizeof(*open), n, i = 0, j = 0;
	struct relation *named;
	struct buf last;
	int r;

	if (!state->deleted && !jv_is(jv_get(state->body, "relationships"), JV_ARRAY))
		return 0;
	r = read_named(state, &f->named);
	named = (struct relation *)f->named.data;
	n = f->named.len / sizeof(*named);
	while (!r && (i < n_open || j < n)) {
		int order = i == n_open ? 1
			    : j == n    ? -1
					: by_target(&open[i], &named[j]);

		if (order < 0)
			end(f, &open[i], state->time_ms);
		else
			r = order > 0 ? own(f, &named[j]) : go_on(f, &open[i], &named[j]);
		i += order <= 0;
		j += order >= 0;
	}
	if (r)
		return r;
	last = f->open;
	f->open = f->named;
	f->named = last;
	return buf_error(&f->done);
}

int relation_list(struct relation_follower *f, struct relation **ret, size_t *ret_n)
{
	size_t n_done = f->done.len / sizeof(**ret), n_open = f->open.len / sizeof(**ret);
	struct relation *all = arena_alloc(f->arena, f->done.len + f->open.len + 1);

	if (!all)
		return -ENOMEM;
	if (n_done)
		memcpy(all, f->done.data, f->done.len);
	if (n_open)
		memcpy(all + n_done, f->open.data, f->open.len);
	*ret = all;
	*ret_n = n_done + n_open;
	if (*ret_n > 1)
		qsort(all, *ret_n, sizeof(*all), compare_listed);
	return 0;
}
