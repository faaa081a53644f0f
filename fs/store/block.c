/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of events. Alone, with a dictionary, a record of 1.5 KB takes 160 to 240 bytes; of some
 * forty that came together, mostly of one file and often of one session, in phrases, each takes 50
 * to 60; a read unpacks some 30 KB in ten microseconds, and the blocks read last are kept. Ids are
 * given out in order, so the block of an event is the last that begins at or before it.
 *
 * Rows are let grow until two just fill a page, the second what the first left: how many events
 * that are is reckoned from how the block before was packed. (Of sixteen events each, a sixth of the
 * pages stayed empty; a row that is to be cut must be packed again, so only the second is as a rule.)
 */
#include "block.h"

#include <errno.h>
#include <stdlib.h>

#include "code_shared.h"
#include "private.h"
#include "util/guid.h"

#define PAGE_ROOM    8150u /* bytes of a page that rows can have */
#define PAGE_ROWS    2u
#define TRY_PERMILLE 950u /* of its share: then it is packed */

/* --- writing ------------------------------------------------------------------------------- */

/* Packs the first n of a block's records, all of which are coded anew for another dictionary. */
static int pack_first(struct store *s, struct packing *p, unsigned n,
		      int64_t *ret_dictionary)
{
	int64_t dictionary = s->bodies.current[DICTIONARY_EVENT - 1];
	struct block *b = &p->block;
	const struct phrases *phrases;
	struct str bytes;
	int r = dictionary_phrases(s, dictionary, &phrases);

	if (!r && phrases != b->phrases)
		r = block_recode(b, phrases);
	p->dictionary = dictionary;
	if (r)
		return r == -EBADMSG ? body_damaged(s, "block", b->first) : r;
	bytes = (struct str){ b->bytes.data, b->ends[n - 1] };
	return body_pack(s, DICTIONARY_EVENT, bytes, &s->writer->pack, ret_dictionary);
}

/* What a row of the first n takes beside its body, once all of it is told: see block_row.c. */
static size_t beside(const struct block *b, unsigned n)
{
	size_t size = 16 + GUID_BYTES * block_ids_before(b, n);

	for (unsigned i = 0; i < n; i++)
		size += b->rows[i].flags & EVENT_ID_APART ? 7
							  : 7 + sizeof(b->rows[i].key);
	return size;
}

static int insert(struct store *s, const struct block *b, unsigned n, int64_t dictionary)
{
	struct str ids = { b->ids.data, GUID_BYTES * block_ids_before(b, n) };
	struct buf *rows = &s->writer->raw;

	buf_reset(rows);
	block_rows_put(rows, b, n);
	if (buf_error(rows))
		return -ENOMEM;
	return sql_run(s, Q_EVENT_BLOCK_INSERT,
		       ARGS(INT(b->first), REF(dictionary), BLOB(buf_str(rows)),
			    BLOB(ids), BLOB(buf_str(&s->writer->pack))));
}

static void drop_bytes(struct buf *b, size_t n)
{
	if (n)
		memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

/* What is left of the block begins with its record n. */
static void drop_first(struct block *b, unsigned n)
{
	size_t gone = b->ends[n - 1];

	drop_bytes(&b->ids, GUID_BYTES * block_ids_before(b, n));
	drop_bytes(&b->bytes, gone);
	b->n -= n;
	b->first = b->n ? b->first + n : 0;
	for (unsigned i = 0; i < b->n; i++) {
		b->ends[i] = b->ends[i + n] - gone;
		b->rows[i] = b->rows[i + n];
	}
}

/* What the next row should take, so that the page is filled. */
static size_t page_share(const struct packing *p)
{
	return p->rows ? p->left / p->rows : PAGE_ROOM / PAGE_ROWS;
}

/* A row more; it may have been too large for the page, and stands on the next one then. */
static void page_take(struct packing *p, size_t size)
{
	if (!p->rows || size > p->left) {
		p->left = PAGE_ROOM;
		p->rows = PAGE_ROWS;
	}
	p->left -= MIN(size, p->left);
	p->rows--;
	/* Rows were small: of few events, as before a commit, or of the most there can be. */
	if (!p->rows && p->left >= PAGE_ROOM / 8)
		p->rows = 1;
}

/*
 * Writes as many of the first events as the page has room for, at least one. Without `all` it may
 * be none, when more would fit.
 */
static int write_some(struct store *s, struct packing *p, bool all, unsigned *ret_n)
{
	const struct buf *pack = &s->writer->pack;
	struct block *b = &p->block;
	size_t size, share = page_share(p);
	size_t most = p->rows == 1 ? share : share * 9 / 8;
	unsigned n = b->n;
	int64_t dictionary;
	int r = pack_first(s, p, n, &dictionary);

	*ret_n = 0;
	if (r)
		return r;
	size = pack->len + beside(b, n);
	p->permille = MAX(pack->len * 1000 / MAX(b->bytes.len, (size_t)1), 1u);
	if (!all && size < share * 3 / 4 && n < BLOCK_EVENTS)
		return 0;
	while (!r && size > most && n > 1) {
		n = MIN((unsigned)(n * share / size), n - 1);
		n = MAX(n, 1u);
		r = pack_first(s, p, n, &dictionary);
		size = pack->len + beside(b, n);
	}
	if (!r)
		r = insert(s, b, n, dictionary);
	if (r)
		return r;
	page_take(p, size);
	drop_first(b, n);
	*ret_n = n;
	return 0;
}

/* An event more: writes some when they fill a row, or about. */
static int added(struct store *s, struct packing *p, unsigned *ret_n)
{
	const struct block *b = &p->block;
	size_t size = b->bytes.len * p->permille / 1000 + beside(b, b->n);

	*ret_n = 0;
	if (b->n < BLOCK_EVENTS && size < page_share(p) * TRY_PERMILLE / 1000)
		return 0;
	return write_some(s, p, false, ret_n);
}

int block_flush(struct store *s)
{
	unsigned n;
	int r = 0;

	while (!r && s->writer && s->writer->events.block.n) {
		r = write_some(s, &s->writer->events, true, &n);
		if (!r)
			r = dictionary_count(s, DICTIONARY_EVENT, n);
	}
	return r;
}

/* As it was coded by who parsed it, if that is how the block's are. */
static int push(struct block *b, int64_t dictionary, const struct store_record *record,
		const struct block_row *row)
{
	struct block_apart apart;
	struct str coded;

	return shared_code_take(record->code, dictionary, &apart, &coded)
		       ? block_put(b, coded, &apart, row)
		       : block_push(b, record->raw, record->identity, row);
}

int block_add(struct store *s, int64_t event, const struct store_record *record,
	      const struct block_row *row)
{
	struct packing *p = &s->writer->events;
	struct block *b = &p->block;
	unsigned n;
	int r = 0;

	if (!b->n) {
		b->first = event;
		p->dictionary = s->bodies.current[DICTIONARY_EVENT - 1];
		r = dictionary_phrases(s, p->dictionary, &b->phrases);
		if (!r)
			r = shared_coders_put(s, DICTIONARY_EVENT, p->dictionary);
	}
	s->writer->pending = true;
	if (!r)
		r = push(b, p->dictionary, record, row);
	if (!r)
		r = added(s, p, &n);
	return r || !n ? r : dictionary_count(s, DICTIONARY_EVENT, n);
}

/* --- writing anew -------------------------------------------------------------------------- */

static void packing_deinit(struct packing *p)
{
	block_deinit(&p->block);
}

static int flush(struct store *s, struct packing *p)
{
	unsigned n;
	int r = 0;

	while (!r && p->block.n)
		r = write_some(s, p, true, &n);
	return r;
}

/* The events of a block that is deleted are put behind those that are gathered. */
static int move(struct store *s, const struct block *from, struct packing *p)
{
	struct block *b = &p->block;
	int r = 0;

	if (b->n && from->first != b->first + b->n)
		r = flush(s, p);
	for (unsigned i = 0, n; i < from->n && !r; i++) {
		if (!b->n)
			b->first = from->first + i;
		r = block_append(b, from, i);
		if (!r)
			r = added(s, p, &n);
	}
	return r == -EBADMSG ? body_damaged(s, "block", from->first) : r;
}

int blocks_renew(struct store *s, const int64_t *firsts, size_t n)
{
	_cleanup_(packing_deinit) struct packing p = { 0 };
	_cleanup_(block_deinit) struct block b = { 0 };
	int r = dictionary_phrases(s, s->bodies.current[DICTIONARY_EVENT - 1],
				   &p.block.phrases);

	/* A head that is kept tells lengths of the codes of before, and of which events they were. */
	s->bodies.head.first = 0;
	for (size_t i = 0; i < n && !r; i++) {
		r = block_read(s, firsts[i], &b);
		if (!r)
			r = sql_run(s, Q_EVENT_BLOCK_DELETE, ARGS(INT(firsts[i])));
		if (!r)
			r = move(s, &b, &p);
	}
	return r ? r : flush(s, &p);
}

/* --- reading ------------------------------------------------------------------------------- */

static int unpack(struct store *s, sqlite3_stmt *q, struct block *ret)
{
	int r;

	ret->first = 0;
	if (!block_rows_take(col_str(q, 2), col_str(q, 3), ret))
		return buf_error(&ret->ids) ? -ENOMEM
					    : body_damaged(s, "block", col_int(q, 0));
	buf_reset(&ret->bytes);
	r = dictionary_phrases(s, col_int(q, 1), &ret->phrases);
	if (r)
		return r;
	r = body_unpack(s, col_str(q, 4), col_int(q, 1), STR_NULL,
			(int64_t)ret->ends[ret->n - 1], &ret->bytes);
	if (store_is_row_lost(s, r))
		return body_damaged(s, "block", col_int(q, 0));
	if (r)
		return r;
	ret->first = col_int(q, 0);
	return 0;
}

int block_read(struct store *s, int64_t first, struct block *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_EVENT_BLOCK, ARGS(INT(first)), &q);

	return r ? r : unpack(s, q, ret);
}

const struct block *block_kept(struct store *s, int64_t event, unsigned *ret_i)
{
	struct kept_blocks *k = &s->bodies.blocks;

	if (s->writer && block_has(&s->writer->events.block, event, ret_i))
		return &s->writer->events.block;
	for (size_t i = 0; i < k->n; i++)
		if ((uint64_t)event - (uint64_t)k->places[i].first < k->places[i].n) {
			k->places[i].used = ++k->clock;
			*ret_i = (unsigned)(event - k->places[i].first);
			return &k->blocks[i];
		}
	return NULL;
}

static size_t room_of(const struct block *b)
{
	return b->bytes.cap + b->ids.cap;
}

/* The place of the one asked for longest ago. One that is free comes first, or is left out. */
static size_t oldest_place(const struct kept_blocks *k, bool free_too)
{
	size_t oldest = k->n;

	for (size_t i = 0; i < k->n; i++)
		if ((free_too || k->places[i].n) &&
		    (oldest == k->n || k->places[i].used < k->places[oldest].used))
			oldest = i;
	return oldest;
}

/* Blocks of very large records go sooner, from the one asked for longest ago on. */
static void make_room(struct kept_blocks *k, const struct block *coming)
{
	size_t room = room_of(coming), oldest;

	for (size_t i = 0; i < k->n; i++)
		room += room_of(&k->blocks[i]);
	while (room > k->n * BLOCK_KEPT_ROOM &&
	       (oldest = oldest_place(k, false)) < k->n) {
		room -= room_of(&k->blocks[oldest]);
		block_deinit(&k->blocks[oldest]);
		k->places[oldest] = (struct kept_place){ 0 };
	}
}

/* The block read takes the place of the one asked for longest ago, which is read into next time. */
static int fetch(struct store *s, int64_t event, const struct block **ret)
{
	struct kept_blocks *k = &s->bodies.blocks;
	struct block *spare = &k->spare, read;
	size_t oldest;
	int r = block_read(s, event, spare);

	if (r)
		return r;
	make_room(k, spare);
	oldest = oldest_place(k, true);
	read = *spare;
	*spare = k->blocks[oldest];
	k->blocks[oldest] = read;
	k->places[oldest] = (struct kept_place){ read.first, read.n, ++k->clock };
	*ret = &k->blocks[oldest];
	return 0;
}

int kept_blocks_init(struct kept_blocks *k, size_t n)
{
	k->blocks = calloc(n, sizeof(k->blocks[0]));
	k->places = calloc(n, sizeof(k->places[0]));
	k->n = k->blocks && k->places ? n : 0;
	return k->n ? 0 : -ENOMEM;
}

void kept_blocks_forget(struct kept_blocks *k)
{
	for (size_t i = 0; i < k->n; i++) {
		block_deinit(&k->blocks[i]);
		k->places[i] = (struct kept_place){ 0 };
	}
	block_deinit(&k->spare);
}

void kept_blocks_deinit(struct kept_blocks *k)
{
	kept_blocks_forget(k);
	free(k->blocks);
	free(k->places);
	*k = (struct kept_blocks){ 0 };
}

int body_of_event(struct store *s, int64_t event, struct buf *out)
{
	const struct block *b;
	unsigned i;
	int r;

	if (s->bodies.shared_blocks)
		return shared_record(s, event, out);
	b = block_kept(s, event, &i);
	r = b ? 0 : fetch(s, event, &b);
	if (r)
		return r;
	if (!block_has(b, event, &i))
		return STORE_E_NOT_FOUND;
	r = block_record(b, i, out);
	return r == -EBADMSG ? body_damaged(s, "event", event) : r;
}
