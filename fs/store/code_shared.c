/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phrases for the threads that parse. What a record is coded as needs nothing of the history but
 * which phrases are in use, and those change twice in its life; so the writer shares them, and who
 * parses codes each record. What was coded with others than those of the block that it is put to
 * the writer codes again. What was shared stays until the end: somebody may be at it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "private.h"
#include "store/write.h"
#include "util/phrase.h"

/* Phrases as they were shared once. */
struct coder {
	struct coder *next;
	int64_t dictionary; /* whose they are */
	struct phrases *phrases;
	bool gone; /* for the writer, who alone looks at it */
};

struct store_coders {
	pthread_mutex_t lock;
	const struct coder *newest; /* NULL: there are no phrases, or none that are known */
	struct coder *all;
	int64_t dictionary; /* the writer's: that was looked at last */
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

struct store_coders *shared_coders_free(struct store_coders *coders)
{
	if (!coders)
		return NULL;
	while (coders->all) {
		struct coder *one = coders->all;

		coders->all = one->next;
		phrases_free(one->phrases);
		free(one);
	}
	pthread_mutex_destroy(&coders->lock);
	free(coders);
	return NULL;
}

static void set_newest(struct store_coders *coders, const struct coder *newest)
{
	pthread_mutex_lock(&coders->lock);
	coders->newest = newest;
	pthread_mutex_unlock(&coders->lock);
}

void shared_coders_forget(struct store_coders *coders)
{
	if (!coders)
		return;
	set_newest(coders, NULL);
	coders->dictionary = 0;
	for (struct coder *one = coders->all; one; one = one->next)
		one->gone = true;
}

static int coder_new(struct store *s, int64_t dictionary, struct coder **ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct coder *one;
	int r = sql_get(s, Q_DICTIONARY, ARGS(INT(dictionary)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "dictionary", dictionary)
					      : r;
	if (sqlite3_column_type(q, 2) == SQLITE_NULL)
		return 0;
	one = calloc(1, sizeof(*one));
	r = one ? phrases_new(col_str(q, 2), &one->phrases) : -ENOMEM;
	if (r) {
		free(one);
		return r == -EBADMSG ? body_damaged(s, "dictionary", dictionary) : r;
	}
	one->dictionary = dictionary;
	*ret = one;
	return 0;
}

int shared_coders_put(struct store *s, int64_t dictionary)
{
	struct store_coders *coders = s->bodies.coders;
	struct coder *one = NULL;
	int r;

	if (coders->dictionary == dictionary)
		return 0;
	r = dictionary ? coder_new(s, dictionary, &one) : 0;
	if (r)
		return r;
	coders->dictionary = dictionary;
	if (one) {
		one->next = coders->all;
		coders->all = one;
	}
	set_newest(coders, one);
	return 0;
}

bool shared_code_take(struct str code, int64_t dictionary, struct block_apart *ret_apart,
		      struct str *ret_record)
{
	struct code_head head;

	if (code.n < sizeof(head))
		return false;
	memcpy(&head, code.p, sizeof(head));
	*ret_apart = head.apart;
	*ret_record = str_from(code, sizeof(head));
	return !head.coder->gone && head.coder->dictionary == dictionary;
}

struct store_coders *store_coders(struct store *s)
{
	return s->bodies.coders;
}

int store_event_code(struct store_coders *coders, struct str record, struct str identity,
		     struct buf *out)
{
	struct code_head head = { 0 };
	int r;

	buf_reset(out);
	pthread_mutex_lock(&coders->lock);
	head.coder = coders->newest;
	pthread_mutex_unlock(&coders->lock);
	if (!head.coder)
		return 0;
	buf_put(out, &head, sizeof(head));
	r = block_code(head.coder->phrases, record, identity, &head.apart, out);
	if (!r)
		memcpy(out->data, &head, sizeof(head));
	return r;
}
