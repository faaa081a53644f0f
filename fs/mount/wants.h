/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What clients want of listings. Attributes of a file that come with its name cost the kernel an
 * inode, half of the time of a find that needs names only; without them each file that somebody
 * does look at is a trip to this process. So they are left out while nobody asks for them.
 *
 * Of a large directory all entries go without, but for those of the first reply, directories too:
 * who lists one mostly wants its names, and goes through none or few of them. Who goes through a
 * tree does want them, and shows it in time; so does whoever asks for an entry. And who has looked up
 * the same directory of two moments before listing either compares what is in it, file by file.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define WANTS_OPEN 64u /* directories of which it is not known yet */
/* In vain in a row until attributes are left out: from the start, and once they were wanted. */
#define WANTS_FIRST 2u
#define WANTS_MAX   4u
/*
 * A directory with more names is large; one where a name's attributes cost so many times as much
 * (tree_attr_cost()), with that part of them. A name that goes with attributes costs 2.5 us more,
 * one that is looked up by itself some 20 us; of directories with fewer names ls -f takes below
 * 60 ms either way, where a find would lose a third.
 */
#define WANTS_LARGE_NAMES 16384u
#define WANTS_LARGE       16u /* large directories, listed last */
/* So many entries looked up tell of somebody who goes through them, not of a path through one. */
#define WANTS_ASKED 64u
/* So long after it showed, someone is taken to be still going through a tree. */
#define WANTS_WALK_MS 1000
#define WANTS_MOMENTS 16u /* directories of moments, looked up last */
/* So long after it was looked up, one that was not listed yet is taken to be waiting for that. */
#define WANTS_PAIR_MS 60000

struct wants {
	pthread_mutex_t lock;
	/* Under lock: */
	unsigned wanted; /* for so many directories in vain; 0: attributes are left out */
	unsigned since;  /* directories since one was tried */
	struct {
		uint64_t dir; /* 0: none, or the answer is known */
		bool tried;
	} open[WANTS_OPEN];
	unsigned newest;
	struct {
		uint64_t dir;   /* 0: none */
		bool bare;      /* its listing goes on without attributes */
		unsigned asked; /* entries looked up since; WANTS_ASKED: or more */
	} large[WANTS_LARGE];
	unsigned newest_large;
	uint64_t listed;   /* the directory listed last */
	int64_t listed_ms; /* when that was begun */
	int64_t walked_ms; /* when someone was seen to go through a tree */
	struct {
		uint64_t dir, twin; /* twin 0: none */
		int64_t met_ms;
		bool listed, compared; /* since; compared: with attributes */
	} moments[WANTS_MOMENTS];
};

/* Whose attributes are wanted, of the files at the begin of a listing. */
enum wants_files {
	WANTS_ALL,
	WANTS_TRY, /* the first one goes without, to see whether it is asked for */
	WANTS_NONE,
};

#define WANTS_INIT                                                        \
	{                                                                 \
		.lock = PTHREAD_MUTEX_INITIALIZER, .wanted = WANTS_FIRST, \
		.listed_ms = -WANTS_WALK_MS, .walked_ms = -WANTS_WALK_MS  \
	}

/* A directory is about to be listed from its begin. */
enum wants_files wants_next(struct wants *w);
/* It was, and at least one file is listed without attributes. */
void wants_left_out(struct wants *w, uint64_t dir, bool tried);
/* A file in the directory was looked up by its name. */
void wants_looked_up(struct wants *w, uint64_t dir);

/*
 * A directory is listed from its begin, at that time (clock_ms()); `below_listed`: the one above it
 * was listed before. May what follows the first reply go without attributes, if the directory is
 * large? Then wants_large() is to be told.
 */
bool wants_begun(struct wants *w, uint64_t dir, bool below_listed, int64_t now_ms);
void wants_large(struct wants *w, uint64_t dir);
/* Does its listing go on without attributes? */
bool wants_names(struct wants *w, uint64_t dir);
/* An entry of the directory, of any kind, was looked up by its name: true if it is a large one. */
bool wants_entry(struct wants *w, uint64_t dir);
/*
 * A directory of a moment was looked up at that time; `twin` is the same number for it at every moment
 * (tree_twin()), 0: it is none of a moment.
 */
void wants_met(struct wants *w, uint64_t dir, uint64_t twin, int64_t now_ms);
/*
 * It is listed from its begin. Is it compared: is it waited for at another moment, or was that listed
 * as one that is compared? Then it is listed with attributes, however large.
 */
bool wants_compared(struct wants *w, uint64_t dir, uint64_t twin, int64_t now_ms);
/* Someone asked about the filesystem, as those do who go through a tree with fts(3). */
void wants_walk(struct wants *w, int64_t now_ms);
