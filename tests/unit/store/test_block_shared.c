/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked blocks that several connections keep together: what is there although it is gone from the
 * history, what takes whose place, and what goes with whom. The decoder and the waiting are wrapped,
 * for one that is in the midst of a record.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "private.h"
#include "util/phrase.h"

#define KEPT  64         /* blocks, together */
#define MANY  (3 * KEPT) /* records, of which a block has one or two */
#define LARGE 8000

/* Random digits, the same for each number. */
static struct str large_record(int number, char ret[LARGE])
{
	uint64_t x = (uint64_t)number + 1;

	for (int i = 0; i < LARGE; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ret[i] = "0123456789abcdef"[x >> 60];
	}
	return (struct str){ ret, LARGE };
}

struct reader {
	pthread_t thread;
	struct store *s;
	struct store_blocks *blocks;
	int step; /* from event to event */
	int wrong;
};

static void *read_all(void *arg)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct reader *me = arg;
	char record[LARGE];

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < MANY; i++) {
			int number = i * me->step % MANY;

			buf_reset(&got);
			if (store_event_body(me->s, 1 + number, &got) ||
			    !str_eq(buf_str(&got), large_record(number, record)))
				me->wrong++;
		}
	return NULL;
}

static void put_large(struct history *h)
{
	begin(h);
	for (int i = 0; i < MANY; i++) {
		char id[16], record[LARGE];
		struct store_record of = { .raw = large_record(i, record) };
		enum store_put put;
		struct event e;

		(void)snprintf(id, sizeof(id), "event-%d", i);
		e = event_of(id, i);
		of.identity = e.id;
		assert_int_equal(store_put_event(h->s, &e, &of, NULL, NULL, 1, &put), 0);
	}
	commit(h);
}

static struct store *open_sharing(struct history *h, enum store_mode mode,
				  struct store_blocks *blocks)
{
	struct store *s = NULL;

	assert_int_equal(store_open(h->path, mode, false, &s, &h->fault), 0);
	store_blocks_use(s, blocks);
	return s;
}

/* What is unpacked only now cannot be. */
static void delete_blocks(struct history *h)
{
	begin(h);
	assert_int_equal(sqlite3_exec(h->s->db, "DELETE FROM event_block", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	commit(h);
}

static void assert_event(struct store *s, int number, int expected)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	char record[LARGE];

	assert_int_equal(store_event_body(s, 1 + number, &got), expected);
	if (!expected)
		assert_true(str_eq(buf_str(&got), large_record(number, record)));
}

/* In other orders, of more blocks than are kept; each finds what another has unpacked. */
static void test_shared(void **state)
{
	struct history *h = *state;
	struct reader readers[3] = { { .step = 1 }, { .step = 5 }, { .step = 7 } };
	struct store_blocks *blocks = NULL;

	put_large(h);
	assert_true(ask(h, "SELECT count(*) FROM event_block") > KEPT);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct reader *r = &readers[i];

		r->s = open_sharing(h, STORE_WORKER, blocks);
		assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].wrong, 0);
	}
	/* Blocks are unpacked once: what another has just read is there although it is gone. */
	assert_event(readers[0].s, 0, 0);
	delete_blocks(h);
	assert_event(readers[1].s, 0, 0);
	assert_event(readers[1].s, MANY, STORE_E_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		store_close(readers[i].s);
	store_blocks_free(blocks);
}

/* Whatever they take, the one read last is kept; what it takes the place of is not. */
static void test_shared_room(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct store *one, *other;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, 1, &blocks), 0);
	one = open_sharing(h, STORE_READ, blocks);
	other = open_sharing(h, STORE_READ, blocks);
	assert_event(one, 0, 0);
	assert_event(one, MANY - 1, 0);
	delete_blocks(h);
	assert_event(other, MANY - 1, 0);
	assert_event(other, 0, STORE_E_NOT_FOUND);
	store_close(one);
	store_close(other);
	store_blocks_free(blocks);
}

/* What is coded with a connection's phrases goes with them; a writer's own is not among them, nor
   that of who reads a file nobody is expected to write. */
static void test_shared_close(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct store *one, *other, *aside;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	store_blocks_use(h->s, blocks);
	assert_event(h->s, 20, 0);
	assert_int_equal(store_open(h->path, STORE_READ, false, &aside, &h->fault), 0);
	aside->immutable = true;
	store_blocks_use(aside, blocks);
	assert_event(aside, 40, 0);
	one = open_sharing(h, STORE_READ, blocks);
	other = open_sharing(h, STORE_READ, blocks);
	assert_event(one, 0, 0);
	assert_event(other, MANY - 1, 0);
	delete_blocks(h);
	assert_event(other, 0, 0);
	assert_event(other, 20, STORE_E_NOT_FOUND);
	assert_event(other, 40, STORE_E_NOT_FOUND);
	store_close(aside);
	store_close(one);
	assert_event(other, 0, STORE_E_NOT_FOUND);
	assert_event(other, MANY - 1, 0);
	store_close(other);
	store_blocks_free(blocks);
}

/* Connections come and go while others read what they have unpacked. */
static void test_shared_leave(void **state)
{
	struct history *h = *state;
	struct reader reader = { .step = 5 };
	struct store_blocks *blocks = NULL;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	reader.s = open_sharing(h, STORE_READ, blocks);
	assert_int_equal(pthread_create(&reader.thread, NULL, read_all, &reader), 0);
	for (int i = 0; i < 20; i++) {
		struct store *s = open_sharing(h, STORE_READ, blocks);

		for (int k = 0; k < 10; k++)
			assert_event(s, (i + k) * 5 % MANY, 0);
		store_close(s);
	}
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.wrong, 0);
	store_close(reader.s);
	store_blocks_free(blocks);
}

/* What is told of an event since its block was unpacked is seen. */
static void test_shared_told(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct block_row row;
	struct store *s;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	s = open_sharing(h, STORE_READ, blocks);
	assert_event(s, 3, 0);
	begin(h);
	assert_int_equal(event_row_tell(h->s, 4, 12, 34), 0);
	commit(h);
	assert_int_equal(event_row(s, 4, &row), 0);
	assert_int_equal(row.text_len, 12);
	assert_int_equal(row.jsonl_len, 34);
	/* ... and of one that was unpacked after: without the history. */
	store_close(s);
	s = open_sharing(h, STORE_READ, blocks);
	assert_event(s, 3, 0);
	delete_blocks(h);
	assert_int_equal(event_row(s, 4, &row), 0);
	assert_int_equal(row.text_len, 12);
	assert_int_equal(event_row(s, 100, &row), STORE_E_NOT_FOUND);
	store_close(s);
	store_blocks_free(blocks);
}

/* --- ... and one of them is in the midst of a record ---------------------------------------- */

static _Thread_local bool
	stops; /* at the next record that it decodes, until it may go on */
static sem_t is_inside, may_go_on;
static int waits; /* for who reads a block to be done with it */

bool __real_phrases_take(const struct phrases *p, struct str coded, struct buf *out);
bool __wrap_phrases_take(const struct phrases *p, struct str coded, struct buf *out);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);

bool __wrap_phrases_take(const struct phrases *p, struct str coded, struct buf *out)
{
	if (stops) {
		stops = false;
		sem_post(&is_inside);
		sem_wait(&may_go_on);
	}
	return __real_phrases_take(p, coded, out);
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
	if (waits++ == 0)
		sem_post(&may_go_on);
	return __real_pthread_cond_wait(cond, lock);
}

static void *read_slowly(void *arg)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct reader *me = arg;
	char record[LARGE];

	stops = true;
	me->wrong += store_event_body(me->s, 1, &got) ||
		     !str_eq(buf_str(&got), large_record(0, record));
	return NULL;
}

/*
 * A block that is being read neither gives its place up, though there is no other, nor goes with the
 * phrases it is coded with: who takes these waits.
 */
static void test_shared_read(void **state)
{
	struct history *h = *state;
	struct reader reader = { 0 };
	struct store_blocks *blocks = NULL;
	struct store *owner;

	put_large(h);
	assert_int_equal(store_blocks_new(1, BLOCK_KEPT_ROOM, &blocks), 0);
	assert_int_equal(sem_init(&is_inside, 0, 0), 0);
	assert_int_equal(sem_init(&may_go_on, 0, 0), 0);
	owner = open_sharing(h, STORE_READ, blocks);
	reader.s = open_sharing(h, STORE_READ, blocks);
	assert_event(owner, 0, 0);
	assert_int_equal(pthread_create(&reader.thread, NULL, read_slowly, &reader), 0);
	sem_wait(&is_inside);
	assert_event(owner, MANY - 1, 0);
	delete_blocks(h);
	assert_event(owner, 0, 0);
	assert_event(owner, MANY - 1, STORE_E_NOT_FOUND);
	waits = 0;
	store_close(owner);
	assert_int_equal(waits, 1);
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.wrong, 0);
	assert_event(reader.s, 0, STORE_E_NOT_FOUND);
	store_close(reader.s);
	store_blocks_free(blocks);
	sem_destroy(&may_go_on);
	sem_destroy(&is_inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_room, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_close, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_leave, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_told, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_read, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
