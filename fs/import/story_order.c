/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a resource in order: by time, and those of one millisecond by what each says its
 * number is, for which they are read.
 */
#include "story_work.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 256

static int read_rows(struct story_work *w)
{
	struct store_state page[PAGE];
	int64_t after = -1;
	unsigned twin = 0;
	size_t n = 0, cap = 0;

	do {
		int r = store_states(w->s, w->resource.id, after, twin, true, page, PAGE,
				     &n);

		if (r)
			return r;
		if (w->n_states + n > cap) {
			struct story_state *grown;

			cap = MAX(cap * 2, w->n_states + n);
			grown = arena_zalloc(w->a, cap * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			if (w->n_states)
				memcpy(grown, w->states, w->n_states * sizeof(*grown));
			w->states = grown;
		}
		for (size_t i = 0; i < n; i++) {
			w->states[w->n_states++] =
				(struct story_state){ .id = page[i].id,
						      .time_ms = page[i].time_ms };
			after = page[i].time_ms;
			twin = page[i].twin;
		}
	} while (n == PAGE);
	return w->n_states < STORY_NONE ? 0 : -EFBIG;
}

struct twin {
	struct story_state state;
	struct str state_id;
};

/* By state id as a number. */
static int by_state_id(const void *a, const void *b)
{
	const struct twin *x = a, *y = b;

	if (x->state_id.n != y->state_id.n)
		return x->state_id.n < y->state_id.n ? -1 : 1;
	return str_cmp(x->state_id, y->state_id);
}

/* States of one millisecond. */
static int sort_twins(struct story_work *w, struct arena *scratch, size_t first, size_t n)
{
	struct twin *twins = arena_alloc(scratch, n * sizeof(*twins));

	if (!twins)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct story_body *body;
		int r = story_body(w, first + i, &body);

		if (r)
			return r;
		twins[i] = (struct twin){ w->states[first + i],
					  arena_str(scratch, body->item.state_id) };
		if (!twins[i].state_id.p)
			return -ENOMEM;
	}
	qsort(twins, n, sizeof(*twins), by_state_id);
	for (size_t i = 0; i < n; i++) {
		w->states[first + i] = twins[i].state;
		w->states[first + i].twin = (unsigned)i;
	}
	arena_reset(scratch);
	return 0;
}

int story_order(struct story_work *w)
{
	_cleanup_(arena_deinit) struct arena scratch = ARENA_INIT;
	int r = read_rows(w);

	for (size_t i = 0, end; !r && i < w->n_states; i = end) {
		for (end = i + 1; end < w->n_states; end++)
			if (w->states[end].time_ms != w->states[i].time_ms)
				break;
		if (end > i + 1)
			r = sort_twins(w, &scratch, i, end - i);
	}
	return r;
}
