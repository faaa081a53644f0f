/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a state that tell of it: numbers as in util/varint.h, behind a byte of flags. A
 * change nearly always follows on the one before it, so which that is takes no bytes; and mostly it
 * is all that happened in its millisecond.
 *
 *   flags      type of the change 2 bits (3: there is none), reason 3 bits, has more, is measured
 *   measured:  length in inventory.csv, in inventory.jsonl, in snapshot.json
 *   a change:  length in changes, in changes.jsonl, of its line in a .log and in a .jsonl
 *   more:      its order in the millisecond, the state before plus 1 (0: the last change's), why
 */
#include "told.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "rows.h"
#include "run.h"
#include "util/varint.h"

#define TYPE_MASK    3u
#define TYPE_NONE    3u
#define REASON_SHIFT 2
#define REASON_MASK  7u
#define MEASURED     (1u << 6)

_Static_assert(
	CHANGE_DELETE < TYPE_NONE && REASON_LAST == REASON_MASK,
	"kinds of changes, or reasons, outgrow their bits; or some reasons are none");

unsigned told_flags(const struct told *t)
{
	const struct store_entry *c = &t->change;
	bool more = t->has_change && (t->seq || !t->follows || c->why.n);

	return (t->measured ? MEASURED : 0) | (more ? TOLD_MORE : 0) |
	       (t->has_change ? c->change_type | (unsigned)c->reason << REASON_SHIFT
			      : TYPE_NONE);
}

bool told_of_flags(unsigned flags, struct told *ret)
{
	unsigned reason = flags >> REASON_SHIFT & REASON_MASK;

	*ret = (struct told){ .measured = flags & MEASURED,
			      .has_change = (flags & TYPE_MASK) != TYPE_NONE,
			      .follows = true };
	if (!ret->has_change)
		return !reason && !(flags & TOLD_MORE);
	ret->change.kind = STORE_ENTRY_CHANGE;
	ret->change.change_type = flags & TYPE_MASK;
	ret->change.reason = (uint8_t)reason;
	return true;
}

void told_put(struct buf *out, const struct told *t)
{
	const struct store_entry *c = &t->change;
	unsigned flags = told_flags(t);

	if (!t->measured && !t->has_change)
		return;
	buf_put_char(out, (char)flags);
	if (t->measured) {
		varint_put(out, t->csv_len);
		varint_put(out, t->jsonl_len);
		varint_put(out, t->item_len);
	}
	if (!t->has_change)
		return;
	varint_put(out, c->text_len);
	varint_put(out, c->jsonl_len);
	varint_put(out, c->line_len);
	varint_put(out, c->line_jsonl_len);
	if (!(flags & TOLD_MORE))
		return;
	varint_put(out, t->seq);
	varint_put(out, t->follows ? 0 : (uint64_t)c->previous + 1);
	buf_put_str(out, c->why);
}

static bool take_length(struct str *in, uint32_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool take_more(struct str *in, struct told *t)
{
	uint64_t previous;

	if (!varint_take(in, &t->seq) || !varint_take(in, &previous) ||
	    previous > INT64_MAX)
		return false;
	t->follows = previous == 0;
	t->change.previous = t->follows ? 0 : (int64_t)previous - 1;
	t->change.why = *in;
	in->n = 0;
	return true;
}

bool told_take(struct str in, struct told *ret)
{
	struct store_entry *c = &ret->change;
	unsigned flags;

	*ret = TOLD_NOTHING;
	if (!in.n)
		return true;
	flags = (unsigned char)in.p[0];
	in = str_from(in, 1);
	if (!told_of_flags(flags, ret))
		return false;
	if (ret->measured &&
	    (!take_length(&in, &ret->csv_len) || !take_length(&in, &ret->jsonl_len) ||
	     !take_length(&in, &ret->item_len)))
		return false;
	if (ret->has_change &&
	    (!take_length(&in, &c->text_len) || !take_length(&in, &c->jsonl_len) ||
	     !take_length(&in, &c->line_len) || !take_length(&in, &c->line_jsonl_len)))
		return false;
	return (!(flags & TOLD_MORE) || take_more(&in, ret)) && in.n == 0;
}

int told_of(struct store *s, sqlite3_stmt *q, int column, int64_t state, struct told *ret)
{
	return told_take(col_str(q, column), ret)
		       ? 0
		       : body_damaged(s, "what is told of state", state);
}

/* --- changes ------------------------------------------------------------------------------- */

int told_before(struct store *s, int64_t resource, int64_t time_ms, int64_t *ret)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row = NULL;
	int r = 0;

	*ret = 0;
	if (time_ms == INT64_MIN)
		return 0;
	r = run_seek(&c, resource, INT64_MIN, time_ms - 1, true);
	do {
		if (!r)
			r = run_next(&c, &row);
	} while (!r && row && !row->told.has_change);
	if (!r && row)
		*ret = row->state;
	return r;
}

static bool is_behind(const struct told_change *a, const struct told_change *b)
{
	return a->change.time_ms == b->change.time_ms
		       ? a->seq > b->seq
		       : a->change.time_ms > b->change.time_ms;
}

/* Moves the last one to its place; nearly always it is there. */
static void place_last(struct told_change *all, size_t n)
{
	struct told_change last = all[n - 1];
	size_t i = n - 1;

	for (; i && is_behind(&all[i - 1], &last); i--)
		all[i] = all[i - 1];
	all[i] = last;
}

int told_change_add(struct buf *changes, const struct told *told)
{
	const struct told_change one = { told->change, told->seq };
	int r;

	buf_put(changes, &one, sizeof(one));
	r = buf_error(changes);
	if (!r)
		place_last((struct told_change *)changes->data,
			   changes->len / sizeof(one));
	return r;
}

static int add_change(struct store *s, sqlite3_stmt *q, struct arena *a, struct buf *ret)
{
	struct told told;
	int r = told_of(s, q, 2, col_int(q, 1), &told);

	if (r || !told.has_change)
		return r;
	told.change.time_ms = col_int(q, 0);
	told.change.ref = col_int(q, 1);
	if (told.follows)
		told.change.previous = -1; /* find_previous() will know */
	if (told.change.why.n) {
		told.change.why = arena_str(a, told.change.why);
		if (!told.change.why.p)
			return -ENOMEM;
	}
	return told_change_add(ret, &told);
}

/* Those that follow on the one before them get to know it. */
static int find_previous(struct store *s, int64_t resource, struct told_change *all,
			 size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (all[i].change.previous >= 0)
			continue;
		if (i)
			all[i].change.previous = all[i - 1].change.ref;
		else
			r = told_before(s, resource, all[i].change.time_ms,
					&all[i].change.previous);
	}
	return r;
}

int told_changes(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
		 struct arena *a, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	size_t first = ret->len / sizeof(struct told_change);
	bool row = true;
	int r = sql_open(s, Q_TOLD_BETWEEN, ARGS(INT(resource), INT(from_ms), INT(to_ms)),
			 &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = add_change(s, q, a, ret);
	}
	return r || !ret->len
		       ? r
		       : find_previous(s, resource,
				       (struct told_change *)ret->data + first,
				       ret->len / sizeof(struct told_change) - first);
}
