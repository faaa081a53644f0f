/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compares bytes with a file under tests/golden/render. With DRIFTFS_GOLDEN_WRITE set the file
 * is written instead; what changed is then read in the diff before it is committed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/buf.h"

static inline void golden_check(const char *name, const struct buf *got)
{
	const char *folder = getenv("DRIFTFS_GOLDEN");
	_cleanup_(buf_deinit) struct buf want = BUF_INIT;
	char path[4096];
	char chunk[4096];
	size_t n;
	FILE *file;

	assert_int_equal(buf_error(got), 0);
	assert_non_null(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (getenv("DRIFTFS_GOLDEN_WRITE")) {
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(got->data, 1, got->len, file), got->len);
		assert_int_equal(fclose(file), 0);
		return;
	}
	file = fopen(path, "rb");
	if (!file)
		fail_msg("no golden file %s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_put(&want, chunk, n);
	fclose(file);
	if (!str_eq(buf_str(&want), buf_str(got)))
		fail_msg("%s differs; now:\n%.*s", name, STR_ARGS(buf_str(got)));
}
