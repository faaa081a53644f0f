/* SPDX-License-Identifier: Apache-2.0 */

/*
 * activity/: a directory a kind of value, a file a value, in two forms. A file's lines are the
 * events of the value in order of time, behind each the changes it caused. Both are made as they
 * are read; their lengths, and so the size, are in the history.
 */

#include "fixed.h"

#include <errno.h>

#include "render/line.h"
#include "store/activity.h"
#include "store/timeline.h"

#define ACTS_PAGE 64 /* events read at once */

static const struct fixed_entry kinds[] = {
	{ STR("access-key"), NODE_FIXED_ACCESS_KEY, false },
	{ STR("address"), NODE_FIXED_ADDRESS, false },
	{ STR("error"), NODE_FIXED_ERROR, false },
	{ STR("event-name"), NODE_FIXED_EVENT_NAME, false },
	{ STR("principal"), NODE_FIXED_PRINCIPAL, false },
};

/* 0: the directory of all kinds. */
static enum store_value_kind kind_of(uint64_t node)
{
	switch (node) {
	case NODE_FIXED_ACCESS_KEY:
		return STORE_VALUE_ACCESS_KEY;
	case NODE_FIXED_ADDRESS:
		return STORE_VALUE_ADDRESS;
	case NODE_FIXED_ERROR:
		return STORE_VALUE_ERROR;
	case NODE_FIXED_EVENT_NAME:
		return STORE_VALUE_EVENT_NAME;
	case NODE_FIXED_PRINCIPAL:
		return STORE_VALUE_PRINCIPAL;
	default:
		return 0;
	}
}

/* --- the directories ---------------------------------------------------------------------- */

/* As new as the newest event there is; a kind's stamp is told by what changed in it. */
static int dir_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	enum store_value_kind kind = kind_of(node);
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	if (r)
		return r;
	*ret = (struct tree_attr){ .node = node,
				   .parent = kind ? NODE_FIXED_ACTIVITY : TREE_ROOT,
				   .type = TREE_DIR,
				   .growing = true,
				   .mtime_ms = MAX(totals.event_last_ms, 0),
				   .stamp = q->label };
	return kind ? view_error(store_values_stamp(q->store, kind, &ret->stamp)) : 0;
}

static int activity_lookup(struct request *q, uint64_t node, struct str name,
			   struct tree_attr *ret)
{
	(void)node;
	return fixed_lookup(q, kinds, ARRAY_SIZE(kinds), name, ret);
}

static int activity_readdir(struct request *q, uint64_t node, uint64_t cookie,
			    const struct tree_lister *lister)
{
	(void)node;
	return fixed_readdir(q, kinds, ARRAY_SIZE(kinds), cookie, lister);
}

static int activity_files(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	(void)node;
	if (r == 0)
		*ret = 2 * totals.values;
	return r;
}

const struct view view_activity = {
	.getattr = dir_getattr,
	.lookup = activity_lookup,
	.readdir = activity_readdir,
	.files = activity_files,
};

/* --- the values of a kind ----------------------------------------------------------------- */

static struct tree_attr value_attr(enum node_kind kind, const struct store_value *v)
{
	return (struct tree_attr){ .node = node_make(kind, v->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = kind == NODE_ACTIVITY_LOG ? v->text_len
								     : v->jsonl_len,
				   .mtime_ms = v->newest_ms };
}

static int kind_lookup(struct request *q, uint64_t node, struct str name,
		       struct tree_attr *ret)
{
	bool text = str_ends(name, ".log");
	struct store_value value;
	int r;

	if (!text && !str_ends(name, ".jsonl"))
		return TREE_E_NOT_FOUND;
	name.n -= strlen(text ? ".log" : ".jsonl");
	r = view_error(store_value_find(q->store, kind_of(node), name, q->arena, &value));
	if (r == 0)
		*ret = value_attr(text ? NODE_ACTIVITY_LOG : NODE_ACTIVITY_JSONL, &value);
	return r;
}

static int list_value(struct request *q, const struct tree_lister *lister,
		      const struct store_value *v, bool text, bool *ret_wanted)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct tree_attr attr =
		value_attr(text ? NODE_ACTIVITY_LOG : NODE_ACTIVITY_JSONL, v);
	struct tree_entry entry = { .attr = &attr,
				    .next = (uint64_t)v->id * 2 + (text ? 1 : 0) };

	(void)q;
	buf_put_str(&name, v->name);
	buf_put_text(&name, text ? ".log" : ".jsonl");
	if (buf_error(&name))
		return -ENOMEM;
	entry.name = buf_str(&name);
	*ret_wanted = lister->entry(lister->ctx, &entry);
	return 0;
}

/* The cookie is twice the row behind its .jsonl, one more behind its .log, which is second. */
static int kind_readdir(struct request *q, uint64_t node, uint64_t cookie,
			const struct tree_lister *lister)
{
	struct store_value page[VIEW_PAGE_FIRST];
	/* Between the two of a value: once more from the one before it. */
	bool half = cookie > 0 && cookie % 2 == 0;
	int64_t after = (int64_t)(cookie / 2) - half;
	bool wanted = true;
	size_t n;

	if (cookie >> NODE_ROW_BITS)
		return TREE_E_BAD_COOKIE;
	do {
		int r = view_error(store_values(q->store, kind_of(node), after, q->arena,
						page, ARRAY_SIZE(page), &n));

		for (size_t i = 0; r == 0 && wanted && i < n; i++) {
			after = page[i].id;
			if (!half || (uint64_t)after != cookie / 2)
				r = list_value(q, lister, &page[i], false, &wanted);
			if (r == 0 && wanted)
				r = list_value(q, lister, &page[i], true, &wanted);
		}
		if (r)
			return r;
		arena_reset(q->arena);
	} while (wanted && n == ARRAY_SIZE(page));
	return 0;
}

struct visiting {
	bool (*visit)(void *ctx, uint64_t node);
	void *ctx;
};

static int visit_value(void *ctx, int64_t value)
{
	const struct visiting *v = ctx;
	bool more = v->visit(v->ctx, node_make(NODE_ACTIVITY_LOG, value)) &&
		    v->visit(v->ctx, node_make(NODE_ACTIVITY_JSONL, value));

	return more ? 0 : -ECANCELED;
}

static int kind_affected(struct request *q, uint64_t node,
			 bool (*visit)(void *, uint64_t), void *ctx)
{
	struct visiting v = { visit, ctx };
	int r = store_values_changed(q->store, kind_of(node), visit_value, &v);

	return r == -ECANCELED ? 0 : view_error(r);
}

const struct view view_activity_kind = {
	.getattr = dir_getattr,
	.lookup = kind_lookup,
	.readdir = kind_readdir,
	.affected = kind_affected,
};

/* --- a value ------------------------------------------------------------------------------ */

static int value_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_value value;
	int r = view_error(store_value_get(q->store, node_row(node), q->arena, &value));

	if (r == 0 && value.kind == STORE_VALUE_SESSION)
		r = TREE_E_NOT_FOUND;
	if (r == 0)
		*ret = value_attr((enum node_kind)node_kind(node), &value);
	return r;
}

/* An event's line, and those of the changes it caused. */
static int render_act(struct request *q, int64_t event, bool text, struct arena *a,
		      struct buf *out)
{
	int64_t *states;
	size_t n = 0;
	int r = view_event_line(q, event, text, a, out);

	if (r == 0)
		r = view_error(store_changes_of_event(q->store, event, a, &states, &n));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = view_change_line(q, states[i], event, text, a, out);
	return r;
}

static int value_seek(struct request *q, uint64_t node, uint64_t offset,
		      struct stream_key *ret_key, uint64_t *ret_offset)
{
	struct store_act after;
	int r = view_error(store_activity_seek(q->store, node_row(node),
					       node_kind(node) == NODE_ACTIVITY_JSONL,
					       offset, &after, ret_offset));

	if (r == 0)
		*ret_key = (struct stream_key){ { after.second, after.rank, after.event,
						  0 } };
	return r;
}

static int value_next(struct request *q, uint64_t node, size_t want,
		      struct stream_key *key, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_act acts[ACTS_PAGE];
	bool text = node_kind(node) == NODE_ACTIVITY_LOG;
	size_t n;
	int r;

	do {
		const struct store_act after = { key->part[0], key->part[1],
						 key->part[2] };

		r = view_error(store_activity(q->store, node_row(node), &after, acts,
					      ACTS_PAGE, &n));
		for (size_t i = 0; r == 0 && i < n && out->len < want; i++) {
			arena_reset(&a);
			r = render_act(q, acts[i].event, text, &a, out);
			*key = (struct stream_key){ { acts[i].second, acts[i].rank,
						      acts[i].event, 0 } };
			/* A second listing of the same event has no key of its own. */
			for (; r == 0 && i + 1 < n && acts[i + 1].event == acts[i].event;
			     i++)
				r = render_act(q, acts[i].event, text, &a, out);
		}
	} while (r == 0 && n > 0 && out->len < want);
	return r;
}

static const struct stream value_stream = { .seek = value_seek, .next = value_next };

const struct view view_activity_value = {
	.getattr = value_getattr,
	.stream = &value_stream,
};
