/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a client does with a directory shows once it is at the one after the next: find goes on
 * without a question, ls asks for each name as it comes, grep when it has all of them. While
 * attributes are wanted, one file of some directories goes without; at first, and from when one was
 * not asked for, of each. A single question is enough for all files to have them again.
 */

#include "wants.h"

/* One in so many directories shows whether they are still wanted. */
#define TRY_EACH 16u
/* Directories that are listed until it counts that nobody asked. */
#define PATIENCE 2u

enum wants_files wants_next(struct wants *w)
{
	enum wants_files ret = WANTS_ALL;

	pthread_mutex_lock(&w->lock);
	w->since++;
	if (w->wanted == 0)
		ret = WANTS_NONE;
	else if (w->wanted < WANTS_MAX || w->since >= TRY_EACH)
		ret = WANTS_TRY;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

/* The directory that was listed so many before the newest one had its time. */
static void give_up(struct wants *w, unsigned back)
{
	unsigned at = (w->newest - back) % WANTS_OPEN;

	if (w->open[at].dir && w->open[at].tried && w->wanted > 0)
		w->wanted--;
	w->open[at].tried = false;
}

void wants_left_out(struct wants *w, uint64_t dir, bool tried)
{
	pthread_mutex_lock(&w->lock);
	if (tried)
		w->since = 0;
	w->newest++;
	w->open[w->newest % WANTS_OPEN].dir = dir;
	w->open[w->newest % WANTS_OPEN].tried = tried;
	give_up(w, PATIENCE);
	pthread_mutex_unlock(&w->lock);
}

void wants_looked_up(struct wants *w, uint64_t dir)
{
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < WANTS_OPEN; i++) {
		if (w->open[i].dir != dir)
			continue;
		w->open[i].dir = 0;
		w->wanted = WANTS_MAX;
		w->since = 0;
	}
	pthread_mutex_unlock(&w->lock);
}
