/* SPDX-License-Identifier: Apache-2.0 */

/*
 * alarms/ACCOUNT/REGION/NAME/TIME: every alarm a directory, every transition a file. Directories
 * are listed by row; transitions by time, which with the number among those of one millisecond is
 * the cookie, too.
 */

#include "view.h"

#include <errno.h>

#include "model/name.h"
#include "model/timestamp.h"
#include "store/alarms.h"

#define COOKIE_TWIN_BITS 20
#define NAME_SUFFIX      ".json" /* of a state's name, which a transition's lacks */

static struct tree_attr folder_attr(struct request *q, uint64_t node, uint64_t parent,
				    int64_t newest_ms)
{
	return (struct tree_attr){ .node = node,
				   .parent = parent,
				   .type = TREE_DIR,
				   .growing = true,
				   .mtime_ms = newest_ms,
				   .stamp = q->label };
}

static uint64_t folder_node(int64_t id)
{
	return id ? node_make(NODE_ALARM_FOLDER, id) : NODE_FIXED_ALARMS;
}

/* Regions hold alarms, accounts and alarms/ itself hold folders. */
static int is_region(struct request *q, uint64_t node, bool *ret)
{
	struct store_alarm_folder f;
	int r;

	*ret = false;
	if (node == NODE_FIXED_ALARMS)
		return 0;
	r = view_error(store_alarm_folder_get(q->store, node_row(node), q->arena, &f));
	if (r == 0)
		*ret = f.parent != 0;
	return r;
}

static int64_t row_of(uint64_t node)
{
	return node == NODE_FIXED_ALARMS ? 0 : node_row(node);
}

static struct tree_attr child_attr(struct request *q, bool alarm,
				   const struct store_alarm_folder *f)
{
	return folder_attr(q, alarm ? node_make(NODE_ALARM, f->id) : folder_node(f->id),
			   folder_node(f->parent), f->newest_ms);
}

static int page(struct request *q, bool alarms, int64_t row, int64_t after,
		struct store_alarm_folder *ret, size_t n, size_t *ret_n)
{
	return view_error(
		alarms ? store_alarm_places(q->store, row, after, q->arena, ret, n, ret_n)
		       : store_alarm_folders(q->store, row, after, q->arena, ret, n,
					     ret_n));
}

/* alarms/ has no row; it is as new as its newest account. */
static int top_getattr(struct request *q, struct tree_attr *ret)
{
	struct store_alarm_folder all[VIEW_PAGE_FIRST];
	int64_t newest_ms = 0, after = 0;
	size_t n;

	do {
		int r = page(q, false, 0, after, all, ARRAY_SIZE(all), &n);

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			newest_ms = MAX(newest_ms, all[i].newest_ms);
			after = all[i].id;
		}
	} while (n == ARRAY_SIZE(all));
	*ret = folder_attr(q, NODE_FIXED_ALARMS, TREE_ROOT, newest_ms);
	return 0;
}

static int folder_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_alarm_folder f;
	int r;

	if (node == NODE_FIXED_ALARMS)
		return top_getattr(q, ret);
	r = view_error(store_alarm_folder_get(q->store, node_row(node), q->arena, &f));
	if (r == 0)
		*ret = child_attr(q, false, &f);
	return r;
}

static int folder_lookup(struct request *q, uint64_t node, struct str name,
			 struct tree_attr *ret)
{
	struct store_alarm_folder f;
	bool alarms;
	int r = is_region(q, node, &alarms);

	if (r == 0)
		r = view_error(alarms ? store_alarm_place_find(q->store, row_of(node),
							       name, q->arena, &f)
				      : store_alarm_folder_find(q->store, row_of(node),
								name, q->arena, &f));
	if (r == 0)
		*ret = child_attr(q, alarms, &f);
	return r;
}

static int folder_readdir(struct request *q, uint64_t node, uint64_t cookie,
			  const struct tree_lister *lister)
{
	struct store_alarm_folder all[VIEW_PAGE_FIRST];
	int64_t after = (int64_t)cookie;
	bool alarms;
	size_t n;
	int r = is_region(q, node, &alarms);

	if (cookie >> NODE_ROW_BITS)
		return TREE_E_BAD_COOKIE;
	do {
		if (r == 0)
			r = page(q, alarms, row_of(node), after, all, ARRAY_SIZE(all),
				 &n);
		for (size_t i = 0; r == 0 && i < n; i++) {
			struct tree_attr attr = child_attr(q, alarms, &all[i]);

			after = all[i].id;
			if (!lister->entry(lister->ctx,
					   &(struct tree_entry){ all[i].name, &attr,
								 (uint64_t)after }))
				return 0;
		}
	} while (r == 0 && n == ARRAY_SIZE(all));
	return r;
}

static int alarms_files(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	if (r == 0)
		*ret = node == NODE_FIXED_ALARMS ? totals.transitions : 0;
	return r;
}

const struct view view_alarms = {
	.getattr = folder_getattr,
	.lookup = folder_lookup,
	.readdir = folder_readdir,
	.files = alarms_files,
};

/* --- an alarm ------------------------------------------------------------------------------ */

static struct tree_attr file_attr(const struct store_transition_file *f)
{
	return (struct tree_attr){ .node = node_make(NODE_TRANSITION, f->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = f->size,
				   .mtime_ms = f->time_ms };
}

static int alarm_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_alarm_folder f;
	int r = view_error(store_alarm_place_get(q->store, node_row(node), q->arena, &f));

	if (r == 0)
		*ret = child_attr(q, true, &f);
	return r;
}

/* Of a state's name what stands before its suffix. */
static struct str file_name(const struct store_transition_file *f,
			    char buffer[NAME_STATE_SIZE])
{
	name_state(f->time_ms, f->twin, buffer);
	return (struct str){ buffer, strlen(buffer) - strlen(NAME_SUFFIX) };
}

static int alarm_lookup(struct request *q, uint64_t node, struct str name,
			struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf whole = BUF_INIT;
	struct store_transition_file f;
	int64_t time_ms;
	unsigned twin;
	bool canonical;
	size_t n;
	int r;

	buf_put_str(&whole, name);
	buf_put_text(&whole, NAME_SUFFIX);
	if (buf_error(&whole))
		return -ENOMEM;
	if (str_ends(name, NAME_SUFFIX) ||
	    !name_state_parse(buf_str(&whole), &time_ms, &twin, &canonical))
		return TREE_E_NOT_FOUND;
	/* The one behind the twin before it, or behind the millisecond before. */
	r = view_error(store_transition_files(q->store, node_row(node),
					      twin ? time_ms : time_ms - 1,
					      twin ? twin - 1 : UINT32_MAX, &f, 1, &n));
	if (r == 0 && (n == 0 || f.time_ms != time_ms || f.twin != twin))
		r = TREE_E_NOT_FOUND;
	if (r == 0)
		*ret = file_attr(&f);
	return r;
}

/* Calls back with each transition behind the cookie; false stops. */
static int each_file(struct request *q, uint64_t node, uint64_t cookie,
		     bool (*each)(void *ctx, const struct store_transition_file *f),
		     void *ctx)
{
	struct store_transition_file all[VIEW_PAGE_FIRST];
	uint64_t at = cookie - 1;
	int64_t after_ms = cookie ? (int64_t)(at >> COOKIE_TWIN_BITS) : -1;
	unsigned after_twin =
		cookie ? (unsigned)(at & ((1u << COOKIE_TWIN_BITS) - 1)) : 0;
	size_t n;

	if (cookie && after_ms >= TIMESTAMP_MAX)
		return TREE_E_BAD_COOKIE;
	do {
		int r = view_error(store_transition_files(q->store, node_row(node),
							  after_ms, after_twin, all,
							  ARRAY_SIZE(all), &n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			if (!each(ctx, &all[i]))
				return 0;
			after_ms = all[i].time_ms;
			after_twin = all[i].twin;
		}
	} while (n == ARRAY_SIZE(all));
	return 0;
}

static bool list_file(void *ctx, const struct store_transition_file *f)
{
	const struct tree_lister *lister = ctx;
	struct tree_attr attr = file_attr(f);
	char buffer[NAME_STATE_SIZE];
	uint64_t next = ((uint64_t)f->time_ms << COOKIE_TWIN_BITS | f->twin) + 1;

	return lister->entry(lister->ctx,
			     &(struct tree_entry){ file_name(f, buffer), &attr, next });
}

static int alarm_readdir(struct request *q, uint64_t node, uint64_t cookie,
			 const struct tree_lister *lister)
{
	struct tree_lister copy = *lister;

	return each_file(q, node, cookie, list_file, &copy);
}

struct visiting {
	bool (*visit)(void *, uint64_t);
	void *ctx;
};

static bool visit_file(void *ctx, const struct store_transition_file *f)
{
	const struct visiting *v = ctx;

	return v->visit(v->ctx, node_make(NODE_TRANSITION, f->id));
}

static int alarm_affected(struct request *q, uint64_t node,
			  bool (*visit)(void *, uint64_t), void *ctx)
{
	struct visiting v = { visit, ctx };

	return each_file(q, node, 0, visit_file, &v);
}

const struct view view_alarm = {
	.getattr = alarm_getattr,
	.lookup = alarm_lookup,
	.readdir = alarm_readdir,
	.affected = alarm_affected,
};

static int transition_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_transition_file f;
	int r = view_error(store_transition_file_get(q->store, node_row(node), &f));

	if (r == 0)
		*ret = file_attr(&f);
	return r;
}

static int transition_render(struct request *q, uint64_t node, struct buf *out)
{
	return view_error(store_transition_text(q->store, node_row(node), out));
}

const struct view view_transition = {
	.getattr = transition_getattr,
	.render = transition_render,
};
