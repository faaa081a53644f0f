/* SPDX-License-Identifier: Apache-2.0 */
/* Records that come again byte for byte: what is remembered, and what is said of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "seen.h"
#include "writer.h"

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

struct importing {
	struct import_options options;
	struct import_report report;
	struct worker_setup setup;
	struct import_writer writer;
	struct worker *worker;
	struct fault fault;
	unsigned refusals;
};

static void count_refusal(void *ctx, const char *source _unused_,
			  const struct fault *f _unused_)
{
	unsigned *n = ctx;

	++*n;
}

static void importing_begin(struct importing *i, struct history *h)
{
	*i = (struct importing){
		.options = { .refused = count_refusal, .ctx = &i->refusals },
		.setup = { &i->options, store_shapes(h->s), store_coders(h->s), NULL }
	};
	assert_int_equal(seen_new(&i->setup.seen), 0);
	i->worker = worker_ops.worker_new(NULL, &i->setup);
	assert_non_null(i->worker);
	i->writer = (struct import_writer){ .store = h->s,
					    .options = &i->options,
					    .setup = &i->setup,
					    .report = &i->report,
					    .fault = &i->fault };
}

static void importing_end(struct importing *i)
{
	assert_int_equal(import_writer_commit(&i->writer, true), 0);
	import_writer_deinit(&i->writer);
	worker_ops.worker_free(i->worker);
	seen_free(i->setup.seen);
}

static struct chunk *parsed(struct importing *i, const char *const *texts, size_t n)
{
	const struct chunk_record record = { .container = STR("configurationItems") };
	struct chunk *c = chunk_new();

	assert_non_null(c);
	for (size_t k = 0; k < n; k++)
		assert_int_equal(chunk_add(c, &record, str_of(texts[k])), 0);
	assert_int_equal(worker_parse(i->worker, c), 0);
	return c;
}

static int copies_in(const struct chunk *c)
{
	int n = 0;

	for (const struct fact *f = c->facts; f; f = f->next)
		n += f->kind == FACT_COPY;
	return n;
}

/* A source of its own; the chunk is freed. */
static struct store_counts put(struct importing *i, struct chunk *c)
{
	static unsigned number;
	char name[32];
	struct import_file file = { .name = name, .shown = name };
	struct pipeline_taken taken = { &file, c, true };

	(void)snprintf(name, sizeof(name), "source-%u", number++);
	assert_int_equal(import_writer_put(&i->writer, &taken), 0);
	chunk_free(c);
	return file.counts;
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
	c = parsed(&i, one, 1);
	assert_int_equal(copies_in(c), 0);
	assert_int_equal(put(&i, c).items, 1);
	c = parsed(&i, two, 2);
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
	assert_int_equal(put(&i, parsed(&i, one, 1)).items, 1);
	ahead = parsed(&i, two, 2);
	assert_int_equal(copies_in(ahead), 1);
	put(&i, parsed(&i, greater, 1));
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
	put(&i, parsed(&i, greater, 1));
	for (unsigned n = 1; n < 3; n++) {
		c = parsed(&i, one, 1);
		assert_int_equal(copies_in(c), 0);
		assert_int_equal(put(&i, c).refused, 1);
		assert_int_equal(i.refusals, n);
	}
	c = parsed(&i, greater, 1);
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
