/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of files between two threads. Who walks waits while there are as many as there may be, and
 * is woken when half of them are taken.
 */
#include "walker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define AHEAD 256u /* files, of a kilobyte each */

struct walker {
	struct sources *sources;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t room, found;
	struct import_file *files, **last;
	unsigned n;
	bool ended, stop;
	int error;
};

static int file_new(const struct source_entry *e, struct import_file **ret)
{
	struct import_file *file = calloc(1, sizeof(*file));
	bool is_stdin = !strcmp(e->name, "-");

	if (!file)
		return -ENOMEM;
	file->bytes = IMPORT_NO_BYTES;
	file->stream = e->kind == SOURCE_STREAM;
	file->closed = e->kind == SOURCE_REFUSED;
	file->named = e->named;
	file->size = e->size;
	file->version = e->version;
	file->fault = e->fault;
	file->shown = strdup(e->shown);
	file->path = is_stdin ? NULL : strdup(e->name);
	file->name = file->stream ? NULL : strdup(e->name);
	if (!file->shown || (!file->path && !is_stdin) ||
	    (!file->name && !file->stream)) {
		import_file_free(file);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

/* false: it is to stop. The file is taken over. */
static bool put(struct walker *w, struct import_file *file)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && w->n >= AHEAD)
		pthread_cond_wait(&w->room, &w->lock);
	file->next = NULL;
	*w->last = file;
	w->last = &file->next;
	w->n++;
	stop = w->stop;
	pthread_cond_signal(&w->found);
	pthread_mutex_unlock(&w->lock);
	return !stop;
}

static void *walk(void *arg)
{
	struct walker *w = arg;
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct import_file *file = NULL;
		struct source_entry e;

		r = sources_next(w->sources, &e, &more);
		if (!r && more)
			r = file_new(&e, &file);
		if (!r && more && !put(w, file))
			break;
	}
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	w->error = r;
	pthread_cond_signal(&w->found);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int walker_new(struct sources *sources, struct walker **ret)
{
	struct walker *w = calloc(1, sizeof(*w));

	if (!w) {
		sources_free(sources);
		return -ENOMEM;
	}
	w->sources = sources;
	w->last = &w->files;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->room, NULL);
	pthread_cond_init(&w->found, NULL);
	w->started = pthread_create(&w->thread, NULL, walk, w) == 0;
	if (!w->started) {
		walker_free(w);
		return -EAGAIN;
	}
	*ret = w;
	return 0;
}

struct walker *walker_free(struct walker *w)
{
	if (!w)
		return NULL;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->room);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	while (w->files) {
		struct import_file *file = w->files;

		w->files = file->next;
		import_file_free(file);
	}
	sources_free(w->sources);
	pthread_cond_destroy(&w->room);
	pthread_cond_destroy(&w->found);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

static int take(struct walker *w, struct import_file **ret)
{
	struct import_file *file = w->files;

	if (!file)
		return w->error ? w->error : w->ended ? WALKER_E_END : WALKER_E_LATER;
	w->files = file->next;
	if (!w->files)
		w->last = &w->files;
	file->next = NULL;
	if (--w->n == AHEAD / 2)
		pthread_cond_signal(&w->room);
	*ret = file;
	return 0;
}

int walker_next(struct walker *w, bool wait, struct import_file **ret)
{
	int r;

	pthread_mutex_lock(&w->lock);
	while (wait && !w->files && !w->ended)
		pthread_cond_wait(&w->found, &w->lock);
	r = take(w, ret);
	pthread_mutex_unlock(&w->lock);
	return r;
}
