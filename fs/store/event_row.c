/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of single events, from the heads of their blocks: a row without its records, which
 * need not be unpacked for that. The head that was read last is kept, since events that are asked
 * for one after the other mostly stand together.
 */
#include <errno.h>

#include "private.h"

/* Reads the head that has the event, if it is not the last one read. */
static int read_head(struct store *s, int64_t event, unsigned *ret_i)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct block *head = &s->bodies.head;
	int r;

	if (block_has(head, event, ret_i))
		return 0;
	head->first = 0;
	r = sql_get(s, Q_EVENT_HEAD, ARGS(INT(event)), &q);
	if (r)
		return r;
	if (!block_rows_take(col_str(q, 1), col_str(q, 2), head))
		return buf_error(&head->ids) ? -ENOMEM
					     : body_damaged(s, "block", col_int(q, 0));
	head->first = col_int(q, 0);
	return block_has(head, event, ret_i) ? 0 : STORE_E_NOT_FOUND;
}

static int find(struct store *s, int64_t event, const struct block **ret, unsigned *ret_i)
{
	*ret = block_kept(s, event, ret_i);
	if (*ret)
		return 0;
	*ret = &s->bodies.head;
	return read_head(s, event, ret_i);
}

static bool is_pending(const struct store *s, const struct block *b)
{
	return s->writer && b == &s->writer->events.block;
}

int event_row(struct store *s, int64_t event, struct block_row *ret)
{
	const struct block *b;
	unsigned i;
	int r;

	if (s->bodies.shared_blocks && shared_row(s->bodies.shared_blocks, event, ret) &&
	    ret->text_len)
		return 0;
	r = find(s, event, &b, &i);
	/* Meanwhile it may have been told of. */
	if (!r && !b->rows[i].text_len && !is_pending(s, b)) {
		s->bodies.head.first = 0;
		b = &s->bodies.head;
		r = read_head(s, event, &i);
	}
	if (!r)
		*ret = b->rows[i];
	return r;
}

int event_row_key(struct store *s, int64_t event, uint64_t *ret)
{
	const struct block *b;
	unsigned i;
	int r = find(s, event, &b, &i);

	if (!r)
		*ret = block_key(b, i);
	return r;
}

int event_row_tell(struct store *s, int64_t event, uint32_t text_len, uint32_t jsonl_len)
{
	struct block *head = &s->bodies.head;
	struct buf *rows = &s->writer->raw;
	unsigned i;
	int r = block_flush(s);

	if (!r)
		r = read_head(s, event, &i);
	if (r)
		return r;
	head->rows[i].text_len = text_len;
	head->rows[i].jsonl_len = jsonl_len;
	buf_reset(rows);
	block_rows_put(rows, head, head->n);
	r = buf_error(rows);
	if (!r)
		r = sql_run(s, Q_EVENT_BLOCK_TELL,
			    ARGS(INT(head->first), BLOB(buf_str(rows))));
	if (r)
		head->first = 0;
	return r;
}

int events_down(struct store *s, int64_t from, int64_t *ret, size_t n, size_t *ret_n)
{
	const struct block *head = &s->bodies.head;
	int r = 0;

	*ret_n = 0;
	while (*ret_n < n && from > 0 && !r) {
		const struct block *b;
		unsigned i;

		r = find(s, from, &b, &i);
		if (!r)
			ret[(*ret_n)++] = from--;
		if (r != STORE_E_NOT_FOUND)
			continue;
		if (!head->first)
			return 0;
		/* None has this id: on with the last of the block before. */
		from = head->first + (int64_t)head->n - 1;
		r = 0;
	}
	return r;
}
