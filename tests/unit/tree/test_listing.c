/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Listings: complete whatever the length and however they are cut into calls, each name once,
 * also while rows are added.
 */

#include "estate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 1500 /* more than two pages of any size */
#define FIXED 5    /* what every resource has beside its states */

static int setup(void **state)
{
	struct estate *e;
	char rid[32];

	estate_setup(state);
	e = *state;
	estate_begin(e);
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(rid, sizeof(rid), "sg-%04d", i);
		estate_put(e, GROUP, rid, T0);
	}
	for (int i = 0; i < COUNT; i++) /* some of them twins */
		estate_put(e, "AWS::EC2::Instance", "i", T0 + i / 3);
	/* A type that is a folder of types, too. */
	estate_put(e, "AWS::EC2", "EIP", T0);
	estate_commit(e);
	estate_open(e);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Number of names, which must all be different. */
static size_t count_names(struct buf *names)
{
	char *lines[2 * COUNT + 10];
	char *save = NULL;
	size_t n = 0;

	buf_put_char(names, '\0');
	for (char *line = strtok_r(names->data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		assert_true(n < ARRAY_SIZE(lines));
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(lines[i - 1], lines[i]);
	return n;
}

static void check_in_steps(struct estate *e, const char *path, size_t step, size_t want)
{
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	uint64_t node = estate_at(e, path).node, cookie = 0;

	while (estate_list(e, node, &cookie, step, &names) > 0)
		;
	assert_int_equal(count_names(&names), want);
}

static void test_steps(void **state)
{
	static const size_t steps[] = { 1, 2, 7, 64, 65, 500, 100000 };
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	struct estate *e = *state;
	uint64_t cookie = 0;
	size_t top;

	top = estate_list(e, TREE_ROOT, &cookie, 100, &names);
	assert_true(top >= 2);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		check_in_steps(e, GROUPS, steps[i], COUNT);
		check_in_steps(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2/Instance/i",
			       steps[i], COUNT + FIXED);
		check_in_steps(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2", steps[i],
			       3);
		check_in_steps(e, "", steps[i], top);
		check_in_steps(e, "activity", steps[i], 5);
	}
}

static void test_while_added(void **state)
{
	struct estate *e = *state;
	uint64_t groups = estate_at(e, GROUPS).node;
	uint64_t states =
		estate_at(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2/Instance/i").node;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	_cleanup_(buf_deinit) struct buf times = BUF_INIT;
	uint64_t at = 0, at_time = 0;

	estate_list(e, groups, &at, 700, &names);
	estate_list(e, states, &at_time, 700, &times);
	estate_begin(e);
	estate_put(e, GROUP, "another", T0 - DAY);
	estate_put(e, "AWS::EC2::Instance", "i", T0 - DAY);
	estate_put(e, "AWS::EC2::Instance", "i", T0 + DAY);
	estate_commit(e);
	estate_list(e, groups, &at, 100000, &names);
	estate_list(e, states, &at_time, 100000, &times);
	/* What came before the reader's place is not seen, what came behind it is. */
	assert_int_equal(count_names(&names), COUNT + 1);
	assert_int_equal(count_names(&times), COUNT + FIXED + 1);
}

static void test_at_the_end(void **state)
{
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	uint64_t node = estate_at(e, GROUPS "/sg-0001").node, cookie = 0;

	assert_int_equal(estate_list(e, node, &cookie, 100, &names), FIXED + 1);
	buf_put_char(&names, '\0');
	assert_string_equal(
		names.data,
		"changes\nchanges.jsonl\nlatest.json\nblame\nrelationships.tsv\n"
		"2024-05-01T101500.123Z.json\n");
	assert_int_equal(estate_list(e, node, &cookie, 100, &names), 0);
	assert_int_equal(estate_list(e, node, &cookie, 100, &names), 0);
}

/* Attributes come with the names, and are those that a look-up gives. */
static bool same_as_lookup(void *ctx, const struct tree_entry *entry)
{
	struct buf *seen = ctx;

	buf_put(seen, entry->attr, sizeof(*entry->attr));
	return true;
}

static void test_attributes(void **state)
{
	struct estate *e = *state;
	_cleanup_(buf_deinit) struct buf seen = BUF_INIT;
	uint64_t node =
		estate_at(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2/Instance/i").node;
	struct tree_attr listed, asked;

	assert_int_equal(tree_readdir(e->t, node, 0,
				      &(struct tree_lister){ .entry = same_as_lookup,
							     .ctx = &seen }),
			 0);
	assert_int_equal(seen.len, (COUNT + FIXED) * sizeof(listed));
	for (size_t at = 0; at < seen.len; at += 50 * sizeof(listed)) {
		memcpy(&listed, seen.data + at, sizeof(listed));
		assert_int_equal(tree_getattr(e->t, listed.node, &asked), 0);
		assert_int_equal(listed.type, asked.type);
		assert_int_equal(listed.size, asked.size);
		assert_int_equal(listed.mtime_ms, asked.mtime_ms);
		assert_int_equal(listed.growing, asked.growing);
	}
}

/* What would cost a sum over much is left out of a listing, and nothing but its size and time. */
static void check_unsized(struct estate *e, const char *path, size_t entries, size_t want)
{
	_cleanup_(buf_deinit) struct buf seen = BUF_INIT;
	struct tree_attr listed, asked;
	size_t n = 0;

	assert_int_equal(tree_readdir(e->t, estate_at(e, path).node, 0,
				      &(struct tree_lister){ .entry = same_as_lookup,
							     .ctx = &seen }),
			 0);
	assert_int_equal(seen.len, entries * sizeof(listed));
	for (size_t at = 0; at < seen.len; at += sizeof(listed)) {
		memcpy(&listed, seen.data + at, sizeof(listed));
		assert_int_equal(tree_getattr(e->t, listed.node, &asked), 0);
		assert_int_equal(listed.type, asked.type);
		assert_int_equal(listed.ino, asked.ino);
		assert_int_equal(listed.growing, asked.growing);
		if (!listed.unsized) {
			assert_int_equal(listed.size, asked.size);
			continue;
		}
		assert_false(asked.unsized);
		assert_true(asked.size > 0);
		n++;
	}
	assert_int_equal(n, want);
}

static void test_unsized(void **state)
{
	check_unsized(*state, "at/2024-06-01", 3 + 1, 3);
	check_unsized(*state, "at/2024-06-01/" ACCOUNT "/" REGION, 4 + 1, 4);
	check_unsized(*state, "status", 7, 3);
	check_unsized(*state, "", 11, 0);
}

/* Names, kinds, numbers and cookies, as text. */
static bool add_identity(void *ctx, const struct tree_entry *e)
{
	buf_printf(ctx, "%.*s %d %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		   STR_ARGS(e->name), e->attr->type, e->attr->node, e->attr->ino,
		   e->next);
	return true;
}

/* Who asks for names gets those of the whole listing; and it is told about how many there are. */
static void check_names(struct estate *e, const char *path, size_t n)
{
	_cleanup_(buf_deinit) struct buf whole = BUF_INIT;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	struct tree_lister lister = { .entry = add_identity, .ctx = &whole };
	uint64_t node = estate_at(e, path).node;
	size_t lines = 0;
	bool more;

	assert_int_equal(tree_readdir(e->t, node, 0, &lister), 0);
	lister.ctx = &names;
	lister.names = true;
	assert_int_equal(tree_readdir(e->t, node, 0, &lister), 0);
	buf_put_char(&whole, '\0');
	buf_put_char(&names, '\0');
	assert_string_equal(names.data, whole.data);
	for (const char *c = names.data; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, n);
	assert_int_equal(tree_has_more(e->t, node, COUNT - 1, &more), 0);
	assert_int_equal(more, n >= COUNT);
	assert_int_equal(tree_has_more(e->t, node, COUNT + FIXED, &more), 0);
	assert_false(more);
}

static void test_names(void **state)
{
	struct tree_attr latest = estate_at(*state, GROUPS "/sg-0001/latest.json");
	struct estate *e = *state;
	bool more;

	check_names(e, GROUPS, COUNT);
	check_names(e, GROUPS "/sg-0001", FIXED + 1);
	check_names(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2/Instance/i",
		    COUNT + FIXED);
	check_names(e, "resources/" ACCOUNT "/" REGION "/AWS/EC2", 3);
	check_names(e, "by-id", COUNT + 2);
	check_names(e, "at/2024-06-01/" ACCOUNT "/" REGION "/AWS/EC2/SecurityGroup",
		    COUNT);
	check_names(e, "activity", 5);
	assert_int_equal(tree_has_more(e->t, latest.node, 1, &more), TREE_E_NOT_DIR);
	assert_int_equal(tree_has_more(e->t, UINT64_MAX, 1, &more), TREE_E_NOT_FOUND);
}

static void test_bad_cookies(void **state)
{
	static const uint64_t cookies[] = { UINT64_MAX, UINT64_C(1) << 63,
					    UINT64_C(1) << 62, (UINT64_C(1) << 63) - 1 };
	struct estate *e = *state;
	uint64_t dirs[] = { TREE_ROOT, estate_at(e, GROUPS).node,
			    estate_at(e, GROUPS "/sg-0001").node };
	const struct tree_lister none = { .entry = same_as_lookup,
					  .ctx = &(struct buf){ 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cookies); i++)
		for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
			int r = tree_readdir(e->t, dirs[d], cookies[i], &none);

			/* Refused, or past all there is: never a crash, never a name. */
			assert_true(r == 0 || r == TREE_E_BAD_COOKIE);
			assert_int_equal(((struct buf *)none.ctx)->len, 0);
		}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_steps),       TEST(test_while_added), TEST(test_at_the_end),
		TEST(test_attributes),  TEST(test_unsized),     TEST(test_names),
		TEST(test_bad_cookies),
	};

	return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
