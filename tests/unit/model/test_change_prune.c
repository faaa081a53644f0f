/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving out what stands unchanged makes no difference: random states are followed in canonical
 * text, where members may be left out, and with their members the other way round, where none
 * are; differences and origins must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/change.h"

#define ROUNDS 3000
#define STATES 5

static uint32_t seed;

static uint32_t chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* A value that is often the same as the one made before with the same luck. */
static void put_value(struct buf *out, unsigned depth)
{
	static const char *const leaves[] = { "1", "null", "\"a\"", "1.0", "{}", "[]" };
	uint32_t n;

	switch (depth > 3 ? 0 : chance(4)) {
	case 0:
	case 1:
		buf_put_text(out, leaves[chance(6)]);
		break;
	case 2:
		n = chance(4);
		buf_put_char(out, '[');
		for (uint32_t i = 0; i < n; i++) {
			buf_put_text(out, i ? "," : "");
			put_value(out, depth + 1);
		}
		buf_put_char(out, ']');
		break;
	default:
		buf_put_char(out, '{');
		n = 0;
		for (char key = 'a'; key < 'e'; key++) {
			if (chance(3) == 0)
				continue;
			buf_printf(out, "%s\"%c\":", n++ ? "," : "", key);
			put_value(out, depth + 1);
		}
		buf_put_char(out, '}');
	}
}

/* An item in which each part was drawn anew with the luck of one in three. */
static void put_item(struct buf *out, uint32_t parts[4])
{
	static const char *const keys[] = { "ARN", "configuration",
					    "configurationStateId", "tags" };

	buf_put_char(out, '{');
	for (size_t i = 0; i < 4; i++) {
		uint32_t before;

		if (chance(3) == 0)
			parts[i] = chance(UINT32_MAX);
		before = seed;
		seed = parts[i];
		buf_printf(out, "%s\"%s\":", i ? "," : "", keys[i]);
		put_value(out, 0);
		seed = before;
	}
	buf_put_char(out, '}');
}

static struct jv reversed(struct arena *a, const struct jv *v)
{
	struct jv ret = *v;

	if (v->type == JV_ARRAY) {
		struct jv *items = arena_alloc(a, v->len * sizeof(*items));

		for (uint32_t i = 0; i < v->len; i++)
			items[i] = reversed(a, &v->items[i]);
		ret.items = items;
	} else if (v->type == JV_OBJECT) {
		struct jv_member *members = arena_alloc(a, v->len * sizeof(*members));

		for (uint32_t i = 0; i < v->len; i++) {
			members[v->len - 1 - i].key = v->members[i].key;
			members[v->len - 1 - i].value = reversed(a, &v->members[i].value);
		}
		ret.members = members;
	}
	return ret;
}

static void put_origin(struct buf *out, const struct json_origin *o)
{
	if (!o) {
		buf_put_char(out, '-');
		return;
	}
	buf_printf(out, "%u[", o->mark);
	for (uint32_t i = 0; i < o->n_items; i++)
		put_origin(out, o->items[i]);
	buf_put_text(out, "]{");
	for (uint32_t i = 0; i < o->n_members; i++) {
		buf_printf(out, "%.*s:", STR_ARGS(o->members[i].key));
		put_origin(out, o->members[i].origin);
	}
	buf_put_char(out, '}');
}

static void put_change(struct buf *out, const struct change *change)
{
	for (size_t i = 0; i < change->diff.n; i++) {
		const struct json_diff_entry *e = &change->diff.entries[i];

		buf_printf(out, "%d %.*s ", e->kind, STR_ARGS(e->pointer));
		if (e->previous)
			jv_write_sorted(out, e->previous);
		buf_put_text(out, " -> ");
		if (e->updated)
			jv_write_sorted(out, e->updated);
		buf_put_char(out, '\n');
	}
}

/* All differences of a row of states, and where its parts come from in the end. */
static void follow(struct arena *a, const struct jv *states, struct buf *out)
{
	struct change_trace trace = { .arena = a };

	for (uint32_t i = 0; i < STATES; i++) {
		struct change change;

		assert_int_equal(change_follow(a, i ? &states[i - 1] : NULL, &states[i],
					       &trace, i, &change),
				 0);
		put_change(out, &change);
		put_origin(out, trace.origin);
		buf_put_char(out, '\n');
	}
}

static const struct jv *copy_of(struct arena *a, const struct jv *v)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct jv *copy = arena_alloc(a, sizeof(*copy));

	jv_write(&text, v);
	assert_int_equal(jv_parse(a, arena_str(a, buf_str(&text)), copy, NULL), 0);
	return copy;
}

/*
 * The same where nothing but the trace's own arena lives from one state to the next, and where much
 * is in that which is needed no more.
 */
static void follow_settled(const struct jv *states, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena kept = ARENA_INIT;
	struct change_trace trace = { .arena = &kept };

	for (uint32_t i = 0; i < STATES; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		const struct jv *before = i ? copy_of(&a, &states[i - 1]) : NULL;
		struct change change;
		size_t used;

		assert_int_equal(change_follow(&a, before, copy_of(&a, &states[i]),
					       &trace, i, &change),
				 0);
		put_change(out, &change);
		if (i == STATES / 2)
			assert_non_null(arena_alloc(&kept, 2 << 20));
		used = arena_used(&kept);
		assert_int_equal(change_trace_settle(&trace), 0);
		assert_true(i != STATES / 2 || arena_used(&kept) < used / 2);
		put_origin(out, trace.origin);
		buf_put_char(out, '\n');
	}
}

static void test_no_difference(void **state)
{
	size_t told = 0;

	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf text = BUF_INIT, got = BUF_INIT,
						 want = BUF_INIT, settled = BUF_INIT;
		struct jv states[STATES], backwards[STATES];
		uint32_t parts[4] = { 0 };

		seed = round * 7919;
		for (uint32_t i = 0; i < STATES; i++) {
			buf_reset(&text);
			put_item(&text, parts);
			assert_int_equal(jv_parse(&a, arena_str(&a, buf_str(&text)),
						  &states[i], NULL),
					 0);
			backwards[i] = reversed(&a, &states[i]);
		}
		follow(&a, states, &got);
		follow(&a, backwards, &want);
		follow_settled(states, &settled);
		assert_true(str_eq(buf_str(&settled), buf_str(&got)));
		told += got.len;
		if (!str_eq(buf_str(&got), buf_str(&want)))
			fail_msg("round %u:\n%.*s\nnot:\n%.*s", round,
				 STR_ARGS(buf_str(&got)), STR_ARGS(buf_str(&want)));
	}
	assert_true(told > (size_t)ROUNDS * 100); /* there was something to compare */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_difference) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
