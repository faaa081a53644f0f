/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training dictionaries. Short bodies alone hardly compress; with a dictionary of what they
 * have in common they take a quarter. A young history trains one as soon as it has some
 * hundred bodies of a kind, and a better one, for good, when it has some thousands; what is
 * there by then is packed anew, which costs milliseconds and leaves no tail of poor rows, and rows
 * of states are put close together.
 */
#include <errno.h>

#include "private.h"
#include "restack.h"

#define FIRST_TRAINING  400
#define FINAL_TRAINING  8000
#define BODIES_MAX      16384 /* that are packed anew */
#define BODIES_BYTES    ((size_t)48 << 20)
#define SAMPLES_MAX     2000
#define DICTIONARY_SIZE ((size_t)64 << 10)
#define DICTIONARY_PART 16 /* of the bodies' bytes: a dictionary must pay for itself */

/* Bodies of one kind, end to end. */
struct sample_set {
	struct buf ids; /* int64_t each: of keyframes, or of blocks of several events */
	struct buf lengths; /* size_t each */
	struct buf bytes;
	size_t n;
	bool all; /* these are all there are */
};

static void sample_set_deinit(struct sample_set *set)
{
	buf_deinit(&set->ids);
	buf_deinit(&set->lengths);
	buf_deinit(&set->bytes);
}

static int begin_kind(struct store *s, enum dictionary_kind kind, enum counter counter)
{
	_cleanup_(sql_endp) sqlite3_stmt *newest = NULL, *total = NULL;
	struct writer *w = s->writer;
	int64_t samples = 0;
	int r = sql_get(s, Q_DICTIONARY_NEWEST, ARGS(INT(kind)), &newest);

	if (r && r != STORE_E_NOT_FOUND)
		return r;
	if (!r) {
		s->bodies.current[kind - 1] = col_int(newest, 0);
		samples = col_int(newest, 1);
	}
	w->bodies_next[kind - 1] = samples >= FINAL_TRAINING ? INT64_MAX
				   : samples                 ? FINAL_TRAINING
							     : FIRST_TRAINING;
	r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(counter))), &total);
	w->bodies_total[kind - 1] = r ? 0 : col_int(total, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int dictionary_begin(struct store *s)
{
	int r = begin_kind(s, DICTIONARY_EVENT, COUNTER_EVENT);

	return r ? r : begin_kind(s, DICTIONARY_STATE, COUNTER_KEYFRAME);
}

static int sample_add(struct sample_set *set, struct str body)
{
	buf_put_str(&set->bytes, body);
	buf_put(&set->lengths, &body.n, sizeof(body.n));
	set->n++;
	return buf_error(&set->lengths);
}

static int add_block(struct store *s, int64_t id, struct sample_set *set)
{
	_cleanup_(block_deinit) struct block b = { 0 };
	int r = block_read(s, id, &b);

	for (unsigned i = 0; i < b.n && !r; i++)
		r = sample_add(set, block_cut(&b, i));
	return r;
}

static int add_keyframe(struct store *s, int64_t id, struct sample_set *set)
{
	struct str body;
	int r = stored_get(s, id, &body);

	return r ? r : sample_add(set, body);
}

static int sample_read(struct store *s, enum dictionary_kind kind, struct sample_set *set)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	enum statement first =
		kind == DICTIONARY_EVENT ? Q_EVENT_BLOCKS_FIRST : Q_KEYFRAMES_FIRST;
	bool row = true;
	int r = sql_open(s, first, ARGS(INT(0), INT(BODIES_MAX)), &q);

	while (!r && set->bytes.len < BODIES_BYTES && set->n < BODIES_MAX) {
		int64_t id;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		id = col_int(q, 0);
		buf_put(&set->ids, &id, sizeof(id));
		r = kind == DICTIONARY_EVENT ? add_block(s, id, set)
					     : add_keyframe(s, id, set);
	}
	set->all = !row;
	return r ? r : buf_error(&set->ids);
}

/* Trains on some of the set, evenly spread. 0, 1 when they do not suffice. */
static int train(const struct sample_set *set, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, lengths = BUF_INIT;
	const size_t *length = (const size_t *)set->lengths.data;
	size_t step = (set->n + SAMPLES_MAX - 1) / SAMPLES_MAX, at = 0, n = 0;
	int r;

	for (size_t i = 0; i < set->n; at += length[i++]) {
		if (i % step)
			continue;
		buf_put(&bytes, set->bytes.data + at, length[i]);
		buf_put(&lengths, &length[i], sizeof(length[i]));
		n++;
	}
	r = buf_error(&bytes);
	if (!r)
		r = buf_error(&lengths);
	if (r)
		return r;
	return zdict_train(buf_str(&bytes), (const size_t *)lengths.data, n,
			   MIN(DICTIONARY_SIZE, set->bytes.len / DICTIONARY_PART), ret);
}

static int pack_blocks_again(struct store *s, const struct sample_set *set)
{
	_cleanup_(block_deinit) struct block b = { 0 };
	const int64_t *ids = (const int64_t *)set->ids.data;
	size_t n = set->ids.len / sizeof(ids[0]);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		r = block_read(s, ids[i], &b);
		if (!r)
			r = block_renew(s, &b);
	}
	return r;
}

static int pack_keyframes_again(struct store *s, const struct sample_set *set)
{
	const int64_t *ids = (const int64_t *)set->ids.data;
	const size_t *lengths = (const size_t *)set->lengths.data;
	_cleanup_(buf_deinit) struct buf pack = BUF_INIT;
	int64_t dictionary;
	size_t at = 0;

	for (size_t i = 0; i < set->n; at += lengths[i++]) {
		struct str body = { set->bytes.data + at, lengths[i] };
		int r = body_pack(s, DICTIONARY_STATE, body, &pack, &dictionary);

		if (!r)
			r = sql_run(s, Q_STATE_REENCODE,
				    ARGS(INT(ids[i]), NUL, REF(dictionary),
					 BLOB(buf_str(&pack))));
		if (r)
			return r;
	}
	return 0;
}

/* A new dictionary of the kind; the one before goes when nothing is packed with it any more. */
static int renew(struct store *s, enum dictionary_kind kind, const struct sample_set *set,
		 struct str bytes)
{
	int64_t id;
	int r = sql_run(s, Q_DICTIONARY_INSERT,
			ARGS(INT(kind), INT(s->writer->bodies_total[kind - 1]),
			     BLOB(bytes)));

	if (r)
		return r;
	id = sqlite3_last_insert_rowid(s->db);
	s->bodies.current[kind - 1] = id;
	r = kind == DICTIONARY_EVENT ? pack_blocks_again(s, set)
				     : pack_keyframes_again(s, set);
	if (!r && set->all)
		r = sql_run(s, Q_DICTIONARIES_DELETE, ARGS(INT(kind), INT(id)));
	return r;
}

int dictionary_count(struct store *s, enum dictionary_kind kind, unsigned n)
{
	_cleanup_(sample_set_deinit) struct sample_set set = { 0 };
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	int64_t *total = &s->writer->bodies_total[kind - 1];
	int64_t *next = &s->writer->bodies_next[kind - 1];
	int64_t first;
	int r;

	*total += n;
	if (*total < *next)
		return 0;
	r = sample_read(s, kind, &set);
	if (!r && set.n)
		r = train(&set, &bytes);
	if (r < 0)
		return r;
	if (r > 0 || !bytes.len) {
		/* Too little, or too much alike, to learn from. */
		*next = *total * 2;
		return r > 1 ? r : 0;
	}
	*next = *total >= FINAL_TRAINING ? INT64_MAX : FINAL_TRAINING;
	first = *(const int64_t *)set.ids.data;
	r = renew(s, kind, &set, buf_str(&bytes));
	sample_set_deinit(&set);
	return r || kind == DICTIONARY_EVENT ? r : states_restack(s, first);
}
