/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock, two conditions. The files under way form a list in their order; the first one,
 * the head, is what the writer waits for. A worker whose chunk finds no room parses others
 * instead of waiting.
 *
 * Nothing can get stuck: the head is always claimed before any other file, its reader may
 * always hand over a chunk when none of the head's is under way, and the head's first chunk
 * may always be parsed; both whatever the number of bytes in flight.
 *
 * The writer parses, too, while what comes next is not ready: so there need not be more threads
 * than processors, of which some would stand still each time two of them want the same one.
 * It does not read, since a reader waits for room that only the writer makes. So that there is
 * something for it to parse, workers take up another file before they parse, until some chunks wait.
 */
#include "pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/cond.h"

#define SPARE_CHUNKS 16u
#define AHEAD        4u /* chunks that wait to be parsed before a worker parses */
#define SPARE_BYTES  (4 * CHUNK_TEXT) /* a chunk that has grown beyond is not kept */

struct pipeline {
	struct pipeline_ops ops;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* for workers: something to read or to parse, or room */
	pthread_cond_t ready; /* for the writer: the head, or another to parse */
	void *own;            /* what the writer parses with */
	pthread_t *threads;
	unsigned n_threads;
	int stop_fd;

	struct import_file *head, **last;
	struct import_file *unclaimed; /* the first that no worker has taken */
	unsigned n_files;
	size_t bodies; /* bytes of files in memory that are not read */
	struct chunk *queue, **queue_last; /* to be parsed */
	struct chunk *spare;
	unsigned n_spare, n_flying, n_queued;
	size_t bytes, most; /* in flight */
	uint64_t read_bytes;
	bool stop;
	int error;
};

void import_bytes_deinit(struct import_bytes *b)
{
	buf_deinit(&b->memory);
	closep(&b->fd);
	*b = IMPORT_NO_BYTES;
}

struct import_file *import_file_free(struct import_file *file)
{
	if (!file)
		return NULL;
	while (file->chunks) {
		struct chunk *c = file->chunks;

		file->chunks = c->next;
		chunk_free(c);
	}
	import_bytes_deinit(&file->bytes);
	for (unsigned n = 0; n < file->n_cursors; n++)
		free(file->cursors[n]);
	free(file->shown);
	free(file->path);
	free(file->name);
	free(file);
	return NULL;
}

/* --- chunks, under the lock ---------------------------------------------------------------- */

static void queue_add(struct pipeline *p, struct chunk *c)
{
	c->state = CHUNK_QUEUED;
	c->queue_next = NULL;
	c->queue_at = p->queue_last;
	*p->queue_last = c;
	p->queue_last = &c->queue_next;
	p->n_queued++;
}

static void queue_remove(struct pipeline *p, struct chunk *c)
{
	*c->queue_at = c->queue_next;
	if (c->queue_next)
		c->queue_next->queue_at = c->queue_at;
	else
		p->queue_last = c->queue_at;
	p->n_queued--;
}

static void charge(struct pipeline *p, struct chunk *c, size_t bytes)
{
	p->bytes += bytes - c->charged;
	c->charged = bytes;
}

static bool crowded(const struct pipeline *p)
{
	return p->bytes >= p->most || p->n_flying >= p->most / PIPELINE_CHUNK;
}

/* Workers that found no room are woken when half is free again, not for each chunk written. */
static bool drained(const struct pipeline *p)
{
	return p->bytes <= p->most / 2 && p->n_flying <= p->most / PIPELINE_CHUNK / 2;
}

static struct chunk *first_to_parse(struct pipeline *p)
{
	struct chunk *c = p->head ? p->head->chunks : NULL;

	if (c && c->state == CHUNK_QUEUED)
		return c;
	return p->bytes < p->most ? p->queue : NULL;
}

/* The head's reader may go on although it is crowded: the writer waits for it. */
static bool starving(const struct pipeline *p, const struct import_file *file)
{
	return file == p->head && !file->chunks;
}

static bool head_is_ready(const struct pipeline *p)
{
	const struct import_file *head = p->head;

	return head->chunks ? head->chunks->state == CHUNK_PARSED : head->ended;
}

static void tell_writer(struct pipeline *p)
{
	if (p->stop || (p->head && head_is_ready(p)))
		pthread_cond_signal(&p->ready);
}

static void stop(struct pipeline *p, int error)
{
	uint64_t one = 1;

	if (!p->error)
		p->error = error;
	p->stop = true;
	/* An eventfd that holds 1 already cannot fail so that it matters. */
	if (write(p->stop_fd, &one, sizeof(one)) < 0)
		p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_signal(&p->ready);
}

/* --- workers ------------------------------------------------------------------------------- */

/* Entered and left with the lock held; of a worker's, or the writer's own. */
static void parse(struct pipeline *p, void *worker, struct chunk *c)
{
	int r;

	queue_remove(p, c);
	c->state = CHUNK_PARSING;
	pthread_mutex_unlock(&p->lock);
	r = p->ops.parse(worker, c);
	pthread_mutex_lock(&p->lock);
	c->state = CHUNK_PARSED;
	charge(p, c, chunk_bytes(c));
	if (r)
		stop(p, r);
	tell_writer(p);
}

static void read_file(struct pipeline *p, void *worker, struct import_file *file)
{
	int r;

	p->unclaimed = file->next;
	pthread_mutex_unlock(&p->lock);
	r = p->ops.read(worker, file);
	pthread_mutex_lock(&p->lock);
	file->ended = true;
	p->bodies -= file->waiting;
	if (r && !p->stop)
		stop(p, r);
	tell_writer(p);
}

static void work(struct pipeline *p, void *worker)
{
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct chunk *c = first_to_parse(p);
		bool may_read = p->unclaimed && (!crowded(p) || p->unclaimed == p->head);

		if (c && (!may_read || p->n_queued >= AHEAD))
			parse(p, worker, c);
		else if (may_read)
			read_file(p, worker, p->unclaimed);
		else
			pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *argument)
{
	struct pipeline *p = argument;
	void *worker = p->ops.worker_new(p, p->ops.ctx);

	if (worker) {
		work(p, worker);
		p->ops.worker_free(worker);
		return NULL;
	}
	pthread_mutex_lock(&p->lock);
	stop(p, -ENOMEM);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct chunk *pipeline_chunk(struct pipeline *p)
{
	struct chunk *c;

	pthread_mutex_lock(&p->lock);
	c = p->spare;
	if (c) {
		p->spare = c->next;
		p->n_spare--;
	}
	pthread_mutex_unlock(&p->lock);
	if (!c)
		return chunk_new();
	chunk_reset(c);
	return c;
}

int pipeline_push(struct pipeline *p, void *worker, struct import_file *file,
		  struct chunk *chunk)
{
	pthread_mutex_lock(&p->lock);
	while (!p->stop && crowded(p) && !starving(p, file)) {
		struct chunk *other = first_to_parse(p);

		if (other)
			parse(p, worker, other);
		else
			pthread_cond_wait(&p->work, &p->lock);
	}
	if (p->stop) {
		pthread_mutex_unlock(&p->lock);
		chunk_free(chunk);
		return -ECANCELED;
	}
	chunk->next = NULL;
	*file->last = chunk;
	file->last = &chunk->next;
	p->n_flying++;
	charge(p, chunk, chunk_bytes(chunk));
	queue_add(p, chunk);
	pthread_cond_signal(&p->ready);
	/* A reader comes to parse itself; the first chunk of a file may be all there is. One that
	   waits for its source has a processor to spare. */
	if (file->stream || file->given || p->queue != chunk)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

void pipeline_progress(struct pipeline *p, uint64_t bytes)
{
	pthread_mutex_lock(&p->lock);
	p->read_bytes += bytes;
	pthread_mutex_unlock(&p->lock);
}

int pipeline_stop_fd(const struct pipeline *p)
{
	return p->stop_fd;
}

bool pipeline_stopped(struct pipeline *p)
{
	bool stopped;

	pthread_mutex_lock(&p->lock);
	stopped = p->stop;
	pthread_mutex_unlock(&p->lock);
	return stopped;
}

/* --- writer -------------------------------------------------------------------------------- */

static int init(struct pipeline *p, const struct pipeline_ops *ops, size_t most)
{
	p->ops = *ops;
	p->most = most;
	p->last = &p->head;
	p->queue_last = &p->queue;
	p->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->stop_fd < 0)
		return -errno;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->ready, NULL);
	return 0;
}

int pipeline_new(const struct pipeline_ops *ops, unsigned workers, size_t most,
		 struct pipeline **ret)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int r = p ? init(p, ops, most) : -ENOMEM;

	if (r) {
		free(p);
		return r;
	}
	p->own = ops->worker_new(p, ops->ctx);
	p->threads = calloc(workers, sizeof(p->threads[0]));
	r = p->own && p->threads ? 0 : -ENOMEM;
	while (!r && p->n_threads < workers) {
		r = -pthread_create(&p->threads[p->n_threads], NULL, worker_main, p);
		if (!r)
			p->n_threads++;
	}
	/* Fewer workers than asked for do as well. */
	if (r && !p->n_threads) {
		pipeline_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct pipeline *pipeline_free(struct pipeline *p)
{
	if (!p)
		return NULL;
	pthread_mutex_lock(&p->lock);
	stop(p, -ECANCELED);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	if (p->own)
		p->ops.worker_free(p->own);
	while (p->head) {
		struct import_file *file = p->head;

		p->head = file->next;
		import_file_free(file);
	}
	while (p->spare) {
		struct chunk *c = p->spare;

		p->spare = c->next;
		chunk_free(c);
	}
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->ready);
	pthread_mutex_destroy(&p->lock);
	close(p->stop_fd);
	free(p->threads);
	free(p);
	return NULL;
}

bool pipeline_has_room(struct pipeline *p)
{
	bool room;

	pthread_mutex_lock(&p->lock);
	room = p->n_files < PIPELINE_FILES && p->bodies < PIPELINE_BODIES;
	pthread_mutex_unlock(&p->lock);
	return room;
}

bool pipeline_is_empty(struct pipeline *p)
{
	bool empty;

	pthread_mutex_lock(&p->lock);
	empty = !p->head;
	pthread_mutex_unlock(&p->lock);
	return empty;
}

void pipeline_add(struct pipeline *p, struct import_file *file)
{
	file->next = NULL;
	file->chunks = NULL;
	file->last = &file->chunks;
	file->waiting = file->bytes.memory.len;
	pthread_mutex_lock(&p->lock);
	p->bodies += file->waiting;
	*p->last = file;
	p->last = &file->next;
	p->n_files++;
	if (!p->unclaimed)
		p->unclaimed = file;
	if (drained(p) || p->unclaimed == p->head)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

static void take_head(struct pipeline *p, struct pipeline_taken *ret)
{
	struct import_file *file = p->head;

	*ret = (struct pipeline_taken){ .file = file, .chunk = file->chunks };
	if (file->chunks) {
		file->chunks = file->chunks->next;
		if (!file->chunks)
			file->last = &file->chunks;
	}
	if (file->chunks || !file->ended)
		return;
	ret->ended = true;
	p->head = file->next;
	if (!p->head)
		p->last = &p->head;
	p->n_files--;
}

/* Parses one, or waits for the head until then. 0, PIPELINE_E_TIMEOUT. */
static int parse_or_wait(struct pipeline *p, int64_t until_ms)
{
	struct chunk *c = first_to_parse(p);
	int64_t left_ms = MAX(until_ms - clock_ms(), 0);

	if (c)
		parse(p, p->own, c);
	else
		(void)cond_wait_ms(&p->ready, &p->lock, (unsigned)left_ms);
	return clock_ms() < until_ms ? 0 : PIPELINE_E_TIMEOUT;
}

int pipeline_take(struct pipeline *p, unsigned timeout_ms, struct pipeline_taken *ret)
{
	int64_t until_ms = clock_ms() + timeout_ms;
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (!r && !p->error && p->head && !head_is_ready(p))
		r = parse_or_wait(p, until_ms);
	if (p->error)
		r = p->error;
	else if (!p->head)
		r = PIPELINE_E_EMPTY;
	else if (head_is_ready(p)) {
		take_head(p, ret);
		/* Another head: its chunks may go first now, and its reader may go on. */
		if (p->head && !head_is_ready(p))
			pthread_cond_broadcast(&p->work);
		r = 0;
	}
	pthread_mutex_unlock(&p->lock);
	return r;
}

void pipeline_give_back(struct pipeline *p, struct chunk *chunk)
{
	bool had_room;

	if (!chunk)
		return;
	pthread_mutex_lock(&p->lock);
	had_room = drained(p);
	charge(p, chunk, 0);
	p->n_flying--;
	if (p->n_spare < SPARE_CHUNKS && chunk->text.cap <= SPARE_BYTES &&
	    chunk->held <= SPARE_BYTES) {
		chunk->next = p->spare;
		p->spare = chunk;
		p->n_spare++;
		chunk = NULL;
	}
	if (!had_room && drained(p))
		pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	chunk_free(chunk);
}

uint64_t pipeline_read_bytes(struct pipeline *p)
{
	uint64_t bytes;

	pthread_mutex_lock(&p->lock);
	bytes = p->read_bytes;
	pthread_mutex_unlock(&p->lock);
	return bytes;
}
