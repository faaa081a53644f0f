/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a run: state by state what differs from the one before, numbers as in util/varint.h,
 * differences by zigzag. Files of one resource are much alike, and so are their lengths: most are
 * as they were, or longer by as much as another one is.
 *
 *   flags      type of the change 2 bits (3: there is none), reason 3 bits, has more, is measured:
 *              as in told.c; is odd
 *   odd:       status 3 bits, is hidden, has a name, has an ARN, has a number among twins that is
 *              not the next; else it is an ordinary one (status OK)
 *   time       milliseconds since the state before; of the first one none
 *   state, size
 *   differs    where a story was made: a bit for each of the lengths below that differs
 *   measured:  length in inventory.csv, in inventory.jsonl; in snapshot.json, which is expected to
 *              differ by what the size does
 *   a change:  length in changes; in changes.jsonl, which is expected to differ as that does; of its
 *              line in a .log, in a .jsonl
 *   more:      its order in the millisecond, the state before plus 1 (0: the last change's), why
 *   odd:       number among twins, name, ARN
 *
 * Texts are behind their length.
 */
#include "run.h"
#include "util/varint.h"

#define ODD (1u << 7) /* which told_flags() leaves */

#define STATUS_MASK 7u
#define HIDDEN      (1u << 3)
#define NAMED       (1u << 4)
#define ARN         (1u << 5)
#define TWIN        (1u << 6)

/* Lengths in their order; those of what is measured come first. */
enum { CSV, JSONL, ITEM, TEXT, CHANGES_JSONL, LINE, LINE_JSONL, LENGTHS };
#define CHANGE_FIRST TEXT

_Static_assert(sizeof(((struct run_last *)0)->lengths) / sizeof(uint32_t) == LENGTHS,
	       "a length each");

static uint32_t expected_twin(const struct run_last *last, int64_t time_ms)
{
	return last->any && time_ms == last->time_ms ? last->twin + 1 : 0;
}

static uint32_t expected_length(const struct run_last *last, unsigned i,
				const uint32_t *before, uint32_t grown)
{
	if (i == ITEM)
		return before[i] + grown;
	if (i == CHANGES_JSONL)
		return before[i] + last->lengths[TEXT] - before[TEXT];
	return before[i];
}

/* --- putting ------------------------------------------------------------------------------- */

static unsigned odd_of(const struct run_row *row, const struct run_last *last)
{
	return row->status | (row->hidden ? HIDDEN : 0) | (row->name.n ? NAMED : 0) |
	       (row->arn.n ? ARN : 0) |
	       (row->twin != expected_twin(last, row->time_ms) ? TWIN : 0);
}

static void lengths_of(const struct told *t, uint32_t ret[LENGTHS])
{
	const struct store_entry *c = &t->change;
	const uint32_t all[LENGTHS] = { t->csv_len,       t->jsonl_len, t->item_len,
					c->text_len,      c->jsonl_len, c->line_len,
					c->line_jsonl_len };

	memcpy(ret, all, sizeof(all));
}

/* The bits, and the differences. The others stay those of the last row that had them. */
static void put_lengths(struct buf *out, struct run_last *last, const struct told *t,
			uint32_t grown)
{
	unsigned first = t->measured ? CSV : CHANGE_FIRST;
	unsigned end = t->has_change ? LENGTHS : CHANGE_FIRST, differs = 0;
	uint32_t before[LENGTHS], lengths[LENGTHS], expected[LENGTHS];

	if (first == end)
		return;
	memcpy(before, last->lengths, sizeof(before));
	lengths_of(t, lengths);
	for (unsigned i = first; i < end; i++) {
		expected[i] = expected_length(last, i, before, grown);
		differs |= lengths[i] != expected[i] ? 1u << i : 0;
		last->lengths[i] = lengths[i];
	}
	buf_put_char(out, (char)differs);
	for (unsigned i = first; i < end; i++)
		if (differs & 1u << i)
			varint_put(out, zigzag((int32_t)(lengths[i] - expected[i])));
}

static void put_more(struct buf *out, const struct told *t)
{
	varint_put(out, t->seq);
	varint_put(out, t->follows ? 0 : (uint64_t)t->change.previous + 1);
	varint_text_put(out, t->change.why);
}

void run_row_put(struct buf *out, struct run_last *last, const struct run_row *row)
{
	unsigned odd = odd_of(row, last), flags = told_flags(&row->told);
	uint32_t grown = row->size - last->size;

	buf_put_char(out, (char)(flags | (odd ? ODD : 0)));
	if (odd)
		buf_put_char(out, (char)odd);
	if (last->any)
		varint_put(out, (uint64_t)row->time_ms - (uint64_t)last->time_ms);
	varint_put(out, zigzag((int64_t)((uint64_t)row->state - (uint64_t)last->state)));
	varint_put(out, zigzag((int32_t)grown));
	put_lengths(out, last, &row->told, grown);
	if (flags & TOLD_MORE)
		put_more(out, &row->told);
	if (odd & TWIN)
		varint_put(out, row->twin);
	if (odd & NAMED)
		varint_text_put(out, row->name);
	if (odd & ARN)
		varint_text_put(out, row->arn);
	last->time_ms = row->time_ms;
	last->state = row->state;
	last->twin = row->twin;
	last->size = row->size;
	last->any = true;
}

/* --- taking -------------------------------------------------------------------------------- */

/* A number of 32 bits, by its difference to what is expected. */
static bool take_difference(struct str *in, uint32_t expected, uint32_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n) || n > UINT32_MAX)
		return false;
	*ret = expected + (uint32_t)unzigzag(n);
	return true;
}

static bool take_lengths(struct str *in, struct run_last *last, struct told *t,
			 uint32_t grown)
{
	unsigned first = t->measured ? CSV : CHANGE_FIRST;
	unsigned end = t->has_change ? LENGTHS : CHANGE_FIRST, differs;
	uint32_t before[LENGTHS], *l = last->lengths;

	if (first == end)
		return true;
	if (!varint_byte_take(in, &differs) || differs >> end ||
	    differs & ((1u << first) - 1))
		return false;
	memcpy(before, l, sizeof(before));
	for (unsigned i = first; i < end; i++) {
		l[i] = expected_length(last, i, before, grown);
		if (differs & 1u << i && !take_difference(in, l[i], &l[i]))
			return false;
	}
	if (t->measured) {
		t->csv_len = l[CSV];
		t->jsonl_len = l[JSONL];
		t->item_len = l[ITEM];
	}
	if (t->has_change) {
		t->change.text_len = l[TEXT];
		t->change.jsonl_len = l[CHANGES_JSONL];
		t->change.line_len = l[LINE];
		t->change.line_jsonl_len = l[LINE_JSONL];
	}
	return true;
}

static bool take_more(struct str *in, struct told *t)
{
	uint64_t previous;

	if (!varint_take(in, &t->seq) || !varint_take(in, &previous) ||
	    previous > INT64_MAX || !varint_text_take(in, &t->change.why))
		return false;
	t->follows = previous == 0;
	t->change.previous = t->follows ? 0 : (int64_t)previous - 1;
	return true;
}

static bool take_place(struct str *in, const struct run_last *last, struct run_row *ret)
{
	uint64_t time = 0, state;

	/* No state is listed twice, nor is there one of number 0: bytes of zeros are no rows. */
	if ((last->any && !varint_take(in, &time)) || time > INT64_MAX ||
	    !varint_take(in, &state) || !state)
		return false;
	ret->state = (int64_t)((uint64_t)last->state + (uint64_t)unzigzag(state));
	return !__builtin_add_overflow(last->time_ms, (int64_t)time, &ret->time_ms) &&
	       take_difference(in, last->size, &ret->size);
}

static bool take_odd(struct str *in, unsigned odd, const struct run_last *last,
		     struct run_row *ret)
{
	uint64_t twin = expected_twin(last, ret->time_ms);

	if (odd & TWIN && (!varint_take(in, &twin) || twin > UINT32_MAX))
		return false;
	/* In order. */
	if (last->any && ret->time_ms == last->time_ms && twin <= last->twin)
		return false;
	ret->twin = (uint32_t)twin;
	ret->status = odd & STATUS_MASK;
	ret->hidden = odd & HIDDEN;
	return (!(odd & NAMED) || varint_text_take(in, &ret->name)) &&
	       (!(odd & ARN) || varint_text_take(in, &ret->arn));
}

bool run_row_take(struct str *in, struct run_last *last, struct run_row *ret)
{
	unsigned flags, odd = 0;

	*ret = (struct run_row){ 0 };
	if (!varint_byte_take(in, &flags) ||
	    (flags & ODD && !varint_byte_take(in, &odd)) ||
	    odd > (TWIN | ARN | NAMED | HIDDEN | STATUS_MASK) ||
	    !told_of_flags(flags, &ret->told) || !take_place(in, last, ret) ||
	    !take_lengths(in, last, &ret->told, ret->size - last->size) ||
	    (flags & TOLD_MORE && !take_more(in, &ret->told)) ||
	    !take_odd(in, odd, last, ret))
		return false;
	last->time_ms = ret->time_ms;
	last->state = ret->state;
	last->twin = ret->twin;
	last->size = ret->size;
	last->any = true;
	return true;
}
