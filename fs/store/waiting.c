/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Postings that wait for their list. A sweep reads and writes the list as a whole, so the more it
 * brings the better, and what bounds that is memory. So once they are in the table `gathered`, too,
 * they are kept as its rows are, in eleven bytes instead of 24, and apart by the upper bits of their
 * tokens: the list is in the order of tokens, so the sweep decodes and sorts one part after the other.
 *
 * The bytes of postings, in the order in which they came, are for each
 *
 *   event  by how much it differs from the one before, signed (util/varint.h); doubled, and one where
 *          the time differs
 *   time   then, by how much, signed: milliseconds
 *   key    64 bits, least byte first
 */
#include "waiting.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/varint.h"

#define FEW_KEPT  16384u             /* whose memory is kept for the next */
#define EVENT_FAR (INT64_C(1) << 61) /* so that no difference needs more than 63 bits */

int token_rows_add(struct token_rows *t, const struct posting *p)
{
	int r = array_room(t->rows, t->n, t->cap, 4096);

	if (!r)
		t->rows[t->n++] = *p;
	return r;
}

void token_rows_clear(struct token_rows *t)
{
	if (t->cap > FEW_KEPT) {
		free(t->rows);
		*t = (struct token_rows){ 0 };
	}
	t->n = 0;
}

/* --- bytes -------------------------------------------------------------------------------- */

static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void put(struct buf *out, const struct posting *before, const struct posting *p)
{
	unsigned char bytes[2 * VARINT_MAX + sizeof(uint64_t)];
	int64_t time = minus(p->time_ms, before->time_ms);
	uint64_t event = zigzag(minus(p->event, before->event));
	uint64_t key = htole64((uint64_t)p->key);
	size_t len = varint_write(bytes, event << 1 | (time != 0));

	if (time)
		len += varint_write(bytes + len, zigzag(time));
	memcpy(bytes + len, &key, sizeof(key));
	buf_put(out, bytes, len + sizeof(key));
}

void waiting_encode(struct buf *out, const struct posting *rows, size_t n)
{
	struct posting before = { 0 };

	for (size_t i = 0; i < n; i++) {
		put(out, &before, &rows[i]);
		before = rows[i];
	}
}

static int64_t plus(int64_t a, uint64_t difference)
{
	return (int64_t)((uint64_t)a + (uint64_t)unzigzag(difference));
}

bool waiting_take(struct str *in, struct posting *p)
{
	uint64_t event, time = 0, key;

	if (!varint_take(in, &event) || ((event & 1) && !varint_take(in, &time)) ||
	    in->n < sizeof(key))
		return false;
	memcpy(&key, in->p, sizeof(key));
	*in = str_from(*in, sizeof(key));
	*p = (struct posting){ (int64_t)le64toh(key), plus(p->time_ms, time),
			       plus(p->event, event >> 1) };
	return p->event > -EVENT_FAR && p->event < EVENT_FAR;
}

/* --- parts --------------------------------------------------------------------------------- */

static struct waiting_part *part_of(struct waiting *w, uint64_t token)
{
	return &w->parts[token / (UINT64_MAX / WAITING_PARTS + 1)];
}

void waiting_deinit(struct waiting *w)
{
	free(w->fresh.rows);
	for (size_t i = 0; i < WAITING_PARTS; i++)
		buf_deinit(&w->parts[i].bytes);
	*w = (struct waiting){ 0 };
}

void waiting_clear(struct waiting *w)
{
	token_rows_clear(&w->fresh);
	for (size_t i = 0; i < WAITING_PARTS; i++) {
		buf_deinit(&w->parts[i].bytes);
		w->parts[i] = (struct waiting_part){ 0 };
	}
	w->n_packed = 0;
}

int waiting_pack(struct waiting *w)
{
	int r = 0;

	for (size_t i = 0; i < w->fresh.n && !r; i++) {
		const struct posting *p = &w->fresh.rows[i];
		struct waiting_part *part = part_of(w, (uint64_t)p->key);

		put(&part->bytes, &part->last, p);
		part->last = *p;
		r = buf_error(&part->bytes);
	}
	w->n_packed += w->fresh.n;
	token_rows_clear(&w->fresh);
	return r;
}

int waiting_take_part(const struct waiting *w, size_t part, struct buf *out)
{
	struct str in = buf_str(&w->parts[part].bytes);
	struct posting p = { 0 };
	size_t start = out->len;

	while (in.n) {
		struct posting listed;

		if (!waiting_take(&in, &p))
			return -EINVAL; /* it was written here */
		listed = p;
		listed.key = posting_key_of_token((uint64_t)p.key);
		buf_put(out, &listed, sizeof(listed));
	}
	if (buf_error(out))
		return buf_error(out);
	if (out->len > start)
		postings_sort((struct posting *)(out->data + start),
			      (out->len - start) / sizeof(p));
	return 0;
}
