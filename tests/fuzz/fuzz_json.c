/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the JSON reader and writer. Any bytes may be refused; what is taken must be
 * the same after each way of writing it, and the pretty form must be as long as was foretold.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): a build without assertions would find nothing. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_means(struct arena *a, const struct buf *text, const struct jv *v)
{
	struct jv again;

	require(buf_error(text) == 0);
	require(str_is_utf8(buf_str(text)));
	require(jv_parse(a, buf_str(text), &again, NULL) == 0);
	require(jv_equal(&again, v));
	require(jv_equal(v, &again));
}

static void check_written(struct arena *a, const struct jv *v)
{
	_cleanup_(buf_deinit) struct buf compact = BUF_INIT;
	_cleanup_(buf_deinit) struct buf sorted = BUF_INIT;
	_cleanup_(buf_deinit) struct buf pretty = BUF_INIT;

	jv_write(&compact, v);
	require_means(a, &compact, v);
	jv_write_sorted(&sorted, v);
	require_means(a, &sorted, v);
	jv_pretty(&pretty, buf_str(&compact), 1);
	require_means(a, &pretty, v);
	require(pretty.len == jv_pretty_len(buf_str(&compact), 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf pretty = BUF_INIT;
	struct str text = { (const char *)data, size };
	struct fault f;
	struct jv v;
	int r = jv_parse(&a, text, &v, &f);

	require(r >= 0);
	if (r == 0)
		check_written(&a, &v);
	else
		require(f.offset <= size && f.reason[0]);

	/* The layout's promise for texts of any origin: it touches no memory but its own. */
	if (size <= 1024) {
		jv_pretty(&pretty, text, 0);
		require(pretty.len == jv_pretty_len(text, 0));
	}
	return 0;
}
