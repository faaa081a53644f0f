/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Posting lists: which events a name, a credential or a value has; what has a hash; and what else
 * is many small rows of numbers. See posting.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"

struct store;

/* The numbers stand in the table `gathered`. */
enum posting_list {
	POSTING_MENTION,  /* by token */
	POSTING_ACTOR,    /* by token */
	POSTING_ACTIVITY, /* by value */
	POSTING_KEY,      /* hashes of identities of events */
	POSTING_ALIAS,    /* ... of names of resources */
	POSTING_SESSION,  /* by token: events that issued a credential */
	POSTING_UNIT,     /* by token: units that are of it; see person.c */
	POSTING_PERSON,   /* by value: units that a person stands behind; of no time */
	POSTING_BEHIND,   /* by unit: the persons behind it; of no time */
	POSTING_VALUE,    /* hashes of the names of values */
	POSTING_BEARER, /* by name: resources in the place of the time; of no event: 1 */
	POSTING_EDGE,   /* tokens of relationships: of their sources; see edge_token.c */
	POSTING_LATE,   /* by value: of activity, what waits to be merged; see late.c */
};

struct posting {
	int64_t key;
	int64_t time_ms; /* of the event; of a list of hashes: see posting_of_hash() */
	int64_t event;   /* of a list of hashes: whose hash it is */
};

/*
 * Of a hash 32 bits are in its list: eight choose among its rows, the others are in the place of
 * the time. So what is found is to be looked at whether it is what was looked for.
 */
static inline struct posting posting_of_hash(uint64_t hash, int64_t id)
{
	return (struct posting){ (int64_t)(hash >> 56), (int64_t)(hash >> 32 & 0xffffff),
				 id };
}

/*
 * Of a token its list has the upper 48 bits: of ten million tokens, one in thirty million that are
 * looked for meets another one's events.
 */
static inline int64_t posting_key_of_token(uint64_t token)
{
	return (int64_t)(token >> 16);
}

/* By key, then time, then event. */
static inline int posting_order(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

void postings_sort(struct posting *rows, size_t n);

/*
 * Appends the n postings, in order, but for the first: that stands in the row. Keys are below two
 * to the power of 62 apart.
 */
void posting_encode(struct buf *out, const struct posting *rows, size_t n);
/* Appends struct posting each, `first` and those behind it. 0, -EBADMSG, -ENOMEM. */
int posting_decode(const struct posting *first, struct str places,
		   struct buf *out) _must_check_;

struct posting_splice {
	struct posting last;      /* of those that were there */
	size_t n_before, n_added; /* more than `most` in all: `out` is of no use */
};
/*
 * Appends the places of a row with new postings in it, which are in order and none before its first.
 * What is there already stays once; only what is beside a new one is coded anew. No more are added
 * once there are more than `most` in all, but the row is decoded to its end. As posting_decode().
 */
int posting_splice(const struct posting *first, struct str places,
		   const struct posting *rows, size_t n, size_t most, struct buf *out,
		   struct posting_splice *ret) _must_check_;

/* Adds postings that are in order, of any keys; what is there already stays once. */
int postings_put(struct store *s, enum posting_list list, const struct posting *rows,
		 size_t n) _must_check_;

/* Takes one out, if it is there. */
int postings_remove(struct store *s, enum posting_list list,
		    const struct posting *gone) _must_check_;

/* Called with each posting from a time to a time, in order, until *more is set to false. */
typedef int posting_fn(void *ctx, const struct posting *p, bool *more);
int postings_each(struct store *s, enum posting_list list, int64_t key, int64_t from_ms,
		  int64_t to_ms, posting_fn *each, void *ctx) _must_check_;
/*
 * Called with each posting of one of the keys and times, which are in order, each once; the events
 * of these places do not matter. Of many places each row of the list is read once.
 */
int postings_of(struct store *s, enum posting_list list, const struct posting *places,
		size_t n, posting_fn *each, void *ctx) _must_check_;
/* Appends the events of a key, int64_t each. */
int postings_events(struct store *s, enum posting_list list, int64_t key,
		    struct buf *out) _must_check_;
/* The last one at or before a time. STORE_E_NOT_FOUND. */
int postings_as_of(struct store *s, enum posting_list list, int64_t key, int64_t time_ms,
		   struct posting *ret) _must_check_;
/* Its first and its last time. STORE_E_NOT_FOUND. */
int postings_span(struct store *s, enum posting_list list, int64_t key,
		  int64_t *ret_first_ms, int64_t *ret_last_ms) _must_check_;
