/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs of a file of activity/. Sessions are short, so of the thousands a person opened in years few
 * lie over any one place; but which these are takes two descents of an index for every session, and a
 * file is read a page of some lines at a time. So what was found is kept for the next page, while the
 * view is of one generation.
 */
#include "merged.h"

#include <stdlib.h>

#include "late.h"
#include "private.h"

static int add_run(struct store *s, enum posting_list list, int64_t value,
		   struct buf *runs)
{
	struct merged run = { .value = value, .list = list };
	int r = postings_span(s, list, value, &run.first, &run.last);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	run.first /= 1000;
	run.last /= 1000;
	buf_put(runs, &run, sizeof(run));
	return buf_error(runs);
}

static int add_runs(struct store *s, bool late, int64_t value, struct buf *runs)
{
	int r = add_run(s, POSTING_ACTIVITY, value, runs);

	return r || !late ? r : add_run(s, POSTING_LATE, value, runs);
}

static int by_first(const void *a, const void *b)
{
	const struct merged *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int find(struct store *s, int64_t value, struct buf *runs)
{
	_cleanup_(buf_deinit) struct buf units = BUF_INIT;
	bool late;
	int r = late_any(s, &late);

	if (!r)
		r = add_runs(s, late, value, runs);
	if (!r)
		r = postings_events(s, POSTING_PERSON, value, &units);
	for (size_t i = 0; i < units.len / sizeof(int64_t) && !r; i++)
		r = add_runs(s, late, ((const int64_t *)units.data)[i], runs);
	if (!r && runs->len)
		qsort(runs->data, runs->len / sizeof(struct merged),
		      sizeof(struct merged), by_first);
	return r;
}

int merged_find(struct store *s, int64_t value, const struct merged **ret, size_t *ret_n)
{
	struct merged_kept *k = &s->merged;
	uint64_t view;
	int r = view_generation(s, &view);

	if (!r && !(view && k->view == view && k->value == value)) {
		k->view = 0;
		buf_reset(&k->runs);
		r = find(s, value, &k->runs);
		k->value = value;
		k->view = r ? 0 : view;
	}
	*ret = (const struct merged *)k->runs.data;
	*ret_n = r ? 0 : k->runs.len / sizeof(**ret);
	return r;
}

void merged_forget(struct merged_kept *k)
{
	buf_deinit(&k->runs);
	*k = (struct merged_kept){ 0 };
}
