/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a relationship in a run, by how it differs from the one before. A byte of flags, and
 * of these, in this order, what they say is there:
 *
 *   since     by how much it differs, signed; of the first one as it is
 *   kind      row of relation, where it is another one
 *   until     by how much it is after since, signed; it still stands without
 *   id        ends in a number: digits of that, doubled, and one where what is before it is another
 *             than that of the last such id; that, behind its length; the digits, two a byte
 *   id        else: how many bytes it shares with the id before, and the rest behind its length
 *   target    row of resource
 *   name      behind its length
 *   source    its name, where it is another one, as that
 *   lengths   of its three lines, by how much they are more than the texts tell, signed
 *
 * AWS's ids end in eight or seventeen hexadecimal digits, which are most of what a run has to tell.
 */
#include <errno.h>

#include "edge.h"
#include "util/hex.h"
#include "util/varint.h"

enum {
	SINCE = 1,
	KIND = 2,
	UNTIL = 4,
	NUMBERED = 8,
	TARGET = 16,
	NAMED = 32,
	SOURCE_NAME = 64,
	LENGTHS = 128,
};

#define DIGITS_MIN 8u /* of a number that is told as such */

/* Digits at the end of an id. */
static size_t digits_of(struct str id)
{
	size_t n = 0;

	while (n < id.n && hex_lower_value(id.p[id.n - 1 - n]) >= 0)
		n++;
	return n;
}

static size_t shared(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static size_t width(uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	return varint_write(bytes, n);
}

/* An id in the one way and in the other. */
struct id_form {
	size_t digits, shared;
	struct str stem, rest;
	bool new_stem, numbered;
};

static struct id_form form_of(struct str id, const struct edge_last *last)
{
	struct id_form f = { .digits = digits_of(id), .shared = shared(id, last->id) };
	size_t plain, numbered;

	f.rest = str_from(id, f.shared);
	f.stem = (struct str){ id.p, id.n - f.digits };
	f.new_stem = !str_eq(f.stem, last->stem);
	plain = width(f.shared) + width(f.rest.n) + f.rest.n;
	numbered = width(f.digits << 1) + (f.digits + 1) / 2 +
		   (f.new_stem ? width(f.stem.n) + f.stem.n : 0);
	f.numbered = f.digits >= DIGITS_MIN && numbered < plain;
	return f;
}

static void note(struct edge_last *last, const struct edge *edge, size_t digits)
{
	last->kind = edge->kind;
	last->since_ms = edge->relation.since_ms;
	last->id = edge->relation.id;
	last->source_name = edge->source_name;
	if (digits >= DIGITS_MIN)
		last->stem = (struct str){ last->id.p, last->id.n - digits };
}

/* --- putting ------------------------------------------------------------------------------- */

static void put_digits(struct buf *out, struct str digits)
{
	for (size_t i = 0; i < digits.n; i += 2) {
		int high = hex_lower_value(digits.p[i]);
		int low = i + 1 < digits.n ? hex_lower_value(digits.p[i + 1]) : 0;

		buf_put_char(out, (char)(high << 4 | low));
	}
}

static void put_id(struct buf *out, const struct id_form *f, struct str id)
{
	if (!f->numbered) {
		varint_put(out, f->shared);
		varint_text_put(out, f->rest);
		return;
	}
	varint_put(out, f->digits << 1 | f->new_stem);
	if (f->new_stem)
		varint_text_put(out, f->stem);
	put_digits(out, str_from(id, f->stem.n));
}

static uint64_t difference(int64_t a, int64_t b)
{
	return zigzag((int64_t)((uint64_t)a - (uint64_t)b));
}

static unsigned flags_of(const struct edge *e, const struct edge_last *last,
			 const struct id_form *form)
{
	const struct relation *rel = &e->relation;

	return (rel->since_ms != last->since_ms ? SINCE : 0u) |
	       (e->kind != last->kind ? KIND : 0u) |
	       (rel->until_ms != RELATION_OPEN ? UNTIL : 0u) |
	       (form->numbered ? NUMBERED : 0u) | (e->target ? TARGET : 0u) |
	       (rel->name.n ? NAMED : 0u) |
	       (!str_eq(e->source_name, last->source_name) ? SOURCE_NAME : 0u) |
	       (e->more[EDGE_OUT] || e->more[EDGE_IN] || e->more[EDGE_AT] ? LENGTHS : 0u);
}

void edge_row_put(struct buf *out, struct edge_last *last, const struct edge *edge)
{
	const struct relation *rel = &edge->relation;
	const struct id_form form = form_of(rel->id, last);
	unsigned flags = flags_of(edge, last, &form);

	buf_put_char(out, (char)flags);
	if (flags & SINCE)
		varint_put(out, difference(rel->since_ms, last->since_ms));
	if (flags & KIND)
		varint_put(out, (uint64_t)edge->kind);
	if (flags & UNTIL)
		varint_put(out, difference(rel->until_ms, rel->since_ms));
	put_id(out, &form, rel->id);
	if (flags & TARGET)
		varint_put(out, (uint64_t)edge->target);
	if (flags & NAMED)
		varint_text_put(out, rel->name);
	if (flags & SOURCE_NAME)
		varint_text_put(out, edge->source_name);
	for (unsigned i = 0; i < EDGE_LINES && flags & LENGTHS; i++)
		varint_put(out, zigzag((int32_t)edge->more[i]));
	note(last, edge, form.digits);
}

/* --- taking -------------------------------------------------------------------------------- */

static bool take_moment(struct str *in, int64_t before, int64_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n))
		return false;
	*ret = (int64_t)((uint64_t)before + (uint64_t)unzigzag(n));
	return true;
}

/* Of a row: none is less than one. */
static bool take_row(struct str *in, int64_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n) || n == 0 || n > INT64_MAX)
		return false;
	*ret = (int64_t)n;
	return true;
}

static int join(struct str a, size_t more, struct arena *arena, char **ret_more,
		struct str *ret)
{
	char *id = arena_alloc(arena, a.n + more + 1);

	if (!id)
		return -ENOMEM;
	if (a.n)
		memcpy(id, a.p, a.n);
	*ret_more = id + a.n;
	*ret = (struct str){ id, a.n + more };
	return 0;
}

static int take_plain(struct str *in, const struct edge_last *last, struct arena *a,
		      struct str *ret, size_t *ret_digits)
{
	struct str rest;
	uint64_t n;
	char *at;
	int r = 0;

	if (!varint_take(in, &n) || n > last->id.n || !varint_text_take(in, &rest))
		return -EBADMSG;
	*ret = rest;
	if (n)
		r = join((struct str){ last->id.p, (size_t)n }, rest.n, a, &at, ret);
	if (!r && n && rest.n)
		memcpy(at, rest.p, rest.n);
	*ret_digits = digits_of(*ret);
	return r;
}

/* Two of each byte. */
static void write_digits(char *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++, out += 2)
		hex_write((unsigned char)bytes[i], out);
}

static int take_numbered(struct str *in, const struct edge_last *last, struct arena *a,
			 struct str *ret, size_t *ret_digits)
{
	struct str stem = last->stem;
	uint64_t code;
	size_t n, bytes;
	char *at;
	int r;

	if (!varint_take(in, &code) || (code & 1 && !varint_text_take(in, &stem)))
		return -EBADMSG;
	/* As few digits as are told as such; and all that there are. */
	if (code >> 1 < DIGITS_MIN || code >> 2 > in->n || digits_of(stem))
		return -EBADMSG;
	n = *ret_digits = (size_t)(code >> 1);
	bytes = (n + 1) / 2;
	if (bytes > in->n || (n % 2 && (unsigned char)in->p[bytes - 1] & 15))
		return -EBADMSG;
	r = join(stem, 2 * bytes, a, &at, ret);
	if (r)
		return r;
	write_digits(at, in->p, bytes);
	ret->n = stem.n + n;
	*in = str_from(*in, bytes);
	return 0;
}

static bool take_lengths(struct str *in, uint32_t ret[EDGE_LINES])
{
	for (unsigned i = 0; i < EDGE_LINES; i++) {
		uint64_t n;

		if (!varint_take(in, &n) || n > UINT32_MAX)
			return false;
		ret[i] = (uint32_t)unzigzag(n);
	}
	return true;
}

/* What stands before the id, and behind it. */
static bool take_begin(struct str *in, unsigned flags, const struct edge_last *last,
		       struct edge *ret)
{
	struct relation *rel = &ret->relation;

	ret->kind = last->kind;
	rel->since_ms = last->since_ms;
	rel->until_ms = RELATION_OPEN;
	return (!(flags & SINCE) || take_moment(in, last->since_ms, &rel->since_ms)) &&
	       (!(flags & KIND) || take_row(in, &ret->kind)) && ret->kind &&
	       (!(flags & UNTIL) || (take_moment(in, rel->since_ms, &rel->until_ms) &&
				     rel->until_ms != RELATION_OPEN));
}

static bool take_end(struct str *in, unsigned flags, const struct edge_last *last,
		     struct edge *ret)
{
	ret->source_name = last->source_name;
	return (!(flags & TARGET) || take_row(in, &ret->target)) &&
	       (!(flags & NAMED) || varint_text_take(in, &ret->relation.name)) &&
	       (!(flags & SOURCE_NAME) || varint_text_take(in, &ret->source_name)) &&
	       (!(flags & LENGTHS) || take_lengths(in, ret->more));
}

int edge_row_take(struct str *in, struct edge_last *last, struct arena *a,
		  struct edge *ret)
{
	size_t digits;
	unsigned flags;
	int r;

	*ret = (struct edge){ 0 };
	if (!varint_byte_take(in, &flags) || !take_begin(in, flags, last, ret))
		return -EBADMSG;
	r = (flags & NUMBERED ? take_numbered : take_plain)(in, last, a,
							    &ret->relation.id, &digits);
	if (r)
		return r;
	/* Whom it means is always told. */
	if (!take_end(in, flags, last, ret) || !relation_reference(&ret->relation).n)
		return -EBADMSG;
	note(last, ret, digits);
	return 0;
}
