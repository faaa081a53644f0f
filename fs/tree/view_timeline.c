/* SPDX-License-Identifier: Apache-2.0 */

/*
 * timeline/YYYY/MM/DD.log and DD.jsonl. Only what has lines is listed: years and months are found
 * by leaping from one day that has some to the next. A day's file is streamed: its lines' lengths
 * are in the history, the lines are made as they are read.
 */

#include "view.h"

#include <errno.h>
#include <stdio.h>

#include "model/timestamp.h"
#include "render/line.h"
#include "store/timeline.h"

#define FIRST_YEAR 1970
#define LAST_YEAR  2099
#define LINES_PAGE 64 /* rows read at once */

/* --- the calendar ------------------------------------------------------------------------- */

/* Days from 1970 to the first of the month; months may be 12 and more. */
static int64_t month_day(int64_t year, int64_t month)
{
	char text[sizeof("2024-05-01") + 40];
	int64_t ms = 0;

	year += month / 12;
	month %= 12;
	(void)snprintf(text, sizeof(text), "%04lld-%02lld-01", (long long)year,
		       (long long)month + 1);
	if (year > LAST_YEAR)
		return TIMESTAMP_MAX / STORE_DAY_MS;
	(void)!timestamp_parse(str_of(text), &ms);
	return ms / STORE_DAY_MS;
}

struct date {
	unsigned year, month, day; /* month from 1 */
};

static struct date date_of(int64_t day)
{
	char iso[TIMESTAMP_ISO_SIZE];
	struct date d = { 0 };

	timestamp_format(day * STORE_DAY_MS, iso);
	(void)sscanf(iso, "%4u-%2u-%2u", &d.year, &d.month, &d.day);
	return d;
}

/* The days a directory stands for: from the first to before the second. */
struct span {
	int64_t from, to;
};

static struct span span_of(uint64_t node)
{
	int64_t row = node_row(node);

	if (node_kind(node) == NODE_YEAR)
		return (struct span){ month_day(row, 0), month_day(row, 12) };
	if (node_kind(node) == NODE_MONTH)
		return (struct span){ month_day(row / 12, row % 12),
				      month_day(row / 12, row % 12 + 1) };
	return (struct span){ 0, TIMESTAMP_MAX / STORE_DAY_MS };
}

/* Exactly so many digits. */
static bool parse_digits(struct str text, size_t n, unsigned *ret)
{
	*ret = 0;
	if (text.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*ret = *ret * 10 + (unsigned)(text.p[i] - '0');
	}
	return true;
}

/* --- directories -------------------------------------------------------------------------- */

static uint64_t parent_of(uint64_t node)
{
	if (node_kind(node) == NODE_MONTH)
		return node_make(NODE_YEAR, node_row(node) / 12);
	return node_kind(node) == NODE_YEAR ? node_make(NODE_FIXED, NODE_FIXED_TIMELINE)
					    : TREE_ROOT;
}

static bool is_possible(uint64_t node)
{
	int64_t row = node_row(node);

	if (node_kind(node) == NODE_YEAR)
		return row >= FIRST_YEAR && row <= LAST_YEAR;
	return node_kind(node) != NODE_MONTH ||
	       (row >= FIRST_YEAR * 12 && row < (LAST_YEAR + 1) * 12);
}

/* Has it lines? timeline/ itself is there without. */
static int dir_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct span span;
	int64_t newest;
	int r;

	if (!is_possible(node))
		return TREE_E_NOT_FOUND;
	span = span_of(node);
	r = view_error(store_timeline_newest(q->store, span.to * STORE_DAY_MS, &newest));
	if (r == 0 && newest < span.from * STORE_DAY_MS) {
		newest = 0;
		r = node_kind(node) == NODE_FIXED ? 0 : TREE_E_NOT_FOUND;
	}
	if (r == 0)
		*ret = (struct tree_attr){ .node = node,
					   .parent = parent_of(node),
					   .type = TREE_DIR,
					   .growing = true,
					   .mtime_ms = newest,
					   .stamp = q->label };
	return r;
}

static int timeline_lookup(struct request *q, uint64_t node, struct str name,
			   struct tree_attr *ret)
{
	bool is_year = node_kind(node) == NODE_YEAR;
	unsigned n;

	if (!parse_digits(name, is_year ? 2 : 4, &n))
		return TREE_E_NOT_FOUND;
	if (is_year)
		return n < 1 || n > 12
			       ? TREE_E_NOT_FOUND
			       : dir_getattr(q,
					     node_make(NODE_MONTH,
						       node_row(node) * 12 + n - 1),
					     ret);
	return dir_getattr(q, node_make(NODE_YEAR, n), ret);
}

/* Years, or a year's months: the cookie is the day to go on with. */
static int timeline_readdir(struct request *q, uint64_t node, uint64_t cookie,
			    const struct tree_lister *lister)
{
	bool is_year = node_kind(node) == NODE_YEAR;
	struct span span = span_of(node);

	if (cookie > (uint64_t)(TIMESTAMP_MAX / STORE_DAY_MS))
		return TREE_E_BAD_COOKIE;
	span.from = MAX(span.from, (int64_t)cookie);
	for (;;) {
		struct tree_attr attr;
		struct store_day day;
		char name[24];
		struct date d;
		size_t n;
		int r = view_error(store_days(q->store, span.from, span.to, &day, 1, &n));

		if (r || n == 0)
			return r;
		d = date_of(day.day);
		(void)snprintf(name, sizeof(name), is_year ? "%02u" : "%04u",
			       is_year ? d.month : d.year);
		r = dir_getattr(q,
				is_year ? node_make(NODE_MONTH,
						    (int64_t)d.year * 12 + d.month - 1)
					: node_make(NODE_YEAR, d.year),
				&attr);
		if (r)
			return r;
		span.from = span_of(attr.node).to;
		if (!lister->entry(lister->ctx,
				   &(struct tree_entry){ str_of(name), &attr,
							 (uint64_t)span.from }))
			return 0;
	}
}

static int timeline_files(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	(void)node;
	if (r == 0)
		*ret = 2 * totals.days;
	return r;
}

const struct view view_timeline = {
	.getattr = dir_getattr,
	.lookup = timeline_lookup,
	.readdir = timeline_readdir,
	.files = timeline_files,
};

/* --- the days of a month ------------------------------------------------------------------ */

/* No node has row 0, but 1970-01-01 is a day: rows of days are counted from 1. */
static uint64_t day_node(enum node_kind kind, int64_t day)
{
	return node_make(kind, day + 1);
}

static int64_t day_of(uint64_t node)
{
	return node_row(node) - 1;
}

static struct tree_attr day_attr(enum node_kind kind, const struct store_day *day)
{
	return (struct tree_attr){ .node = day_node(kind, day->day),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = kind == NODE_DAY_LOG ? day->text_len
								: day->jsonl_len,
				   .mtime_ms = day->newest_ms };
}

static int day_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_day day;
	int r;

	if (day_of(node) >= TIMESTAMP_MAX / STORE_DAY_MS)
		return TREE_E_NOT_FOUND;
	r = view_error(store_day_get(q->store, day_of(node), &day));
	if (r == 0)
		*ret = day_attr((enum node_kind)node_kind(node), &day);
	return r;
}

static int month_lookup(struct request *q, uint64_t node, struct str name,
			struct tree_attr *ret)
{
	struct span span = span_of(node);
	bool text = str_ends(name, ".log");
	unsigned n;

	if (!text && !str_ends(name, ".jsonl"))
		return TREE_E_NOT_FOUND;
	name.n -= strlen(text ? ".log" : ".jsonl");
	if (!parse_digits(name, 2, &n) || n < 1 || span.from + n > span.to)
		return TREE_E_NOT_FOUND;
	return day_getattr(
		q, day_node(text ? NODE_DAY_LOG : NODE_DAY_JSONL, span.from + n - 1),
		ret);
}

static bool list_day(const struct tree_lister *lister, const struct store_day *day,
		     bool text)
{
	enum node_kind kind = text ? NODE_DAY_LOG : NODE_DAY_JSONL;
	struct tree_attr attr = day_attr(kind, day);
	char name[24];

	(void)snprintf(name, sizeof(name), "%02u%s", date_of(day->day).day,
		       text ? ".log" : ".jsonl");
	return lister->entry(lister->ctx, &(struct tree_entry){ str_of(name), &attr,
								(uint64_t)day->day * 2 +
									(text ? 2 : 1) });
}

/* The cookie is twice the day, and one more behind its .jsonl, two more behind its .log. */
static int month_readdir(struct request *q, uint64_t node, uint64_t cookie,
			 const struct tree_lister *lister)
{
	struct span span = span_of(node);
	struct store_day days[31];
	size_t n;
	int r;

	if (cookie > (uint64_t)(TIMESTAMP_MAX / STORE_DAY_MS) * 2 + 2)
		return TREE_E_BAD_COOKIE;
	r = view_error(store_days(q->store, MAX(span.from, (int64_t)cookie / 2), span.to,
				  days, ARRAY_SIZE(days), &n));
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool half = cookie == (uint64_t)days[i].day * 2 + 1;

		r = view_error(store_timeline_newest(
			q->store, (days[i].day + 1) * STORE_DAY_MS, &days[i].newest_ms));
		if (r)
			return r;
		if ((!half && !list_day(lister, &days[i], false)) ||
		    !list_day(lister, &days[i], true))
			return 0;
	}
	return r;
}

static int month_affected(struct request *q, uint64_t node,
			  bool (*visit)(void *, uint64_t), void *ctx)
{
	struct span span = span_of(node);

	(void)q;
	for (int64_t day = span.from; day < span.to; day++)
		if (!visit(ctx, day_node(NODE_DAY_LOG, day)) ||
		    !visit(ctx, day_node(NODE_DAY_JSONL, day)))
			break;
	return 0;
}

const struct view view_month = {
	.getattr = dir_getattr,
	.lookup = month_lookup,
	.readdir = month_readdir,
	.affected = month_affected,
};

/* --- a day -------------------------------------------------------------------------------- */

int view_event_line(struct request *q, int64_t event, bool text, struct arena *a,
		    struct buf *out)
{
	struct event_told told;
	struct event e;
	int r = view_error(store_event_line(q->store, event, a, &e, &told));

	if (r)
		return r;
	if (text)
		render_event_line(out, &e, &told);
	else
		render_event_line_jsonl(out, &e, &told);
	return 0;
}

int view_change_line(struct request *q, int64_t state, int64_t event, bool text,
		     struct arena *a, struct buf *out)
{
	struct story_event cause;
	struct story_entry e;
	int r = view_error(store_change_line(q->store, state, event, a, &e, &cause));

	if (r)
		return r;
	if (text)
		render_change_line(out, &e, e.n_causes ? &cause : NULL);
	else
		render_change_line_jsonl(out, &e, e.n_causes ? &cause : NULL);
	return 0;
}

static int render_transition(struct request *q, int64_t row, bool text, struct arena *a,
			     struct buf *out)
{
	struct store_transition t;
	struct transition transition;
	int r = view_error(store_transition_get(q->store, row, a, &t));

	if (r)
		return r;
	transition = store_transition_model(&t);
	if (text)
		render_transition_line(out, &transition);
	else
		render_transition_line_jsonl(out, &transition);
	return 0;
}

static int render_line(struct request *q, const struct store_line *line, bool text,
		       struct arena *a, struct buf *out)
{
	switch (line->kind) {
	case STORE_LINE_ATTEMPT:
		return view_event_line(q, line->ref, text, a, out);
	case STORE_LINE_CHANGE:
		return view_change_line(q, line->ref, 0, text, a, out);
	case STORE_LINE_TRANSITION:
		return render_transition(q, line->ref, text, a, out);
	}
	return -EIO;
}

static struct stream_key key_of(const struct store_line *l)
{
	return (struct stream_key){ { l->time_ms, (int64_t)l->kind << 32 | l->twin,
				      l->rank, l->ref } };
}

static struct store_line line_at(const struct stream_key *key)
{
	return (struct store_line){ .time_ms = key->part[0],
				    .kind = (enum store_line_kind)(key->part[1] >> 32),
				    .twin = key->part[1] & UINT32_MAX,
				    .rank = key->part[2],
				    .ref = key->part[3] };
}

static int day_seek(struct request *q, uint64_t node, uint64_t offset,
		    struct stream_key *ret_key, uint64_t *ret_offset)
{
	struct store_line after;
	int r = view_error(store_timeline_seek(q->store, day_of(node),
					       node_kind(node) == NODE_DAY_JSONL, offset,
					       &after, ret_offset));

	if (r == 0)
		*ret_key = key_of(&after);
	return r;
}

static int day_next(struct request *q, uint64_t node, size_t want, struct stream_key *key,
		    struct buf *out)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	bool text = node_kind(node) == NODE_DAY_LOG;
	struct store_line lines[LINES_PAGE], after = line_at(key);
	int64_t day = day_of(node);
	size_t n, i;
	int r;

	after.time_ms = MAX(after.time_ms, day * STORE_DAY_MS);
	do {
		r = view_error(store_timeline(q->store, &after, (day + 1) * STORE_DAY_MS,
					      lines, LINES_PAGE, &n));
		for (i = 0; r == 0 && i < n && out->len < want; i++) {
			arena_reset(&a);
			r = render_line(q, &lines[i], text, &a, out);
			after = lines[i];
		}
	} while (r == 0 && n == LINES_PAGE && out->len < want);
	*key = key_of(&after);
	return r;
}

static const struct stream day_stream = { .seek = day_seek, .next = day_next };

const struct view view_day = {
	.getattr = day_getattr,
	.stream = &day_stream,
};
