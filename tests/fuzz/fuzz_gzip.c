/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the reader of plain or compressed sources. Any bytes may come: what is read
 * does not depend on how much is asked for at a time, plain bytes come as they are, and an error
 * stays and has a place in the source.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int read_all(const uint8_t *data, size_t size, size_t step, struct buf *ret)
{
	_cleanup_(closep) int fd = memfd_create("source", MFD_CLOEXEC);
	_cleanup_(freep) char *bytes = malloc(step);
	struct gzip_reader *r = NULL;
	struct fault f = { 0 };
	size_t n = 1;
	int e = 0;

	require(fd >= 0 && bytes);
	require(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	require(gzip_reader_new(fd, &r) == 0);
	while (n > 0 && e == 0) {
		e = gzip_read(r, bytes, step, &n, &f);
		if (e == 0)
			buf_put(ret, bytes, n);
		require(gzip_consumed(r) <= size);
	}
	require(e >= 0 && buf_error(ret) == 0);
	require(gzip_read(r, bytes, step, &n, &f) == e);
	if (e > 0)
		require(f.offset <= size && f.reason[0]);
	else
		require(gzip_consumed(r) == size);
	gzip_reader_free(r);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_deinit) struct buf coarse = BUF_INIT;
	_cleanup_(buf_deinit) struct buf fine = BUF_INIT;
	struct str input = { (const char *)data, size };
	int e = read_all(data, size, 1 << 16, &coarse);

	require(read_all(data, size, 7, &fine) == e);
	require(str_eq(buf_str(&coarse), buf_str(&fine)));
	if (size < 2 || data[0] != 0x1f || data[1] != 0x8b) {
		require(e == 0);
		require(str_eq(buf_str(&coarse), input));
	}
	return 0;
}
