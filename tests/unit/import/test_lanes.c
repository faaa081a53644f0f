/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is hurried comes out while the other lane cannot, in an order of its own; both are looked
 * at, and each chunk goes back to where it is from. A made-up reader that is told to waits until it
 * is let go.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lanes.h"

#define HELD 1000000 /* a file of this version is not read before it is let go */

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
};

struct worker {
	struct pipeline *pipeline;
	struct gate *gate;
};

static void *worker_new(struct pipeline *p, const void *ctx)
{
	struct worker *w = malloc(sizeof(*w));

	if (w)
		*w = (struct worker){ p, (struct gate *)(uintptr_t)ctx };
	return w;
}

static int read_file(void *worker, struct import_file *file)
{
	struct worker *w = worker;
	struct chunk *c = pipeline_chunk(w->pipeline);

	pthread_mutex_lock(&w->gate->lock);
	while (file->version == HELD && !w->gate->open)
		pthread_cond_wait(&w->gate->changed, &w->gate->lock);
	pthread_mutex_unlock(&w->gate->lock);
	return c ? pipeline_push(w->pipeline, w, file, c) : -1;
}

static int parse(void *worker _unused_, struct chunk *c _unused_)
{
	return 0;
}

static void let_go(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void add(struct lanes *l, int64_t version, bool hurried)
{
	struct import_file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	file->bytes = IMPORT_NO_BYTES;
	file->version = version;
	file->hurried = hurried;
	assert_int_equal(lanes_add(l, file), 0);
}

/* All of the next file; its version. */
static int64_t take(struct lanes *l)
{
	struct pipeline_taken taken = { 0 };
	int64_t version;

	do {
		int r;

		/* What is hurried is not waited for while there is something else. */
		do
			r = lanes_take(l, 100, &taken);
		while (r == PIPELINE_E_TIMEOUT);
		assert_int_equal(r, 0);
		version = taken.file->version;
		lanes_give_back(l, &taken);
	} while (!taken.ended);
	import_file_free(taken.file);
	return version;
}

static struct lanes *start(struct gate *g)
{
	const struct pipeline_ops ops = { .ctx = g,
					  .worker_new = worker_new,
					  .worker_free = free,
					  .read = read_file,
					  .parse = parse };
	struct lanes *l = NULL;

	assert_int_equal(lanes_new(&ops, 2, &l), 0);
	return l;
}

static void hurried_comes_out_first(void **state _unused_)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	struct lanes *l = start(&g);
	struct pipeline_taken taken;

	assert_true(lanes_are_empty(l));
	assert_int_equal(lanes_take(l, 0, &taken), PIPELINE_E_EMPTY);
	add(l, HELD, false);
	for (unsigned n = 1; lanes_has_room(l, false); n++)
		add(l, n, false);
	assert_true(lanes_has_room(l, true));
	add(l, -1, true);
	add(l, -2, true);
	assert_int_equal(take(l), -1);
	assert_int_equal(take(l), -2);
	assert_int_equal(lanes_take(l, 0, &taken), PIPELINE_E_TIMEOUT);
	assert_false(lanes_are_empty(l));
	let_go(&g);
	assert_int_equal(take(l), HELD);
	for (int64_t n = 1; !lanes_are_empty(l); n++)
		assert_int_equal(take(l), n);
	lanes_free(l);
}

static void alone(void **state _unused_)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true };
	struct lanes *l = start(&g);

	add(l, -1, true);
	assert_false(lanes_are_empty(l));
	assert_int_equal(take(l), -1);
	assert_true(lanes_are_empty(l));
	add(l, 1, false);
	assert_int_equal(take(l), 1);
	lanes_free(l);
}

/* It is waited for, and what is under way in it is not nothing. */
static void alone_and_late(void **state _unused_)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	struct lanes *l = start(&g);
	struct pipeline_taken taken;

	add(l, HELD, true);
	for (unsigned timeout_ms = 0; timeout_ms < 3; timeout_ms++)
		assert_int_equal(lanes_take(l, timeout_ms, &taken), PIPELINE_E_TIMEOUT);
	let_go(&g);
	assert_int_equal(take(l), HELD);
	assert_int_equal(lanes_take(l, 0, &taken), PIPELINE_E_EMPTY);
	lanes_free(l);
}

static void freed_under_way(void **state _unused_)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true };
	struct lanes *l = start(&g);

	for (int64_t n = 1; n < 9; n++)
		add(l, n, n % 2);
	lanes_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hurried_comes_out_first),
		cmocka_unit_test(alone),
		cmocka_unit_test(alone_and_late),
		cmocka_unit_test(freed_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
