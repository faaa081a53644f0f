/* SPDX-License-Identifier: Apache-2.0 */
/* What was received comes back byte for byte, and mostly needs no bytes of its own. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "history.h"
#include "shape.h"
#include "store/write.h"
#include "util/json.h"

#define OTHER "AWS::EC2::Volume"

/* As one sender writes them, and others; some are no JSON, or have no order to learn. */
static const char *const raws[] = {
	"{\"z\":1,\"a\":{\"d\":null,\"c\":[{\"y\":1,\"x\":2},{\"y\":3}]},\"m\":\"1\"}",
	"{\"z\":2,\"a\":{\"d\":null,\"c\":[]},\"m\":\"2\"}",
	"{\"z\":3,\"a\":{\"d\":null,\"e\":{\"q\":1,\"p\":2},\"c\":[{\"y\":1}]},\"m\":\"3\"}",
	"{\"m\":\"4\",\"z\":4,\"a\":null}",
	"{ \"z\": 5, \"a\": { \"d\": null } }",
	"{\"z\":6,\"z\":7}",
	"{\"z\":8,\"tags\":{\"b\":1,\"a\":2}}",
	"{\"z\":9,\"tags\":{\"a\":1,\"b\":2}}",
	"[1,{\"b\":1,\"a\":\"\\u002f\\/\"}]",
	"{\"z\":\"{\\\"d\\\":1,\\\"c\\\":2}\",\"a\":\"%7B%22d%22%3A1%2C%22c%22%3A2%7D\"}",
	"not JSON",
	"\x01\xff",
};

/* The value, sorted, and more in it than was received; of no JSON something else. */
static void make_body(struct buf *body, const char *raw, int n)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	buf_reset(body);
	if (jv_parse(&a, str_of(raw), &v, NULL))
		buf_printf(body, "{\"n\":%d}", n);
	else
		jv_write_sorted(body, &v);
	buf_put_char(body, '\0');
	assert_int_equal(buf_error(body), 0);
}

static void put_all(struct history *h, const char *type, int rounds)
{
	for (int k = 0; k < rounds; k++) {
		for (size_t i = 0; i < ARRAY_SIZE(raws); i++) {
			_cleanup_(buf_deinit) struct buf body = BUF_INIT;
			int n = k * (int)ARRAY_SIZE(raws) + (int)i;
			struct item item;

			make_body(&body, raws[i], n);
			item = item_of(type, "r-1", n, "1", body.data);
			item.raw = str_of(raws[i]);
			assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
		}
	}
}

static void assert_all(struct history *h, const char *type, size_t n)
{
	struct store_state states[64];
	struct store_resource res = resource_of(h, type, "r-1");

	assert_int_equal(states_of(h, res.id, states), n);
	for (size_t i = 0; i < n; i++)
		assert_raw(h, states[i].id, raws[i % ARRAY_SIZE(raws)]);
}

static void test_bytes_come_back(void **state)
{
	struct history *h = *state;

	put_all(h, GROUP, 4);
	put_all(h, OTHER, 1);
	assert_all(h, GROUP, 4 * ARRAY_SIZE(raws));
	assert_all(h, OTHER, ARRAY_SIZE(raws));
	history_open(h, STORE_WRITE, 0);
	assert_all(h, GROUP, 4 * ARRAY_SIZE(raws));
	history_open(h, STORE_READ, 0);
	assert_all(h, GROUP, 4 * ARRAY_SIZE(raws));
	assert_sound(h);
}

/* Those of one order have no bytes of their own, though they differ in what they have. */
static void test_one_order(void **state)
{
	struct history *h = *state;

	for (int i = 0; i < 3; i++) {
		_cleanup_(buf_deinit) struct buf body = BUF_INIT;
		struct item item;

		make_body(&body, raws[i], 0);
		item = item_of(GROUP, "r-1", i, "1", body.data);
		item.raw = str_of(raws[i]);
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	}
	assert_all(h, GROUP, 3);
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE raw IS NOT NULL"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE kind >> 6 = 0"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM shape"), 2);
}

/* No order to learn: the bytes are against the body, as in histories without shapes. */
static void test_without_shape(void **state)
{
	struct history *h = *state;
	struct item item = item_of(GROUP, "r-1", 0, "1", "{\"a\":1}");
	struct store_state states[64];

	item.raw = STR("not JSON");
	put_item(h, &item);
	item.captured_ms = 1;
	item.raw = item.body;
	put_item(h, &item);
	assert_int_equal(ask(h, "SELECT count(*) FROM shape"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE raw IS NULL"), 1);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "r-1").id, states), 2);
	assert_raw(h, states[0].id, "not JSON");
	assert_raw(h, states[1].id, "{\"a\":1}");
}

/* Orders without end: few are kept. */
static void test_many_orders(void **state)
{
	struct history *h = *state;

	for (int i = 0; i < 200; i++) {
		_cleanup_(buf_deinit) struct buf body = BUF_INIT;
		struct item item;
		char raw[64], rid[16];

		(void)snprintf(raw, sizeof(raw), "{\"k%d\":1,\"a\":%d}", 999 - i, i);
		(void)snprintf(rid, sizeof(rid), "r-%d", i);
		make_body(&body, raw, 0);
		item = item_of(GROUP, rid, 1, "1", body.data);
		item.raw = str_of(raw);
		put_item(h, &item);
	}
	assert_true(ask(h, "SELECT count(*) FROM shape") <= 16);
	for (int i = 0; i < 200; i += 37) {
		struct store_state states[64];
		char raw[64], rid[16];

		(void)snprintf(raw, sizeof(raw), "{\"k%d\":1,\"a\":%d}", 999 - i, i);
		(void)snprintf(rid, sizeof(rid), "r-%d", i);
		states_of(h, resource_of(h, GROUP, rid).id, states);
		assert_raw(h, states[0].id, raw);
	}
}

/* --- shapes that are shared with those who parse ------------------------------------------- */

static int64_t find_shared(struct history *h, const char *raw, struct item *ret)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	struct jv v;

	ret->raw = str_of(raw);
	assert_int_equal(jv_parse(&a, ret->raw, &v, NULL), 0);
	assert_int_equal(store_shapes_find(store_shapes(h->s), ret, &v, &a, &scratch), 0);
	return shared_shape_id(ret);
}

static void put_one(struct history *h, const char *type, const char *raw, int64_t ms)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct item item;

	make_body(&body, raw, 0);
	item = item_of(type, "r-1", ms, "1", body.data);
	item.raw = str_of(raw);
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
}

static void test_shared(void **state)
{
	static const char like[] = "{\"z\":7,\"a\":{\"c\":1},\"m\":\"7\"}";
	struct history *h = *state;
	struct item item = item_of(GROUP, "r-1", 10, "1", ""), other;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct store_state states[64];

	/* A shape is shared once a second item is of it. */
	put_one(h, GROUP, raws[0], 1);
	assert_int_equal(find_shared(h, like, &item), 0);
	put_one(h, GROUP, raws[1], 2);
	assert_int_not_equal(find_shared(h, like, &item), 0);
	assert_int_equal(find_shared(h, raws[3], &item), 0);
	assert_int_equal(find_shared(h, raws[4], &item), 0);
	assert_int_equal(find_shared(h, raws[5], &item), 0);
	other = item_of(OTHER, "r-1", 10, "1", "");
	assert_int_equal(find_shared(h, like, &other), 0);
	other = item_of(GROUP, "r-1", 10, "1", "");
	other.guise = ITEM_GUISE_API;
	assert_int_equal(find_shared(h, like, &other), 0);
	/* What is put by it comes back. */
	assert_int_not_equal(find_shared(h, like, &item), 0);
	make_body(&body, like, 0);
	item.body = str_of(body.data);
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "r-1").id, states), 3);
	assert_raw(h, states[2].id, like);
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE raw IS NULL"), 3);
}

/* What was shared in a transaction that is undone is in no history. */
static void test_shared_undone(void **state)
{
	struct history *h = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct item named = item_of(GROUP, "r-1", 10, "1", ""), item;
	struct store_state states[64];
	enum store_put put;

	assert_int_equal(store_begin(h->s, "test"), 0);
	for (int i = 0; i < 2; i++) {
		make_body(&body, raws[i], 0);
		item = item_of(GROUP, "r-1", i, "1", body.data);
		item.raw = str_of(raws[i]);
		assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	}
	assert_int_not_equal(find_shared(h, raws[0], &named), 0);
	store_rollback(h->s);
	assert_int_equal(shared_shape_id(&named), 0);
	make_body(&body, raws[0], 0);
	named.body = str_of(body.data);
	assert_int_equal(put_item(h, &named), STORE_PUT_NEW);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "r-1").id, states), 1);
	assert_raw(h, states[0].id, raws[0]);
	assert_sound(h);
}

/* What a damaged shape made is lost; what comes has another one, learned anew. */
static void test_damaged(void **state)
{
	static const char *const ways[] = {
		"UPDATE shape SET text = x'ff' WHERE id = (SELECT max(id) FROM shape) RETURNING 1",
		"UPDATE shape SET len = len - 1 WHERE id = (SELECT max(id) FROM shape) RETURNING 1",
	};
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = 0, n;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		put_one(h, GROUP, raws[0], 3 * (int64_t)i + 1);
		n = ask(h, "SELECT count(*) FROM shape");
		assert_int_equal(ask(h, ways[i]), 1);
		history_open(h, STORE_WRITE, 0);
		put_one(h, GROUP, raws[0], 3 * (int64_t)i + 2);
		put_one(h, GROUP, raws[1], 3 * (int64_t)i + 3);
		assert_int_equal(ask(h, "SELECT count(*) FROM shape"), n + 1);
		assert_int_equal(states_of(h, resource_of(h, GROUP, "r-1").id, states),
				 3 * (i + 1));
		assert_raw(h, states[3 * i + 1].id, raws[0]);
		assert_raw(h, states[3 * i + 2].id, raws[1]);
		id = states[3 * i].id;
		assert_int_equal(store_state_raw(h->s, id, &raw), STORE_E_DAMAGED);
		assert_non_null(strstr(store_message(h->s), "shape "));
	}
}

static void *parse_many(void *history)
{
	struct history *h = history;

	for (int i = 0; i < 500; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
		struct item item = item_of(GROUP, "r-1", 10, "1", "");
		struct jv v;

		item.raw = str_of(raws[i % 3]);
		if (jv_parse(&a, item.raw, &v, NULL) ||
		    store_shapes_find(store_shapes(h->s), &item, &v, &a, &scratch))
			return h;
	}
	return NULL;
}

/* Asked by threads while the writer learns. */
static void test_shared_by_threads(void **state)
{
	struct history *h = *state;
	pthread_t threads[2];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, parse_many, h), 0);
	put_all(h, GROUP, 2);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_all(h, GROUP, 2 * ARRAY_SIZE(raws));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_bytes_come_back), CASE(test_one_order),
		CASE(test_without_shape),   CASE(test_damaged),
		CASE(test_many_orders),     CASE(test_shared),
		CASE(test_shared_undone),   CASE(test_shared_by_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
