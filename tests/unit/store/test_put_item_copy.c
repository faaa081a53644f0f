/* SPDX-License-Identifier: Apache-2.0 */
/* Taking in one state several times: in any order of copies, and where they contradict. */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"

struct copy {
	enum item_guise guise;
	const char *body, *raw;
};

/* From the least to the greatest. */
static const struct copy copies[] = {
	{ ITEM_GUISE_SUMMARY, "{\"aaaaaaaaaaaaaaa\":1}", "s" },
	{ ITEM_GUISE_API, "{\"b\":12345}", "zzz" },
	{ ITEM_GUISE_DELIVERY, "{\"a\":1}", "x1" },
	{ ITEM_GUISE_DELIVERY, "{\"a\":12}", "x2" },
	{ ITEM_GUISE_DELIVERY, "{\"a\":13}", "x" },
	{ ITEM_GUISE_DELIVERY, "{\"a\":13}", "yy" },
};

#define N ARRAY_SIZE(copies)

/* Those that a greater one of the same guise contradicts: copies 2 and 3. */
#define REFUSED (1u << 2 | 1u << 3)

/* Which copy is it that the caller would refuse? A bit; 0: none. */
static unsigned refused_bit(struct history *h, enum store_put put, size_t i)
{
	if (put == STORE_PUT_CONFLICT)
		return 1u << i;
	for (size_t k = 0; put == STORE_PUT_OUSTED && k < N; k++)
		if (str_is(buf_str(&h->ousted.raw), copies[k].raw))
			return 1u << k;
	assert_int_not_equal(put, STORE_PUT_OUSTED);
	return 0;
}

static void put_in_order(struct history *h, const size_t *order, const char *rid,
			 int64_t ms)
{
	unsigned refused = 0;

	for (size_t i = 0; i < N; i++) {
		const struct copy *c = &copies[order[i]];
		struct item item = item_of(GROUP, rid, ms, "1", c->body);

		item.guise = c->guise;
		item.raw = str_of(c->raw);
		refused |= refused_bit(h, put_item(h, &item), order[i]);
		/* Again: nothing changes. */
		assert_int_equal(put_item(h, &item), refused & 1u << order[i]
							     ? STORE_PUT_CONFLICT
							     : STORE_PUT_KNOWN);
	}
	assert_int_equal(refused, REFUSED);
}

/* Heap's algorithm by index: the k-th permutation. */
static void permutation(size_t k, size_t order[N])
{
	size_t rest[N], left = N;

	for (size_t i = 0; i < N; i++)
		rest[i] = i;
	for (size_t i = 0; i < N; i++, left--) {
		size_t pick = k % left;

		k /= left;
		order[i] = rest[pick];
		memmove(&rest[pick], &rest[pick + 1],
			(left - pick - 1) * sizeof(rest[0]));
	}
}

static void test_any_order_of_copies(void **state)
{
	struct history *h = *state;

	for (size_t k = 0; k < 720; k++) {
		struct store_state states[64];
		struct store_resource res;
		size_t order[N];
		char rid[16];

		permutation(k, order);
		(void)snprintf(rid, sizeof(rid), "sg-%zu", k);
		put_in_order(h, order, rid, 1000);
		res = resource_of(h, GROUP, rid);
		assert_int_equal(states_of(h, res.id, states), 1);
		assert_body(h, states[0].id, copies[N - 1].body);
		assert_raw(h, states[0].id, copies[N - 1].raw);
		assert_int_equal(states[0].size, sizeof("{\n  \"a\": 13\n}\n") - 1);
	}
	assert_int_equal(ask(h, "SELECT count(DISTINCT kind || ' ' || body_len || ' ' || "
				"coalesce(length(raw), 0)) FROM state"),
			 1);
}

static void test_what_a_copy_says(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1}");
	struct history *h = *state;

	item.guise = ITEM_GUISE_API;
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	item.body = STR("{\"a\":1,\"relatedEvents\":[]}");
	item.guise = ITEM_GUISE_DELIVERY;
	assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
	item.body = STR("{\"a\":1}");
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	/* A copy of the same body in a fuller guise changes nothing that could be read. */
	item = item_of(GROUP, "sg-2", 1000, "1", "{\"a\":1}");
	item.guise = ITEM_GUISE_API;
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	item.guise = ITEM_GUISE_DELIVERY;
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	assert_int_equal(ask(h, "SELECT kind & 7 FROM state WHERE id >> 20 = 2"),
			 ITEM_GUISE_DELIVERY);
}

/* Another content in the same guise: the greater stays, the lesser is handed out to be refused. */
static void test_contradiction(void **state)
{
	struct item less = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1}");
	struct item more = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":2}");
	struct history *h = *state;
	struct store_source source = { .name = STR("/first") };
	struct store_state states[64];
	int64_t id, changed_ms;

	begin(h);
	assert_int_equal(store_source_start(h->s, &source, &id), 0);
	assert_int_equal(id, 1);
	commit(h);
	less.raw = STR("{ \"a\" : 1 }");
	assert_int_equal(put_item(h, &less), STORE_PUT_NEW);
	changed_ms = resource_of(h, GROUP, "sg-1").changed_ms;
	assert_int_equal(put_item(h, &more), STORE_PUT_OUSTED);
	assert_true(resource_of(h, GROUP, "sg-1").changed_ms > changed_ms);
	assert_int_equal(h->ousted.source, 1);
	assert_true(str_is(buf_str(&h->ousted.source_name), "/first"));
	assert_true(str_is(buf_str(&h->ousted.raw), "{ \"a\" : 1 }"));
	changed_ms = resource_of(h, GROUP, "sg-1").changed_ms;
	assert_int_equal(put_item(h, &less), STORE_PUT_CONFLICT);
	assert_int_equal(resource_of(h, GROUP, "sg-1").changed_ms, changed_ms);
	assert_int_equal(states_of(h, 1, states), 1);
	assert_body(h, states[0].id, "{\"a\":2}");
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'item'"), 1);
}

/* Neither a poorer guise nor the answer to another query contradicts. */
static void test_no_contradiction(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1,\"b\":2}");
	struct history *h = *state;

	item.guise = ITEM_GUISE_SELECT;
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	item = item_of(GROUP, "sg-1", 1000, "1", "{\"c\":1}");
	item.guise = ITEM_GUISE_SELECT;
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	item.guise = ITEM_GUISE_API;
	assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
	item = item_of(GROUP, "sg-1", 1000, "1", "{\"d\":1}");
	item.guise = ITEM_GUISE_SUMMARY;
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	item.guise = ITEM_GUISE_DELIVERY;
	assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
	/* Another capture metadata is no other content. */
	item.body = STR("{\"d\":1,\"relatedEvents\":[]}");
	assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
}

#define MANY 200

/* Bodies much alike; a fuller one is another. */
static void put_many(struct history *h, const char *rid, int64_t from, int64_t end,
		     bool full)
{
	for (int64_t i = from; i < end; i++) {
		enum store_put put;
		struct item item;
		char body[160];

		(void)snprintf(
			body, sizeof(body),
			"{\"a\":\"what all of them have in common, and much of it\","
			"\"%s\":%lld}",
			full ? "full" : "less", (long long)i * 7919);
		item = item_of(GROUP, rid, i * 1000, "1", body);
		item.guise = full ? ITEM_GUISE_DELIVERY : ITEM_GUISE_API;
		assert_int_equal(store_put_item(h->s, &item, 1, &put, &h->ousted), 0);
		assert_int_equal(put, full ? STORE_PUT_FULLER : STORE_PUT_NEW);
	}
}

/* Each of many states is told more fully; what is in one pack with it is packed anew. */
static void test_many_copies(void **state)
{
	struct history *h = *state;
	struct store_state states[MANY + 40];
	size_t n;

	begin(h);
	put_many(h, "sg-1", 0, MANY, false);
	commit(h);
	pack_resource(h, 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), packs_of(MANY));
	begin(h);
	put_many(h, "sg-1", 0, MANY / 2, true);
	put_many(h, "sg-1", MANY, MANY + 20, false);
	put_many(h, "sg-1", MANY / 2, MANY + 10, true);
	commit(h);
	/* What was put is gone, and its ids are given to others. */
	begin(h);
	put_many(h, "sg-1", MANY + 10, MANY + 20, true);
	put_many(h, "sg-1", MANY + 20, MANY + 40, false);
	store_rollback(h->s);
	begin(h);
	put_many(h, "sg-2", 0, 20, false);
	put_many(h, "sg-1", MANY + 20, MANY + 40, false);
	put_many(h, "sg-1", MANY + 10, MANY + 20, true);
	commit(h);
	/* All packs of before were taken apart, each once. */
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 0);
	pack_resource(h, 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), packs_of(MANY + 40));
	/* Nothing is at hand any more. */
	history_close(h);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_states(h->s, 1, INT64_MIN, 0, true, states,
				      ARRAY_SIZE(states), &n),
			 0);
	assert_int_equal(n, MANY + 40);
	for (size_t i = 0; i < n; i++) {
		char body[160];

		(void)snprintf(
			body, sizeof(body),
			"{\"a\":\"what all of them have in common, and much of it\","
			"\"%s\":%zu}",
			i < MANY + 20 ? "full" : "less", i * 7919);
		assert_body(h, states[i].id, body);
	}
}

/* --- what is there cannot be read ----------------------------------------------------------- */

static int64_t state_of(struct history *h, int64_t ms)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT id FROM state WHERE capture_ms = %lld",
		       (long long)ms);
	return ask(h, sql);
}

/* One that is alone is put in its place, whatever it said, and is as any other then. */
static void test_damaged_state(void **state)
{
	struct history *h = *state;
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1}"), other = item;
	int64_t id;

	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	id = state_of(h, 1000);
	assert_int_equal(ask(h, "UPDATE state SET body_len = -1 RETURNING 1"), 1);
	/* One that tells less is not compared. */
	other.guise = ITEM_GUISE_SUMMARY;
	assert_int_equal(put_item(h, &other), STORE_PUT_KNOWN);
	assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
	assert_int_equal(state_of(h, 1000), id);
	assert_body(h, id, "{\"a\":1}");
	assert_raw(h, id, "{\"a\":1}");
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM dirty"), 1);
}

/* In a pack it stays as it is, and those beside it, too; what came is refused, and all else is taken. */
static void test_damaged_pack(void **state)
{
	static const char *const ways[] = {
		"UPDATE state_pack SET bytes = substr(bytes, 1, length(bytes) - 1) RETURNING 1",
		"UPDATE state_pack SET bytes = x'ff' RETURNING 1",
	};
	struct history *h = *state;
	struct item items[4];
	int64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		items[i] =
			item_of(GROUP, "sg-1", 1000 * (int64_t)(i + 1), "1", "{\"a\":1}");
		if (i < 3)
			assert_int_equal(put_item(h, &items[i]), STORE_PUT_NEW);
		else
			items[i].id = STR("sg-2");
	}
	pack_resource(h, resource_of(h, GROUP, "sg-1").id);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		assert_int_equal(ask(h, ways[i]), 1);
		bytes = ask(h, "SELECT length(bytes) FROM state_pack");
		assert_int_equal(put_item(h, &items[1]), STORE_PUT_DAMAGED);
		assert_string_equal(store_message(h->s),
				    "pack of states 1048577 cannot be decoded");
		assert_int_equal(ask(h, "SELECT length(bytes) FROM state_pack"), bytes);
		items[3].captured_ms += 1000;
		assert_int_equal(put_item(h, &items[3]), STORE_PUT_NEW);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_any_order_of_copies), CASE(test_what_a_copy_says),
		CASE(test_contradiction),       CASE(test_no_contradiction),
		CASE(test_many_copies),         CASE(test_damaged_state),
		CASE(test_damaged_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
