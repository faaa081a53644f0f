/* SPDX-License-Identifier: Apache-2.0 */
/* What a chunk keeps outlives the record it was found in, and is copied only where it must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chunk.h"

static struct chunk *chunk_of(const char *text)
{
	const struct chunk_record record = { .offset = 7 };
	struct chunk *c = chunk_new();

	assert_non_null(c);
	assert_int_equal(chunk_add(c, &record, str_of(text)), 0);
	return c;
}

static void adds_records_end_to_end(void **state _unused_)
{
	const struct fault fault = { .offset = 9, .field = "f", .reason = "r" };
	const struct chunk_record damaged = { .offset = 9, .damage = &fault };
	struct chunk *c = chunk_of("first");
	const struct chunk_record *records;

	assert_int_equal(chunk_add(c, &damaged, STR_NULL), 0);
	assert_int_equal(chunk_add(c, &damaged, STR("third")), 0);
	records = chunk_records(c);
	assert_int_equal(chunk_count(c), 3);
	assert_int_equal(records[0].offset, 7);
	assert_null(records[0].damage);
	assert_int_equal(records[1].length, 0);
	assert_int_equal(records[2].start, 5);
	assert_int_equal(records[2].length, 5);
	/* A copy: the caller's fault is gone by the time it is looked at. */
	assert_ptr_not_equal(records[2].damage, &fault);
	assert_string_equal(records[2].damage->reason, "r");
	assert_true(chunk_bytes(c) >= 10 + 3 * sizeof(*records));
	chunk_free(c);
}

static void keeps_what_stands_in_the_text(void **state _unused_)
{
	struct chunk *c = chunk_of("0123456789");
	struct str inside = { c->text.data + 3, 4 }, before = inside;
	char elsewhere[] = "elsewhere";
	struct str outside = str_of(elsewhere), empty = STR_NULL;

	assert_true(chunk_keep(c, &inside));
	assert_ptr_equal(inside.p, before.p);
	assert_true(chunk_keep(c, &outside));
	elsewhere[0] = 'x';
	assert_true(str_is(outside, "elsewhere"));
	assert_true(chunk_keep(c, &empty));
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	chunk_free(c);
}

static void keeps_values_whole(void **state _unused_)
{
	static const char text[] =
		"{\"a\":[1.10,\"\\u0041b\",{}],\"n\":null,\"deep\":{\"x\":true}}";
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT, b = ARENA_INIT;
	struct chunk *c = chunk_of("");
	char *source = strdup(text);
	const struct jv *kept, *none = NULL;
	struct jv parsed, expected;

	assert_int_equal(jv_parse(&a, str_of(source), &parsed, NULL), 0);
	kept = &parsed;
	assert_true(chunk_keep_value(c, &kept));
	assert_ptr_not_equal(kept, &parsed);
	memset(source, 'x', sizeof(text) - 1);
	free(source);
	arena_deinit(&a);
	assert_int_equal(jv_parse(&b, STR(text), &expected, NULL), 0);
	assert_true(jv_equal(kept, &expected));
	assert_true(chunk_keep_value(c, &none));
	assert_null(none);
	chunk_free(c);
}

static void lists_facts_in_order_and_forgets_them(void **state _unused_)
{
	struct chunk *c = chunk_of("text");
	struct fact_notice *first = chunk_fact(c, sizeof(*first), FACT_NOTICE, 1);
	struct fact_alarm *second = chunk_fact(c, sizeof(*second), FACT_ALARM, 2);

	assert_ptr_equal(c->facts, &first->fact);
	assert_ptr_equal(first->fact.next, &second->fact);
	assert_null(second->fact.next);
	assert_int_equal(second->alarm.n_dimensions, 0);
	chunk_reset(c);
	assert_null(c->facts);
	assert_int_equal(chunk_count(c), 0);
	assert_int_equal(chunk_bytes(c), 0);
	first = chunk_fact(c, sizeof(*first), FACT_NOTICE, 1);
	assert_ptr_equal(c->facts, &first->fact);
	chunk_free(c);
	assert_null(chunk_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_records_end_to_end),
		cmocka_unit_test(keeps_what_stands_in_the_text),
		cmocka_unit_test(keeps_values_whole),
		cmocka_unit_test(lists_facts_in_order_and_forgets_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
