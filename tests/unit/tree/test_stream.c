/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading streamed files: any offset and size gives the file's bytes, a reader that goes on finds
 * its mark instead of seeking, and a mark is good for its content only. The view is a fake one of
 * numbered lines that counts what it is asked.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "view.h"

#define LINES 40000u
#define NODE  node_make(NODE_DAY_LOG, 1)
#define OTHER node_make(NODE_DAY_LOG, 2)

/* --- the fake view ------------------------------------------------------------------------ */

static struct {
	unsigned lines;   /* the file has */
	unsigned seeks;   /* calls */
	unsigned made;    /* lines */
	unsigned fail_at; /* line that cannot be made; 0: none */
	bool overshoots;  /* seek gives a place behind the offset */
	struct buf whole;
} fake;

/* Lines of many lengths, so that no boundary is an even one. */
static void put_line(struct buf *out, int64_t i)
{
	buf_printf(out, "%lld %.*s\n", (long long)i, (int)(i * 7 % 23),
		   "abcdefghijklmnopqrstuvwxyz");
}

static int fake_seek(struct request *q, uint64_t node, uint64_t offset,
		     struct stream_key *ret_key, uint64_t *ret_offset)
{
	_cleanup_(buf_deinit) struct buf line = BUF_INIT;
	uint64_t at = 0;
	int64_t i = 0;

	(void)q;
	(void)node;
	fake.seeks++;
	while (i < fake.lines) {
		buf_reset(&line);
		put_line(&line, i);
		if (!fake.overshoots && at + line.len > offset)
			break;
		at += line.len;
		i++;
		if (fake.overshoots && at > offset)
			break;
	}
	ret_key->part[0] = i;
	*ret_offset = at;
	return 0;
}

static int fake_next(struct request *q, uint64_t node, size_t want,
		     struct stream_key *key, struct buf *out)
{
	(void)q;
	(void)node;
	do {
		if (key->part[0] >= fake.lines)
			return 0;
		if (fake.fail_at && key->part[0] == fake.fail_at)
			return -EIO;
		put_line(out, key->part[0]++);
		fake.made++;
	} while (out->len < want);
	return 0;
}

static const struct stream with_seek = { .seek = fake_seek, .next = fake_next };
static const struct stream without_seek = { .next = fake_next };
static struct view view;

const struct view *view_of(uint64_t node)
{
	(void)node;
	return &view;
}

/* --- help --------------------------------------------------------------------------------- */

struct reading {
	struct tree tree;
	struct arena arena;
	struct request q;
};

static int setup(void **state)
{
	struct reading *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(stream_marks_init(&r->tree.marks), 0);
	r->q = (struct request){ .tree = &r->tree, .arena = &r->arena, .label = 7 };
	fake.lines = LINES;
	fake.seeks = fake.made = fake.fail_at = 0;
	fake.overshoots = false;
	buf_reset(&fake.whole);
	for (unsigned i = 0; i < LINES; i++)
		put_line(&fake.whole, i);
	view = (struct view){ .stream = &with_seek };
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct reading *r = *state;

	stream_marks_deinit(&r->tree.marks);
	arena_deinit(&r->arena);
	buf_deinit(&fake.whole);
	fake.whole = BUF_INIT;
	free(r);
	return 0;
}

/* Reads and compares with the file; gives what was read. */
static size_t check(struct reading *r, uint64_t node, uint64_t offset, size_t size)
{
	_cleanup_(freep) char *data = malloc(size + 1);
	size_t n = SIZE_MAX, left;

	assert_non_null(data);
	assert_int_equal(stream_read(&r->q, node, offset, size, data, &n), 0);
	left = offset < fake.whole.len ? fake.whole.len - (size_t)offset : 0;
	assert_int_equal(n, MIN(size, left));
	if (n)
		assert_memory_equal(data, fake.whole.data + offset, n);
	return n;
}

/* --- tests -------------------------------------------------------------------------------- */

static void test_any_place(void **state)
{
	struct reading *r = *state;
	uint64_t seed = 1;

	assert_int_equal(check(r, NODE, 0, fake.whole.len), fake.whole.len);
	for (unsigned i = 0; i < 300; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		check(r, NODE, (seed >> 20) % (fake.whole.len + 100),
		      (seed >> 40) % (i % 10 ? 500 : 300000));
	}
}

static void test_end(void **state)
{
	struct reading *r = *state;

	assert_int_equal(check(r, NODE, fake.whole.len - 1, 100), 1);
	assert_int_equal(check(r, NODE, fake.whole.len, 100), 0);
	assert_int_equal(check(r, NODE, UINT64_MAX, 100), 0);
	assert_int_equal(check(r, NODE, 5, 0), 0);
	fake.lines = 0;
	buf_reset(&fake.whole);
	assert_int_equal(check(r, OTHER, 0, 100), 0);
	assert_int_equal(check(r, OTHER, 50, 100), 0);
}

/* Who reads on neither seeks nor has lines made twice, but for those at the seams. */
static void test_reading_on(void **state)
{
	struct reading *r = *state;
	size_t reads = 0;

	for (uint64_t at = 0; check(r, NODE, at, 64 << 10) > 0; at += 64 << 10)
		reads++;
	assert_int_equal(fake.seeks, 0);
	assert_true(fake.made >= LINES && fake.made <= LINES + 600 * reads);
}

/* As a kernel reads ahead: the later half of a pair first. */
static void test_out_of_order(void **state)
{
	struct reading *r = *state;

	for (uint64_t at = 0; at < fake.whole.len; at += 2 << 15) {
		check(r, NODE, at + (1 << 15), 1 << 15);
		check(r, NODE, at, 1 << 15);
	}
	assert_true(fake.seeks <= fake.whole.len / (2 << 15) + 1);
}

static void test_marks_are_of_one_content(void **state)
{
	struct reading *r = *state;

	check(r, NODE, 0, 200000);
	assert_int_equal(fake.seeks, 0);
	check(r, OTHER, 200000, 10); /* another file */
	assert_int_equal(fake.seeks, 1);
	r->q.label = 8; /* the history has moved on */
	check(r, NODE, 200000, 10);
	assert_int_equal(fake.seeks, 2);
	check(r, NODE, 200000, 10);
	assert_int_equal(fake.seeks, 3); /* the mark behind it is of no use */
	check(r, NODE, 210000, 10);
	assert_int_equal(fake.seeks, 3);
	r->q.label = 0; /* nothing is sure */
	check(r, NODE, 210000, 10);
	check(r, NODE, 209000, 10);
	assert_int_equal(fake.seeks, 5);
}

/* The ring forgets the oldest marks, and nothing goes wrong. */
static void test_many_marks(void **state)
{
	struct reading *r = *state;

	for (unsigned i = 0; i < 3 * STREAM_MARKS; i++)
		check(r, node_make(NODE_DAY_LOG, 10 + i), 0, 200000);
	assert_int_equal(fake.seeks, 0);
	check(r, node_make(NODE_DAY_LOG, 10), 200000, 10);
	assert_int_equal(fake.seeks, 1);
	check(r, node_make(NODE_DAY_LOG, 10 + 3 * STREAM_MARKS - 1), 200000, 10);
	assert_int_equal(fake.seeks, 1);
}

static void test_without_seek(void **state)
{
	struct reading *r = *state;

	view.stream = &without_seek;
	check(r, NODE, 500000, 1000);
	check(r, NODE, 3, 10);
	assert_int_equal(fake.seeks, 0);
}

/* Where a seek is cheap, a mark must be near. */
static void test_near(void **state)
{
	struct stream cheap = { .near = 5000, .seek = fake_seek, .next = fake_next };
	struct reading *r = *state;

	view.stream = &cheap;
	check(r, NODE, 0, 200000);
	check(r, NODE, 200000, 10);
	assert_int_equal(fake.seeks, 0);
	check(r, NODE, 210000, 10);
	assert_int_equal(fake.seeks, 1);
}

/* A seek that leads too far would leave bytes out: the start is taken then. */
static void test_overshooting_seek(void **state)
{
	struct reading *r = *state;

	fake.overshoots = true;
	check(r, NODE, 300000, 1000);
	assert_int_equal(fake.seeks, 1);
}

static void test_failure(void **state)
{
	struct reading *r = *state;
	char data[200];
	size_t n;

	fake.fail_at = 3;
	assert_int_equal(stream_read(&r->q, NODE, 0, sizeof(data), data, &n), -EIO);
	fake.fail_at = 0;
	check(r, NODE, 0, sizeof(data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reading_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks_are_of_one_content, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_many_marks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_seek, setup, teardown),
		cmocka_unit_test_setup_teardown(test_near, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overshooting_seek, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
