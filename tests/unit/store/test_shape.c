/* SPDX-License-Identifier: Apache-2.0 */
/* What was received comes back byte for byte, and mostly needs no bytes of its own. */
#include <stdio.h>

#include "history.h"
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
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE shape IS NULL"), 0);
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_bytes_come_back),
		CASE(test_one_order),
		CASE(test_without_shape),
		CASE(test_many_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
