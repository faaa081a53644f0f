/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relationships in runs: their bytes, all of a source held against a plain list whatever changes, who
 * is found by what it names, and bytes that are damaged.
 */
#include <errno.h>
#include <stdio.h>

#include "called.h"
#include "edge.h"
#include "history.h"
#include "private.h"
#include "relation.h"
#include "store/alarms.h"

#define VPC "AWS::EC2::VPC"

static void assert_edge(const struct edge *a, const struct edge *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_true(str_eq(a->relation.id, b->relation.id));
	assert_true(str_eq(a->relation.name, b->relation.name));
	assert_int_equal(a->relation.since_ms, b->relation.since_ms);
	assert_int_equal(a->relation.until_ms, b->relation.until_ms);
	assert_true(str_eq(a->source_name, b->source_name));
	assert_int_equal(a->target, b->target);
	assert_memory_equal(a->more, b->more, sizeof(a->more));
}

static struct edge edge(int64_t kind, const char *id, const char *name, int64_t since_ms,
			int64_t until_ms)
{
	return (struct edge){ .kind = kind,
			      .relation = { .id = str_of(id),
					    .name = str_of(name),
					    .since_ms = since_ms,
					    .until_ms = until_ms } };
}

/* --- bytes --------------------------------------------------------------------------------- */

/* All that one can tell. */
static void test_code(void **state _unused_)
{
	struct edge edges[] = {
		edge(1, "vol-030db973967933481", "", 1704067486755, RELATION_OPEN),
		edge(1, "vol-030db97396793348", "", 1704067486755, RELATION_OPEN),
		edge(1, "vol-ffffffffffffffff0", "", 1704067486755, 0),
		edge(2, "", "main", INT64_MIN, INT64_MAX),
		edge(300, "12345678", "", INT64_MAX, INT64_MIN),
		edge(INT64_MAX, "1234567", "x", 5, 4),
		edge(3, "deadbeefdeadbeef", "", 5, RELATION_OPEN),
		edge(3, "arn:aws:s3:::deadbeef", "", 5, RELATION_OPEN),
		edge(3, "arn:aws:s3:::deadbeef-x", "", 5, RELATION_OPEN),
		edge(3, "arn:aws:s3:::deadbeef-x", "", 6, RELATION_OPEN),
		edge(3, "arn:aws:s3:::0000000001", "", 6, RELATION_OPEN),
		edge(3, "arn:aws:s3:::DEADBEEF", "", 6, RELATION_OPEN),
		edge(3, "0", "", 6, RELATION_OPEN),
	};
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct edge_last last = { 0 };
	struct str in;

	edges[0].source_name = edges[1].source_name = STR("web");
	edges[2].target = INT64_MAX;
	edges[3].more[EDGE_OUT] = 1;
	edges[4].more[EDGE_AT] = UINT32_MAX;
	edges[5].more[EDGE_IN] = INT32_MAX + UINT32_C(1);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		edge_row_put(&bytes, &last, &edges[i]);
	last = (struct edge_last){ 0 };
	in = buf_str(&bytes);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		struct edge_last same = last;
		struct str left = in;
		struct edge found;

		assert_int_equal(edge_row_take(&in, &last, &a, &found), 0);
		assert_edge(&found, &edges[i]);
		/* Cut anywhere. */
		for (size_t n = 0; n < left.n - in.n; n++) {
			struct edge_last l = same;
			struct str cut = { left.p, n };

			assert_int_equal(edge_row_take(&cut, &l, &a, &found), -EBADMSG);
		}
	}
	assert_int_equal(in.n, 0);
}

/* One more of a kind is its digits and two bytes. */
static void test_few_bytes(void **state _unused_)
{
	struct edge first = edge(1, "vol-030db973967933481", "", 1000, RELATION_OPEN);
	struct edge second = edge(1, "vol-132323231319aabff", "", 1000, RELATION_OPEN);
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct edge_last last = { 0 };

	first.source_name = second.source_name = STR("a name that is told once");
	edge_row_put(&bytes, &last, &first);
	buf_reset(&bytes);
	edge_row_put(&bytes, &last, &second);
	assert_int_equal(bytes.len, 2 + (17 + 1) / 2);
}

static void test_no_such_bytes(void **state _unused_)
{
	static const struct str bad[] = {
		{ "\0\0\1x", 4 },                   /* of no kind */
		{ "\2\0\0\1x", 5 },                 /* likewise */
		{ "\2\1\0\0", 4 },                  /* of nothing */
		{ "\2\1\1\0", 4 },                  /* more than the id before has */
		{ "\2\1\0\5abcd", 8 },              /* cut off */
		{ "\x0a\1\x0f\2v-\1\1\1\1", 10 },   /* seven digits */
		{ "\x0a\1\x11\2v0\1\1\1\1", 10 },   /* there is one digit more */
		{ "\x0a\1\x13\2v-\1\1\1\1\1", 11 }, /* half a byte over */
		{ "\x0a\1\xff\xff\xff\xff\7\2v-\1", 10 },      /* more than there are */
		{ "\6\1\1\0\1x", 6 },                          /* until never */
		{ "\x12\1\0\1x\0", 6 },                        /* to no resource */
		{ "\x82\1\0\1x\0\0\xff\xff\xff\xff\x7f", 12 }, /* a length of 35 bits */
	};
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct edge found;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct edge_last last = { 0 };
		struct str in = bad[i];

		if (edge_row_take(&in, &last, &a, &found) != -EBADMSG)
			fail_msg("%zu is taken", i);
	}
}

/* --- in a history -------------------------------------------------------------------------- */

static int64_t resource(struct history *h, const char *type, const char *rid)
{
	struct item item = item_of(type, rid, 1000, "1", "{\"a\":1}");

	put_item(h, &item);
	return resource_of(h, type, rid).id;
}

/* Inside a transaction. */
static void tell(struct history *h, int64_t id, const struct store_edge *edges, size_t n,
		 const char *name)
{
	const struct store_story story = {
		.dirty = { id, INT64_MIN },
		.relations = { .edges = edges, .n_edges = n, .source_name = str_of(name) },
	};

	assert_int_equal(store_put_story(h->s, &story), 0);
}

static void put(struct history *h, int64_t id, const struct store_edge *edges, size_t n,
		const char *name)
{
	begin(h);
	tell(h, id, edges, n, name);
	commit(h);
}

static struct store_edge named(const char *what, const char *id, int64_t since_ms)
{
	return (struct store_edge){ .relation = { str_of(what), STR(VPC), str_of(id),
						  STR_NULL, since_ms, RELATION_OPEN },
				    .out_len = 10,
				    .in_len = 100,
				    .at_len = 1000 };
}

#define MANY 100u

/* Ids of one length, some digits and some not. */
struct many {
	char ids[MANY + 1][24];
	struct store_edge edges[MANY + 1];
	size_t n;
};

static void fill(struct many *m, size_t n)
{
	m->n = n;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(m->ids[i], sizeof(m->ids[i]),
			       i % 5 ? "vpc-%017zx" : "other-%05zu", i * 7919);
		m->edges[i] = named("in", m->ids[i], 1000 + (int64_t)i / 7);
	}
}

static void assert_all(struct history *h, int64_t id, const struct many *m,
		       const char *name)
{
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	const struct edge *all;
	size_t n;

	assert_int_equal(edges_read(h->s, id, &e), 0);
	all = edges_all(&e, &n);
	assert_int_equal(n, m->n);
	for (size_t i = 0; i < n; i++) {
		const struct relation *x = &all[i].relation, *y = &m->edges[i].relation;

		assert_int_equal(relation_cmp(x, y), 0);
		assert_int_equal(x->until_ms, y->until_ms);
		assert_true(str_is(all[i].source_name, name));
		assert_int_equal(edge_line_len(&all[i], &e.source, EDGE_OUT),
				 m->edges[i].out_len);
		assert_int_equal(edge_line_len(&all[i], &e.source, EDGE_IN),
				 m->edges[i].in_len);
		assert_int_equal(edge_line_len(&all[i], &e.source, EDGE_AT),
				 m->edges[i].at_len);
	}
}

#define RUNS "SELECT count(*) FROM edge_run"

static size_t sources_of(struct history *h, const char *id)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT, sources = BUF_INIT;
	int64_t token;

	assert_int_equal(
		relation_token(&scratch, STR(ACCOUNT), STR(VPC), str_of(id), &token), 0);
	assert_int_equal(edge_sources(h->s, &token, 1, &sources), 0);
	return sources.len / sizeof(int64_t);
}

/* Put one by one, ended, taken out in the middle, of another name, and none any more. */
static void test_runs(void **state)
{
	struct history *h = *state;
	int64_t id = resource(h, GROUP, "sg-1");
	struct many m;

	for (size_t n = 0; n <= MANY; n++) {
		fill(&m, n);
		put(h, id, m.edges, m.n, "");
		assert_all(h, id, &m, "");
	}
	assert_int_equal(ask(h, RUNS), (MANY + EDGE_RUN - 1) / EDGE_RUN);
	for (size_t i = 0; i < MANY; i += 9) {
		m.edges[i].relation.until_ms = 5000 + (int64_t)i;
		put(h, id, m.edges, m.n, "");
		assert_all(h, id, &m, "");
	}
	put(h, id, m.edges, m.n, "other");
	assert_all(h, id, &m, "other");
	for (; m.n; m.n--) {
		const struct store_edge gone = m.edges[m.n / 2];

		assert_int_equal(sources_of(h, gone.relation.id.p), 1);
		memmove(&m.edges[m.n / 2], &m.edges[m.n / 2 + 1],
			(m.n - m.n / 2) * sizeof(gone));
		m.n--;
		put(h, id, m.edges, m.n, "other");
		assert_all(h, id, &m, "other");
		assert_int_equal(sources_of(h, gone.relation.id.p), 0);
		m.n++;
	}
	assert_int_equal(ask(h, RUNS), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM edge_token"), 0);
	assert_sound(h);
}

/* Two of one token: the source is found until both are gone. */
static void test_a_token_twice(void **state)
{
	struct history *h = *state;
	const struct store_edge e[] = { named("in", "vpc-1", 1000),
					named("of", "vpc-1", 1000) };
	int64_t id = resource(h, GROUP, "sg-1");

	put(h, id, e, 2, "");
	assert_int_equal(sources_of(h, "vpc-1"), 1);
	put(h, id, &e[1], 1, "");
	assert_int_equal(sources_of(h, "vpc-1"), 1);
	put(h, id, NULL, 0, "");
	assert_int_equal(sources_of(h, "vpc-1"), 0);
}

static int64_t bits_of(const char *id)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	int64_t token;

	assert_int_equal(
		relation_token(&scratch, STR(ACCOUNT), STR(VPC), str_of(id), &token), 0);
	return edge_bits(token);
}

#define TRIED 32768u

/* Ids of which the list has the same: of so many some thirty. */
static void two_of_the_same_bits(char (*ret)[24])
{
	_cleanup_(buf_deinit) struct buf order = BUF_INIT;
	const int64_t *all;

	for (int64_t i = 0; i < TRIED; i++) {
		int64_t place;

		(void)snprintf(ret[0], sizeof(ret[0]), "vpc-%u", (unsigned)i);
		place = bits_of(ret[0]) << 15 | i;
		buf_put(&order, &place, sizeof(place));
	}
	assert_int_equal(called_unique(&order), 0);
	all = (const int64_t *)order.data;
	for (size_t i = 1; i < TRIED; i++)
		if (all[i] >> 15 == all[i - 1] >> 15) {
			for (size_t k = 0; k < 2; k++)
				(void)snprintf(ret[k], sizeof(ret[k]), "vpc-%u",
					       (unsigned)all[i - k] % TRIED);
			return;
		}
	fail();
}

/* One of them goes, or is another's, and the source is found by the other one all the same. */
static void test_tokens_of_the_same_bits(void **state)
{
	struct history *h = *state;
	int64_t sg = resource(h, GROUP, "sg-1"), other = resource(h, GROUP, "sg-2"), vpc;
	struct store_edge_line *lines;
	struct store_edge e[2];
	char ids[2][24];
	size_t n;

	two_of_the_same_bits(ids);
	for (size_t i = 0; i < 2; i++)
		e[i] = named("in", ids[i], 1000);
	put(h, other, &e[0], 1, "");
	put(h, sg, e, 2, "");
	put(h, sg, &e[1], 1, "");
	assert_int_equal(sources_of(h, ids[1]), 2);
	vpc = resource(h, VPC, ids[1]);
	put(h, vpc, NULL, 0, "");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(lines[0].resource, sg);
	/* In one story the one comes as the other goes. */
	put(h, sg, &e[0], 1, "");
	put(h, sg, &e[1], 1, "");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	put(h, sg, NULL, 0, "");
	put(h, other, NULL, 0, "");
	assert_int_equal(sources_of(h, ids[0]), 0);
	assert_sound(h);
}

/* Long texts: few in a run, of which none is larger than it has to be. */
static void test_long_texts(void **state)
{
	struct history *h = *state;
	int64_t id = resource(h, GROUP, "sg-1");
	char text[1500];
	struct many m;

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fill(&m, 20);
	for (size_t i = 0; i < m.n; i++)
		m.edges[i].relation.name = str_of(text);
	put(h, id, m.edges, m.n, text);
	assert_all(h, id, &m, text);
	assert_int_equal(ask(h, RUNS), 20);
}

/* Of so many kinds that not all are kept. */
static void test_many_kinds(void **state)
{
	struct history *h = *state;
	const struct store_edge e[] = { named("in", "vpc-1", 1000),
					named("of", "vpc-2", 1000) };
	int64_t id = resource(h, GROUP, "sg-1");
	struct store_edge_line *lines;
	size_t n;

	put(h, id, e, 1, "");
	assert_int_equal(ask(h, "INSERT INTO relation WITH RECURSIVE n(i) AS (VALUES(10) "
				"UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
				"SELECT i, 'what' || i, 'type' FROM n RETURNING 1"),
			 1);
	put(h, id, e, 2, "");
	assert_int_equal(ask(h, "SELECT id FROM relation WHERE what = 'of'"), 5001);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(store_edges(h->s, id, &h->a, &lines, &n), 0);
		assert_int_equal(n, 2);
		assert_true(str_is(lines[0].relation.what, "in"));
		assert_true(str_is(lines[1].relation.what, "of"));
		assert_true(str_is(lines[1].relation.type, VPC));
	}
	assert_true(h->s->edge_kinds.list.len < 10 * sizeof(struct edge));
}

/* What is gathered is seen by who reads in the middle of it, and gone with a rollback. */
static void test_in_a_transaction(void **state)
{
	struct history *h = *state;
	const struct store_edge e = named("in", "vpc-1", 1000);
	const struct store_edge other = named("of", "vpc-1", 1000);
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	struct store_edge_line *lines;
	struct store_related *related;
	size_t n;

	begin(h);
	tell(h, sg, &e, 1, "");
	tell(h, vpc, NULL, 0, "");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_related(h->s, vpc, &h->a, &related, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(related[0].resource, sg);
	assert_true(relation_stands_at(related[0].since_ms, related[0].until_ms, 1000));
	assert_int_equal(store_related(h->s, sg, &h->a, &related, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(related[0].resource, vpc);
	assert_true(relation_stands_at(related[0].since_ms, related[0].until_ms, 1000));
	assert_false(relation_stands_at(related[0].since_ms, related[0].until_ms, 999));
	store_rollback(h->s);
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 0);
	/* What is the first kind now was not before. */
	put(h, vpc, NULL, 0, "");
	put(h, sg, &other, 1, "");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_true(str_is(lines[0].relation.what, "of"));
}

static uint64_t length(struct history *h, int64_t id)
{
	struct store_resource r;

	assert_int_equal(store_resource_get(h->s, id, &h->a, &r), 0);
	return r.rel_len;
}

/* Whom sg-1 means is not looked for yet as that gets another name: lines have its path once. */
static void test_renamed_in_a_transaction(void **state)
{
	struct history *h = *state;
	const struct store_edge e = named("in", "vpc-1", 1000);
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	struct item below = item_of(VPC "::vpc-1", "x", 1000, "1", "{\"a\":1}");
	struct store_edge_line *lines;
	enum store_put put;
	size_t n;

	begin(h);
	tell(h, sg, &e, 1, "");
	tell(h, vpc, NULL, 0, "");
	assert_int_equal(store_put_item(h->s, &below, 1, &put, &h->ousted), 0);
	commit(h);
	assert_int_equal(store_edges(h->s, sg, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(lines[0].resource, vpc);
	assert_int_equal(lines[0].path.p[lines[0].path.n - 17], '~');
	assert_int_equal(length(h, sg), 10 + lines[0].path.n + 1);
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(length(h, vpc), 100 + lines[0].path.n + 1);
}

/* Very many name one that comes last. */
static void test_many_sources(void **state)
{
	struct history *h = *state;
	const struct store_edge e = named("in", "vpc-1", 1000);
	struct store_edge_line *lines;
	int64_t vpc;
	char rid[16];
	size_t n;

	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(rid, sizeof(rid), "sg-%u", i);
		put(h, resource(h, GROUP, rid), &e, 1, "");
	}
	vpc = resource(h, VPC, "vpc-1");
	put(h, vpc, NULL, 0, "");
	assert_int_equal(store_edges(h->s, vpc, &h->a, &lines, &n), 0);
	assert_int_equal(n, 300);
	n = 0;
	for (unsigned i = 0; i < 300; i++)
		n += 100 + lines[i].path.n + 1;
	assert_int_equal(length(h, vpc), n);
}

/* --- damage -------------------------------------------------------------------------------- */

static void set_bytes(struct history *h, struct str bytes)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(
		sqlite3_prepare_v2(h->s->db,
				   "UPDATE edge_run SET edges = ?1 WHERE first = 0", -1,
				   &q, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_blob64(q, 1, bytes.n ? bytes.p : "", bytes.n,
					     SQLITE_STATIC),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

/* Either it is read, or said what cannot be. */
static void expect(struct history *h, int r, int64_t id)
{
	char text[80];

	if (!r)
		return;
	(void)snprintf(text, sizeof(text),
		       "the list of relationships of resource %lld cannot be decoded",
		       (long long)id);
	assert_int_equal(r, STORE_E_DAMAGED);
	assert_string_equal(store_message(h->s), text);
}

/* By a connection that only reads; those before it was damaged are read by every way there is. */
static unsigned read_all(struct history *h, int64_t sg, int64_t vpc, int64_t region)
{
	struct store_edge_key key = { 0 };
	struct store_edge_at at[2 * MANY];
	struct store_edge_line *lines;
	uint64_t length;
	unsigned failed;
	size_t n;
	struct store_related *related;
	int r = store_edges(h->s, sg, &h->a, &lines, &n);

	expect(h, r, sg);
	failed = r != 0;
	r = store_edges(h->s, vpc, &h->a, &lines, &n);
	expect(h, r, sg);
	failed += r != 0;
	r = store_edges_at(h->s, region, 2000, &key, &h->a, at, ARRAY_SIZE(at), &n);
	expect(h, r, sg);
	failed += r != 0;
	r = store_edges_at_len(h->s, region, 2000, &length);
	expect(h, r, sg);
	failed += r != 0;
	r = store_related(h->s, vpc, &h->a, &related, &n);
	expect(h, r, sg);
	arena_reset(&h->a);
	return failed;
}

/* Each byte becomes others, and is the last one. */
static void test_damage(void **state)
{
	struct history *h = *state;
	_cleanup_(buf_deinit) struct buf good = BUF_INIT, bad = BUF_INIT;
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	int64_t sg = resource(h, GROUP, "sg-1"), vpc = resource(h, VPC, "vpc-1");
	int64_t region = ask(h, "SELECT id FROM folder WHERE name = '" REGION "'");
	unsigned failed = 0;
	struct many m;

	fill(&m, 40);
	m.edges[39].relation.id = STR("vpc-1");
	m.edges[20].relation.name = STR("a name");
	m.edges[30].relation.until_ms = 4000;
	put(h, vpc, NULL, 0, "");
	put(h, sg, m.edges, m.n, "web");
	assert_int_equal(edges_read(h->s, sg, &e), 0);
	buf_put_str(&good,
		    run_set_bytes(&e.runs, (const struct run_head *)e.runs.heads.data));
	assert_int_equal(read_all(h, sg, vpc, region), 0);
	for (size_t i = 0; i < good.len; i++) {
		static const char changes[] = { 1, 8, 64, (char)0xff };

		for (size_t k = 0; k < sizeof(changes); k++) {
			buf_reset(&bad);
			buf_put_str(&bad, buf_str(&good));
			bad.data[i] = (char)(bad.data[i] ^ changes[k]);
			set_bytes(h, buf_str(&bad));
			failed += read_all(h, sg, vpc, region) > 0;
		}
		set_bytes(h, (struct str){ good.data, i });
		/* The run behind it begins with another number, wherever it ends. */
		assert_int_not_equal(read_all(h, sg, vpc, region), 0);
	}
	assert_true(failed > good.len / 2);
	set_bytes(h, buf_str(&good));
	assert_all(h, sg, &m, "web");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_few_bytes),
		cmocka_unit_test(test_no_such_bytes),
		CASE(test_runs),
		CASE(test_a_token_twice),
		CASE(test_tokens_of_the_same_bits),
		CASE(test_long_texts),
		CASE(test_many_kinds),
		CASE(test_in_a_transaction),
		CASE(test_renamed_in_a_transaction),
		CASE(test_many_sources),
		CASE(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
