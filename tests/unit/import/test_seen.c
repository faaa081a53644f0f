/* SPDX-License-Identifier: Apache-2.0 */
/* Records that come again byte for byte: what is remembered, and what is said of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importing.h"

#define ITEMS "configurationItems"

#define MANY (1 << 20) /* more than there is room for */

static void remembers(void **state _unused_)
{
	struct seen *s = NULL;
	struct fingerprint a, b;

	assert_int_equal(seen_new(&s), 0);
	a = seen_mark(s, STR("configurationItems"), STR("{\"a\":1}"));
	b = seen_mark(s, STR("Records"), STR("{\"a\":1}"));
	assert_false(fingerprint_eq(a, b));
	assert_false(seen_has(s, a));
	seen_put(s, a);
	assert_true(seen_has(s, a));
	assert_false(seen_has(s, b));
	seen_forget(s);
	assert_false(seen_has(s, a));
	seen_put(s, a);
	assert_true(seen_has(s, a));
	seen_free(s);
}

/* The last ones are there, whatever was before. */
static void new_ones_take_the_place_of_old_ones(void **state _unused_)
{
	struct seen *s = NULL;
	size_t kept = 0;

	assert_int_equal(seen_new(&s), 0);
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < MANY; i++) {
			struct str text = { (const char *)&i, sizeof(i) };
			struct fingerprint mark = seen_mark(s, STR("x"), text);

			if (pass) {
				kept += seen_has(s, mark);
				continue;
			}
			seen_put(s, mark);
			assert_true(seen_has(s, mark));
		}
	assert_in_range(kept, MANY / 8, MANY / 2);
	seen_free(s);
}

/* --- through the writer -------------------------------------------------------------------- */

static int copies_in(const struct chunk *c)
{
	int n = 0;

	for (const struct fact *f = c->facts; f; f = f->next)
		n += f->kind == FACT_COPY;
	return n;
}

#define ITEM(id, value)                                                                    \
	"{\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\","                  \
	"\"configurationStateId\":1714558500123,\"awsAccountId\":\"123456789012\","        \
	"\"configurationItemStatus\":\"OK\",\"resourceType\":\"AWS::EC2::SecurityGroup\"," \
	"\"resourceId\":\"" id "\",\"awsRegion\":\"us-east-1\",\"relationships\":[],"      \
	"\"configuration\":{\"a\":" value "}}"

static const char *const one[] = { ITEM("sg-1", "1") };
static const char *const two[] = { ITEM("sg-1", "1"), ITEM("sg-2", "1") };
static const char *const greater[] = { ITEM("sg-1", "2") };

static void a_copy_is_known(void **state)
{
	struct importing i;
	struct store_counts counts;
	struct chunk *c;

	importing_begin(&i, *state);
	c = parsed(&i, ITEMS, one, 1);
	assert_int_equal(copies_in(c), 0);
	assert_int_equal(put(&i, c).items, 1);
	c = parsed(&i, ITEMS, two, 2);
	assert_int_equal(copies_in(c), 1);
	counts = put(&i, c);
	assert_int_equal(counts.items, 1);
	assert_int_equal(counts.duplicates, 1);
	assert_int_equal(i.report.resources, 2);
	importing_end(&i);
	assert_int_equal(ask(*state, "SELECT count(*) FROM state"), 2);
}

/* Between the look and the writing another content was taken for the state. */
static void a_copy_of_what_was_ousted_is_refused(void **state)
{
	struct importing i;
	struct store_counts counts;
	struct chunk *ahead;

	importing_begin(&i, *state);
	assert_int_equal(put(&i, parsed(&i, ITEMS, one, 1)).items, 1);
	ahead = parsed(&i, ITEMS, two, 2);
	assert_int_equal(copies_in(ahead), 1);
	put(&i, parsed(&i, ITEMS, greater, 1));
	assert_int_equal(i.refusals, 1);
	counts = put(&i, ahead);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(counts.items, 1);
	assert_int_equal(counts.duplicates, 0);
	assert_int_equal(i.refusals, 2);
	importing_end(&i);
	assert_int_equal(ask(*state, "SELECT count(*) FROM refusal"), 2);
}

/* What is refused is no copy the next time. */
static void a_refused_one_is_refused_again(void **state)
{
	struct importing i;
	struct chunk *c;

	importing_begin(&i, *state);
	put(&i, parsed(&i, ITEMS, greater, 1));
	for (unsigned n = 1; n < 3; n++) {
		c = parsed(&i, ITEMS, one, 1);
		assert_int_equal(copies_in(c), 0);
		assert_int_equal(put(&i, c).refused, 1);
		assert_int_equal(i.refusals, n);
	}
	c = parsed(&i, ITEMS, greater, 1);
	assert_int_equal(copies_in(c), 1);
	assert_int_equal(put(&i, c).duplicates, 1);
	importing_end(&i);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers),
		cmocka_unit_test(new_ones_take_the_place_of_old_ones),
		TEST(a_copy_is_known),
		TEST(a_copy_of_what_was_ousted_is_refused),
		TEST(a_refused_one_is_refused_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
