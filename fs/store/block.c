/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of events. Alone, with a dictionary, a record of 1.5 KB takes 160 to 240 bytes; sixteen
 * that came together, mostly of one file and often of one session, take 112 to 120 each and are
 * packed in half the time; a read unpacks 24 KB, some ten microseconds, and the blocks read last
 * are kept. Ids are given out in order, so the block of an event is the last that begins at or
 * before it.
 */
#include "block.h"

#include <errno.h>

#include "private.h"

void block_deinit(struct block *b)
{
	buf_deinit(&b->bytes);
	b->first = 0;
	b->n = 0;
}

bool block_get(const struct block *b, int64_t event, struct str *ret)
{
	size_t i, start;

	if (!b->first || event < b->first || event - b->first >= (int64_t)b->n)
		return false;
	i = (size_t)(event - b->first);
	start = i ? b->ends[i - 1] : 0;
	*ret = b->ends[i] > start
		       ? (struct str){ b->bytes.data + start, b->ends[i] - start }
		       : STR("");
	return true;
}

/* --- lengths ------------------------------------------------------------------------------- */

void block_lengths_put(struct buf *out, const struct block *b)
{
	for (unsigned i = 0; i + 1 < b->n; i++) {
		size_t len = b->ends[i] - (i ? b->ends[i - 1] : 0);

		for (; len >= 0x80; len >>= 7)
			buf_put_char(out, (char)(len | 0x80));
		buf_put_char(out, (char)len);
	}
}

bool block_lengths_take(struct str in, size_t total, struct block *b)
{
	size_t end = 0, len = 0;
	unsigned shift = 0;

	b->n = 0;
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		len |= (size_t)(c & 0x7f) << shift;
		shift += 7;
		if (c >= 0x80 && shift < 56)
			continue;
		end += len;
		if (end > total || b->n + 1 >= BLOCK_EVENTS)
			return false;
		b->ends[b->n++] = end;
		len = shift = 0;
	}
	b->ends[b->n++] = total;
	return shift == 0;
}

/* --- writing ------------------------------------------------------------------------------- */

static int write_block(struct store *s, const struct block *b, bool anew)
{
	struct buf *pack = &s->writer->pack, *lengths = &s->writer->raw;
	int64_t dictionary;
	int r = body_pack(s, DICTIONARY_EVENT, buf_str(&b->bytes), pack, &dictionary);

	if (r)
		return r;
	if (anew)
		return sql_run(s, Q_EVENT_BLOCK_RENEW,
			       ARGS(INT(b->first), REF(dictionary), BLOB(buf_str(pack))));
	buf_reset(lengths);
	block_lengths_put(lengths, b);
	r = buf_error(lengths);
	return r ? r
		 : sql_run(s, Q_EVENT_BLOCK_INSERT,
			   ARGS(INT(b->first), REF(dictionary), INT(b->bytes.len),
				BLOB(buf_str(lengths)), BLOB(buf_str(pack))));
}

int block_flush(struct store *s)
{
	struct block *b = s->writer ? &s->writer->block : NULL;
	unsigned n;
	int r;

	if (!b || !b->n)
		return 0;
	r = write_block(s, b, false);
	if (r)
		return r;
	n = b->n;
	b->first = 0;
	b->n = 0;
	buf_reset(&b->bytes);
	return dictionary_count(s, DICTIONARY_EVENT, n);
}

int block_add(struct store *s, int64_t event, struct str raw)
{
	struct block *b = &s->writer->block;

	if (!b->n)
		b->first = event;
	buf_put_str(&b->bytes, raw);
	b->ends[b->n++] = b->bytes.len;
	s->writer->pending = true;
	if (buf_error(&b->bytes))
		return -ENOMEM;
	return b->n == BLOCK_EVENTS ? block_flush(s) : 0;
}

int block_renew(struct store *s, const struct block *b)
{
	return write_block(s, b, true);
}

/* --- reading ------------------------------------------------------------------------------- */

static int unpack(struct store *s, sqlite3_stmt *q, struct block *ret)
{
	int64_t len = col_int(q, 2);
	int r;

	ret->first = 0;
	buf_reset(&ret->bytes);
	r = body_unpack(s, col_str(q, 4), col_int(q, 1), STR_NULL, len, &ret->bytes);
	if (r)
		return r;
	if (!block_lengths_take(col_str(q, 3), (size_t)len, ret))
		return body_damaged(s, "block", col_int(q, 0));
	ret->first = col_int(q, 0);
	return 0;
}

int block_read(struct store *s, int64_t first, struct block *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_EVENT_BLOCK, ARGS(INT(first)), &q);

	return r ? r : unpack(s, q, ret);
}

int event_record(struct store *s, int64_t event, struct str *ret)
{
	struct block *b = &s->bodies.blocks[(uint64_t)event / BLOCK_EVENTS % BLOCK_SLOTS];
	int r;

	if ((s->writer && block_get(&s->writer->block, event, ret)) ||
	    block_get(b, event, ret))
		return 0;
	r = block_read(s, event, b);
	if (r)
		return r;
	return block_get(b, event, ret) ? 0 : STORE_E_NOT_FOUND;
}
