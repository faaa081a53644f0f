/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relationships in a damaged row: whoever writes goes on, their source is to be told of once more, and
 * then all is as if nothing had been damaged, at both ends.
 */
#include <stdio.h>

#include "edge.h"
#include "history.h"
#include "private.h"
#include "relation.h"
#include "store/alarms.h"

#define VPC  "AWS::EC2::VPC"
#define MANY 40u /* of two runs */

static int64_t resource(struct history *h, const char *type, const char *rid)
{
	struct item item = item_of(type, rid, 1000, "1", "{\"a\":1}");

	put_item(h, &item);
	return resource_of(h, type, rid).id;
}

struct named {
	char ids[MANY][16];
	struct store_edge edges[MANY];
};

static void fill(struct named *n)
{
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(n->ids[i], sizeof(n->ids[i]), "vpc-%zu", i);
		n->edges[i] = (struct store_edge){
			.relation = { STR("in"), STR(VPC), str_of(n->ids[i]), STR_NULL,
				      1000 + (int64_t)i, RELATION_OPEN },
			.out_len = 10,
			.in_len = 100,
			.at_len = 1000
		};
	}
}

static void put(struct history *h, int64_t id, const struct store_edge *edges, size_t n,
		const char *name)
{
	struct str names[] = { str_of(name) };
	const struct store_story story = {
		.dirty = { id, INT64_MIN },
		.relations = { .edges = edges,
			       .n_edges = n,
			       .names = names,
			       .n_names = names[0].n ? 1 : 0 },
	};

	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static void damage(struct history *h, int64_t id, unsigned first)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql),
		       "UPDATE edge_run SET edges = x'ff' WHERE source = %lld AND "
		       "first >= %u RETURNING 1",
		       (long long)id, first);
	assert_int_equal(ask(h, sql), 1);
}

static bool is_dirty(struct history *h, int64_t id)
{
	struct store_dirty dirty[16];
	size_t n;

	assert_int_equal(store_dirty_next(h->s, 0, dirty, ARRAY_SIZE(dirty), &n), 0);
	for (size_t i = 0; i < n; i++)
		if (dirty[i].resource == id)
			return dirty[i].from_ms == INT64_MIN;
	return false;
}

/* What its file holds is as long as the history says; how many lines there are. */
static size_t assert_sums(struct history *h, int64_t id)
{
	struct store_edge_line *lines;
	struct store_resource r;
	uint64_t sum = 0;
	size_t n;

	assert_int_equal(store_edges(h->s, id, &h->a, &lines, &n), 0);
	assert_int_equal(store_resource_get(h->s, id, &h->a, &r), 0);
	for (size_t i = 0; i < n; i++)
		sum += (lines[i].out ? 10 : 100) +
		       (lines[i].path.n ? lines[i].path.n : strlen(RELATION_DANGLING)) +
		       1;
	assert_int_equal(r.rel_len, sum);
	return n;
}

/* The one row or the other, or both. */
static void test_put_once_more(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	int64_t last = resource(h, VPC, "vpc-39");
	struct named n;

	fill(&n);
	put(h, vpc, NULL, 0, "");
	put(h, last, NULL, 0, "");
	put(h, sg, n.edges, MANY, "");
	for (unsigned i = 0; i < 2; i++) {
		damage(h, sg, i * EDGE_RUN);
		put(h, sg, n.edges, MANY, "");
		assert_int_equal(assert_sums(h, sg), MANY);
		assert_int_equal(assert_sums(h, vpc), 1);
		assert_int_equal(assert_sums(h, last), 1);
	}
	assert_int_equal(ask(h, "SELECT count(*) FROM edge_run"), 2);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'remade'"), 2);
}

/* What it names comes meanwhile; and one of the same name that fits better than who was meant. */
static void test_targets_that_come(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), vpc, meant = resource(h, VPC, "x"),
		better;
	struct named n;

	fill(&n);
	put(h, meant, NULL, 0, "vpc-2");
	put(h, sg, n.edges, MANY, "");
	assert_int_equal(assert_sums(h, meant), 1);
	damage(h, sg, 0);
	vpc = resource(h, VPC, "vpc-1");
	better = resource(h, VPC, "vpc-2");
	put(h, sg, n.edges, MANY, "");
	damage(h, sg, 0);
	assert_false(is_dirty(h, sg));
	put(h, vpc, NULL, 0, "");
	assert_true(is_dirty(h, sg));
	put(h, better, NULL, 0, "");
	put(h, sg, n.edges, MANY, "");
	assert_false(is_dirty(h, sg));
	assert_int_equal(assert_sums(h, sg), MANY);
	assert_int_equal(assert_sums(h, vpc), 1);
	assert_int_equal(assert_sums(h, better), 1);
	assert_int_equal(assert_sums(h, meant), 0);
}

/* The path of either end gets longer while they cannot be read. */
static void test_renamed(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	struct item below[] = { item_of(VPC "::vpc-1", "x", 1000, "1", "{\"a\":1}"),
				item_of(GROUP "::sg-1", "x", 1000, "1", "{\"a\":1}") };
	struct named n;

	fill(&n);
	put(h, vpc, NULL, 0, "");
	put(h, sg, n.edges, MANY, "");
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		damage(h, sg, 0);
		put_item(h, &below[i]);
		assert_true(is_dirty(h, sg));
		put(h, sg, n.edges, MANY, "");
		assert_int_equal(assert_sums(h, sg), MANY);
		assert_int_equal(assert_sums(h, vpc), 1);
	}
}

/* Of two that name the same the one that can be read is kept up meanwhile. */
static void test_beside_another(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), other = resource(h, GROUP, "sg-2"), vpc;
	struct named n;

	fill(&n);
	put(h, sg, n.edges, MANY, "");
	put(h, other, n.edges, 2, "");
	damage(h, sg, 0);
	vpc = resource(h, VPC, "vpc-1");
	put(h, vpc, NULL, 0, "");
	assert_int_equal(assert_sums(h, other), 2);
	put(h, sg, n.edges, MANY, "");
	assert_int_equal(assert_sums(h, vpc), 2);
	/* Both at once: neither can be summed up by the other's, until that is made, too. */
	damage(h, sg, 0);
	damage(h, other, 0);
	put(h, sg, n.edges, MANY, "");
	assert_true(is_dirty(h, other));
	put(h, other, n.edges, 2, "");
	assert_int_equal(assert_sums(h, vpc), 2);
	assert_int_equal(assert_sums(h, other), 2);
	assert_int_equal(assert_sums(h, sg), MANY);
}

/* Who only reads has those mended that it could not: the resource's own, and those to it. */
static void test_mended(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	const int64_t ends[] = { sg, vpc };
	struct store_related *related;
	struct named n;
	size_t count;

	fill(&n);
	put(h, vpc, NULL, 0, "");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		put(h, sg, n.edges, MANY, "");
		begin(h);
		assert_int_equal(store_related_mend(h->s, ends[i]), 0);
		commit(h);
		assert_false(is_dirty(h, sg));
		damage(h, sg, 0);
		assert_int_equal(store_related(h->s, ends[i], &h->a, &related, &count),
				 STORE_E_DAMAGED);
		begin(h);
		assert_int_equal(store_related_mend(h->s, ends[i]), 0);
		commit(h);
		assert_true(is_dirty(h, sg));
		put(h, sg, n.edges, MANY, "");
		assert_int_equal(assert_sums(h, vpc), 1);
		assert_int_equal(store_related(h->s, ends[i], &h->a, &related, &count),
				 0);
		assert_int_equal(count, 1);
	}
}

/* Any other error is one. */
static void test_other_errors(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1");

	begin(h);
	assert_int_equal(relation_lost(h->s, sg, -EIO), -EIO);
	assert_int_equal(relation_lost(h->s, sg, STORE_E_FULL), STORE_E_FULL);
	/* As SQLite says it of the file. */
	assert_int_equal(sql_fail(h->s, SQLITE_CORRUPT, "read"), STORE_E_DAMAGED);
	assert_int_equal(relation_lost(h->s, sg, STORE_E_DAMAGED), STORE_E_DAMAGED);
	store_rollback(h->s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_put_once_more), CASE(test_targets_that_come),
		CASE(test_renamed),       CASE(test_beside_another),
		CASE(test_mended),        CASE(test_other_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
