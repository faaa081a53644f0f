/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training dictionaries. Short bodies alone hardly compress; with a dictionary of what they
 * have in common they take a quarter. A young history trains one as soon as it has some
 * hundred bodies of a kind, and a better one, for good, when it has some thousands; what events
 * are there by then is packed anew, which costs milliseconds and leaves no tail of poor rows. States
 * are packed anew with their stories: so the first one of theirs stays for those that were before.
 */
#include <errno.h>

#include "private.h"
#include "util/phrase.h"

#define FIRST_TRAINING  400
#define BODIES_MAX      16384 /* that are packed anew */
#define BODIES_BYTES    ((size_t)48 << 20)
#define SAMPLES_MAX     4000
#define DICTIONARY_SIZE ((size_t)112 << 10)
#define DICTIONARY_PART 16 /* of the bodies' bytes: a dictionary must pay for itself */

/* When a kind is trained for the last time: bodies there are. */
static const int64_t final_training[] = { 16000, 8000 };

/* Bodies of one kind, end to end. */
struct sample_set {
	struct buf ids; /* int64_t each: of keyframes, or of blocks of several events */
	struct buf lengths; /* size_t each */
	struct buf bytes;
	size_t n;
	bool all;  /* these are all there are */
	bool left; /* some were left out, which cannot be decoded */
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
		/* Events of a history from before there were phrases are learned from once more. */
		if (kind != DICTIONARY_EVENT || !col_int(newest, 2))
			samples = col_int(newest, 1);
	}
	w->bodies_next[kind - 1] = samples >= final_training[kind - 1] ? INT64_MAX
				   : samples ? final_training[kind - 1]
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
	_cleanup_(buf_deinit) struct buf cut = BUF_INIT;
	int r = block_read(s, id, &b);

	for (unsigned i = 0; i < b.n && !r; i++) {
		buf_reset(&cut);
		r = block_cut(&b, i, &cut);
		if (!r)
			r = sample_add(set, buf_str(&cut));
	}
	return r == -EBADMSG ? body_damaged(s, "block", id) : r;
}

/* The first state of a pack, or one that is alone. */
static int add_keyframe(struct store *s, int64_t id, struct sample_set *set)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	const struct kept_pack *k;
	int r = pack_of_state(s, id, true, &k);

	if (r || k)
		return r ? r : sample_add(set, pack_body(k, 0));
	r = sql_get(s, Q_STATE, ARGS(INT(id)), &q);
	if (!r)
		r = loose_body(s, q, &body);
	return r ? r : sample_add(set, buf_str(&body));
}

/* One that cannot be decoded stays as it is, for who reads it to be told: it keeps nothing out. */
static int add_row(struct store *s, enum dictionary_kind kind, int64_t id,
		   struct sample_set *set)
{
	size_t n = set->n, bytes = set->bytes.len, lengths = set->lengths.len;
	int r = kind == DICTIONARY_EVENT ? add_block(s, id, set)
					 : add_keyframe(s, id, set);

	if (store_is_row_lost(s, r)) {
		set->n = n;
		set->bytes.len = bytes;
		set->lengths.len = lengths;
		set->left = true;
		return 0;
	}
	buf_put(&set->ids, &id, sizeof(id));
	return r ? r : buf_error(&set->ids);
}

/* *ret_all: these are all that the statement gives. */
static int read_some(struct store *s, enum dictionary_kind kind, enum statement first,
		     struct sample_set *set, bool *ret_all)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, first, ARGS(INT(0), INT(BODIES_MAX)), &q);

	while (!r && set->bytes.len < BODIES_BYTES && set->n < BODIES_MAX) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = add_row(s, kind, col_int(q, 0), set);
	}
	*ret_all = !row;
	return r;
}

static int sample_read(struct store *s, enum dictionary_kind kind, struct sample_set *set)
{
	bool all;
	int r;

	if (kind == DICTIONARY_EVENT) {
		r = read_some(s, kind, Q_EVENT_BLOCKS_FIRST, set, &all);
	} else {
		r = read_some(s, kind, Q_PACKS_FIRST, set, &all);
		if (!r)
			r = read_some(s, kind, Q_KEYFRAMES_FIRST, set, &all);
	}
	set->all = all && !set->left;
	return r;
}

/* What is learned from a set. */
struct trained {
	struct buf dictionary;
	struct buf phrases; /* that samples were coded with before; empty: they were not */
};

static void trained_deinit(struct trained *t)
{
	buf_deinit(&t->dictionary);
	buf_deinit(&t->phrases);
}

/* Some of the set, evenly spread. */
static int choose(const struct sample_set *set, struct sample_set *ret)
{
	const size_t *length = (const size_t *)set->lengths.data;
	size_t step = (set->n + SAMPLES_MAX - 1) / SAMPLES_MAX, at = 0;
	int r = 0;

	for (size_t i = 0; i < set->n && !r; at += length[i++])
		if (i % step == 0)
			r = sample_add(ret,
				       (struct str){ set->bytes.data + at, length[i] });
	return r ? r : buf_error(&ret->bytes);
}

static void phrases_freep(struct phrases **p)
{
	*p = phrases_free(*p);
}

/* Learns phrases from the samples, and codes these. */
static int learn_phrases(struct sample_set *samples, struct buf *ret)
{
	_cleanup_(sample_set_deinit) struct sample_set coded = { 0 };
	_cleanup_(phrases_freep) struct phrases *phrases = NULL;
	_cleanup_(buf_deinit) struct buf code = BUF_INIT;
	size_t *length = (size_t *)samples->lengths.data;
	size_t at = 0;
	int r = phrases_learn(buf_str(&samples->bytes), length, samples->n, ret);

	if (!r && ret->len)
		r = phrases_new(buf_str(ret), &phrases);
	for (size_t i = 0; i < samples->n && !r; at += length[i++]) {
		buf_reset(&code);
		phrases_put(phrases, (struct str){ samples->bytes.data + at, length[i] },
			    &code);
		r = buf_error(&code);
		if (!r)
			r = sample_add(&coded, buf_str(&code));
	}
	if (!r)
		r = buf_error(&coded.bytes);
	if (r)
		return r;
	sample_set_deinit(samples);
	*samples = coded;
	coded = (struct sample_set){ 0 };
	return 0;
}

/* 0, 1 when they do not suffice. */
static int train(enum dictionary_kind kind, const struct sample_set *set,
		 struct trained *ret)
{
	_cleanup_(sample_set_deinit) struct sample_set samples = { 0 };
	int r = choose(set, &samples);

	if (!r && kind == DICTIONARY_EVENT)
		r = learn_phrases(&samples, &ret->phrases);
	if (r)
		return r;
	return zdict_train(buf_str(&samples.bytes), (const size_t *)samples.lengths.data,
			   samples.n,
			   MIN(DICTIONARY_SIZE, set->bytes.len / DICTIONARY_PART),
			   &ret->dictionary);
}

/* A new dictionary of the kind; of events' the one before goes when nothing is packed with it any more. */
static int renew(struct store *s, enum dictionary_kind kind, const struct sample_set *set,
		 const struct trained *trained)
{
	const int64_t *ids = (const int64_t *)set->ids.data;
	size_t n = set->ids.len / sizeof(ids[0]);
	struct str phrases = buf_str(&trained->phrases);
	int64_t id;
	int r = sql_run(s, Q_DICTIONARY_INSERT,
			ARGS(INT(kind), INT(s->writer->bodies_total[kind - 1]),
			     BLOB(buf_str(&trained->dictionary)),
			     phrases.n ? BLOB(phrases) : NUL));

	if (r)
		return r;
	id = sqlite3_last_insert_rowid(s->db);
	s->bodies.current[kind - 1] = id;
	if (kind == DICTIONARY_STATE)
		return 0;
	r = blocks_renew(s, ids, n);
	if (!r && set->all)
		r = sql_run(s, Q_DICTIONARIES_DELETE, ARGS(INT(kind), INT(id)));
	return r;
}

int dictionary_count(struct store *s, enum dictionary_kind kind, unsigned n)
{
	_cleanup_(sample_set_deinit) struct sample_set set = { 0 };
	_cleanup_(trained_deinit) struct trained trained = { 0 };
	int64_t *total = &s->writer->bodies_total[kind - 1];
	int64_t *next = &s->writer->bodies_next[kind - 1];
	int r;

	*total += n;
	if (*total < *next)
		return 0;
	r = sample_read(s, kind, &set);
	if (!r && set.n)
		r = train(kind, &set, &trained);
	if (r < 0)
		return r;
	if (r > 0 || !trained.dictionary.len) {
		/* Too little, or too much alike, to learn from. */
		*next = *total * 2;
		return r > 1 ? r : 0;
	}
	*next = *total >= final_training[kind - 1] ? INT64_MAX : final_training[kind - 1];
	return renew(s, kind, &set, &trained);
}
