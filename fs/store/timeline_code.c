/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a row of the timeline. Its lines are a few columns of numbers, each as wide as its
 * row needs. Of a row
 *
 *   lines       how many
 *   has         kinds there are 3 bits, some have a rank, some are twins, refs of changes are in two
 *               columns: resource, and the state's number
 *   widths      in bits: of the milliseconds since the line before; where some are twins, of their
 *               numbers
 *   of each kind there is: the least and the width of refs, of changes then of numbers (where refs
 *               are in two columns), of lengths in .log, and of what lengths
 *               in .jsonl differ from twice those by: that is the same of most
 *
 * with least ones as numbers of util/varint.h, refs and what differs by zigzag; and bits of each line
 *
 *   milliseconds since the line before it, of the first since the row's
 *   kind, where there are several
 *   of a change, where some have one: has it a rank? then 40 bits of that; of others 64
 *   where some are twins: is it one? then its number
 *   ref, number, both lengths, less the least
 */
#include "timeline_row.h"

#include "pack.h"
#include "util/bits.h"
#include "util/varint.h"

#define KINDS       3u
#define KIND_BITS   2u
#define SOME_RANKS  (1u << KINDS)
#define SOME_TWINS  (2u << KINDS)
#define NUMBERED    (4u << KINDS)
#define RANK_CUT    23u /* bits of a change's 63 that are not kept */
#define CHANGE_BITS (63u - RANK_CUT)
#define RANK_BITS   64u
#define PLACE_BITS \
	20 /* of a place, below the milliseconds: two of the kind, the rest the rank's */
#define PLACE_MS_MAX (INT64_MAX >> PLACE_BITS)

_Static_assert(STORE_LINE_TRANSITION + 1 == KINDS, "a bit each");

int timeline_order(const void *a, const void *b)
{
	const struct store_line *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->twin != y->twin)
		return x->twin < y->twin ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

int64_t timeline_place(const struct store_line *line)
{
	/* In its order, but from 0 on. */
	uint64_t rank = (uint64_t)line->rank ^ UINT64_C(1) << 63;

	if (line->time_ms > PLACE_MS_MAX)
		return INT64_MAX;
	if (line->time_ms < -PLACE_MS_MAX)
		return INT64_MIN;
	return line->time_ms * (INT64_C(1) << PLACE_BITS) +
	       (int64_t)((uint64_t)line->kind << (PLACE_BITS - 2) |
			 rank >> (64 - (PLACE_BITS - 2)));
}

int64_t timeline_rank(const struct store_line *line)
{
	return line->kind == STORE_LINE_CHANGE && line->rank != TIMELINE_NO_RANK
		       ? line->rank >> RANK_CUT << RANK_CUT
		       : line->rank;
}

bool timeline_beside(int64_t a, int64_t b)
{
	return a >> (PLACE_BITS - KIND_BITS) == b >> (PLACE_BITS - KIND_BITS);
}

bool timeline_is_first(int64_t place)
{
	return (place & ((INT64_C(1) << (PLACE_BITS - KIND_BITS)) - 1)) == 0;
}

int64_t timeline_time(int64_t place)
{
	return place >> PLACE_BITS;
}

/* --- columns ------------------------------------------------------------------------------- */

enum { REF, NUMBER, TEXT, JSONL, COLUMNS };

struct column {
	int64_t least;
	unsigned width;
};

/* What is told of a row before its lines. */
struct head {
	uint64_t lines;
	unsigned has, time, twin;
	struct column columns[KINDS][COLUMNS];
};

/* Histories have rows from before states had numbers. */
static bool is_numbered(const struct store_line *l)
{
	return l->kind != STORE_LINE_CHANGE || (l->ref >= 0 && l->ref <= STATE_ID_MAX);
}

static void values_of(const struct store_line *l, bool numbered, int64_t ret[COLUMNS])
{
	bool two = numbered && l->kind == STORE_LINE_CHANGE;

	ret[REF] = two ? state_resource(l->ref) : l->ref;
	ret[NUMBER] = two ? state_number(l->ref) : 0;
	ret[TEXT] = l->text_len;
	ret[JSONL] = (int64_t)l->jsonl_len - 2 * (int64_t)l->text_len;
}

static bool is_signed(unsigned column)
{
	return column == REF || column == JSONL;
}

static bool has_column(unsigned has, unsigned kind, unsigned column)
{
	return has & 1u << kind &&
	       (column != NUMBER || (has & NUMBERED && kind == STORE_LINE_CHANGE));
}

/* Only a change may be without. */
static bool has_rank(const struct store_line *l)
{
	return l->kind != STORE_LINE_CHANGE || l->rank != TIMELINE_NO_RANK;
}

/* As wide as the difference of the two; the least is that of the lines before, if there are any. */
static void widen(struct column *c, bool any, int64_t value, int64_t *greatest)
{
	if (!any || value < c->least)
		c->least = value;
	if (!any || value > *greatest)
		*greatest = value;
	c->width = bits_of((uint64_t)*greatest - (uint64_t)c->least);
}

static struct head head_of(int64_t first_ms, const struct store_line *lines, size_t n)
{
	struct head h = { .lines = n };
	int64_t greatest[KINDS][COLUMNS] = { { 0 } }, last_ms = first_ms;
	bool numbered = true;

	for (size_t i = 0; i < n; i++)
		numbered = numbered && is_numbered(&lines[i]);
	h.has = numbered ? NUMBERED : 0;
	for (size_t i = 0; i < n; i++) {
		const struct store_line *l = &lines[i];
		int64_t values[COLUMNS];

		values_of(l, numbered, values);
		for (unsigned c = 0; c < COLUMNS; c++)
			widen(&h.columns[l->kind][c], h.has & 1u << l->kind, values[c],
			      &greatest[l->kind][c]);
		h.has |= 1u << l->kind | (l->twin ? SOME_TWINS : 0) |
			 (l->kind == STORE_LINE_CHANGE && has_rank(l) ? SOME_RANKS : 0);
		h.time = MAX(h.time, bits_of((uint64_t)l->time_ms - (uint64_t)last_ms));
		h.twin = MAX(h.twin, bits_of((uint64_t)l->twin));
		last_ms = l->time_ms;
	}
	return h;
}

static bool has_kinds(const struct head *h)
{
	unsigned kinds = h->has & (SOME_RANKS - 1);

	return (kinds & (kinds - 1)) != 0;
}

/* --- putting ------------------------------------------------------------------------------- */

static void put_head(struct buf *out, const struct head *h)
{
	varint_put(out, h->lines);
	buf_put_char(out, (char)h->has);
	buf_put_char(out, (char)h->time);
	if (h->has & SOME_TWINS)
		buf_put_char(out, (char)h->twin);
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned c = 0; c < COLUMNS; c++) {
			const struct column *column = &h->columns[k][c];

			if (!has_column(h->has, k, c))
				continue;
			varint_put(out, is_signed(c) ? zigzag(column->least)
						     : (uint64_t)column->least);
			buf_put_char(out, (char)column->width);
		}
}

static void put_line(struct bits_out *out, const struct head *h, int64_t last_ms,
		     const struct store_line *l)
{
	const struct column *columns = h->columns[l->kind];
	bool change = l->kind == STORE_LINE_CHANGE;
	int64_t values[COLUMNS];

	bits_put(out, (uint64_t)l->time_ms - (uint64_t)last_ms, h->time);
	if (has_kinds(h))
		bits_put(out, l->kind, KIND_BITS);
	if (change && h->has & SOME_RANKS)
		bits_put(out, has_rank(l), 1);
	if (has_rank(l))
		bits_put(out, (uint64_t)l->rank >> (change ? RANK_CUT : 0),
			 change ? CHANGE_BITS : RANK_BITS);
	if (h->has & SOME_TWINS)
		bits_put(out, l->twin != 0, 1);
	if (l->twin)
		bits_put(out, (uint64_t)l->twin, h->twin);
	values_of(l, h->has & NUMBERED, values);
	for (unsigned c = 0; c < COLUMNS; c++)
		bits_put(out, (uint64_t)values[c] - (uint64_t)columns[c].least,
			 columns[c].width);
}

void timeline_encode(struct buf *out, int64_t first_ms, const struct store_line *lines,
		     size_t n)
{
	const struct head head = head_of(first_ms, lines, n);
	struct bits_out bits = { .out = out };

	put_head(out, &head);
	for (size_t i = 0; i < n; i++) {
		put_line(&bits, &head, first_ms, &lines[i]);
		first_ms = lines[i].time_ms;
	}
	bits_end(&bits);
}

/* --- taking -------------------------------------------------------------------------------- */

static bool take_width(struct str *in, unsigned most, unsigned *ret)
{
	if (!in->n)
		return false;
	*ret = (unsigned char)in->p[0];
	*in = str_from(*in, 1);
	return *ret <= most;
}

static bool take_column(struct str *in, unsigned c, struct column *ret)
{
	uint64_t least;

	if (!varint_take(in, &least) || !take_width(in, 64, &ret->width))
		return false;
	ret->least = is_signed(c) ? unzigzag(least) : (int64_t)least;
	return true;
}

/* Lines differ, so each but one takes a bit at least. */
static bool take_head(struct str *in, struct head *ret)
{
	*ret = (struct head){ 0 };
	if (!varint_take(in, &ret->lines) || !ret->lines || ret->lines - 1 > 8 * in->n ||
	    !take_width(in, (1u << (KINDS + 3)) - 1, &ret->has) ||
	    !(ret->has & (SOME_RANKS - 1)) || !take_width(in, 64, &ret->time) ||
	    (ret->has & SOME_TWINS && !take_width(in, 64, &ret->twin)))
		return false;
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned c = 0; c < COLUMNS; c++)
			if (has_column(ret->has, k, c) &&
			    !take_column(in, c, &ret->columns[k][c]))
				return false;
	return true;
}

static bool take_kind(struct bits_in *in, const struct head *h, struct store_line *ret)
{
	uint64_t kind = (uint64_t)__builtin_ctz(h->has);

	if (has_kinds(h) && !bits_take(in, KIND_BITS, &kind))
		return false;
	ret->kind = (enum store_line_kind)kind;
	return kind < KINDS && h->has & 1u << kind;
}

static bool take_rank(struct bits_in *in, const struct head *h, struct store_line *ret)
{
	bool change = ret->kind == STORE_LINE_CHANGE;
	uint64_t has = !change, rank;

	if (change && h->has & SOME_RANKS && !bits_take(in, 1, &has))
		return false;
	ret->rank = TIMELINE_NO_RANK;
	if (!has)
		return true;
	if (!bits_take(in, change ? CHANGE_BITS : RANK_BITS, &rank))
		return false;
	ret->rank = (int64_t)(rank << (change ? RANK_CUT : 0));
	return true;
}

static bool take_twin(struct bits_in *in, const struct head *h, struct store_line *ret)
{
	uint64_t is_twin = 0, twin = 0;

	if (h->has & SOME_TWINS && !bits_take(in, 1, &is_twin))
		return false;
	if (is_twin && !bits_take(in, h->twin, &twin))
		return false;
	ret->twin = (int64_t)twin;
	return true;
}

static bool take_lengths(struct bits_in *in, const struct head *h, struct store_line *ret)
{
	const struct column *columns = h->columns[ret->kind];
	uint64_t values[COLUMNS];
	int64_t text, jsonl;

	for (unsigned c = 0; c < COLUMNS; c++) {
		if (!bits_take(in, columns[c].width, &values[c]))
			return false;
		values[c] += (uint64_t)columns[c].least;
	}
	ret->ref = (int64_t)values[REF];
	if (has_column(h->has, ret->kind, NUMBER)) {
		if (values[REF] > STATE_ID_MAX >> STATE_NUMBER_BITS ||
		    values[NUMBER] > STATE_NUMBER_MAX)
			return false;
		ret->ref = (int64_t)(values[REF] << STATE_NUMBER_BITS | values[NUMBER]);
	}
	text = (int64_t)values[TEXT];
	if (text < 0 || text > UINT32_MAX)
		return false;
	jsonl = (int64_t)(values[JSONL] + 2 * (uint64_t)text);
	if (jsonl < 0 || jsonl > UINT32_MAX)
		return false;
	ret->text_len = (uint32_t)text;
	ret->jsonl_len = (uint32_t)jsonl;
	return true;
}

/* The line behind `last`. */
static bool take_line(struct bits_in *in, const struct head *h,
		      const struct store_line *last, struct store_line *ret)
{
	uint64_t time;

	*ret = (struct store_line){ 0 };
	if (!bits_take(in, h->time, &time) || !take_kind(in, h, ret) ||
	    !take_rank(in, h, ret) || !take_twin(in, h, ret) || !take_lengths(in, h, ret))
		return false;
	ret->time_ms = (int64_t)((uint64_t)last->time_ms + time);
	return ret->time_ms >= last->time_ms;
}

/* In their order; and a line without a rank is alone of its time and kind. */
static bool follows(const struct store_line *last, const struct store_line *l)
{
	return timeline_order(l, last) > 0 &&
	       (l->time_ms != last->time_ms || l->kind != last->kind ||
		(has_rank(l) && has_rank(last)));
}

bool timeline_decode(int64_t first_ms, struct str in, struct buf *ret)
{
	struct store_line last = { .time_ms = first_ms }, line;
	struct bits_in bits;
	struct head head;

	if (!take_head(&in, &head))
		return false;
	bits = (struct bits_in){ .in = in };
	for (uint64_t i = 0; i < head.lines; i++) {
		if (!take_line(&bits, &head, &last, &line) ||
		    (i && !follows(&last, &line)))
			return false;
		buf_put(ret, &line, sizeof(line));
		last = line;
	}
	return bits_all(&bits);
}
