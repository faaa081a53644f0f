/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearly every event that comes in is new, and to see that of one by the list of keys takes as long
 * as a fifth of all that the writer does, once the list is larger than SQLite's cache. So a Bloom
 * filter of it is kept in memory, twelve bits a key: of a hundred keys that are not in the list it
 * takes two or so for such as may be. All bits of a key are in one word of 64, one cache line.
 * Beyond some twenty million keys it does not grow any more: it only says yes more often.
 *
 * It is made of the whole list when enough was asked: where little comes in, looking is cheaper.
 * That keys stay in it that a rollback took away again does no harm.
 */
#include "key_filter.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"

#define KEY_BITS  12
#define WORDS_MAX ((size_t)1 << 22) /* 32 MiB */
#define ASKED_MIN 4096u
#define PER_ASKED 128 /* keys of the list that are read in the time of looking for one */

int key_filter_size(struct key_filter *f, size_t room)
{
	size_t n = MIN(MAX(room * KEY_BITS / 64, (size_t)1), WORDS_MAX);
	uint64_t *words = calloc(n, sizeof(words[0]));

	if (!words)
		return -ENOMEM;
	free(f->words);
	*f = (struct key_filter){ .words = words, .n_words = n, .room = room };
	return 0;
}

static size_t word_of(const struct key_filter *f, uint64_t key)
{
	return (size_t)((key >> 32) * f->n_words >> 32);
}

/* Four bits, by what is left of the key when the word is chosen. */
static uint64_t bits_of(uint64_t key)
{
	uint64_t h = (key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t bits = 0;

	for (unsigned shift = 40; shift < 64; shift += 6)
		bits |= UINT64_C(1) << (h >> shift & 63);
	return bits;
}

void key_filter_add(struct key_filter *f, uint64_t key)
{
	if (!f->words)
		return;
	f->words[word_of(f, key)] |= bits_of(key);
	f->n++;
}

bool key_filter_may_have(const struct key_filter *f, uint64_t key)
{
	uint64_t bits = bits_of(key);

	return (f->words[word_of(f, key)] & bits) == bits;
}

void key_filter_deinit(struct key_filter *f)
{
	free(f->words);
	*f = (struct key_filter){ 0 };
}

static int add_posting(void *ctx, const struct posting *p, bool *more _unused_)
{
	key_filter_add(ctx, (uint64_t)p->key << 56 | (uint64_t)p->time_ms << 32);
	return 0;
}

/* With room for half as many more. */
static int make(struct store *s)
{
	struct key_filter *f = &s->writer->gathered.filter;
	size_t n = (size_t)s->writer->next_event;
	int r = key_filter_size(f, n + n / 2);

	for (int64_t part = 0; part < 256 && !r; part++)
		r = postings_each(s, POSTING_KEY, part, INT64_MIN, INT64_MAX, add_posting,
				  f);
	if (r)
		key_filter_deinit(f);
	return r;
}

int key_filter_ask(struct store *s, uint64_t key, bool *ret)
{
	struct key_filter *f = &s->writer->gathered.filter;
	size_t enough = MAX((size_t)s->writer->next_event / PER_ASKED, (size_t)ASKED_MIN);
	bool full = f->words && f->n > f->room;
	int r = 0;

	if (full || (!f->words && ++f->asked > enough))
		r = make(s);
	*ret = !f->words || key_filter_may_have(f, key);
	return r;
}
