/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock for all; threads wait for room, for answers or for time to pass on one condition, the
 * importing thread only ever on the bell. The threads have no access to the history: what they
 * ask is answered by the importing thread whenever it comes by.
 */
#include "pump.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "util/clock.h"
#include "util/cond.h"

#define STOP_LOOK_MS 100u /* the process's stop flag rings nothing */

struct question {
	struct question *next;
	int (*run)(struct import_ledger *ledger, void *ctx);
	void *ctx;
	int result;
	bool answered;
};

struct pump {
	struct pump_options options;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t *threads;
	unsigned n_threads;
	/* Under the lock. */
	struct pump_document *first, **last;
	unsigned n_documents;
	struct question *questions;
	unsigned running;
	int64_t pace_ms; /* when the next call may be made */
	bool stop;
	struct sync_round round;
	/* The importing thread's. */
	struct pump_document *out; /* handed out last */
};

/* --- documents ------------------------------------------------------------------------------ */

struct pump_document *pump_document_new(void)
{
	struct pump_document *d = calloc(1, sizeof(*d));

	if (d)
		d->bytes = IMPORT_NO_BYTES;
	return d;
}

struct pump_document *pump_document_free(struct pump_document *d)
{
	if (!d)
		return NULL;
	import_bytes_deinit(&d->bytes);
	for (unsigned n = 0; n < d->n_cursors; n++)
		free(d->cursors[n]);
	free(d->name);
	free(d);
	return NULL;
}

int pump_document_fill(struct pump_document *d, struct str bytes)
{
	d->bytes.held = true;
	d->size = bytes.n;
	buf_put_str(&d->bytes.memory, bytes);
	return buf_error(&d->bytes.memory);
}

int pump_document_cursor(struct pump_document *d, const char *name, int64_t value)
{
	if (d->n_cursors == IMPORT_CURSORS)
		return -EINVAL;
	d->cursors[d->n_cursors] = str_dup(str_of(name));
	d->values[d->n_cursors] = value;
	return d->cursors[d->n_cursors++] ? 0 : -ENOMEM;
}

/* --- for the threads ------------------------------------------------------------------------ */

static bool is_stopped(const struct pump *p)
{
	return p->stop ||
	       (p->options.stop && __atomic_load_n(p->options.stop, __ATOMIC_RELAXED));
}

bool pump_stopped(struct pump *p)
{
	bool stopped;

	pthread_mutex_lock(&p->lock);
	stopped = is_stopped(p);
	pthread_mutex_unlock(&p->lock);
	return stopped;
}

int pump_push(struct pump *p, struct pump_document *d)
{
	bool stopped;

	pthread_mutex_lock(&p->lock);
	while (p->n_documents >= PUMP_DOCUMENTS && !is_stopped(p))
		(void)cond_wait_ms(&p->changed, &p->lock, STOP_LOOK_MS);
	stopped = is_stopped(p);
	if (!stopped) {
		*p->last = d;
		p->last = &d->next;
		p->n_documents++;
	}
	pthread_mutex_unlock(&p->lock);
	bell_ring(p->options.bell);
	if (stopped)
		pump_document_free(d);
	return stopped ? -ECANCELED : 0;
}

bool pump_sleep(struct pump *p, unsigned ms)
{
	int64_t until = clock_ms() + ms;
	int64_t now;
	bool stopped;

	pthread_mutex_lock(&p->lock);
	while (!(stopped = is_stopped(p)) && (now = clock_ms()) < until)
		(void)cond_wait_ms(&p->changed, &p->lock,
				   (unsigned)MIN(until - now, (int64_t)STOP_LOOK_MS));
	pthread_mutex_unlock(&p->lock);
	return !stopped;
}

int pump_pace(struct pump *p, unsigned ms)
{
	int64_t now = clock_ms();
	int64_t mine;

	pthread_mutex_lock(&p->lock);
	mine = MAX(now, p->pace_ms);
	p->pace_ms = mine + ms;
	pthread_mutex_unlock(&p->lock);
	return pump_sleep(p, (unsigned)(mine - now)) ? 0 : -ECANCELED;
}

int pump_run(struct pump *p, int (*run)(struct import_ledger *ledger, void *ctx),
	     void *ctx)
{
	struct question q = { .run = run, .ctx = ctx };
	struct question **at = &p->questions;

	pthread_mutex_lock(&p->lock);
	q.next = p->questions;
	p->questions = &q;
	bell_ring(p->options.bell);
	while (!q.answered && !is_stopped(p))
		(void)cond_wait_ms(&p->changed, &p->lock, STOP_LOOK_MS);
	if (!q.answered) {
		while (*at != &q)
			at = &(*at)->next;
		*at = q.next;
		q.result = -ECANCELED;
	}
	pthread_mutex_unlock(&p->lock);
	return q.result;
}

/* Cursors that are asked for. */
struct asked {
	const char *const *names;
	size_t n;
	int64_t *values;
};

static int read_cursors(struct import_ledger *ledger, void *ctx)
{
	const struct asked *a = ctx;
	int r = 0;

	for (size_t i = 0; !r && i < a->n; i++) {
		r = import_ledger_cursor(ledger, a->names[i], &a->values[i]);
		if (r == IMPORT_E_LATER) {
			a->values[i] = INT64_MIN;
			r = 0;
		}
	}
	return r;
}

int pump_ask(struct pump *p, const char *const *names, size_t n, int64_t *ret)
{
	struct asked asked = { names, n, ret };

	return pump_run(p, read_cursors, &asked);
}

static int64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void pump_well(struct pump *p, int64_t newest_ms)
{
	pthread_mutex_lock(&p->lock);
	p->round.ok_ms = wall_clock();
	p->round.newest_ms = MAX(p->round.newest_ms, newest_ms);
	pthread_mutex_unlock(&p->lock);
}

static void *thread_main(void *arg)
{
	struct pump *p = arg;
	struct aws_handle *h = NULL;
	struct fault f = { 0 };
	int r = aws_handle_new(p->options.client, &h);

	if (!r)
		r = p->options.run(p, h, p->options.ctx, &f);
	if (r < 0 && !f.reason[0])
		fault_set(&f, FAULT_NO_OFFSET, "", "%s", strerror(-r));
	aws_handle_free(h);
	pthread_mutex_lock(&p->lock);
	if (r && !p->stop && !p->round.result) {
		p->round.result = r;
		p->round.fault = f;
	}
	p->stop |= r != 0;
	p->running--;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	bell_ring(p->options.bell);
	return NULL;
}

/* --- making and ending ---------------------------------------------------------------------- */

struct pump *pump_free(struct pump *p)
{
	if (!p)
		return NULL;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	while (p->first) {
		struct pump_document *d = p->first;

		p->first = d->next;
		pump_document_free(d);
	}
	pump_document_free(p->out);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
	return NULL;
}

static int alloc(struct pump **ret)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (!p || pthread_mutex_init(&p->lock, NULL)) {
		free(p);
		return -ENOMEM;
	}
	if (pthread_cond_init(&p->changed, NULL)) {
		pthread_mutex_destroy(&p->lock);
		free(p);
		return -ENOMEM;
	}
	p->last = &p->first;
	*ret = p;
	return 0;
}

int pump_new(const struct pump_options *options, struct pump **ret)
{
	struct pump *p = NULL;
	int r = alloc(&p);

	if (r)
		return r;
	p->options = *options;
	*ret = p; /* before there is a thread that looks for it */
	p->threads = calloc(options->threads, sizeof(*p->threads));
	p->running = options->threads;
	while (p->threads && p->n_threads < options->threads) {
		if (pthread_create(&p->threads[p->n_threads], NULL, thread_main, p))
			break;
		p->n_threads++;
	}
	pthread_mutex_lock(&p->lock);
	p->running -= options->threads - p->n_threads;
	pthread_mutex_unlock(&p->lock);
	if (p->n_threads)
		return 0;
	*ret = pump_free(p);
	return -EAGAIN;
}

/* --- for the importing thread --------------------------------------------------------------- */

static int answer(struct question *q, struct import_ledger *ledger)
{
	q->result = q->run(ledger, q->ctx);
	q->answered = true;
	return MIN(q->result, 0);
}

static int answer_all(struct pump *p, struct import_ledger *ledger)
{
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (!r && p->questions) {
		struct question *q = p->questions;

		p->questions = q->next;
		r = answer(q, ledger);
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return r;
}

static struct pump_document *take(struct pump *p, bool *ret_end)
{
	struct pump_document *d;

	pthread_mutex_lock(&p->lock);
	d = p->first;
	if (d) {
		p->first = d->next;
		if (!p->first)
			p->last = &p->first;
		p->n_documents--;
		pthread_cond_broadcast(&p->changed);
	}
	*ret_end = !d && !p->running;
	pthread_mutex_unlock(&p->lock);
	return d;
}

static void hand_out(struct pump *p, struct pump_document *d, struct import_document *ret)
{
	const char *name = d->name ? d->name : p->options.name;

	pump_document_free(p->out);
	p->out = d;
	*ret = (struct import_document){ .name = name,
					 .shown = name,
					 .size = d->size,
					 .version = d->version,
					 .bytes = import_bytes_take(&d->bytes),
					 .fault = d->fault,
					 .stream = !d->name,
					 .n_cursors = d->n_cursors,
					 .cookie = d->cookie };
	for (unsigned n = 0; n < d->n_cursors; n++)
		ret->cursors[n] = (struct import_cursor){ d->cursors[n], d->values[n] };
}

int pump_next(struct pump *p, struct import_ledger *ledger, struct import_document *ret)
{
	int r = answer_all(p, ledger);

	while (!r) {
		bool end, known = false;
		struct pump_document *d = take(p, &end);

		if (!d)
			return end ? IMPORT_E_END : IMPORT_E_LATER;
		if (d->look_up)
			r = import_ledger_knows(ledger, d->name, d->size, d->version,
						&known);
		if (!r && !known) {
			hand_out(p, d, ret);
			return 0;
		}
		if (!r && p->options.known)
			p->options.known(p->options.ctx, d->cookie);
		pump_document_free(d);
		pthread_mutex_lock(&p->lock);
		p->round.known += known;
		pthread_mutex_unlock(&p->lock);
	}
	return r;
}

void pump_report(struct pump *p, struct sync_round *ret)
{
	pthread_mutex_lock(&p->lock);
	*ret = p->round;
	pthread_mutex_unlock(&p->lock);
}
