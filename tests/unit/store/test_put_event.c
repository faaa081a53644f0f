/* SPDX-License-Identifier: Apache-2.0 */
/* Taking in events: identities, conflicts, what they mention, sessions they issue. */
#include <stdio.h>
#include <string.h>

#include "history.h"

/* A list has the upper 48 bits of a token. */
#define TOKEN_1 (UINT64_C(1) << 16)
#define TOKEN_3 (UINT64_C(3) << 16)
#define TOKEN_4 (UINT64_C(4) << 16)

#define GUID "0123abcd-4567-89ab-cdef-0123456789ab"

static void assert_event(struct history *h, const char *id, const char *raw)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	int64_t event;

	assert_int_equal(store_event_find(h->s, str_of(id), &event), 0);
	assert_int_equal(store_event_body(h->s, event, &b), 0);
	buf_put_char(&b, '\0');
	assert_string_equal(b.data, raw);
}

static void test_identities(void **state)
{
	/* One GUID as it should be, and texts that are near it. */
	static const char *const ids[] = {
		GUID,
		"0123ABCD-4567-89ab-cdef-0123456789ab",
		"0123abcd-4567-89ab-cdef-0123456789a",
		"0123abcd-4567-89ab-cdef-0123456789abc",
		"0123abcd04567-89ab-cdef-0123456789ab",
		"0123abcd-4567-89ab-cdef-0123456789ag",
		"eventID#0123456789abcdef",
		"",
	};
	struct history *h = *state;
	struct store_totals totals;
	int64_t event;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct event e = event_of(ids[i], 1000);

		assert_int_equal(put_event(h, &e, ids[i], NULL, 0), STORE_PUT_NEW);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_event(h, ids[i], ids[i]);
	assert_int_equal(store_event_find(h->s, STR("absent"), &event),
			 STORE_E_NOT_FOUND);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.events, ARRAY_SIZE(ids));
	assert_int_equal(totals.event_first_ms, 1000);
}

static void test_known_and_conflict(void **state)
{
	struct event e = event_of(GUID, 1000);
	struct history *h = *state;

	assert_int_equal(put_event(h, &e, "{\"a\":1,\"b\":[2]}", NULL, 0), STORE_PUT_NEW);
	assert_int_equal(put_event(h, &e, "{\"a\":1,\"b\":[2]}", NULL, 0),
			 STORE_PUT_KNOWN);
	/* The same values, written another way. */
	assert_int_equal(put_event(h, &e, "{ \"b\" : [2], \"a\": 1 }", NULL, 0),
			 STORE_PUT_KNOWN);
	assert_int_equal(put_event(h, &e, "{\"a\":2,\"b\":[2]}", NULL, 0),
			 STORE_PUT_CONFLICT);
	assert_int_equal(put_event(h, &e, "no JSON", NULL, 0), STORE_PUT_CONFLICT);
	assert_event(h, GUID, "{\"a\":1,\"b\":[2]}");
	assert_int_equal(ask(h, "SELECT n FROM tally WHERE what = 'event'"), 1);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'event'"), 1);
}

/* One whose block cannot be read: it is nobody's to say whether what comes is the same. */
static void test_damaged(void **state)
{
	static const char *const ways[] = {
		"UPDATE event_block SET body = x'ff' RETURNING 1",
		"UPDATE event_block SET rows = x'ff' RETURNING 1",
	};
	struct history *h = *state;
	struct event a = event_of("a", 1000), b = event_of(GUID, 2000),
		     others[] = { event_of("c", 3000), event_of("d", 4000) };

	put_event(h, &a, "{\"a\":1}", NULL, 0);
	assert_int_equal(put_event(h, &a, "{\"a\":1}", NULL, 0), STORE_PUT_KNOWN);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		history_open(h, STORE_WRITE, 0);
		assert_int_equal(ask(h, ways[i]), 1);
		assert_int_equal(put_event(h, &a, "{\"a\":1}", NULL, 0),
				 STORE_PUT_DAMAGED);
		assert_string_equal(store_message(h->s), "block 1 cannot be decoded");
		assert_int_equal(put_event(h, &others[i], "{\"c\":1}", NULL, 0),
				 STORE_PUT_NEW);
	}
	/* Of another block. */
	assert_int_equal(put_event(h, &b, "{}", NULL, 0), STORE_PUT_NEW);
	assert_int_equal(put_event(h, &b, "{}", NULL, 0), STORE_PUT_KNOWN);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'event'"), 4);
}

/* An id is not given out again, not even one of a transaction that was rolled back later on. */
static void test_row_ids(void **state)
{
	struct history *h = *state;
	struct event a = event_of("a", 1), b = event_of("b", 2);
	enum store_put put;
	int64_t first, second;

	put_event(h, &a, "a", NULL, 0);
	begin(h);
	assert_int_equal(store_put_event(h->s, &b,
					 &(struct store_record){ .raw = STR("b"),
								 .identity = b.id },
					 NULL, NULL, 1, &put),
			 0);
	store_rollback(h->s);
	history_open(h, STORE_WRITE, 0);
	put_event(h, &b, "b", NULL, 0);
	assert_int_equal(store_event_find(h->s, STR("a"), &first), 0);
	assert_int_equal(store_event_find(h->s, STR("b"), &second), 0);
	assert_true(second > first);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'event row'"),
			 second);
}

/* The times of the events with a token, in seconds: "1 2"; "-" when there are none. */
static void assert_named(struct history *h, uint64_t token, int64_t from_ms,
			 int64_t to_ms, const char *expected)
{
	_cleanup_(buf_deinit) struct buf found = BUF_INIT, times = BUF_INIT;
	const struct store_event_hit *hits;

	assert_int_equal(store_events_of_token(h->s, token, from_ms, to_ms, &found), 0);
	hits = (const struct store_event_hit *)found.data;
	for (size_t i = 0; i < found.len / sizeof(*hits); i++)
		buf_printf(&times, "%s%g", i ? " " : "", (double)hits[i].time_ms / 1000);
	if (!times.len)
		buf_put_char(&times, '-');
	buf_put_char(&times, '\0');
	assert_string_equal(times.data, expected);
}

static void test_mentions(void **state)
{
	static const uint64_t tokens[][2] = { { TOKEN_1, UINT64_MAX },
					      { TOKEN_1, TOKEN_3 },
					      { TOKEN_3, TOKEN_4 } };
	static const int64_t times[] = { 3000, 2000, 1000 };
	struct history *h = *state;

	for (size_t i = 0; i < 3; i++) {
		char id[2] = { (char)('a' + (int)i), '\0' };
		struct event e = event_of(id, times[i]);

		put_event(h, &e, "{}", tokens[i], 2);
	}
	assert_named(h, TOKEN_1, 0, 9999, "2 3");
	assert_named(h, TOKEN_3, 0, 9999, "1 2");
	assert_named(h, UINT64_MAX, 0, 9999, "3");
	assert_named(h, TOKEN_1, 2000, 2000, "2");
	assert_named(h, UINT64_MAX, 2000, 2000, "-");
	/* In the transaction that puts them they are seen, too. */
	begin(h);
	struct event e = event_of("d", 2500);
	uint64_t first = TOKEN_1;
	struct mention_set one = { &first, 1 };
	enum store_put put;

	assert_int_equal(store_put_event(h->s, &e,
					 &(struct store_record){ .raw = STR("{}"),
								 .identity = e.id },
					 &one, NULL, 1, &put),
			 0);
	assert_named(h, TOKEN_1, 0, 9999, "2 2.5 3");
	commit(h);
}

/* An AssumeRole record, parsed so that the event has its parts. */
static void put_issuer(struct history *h, const char *id, int64_t ms, const char *key,
		       const char *arn)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	struct event e = event_of(id, ms);
	struct jv record;

	buf_printf(&raw,
		   "{\"id\":\"%s\",\"eventName\":\"AssumeRole\",\"responseElements\":{"
		   "\"credentials\":{\"accessKeyId\":\"%s\"},"
		   "\"assumedRoleUser\":{\"arn\":\"%s\"}}}",
		   id, key, arn);
	buf_put_char(&raw, '\0');
	assert_int_equal(jv_parse(&h->a, str_of(raw.data), &record, NULL), 0);
	e.record = &record;
	e.source = STR("sts.amazonaws.com");
	e.name = STR("AssumeRole");
	e.response = jv_get(&record, "responseElements");
	assert_int_equal(put_event(h, &e, raw.data, NULL, 0), STORE_PUT_NEW);
}

static void assert_issuer(struct history *h, const char *key, const char *arn, int64_t ms,
			  const char *id)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	int r = store_session_issuer(h->s, str_of(key), str_of(arn), ms, &b);

	if (!id) {
		assert_int_equal(r, STORE_E_NOT_FOUND);
		return;
	}
	assert_int_equal(r, 0);
	assert_true(str_starts(str_from(buf_str(&b), 7), id));
}

static void test_sessions(void **state)
{
	static const char arn[] = "arn:aws:sts::123456789012:assumed-role/R/s";
	struct history *h = *state;

	put_issuer(h, "early", 1000, "ASIA1", arn);
	put_issuer(h, "late", 3000, "ASIA2", arn);
	assert_issuer(h, "ASIA1", "", 5000, "early");
	assert_issuer(h, "ASIA2", arn, 5000, "late");
	assert_issuer(h, "ASIA2", arn, 1, "late");
	assert_issuer(h, "ASIA3", arn, 2000, "early");
	assert_issuer(h, "", arn, 3000, "late");
	assert_issuer(h, "", arn, 999, NULL);
	assert_issuer(h, "ASIA3", "", 5000, NULL);
	assert_issuer(h, "", "", 5000, NULL);
}

static void test_trail(void **state)
{
	struct history *h = *state;
	struct event e = event_of("a", 5000);
	int64_t first, last;

	assert_int_equal(store_trail_span(h->s, STR(ACCOUNT), &first, &last),
			 STORE_E_NOT_FOUND);
	put_event(h, &e, "a", NULL, 0);
	e = event_of("b", 4000);
	put_event(h, &e, "b", NULL, 0);
	e = event_of("c", 4500);
	put_event(h, &e, "c", NULL, 0);
	assert_int_equal(store_trail_span(h->s, STR(ACCOUNT), &first, &last), 0);
	assert_int_equal(first, 4000);
	assert_int_equal(last, 5000);
	assert_int_equal(store_trail_span(h->s, STR("999999999999"), &first, &last),
			 STORE_E_NOT_FOUND);
}

/* Text of a length, different for each number, and that packs badly. */
static void noise(char *out, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		out[i] = "0123456789abcdef"[seed >> 60];
	}
	out[n] = '\0';
}

#define MANY 600

/* Of all sizes, over transactions of any: each comes back, and rows fill pages. */
static void test_blocks(void **state)
{
	static char raw[70000];
	struct history *h = *state;
	int64_t room, pages;

	begin(h);
	for (int64_t i = 0; i < MANY; i++) {
		size_t n = i % 150 == 77 ? 60000 : (size_t)(i * i % 900);
		struct event e;
		char id[32];
		enum store_put put;

		(void)snprintf(id, sizeof(id), "event-%d", (int)i);
		(void)snprintf(raw, sizeof(raw), "{\"eventID\":\"%s\",\"x\":\"", id);
		noise(raw + strlen(raw), n, (uint64_t)i);
		strcat(raw, "\"}");
		e = event_of(id, i);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = str_of(raw),
								.identity = str_of(id) },
					NULL, NULL, 1, &put),
			0);
		if (i % 211 == 0) {
			commit(h);
			begin(h);
		}
	}
	commit(h);
	/* None is wider than a page but those of one large record each. */
	assert_int_equal(
		ask(h, "SELECT count(*) FROM event_block WHERE length(body) > 8150"), 4);
	/* Pages are full, but for those before a large record and at the end. */
	room = ask(h, "SELECT sum(unused) FROM dbstat WHERE name = 'event_block'");
	pages = ask(h, "SELECT count(*) FROM dbstat WHERE name = 'event_block'");
	assert_in_range(room, 1, pages * 8192 / 4);
	history_open(h, STORE_READ, 0);
	for (int64_t i = MANY; i--;) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		size_t n = i % 150 == 77 ? 60000 : (size_t)(i * i % 900);

		(void)snprintf(raw, sizeof(raw), "{\"eventID\":\"event-%d\",\"x\":\"",
			       (int)i);
		noise(raw + strlen(raw), n, (uint64_t)i);
		strcat(raw, "\"}");
		assert_int_equal(store_event_body(h->s, i + 1, &got), 0);
		assert_true(str_eq(buf_str(&got), str_of(raw)));
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_identities), CASE(test_known_and_conflict),
		CASE(test_row_ids),    CASE(test_mentions),
		CASE(test_sessions),   CASE(test_trail),
		CASE(test_blocks),     CASE(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
