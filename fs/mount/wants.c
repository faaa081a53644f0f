/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a client does with a directory shows once it is at the one after the next: find goes on
 * without a question, ls asks for each name as it comes, grep when it has all of them. While
 * attributes are wanted, one file of some directories goes without; at first, and from when one was
 * not asked for, of each. A single question is enough for all files to have them again.
 *
 * Who goes through a tree lists one directory right after another, and each above before those in
 * it. That tells of most before they come to a large one; tools that use gnulib's fts (find, grep,
 * du) ask for the kind of the filesystem besides, at the latest when they have 10,000 names of one
 * directory.
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

/* --- large directories -------------------------------------------------------------------- */

/* With the lock. WANTS_LARGE: it is none of them. */
static unsigned large_of(const struct wants *w, uint64_t dir)
{
	unsigned i = 0;

	while (i < WANTS_LARGE && w->large[i].dir != dir)
		i++;
	return i;
}

bool wants_begun(struct wants *w, uint64_t dir, bool below_listed, int64_t now_ms)
{
	bool ret = true;
	unsigned at;

	pthread_mutex_lock(&w->lock);
	if (below_listed && w->listed != dir && now_ms - w->listed_ms < WANTS_WALK_MS)
		w->walked_ms = now_ms;
	w->listed = dir;
	w->listed_ms = now_ms;
	if (now_ms - w->walked_ms < WANTS_WALK_MS)
		ret = false;
	at = large_of(w, dir);
	if (at < WANTS_LARGE) {
		if (w->large[at].asked >= WANTS_ASKED)
			ret = false;
		w->large[at].bare = false;
		w->large[at].asked = 0;
	}
	pthread_mutex_unlock(&w->lock);
	return ret;
}

void wants_large(struct wants *w, uint64_t dir)
{
	unsigned at;

	pthread_mutex_lock(&w->lock);
	at = large_of(w, dir);
	if (at == WANTS_LARGE)
		at = w->newest_large++ % WANTS_LARGE;
	w->large[at].dir = dir;
	w->large[at].bare = true;
	w->large[at].asked = 0;
	pthread_mutex_unlock(&w->lock);
}

bool wants_names(struct wants *w, uint64_t dir)
{
	unsigned at;
	bool ret;

	pthread_mutex_lock(&w->lock);
	at = large_of(w, dir);
	ret = at < WANTS_LARGE && w->large[at].bare;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

bool wants_entry(struct wants *w, uint64_t dir)
{
	unsigned at;

	pthread_mutex_lock(&w->lock);
	at = large_of(w, dir);
	if (at < WANTS_LARGE) {
		w->large[at].bare = false;
		if (w->large[at].asked < WANTS_ASKED)
			w->large[at].asked++;
	}
	pthread_mutex_unlock(&w->lock);
	return at < WANTS_LARGE;
}

void wants_walk(struct wants *w, int64_t now_ms)
{
	pthread_mutex_lock(&w->lock);
	w->walked_ms = now_ms;
	for (unsigned i = 0; i < WANTS_LARGE; i++)
		w->large[i].bare = false;
	pthread_mutex_unlock(&w->lock);
}

/* --- moments ------------------------------------------------------------------------------ */

/* With the lock: its own place, or that of the one met longest ago; a free one counts as that. */
static unsigned moment_of(const struct wants *w, uint64_t dir)
{
	unsigned at = 0;

	for (unsigned i = 0; i < WANTS_MOMENTS; i++) {
		if (w->moments[i].dir == dir)
			return i;
		if (w->moments[i].met_ms < w->moments[at].met_ms)
			at = i;
	}
	return at;
}

void wants_met(struct wants *w, uint64_t dir, uint64_t twin, int64_t now_ms)
{
	unsigned at;

	if (!twin)
		return;
	pthread_mutex_lock(&w->lock);
	at = moment_of(w, dir);
	w->moments[at].dir = dir;
	w->moments[at].twin = twin;
	w->moments[at].met_ms = now_ms;
	w->moments[at].listed = w->moments[at].compared = false;
	pthread_mutex_unlock(&w->lock);
}

bool wants_compared(struct wants *w, uint64_t dir, uint64_t twin, int64_t now_ms)
{
	bool ret = false;
	unsigned at;

	if (!twin)
		return false;
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < WANTS_MOMENTS && !ret; i++)
		ret = w->moments[i].twin == twin && w->moments[i].dir != dir &&
		      (!w->moments[i].listed || w->moments[i].compared) &&
		      now_ms - w->moments[i].met_ms < WANTS_PAIR_MS;
	at = moment_of(w, dir);
	if (w->moments[at].dir == dir) {
		w->moments[at].listed = true;
		w->moments[at].compared = ret;
	}
	pthread_mutex_unlock(&w->lock);
	return ret;
}
