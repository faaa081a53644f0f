/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for names of files: any id becomes a name a file can have, which is the id again
 * unless it was shortened; any name that is taken is one that would have been given.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_id(struct str id)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	_cleanup_(buf_deinit) struct buf back = BUF_INIT;
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	struct str s;

	name_escape(&name, id);
	s = buf_str(&name);
	require(s.n > 0 && s.n <= NAME_MAX_BYTES && str_is_utf8(s) && s.p[0] != '.');
	for (size_t i = 0; i < s.n; i++)
		require(s.p[i] != '/' && (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
	if (name_unescape(&back, s)) {
		require(str_eq(buf_str(&back), id));
	} else {
		require(s.n > 17 && s.p[s.n - 17] == '~');
		name_escape(&again, s);
		require(!str_eq(buf_str(&again), s));
	}
}

static void check_name(struct str name)
{
	_cleanup_(buf_deinit) struct buf id = BUF_INIT;
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	char canonical_name[NAME_STATE_SIZE];
	bool canonical;
	unsigned twin;
	int64_t ms;

	if (name_unescape(&id, name)) {
		name_escape(&again, buf_str(&id));
		require(str_eq(buf_str(&again), name));
	}
	if (name_state_parse(name, &ms, &twin, &canonical)) {
		name_state(ms, twin, canonical_name);
		require(canonical == str_is(name, canonical_name));
		require(canonical || twin == 0);
	}
}

static void check_type(struct str type)
{
	struct str segments[NAME_TYPE_DEPTH];
	size_t n = name_type_segments(type, segments);
	size_t length = 0;

	require(n >= 1 && n <= NAME_TYPE_DEPTH);
	for (size_t i = 0; i < n; i++)
		length += segments[i].n + (i > 0 ? 2 : 0);
	require(length == type.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };

	check_id(input);
	check_name(input);
	check_type(input);
	return 0;
}
