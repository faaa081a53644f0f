/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for times: whatever is taken lies in the range and, written out, is the same time
 * again; what is no time leaves the result alone.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(int r, int64_t ms)
{
	char iso[TIMESTAMP_ISO_SIZE], name[TIMESTAMP_NAME_SIZE];
	int64_t again = -1;

	if (r != 0) {
		require(r == TIMESTAMP_E_FORMAT || r == TIMESTAMP_E_RANGE);
		require(ms == -1);
		return;
	}
	require(ms >= TIMESTAMP_MIN && ms < TIMESTAMP_MAX);
	timestamp_format(ms, iso);
	require(timestamp_parse(str_of(iso), &again) == 0 && again == ms);
	timestamp_format_name(ms, name);
	require(timestamp_parse(str_of(name), &again) == 0 && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str text = { (const char *)data, size };
	int64_t ms = -1;
	struct jv v;
	int r;

	r = timestamp_parse(text, &ms);
	check(r, ms);
	ms = -1;
	r = timestamp_parse_epoch(text, &ms);
	check(r, ms);
	ms = -1;
	if (jv_parse(&a, text, &v, NULL) == 0) {
		r = timestamp_from_jv(&v, &ms);
		check(r, ms);
	}
	return 0;
}
