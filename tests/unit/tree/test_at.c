/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The estate at a moment: what is there and what is not, under which names, with which sizes and
 * inode numbers; and the inventories, which must be as long as their attributes say and the
 * same read in any pieces.
 */

#include "estate.h"

#include <stdio.h>
#include <time.h>

#include "node.h"
#include "store/store.h"

#define AT(time)  "at/" time "/" ACCOUNT "/" REGION
#define GROUPS_AT "/AWS/EC2/SecurityGroup"
#define DAY1      "2024-05-01T101500.123Z" /* T0 */
#define DAY2      "2024-05-02T101500.123Z"
#define DAY3      "2024-05-03T101500.123Z"
#define DAY4      "2024-05-04T101500.123Z"
#define BUCKETS   "AWS::S3::Bucket"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	estate_put(e, GROUP, "sg-1", T0);
	estate_put(e, GROUP, "sg-1", T0 + DAY);
	estate_put_deletion(e, GROUP, "sg-1", T0 + 2 * DAY);
	estate_put(e, GROUP, "sg-1", T0 + 3 * DAY); /* again */
	estate_put(e, GROUP, "sg-2", T0 + DAY);
	estate_put(e, BUCKETS, "bucket", T0);
	estate_put_deletion(e, BUCKETS, "bucket", T0 + DAY);
	estate_commit(e);
	estate_open(e);
	return 0;
}

static void expect(struct estate *e, const char *path, const char *want)
{
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	uint64_t cookie = 0;

	while (estate_list(e, estate_at(e, path).node, &cookie, 100, &names) > 0)
		;
	buf_put_char(&names, '\0');
	assert_string_equal(names.len > 1 ? names.data : "", want);
}

static void expect_none(struct estate *e, const char *path)
{
	struct tree_attr attr;

	if (estate_lookup(e, path, &attr) != TREE_E_NOT_FOUND)
		fail_msg("%s is there", path);
}

static const char files[] = "inventory.csv\ninventory.jsonl\nsnapshot.json\n";

static void test_life(void **state)
{
	struct estate *e = *state;
	char all[256];

	expect(e, "at", "README\n");
	expect(e, "at/2024-05-01", files); /* before anything */
	(void)snprintf(all, sizeof(all), "%s" ACCOUNT "\n", files);
	expect(e, "at/" DAY1, all);
	(void)snprintf(all, sizeof(all), "%s" REGION "\n", files);
	expect(e, "at/" DAY1 "/" ACCOUNT, all);
	(void)snprintf(all, sizeof(all), "%srelationships.tsv\nAWS\n", files);
	expect(e, AT(DAY1), all);
	expect(e, AT(DAY1) "/AWS", "EC2\nS3\n");
	expect(e, AT(DAY1) GROUPS_AT, "sg-1.json\n");
	expect(e, AT(DAY2) "/AWS", "EC2\n"); /* no empty folder */
	expect(e, AT(DAY2) GROUPS_AT, "sg-1.json\nsg-2.json\n");
	expect(e, AT(DAY3) GROUPS_AT, "sg-2.json\n");
	expect(e, AT(DAY4) GROUPS_AT, "sg-1.json\nsg-2.json\n");
	expect(e, AT("now") GROUPS_AT, "sg-1.json\nsg-2.json\n");
}

/* expect() of a folder that is not there fails in estate_at(): see what is not. */
static void test_absent(void **state)
{
	static const char *const paths[] = {
		AT("2024-05-01T101500.122Z"),
		"at/2024-05-01/" ACCOUNT "/inventory.csv",
		AT(DAY2) "/AWS/S3",
		AT(DAY2) "/AWS/S3/Bucket/bucket.json",
		AT(DAY3) GROUPS_AT "/sg-1.json",
		AT(DAY1) GROUPS_AT "/sg-2.json",
		AT(DAY1) GROUPS_AT "/sg-1",
		AT(DAY1) GROUPS_AT "/sg-1.jso",
		AT(DAY1) GROUPS_AT "/.json",
		AT(DAY1) GROUPS_AT "/inventory.csv",
		AT(DAY1) "/AWS/snapshot.json",
		AT(DAY1) "/README",
		"at/2024-05-32",
		"at/nonsense",
		"at/.git",
		"at/latest",
	};
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		expect_none(e, paths[i]);
}

static int64_t now_ms(void)
{
	return (int64_t)time(NULL) * 1000;
}

static void test_names_of_moments(void **state)
{
	static const char *const same[] = {
		"at/2024-05-02",          "at/20240502",
		"at/2024-05-02T00:00Z",   "at/20240502T000000Z",
		"at/2024-05-02T02+02:00", "at/1714608000",
		"at/1714608000000",       "at/2024-05-02T000000.000Z"
	};
	static const char *const relative[] = { "at/yesterday", "at/-2h", "at/-7d",
						"at/-1s" };
	struct estate *e = *state;
	uint64_t node = estate_at(e, same[0]).node;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		assert_int_equal(estate_at(e, same[i]).node, node);
		assert_false(estate_at(e, same[i]).fleeting);
	}
	for (size_t i = 0; i < ARRAY_SIZE(relative); i++) {
		assert_true(estate_at(e, relative[i]).fleeting);
		assert_int_not_equal(estate_at(e, relative[i]).node, node);
	}
	assert_false(estate_at(e, "at/now").fleeting);
	assert_true(now_ms() > T0 + 4 * DAY);
}

/* The bytes of the state in resources/, and its size and time. */
static void test_states(void **state)
{
	static const char *const times[] = { DAY1, DAY2, DAY4 };
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
		const struct tree_content *here, *there;
		struct tree_attr attr, state_attr;
		char path[256];

		(void)snprintf(path, sizeof(path),
			       "at/%s/" ACCOUNT "/" REGION GROUPS_AT "/sg-1.json",
			       times[i]);
		attr = estate_at(e, path);
		(void)snprintf(path, sizeof(path), GROUPS "/sg-1/%s.json", times[i]);
		state_attr = estate_at(e, path);
		assert_int_equal(attr.type, TREE_FILE);
		assert_int_equal(attr.size, state_attr.size);
		assert_int_equal(attr.mtime_ms, state_attr.mtime_ms);
		assert_int_equal(attr.ino, state_attr.node); /* one file */
		assert_int_not_equal(attr.node, state_attr.node);
		assert_int_equal(tree_content_get(e->t, attr.node, &here), 0);
		assert_int_equal(tree_content_get(e->t, state_attr.node, &there), 0);
		assert_ptr_equal(here, there); /* kept once */
		assert_int_equal(here->len, attr.size);
		assert_int_equal(tree_raw(e->t, attr.node, &raw), 0);
		assert_true(str_is(buf_str(&raw), "as received"));
		tree_content_put(e->t, here);
		tree_content_put(e->t, there);
	}
}

/* They do not depend on what was asked for before. */
static void test_inodes(void **state)
{
	static const char *const paths[] = { "at/" DAY1, "at/" DAY1 "/" ACCOUNT,
					     "at/" DAY1 "/inventory.csv",
					     "at/" DAY2 "/inventory.csv", "at/now" };
	struct estate *e = *state;
	uint64_t inodes[ARRAY_SIZE(paths)];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		inodes[i] = estate_at(e, paths[i]).ino;
		assert_true(inodes[i] >> 63);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(inodes[i], inodes[j]);
	}
	e->t = tree_close(e->t);
	estate_open(e);
	for (size_t i = ARRAY_SIZE(paths); i-- > 0;)
		assert_int_equal(estate_at(e, paths[i]).ino, inodes[i]);
}

static void test_bad_nodes(void **state)
{
	struct estate *e = *state;
	unsigned unknown = (1u << NODE_MOMENT_BITS) - 1;
	const uint64_t nodes[] = {
		node_make_at(NODE_AT_FOLDER, unknown, 0),
		node_make_at(NODE_AT_FOLDER, 1, 99999),
		node_make_at(NODE_AT_STATE, unknown, 1),
		node_make_at(NODE_AT_STATE, 1, 99999),
		node_make_at(NODE_AT_CSV, unknown, 0),
		node_make_at(NODE_AT_SNAPSHOT, 1, 99999),
		node_make_at(NODE_AT_JSONL, 1, 3), /* AWS: neither account nor region */
		node_make(NODE_AT_FOLDER, 0),
		node_make(NODE_AT_FOLDER, 1),
	};
	const uint64_t cookies[] = { UINT64_C(1) << 61, UINT64_MAX, UINT64_C(3) << 59 | 1,
				     UINT64_C(1) << 59 | UINT64_C(1) << 57 };
	uint64_t now = estate_at(e, "at/now").node;
	struct tree_attr attr;
	struct tree_lister lister = { 0 };
	char byte;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		assert_int_equal(tree_getattr(e->t, nodes[i], &attr), TREE_E_NOT_FOUND);
		assert_true(tree_read(e->t, nodes[i], 0, 1, &byte, &n) > 0);
		assert_true(tree_lookup(e->t, nodes[i], STR("sg-1.json"), &attr) > 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cookies); i++)
		assert_int_equal(tree_readdir(e->t, now, cookies[i], &lister),
				 TREE_E_BAD_COOKIE);
}

/* --- names -------------------------------------------------------------------------------- */

/* Every name that is listed can be looked up and leads to the node it was listed with. */
struct checking {
	struct estate *e;
	size_t n;
	uint64_t nodes[64];
	char names[64][256];
};

static bool note(void *ctx, const struct tree_entry *entry)
{
	struct checking *c = ctx;

	assert_true(c->n < ARRAY_SIZE(c->nodes));
	assert_true(entry->name.n > 0 && entry->name.n <= 255);
	c->nodes[c->n] = entry->attr->node;
	(void)snprintf(c->names[c->n], sizeof(c->names[0]), "%.*s",
		       STR_ARGS(entry->name));
	c->n++;
	return true;
}

static size_t check_names(struct estate *e, const char *path)
{
	static struct checking c;
	struct tree_lister lister = { .entry = note, .ctx = &c };
	uint64_t dir = estate_at(e, path).node;

	c = (struct checking){ .e = e };
	assert_int_equal(tree_readdir(e->t, dir, 0, &lister), 0);
	for (size_t i = 0; i < c.n; i++) {
		struct tree_attr attr;

		if (tree_lookup(e->t, dir, str_of(c.names[i]), &attr))
			fail_msg("no %s", c.names[i]);
		assert_int_equal(attr.node, c.nodes[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c.names[i], c.names[j]);
	}
	return c.n;
}

static void test_long_names(void **state)
{
	struct estate *e = *state;
	char id[300];

	memset(id, 'x', sizeof(id));
	estate_begin(e);
	for (size_t n = 246; n < 260; n++) {
		id[n] = '\0';
		estate_put(e, "T", id, T0);
		id[n] = 'x';
		id[0] = 'y'; /* another that is cut to another name */
		id[n] = '\0';
		estate_put(e, "T", id, T0);
		id[n] = id[0] = 'x';
	}
	estate_put(e, "T", "a/b", T0);
	estate_put(e, "T", ".json", T0);
	estate_put(e, "T", "", T0);
	estate_commit(e);
	assert_int_equal(check_names(e, AT(DAY1) "/T"), 2 * 14 + 3);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/a%2Fb.json").type, TREE_FILE);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/%2Ejson.json").type, TREE_FILE);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/%.json").type, TREE_FILE);
}

/* Types may be called anything, also like files of ours. */
static void test_names_that_meet(void **state)
{
	struct estate *e = *state;
	char type[300];

	estate_begin(e);
	estate_put(e, "snapshot.json", "x", T0);
	estate_put(e, "inventory.csv::A", "x", T0);
	estate_put(e, "T::a.json::U", "x", T0);
	estate_put(e, "T", "a", T0);
	estate_put(e, "T", "a.json", T0); /* moves aside for the folder, in resources/ */
	estate_put(e, "T::a%2Ejson", "x", T0);
	(void)snprintf(type, sizeof(type), "T::%0250d.csv", 7);
	estate_put(e, type, "x", T0);
	estate_commit(e);
	assert_int_equal(check_names(e, AT(DAY1)), 4 + 1 + 3);
	assert_int_equal(estate_at(e, AT(DAY1) "/snapshot.json").type, TREE_FILE);
	assert_int_equal(estate_at(e, AT(DAY1) "/snapshot%2Ejson").type, TREE_DIR);
	assert_int_equal(estate_at(e, AT(DAY1) "/inventory%2Ecsv/A/x.json").type,
			 TREE_FILE);
	assert_int_equal(check_names(e, AT(DAY1) "/T"), 5);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/a.json").type, TREE_FILE);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/a%2Ejson").type, TREE_DIR);
	assert_int_equal(estate_at(e, AT(DAY1) "/T/a%252Ejson").type, TREE_DIR);
}

static void test_steps(void **state)
{
	static const size_t steps[] = { 1, 3, 1000 };
	struct estate *e = *state;

	estate_begin(e);
	for (int i = 0; i < 200; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "g%d", i);
		estate_put(e, "T", id, T0);
		if (i % 2)
			estate_put_deletion(e, "T", id, T0 + DAY);
		(void)snprintf(id, sizeof(id), "T::U%d", i % 80);
		estate_put(e, id, i < 80 ? "a" : i < 160 ? "b" : "c", T0);
	}
	estate_commit(e);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_(buf_deinit) struct buf names = BUF_INIT;
		uint64_t node = estate_at(e, AT(DAY2) "/T").node, cookie = 0;
		size_t n = 0;

		while (estate_list(e, node, &cookie, steps[i], &names) > 0)
			;
		for (size_t at = 0; at < names.len; at++)
			n += names.data[at] == '\n';
		assert_int_equal(n, 80 + 100);
	}
}

/* --- inventories -------------------------------------------------------------------------- */

static void read_all(struct estate *e, uint64_t node, size_t piece, struct buf *out)
{
	char data[4096];
	size_t n = 0;

	do {
		assert_true(piece <= sizeof(data));
		assert_int_equal(tree_read(e->t, node, out->len, piece, data, &n), 0);
		buf_put(out, data, n);
	} while (n == piece);
	assert_int_equal(buf_error(out), 0);
}

static size_t count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void check_inventory(struct estate *e, const char *path, size_t lines)
{
	_cleanup_(buf_deinit) struct buf whole = BUF_INIT, pieces = BUF_INIT;
	struct tree_attr attr = estate_at(e, path);

	assert_int_equal(attr.type, TREE_FILE);
	read_all(e, attr.node, 4096, &whole);
	assert_int_equal(whole.len, attr.size);
	assert_int_equal(count_lines(&whole), lines);
	read_all(e, attr.node, 97, &pieces);
	assert_true(str_eq(buf_str(&whole), buf_str(&pieces)));
}

static void test_inventories(void **state)
{
	static const struct {
		const char *folder;
		size_t n;
	} cases[] = {
		{ "at/2024-05-01", 0 },
		{ "at/" DAY1, 2 },
		{ "at/" DAY2, 2 },
		{ "at/" DAY3, 1 },
		{ "at/" DAY4 "/" ACCOUNT, 2 },
		{ AT(DAY4), 2 },
		{ "at/now", 2 },
	};
	struct estate *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[256];

		(void)snprintf(path, sizeof(path), "%s/inventory.csv", cases[i].folder);
		check_inventory(e, path, cases[i].n + 1);
		(void)snprintf(path, sizeof(path), "%s/inventory.jsonl", cases[i].folder);
		check_inventory(e, path, cases[i].n);
		(void)snprintf(path, sizeof(path), "%s/snapshot.json", cases[i].folder);
		check_inventory(e, path, cases[i].n + 2);
	}
}

/* Big enough that reads have to seek, over several folders; and before stories are made. */
static void check_large(struct estate *e)
{
	static const char *const names[] = { AT(DAY1) "/inventory.csv",
					     AT(DAY1) "/inventory.jsonl",
					     AT(DAY1) "/snapshot.json" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(buf_deinit) struct buf whole = BUF_INIT;
		struct tree_attr attr = estate_at(e, names[i]);

		read_all(e, attr.node, 4096, &whole);
		assert_int_equal(whole.len, attr.size);
		assert_true(whole.len > 150000);
		/* From the end to the start, on a tree that has no marks. */
		e->t = tree_close(e->t);
		estate_open(e);
		for (size_t at = whole.len; at > 3000; at -= 2999) {
			char data[500];
			size_t n;

			assert_int_equal(tree_read(e->t, estate_at(e, names[i]).node, at,
						   sizeof(data), data, &n),
					 0);
			assert_int_equal(n, MIN(sizeof(data), whole.len - at));
			assert_memory_equal(data, whole.data + at, n);
		}
	}
}

static void test_large_inventories(void **state)
{
	struct estate *e = *state;

	estate_begin(e);
	for (int i = 0; i < 2000; i++) {
		char id[200], type[32];

		(void)snprintf(id, sizeof(id), "%d-%0*d", i, 50 + i % 100, 0);
		(void)snprintf(type, sizeof(type), i % 7 ? "T::U%d" : "T", i % 7);
		estate_put(e, type, id, T0 - i);
		if (i % 3 == 0)
			estate_put_deletion(e, type, id, T0 - i + 1);
	}
	/* Listed as soon as it is committed: sizes are reckoned then. */
	assert_int_equal(store_commit(e->s), 0);
	check_large(e);
	estate_begin(e);
	estate_commit(e);
	check_large(e);
}

/* The estate's sizes are made in one pass, or of those accounts that changed since. */
static void test_accounts(void **state)
{
	static const char *const paths[] = { "at/" DAY1 "/inventory.csv",
					     "at/" DAY2 "/inventory.jsonl",
					     "at/" DAY4 "/snapshot.json" };
	struct estate *e = *state;
	char account[16];

	e->account = account;
	for (int step = 0; step < 3; step++) {
		/* All of them, one, one again: before its story is made and with a deletion. */
		estate_begin(e);
		for (int i = 0; i < (step ? 1 : 9); i++) {
			(void)snprintf(account, sizeof(account), "%012d", i);
			estate_put(e, GROUP, "sg-9", T0 + step * DAY);
			estate_put(e, "AWS::S3::Bucket", step ? "b" : "a",
				   T0 + step * DAY / 2);
		}
		if (step == 2)
			estate_put_deletion(e, GROUP, "sg-9", T0 + 2 * DAY + 1);
		estate_commit(e);
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			static const size_t lines[3][3] = { { 2 + 18 + 1, 2 + 18,
							      2 + 18 + 2 },
							    { 21, 21, 23 },
							    { 21, 21, 22 } };

			check_inventory(e, paths[i], lines[step][i]);
		}
	}
	e->account = NULL;
}

/* --- imports ------------------------------------------------------------------------------ */

static void test_late_state(void **state)
{
	struct estate *e = *state;
	uint64_t stamp = estate_at(e, AT(DAY1) GROUPS_AT).stamp;
	uint64_t elsewhere = estate_at(e, AT(DAY1) "/AWS/S3").stamp;
	uint64_t top = estate_at(e, "at/" DAY1).stamp;
	uint64_t node = estate_at(e, AT(DAY1) GROUPS_AT "/sg-1.json").node;
	uint64_t size = estate_at(e, AT(DAY1) "/inventory.csv").size;

	estate_add(e, "sg-3", T0 - DAY);
	estate_add(e, "sg-1", T0); /* a twin, which comes behind */
	expect(e, AT(DAY1) GROUPS_AT, "sg-1.json\nsg-3.json\n");
	assert_int_not_equal(estate_at(e, AT(DAY1) GROUPS_AT).stamp, stamp);
	assert_int_not_equal(estate_at(e, "at/" DAY1).stamp, top);
	assert_int_equal(estate_at(e, AT(DAY1) "/AWS/S3").stamp, elsewhere);
	assert_int_equal(estate_at(e, AT(DAY1) GROUPS_AT "/sg-1.json").node, node);
	assert_true(estate_at(e, AT(DAY1) "/inventory.csv").size > size);
	check_inventory(e, AT(DAY1) "/inventory.csv", 4);
}

struct affected {
	uint64_t wanted[4];
	unsigned found;
};

static bool visit(void *ctx, uint64_t node)
{
	struct affected *a = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(a->wanted); i++)
		if (a->wanted[i] == node)
			a->found |= 1u << i;
	return true;
}

static void test_affected(void **state)
{
	struct estate *e = *state;
	struct affected a = { 0 };
	uint64_t region = estate_at(e, AT("now")).node;
	uint64_t groups = estate_at(e, AT("now") GROUPS_AT).node;

	a.wanted[0] = groups;
	a.wanted[1] = estate_at(e, AT("now") GROUPS_AT "/sg-1.json").node;
	a.wanted[2] = estate_at(e, AT("now") GROUPS_AT "/sg-2.json").node;
	a.wanted[3] = estate_at(e, AT("now") "/snapshot.json").node;
	assert_int_equal(tree_affected(e->t, groups, visit, &a), 0);
	assert_int_equal(a.found, 7);
	a.found = 0;
	assert_int_equal(tree_affected(e->t, region, visit, &a), 0);
	assert_int_equal(a.found, 8);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_life),
		CASE(test_absent),
		CASE(test_names_of_moments),
		CASE(test_states),
		CASE(test_inodes),
		CASE(test_bad_nodes),
		CASE(test_long_names),
		CASE(test_names_that_meet),
		CASE(test_steps),
		CASE(test_inventories),
		CASE(test_large_inventories),
		CASE(test_accounts),
		CASE(test_late_state),
		CASE(test_affected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
