/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a pack: the number of states, and of each what differs from the one before, numbers as
 * in util/varint.h, differences by zigzag:
 *
 *   capture time, source
 *   kind, doubled; and 1 where it has raw bytes of its own
 *   state id   its number less the capture time, plus 1; 0: a text, behind its length
 *   bytes of its body in the frame; bytes of the body, less those
 *   raw:       length of the column
 *
 * Then a frame of all bodies end to end (each trimmed, trim.c), and the raw columns. Bodies of one
 * resource are much alike: in one frame ten of 2.9 KB take 41 bytes each, packed one by one against
 * another 55 and half as long again, with a dictionary alone some hundreds.
 */
#include "pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/varint.h"

/* --- state ids ----------------------------------------------------------------------------- */

struct state_name state_name_of(struct str id, int64_t capture_ms)
{
	struct state_name text = { .is_text = true, .text = id };
	int64_t n = 0;

	if (!id.n || id.n > 18 || (id.p[0] == '0' && id.n > 1))
		return text;
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] < '0' || id.p[i] > '9')
			return text;
		n = n * 10 + (id.p[i] - '0');
	}
	if (__builtin_sub_overflow(n, capture_ms, &n))
		return text;
	return (struct state_name){ .number = n };
}

struct str state_name_text(const struct state_name *name, int64_t capture_ms,
			   char digits[STATE_NAME_DIGITS])
{
	int n;

	if (name->is_text)
		return name->text;
	n = snprintf(digits, STATE_NAME_DIGITS, "%lld",
		     (long long)((uint64_t)name->number + (uint64_t)capture_ms));
	return (struct str){ digits, (size_t)n };
}

/* --- making -------------------------------------------------------------------------------- */

void pack_draft_deinit(struct pack_draft *d)
{
	buf_deinit(&d->bodies);
	arena_deinit(&d->texts);
}

void pack_draft_reset(struct pack_draft *d)
{
	buf_reset(&d->bodies);
	arena_reset(&d->texts);
	d->pack.n = 0;
	d->pack.stored = 0;
}

static int own(struct pack_draft *d, struct str *text)
{
	if (text->n)
		*text = arena_str(&d->texts, *text);
	return text->p || !text->n ? 0 : -ENOMEM;
}

int pack_draft_add(struct pack_draft *d, const struct packed_state *state, size_t start)
{
	struct packed_state *to = &d->pack.states[d->pack.n];
	int r = buf_error(&d->bodies);

	if (r)
		return r;
	*to = *state;
	to->stored = d->bodies.len - start;
	r = own(d, &to->raw);
	if (!r && to->name.is_text)
		r = own(d, &to->name.text);
	d->pack.stored += to->stored;
	d->pack.n++;
	return r;
}

/* --- putting ------------------------------------------------------------------------------- */

/* A number by its difference to the last one, which it takes the place of. */
static void put_step(struct buf *out, int64_t *last, int64_t n)
{
	varint_put(out, zigzag((int64_t)((uint64_t)n - (uint64_t)*last)));
	*last = n;
}

/* What the next state is told by. */
struct last {
	int64_t capture_ms, source, kind, number, stored, trimmed;
};

static void put_name(struct buf *out, struct last *last, const struct state_name *name)
{
	if (name->is_text) {
		varint_put(out, 0);
		varint_put(out, name->text.n);
		buf_put_str(out, name->text);
		return;
	}
	varint_put(out,
		   zigzag((int64_t)((uint64_t)name->number - (uint64_t)last->number)) +
			   1);
	last->number = name->number;
}

static void put_state(struct buf *out, struct last *last, const struct packed_state *st)
{
	put_step(out, &last->capture_ms, st->capture_ms);
	put_step(out, &last->source, st->source);
	varint_put(out, zigzag(st->kind - last->kind) << 1 | st->has_raw);
	last->kind = st->kind;
	put_name(out, last, &st->name);
	put_step(out, &last->stored, (int64_t)st->stored);
	put_step(out, &last->trimmed, st->body_len - (int64_t)st->stored);
	if (st->has_raw)
		varint_put(out, st->raw.n);
}

void pack_put(struct buf *out, const struct pack *pack)
{
	struct last last = { 0 };

	varint_put(out, pack->n);
	for (unsigned i = 0; i < pack->n; i++)
		put_state(out, &last, &pack->states[i]);
	buf_put_str(out, pack->frame);
	for (unsigned i = 0; i < pack->n; i++)
		buf_put_str(out, pack->states[i].raw);
}

/* --- taking -------------------------------------------------------------------------------- */

static bool take_step(struct str *in, int64_t *last, int64_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n))
		return false;
	*ret = *last = (int64_t)((uint64_t)*last + (uint64_t)unzigzag(n));
	return true;
}

static bool take_bytes(struct str *in, uint64_t n, struct str *ret)
{
	if (n > in->n)
		return false;
	*ret = (struct str){ in->p, (size_t)n };
	*in = str_from(*in, (size_t)n);
	return true;
}

static bool take_name(struct str *in, struct last *last, struct state_name *ret)
{
	uint64_t n, len;

	if (!varint_take(in, &n))
		return false;
	if (n) {
		last->number =
			(int64_t)((uint64_t)last->number + (uint64_t)unzigzag(n - 1));
		ret->number = last->number;
		return true;
	}
	ret->is_text = true;
	return varint_take(in, &len) && take_bytes(in, len, &ret->text);
}

static bool take_kind(struct str *in, struct last *last, struct packed_state *ret)
{
	uint64_t n;

	if (!varint_take(in, &n))
		return false;
	ret->has_raw = n & 1;
	ret->kind = last->kind =
		(int64_t)((uint64_t)last->kind + (uint64_t)unzigzag(n >> 1));
	return ret->kind >= 0;
}

static bool take_state(struct str *in, struct last *last, struct packed_state *ret)
{
	int64_t stored, trimmed;
	uint64_t raw = 0;

	*ret = (struct packed_state){ 0 };
	if (!take_step(in, &last->capture_ms, &ret->capture_ms) ||
	    !take_step(in, &last->source, &ret->source) || !take_kind(in, last, ret) ||
	    !take_name(in, last, &ret->name) || !take_step(in, &last->stored, &stored) ||
	    !take_step(in, &last->trimmed, &trimmed) || stored < 0 ||
	    stored > (int64_t)PACK_BYTES_MAX || trimmed < 0 || trimmed > INT32_MAX ||
	    (ret->has_raw && (!varint_take(in, &raw) || raw > in->n)))
		return false;
	ret->stored = (size_t)stored;
	ret->body_len = stored + trimmed;
	ret->raw.n = (size_t)raw;
	return true;
}

unsigned pack_states(struct str bytes)
{
	uint64_t n;

	return varint_take(&bytes, &n) && n <= PACK_STATES_MAX ? (unsigned)n : 0;
}

bool pack_take(struct str in, struct pack *ret)
{
	struct last last = { 0 };
	size_t raw = 0;
	uint64_t n;

	if (!varint_take(&in, &n) || !n || n > PACK_STATES_MAX)
		return false;
	ret->n = (unsigned)n;
	ret->stored = 0;
	for (unsigned i = 0; i < ret->n; i++) {
		if (!take_state(&in, &last, &ret->states[i]))
			return false;
		ret->stored += ret->states[i].stored;
		raw += ret->states[i].raw.n;
	}
	if (ret->stored > PACK_BYTES_MAX || raw > in.n)
		return false;
	ret->frame = (struct str){ in.p, in.n - raw };
	in = str_from(in, ret->frame.n);
	for (unsigned i = 0; i < ret->n; i++)
		if (!take_bytes(&in, ret->states[i].raw.n, &ret->states[i].raw))
			return false;
	return true;
}
