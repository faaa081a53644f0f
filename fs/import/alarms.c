/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of alarms/. Each tells of the hour before a transition on what its alarm watches and
 * on what was related to that then, so it is made anew whenever one of these stories or
 * relationships was; the store says which. Lines are ordered by
 * time, then by their own bytes: what came in first makes no difference.
 */
#include "alarms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "render/alarm.h"
#include "store/alarms.h"

#define HOUR_MS INT64_C(3600000)
#define BATCH   1024

struct line {
	int64_t time_ms;
	struct str text;
};

struct making {
	struct store *s;
	struct arena *a;
	struct store_transition_whole t;
	struct buf resources; /* struct str, a line each */
	struct buf related;   /* the same */
	struct buf others;    /* int64_t: the related ones' rows */
	struct buf lines;     /* struct line */
};

static void making_deinit(struct making *m)
{
	buf_deinit(&m->resources);
	buf_deinit(&m->related);
	buf_deinit(&m->others);
	buf_deinit(&m->lines);
}

/* resources/ACCOUNT/REGION/TYPE/ID, in the arena. */
static int path_of(struct making *m, const struct store_resource *resource,
		   struct str *ret)
{
	struct str path = resource->name;
	int64_t id = resource->folder;

	for (bool top = false; !top;) {
		_cleanup_(buf_deinit) struct buf longer = BUF_INIT;
		struct store_folder folder = { .name = STR("resources") };

		top = id == STORE_ROOT;
		if (!top) {
			int r = store_folder_get(m->s, id, m->a, &folder);

			if (r)
				return r;
		}
		buf_put_str(&longer, folder.name);
		buf_put_char(&longer, '/');
		buf_put_str(&longer, path);
		path = arena_str(m->a, buf_str(&longer));
		if (buf_error(&longer) || !path.p)
			return -ENOMEM;
		id = folder.parent;
	}
	*ret = path;
	return 0;
}

/* What render appended, kept in the arena. */
static int keep(struct making *m, const struct buf *text, struct str *ret)
{
	*ret = buf_error(text) ? STR_NULL : arena_str(m->a, buf_str(text));
	return ret->p ? 0 : -ENOMEM;
}

static int add_entry(struct making *m, const struct store_resource *resource,
		     const struct store_entry *entry, struct str path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct line line = { .time_ms = entry->time_ms };
	struct story_entry e;
	int r = store_story_load(m->s, resource, entry, m->a, &e);

	if (r)
		return r;
	render_alarm_line(&text, &e, path);
	r = keep(m, &text, &line.text);
	buf_put(&m->lines, &line, sizeof(line));
	return r;
}

static int add_resource(struct making *m, int64_t id, bool related)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct store_resource resource;
	struct store_entry *entries;
	struct str path, line;
	size_t n = 0;
	int r = store_resource_get(m->s, id, m->a, &resource);

	if (!r)
		r = path_of(m, &resource, &path);
	if (r)
		return r;
	render_alarm_resource(&text, related, resource.type, resource.rid, path);
	r = keep(m, &text, &line);
	buf_put(related ? &m->related : &m->resources, &line, sizeof(line));
	if (!r)
		r = store_story_between(m->s, id, m->t.time_ms - HOUR_MS, m->t.time_ms,
					m->a, &entries, &n);
	for (size_t i = 0; i < n && !r; i++)
		if (entries[i].kind == STORE_ENTRY_CHANGE ||
		    entries[i].kind == STORE_ENTRY_ATTEMPT)
			r = add_entry(m, &resource, &entries[i], path);
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int by_nearness(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms > y->time_ms ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static int by_row(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Appends what was related to it; repetitions are dropped later. */
static int find_related(struct making *m, int64_t id)
{
	int64_t *found = NULL;
	size_t n = 0;
	int r = store_related_at(m->s, id, m->t.time_ms, m->a, &found, &n);

	if (!r && n)
		buf_put(&m->others, found, n * sizeof(*found));
	return r ? r : buf_error(&m->others);
}

/* The related ones that the alarm does not watch itself, each once. own: in any order. */
static int add_related(struct making *m, int64_t *own, size_t n_own)
{
	int64_t *all = (int64_t *)m->others.data;
	size_t n = m->others.len / sizeof(*all), kept = 0;
	int r = 0;

	if (n)
		qsort(all, n, sizeof(*all), by_row);
	if (n_own)
		qsort(own, n_own, sizeof(*own), by_row);
	for (size_t i = 0; i < n; i++)
		if ((!kept || all[i] != all[kept - 1]) &&
		    !bsearch(&all[i], own, n_own, sizeof(*own), by_row))
			all[kept++] = all[i];
	m->others.len = kept * sizeof(*all);
	for (size_t i = 0; i < kept && !r; i++)
		r = add_resource(m, all[i], true);
	return r;
}

static void put_sorted(struct buf *lines, struct buf *out)
{
	struct str *all = (struct str *)lines->data;
	size_t n = lines->len / sizeof(*all);

	if (n > 1)
		qsort(all, n, sizeof(*all), by_bytes);
	for (size_t i = 0; i < n; i++)
		buf_put_str(out, all[i]);
}

static int put_together(struct making *m, struct buf *out)
{
	const struct store_transition_whole *t = &m->t;
	size_t n = m->resources.len / sizeof(struct str);
	size_t n_lines = m->lines.len / sizeof(struct line);

	if (buf_error(&m->resources) || buf_error(&m->related) || buf_error(&m->lines))
		return -ENOMEM;
	render_alarm(out, &(struct render_alarm){ .time_ms = t->time_ms,
						  .name = t->name,
						  .account = t->account,
						  .region = t->region,
						  .arn = t->arn,
						  .namespace = t->namespace,
						  .metric = t->metric,
						  .state = t->state,
						  .previous_state = t->previous_state,
						  .reason = t->reason,
						  .ambiguous = t->ambiguous,
						  .dimensions = t->dimensions,
						  .n_dimensions = t->n_dimensions,
						  .children = t->children,
						  .n_children = t->n_children });
	if (n_lines > 1)
		qsort(m->lines.data, n_lines, sizeof(struct line), by_nearness);
	put_sorted(&m->resources, out);
	if (!n)
		render_alarm_no_resource(out);
	put_sorted(&m->related, out);
	render_alarm_heading(out, n_lines > 0);
	for (size_t i = 0; i < n_lines; i++)
		buf_put_str(out, ((const struct line *)m->lines.data)[i].text);
	return buf_error(out);
}

static int put(struct making *m, int64_t id, struct str text)
{
	_cleanup_(buf_deinit) struct buf account = BUF_INIT, region = BUF_INIT,
					 name = BUF_INIT;
	const struct store_transition_whole *t = &m->t;

	name_escape(&account, t->account.n ? t->account : STR("unknown"));
	name_escape(&region, t->region.n ? t->region : STR("unknown"));
	name_escape(&name, t->name);
	if (buf_error(&account) || buf_error(&region) || buf_error(&name))
		return -ENOMEM;
	return store_put_transition_text(
		m->s, id, t,
		(const struct str[]){ buf_str(&account), buf_str(&region),
				      buf_str(&name) },
		(const int64_t *)m->others.data, m->others.len / sizeof(int64_t), text);
}

static int make(struct store *s, int64_t id)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(making_deinit) struct making m = { .s = s, .a = &a };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int64_t *resources = NULL;
	size_t n = 0;
	int r = store_transition_whole(s, id, &a, &m.t);

	if (!r)
		r = store_transition_resources(s, id, &a, &resources, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = add_resource(&m, resources[i], false);
	for (size_t i = 0; i < n && !r; i++)
		r = find_related(&m, resources[i]);
	if (!r)
		r = add_related(&m, resources, n);
	if (!r)
		r = put_together(&m, &text);
	if (!r)
		r = put(&m, id, buf_str(&text));
	return r > 0 ? -EBADMSG : r;
}

static int settle_batch(struct store *s, bool *ret_more)
{
	int64_t ids[BATCH];
	size_t n;
	int r = store_transitions_due(s, ids, BATCH, &n);

	*ret_more = n == BATCH;
	if (r || !n)
		return r;
	r = store_begin(s, "alarms");
	if (r)
		return r;
	for (size_t i = 0; i < n && !r; i++)
		r = make(s, ids[i]);
	if (!r)
		return store_commit(s);
	store_rollback(s);
	return r;
}

int alarms_settle(struct store *s, struct fault *f)
{
	bool more = true;
	int r = 0;

	while (more && !r)
		r = settle_batch(s, &more);
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "making the files of alarms: %s",
			  *store_message(s) ? store_message(s) : strerror(abs(r)));
	return r;
}
