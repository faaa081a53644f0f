/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What clients want of listings. Attributes of a file that come with its name cost the kernel an
 * inode, half of the time of a find that needs names only; without them each file that somebody
 * does look at is a trip to this process. So they are left out while nobody asks for them.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define WANTS_OPEN 64u /* directories of which it is not known yet */
/* In vain in a row until attributes are left out: from the start, and once they were wanted. */
#define WANTS_FIRST 2u
#define WANTS_MAX   4u

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
};

/* Whose attributes are wanted, of the files at the begin of a listing. */
enum wants_files {
	WANTS_ALL,
	WANTS_TRY, /* the first one goes without, to see whether it is asked for */
	WANTS_NONE,
};

#define WANTS_INIT                                                       \
	{                                                                \
		.lock = PTHREAD_MUTEX_INITIALIZER, .wanted = WANTS_FIRST \
	}

/* A directory is about to be listed from its begin. */
enum wants_files wants_next(struct wants *w);
/* It was, and at least one file is listed without attributes. */
void wants_left_out(struct wants *w, uint64_t dir, bool tried);
/* A file in the directory was looked up by its name. */
void wants_looked_up(struct wants *w, uint64_t dir);
