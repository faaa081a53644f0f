/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phrases and dictionaries for the threads that parse. What a record is coded as, and what a state
 * that stands alone is packed as, needs nothing of the history but the dictionary in use, and that
 * changes twice in its life; so the writer shares it, and who parses codes each record and packs each
 * state. What was made with another than the one that it is put with the writer makes again. What was
 * shared stays until the end: somebody may be at it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "code_shared.h"
#include "private.h"
#include "store/write.h"
#include "trim.h"
#include "util/phrase.h"

#define KINDS 2u /* of dictionaries */

/* A dictionary as it was shared once. */
struct coder {
	struct coder *next;
	int64_t dictionary;
	struct phrases *phrases; /* of events, else NULL */
	struct zdict *packed;    /* of states, else NULL */
	bool gone;               /* for the writer, who alone looks at it */
};

struct store_coders {
	pthread_mutex_t lock;
	/* By kind - 1; NULL: there is no dictionary, or none that is known, or it has no phrases. */
	const struct coder *newest[KINDS];
	struct coder *all;
	int64_t dictionary[KINDS]; /* the writer's: that was looked at last */
};

/* What a code begins with; the record's bytes follow. */
struct code_head {
	const struct coder *coder;
	struct block_apart apart;
};

int shared_coders_new(struct store_coders **ret)
{
	struct store_coders *coders = calloc(1, sizeof(*coders));

	if (!coders)
		return -ENOMEM;
	pthread_mutex_init(&coders->lock, NULL);
	*ret = coders;
	return 0;
}

static struct coder *coder_free(struct coder *one)
{
	if (one) {
		phrases_free(one->phrases);
		zdict_free(one->packed);
	}
	free(one);
	return NULL;
}

static void coder_freep(struct coder **one)
{
	*one = coder_free(*one);
}

struct store_coders *shared_coders_free(struct store_coders *coders)
{
	if (!coders)
		return NULL;
	while (coders->all) {
		struct coder *one = coders->all;

		coders->all = one->next;
		coder_free(one);
	}
	pthread_mutex_destroy(&coders->lock);
	free(coders);
	return NULL;
}

static void set_newest(struct store_coders *coders, enum dictionary_kind kind,
		       const struct coder *newest)
{
	pthread_mutex_lock(&coders->lock);
	coders->newest[kind - 1] = newest;
	pthread_mutex_unlock(&coders->lock);
}

static const struct coder *newest_of(struct store_coders *coders,
				     enum dictionary_kind kind)
{
	const struct coder *newest;

	pthread_mutex_lock(&coders->lock);
	newest = coders->newest[kind - 1];
	pthread_mutex_unlock(&coders->lock);
	return newest;
}

void shared_coders_forget(struct store_coders *coders)
{
	if (!coders)
		return;
	set_newest(coders, DICTIONARY_EVENT, NULL);
	set_newest(coders, DICTIONARY_STATE, NULL);
	memset(coders->dictionary, 0, sizeof(coders->dictionary));
	for (struct coder *one = coders->all; one; one = one->next)
		one->gone = true;
}

/* *ret stays NULL for events that are coded with no phrases. */
static int coder_new(struct store *s, enum dictionary_kind kind, int64_t dictionary,
		     struct coder **ret)
{
	_cleanup_(coder_freep) struct coder *one = NULL;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_DICTIONARY, ARGS(INT(dictionary)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "dictionary", dictionary)
					      : r;
	if (kind == DICTIONARY_EVENT && sqlite3_column_type(q, 2) == SQLITE_NULL)
		return 0;
	one = calloc(1, sizeof(*one));
	if (!one)
		return -ENOMEM;
	one->dictionary = dictionary;
	if (kind == DICTIONARY_EVENT)
		r = phrases_new(col_str(q, 2), &one->phrases);
	else
		one->packed = zdict_new(col_str(q, 1), STATE_LEVEL);
	if (r)
		return r == -EBADMSG ? body_damaged(s, "dictionary", dictionary) : r;
	if (!one->phrases && !one->packed)
		return -ENOMEM;
	*ret = take_ptr(one);
	return 0;
}

int shared_coders_put(struct store *s, enum dictionary_kind kind, int64_t dictionary)
{
	struct store_coders *coders = s->bodies.coders;
	struct coder *one = NULL;
	int r;

	if (coders->dictionary[kind - 1] == dictionary)
		return 0;
	r = dictionary ? coder_new(s, kind, dictionary, &one) : 0;
	if (r)
		return r;
	coders->dictionary[kind - 1] = dictionary;
	if (one) {
		one->next = coders->all;
		coders->all = one;
	}
	set_newest(coders, kind, one);
	return 0;
}

static bool is_of(const struct coder *one, int64_t dictionary)
{
	return !one->gone && one->dictionary == dictionary;
}

struct store_coders *store_coders(struct store *s)
{
	return s->bodies.coders;
}

/* --- events -------------------------------------------------------------------------------- */

bool shared_code_take(struct str code, int64_t dictionary, struct block_apart *ret_apart,
		      struct str *ret_record)
{
	struct code_head head;

	if (code.n < sizeof(head))
		return false;
	memcpy(&head, code.p, sizeof(head));
	*ret_apart = head.apart;
	*ret_record = str_from(code, sizeof(head));
	return is_of(head.coder, dictionary);
}

int store_event_code(struct store_coders *coders, struct str record, struct str identity,
		     struct buf *out)
{
	struct code_head head = { .coder = newest_of(coders, DICTIONARY_EVENT) };
	int r;

	buf_reset(out);
	if (!head.coder)
		return 0;
	buf_put(out, &head, sizeof(head));
	r = block_code(head.coder->phrases, record, identity, &head.apart, out);
	if (!r)
		memcpy(out->data, &head, sizeof(head));
	return r;
}

/* --- states -------------------------------------------------------------------------------- */

int state_trim(const struct item *item, struct buf *out)
{
	const struct trimming t = { item->captured_ms, item->state_id };

	buf_reset(out);
	return trim(item->body, &t, out);
}

bool shared_frame_take(struct str code, int64_t dictionary, struct str *ret_frame)
{
	const struct coder *coder;

	if (code.n < sizeof(coder))
		return false;
	memcpy(&coder, code.p, sizeof(coder));
	*ret_frame = str_from(code, sizeof(coder));
	return is_of(coder, dictionary);
}

int store_state_code(struct store_coders *coders, struct zcodec *codec,
		     const struct item *item, struct buf *scratch, struct buf *out)
{
	const struct coder *coder = newest_of(coders, DICTIONARY_STATE);
	int r;

	buf_reset(out);
	if (!coder)
		return 0;
	r = state_trim(item, scratch);
	buf_put(out, &coder, sizeof(coder));
	return r ? r : zcodec_pack(codec, buf_str(scratch), coder->packed, STR_NULL, out);
}
