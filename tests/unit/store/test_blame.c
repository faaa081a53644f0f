/* SPDX-License-Identifier: Apache-2.0 */
/* Blame as loaded: the present life only, its origins, and only the causes that are seen. */
#include "history.h"
#include "store/blame.h"

#define BODY(value, status) \
	"{\"configuration\":" value ",\"configurationItemStatus\":\"" status "\"}"

static int64_t put_states(struct history *h, const char *const *bodies, size_t n,
			  const uint8_t *types, int64_t event)
{
	const struct store_cause cause = { .event = event };
	struct store_entry entries[8] = { 0 };
	struct store_shown shown[8] = { 0 };
	struct store_state states[64];
	int64_t id;

	for (size_t i = 0; i < n; i++) {
		struct item item =
			item_of(GROUP, "sg-1", 1000 * (int64_t)(i + 1), "1", bodies[i]);

		put_item(h, &item);
	}
	id = resource_of(h, GROUP, "sg-1").id;
	assert_int_equal(states_of(h, id, states), n);
	for (size_t i = 0; i < n; i++) {
		entries[i] = (struct store_entry){ .time_ms = states[i].time_ms,
						   .ref = states[i].id,
						   .change_type = types[i],
						   .reason = REASON_NO_EVENT,
						   .causes = &cause,
						   .n_causes = event && i + 1 == n };
		shown[i] = (struct store_shown){ .state = states[i].id,
						 .time_ms = states[i].time_ms };
	}
	begin(h);
	assert_int_equal(
		store_put_story(h->s, &(struct store_story){ .dirty = { id, INT64_MIN },
							     .entries = entries,
							     .n_entries = n,
							     .shown = shown,
							     .n_shown = n,
							     .blame_len = 77 }),
		0);
	commit(h);
	assert_int_equal(resource_of(h, GROUP, "sg-1").blame_len, 77);
	return id;
}

static void test_no_story(void **state)
{
	struct history *h = *state;
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{}");
	struct blame blame;

	put_item(h, &item);
	assert_int_equal(store_blame_load(h->s, resource_of(h, GROUP, "sg-1").id, &h->a,
					  &blame),
			 STORE_E_NOT_FOUND);
	assert_int_equal(store_blame_load(h->s, 4711, &h->a, &blame), STORE_E_NOT_FOUND);
}

static void test_present_life(void **state)
{
	static const char *const bodies[] = { BODY("{\"a\":1,\"b\":1}", "OK"),
					      BODY("null", "ResourceDeleted"),
					      BODY("{\"a\":1,\"b\":1}", "OK"),
					      BODY("{\"a\":1,\"b\":2}", "OK") };
	static const uint8_t types[] = { CHANGE_CREATE, CHANGE_DELETE, CHANGE_CREATE,
					 CHANGE_UPDATE };
	struct history *h = *state;
	const struct json_origin *o;
	struct blame blame;
	int64_t id;

	assert_int_equal(
		put_event(h, &(struct event){ 0 },
			  "{\"eventID\":\"e\",\"eventName\":\"Set\",\"eventSource\":\"x\","
			  "\"eventTime\":\"2024-05-01T10:00:00Z\"}",
			  NULL, 0),
		STORE_PUT_NEW);
	id = put_states(h, bodies, ARRAY_SIZE(bodies), types,
			ask(h, "SELECT n FROM counter WHERE name = 'event row'"));
	assert_int_equal(store_blame_load(h->s, id, &h->a, &blame), 0);
	assert_false(blame.deleted);
	assert_int_equal(blame.n_changes, 2);
	assert_int_equal(blame.changes[0].time_ms, 3000);
	assert_int_equal(blame.changes[0].n_causes, 0);
	assert_int_equal(blame.changes[0].reason, REASON_NO_EVENT);
	assert_int_equal(blame.changes[1].n_causes, 1);
	assert_true(str_is(blame.changes[1].causes[0].event.name, "Set"));
	o = json_origin_member(blame.origin, STR("configuration"));
	assert_int_equal(blame.origin->mark, 0);
	assert_null(json_origin_member(o, STR("a")));
	assert_int_equal(json_origin_member(o, STR("b"))->mark, 1);
}

static void test_deleted(void **state)
{
	static const char *const bodies[] = { BODY("{\"a\":1}", "OK"),
					      BODY("null", "ResourceDeleted"),
					      BODY("null", "ResourceDeleted") };
	static const uint8_t types[] = { CHANGE_CREATE, CHANGE_DELETE, CHANGE_DELETE };
	struct history *h = *state;
	struct blame blame;
	int64_t id = put_states(h, bodies, ARRAY_SIZE(bodies), types, 0);

	assert_int_equal(store_blame_load(h->s, id, &h->a, &blame), 0);
	assert_true(blame.deleted);
	/* It was gone already when it was recorded once more. */
	assert_int_equal(blame.origin->mark, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_no_story),
		CASE(test_present_life),
		CASE(test_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
