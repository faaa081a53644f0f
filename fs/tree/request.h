/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One question to the tree: a connection to the history, one consistent view of it, and an
 * arena for what is read on the way.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/name.h"
#include "store/read.h"
#include "util/arena.h"
#include "util/zcodec.h"

#include "at_sums.h"
#include "cache.h"
#include "moments.h"
#include "stream.h"

/*
 * Unpacked blocks of events that all connections keep: twice what a walk through an estate comes
 * back to soon, of 20 to 30 KB each.
 */
#define EVENT_BLOCKS       512u
#define EVENT_BLOCKS_BYTES ((size_t)20 << 20)

struct connection {
	struct store *store;
	struct arena arena;
	struct zcodec *codec; /* of at_block.c; NULL until it is wanted */
	uint64_t seen;        /* the store's generation when it was last used */
	uint64_t commits;     /* ... and the history's commits; see store_commits() */
	uint64_t epoch;       /* the tree's when the file itself was last looked at */
	bool held;            /* its view is open between requests, too */
	bool used;            /* since tree_poll() came last */
	uint64_t label;       /* of requests that see the view held */
	/* Of the view held: where the link of the resource leads whose was looked at last; -1: none. */
	int64_t linked;
	char link[NAME_STATE_SIZE];
	struct connection *next;
};

struct tree {
	char *path;
	pthread_mutex_t lock;
	pthread_cond_t returned; /* a connection is idle, or one less is there */
	/* Under lock: */
	struct connection *idle;
	size_t connections; /* idle or at work; the poller's not among them */
	uint64_t label;     /* grows with every commit noticed; never 0 */
	uint64_t epoch;     /* grows with every commit noticed; 0: nobody polls */
	uint64_t commits; /* in the history, as whoever noticed one last saw it; 0: unknown */
	enum store_place place; /* of the file, as tree_poll() found it last */

	struct connection *poller;   /* of tree_poll() alone */
	struct store_blocks *events; /* that the others have unpacked */
	struct cache cache;
	struct stream_marks marks;
	struct moments moments;
	struct at_sums_cache sums;
	struct cache rosters; /* at_roster.h */
	struct cache blocks;  /* at_block.h */
};

struct request {
	struct tree *tree;
	struct connection *connection;
	struct store *store; /* the connection's */
	struct arena *arena; /* likewise */
	/*
	 * What is read now holds as long as the tree's label is this one; 0 when the history
	 * moved on while the request began and nothing is sure.
	 */
	uint64_t label;
};

/* 0 or negative errno. */
int request_begin(struct tree *t, struct request *ret) _must_check_;
void request_end(struct request *q); /* for _cleanup_; a zeroed request is fine */

int connection_new(const char *path, struct connection **ret,
		   struct fault *f) _must_check_;
struct connection *connection_free(struct connection *c); /* returns NULL */
/* What a connection sees that it did not see before. */
struct connection_news {
	bool any;
	uint64_t commits; /* 0: it is not known what they are */
};
int connection_look(struct connection *c, struct connection_news *ret) _must_check_;
/* What the view of a request that begins shows: its label is one that is sure, or 0. */
void request_note(struct request *q, const struct connection_news *news);
/* With the tree's lock: its label is of a time when a connection saw these. */
bool tree_knows(const struct tree *t, const struct connection_news *news) _pure_;
/* Lets views go that no request has used since this was called last. */
void connections_rest(struct tree *t);
uint64_t tree_label(struct tree *t);
