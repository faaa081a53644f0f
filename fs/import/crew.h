/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Makers, each on a thread of its own with a read-only connection, and one writer that puts what they
 * made. They go through a page of items, by number; each item is made in one view of the history, in
 * an arena of its own. What is made and not yet taken is bounded.
 */

#include <pthread.h>
#include <stdbool.h>

#include "store/derive.h"
#include "util/arena.h"

#define CREW_MAKERS     64u /* at most */
#define CREW_TOGETHER   4u /* of them keep blocks of events together, for each so many: */
#define CREW_BLOCKS     128u
#define CREW_BLOCK_ROOM ((size_t)128 << 10) /* bytes of each, on the average at most */

/* The beginning of whatever is made. */
struct crew_made {
	struct crew_made *next;
	size_t item;
	size_t bytes; /* of the arena */
	struct arena arena;
	bool lost; /* it could not be made, since a row is damaged: crew_made_lose() */
	struct str why;
};

struct crew_ops {
	void *ctx;
	size_t size;      /* of what is made; it begins as struct crew_made, else zero */
	size_t memo_size; /* of what a maker keeps from item to item; zero at first */
	void (*memo_deinit)(void *memo);
	/* 0 or an error, which ends all, or in order all behind it; the connection's message tells why. */
	int (*make)(void *ctx, struct store *s, void *memo, size_t item,
		    struct crew_made *ret);
	/* Those from `first` on that one maker takes at once end there: first < end <= n. */
	size_t (*run)(void *ctx, size_t first, size_t n);
	const char *history;
	size_t ready_max; /* made and not yet taken, by all */
	bool in_order;    /* they are taken by their numbers; else as they are made */
};

/* Items of the page that a maker has taken. */
struct crew_span {
	size_t next, end;
	uint64_t era; /* of the item that is being made */
};

struct crew_maker {
	pthread_t thread;
	struct crew *crew;
	struct store_blocks *blocks;
	struct store
		*s; /* closed when all have ended, since others may read blocks of it */
};

struct crew {
	const struct crew_ops *ops;
	struct crew_maker makers[CREW_MAKERS];
	struct store_blocks *blocks[CREW_MAKERS / CREW_TOGETHER];
	unsigned n_makers;
	pthread_mutex_t lock;
	pthread_cond_t work,
		ready; /* more to do / an item is ready, or a maker has failed */

	/* Under the lock. */
	size_t n, next;  /* of the page under way; those before `next` are taken */
	size_t expected; /* in order: the one to be given next */
	uint64_t era;    /* counts long logs; so many items are being made ... */
	unsigned under_way, behind; /* ... in it, and in those before */
	size_t waiting, bytes;      /* made and not yet given */
	unsigned sleeping; /* makers that wait until some are given, or for more to do */
	struct crew_made *made, **last; /* the first to be given first */
	int error;
	size_t failed; /* the item it is of; SIZE_MAX: of none */
	size_t until;  /* then: items from here on are neither made nor given any more */
	char why[256]; /* what the maker's connection says of it, if it knows */
	bool stop;
};

/* 0 or negative errno; crew_end() in either case, by whoever started it. */
int crew_start(struct crew *c, const struct crew_ops *ops, unsigned n) _must_check_;
void crew_end(struct crew *c);

/* The writer's: there are n items to make, and all of the page before are given. */
void crew_page(struct crew *c, size_t n);
/* What no maker has taken is left out; returns how many the page has now. */
size_t crew_cut_short(struct crew *c);
/* Waits for the next one; NULL: c->error, and all before it are given if they are given in order. */
struct crew_made *crew_take(struct crew *c);
struct crew_made *crew_made_free(struct crew_made *made); /* NULL */
/* A maker's: in the place of all that was made of it stands what its connection says. 0 or -ENOMEM. */
int crew_made_lose(struct crew_made *made, const struct store *s) _must_check_;
/* Commits; a log that has become long is taken into the file once nobody reads what was before. */
int crew_commit(struct crew *c, struct store *writer) _must_check_;
