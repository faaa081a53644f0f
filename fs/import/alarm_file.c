/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a transition's file: of the hour before it, what happened to what its alarm watches
 * and to what was related to that then. Lines are ordered by time, then by their own bytes: what
 * came in first makes no difference.
 *
 * Transitions that came in together are of the same alarms, mostly, and these watch the same
 * resources. So what is told of a resource at any moment is kept: its path, and its relationships
 * with when they stood, which for one that many others name are found by reading all that those name.
 */
#include "alarm_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "render/alarm.h"

#define HOUR_MS INT64_C(3600000)
#define KEPT_BYTES \
	((size_t)1 << 20) /* then all is read anew; a single file may need more */

/* What is kept of a resource. */
struct alarm_known {
	struct store_resource row;
	struct str path; /* resources/ACCOUNT/REGION/TYPE/ID */
	bool has_related;
	struct store_related *related;
	size_t n_related;
};

/* ... and of a folder: its path, with a / behind it. */
struct alarm_folder {
	int64_t id;
	struct str path;
};

void alarm_memo_deinit(struct alarm_memo *memo)
{
	arena_deinit(&memo->arena);
	arena_deinit(&memo->scratch);
	*memo = (struct alarm_memo){ 0 };
}

/* Nothing of it is in use. */
static void make_room(struct alarm_memo *memo)
{
	arena_reset(&memo->scratch);
	if (arena_used(&memo->arena) > KEPT_BYTES)
		alarm_memo_deinit(memo);
}

struct line {
	int64_t time_ms;
	struct str text;
};

struct making {
	struct store *s;
	struct alarm_memo *memo;
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

static int longer_path(struct arena *a, struct str name, char between, struct str rest,
		       struct str *ret)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;

	buf_put_str(&path, name);
	buf_put_char(&path, between);
	buf_put_str(&path, rest);
	*ret = arena_str(a, buf_str(&path));
	return buf_error(&path) || !ret->p ? -ENOMEM : 0;
}

static int folder_path(struct making *m, int64_t id, struct str *ret)
{
	struct arena *a = &m->memo->arena;
	struct alarm_folder **slot =
		&m->memo->folders[(uint64_t)id % ARRAY_SIZE(m->memo->folders)];
	struct alarm_folder *kept = *slot;
	struct store_folder folder = { .parent = id };
	int r = 0;

	if (kept && kept->id == id) {
		*ret = kept->path;
		return 0;
	}
	*ret = STR("");
	while (!r && folder.parent != STORE_ROOT) {
		r = store_folder_get(m->s, folder.parent, a, &folder);
		if (!r)
			r = longer_path(a, folder.name, '/', *ret, ret);
	}
	if (!r)
		r = longer_path(a, STR("resources"), '/', *ret, ret);
	kept = r ? NULL : arena_alloc(a, sizeof(*kept));
	if (!kept)
		return r ? r : -ENOMEM;
	*kept = (struct alarm_folder){ id, *ret };
	*slot = kept;
	return 0;
}

static int read_known(struct making *m, int64_t id, struct alarm_known *ret)
{
	struct arena *a = &m->memo->arena;
	struct str folder;
	int r = store_resource_get(m->s, id, a, &ret->row);

	if (!r)
		r = folder_path(m, ret->row.folder, &folder);
	if (r)
		return r;
	/* The folder's ends with it. */
	folder.n--;
	return longer_path(a, folder, '/', ret->row.name, &ret->path);
}

/* What is kept of the resource; read, where nothing is. */
static int known_of(struct making *m, int64_t id, struct alarm_known **ret)
{
	struct alarm_known **slot =
		&m->memo->known[(uint64_t)id % ARRAY_SIZE(m->memo->known)];
	struct alarm_known *one = *slot;
	int r;

	*ret = one;
	if (one && one->row.id == id)
		return 0;
	one = arena_zalloc(&m->memo->arena, sizeof(*one));
	r = one ? read_known(m, id, one) : -ENOMEM;
	if (!r)
		*ret = *slot = one;
	return r;
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
	struct store_entry *entries;
	struct alarm_known *of;
	struct str line;
	size_t n = 0;
	int r = known_of(m, id, &of);

	if (r)
		return r;
	render_alarm_resource(&text, related, of->row.type, of->row.rid, of->path);
	r = keep(m, &text, &line);
	buf_put(related ? &m->related : &m->resources, &line, sizeof(line));
	if (!r)
		r = store_story_between(m->s, id, m->t.time_ms - HOUR_MS, m->t.time_ms,
					m->a, &entries, &n);
	for (size_t i = 0; i < n && !r; i++)
		if (entries[i].kind == STORE_ENTRY_CHANGE ||
		    entries[i].kind == STORE_ENTRY_ATTEMPT)
			r = add_entry(m, &of->row, &entries[i], of->path);
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
	struct alarm_known *of;
	int r = known_of(m, id, &of);

	if (!r && !of->has_related)
		r = store_related(m->s, id, &m->memo->arena, &of->related,
				  &of->n_related);
	if (r)
		return r;
	of->has_related = true;
	for (size_t i = 0; i < of->n_related; i++) {
		const struct store_related *one = &of->related[i];

		if (relation_stands_at(one->since_ms, one->until_ms, m->t.time_ms))
			buf_put(&m->others, &one->resource, sizeof(one->resource));
	}
	return buf_error(&m->others);
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

static int name_of(struct arena *a, struct str name, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf escaped = BUF_INIT;

	name_escape(&escaped, name.n ? name : STR("unknown"));
	*ret = arena_str(a, buf_str(&escaped));
	return buf_error(&escaped) || !ret->p ? -ENOMEM : 0;
}

static int finish(struct making *m, struct arena *a, struct store_transition_made *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r = put_together(m, &text);

	if (!r)
		r = store_transition_pack(m->s, buf_str(&text), a, &ret->packed);
	ret->len = text.len;
	if (!r)
		r = name_of(a, m->t.account, &ret->names[0]);
	if (!r)
		r = name_of(a, m->t.region, &ret->names[1]);
	if (!r)
		r = name_of(a, m->t.name, &ret->names[2]);
	if (r)
		return r;
	ret->alarm = m->t.alarm;
	ret->time_ms = m->t.time_ms;
	ret->n_related = m->others.len / sizeof(int64_t);
	ret->related = arena_alloc(a, m->others.len + 1);
	if (!ret->related)
		return -ENOMEM;
	if (ret->n_related)
		memcpy(ret->related, m->others.data, m->others.len);
	return 0;
}

int alarm_file_make(struct store *s, struct alarm_memo *memo, int64_t id, struct arena *a,
		    struct store_transition_made *ret)
{
	struct arena *scratch = &memo->scratch;
	_cleanup_(making_deinit) struct making m = { .s = s, .memo = memo, .a = scratch };
	int64_t *resources = NULL;
	size_t n = 0;
	int r;

	make_room(memo);
	r = store_transition_whole(s, id, scratch, &m.t);
	if (!r)
		r = store_transition_resources(s, id, scratch, &resources, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = add_resource(&m, resources[i], false);
	for (size_t i = 0; i < n && !r; i++)
		r = find_related(&m, resources[i]);
	if (!r)
		r = add_related(&m, resources, n);
	if (!r)
		r = finish(&m, a, ret);
	ret->id = id;
	return r > 0 ? -EBADMSG : r;
}
