/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queues with made-up work: chunks come out in order whoever was quicker, what is in
 * flight stays bounded, and a failure or an early end stops all threads wherever they are.
 *
 * The made-up reader hands over as many chunks as the file's size says, each with the file's
 * version and its own number, and of a file that HOLDS_ON does not come back before all is to
 * stop; the made-up parser doubles a chunk's weight.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "pipeline.h"

#define FAIL_READING 1000000 /* a file of this version cannot be read */
#define FAIL_PARSING 1000001 /* ... parsed */
#define HOLDS_ON     1000002 /* ... is like a pipe that nothing more comes from */
#define HOLDS_FAILED 1000003 /* ... and cannot be parsed */
#define ENDLESS      UINT64_MAX
#define MEGABYTE     ((size_t)1 << 20)
#define MOST         (16 * MEGABYTE) /* in flight */

static atomic_size_t flying, flying_most; /* bytes of text */
static atomic_size_t pieces, pieces_most; /* chunks */
static atomic_uint workers, workers_max;  /* made, and how many can be */
static _Thread_local unsigned parsed;     /* by this thread */

struct label {
	int64_t file;
	uint64_t number;
};

static void *fake_worker_new(struct pipeline *p, const void *ctx _unused_)
{
	struct pipeline **worker;

	if (atomic_fetch_add(&workers, 1) >= atomic_load(&workers_max))
		return NULL;
	worker = malloc(sizeof(*worker));
	if (worker)
		*worker = p;
	return worker;
}

static void fake_worker_free(void *worker)
{
	free(worker);
}

static void count(atomic_size_t *sum, atomic_size_t *ret_most, size_t n)
{
	size_t now = atomic_fetch_add(sum, n) + n;
	size_t most = atomic_load(ret_most);

	while (now > most && !atomic_compare_exchange_weak(ret_most, &most, now))
		;
}

static int fake_read(void *worker, struct import_file *file)
{
	struct pipeline *p = *(struct pipeline **)worker;
	size_t bytes = file->stream ? MEGABYTE : 1024;

	if (file->version == FAIL_READING)
		return -EIO;
	for (uint64_t n = 0; n < file->size; n++) {
		const struct label label = { file->version, n };
		struct chunk *c = pipeline_chunk(p);
		int r = c ? 0 : -ENOMEM;

		if (r)
			return r;
		buf_put(&c->text, &label, sizeof(label));
		if (!buf_reserve(&c->text, bytes))
			return -ENOMEM;
		memset(c->text.data + c->text.len, 0, bytes);
		c->text.len += bytes;
		count(&flying, &flying_most, c->text.len);
		count(&pieces, &pieces_most, 1);
		r = pipeline_push(p, worker, file, c);
		if (r)
			return r;
	}
	if (file->version == HOLDS_ON || file->version == HOLDS_FAILED) {
		struct pollfd end = { .fd = pipeline_stop_fd(p), .events = POLLIN };

		return poll(&end, 1, -1) == 1 ? -ECANCELED : -EIO;
	}
	return 0;
}

static int fake_parse(void *worker _unused_, struct chunk *c)
{
	const struct label *label = (const struct label *)c->text.data;

	parsed++;
	if (label->file == FAIL_PARSING || label->file == HOLDS_FAILED)
		return -EBADMSG;
	/* Some are slow, so that later ones overtake them. */
	if (label->number % 7 == 0)
		usleep(500);
	c->held = c->text.len;
	return 0;
}

static const struct pipeline_ops ops = { .worker_new = fake_worker_new,
					 .worker_free = fake_worker_free,
					 .read = fake_read,
					 .parse = fake_parse };

static struct pipeline *start(unsigned n)
{
	struct pipeline *p = NULL;

	atomic_store(&workers_max, UINT_MAX);
	atomic_store(&workers, 0);
	atomic_store(&flying, 0);
	atomic_store(&flying_most, 0);
	atomic_store(&pieces, 0);
	atomic_store(&pieces_most, 0);
	assert_int_equal(pipeline_new(&ops, n, MOST, &p), 0);
	return p;
}

static void add(struct pipeline *p, int64_t version, uint64_t chunks, bool heavy)
{
	struct import_file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	file->version = version;
	file->size = chunks;
	file->stream = heavy;
	pipeline_add(p, file);
}

/* Takes a chunk or an end, checks that it is the one expected; true: the file has ended. */
static bool take(struct pipeline *p, int64_t version, uint64_t *number)
{
	struct pipeline_taken taken = { 0 };
	bool ended;

	assert_int_equal(pipeline_take(p, 60000, &taken), 0);
	assert_int_equal(taken.file->version, version);
	if (taken.chunk) {
		const struct label *label = (const struct label *)taken.chunk->text.data;

		assert_int_equal(taken.chunk->state, CHUNK_PARSED);
		assert_int_equal(label->file, version);
		assert_int_equal(label->number, *number);
		++*number;
		atomic_fetch_sub(&flying, taken.chunk->text.len);
		atomic_fetch_sub(&pieces, 1);
	}
	pipeline_give_back(p, taken.chunk);
	ended = taken.ended;
	if (ended) {
		assert_int_equal(*number, taken.file->size);
		import_file_free(taken.file);
	}
	return ended;
}

static void keeps_the_order(void **state)
{
	unsigned n = *(const unsigned *)*state;
	struct pipeline *p = start(n);
	struct pipeline_taken taken;
	int64_t added = 0;

	assert_int_equal(pipeline_take(p, 0, &taken), PIPELINE_E_EMPTY);
	for (int64_t file = 0; file < 500; file++) {
		uint64_t number = 0;

		while (added < 500 && pipeline_has_room(p)) {
			add(p, added, (uint64_t)(added % 5 * (added % 3)), false);
			added++;
		}
		while (!take(p, file, &number))
			;
	}
	assert_true(pipeline_is_empty(p));
	pipeline_free(p);
}

/* Files of so many chunks each, in order. */
static void take_all(struct pipeline *p, int64_t files, uint64_t chunks, bool heavy)
{
	for (int64_t file = 0; file < files; file++)
		add(p, file, chunks, heavy);
	for (int64_t file = 0; file < files; file++) {
		uint64_t number = 0;

		while (!take(p, file, &number))
			;
	}
}

/* Several that read and find no room, and files that nobody has begun with yet. */
static void bounds_what_is_in_flight(void **state)
{
	unsigned n = *(const unsigned *)*state;
	struct pipeline *p = start(n);

	take_all(p, 12, 20, true);
	/* Each reader may have one chunk in hand that is not handed over, and the head one more. */
	assert_in_range(atomic_load(&flying_most), 1, MOST + (n + 2) * 2 * MEGABYTE);
	pipeline_free(p);
}

/* Small ones, too: what else a chunk takes is not counted in bytes. */
static void bounds_how_many_are_in_flight(void **state)
{
	unsigned n = *(const unsigned *)*state;
	struct pipeline *p = start(n);

	take_all(p, 3, 1000, false);
	assert_in_range(atomic_load(&pieces_most), 1, MOST / PIPELINE_CHUNK + n + 2);
	pipeline_free(p);
}

/* For ten seconds. */
static bool gets_to(size_t n)
{
	for (int i = 0; i < 10000 && atomic_load(&pieces) < n; i++)
		usleep(1000);
	return atomic_load(&pieces) >= n;
}

/* Who found no room goes on when half of it is free, not when nothing is left. */
static void goes_on_at_half(void **state _unused_)
{
	struct pipeline *p = start(1);
	const size_t most = MOST / PIPELINE_CHUNK;
	uint64_t number = 0;

	add(p, 0, ENDLESS, false);
	for (int i = 0; i < 3; i++) {
		assert_true(gets_to(most));
		/* All is parsed by then, and nothing else is left to do; if not, there is less to see. */
		usleep(50000);
		while (atomic_load(&pieces) > most / 2 - 1)
			assert_false(take(p, 0, &number));
	}
	pipeline_free(p);
}

/* What the writer waits for comes, also while he holds more than there may be. */
static void goes_on_whatever_is_in_flight(void **state)
{
	struct pipeline *p = start(*(const unsigned *)*state);
	struct chunk *held[20];
	size_t n = 0;

	for (int64_t file = 0; file < 2; file++) {
		struct pipeline_taken taken = { 0 };

		add(p, file, ARRAY_SIZE(held) / 2, true);
		do {
			assert_int_equal(pipeline_take(p, 60000, &taken), 0);
			assert_int_equal(taken.file->version, file);
			if (taken.chunk)
				held[n++] = taken.chunk;
		} while (!taken.ended);
		import_file_free(taken.file);
	}
	assert_int_equal(n, ARRAY_SIZE(held));
	while (n)
		pipeline_give_back(p, held[--n]);
	pipeline_free(p);
}

static void lets_a_full_pipeline_be_left(void **state)
{
	struct pipeline *p = start(*(const unsigned *)*state);
	uint64_t number = 0;

	for (int64_t file = 0; file < 3; file++)
		add(p, file, ENDLESS, true);
	for (int i = 0; i < 20; i++)
		assert_false(take(p, 0, &number));
	pipeline_free(p);
}

/* The only worker waits for a source that gives nothing more: what it gave is had all the same. */
static void parses_while_the_worker_waits(void **state _unused_)
{
	struct pipeline *p = start(1);
	struct pipeline_taken taken = { 0 };
	uint64_t number = 0;

	add(p, HOLDS_ON, 20, false);
	while (number < 20)
		assert_false(take(p, HOLDS_ON, &number));
	assert_int_equal(pipeline_take(p, 1, &taken), PIPELINE_E_TIMEOUT);
	pipeline_free(p);
}

/* ... so it is the writer who fails. */
static void fails_while_the_worker_waits(void **state _unused_)
{
	struct pipeline *p = start(1);
	struct pipeline_taken taken = { 0 };

	add(p, HOLDS_FAILED, 2, false);
	assert_int_equal(pipeline_take(p, 60000, &taken), -EBADMSG);
	assert_int_equal(pipeline_take(p, 60000, &taken), -EBADMSG);
	pipeline_free(p);
}

static void tells_of_failures(void **state)
{
	const int64_t versions[] = { FAIL_READING, FAIL_PARSING };
	const int errors[] = { -EIO, -EBADMSG };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct pipeline *p = start(*(const unsigned *)*state);
		struct pipeline_taken taken = { 0 };
		int r = 0;

		add(p, 0, 3, false);
		add(p, versions[i], 2, false);
		add(p, 1, ENDLESS, false);
		/* Of what comes before it some may still be had. */
		while (!r) {
			r = pipeline_take(p, 60000, &taken);
			if (r)
				break;
			assert_int_equal(taken.file->version, 0);
			pipeline_give_back(p, taken.chunk);
			if (taken.ended)
				import_file_free(taken.file);
		}
		assert_int_equal(r, errors[i]);
		pipeline_free(p);
	}
}

/* Who writes: there is no pipeline. One who reads: nothing more comes of it, whatever the other does. */
static void fails_without_a_worker(void **state _unused_)
{
	struct pipeline_taken taken = { 0 };
	struct pipeline *p = NULL;

	for (unsigned n = 0; n < 3; n++) {
		atomic_store(&workers_max, n);
		atomic_store(&workers, 0);
		assert_int_equal(pipeline_new(&ops, 2, MOST, &p), n ? 0 : -ENOMEM);
		if (!n)
			continue;
		add(p, HOLDS_ON, 0, false);
		assert_int_equal(pipeline_take(p, 60000, &taken), -ENOMEM);
		p = pipeline_free(p);
	}
}

/* Nothing comes of the first file, and all of the other waits to be parsed: of that one at a time is. */
static void waits_no_longer_than_asked(void **state _unused_)
{
	struct pipeline *p = start(2);
	struct pipeline_taken taken = { 0 };
	const unsigned chunks = 20;

	add(p, HOLDS_ON, 0, false);
	add(p, HOLDS_ON, chunks, false);
	parsed = 0;
	while (parsed < chunks) {
		unsigned before = parsed;

		assert_int_equal(pipeline_take(p, 0, &taken), PIPELINE_E_TIMEOUT);
		assert_in_range(parsed - before, 0, 1);
	}
	pipeline_free(p);
	assert_null(pipeline_free(NULL));
}

int main(void)
{
	static unsigned one = 1, two = 2, three = 3, seven = 7;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(keeps_the_order, &one),
		cmocka_unit_test_prestate(keeps_the_order, &two),
		cmocka_unit_test_prestate(keeps_the_order, &seven),
		cmocka_unit_test_prestate(bounds_what_is_in_flight, &one),
		cmocka_unit_test_prestate(bounds_what_is_in_flight, &two),
		cmocka_unit_test_prestate(bounds_what_is_in_flight, &three),
		cmocka_unit_test_prestate(bounds_what_is_in_flight, &seven),
		cmocka_unit_test_prestate(bounds_how_many_are_in_flight, &one),
		cmocka_unit_test_prestate(bounds_how_many_are_in_flight, &three),
		cmocka_unit_test(goes_on_at_half),
		cmocka_unit_test_prestate(goes_on_whatever_is_in_flight, &one),
		cmocka_unit_test_prestate(goes_on_whatever_is_in_flight, &three),
		cmocka_unit_test_prestate(lets_a_full_pipeline_be_left, &one),
		cmocka_unit_test_prestate(lets_a_full_pipeline_be_left, &seven),
		cmocka_unit_test_prestate(tells_of_failures, &one),
		cmocka_unit_test_prestate(tells_of_failures, &seven),
		cmocka_unit_test(parses_while_the_worker_waits),
		cmocka_unit_test(fails_while_the_worker_waits),
		cmocka_unit_test(fails_without_a_worker),
		cmocka_unit_test(waits_no_longer_than_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
