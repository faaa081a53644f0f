/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is lost is kept as numbers: of a damaged dictionary all resources may be. They come in the order
 * in which makers meet them, and are sorted when a page is to be gone through.
 */
#include "lost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/timestamp.h"

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

int lost_add(struct lost *l, int64_t row, struct str why)
{
	buf_put(&l->ids, &row, sizeof(row));
	if (buf_error(&l->ids))
		return -ENOMEM;
	if (!l->first || row < l->first) {
		l->first = row;
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

bool lost_has(struct lost *l, int64_t row)
{
	int64_t *ids = (int64_t *)l->ids.data;

	if (!lost_any(l))
		return false;
	if (l->sorted < count(l))
		qsort(ids, count(l), sizeof(*ids), by_row);
	l->sorted = count(l);
	return bsearch(&row, ids, l->sorted, sizeof(*ids), by_row) != NULL;
}

/* How many of the n are left. */
static size_t leave_out(struct lost *l, struct store_dirty *page, size_t n)
{
	size_t kept = 0;

	if (!lost_any(l))
		return n;
	for (size_t i = 0; i < n; i++)
		if (!lost_has(l, page[i].resource))
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

/* --- telling ------------------------------------------------------------------------------- */

static void tell_stories(const struct lost *l, const char *beside, struct store *s,
			 struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_resource of;
	char many[64] = "story of ";

	if (count(l) > 1)
		(void)snprintf(many, sizeof(many), "stories of %zu resources, first ",
			       count(l));
	if (store_resource_get(s, l->first, &a, &of) == 0)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making %sthe %s%.*s %.*s of %.*s, %.*s: %s", beside, many,
			  STR_ARGS(of.type), STR_ARGS(of.rid), STR_ARGS(of.account),
			  STR_ARGS(of.region), l->why);
	else
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making %sthe %sa resource that is not there: %s", beside, many,
			  l->why);
}

static void tell_files(const struct lost *l, struct store *s, struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_transition of;
	char many[64] = "file of alarm ", time[TIMESTAMP_ISO_SIZE];

	if (count(l) > 1)
		(void)snprintf(many, sizeof(many),
			       "files of %zu transitions of alarms, first ", count(l));
	if (store_transition_get(s, l->first, &a, &of) == 0) {
		timestamp_format(of.time_ms, time);
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making the %s%.*s of %.*s, %.*s at %s: %s", many,
			  STR_ARGS(of.alarm), STR_ARGS(of.account), STR_ARGS(of.region),
			  time, l->why);
	} else
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making files of alarms that are not there: %s", l->why);
}

int lost_tell(const struct lost *stories, const struct lost *files, struct store *s,
	      struct fault *f)
{
	char beside[64] = "";

	if (!lost_any(stories) && !lost_any(files))
		return 0;
	if (!lost_any(stories)) {
		tell_files(files, s, f);
		return -EBADMSG;
	}
	if (lost_any(files))
		(void)snprintf(beside, sizeof(beside), "%zu file%s of alarms, and ",
			       count(files), count(files) > 1 ? "s" : "");
	tell_stories(stories, beside, s, f);
	return -EBADMSG;
}
