/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues and workers.
 *
 * A worker prefers chunks, which others have cut, to opening a file of its own: so one snapshot
 * of gigabytes is cut by one thread and parsed by all. Where the queue of chunks is full the
 * cutter parses a chunk itself; where the queue of batches is full workers wait for the writer.
 * Both bounds together keep an import's memory flat.
 */
#include "pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/gzip.h"
#include "util/json_split.h"

#define CHUNK_BYTES (256u << 10)
#define CHUNKS_MAX  16 /* cut and not yet parsed */
#define BATCHES_MAX 24 /* parsed and not yet written */
#define READ_BYTES  (128u << 10)
#define WORKERS_MAX 64

struct piece {
	size_t from, n; /* in the chunk's text */
	uint64_t offset;
	char container[40];
	bool damaged;
	struct fault damage;
};

struct chunk {
	struct chunk *next;
	struct source_state *source;
	struct buf text;
	struct piece *pieces;
	size_t n, cap;
	bool final;
	size_t number; /* from 1 */
};

struct pipeline {
	pthread_mutex_t lock;
	pthread_cond_t work, ready, room;
	struct source_state *sources;
	size_t n, next; /* files */
	struct chunk *chunks, **chunks_last;
	size_t n_chunks;
	struct batch *batches, **batches_last;
	size_t n_batches;
	size_t busy; /* workers with something in hand */
	bool stop;
	int error;
	atomic_uint_fast64_t consumed;
	pthread_t threads[WORKERS_MAX];
	unsigned n_threads;
};

struct reader {
	struct pipeline *p;
	struct parser *parser;
	struct source_state *source;
	struct chunk *chunk;
	size_t n_chunks;
	uint64_t counted; /* of this file, in p->consumed */
};

/* --- chunks -------------------------------------------------------------------------------- */

static struct chunk *chunk_free(struct chunk *c)
{
	if (c) {
		buf_deinit(&c->text);
		free(c->pieces);
	}
	free(c);
	return NULL;
}

static int chunk_add(struct chunk *c, const struct json_record *rec)
{
	struct piece *piece;

	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct piece *grown = reallocarray(c->pieces, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		c->pieces = grown;
		c->cap = cap;
	}
	piece = &c->pieces[c->n];
	*piece = (struct piece){ .from = c->text.len,
				 .n = rec->text.n,
				 .offset = rec->offset };
	memcpy(piece->container, rec->container.p,
	       MIN(rec->container.n, sizeof(piece->container) - 1));
	if (rec->damage) {
		piece->damaged = true;
		piece->damage = *rec->damage;
	}
	buf_put_str(&c->text, rec->text);
	c->n++;
	return buf_error(&c->text);
}

static int parse_chunk(struct parser *parser, const struct chunk *c, struct batch *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct piece *piece = &c->pieces[i];
		struct str text = { c->text.data + piece->from, piece->n };

		if (piece->damaged)
			r = batch_refuse(b, &piece->damage, text);
		else
			r = batch_parse(b, parser, text, str_of(piece->container),
					piece->offset);
	}
	return r;
}

/* --- handing on ---------------------------------------------------------------------------- */

static int give_batch(struct pipeline *p, struct batch *b)
{
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (p->n_batches >= BATCHES_MAX && !p->stop)
		pthread_cond_wait(&p->room, &p->lock);
	if (p->stop) {
		r = -ECANCELED;
		batch_free(b);
	} else {
		*p->batches_last = b;
		p->batches_last = &b->next;
		p->n_batches++;
		pthread_cond_signal(&p->ready);
	}
	pthread_mutex_unlock(&p->lock);
	return r;
}

static int finish_chunk(struct pipeline *p, struct parser *parser, struct chunk *c)
{
	struct batch *b = batch_new(c->source);
	int r = b ? parse_chunk(parser, c, b) : -ENOMEM;

	if (r) {
		batch_free(b);
	} else {
		b->final = c->final;
		b->n_batches = c->number;
		r = give_batch(p, b);
	}
	chunk_free(c);
	return r;
}

/* Queues the chunk for whoever is free; with the queue full it is parsed here. */
static int pass_chunk(struct reader *rd)
{
	struct pipeline *p = rd->p;
	struct chunk *c = take_ptr(rd->chunk);
	bool queued = false;

	c->number = ++rd->n_chunks;
	pthread_mutex_lock(&p->lock);
	if (p->n_chunks < CHUNKS_MAX && p->n_threads > 1 && !c->final) {
		*p->chunks_last = c;
		p->chunks_last = &c->next;
		p->n_chunks++;
		queued = true;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return queued ? 0 : finish_chunk(p, rd->parser, c);
}

static int open_chunk(struct reader *rd)
{
	if (rd->chunk)
		return 0;
	rd->chunk = calloc(1, sizeof(*rd->chunk));
	if (!rd->chunk)
		return -ENOMEM;
	rd->chunk->source = rd->source;
	return 0;
}

static int on_record(void *ctx, const struct json_record *rec)
{
	struct reader *rd = ctx;
	int r = open_chunk(rd);

	if (!r)
		r = chunk_add(rd->chunk, rec);
	if (!r && rd->chunk->text.len >= CHUNK_BYTES)
		r = pass_chunk(rd);
	return r;
}

/* --- one file ------------------------------------------------------------------------------ */

static int add_fault(struct reader *rd, const struct fault *f)
{
	const struct json_record rec = { .damage = f };
	int r = open_chunk(rd);

	return r ? r : chunk_add(rd->chunk, &rec);
}

static void count_consumed(struct reader *rd, uint64_t now)
{
	atomic_fetch_add(&rd->p->consumed, now - rd->counted);
	rd->counted = now;
}

static int split_stream(struct reader *rd, struct gzip_reader *gz,
			struct json_split *split, uint64_t *ret_bytes)
{
	_cleanup_(freep) char *bytes = malloc(READ_BYTES);
	struct fault f = { 0 };
	size_t n = 0;
	int r;

	if (!bytes)
		return -ENOMEM;
	do {
		r = gzip_read(gz, bytes, READ_BYTES, &n, &f);
		if (!r && n)
			r = json_split_feed(split, bytes, n);
		*ret_bytes += n;
		count_consumed(rd, gzip_consumed(gz));
	} while (!r && n);
	if (r < 0 && r != -EIO && r != -EISDIR)
		return r;
	if (r < 0)
		fault_set(&f, *ret_bytes, "", "%s", strerror(-r));
	if (r) {
		/* What was decodable is in; the rest is one refusal. */
		int e = json_split_finish(split);

		return e ? e : add_fault(rd, &f);
	}
	return json_split_finish(split);
}

static int read_fd(struct reader *rd, int fd)
{
	const struct json_split_config config = {
		.containers = parse_containers,
		.wrappers = parse_wrappers,
		.max_record = PARSE_MAX_RECORD,
		.record = on_record,
		.ctx = rd,
	};
	struct gzip_reader *gz = NULL;
	struct json_split *split = json_split_new(&config);
	uint64_t bytes = 0;
	int r = split ? gzip_reader_new(fd, &gz) : -ENOMEM;

	if (!r)
		r = split_stream(rd, gz, split, &bytes);
	gzip_reader_free(gz);
	json_split_free(split);
	return r;
}

/* Reads a file to its end; always ends with a final chunk, so that the writer can close it. */
static int read_source(struct reader *rd)
{
	const struct source_file *file = rd->source->file;
	bool standard = !strcmp(file->path, "-");
	_cleanup_(closep) int fd =
		standard ? dup(STDIN_FILENO)
			 : open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = 0;

	rd->n_chunks = 0;
	rd->counted = 0;
	if (fd < 0) {
		struct fault f;

		fault_set(&f, FAULT_NO_OFFSET, "", "%s", strerror(errno));
		r = add_fault(rd, &f);
	} else {
		r = read_fd(rd, fd);
	}
	if (!r)
		count_consumed(rd, file->size);
	if (!r)
		r = open_chunk(rd);
	if (!r) {
		rd->chunk->final = true;
		r = pass_chunk(rd);
	}
	rd->chunk = chunk_free(rd->chunk);
	return r;
}

/* --- workers ------------------------------------------------------------------------------- */

struct task {
	struct chunk *chunk;
	struct source_state *source;
};

static bool take_task(struct pipeline *p, struct task *ret)
{
	bool got = false;

	*ret = (struct task){ 0 };
	pthread_mutex_lock(&p->lock);
	while (!p->stop && !p->chunks && p->next == p->n && p->busy)
		pthread_cond_wait(&p->work, &p->lock);
	if (!p->stop && p->chunks) {
		ret->chunk = p->chunks;
		p->chunks = p->chunks->next;
		if (!p->chunks)
			p->chunks_last = &p->chunks;
		p->n_chunks--;
		got = true;
	} else if (!p->stop && p->next < p->n) {
		ret->source = &p->sources[p->next++];
		got = true;
	}
	if (got)
		p->busy++;
	pthread_mutex_unlock(&p->lock);
	return got;
}

static void task_done(struct pipeline *p, int error)
{
	pthread_mutex_lock(&p->lock);
	p->busy--;
	if (error && !p->error)
		p->error = error;
	if (p->error)
		p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->ready);
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
}

static void *worker(void *arg)
{
	struct pipeline *p = arg;
	struct reader rd = { .p = p, .parser = parser_new() };
	struct task task;

	while (take_task(p, &task)) {
		int r;

		rd.source = task.source;
		if (!rd.parser)
			r = -ENOMEM;
		else if (task.chunk)
			r = finish_chunk(p, rd.parser, task.chunk);
		else
			r = read_source(&rd);
		task_done(p, r);
	}
	parser_free(rd.parser);
	return NULL;
}

/* --- the pipeline -------------------------------------------------------------------------- */

int pipeline_new(struct source_state *sources, size_t n, unsigned workers,
		 struct pipeline **ret)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	unsigned want = MIN(MAX(workers, 1u), (unsigned)WORKERS_MAX);

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->ready, NULL);
	pthread_cond_init(&p->room, NULL);
	p->sources = sources;
	p->n = n;
	p->chunks_last = &p->chunks;
	p->batches_last = &p->batches;
	pthread_mutex_lock(&p->lock);
	while (p->n_threads < want &&
	       pthread_create(&p->threads[p->n_threads], NULL, worker, p) == 0)
		p->n_threads++;
	pthread_mutex_unlock(&p->lock);
	if (p->n_threads == 0) {
		pipeline_free(p);
		return -EAGAIN;
	}
	*ret = p;
	return 0;
}

struct pipeline *pipeline_free(struct pipeline *p)
{
	if (!p)
		return NULL;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	while (p->chunks) {
		struct chunk *c = p->chunks;

		p->chunks = c->next;
		chunk_free(c);
	}
	while (p->batches) {
		struct batch *b = p->batches;

		p->batches = b->next;
		batch_free(b);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->ready);
	pthread_cond_destroy(&p->room);
	free(p);
	return NULL;
}

int pipeline_next(struct pipeline *p, struct batch **ret)
{
	int r;

	*ret = NULL;
	pthread_mutex_lock(&p->lock);
	while (!p->batches && !p->error && (p->busy || p->chunks || p->next < p->n))
		pthread_cond_wait(&p->ready, &p->lock);
	r = p->error;
	if (!r && p->batches) {
		*ret = p->batches;
		p->batches = p->batches->next;
		if (!p->batches)
			p->batches_last = &p->batches;
		(*ret)->next = NULL;
		p->n_batches--;
		pthread_cond_signal(&p->room);
	}
	pthread_mutex_unlock(&p->lock);
	return r;
}

uint64_t pipeline_consumed(struct pipeline *p)
{
	return atomic_load(&p->consumed);
}
