/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rosters, made and kept. One of 100,000 resources takes a megabyte; a folder that has more
 * than ROSTER_MAX has several, so that making one takes bounded memory.
 */

#include "at_roster.h"

#include <stdlib.h>

#include "render/inventory.h"

#include "kept.h"
#include "view.h"

#ifndef ROSTER_MAX        /* a test sets it lower */
#define ROSTER_MAX 131072 /* resources, whether they existed or not */
#endif
/* A block has about so many resources, at most so many, and ends behind so many bytes. */
#define BLOCK_MEAN  16u
#define BLOCK_MAX   64u
#define BLOCK_BYTES ((uint64_t)128 << 10)

struct making {
	struct request *q;
	const struct store_at_folder *folder;
	int64_t time_ms, after;
	struct store_at_row *rows;
	size_t n;
	struct at_roster head;
	struct buf blocks, states;
};

static void making_deinit(struct making *m)
{
	free(m->rows);
	buf_deinit(&m->blocks);
	buf_deinit(&m->states);
}

/* Does the roster break before this resource, whatever else there is? */
static bool is_boundary(int64_t resource)
{
	uint64_t hash = (uint64_t)resource * UINT64_C(0x9e3779b97f4a7c15);

	return (hash >> 32) % BLOCK_MEAN == 0;
}

/* Begins a block before state i; behind the last one it is the end. */
static void begin_block(struct making *m, size_t i)
{
	const struct at_sums *sums = &m->head.sums;
	const struct at_block b = {
		.start = { sums->csv_len, sums->jsonl_len,
			   sums->item_len + i * RENDER_SNAPSHOT_OTHER },
		.first = (uint32_t)i,
	};

	buf_put(&m->blocks, &b, sizeof(b));
}

static struct at_block *last_block(struct making *m)
{
	struct at_block *blocks = (struct at_block *)m->blocks.data;

	return blocks + m->blocks.len / sizeof(*blocks) - 1;
}

/* Its states are there now. */
static void end_block(struct making *m, size_t i)
{
	struct at_block *b = last_block(m);
	const int64_t *states = (const int64_t *)m->states.data;

	b->hash = str_hash((struct str){ (const char *)(states + b->first),
					 (i - b->first) * sizeof(*states) });
}

static bool is_full(struct making *m, size_t i)
{
	const struct at_block *b = last_block(m);

	return i - b->first >= BLOCK_MAX ||
	       m->head.sums.item_len >= b->start[AT_FORM_ITEM] + BLOCK_BYTES;
}

static int add(struct making *m, size_t i)
{
	const struct store_at_row *row = &m->rows[i];
	struct at_sums one;
	int r = at_measure(m->q, row, &one);

	if (r)
		return r;
	if (i == 0 || is_boundary(row->resource) || is_full(m, i)) {
		if (i > 0)
			end_block(m, i);
		begin_block(m, i);
		r = buf_error(&m->blocks);
	}
	at_sums_add(&m->head.sums, &one);
	buf_put(&m->states, &row->state, sizeof(row->state));
	return r ? r : buf_error(&m->states);
}

static int make_roster(void *ctx, struct buf *out)
{
	struct making *m = ctx;
	int r = view_error(store_at_roster(m->q->store, m->folder->id, m->time_ms,
					   m->after, ROSTER_MAX, &m->rows, &m->n,
					   &m->head.next));

	for (size_t i = 0; r == 0 && i < m->n; i++)
		r = add(m, i);
	if (r)
		return r;
	if (m->n > 0)
		end_block(m, m->n);
	m->head.n_states = (uint32_t)m->n;
	m->head.n_blocks = (uint32_t)(m->blocks.len / sizeof(struct at_block));
	begin_block(m, m->n);
	buf_put(out, &m->head, sizeof(m->head));
	buf_put_str(out, buf_str(&m->blocks));
	buf_put_str(out, buf_str(&m->states));
	return buf_error(&m->blocks);
}

int at_roster_get(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		  int64_t after, struct cache_entry **ret_held,
		  const struct at_roster **ret)
{
	_cleanup_(making_deinit) struct making m = {
		.q = q, .folder = f, .time_ms = time_ms, .after = after
	};
	const struct kept_key key = { { f->id, time_ms, after, (int64_t)f->changed } };
	const char *data = NULL;
	int r = kept_get(&q->tree->rosters, &key, make_roster, &m, ret_held, &data);

	*ret = (const struct at_roster *)data;
	return r;
}

size_t at_roster_find(const struct at_roster *r, enum at_form form, uint64_t offset)
{
	const struct at_block *blocks = at_roster_blocks(r);
	size_t low = 0, high = r->n_blocks;

	/* The first one that begins behind the offset; the one before has it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (blocks[middle].start[form] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->n_blocks && offset >= blocks[low].start[form])
		return low;
	return low > 0 ? low - 1 : 0;
}
