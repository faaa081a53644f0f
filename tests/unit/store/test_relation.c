/* SPDX-License-Identifier: Apache-2.0 */
/* Relationships as put: both ends' sums, targets found whenever they come, a region's at a moment. */
#include "history.h"
#include "private.h"

#define VPC  "AWS::EC2::VPC"
#define PATH "resources/" ACCOUNT "/" REGION "/AWS/EC2/"

static int64_t resource(struct history *h, const char *type, const char *rid)
{
	struct item item = item_of(type, rid, 1000, "1", "{\"a\":1}");

	put_item(h, &item);
	return resource_of(h, type, rid).id;
}

static struct store_edge edge(const char *type, const char *id, const char *name,
			      int64_t since_ms, int64_t until_ms)
{
	return (struct store_edge){ .relation = { STR("in"), str_of(type), str_of(id),
						  str_of(name), since_ms, until_ms },
				    .out_len = 10,
				    .in_len = 100,
				    .at_len = 1000 };
}

static void put(struct history *h, int64_t id, const struct store_edge *edges, size_t n,
		const char *name)
{
	struct str names[] = { str_of(name) };
	const struct store_story story = {
		.dirty = { id, INT64_MIN },
		.relations = { .edges = edges,
			       .n_edges = n,
			       .source_name = names[0],
			       .names = names,
			       .n_names = names[0].n ? 1 : 0 },
	};

	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static uint64_t length(struct history *h, int64_t id)
{
	struct store_resource r;

	assert_int_equal(store_resource_get(h->s, id, &h->a, &r), 0);
	return r.rel_len;
}

#define DANGLING (sizeof(RELATION_DANGLING))
#define OF_VPC   (sizeof(PATH "VPC/vpc-1"))
#define OF_GROUP (sizeof(PATH "SecurityGroup/sg-1"))

static void test_a_target_that_comes_later(void **state)
{
	struct history *h = *state;
	const struct store_edge e = edge(VPC, "vpc-1", "", 1000, RELATION_OPEN);
	int64_t sg = resource(h, GROUP, "sg-1"), vpc;
	struct store_edge_line *lines;
	size_t n;

	put(h, sg, &e, 1, "");
	assert_int_equal(length(h, sg), 10 + DANGLING);
	vpc = resource(h, VPC, "vpc-1");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 0);
	put(h, vpc, NULL, 0, "");
	assert_int_equal(length(h, sg), 10 + OF_VPC);
	assert_int_equal(length(h, vpc), 100 + OF_GROUP);
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_false(lines[0].out);
	assert_true(str_is(lines[0].path, PATH "SecurityGroup/sg-1"));
	assert_true(str_is(lines[0].relation.id, "sg-1"));
	assert_int_equal(lines[0].relation.until_ms, RELATION_OPEN);
	/* Again, then without it: as if nothing had been. */
	put(h, sg, &e, 1, "");
	assert_int_equal(length(h, vpc), 100 + OF_GROUP);
	put(h, sg, NULL, 0, "");
	assert_int_equal(length(h, sg), 0);
	assert_int_equal(length(h, vpc), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM edge_run"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM edge_token"), 0);
}

static void test_a_name_that_goes(void **state)
{
	struct history *h = *state;
	const struct store_edge e = edge(VPC, "", "main", 1000, 2000);
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");

	put(h, sg, &e, 1, "");
	put(h, vpc, NULL, 0, "main");
	assert_int_equal(length(h, vpc), 100 + OF_GROUP);
	put(h, vpc, NULL, 0, "other");
	assert_int_equal(length(h, vpc), 0);
	assert_int_equal(length(h, sg), 10 + DANGLING);
	/* Two of one name: the lesser id, whichever was first. */
	put(h, resource(h, VPC, "vpc-0"), NULL, 0, "main");
	put(h, vpc, NULL, 0, "main");
	assert_int_equal(length(h, vpc), 0);
	assert_int_equal(length(h, resource_of(h, VPC, "vpc-0").id), 100 + OF_GROUP);
	assert_sound(h);
}

static void test_itself(void **state)
{
	struct history *h = *state;
	const struct store_edge e = edge(GROUP, "sg-1", "", 1000, RELATION_OPEN);
	int64_t sg = resource(h, GROUP, "sg-1");
	struct store_edge_line *lines;
	size_t n;

	put(h, sg, &e, 1, "");
	assert_int_equal(length(h, sg), 10 + 100 + 2 * OF_GROUP);
	assert_int_equal(store_edges(h->s, sg, &h->a, &lines, &n), 0);
	assert_int_equal(n, 2);
	assert_true(lines[0].out && !lines[1].out);
}

/* Some rows are the same, one is another, one is more, then fewer. */
static void test_rows_replaced(void **state)
{
	struct history *h = *state;
	struct store_edge e[] = { edge(VPC, "vpc-1", "", 1000, 2000),
				  edge(VPC, "vpc-2", "", 1000, RELATION_OPEN),
				  edge(VPC, "vpc-1", "", 3000, RELATION_OPEN) };
	int64_t sg = resource(h, GROUP, "sg-1"), one = resource(h, VPC, "vpc-1"), two;

	two = resource(h, VPC, "vpc-2");
	put(h, one, NULL, 0, "");
	put(h, two, NULL, 0, "");
	put(h, sg, e, 2, "");
	put(h, sg, e, 3, "");
	assert_int_equal(length(h, one), 2 * (100 + OF_GROUP));
	assert_int_equal(length(h, two), 100 + OF_GROUP);
	e[1] = e[2];
	e[1].in_len = 50;
	put(h, sg, e, 2, "");
	assert_int_equal(length(h, one), 150 + 2 * OF_GROUP);
	assert_int_equal(length(h, two), 0);
	assert_int_equal(length(h, sg), 2 * (10 + OF_VPC));
	/* A transaction that is not committed leaves nothing. */
	begin(h);
	assert_int_equal(
		store_put_story(h->s,
				&(struct store_story){ .dirty = { sg, INT64_MIN } }),
		0);
	store_rollback(h->s);
	assert_int_equal(length(h, one), 150 + 2 * OF_GROUP);
}

static void test_at(void **state)
{
	struct history *h = *state;
	const struct store_edge a[] = { edge(VPC, "vpc-1", "", 1000, 2000),
					edge(VPC, "vpc-2", "", 1500, RELATION_OPEN) };
	const struct store_edge b[] = { edge(GROUP, "sg-1", "", 1200, RELATION_OPEN) };
	int64_t region, times[] = { 999, 1000, 1500, 2000, INT64_C(1) << 41 };
	size_t want[] = { 0, 1, 3, 2, 2 };

	put(h, resource(h, GROUP, "sg-2"), a, 2, "");
	put(h, resource(h, GROUP, "sg-1"), a, 0, "");
	put(h, resource(h, VPC, "vpc-1"), b, 1, "");
	region = ask(h, "SELECT id FROM folder WHERE name = '" REGION "'");
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		/* One at a time, so that each page is begun behind each row. */
		struct store_edge_key key = { 0 };
		uint64_t lines = 0, length;
		size_t n = 0, got;

		do {
			struct store_edge_at row;

			assert_int_equal(store_edges_at(h->s, region, times[i], &key,
							&h->a, &row, 1, &got),
					 0);
			n += got;
			if (got)
				lines += 1000 +
					 (row.known ? sizeof(RELATION_KNOWN_MARK)
						    : sizeof(RELATION_DANGLING_MARK));
		} while (got);
		assert_int_equal(n, want[i]);
		assert_int_equal(store_edges_at_len(h->s, region, times[i], &length), 0);
		assert_int_equal(length, lines);
	}
}

/* By the source's type, then its id, however they came in. */
static void test_at_order(void **state)
{
	static const char *const want[] = { "sg-1", "sg-2", "vpc-1" };
	struct history *h = *state;
	const struct store_edge e = edge(VPC, "vpc-1", "", 1000, RELATION_OPEN);
	struct store_edge_key key = { 0 };
	struct store_edge_at rows[8];
	size_t n;

	put(h, resource(h, VPC, "vpc-1"), &e, 1, "");
	put(h, resource(h, GROUP, "sg-2"), &e, 1, "");
	put(h, resource(h, GROUP, "sg-1"), &e, 1, "");
	assert_int_equal(
		store_edges_at(h->s,
			       ask(h, "SELECT id FROM folder WHERE name = '" REGION "'"),
			       5000, &key, &h->a, rows, ARRAY_SIZE(rows), &n),
		0);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++)
		assert_true(str_is(rows[i].id, want[i]));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_target_that_comes_later),
		CASE(test_a_name_that_goes),
		CASE(test_itself),
		CASE(test_rows_replaced),
		CASE(test_at),
		CASE(test_at_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
