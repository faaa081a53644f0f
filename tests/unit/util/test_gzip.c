/* SPDX-License-Identifier: Apache-2.0 */
/* Reading plain and compressed sources: members, padding, damage, bombs, slow pipes. */
#include "util/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "util/buf.h"

/* A text that compresses, but not too well. */
static void put_text(struct buf *b, size_t n)
{
	unsigned seed = 1;

	while (n-- > 0) {
		seed = seed * 1103515245 + 12345;
		buf_put_char(b, (char)('a' + (seed >> 16) % 20));
	}
	assert_int_equal(buf_error(b), 0);
}

static void put_member(struct buf *b, struct str text)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_true(buf_reserve(b, deflateBound(&z, text.n)));
	z.next_in = (Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)b->data + b->len;
	z.avail_out = (uInt)(b->cap - b->len);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	deflateEnd(&z);
}

static int file_of(struct str bytes)
{
	int fd = memfd_create("source", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct gzip_reader *reader_of(int fd)
{
	struct gzip_reader *r = NULL;

	assert_int_equal(gzip_reader_new(fd, &r), 0);
	return r;
}

/* Reads `step` bytes at a time to the end or the error, which stays. */
static int read_all(struct gzip_reader *r, size_t step, struct buf *ret, struct fault *f,
		    uint64_t *consumed)
{
	_cleanup_(freep) char *bytes = malloc(step);
	size_t n = 1;
	int e = 0;

	assert_non_null(bytes);
	while (n > 0 && e == 0) {
		e = gzip_read(r, bytes, step, &n, f);
		if (e == 0)
			buf_put(ret, bytes, n);
	}
	assert_int_equal(gzip_read(r, bytes, step, &n, f), e);
	assert_int_equal(buf_error(ret), 0);
	*consumed = gzip_consumed(r);
	assert_null(gzip_reader_free(r));
	return e;
}

/* The source gives the text (or, when it fails, at most `kept` bytes less) and the code. */
static void assert_reads(struct str source, struct str text, size_t kept, int code,
			 uint64_t offset)
{
	static const size_t steps[] = { 1, 1000, 1 << 20 };

	for (size_t i = text.n > 100000 ? 2 : 0; i < 2 * ARRAY_SIZE(steps); i++) {
		_cleanup_(closep) int fd = file_of(source);
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		struct gzip_reader *r = i % 2 ? NULL : reader_of(fd);
		struct fault f = { 0 };
		uint64_t consumed = 0;

		/* From a file and from memory, it is the same. */
		if (!r)
			assert_int_equal(gzip_reader_new_bytes(source, &r), 0);
		assert_int_equal(read_all(r, steps[i / 2], &got, &f, &consumed), code);
		assert_true(got.len <= text.n && got.len >= kept);
		if (got.len > 0)
			assert_memory_equal(got.data, text.p, got.len);
		if (code) {
			assert_true(f.reason[0]);
			assert_true(f.offset <= source.n);
			if (offset != FAULT_NO_OFFSET)
				assert_int_equal(f.offset, offset);
		} else {
			assert_int_equal(consumed, source.n);
		}
	}
}

static void test_plain(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	(void)state;
	assert_reads(STR(""), STR(""), 0, 0, 0);
	assert_reads(STR("\x1f"), STR("\x1f"), 1, 0, 0);
	assert_reads(STR("{}"), STR("{}"), 2, 0, 0);
	assert_reads(STR("\x1f\x1f\x8b"), STR("\x1f\x1f\x8b"), 3, 0, 0);
	put_text(&text, 700000);
	assert_reads(buf_str(&text), buf_str(&text), text.len, 0, 0);
}

static void test_members(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;
	size_t parts[] = { 0, 1, 300000, 0, 500000, 5 }, at = 0;

	(void)state;
	put_text(&text, 800006);
	for (size_t i = 0; i < ARRAY_SIZE(parts); at += parts[i++])
		put_member(&source, (struct str){ text.data + at, parts[i] });
	assert_reads(buf_str(&source), buf_str(&text), text.len, 0, 0);
	/* Zeros behind the last one. */
	for (int i = 0; i < 513; i++)
		buf_put_char(&source, '\0');
	assert_reads(buf_str(&source), buf_str(&text), text.len, 0, 0);
}

/* A member whose output goes on when its last byte has been read long ago. */
static void test_output_behind_the_last_byte(void **state)
{
	_cleanup_(freep) char *zeros = calloc(1, 1000000);
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;

	(void)state;
	assert_non_null(zeros);
	put_member(&source, (struct str){ zeros, 1000000 });
	assert_reads(buf_str(&source), (struct str){ zeros, 1000000 }, 1000000, 0, 0);
}

static void test_trailing_bytes(void **state)
{
	static const char *const tails[] = { "x", "\x1f", "PK\x03\x04", "\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		_cleanup_(buf_deinit) struct buf source = BUF_INIT;
		uint64_t end;

		put_member(&source, STR("hello"));
		buf_put(&source, "\0\0", i % 2 ? 0 : 2);
		end = source.len;
		buf_put_text(&source, tails[i]);
		assert_reads(buf_str(&source), STR("hello"), 5, GZIP_E_DAMAGED, end);
	}
}

static void test_truncated(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;

	(void)state;
	put_text(&text, 3000);
	put_member(&source, buf_str(&text));
	for (size_t n = 2; n < source.len; n++) {
		/* 4.4 bits a letter; a block's tables and a look-ahead of the decoder. */
		size_t kept = n > 300 ? (n - 300) * 8 / 5 : 0;

		assert_reads((struct str){ source.data, n }, buf_str(&text),
			     MIN(kept, text.len), GZIP_E_DAMAGED, n);
	}
}

static void test_corrupt(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;

	(void)state;
	assert_reads(STR("\x1f\x8b\x07 not deflate"), STR(""), 0, GZIP_E_DAMAGED,
		     FAULT_NO_OFFSET);
	put_text(&text, 3000);
	put_member(&source, buf_str(&text));
	/* The check sum: all was decoded before it was seen to be wrong. */
	source.data[source.len - 8] ^= 1;
	assert_reads(buf_str(&source), buf_str(&text), text.len, GZIP_E_DAMAGED,
		     FAULT_NO_OFFSET);
}

static void test_bomb(void **state)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(freep) char *zeros = calloc(1, 100u << 20);
	_cleanup_(freep) char *bytes = malloc(1 << 20);
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;
	struct gzip_reader *r = NULL;
	struct fault f = { 0 };
	uint64_t total = 0;
	size_t n = 1;
	int e = 0;

	(void)state;
	assert_non_null(zeros);
	assert_non_null(bytes);
	put_member(&source, (struct str){ zeros, 100u << 20 });
	fd = file_of(buf_str(&source));
	assert_int_equal(gzip_reader_new(fd, &r), 0);
	while (e == 0 && n > 0) {
		e = gzip_read(r, bytes, 1 << 20, &n, &f);
		total += e == 0 ? n : 0;
	}
	assert_int_equal(e, GZIP_E_BOMB);
	assert_true(f.reason[0]);
	assert_true(total >= 64u << 20 && total <= 68u << 20);
	gzip_reader_free(r);
}

/* A ratio that passes the limit is no harm in a small file. */
static void test_small_is_no_bomb(void **state)
{
	_cleanup_(freep) char *zeros = calloc(1, 4u << 20);
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;

	(void)state;
	assert_non_null(zeros);
	put_member(&source, (struct str){ zeros, 4u << 20 });
	assert_true(source.len * GZIP_MAX_RATIO < 4u << 20);
	assert_reads(buf_str(&source), (struct str){ zeros, 4u << 20 }, 4u << 20, 0, 0);
}

struct dribble {
	int fd;
	struct str bytes;
};

static void *dribble_run(void *arg)
{
	struct dribble *d = arg;

	for (size_t i = 0; i < d->bytes.n; i++)
		if (write(d->fd, d->bytes.p + i, 1) != 1)
			break;
	close(d->fd);
	return NULL;
}

static void test_pipe(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf source = BUF_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct fault f;
	pthread_t thread;
	struct dribble d;
	uint64_t consumed;
	int fds[2];

	(void)state;
	put_text(&text, 20000);
	put_member(&source, (struct str){ text.data, 10000 });
	put_member(&source, (struct str){ text.data + 10000, 10000 });
	assert_int_equal(pipe(fds), 0);
	d = (struct dribble){ fds[1], buf_str(&source) };
	assert_int_equal(pthread_create(&thread, NULL, dribble_run, &d), 0);
	assert_int_equal(read_all(reader_of(fds[0]), 4096, &got, &f, &consumed), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fds[0]);
	assert_int_equal(got.len, text.len);
	assert_memory_equal(got.data, text.data, text.len);
}

static void test_read_fails(void **state)
{
	_cleanup_(closep) int fd = open("/", O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct fault f;
	uint64_t consumed;

	(void)state;
	assert_int_equal(read_all(reader_of(fd), 100, &got, &f, &consumed), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_output_behind_the_last_byte),
		cmocka_unit_test(test_trailing_bytes),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_small_is_no_bomb),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_read_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
