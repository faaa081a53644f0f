/* SPDX-License-Identifier: Apache-2.0 */
/* Taking in states: keyframes and what hangs on them, twins, names. */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "model/name.h"
#include "private.h"

static void test_new_and_known(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1}");
	struct history *h = *state;
	struct store_state states[64];
	struct store_resource res;
	struct store_totals totals;

	item.raw = STR("{ \"a\" : 1 }");
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(states_of(h, res.id, states), 1);
	assert_int_equal(states[0].time_ms, 1000);
	assert_int_equal(states[0].size, sizeof("{\n  \"a\": 1\n}\n") - 1);
	assert_int_equal(states[0].status, ITEM_OK);
	assert_false(states[0].hidden);
	assert_body(h, states[0].id, "{\"a\":1}");
	assert_raw(h, states[0].id, "{ \"a\" : 1 }");
	assert_int_equal(res.first_ms, 1000);
	assert_int_equal(res.newest_ms, 1000);
	assert_int_equal(res.latest, states[0].id);
	assert_int_equal(res.states, 1);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.items, 1);
	assert_int_equal(totals.resources, 1);
	assert_int_equal(totals.states, 1);
	assert_int_equal(totals.item_first_ms, 1000);
	assert_int_equal(totals.item_last_ms, 1000);
	assert_int_equal(totals.event_first_ms, -1);
	assert_int_equal(ask(h, "SELECT from_ms FROM dirty"), 1000);
}

static void test_bytes_of_any_kind(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1000, "", "{}");
	struct history *h = *state;
	struct store_state states[64];
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	item.id = STR("a\0b\xff/..");
	item.raw = STR("\0\xff");
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	item.id = STR("a\0c");
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(ask(h, "SELECT count(*) FROM resource"), 2);
	assert_int_equal(states_of(h, 1, states), 1);
	assert_int_equal(store_state_raw(h->s, states[0].id, &out), 0);
	assert_true(str_eq(buf_str(&out), STR("\0\xff")));
}

/* --- many states --------------------------------------------------------------------------- */

#define MANY 70

/* A body that resembles its neighbours'. */
static void make_body(char body[512], int i, const char *more)
{
	(void)snprintf(
		body, 512,
		"{\"configuration\":{\"description\":\"a group with a long enough "
		"description\",\"groupId\":\"sg-1\",\"groupName\":\"the name of the "
		"group\",\"n\":%d%s,\"ownerId\":\"123456789012\",\"vpcId\":\"vpc-0123\"}}",
		i, more);
}

static void put_many(struct history *h, int step)
{
	for (int i = 0, at = 0; i < MANY; i++, at = (at + step) % MANY) {
		char body[512], raw[530];
		struct item item;

		make_body(body, at, "");
		(void)snprintf(raw, sizeof(raw), " %s ", body);
		item = item_of(GROUP, "sg-1", 1000 + at, "1", body);
		item.raw = str_of(raw);
		item.guise = ITEM_GUISE_API;
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	}
}

static void assert_many(struct history *h, const char *more, int changed_every)
{
	struct store_state states[64];
	int64_t after = -1;
	int i = 0;
	size_t n;

	do {
		assert_int_equal(store_states(h->s, 1, after, 0, false, states, 16, &n),
				 0);
		for (size_t k = 0; k < n; k++, i++) {
			char body[512], raw[530];
			bool changed = changed_every && i % changed_every == 0;

			make_body(body, i, changed ? more : "");
			assert_int_equal(states[k].time_ms, 1000 + i);
			assert_body(h, states[k].id, body);
			(void)snprintf(raw, sizeof(raw), " %s ", body);
			assert_raw(h, states[k].id, raw);
		}
		after = n ? states[n - 1].time_ms : 0;
	} while (n);
	assert_int_equal(i, MANY);
}

/* Ids tell the resource, and which of its states it is, in the order they came in. */
static void test_ids(void **state)
{
	struct item other = item_of(GROUP, "sg-2", 5, "1", "{}");
	struct history *h = *state;

	put_many(h, 27);
	assert_int_equal(put_item(h, &other), STORE_PUT_NEW);
	assert_int_equal(ask(h, "SELECT id FROM state WHERE capture_ms = 1000"),
			 STATE(1, 1));
	assert_int_equal(ask(h, "SELECT id FROM state WHERE capture_ms = 1027"),
			 STATE(1, 2));
	assert_int_equal(ask(h, "SELECT max(id) FROM state WHERE id >> 20 = 1"),
			 STATE(1, MANY));
	assert_int_equal(ask(h, "SELECT max(id) FROM state"), STATE(2, 1));
	assert_int_equal(ask(h, "SELECT last FROM resource WHERE id = 1"), MANY);
}

/* A resource has so many states and no more: the next is the caller's to refuse. */
static void test_too_many(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 5, "1", "{}");
	struct history *h = *state;

	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(ask(h, "UPDATE resource SET last = 1048574 RETURNING last"),
			 1048574);
	history_open(h, STORE_WRITE, 0);
	item.captured_ms = 6;
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(ask(h, "SELECT max(id) FROM state"), state_last(1));
	item.captured_ms = 7;
	assert_int_equal(put_item(h, &item), STORE_PUT_TOO_MANY);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 2);
	item.captured_ms = 6;
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	item.id = STR("sg-2");
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(ask(h, "SELECT count(*) FROM dirty"), 2);
}

static void test_out_of_order(void **state)
{
	struct history *h = *state;
	struct store_resource res;

	put_many(h, 27);
	assert_many(h, "", 0);
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(res.first_ms, 1000);
	assert_int_equal(res.newest_ms, 1000 + MANY - 1);
	assert_int_equal(res.states, MANY);
	/* Anew from another connection: nothing was only in memory. */
	history_open(h, STORE_READ, 0);
	assert_many(h, "", 0);
}

/* Of MANY states in packs, the packs that have no `step`-th one. */
static int packs_without(int step)
{
	int n = 0;

	for (int first = 0; first < MANY; first += PACK_STATES) {
		int next = (first + step - 1) / step * step;

		n += next >= MIN(first + (int)PACK_STATES, MANY);
	}
	return n;
}

/* States in packs, and alone, are replaced by fuller copies; the others of their packs stay. */
static void test_replaced(void **state)
{
	static const char more[] = ",\"tags\":[\"something that was not there before\"]";
	struct history *h = *state;

	put_many(h, 1);
	pack_resource(h, 1);
	for (int i = 0; i < MANY; i += 20) {
		char body[512], raw[530];
		struct item item;

		make_body(body, i, more);
		(void)snprintf(raw, sizeof(raw), " %s ", body);
		item = item_of(GROUP, "sg-1", 1000 + i, "1", body);
		item.raw = str_of(raw);
		assert_int_equal(put_item(h, &item), STORE_PUT_FULLER);
	}
	assert_many(h, more, 20);
	/* Those that had one of these were taken apart. */
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), packs_without(20));
	pack_resource(h, 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), packs_of(MANY));
	history_open(h, STORE_READ, 0);
	assert_many(h, more, 20);
	assert_sound(h);
}

/* --- states of one millisecond ------------------------------------------------------------- */

static void test_twins(void **state)
{
	static const char *const ids[] = { "1500", "900", "2000", "b", "a", "10000" };
	static const char *const sorted[] = { "a", "b", "900", "1500", "2000", "10000" };
	struct history *h = *state;
	struct store_state states[64], found;
	struct store_resource res;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		char body[64];
		struct item item;

		(void)snprintf(body, sizeof(body), "{\"id\":\"%s\"}", ids[i]);
		item = item_of(GROUP, "sg-1", 1000, ids[i], body);
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	}
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(states_of(h, res.id, states), ARRAY_SIZE(ids));
	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		char body[64];

		(void)snprintf(body, sizeof(body), "{\"id\":\"%s\"}", sorted[i]);
		assert_int_equal(states[i].twin, i);
		assert_body(h, states[i].id, body);
		assert_int_equal(store_state_find(h->s, res.id, 1000, i, &found), 0);
		assert_int_equal(found.id, states[i].id);
	}
	assert_int_equal(res.states, ARRAY_SIZE(ids));
	assert_int_equal(res.latest, states[ARRAY_SIZE(ids) - 1].id);
	assert_int_equal(store_state_find(h->s, res.id, 1000, 6, &found),
			 STORE_E_NOT_FOUND);
}

/* A notification without state id beside the whole item: one file, in either order. */
static void test_told_twice(void **state)
{
	struct history *h = *state;

	for (int order = 0; order < 2; order++) {
		const char *rid = order ? "sg-1" : "sg-2";
		struct item summary = item_of(GROUP, rid, 1000, "0", "{\"s\":1}");
		struct item whole = item_of(GROUP, rid, 1000, "77", "{\"w\":1}");
		struct store_state states[64];
		struct store_resource res;

		summary.guise = ITEM_GUISE_SUMMARY;
		put_item(h, order ? &summary : &whole);
		put_item(h, order ? &whole : &summary);
		res = resource_of(h, GROUP, rid);
		assert_int_equal(states_of(h, res.id, states), 1);
		assert_body(h, states[0].id, "{\"w\":1}");
		assert_int_equal(res.states, 1);
		assert_int_equal(res.latest, states[0].id);
	}
	/* Alone it is shown; and both are, where it tells more. */
	struct item alone = item_of(GROUP, "sg-3", 1000, "", "{\"a\":1}");
	struct item less = item_of(GROUP, "sg-3", 1000, "5", "{\"l\":1}");
	struct store_state states[64];

	less.guise = ITEM_GUISE_BATCH;
	put_item(h, &alone);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "sg-3").id, states), 1);
	put_item(h, &less);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "sg-3").id, states), 2);
	/* What the API gave is whole, and so is whatever has the same content. */
	less.state_id = STR("6");
	less.guise = ITEM_GUISE_API;
	put_item(h, &less);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "sg-3").id, states), 2);
	alone = item_of(GROUP, "sg-4", 1000, "",
			"{\"a\":1,\"configurationStateId\":\"\"}");
	less = item_of(GROUP, "sg-4", 1000, "5",
		       "{\"a\":1,\"configurationStateId\":\"5\"}");
	less.guise = ITEM_GUISE_SELECT;
	put_item(h, &less);
	put_item(h, &alone);
	assert_int_equal(states_of(h, resource_of(h, GROUP, "sg-4").id, states), 1);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'shown'"), 5);
}

/* --- names --------------------------------------------------------------------------------- */

static struct store_folder folder_of(struct history *h, const char *const *path)
{
	struct store_folder f = { .id = STORE_ROOT };

	for (; *path; path++)
		assert_int_equal(store_folder_find(h->s, f.id, str_of(*path), &h->a, &f),
				 0);
	return f;
}

/* AWS::X is a type with resources and the folder of AWS::X::Y: names meet, in both orders. */
static void test_names_meet(void **state)
{
	static const char *const path[] = { ACCOUNT, REGION, "AWS", "X", NULL };
	struct history *h = *state;
	struct store_resource res, found;
	struct store_folder f;

	for (int order = 0; order < 2; order++) {
		const char *name = order ? "First" : "Second";
		char type[32];
		struct item resource = item_of("AWS::X", name, 1, "1", "{}"), folder;

		(void)snprintf(type, sizeof(type), "AWS::X::%s", name);
		folder = item_of(type, "id", 1, "1", "{}");
		put_item(h, order ? &folder : &resource);
		put_item(h, order ? &resource : &folder);
		f = folder_of(h, path);
		res = resource_of(h, "AWS::X", name);
		assert_int_equal(res.folder, f.id);
		assert_int_equal(res.name.n, strlen(name) + 17);
		assert_true(str_starts(res.name, name));
		assert_int_equal(res.name.p[strlen(name)], '~');
		assert_int_equal(store_resource_find(h->s, f.id, res.name, &h->a, &found),
				 0);
		assert_int_equal(found.id, res.id);
		assert_int_equal(store_resource_find(h->s, f.id, str_of(name), &h->a,
						     &found),
				 STORE_E_NOT_FOUND);
		assert_int_equal(put_item(h, &resource), STORE_PUT_KNOWN);
	}
	/* The name tells of the id alone: here and in another history. */
	assert_true(str_is(res.name, "First~a151ceb1711aad52"));
}

/* A long one is cut, between escapes, so that it stays within what a file name may have. */
static void test_long_names_meet(void **state)
{
	char id[201], type[256];
	struct history *h = *state;
	struct item resource, folder;
	struct store_resource res;

	memset(id, 'x', 200);
	memset(id + 176, '/', 24);
	id[200] = '\0';
	(void)snprintf(type, sizeof(type), "AWS::X::%s", id);
	resource = item_of("AWS::X", id, 1, "1", "{}");
	folder = item_of(type, "id", 1, "1", "{}");
	put_item(h, &resource);
	put_item(h, &folder);
	res = resource_of(h, "AWS::X", id);
	assert_true(res.name.n <= NAME_MAX_BYTES);
	assert_int_equal(res.name.n, 176 + 20 * 3 + 17);
	assert_int_equal(res.name.p[res.name.n - 17], '~');
	assert_int_equal(res.name.p[res.name.n - 18], 'F');
}

static void test_folders(void **state)
{
	static const char *const path[] = { ACCOUNT, REGION,          "AWS",
					    "EC2",   "SecurityGroup", NULL };
	static const char *const empty[] = {
		ACCOUNT, REGION, "AWS", "%", "Account", NULL
	};
	struct history *h = *state;
	struct item group = item_of(GROUP, "sg-1", 5000, "1", "{}");
	struct item account = item_of("AWS::::Account", ACCOUNT, 9000, "1", "{}");
	struct store_folder f, list[4];
	struct store_resource res;
	int64_t id;
	size_t n;

	put_item(h, &group);
	put_item(h, &account);
	f = folder_of(h, path);
	assert_int_equal(f.newest_ms, 5000);
	assert_int_equal(folder_of(h, empty).newest_ms, 9000);
	for (int i = 4; i >= 0; i--) {
		struct store_folder above;

		if (f.parent == STORE_ROOT)
			break;
		assert_int_equal(store_folder_get(h->s, f.parent, &h->a, &above), 0);
		assert_int_equal(above.newest_ms, i > 3 ? 5000 : 9000);
		f = above;
	}
	assert_int_equal(store_folders(h->s, STORE_ROOT, 0, &h->a, list, 4, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_folder_get(h->s, 999, &h->a, &f), STORE_E_NOT_FOUND);
	res = resource_of(h, "AWS::::Account", ACCOUNT);
	assert_int_equal(store_resource_get(h->s, res.id, &h->a, &res), 0);
	assert_true(str_is(res.type, "AWS::::Account"));
	assert_true(str_is(res.account, ACCOUNT));
	assert_true(str_is(res.region, REGION));
	assert_true(str_is(res.rid, ACCOUNT));
	assert_int_equal(store_resource_lookup(h->s, STR(ACCOUNT), STR("eu-west-1"),
					       STR(GROUP), STR("sg-1"), &id),
			 STORE_E_NOT_FOUND);
}

/* Listings of any length come in pages; what is added meanwhile comes last. */
static void test_pages(void **state)
{
	struct history *h = *state;
	struct store_resource page[7];
	int64_t folder, after = 0;
	size_t seen = 0, n;

	for (int i = 0; i < 50; i++) {
		char rid[16];
		struct item item;

		(void)snprintf(rid, sizeof(rid), "sg-%02d", (i * 37) % 50);
		item = item_of(GROUP, rid, i, "1", "{}");
		put_item(h, &item);
	}
	folder = resource_of(h, GROUP, "sg-00").folder;
	do {
		assert_int_equal(store_resources(h->s, folder, after, &h->a, page, 7, &n),
				 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(page[i].id > after);
			after = page[i].id;
		}
		seen += n;
		if (seen == 14) {
			struct item item = item_of(GROUP, "sg-0000", 1, "1", "{}");

			put_item(h, &item);
		}
	} while (n);
	assert_int_equal(seen, 51);
}

/* Names alone are those of the listing, and it is told whether there are more than so many. */
static void test_names(void **state)
{
	struct history *h = *state;
	struct store_resource whole[20], names[20];
	int64_t folder;
	size_t n, n_names;
	bool more;

	for (int i = 0; i < 12; i++) {
		char rid[16];
		struct item item;

		(void)snprintf(rid, sizeof(rid), "sg-%02d", i);
		item = item_of(GROUP, rid, i, "1", "{}");
		put_item(h, &item);
	}
	folder = resource_of(h, GROUP, "sg-00").folder;
	for (int64_t after = 0; after < 14; after += 3) {
		assert_int_equal(
			store_resources(h->s, folder, after, &h->a, whole, 20, &n), 0);
		assert_int_equal(store_resource_names(h->s, folder, after, &h->a, names,
						      20, &n_names),
				 0);
		assert_int_equal(n_names, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(names[i].id, whole[i].id);
			assert_int_equal(names[i].folder, folder);
			assert_true(str_eq(names[i].name, whole[i].name));
		}
	}
	assert_int_equal(store_resources_more(h->s, folder, 11, &more), 0);
	assert_true(more);
	assert_int_equal(store_resources_more(h->s, folder, 12, &more), 0);
	assert_false(more);
	assert_int_equal(store_resources_more(h->s, folder + 1000, 0, &more), 0);
	assert_false(more);
}

static void test_as_of(void **state)
{
	struct history *h = *state;
	struct store_state st;

	for (int64_t ms = 1000; ms <= 3000; ms += 1000) {
		struct item item = item_of(GROUP, "sg-1", ms, "1", "{}");

		put_item(h, &item);
	}
	assert_int_equal(store_state_as_of(h->s, 1, 999, true, &st), STORE_E_NOT_FOUND);
	assert_int_equal(store_state_as_of(h->s, 1, 1000, true, &st), 0);
	assert_int_equal(st.time_ms, 1000);
	assert_int_equal(store_state_as_of(h->s, 1, 2999, false, &st), 0);
	assert_int_equal(st.time_ms, 2000);
	assert_int_equal(store_state_as_of(h->s, 1, INT64_MAX, true, &st), 0);
	assert_int_equal(st.time_ms, 3000);
	assert_int_equal(store_state_get(h->s, 12345, &st), STORE_E_NOT_FOUND);
}

/* The sums are those of the rows, whatever happened. */
static void test_sums(void **state)
{
	struct history *h = *state;
	struct store_tally *tallies;
	size_t n;

	for (int i = 0; i < 40; i++) {
		struct item item = item_of(i % 2 ? GROUP : "AWS::EC2::VPC",
					   i % 3 ? "a" : "b", 100 + i / 4,
					   i % 5 ? "1" : "2", i % 7 ? "{\"x\":1}" : "{}");

		put_item(h, &item);
	}
	assert_int_equal(ask(h, "SELECT (SELECT count(*) FROM state) = "
				"(SELECT n FROM counter WHERE name = 'item')"),
			 1);
	assert_int_equal(ask(h, "SELECT (SELECT count(*) FROM resource r JOIN shown n "
				"ON n.resource = r.id WHERE hidden = 0) = "
				"(SELECT n FROM counter WHERE name = 'shown')"),
			 1);
	assert_int_equal(
		ask(h, "SELECT count(*) FROM resource_view v WHERE states <> "
		       "(SELECT count(*) FROM shown n WHERE n.resource = v.resource)"),
		0);
	assert_int_equal(store_tallies(h->s, &h->a, &tallies, &n), 0);
	assert_int_equal(n, 2);
	assert_true(str_is(tallies[0].type, GROUP));
	assert_int_equal(tallies[0].resources, 2);
	assert_int_equal(tallies[0].n + tallies[1].n,
			 ask(h, "SELECT count(*) FROM state"));
	assert_int_equal(tallies[1].first_ms, 100);
	assert_int_equal(tallies[0].last_ms, 109);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_new_and_known), CASE(test_bytes_of_any_kind),
		CASE(test_ids),           CASE(test_out_of_order),
		CASE(test_replaced),      CASE(test_too_many),
		CASE(test_twins),         CASE(test_told_twice),
		CASE(test_names_meet),    CASE(test_long_names_meet),
		CASE(test_folders),       CASE(test_pages),
		CASE(test_names),         CASE(test_as_of),
		CASE(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
