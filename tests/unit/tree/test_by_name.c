/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The listing of by-name, which is kept, and its attributes, which are made late: whole in pieces of
 * any size, each name with what it leads to, also while something is put in.
 */

#include "estate.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMES 900 /* several pieces, and the attributes of more than the first */

static int setup(void **state)
{
	struct estate *e;
	char rid[32];

	estate_setup(state);
	e = *state;
	e->named = e->named_apart = true;
	estate_begin(e);
	for (int i = 0; i < NAMES; i++) {
		(void)snprintf(rid, sizeof(rid), "n/%04d", i);
		estate_put(e, GROUP, rid, T0);
	}
	estate_put(e, "AWS::EC2::Instance", "n/0007", T0 + DAY); /* a name of two */
	estate_commit(e);
	estate_open(e);
	return 0;
}

struct listed {
	struct tree_attr attr;
	uint64_t next;
	char name[16];
};

struct pieces {
	struct listed all[NAMES + 1]; /* one may come in */
	size_t n, until;
};

static bool add_listed(void *ctx, const struct tree_entry *entry)
{
	struct pieces *p = ctx;
	struct listed *one = &p->all[p->n];

	if (p->n == p->until)
		return false;
	assert_in_range(p->n, 0, ARRAY_SIZE(p->all) - 1);
	*one = (struct listed){ *entry->attr, entry->next, "" };
	(void)snprintf(one->name, sizeof(one->name), "%.*s", STR_ARGS(entry->name));
	p->n++;
	return true;
}

/* One more piece. */
static void list_piece(struct estate *e, size_t step, bool names, struct pieces *p)
{
	struct tree_lister lister = { .entry = add_listed, .ctx = p, .names = names };
	uint64_t cookie = p->n ? p->all[p->n - 1].next : 0;

	p->until = p->n + step;
	assert_int_equal(
		tree_readdir(e->t, estate_at(e, "by-name").node, cookie, &lister), 0);
}

/* What is left of it; behind the end there is nothing. */
static void list_rest(struct estate *e, size_t step, bool names, struct pieces *p)
{
	size_t n;

	do
		list_piece(e, step, names, p);
	while (p->n == p->until);
	n = p->n;
	list_piece(e, 1, names, p);
	assert_int_equal(p->n, n);
}

static int by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Those names that the estate has, up to that number, each once. */
static void check_set(const struct pieces *p, int n)
{
	static struct listed sorted[ARRAY_SIZE(p->all)];
	char want[16];

	assert_int_equal(p->n, n);
	memcpy(sorted, p->all, p->n * sizeof(sorted[0]));
	qsort(sorted, p->n, sizeof(sorted[0]), by_name);
	for (int i = 0; i < n; i++) {
		(void)snprintf(want, sizeof(want), "n%%2F%04d", i);
		assert_string_equal(sorted[i].name, want);
	}
	for (size_t i = 1; i < p->n; i++)
		assert_true(p->all[i - 1].next < p->all[i].next);
}

/* It is what its own name leads to, and has that one's attributes. */
static void check_attr(struct estate *e, const struct listed *one, bool names)
{
	uint64_t dir = estate_at(e, "by-name").node;
	struct tree_attr asked, by_node;

	assert_int_equal(tree_lookup(e->t, dir, str_of(one->name), &asked), 0);
	assert_int_equal(one->attr.node, asked.node);
	assert_int_equal(one->attr.type, asked.type);
	assert_int_equal(tree_getattr(e->t, one->attr.node, &by_node), 0);
	assert_int_equal(by_node.type, asked.type);
	assert_int_equal(one->attr.unsized, names && asked.type == TREE_LINK);
	if (one->attr.unsized)
		return;
	assert_int_equal(one->attr.size, asked.size);
	assert_int_equal(one->attr.mtime_ms, asked.mtime_ms);
	assert_int_equal(by_node.size, asked.size);
	assert_int_equal(by_node.mtime_ms, asked.mtime_ms);
}

static size_t place_of(const struct pieces *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->all[i].name, name) == 0)
			return i;
	fail_msg("no %s", name);
	return 0;
}

/* Nothing is kept of what was listed before. */
static void forget(struct estate *e)
{
	e->t = tree_close(e->t);
	estate_open(e);
}

/* In pieces of any size, with attributes or without, it is one list, and each has its own. */
static void test_by_name(void **state)
{
	static const size_t steps[] = { NAMES + 1, NAMES, 1, 7, 200, 300, NAMES - 1 };
	static struct pieces first, again;
	struct estate *e = *state;

	list_rest(e, NAMES + 1, true, &first);
	check_set(&first, NAMES);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		for (int names = 0; names < 2; names++) {
			forget(e);
			again = (struct pieces){ 0 };
			list_rest(e, steps[i], names, &again);
			check_set(&again, NAMES);
			for (size_t k = 0; k < NAMES; k++) {
				assert_string_equal(again.all[k].name, first.all[k].name);
				assert_int_equal(again.all[k].next, first.all[k].next);
				check_attr(e, &again.all[k], names);
			}
		}
	assert_int_equal(again.all[place_of(&again, "n%2F0007")].attr.type, TREE_DIR);
	assert_int_equal(again.all[place_of(&again, "n%2F0008")].attr.type, TREE_LINK);
}

/* It has as many as it has; who asks because of their attributes is told what they cost. */
static void test_by_name_more(void **state)
{
	struct estate *e = *state;
	uint64_t node = estate_at(e, "by-name").node;
	bool more;

	assert_int_equal(tree_has_more(e->t, node, NAMES - 1, &more), 0);
	assert_true(more);
	assert_int_equal(tree_has_more(e->t, node, NAMES, &more), 0);
	assert_false(more);
	assert_int_equal(tree_attr_cost(node), 4);
	assert_int_equal(tree_attr_cost(estate_at(e, "by-id").node), 1);
	assert_int_equal(tree_attr_cost(estate_at(e, GROUPS).node), 1);
}

/* A commit makes it anew, also for who is in the middle of it. */
static void test_by_name_changed(void **state)
{
	static struct pieces before, after;
	struct estate *e = *state;
	const struct listed *shared = &before.all[600];
	char rid[16];

	list_rest(e, NAMES + 1, true, &before);
	shared += strcmp(shared->name, "n%2F0007") == 0;
	assert_int_equal(shared->attr.type, TREE_LINK);
	list_piece(e, 300, false, &after);
	assert_int_equal(after.n, 300);
	(void)snprintf(rid, sizeof(rid), "n/%s", shared->name + strlen("n%2F"));
	estate_begin(e);
	estate_put(e, "AWS::EC2::Instance", rid, T0 + DAY);
	(void)snprintf(rid, sizeof(rid), "n/%04d", NAMES);
	estate_put(e, GROUP, rid, T0 + 2 * DAY);
	estate_commit(e);
	list_rest(e, 300, false, &after);
	/* A new name is there unless its place has been passed. */
	check_set(&after, after.n > NAMES ? NAMES + 1 : NAMES);
	for (size_t i = 0; i < after.n; i++)
		check_attr(e, &after.all[i], false);
	shared = &after.all[place_of(&after, shared->name)];
	assert_int_equal(shared->attr.type, TREE_DIR);
	assert_int_equal(shared->attr.mtime_ms, T0 + DAY);
	after = (struct pieces){ 0 };
	list_rest(e, 300, false, &after);
	check_set(&after, NAMES + 1);
	assert_int_equal(after.all[place_of(&after, "n%2F0900")].attr.mtime_ms,
			 T0 + 2 * DAY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_name),
		TEST(test_by_name_more),
		TEST(test_by_name_changed),
	};

	return cmocka_run_group_tests_name("by-name", tests, NULL, NULL);
}
