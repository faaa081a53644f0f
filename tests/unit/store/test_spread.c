/* SPDX-License-Identifier: Apache-2.0 */
/* Dirt: which facts that come in later make which stories dirty, and from when on. */
#include <stdio.h>

#include "history.h"

#include "model/story.h"

/*
 * A derived resource with one state, at 10000 or when its change is, no story but the entries
 * given, and aliases.
 */
static int64_t derived(struct history *h, const char *rid, struct store_entry *entries,
		       size_t n, uint64_t *aliases, size_t n_aliases)
{
	int64_t ms =
		n && entries[0].kind == STORE_ENTRY_CHANGE ? entries[0].time_ms : 10000;
	struct item item = item_of(GROUP, rid, ms, "1", "{}");
	struct mention_set set = { aliases, n_aliases };
	struct store_shown shown = { .time_ms = ms, .size = 3 };
	struct store_state states[64];
	struct store_story story;

	put_item(h, &item);
	story = (struct store_story){ .dirty = { resource_of(h, GROUP, rid).id, ms },
				      .entries = entries,
				      .n_entries = n,
				      .shown = &shown,
				      .n_shown = 1,
				      .aliases.own = set };
	assert_int_equal(states_of(h, story.dirty.resource, states), 1);
	shown.state = states[0].id;
	for (size_t i = 0; i < n; i++)
		if (entries[i].kind == STORE_ENTRY_CHANGE)
			entries[i].ref = shown.state;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	return story.dirty.resource;
}

static void put(struct history *h, const char *id, int64_t ms, uint64_t token)
{
	struct event e = event_of(id, ms);

	assert_int_equal(put_event(h, &e, id, &token, 1), STORE_PUT_NEW);
}

/* Spreads all there is; fills the dirty resources in order of row. */
static size_t spread(struct history *h, struct store_dirty ret[8])
{
	bool more = true;
	size_t n;

	while (more) {
		begin(h);
		assert_int_equal(store_spread_dirt(h->s, 2, &more), 0);
		commit(h);
	}
	assert_int_equal(store_dirty_next(h->s, 0, ret, 8, &n), 0);
	return n;
}

static void test_events_named(void **state)
{
	uint64_t one[] = { 1, 2 }, two[] = { 2, 3, UINT64_MAX };
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a = derived(h, "a", NULL, 0, one, 2);
	int64_t b = derived(h, "b", NULL, 0, two, 3);

	assert_int_equal(spread(h, dirty), 0);
	put(h, "e1", 12000, 1);
	put(h, "e2", 11000, 1);
	put(h, "e3", 13000, UINT64_MAX);
	put(h, "e4", 1000, 99);
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 11000);
	assert_int_equal(dirty[1].resource, b);
	assert_int_equal(dirty[1].from_ms, 13000);
	/* What was spread is not spread again; what comes earlier makes it dirtier. */
	assert_int_equal(ask(h, "SELECT count(*) FROM spread"), 0);
	put(h, "e5", 12500, 2);
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[0].from_ms, 11000);
	assert_int_equal(dirty[1].from_ms, 12500);
}

/* Before anything is derived all is dirty as it is, and nothing is queued. */
static void test_nothing_to_spread_at_first(void **state)
{
	struct item item = item_of(GROUP, "a", 10000, "1", "{}");
	struct history *h = *state;
	struct store_dirty dirty[8];

	put_item(h, &item);
	put(h, "e1", 1000, 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM spread"), 0);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 10000);
}

/* An event known already spreads nothing. */
static void test_known_event(void **state)
{
	uint64_t alias = 1;
	struct history *h = *state;
	struct store_dirty dirty[8];
	struct event e = event_of("e1", 500);

	put(h, "e1", 500, 1);
	derived(h, "a", NULL, 0, &alias, 1);
	assert_int_equal(put_event(h, &e, "e1", &alias, 1), STORE_PUT_KNOWN);
	assert_int_equal(spread(h, dirty), 0);
}

/* --- credentials --------------------------------------------------------------------------- */

/* Made with the key; named as token 5. */
static int64_t put_act(struct history *h, const char *id, int64_t ms, const char *key)
{
	struct event e = event_of(id, ms);
	uint64_t token = 5;
	int64_t row;

	e.access_key = str_of(key);
	assert_int_equal(put_event(h, &e, id, &token, 1), STORE_PUT_NEW);
	assert_int_equal(store_event_find(h->s, str_of(id), &row), 0);
	return row;
}

static void put_issuer(struct history *h, int64_t ms, const char *key)
{
	static const char raw[] = "{\"credentials\":{\"accessKeyId\":\"%s\"}}";
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct event e = event_of("issuer", ms);
	struct jv response;

	buf_printf(&text, "{\"credentials\":{\"accessKeyId\":\"%s\"}}", key);
	assert_int_equal(jv_parse(&h->a, buf_str(&text), &response, NULL), 0);
	e.source = STR("sts.amazonaws.com");
	e.name = STR("AssumeRole");
	e.response = &response;
	assert_int_equal(put_event(h, &e, raw, NULL, 0), STORE_PUT_NEW);
}

/* The session's beginning comes in last: the stories that hold its events are told anew. */
static void test_session_issued(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty[8];
	uint64_t alias = 1;
	int64_t cause = put_act(h, "e1", 9000, "ASIA1");
	int64_t attempt = put_act(h, "e2", 9500, "ASIA1");
	int64_t other = put_act(h, "e3", 9600, "ASIA2");
	const struct store_cause by_cause = { .event = cause };
	const struct store_cause by_other = { .event = other };
	struct store_entry change = { .time_ms = 10000,
				      .causes = &by_cause,
				      .n_causes = 1 };
	struct store_entry tried = { .time_ms = 9500,
				     .kind = STORE_ENTRY_ATTEMPT,
				     .ref = attempt };
	int64_t a = derived(h, "a", &change, 1, &alias, 1);
	int64_t b = derived(h, "b", &tried, 1, &alias, 1);

	change.causes = &by_other;
	derived(h, "c", &change, 1, &alias, 1);
	put_issuer(h, 8000, "ASIA1");
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 10000);
	assert_int_equal(dirty[1].resource, b);
	assert_int_equal(dirty[1].from_ms, 9500);
}

#define SESSION "arn:aws:sts::123456789012:assumed-role/"

/* Opened with the key of one session, or by its ARN: its record tells which session it opened. */
static void put_chained(struct history *h, int64_t ms, const char *by, const char *opened)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	bool by_arn = !strncmp(by, "arn:", 4), is_arn = !strncmp(opened, "arn:", 4);
	uint64_t token = 5;
	struct jv record;
	struct event e;

	buf_printf(&raw,
		   "{\"eventVersion\":\"1.08\",\"eventID\":\"%s of %s\","
		   "\"eventTime\":\"1970-01-01T00:00:%02dZ\","
		   "\"eventSource\":\"sts.amazonaws.com\",\"eventName\":\"AssumeRole\","
		   "\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"123456789012\","
		   "\"userIdentity\":{\"type\":\"AssumedRole\",\"%s\":\"%s\"},"
		   "\"responseElements\":{\"%s\":{\"%s\":\"%s\"}}}",
		   opened, by, (int)(ms / 1000), by_arn ? "arn" : "accessKeyId", by,
		   is_arn ? "assumedRoleUser" : "credentials",
		   is_arn ? "arn" : "accessKeyId", opened);
	assert_int_equal(jv_parse(&h->a, buf_str(&raw), &record, NULL), 0);
	assert_int_equal(event_from_jv(&record, &e, NULL), 0);
	assert_int_equal(put_event(h, &e, raw.data, &token, 1), STORE_PUT_NEW);
}

/* A resource that the call is the cause of a change of, at 10000. */
static int64_t changed_by(struct history *h, const char *rid, int64_t event)
{
	uint64_t alias = 1;
	const struct store_cause by = { .event = event };
	struct store_entry change = { .time_ms = 10000, .causes = &by, .n_causes = 1 };

	return derived(h, rid, &change, 1, &alias, 1);
}

/* A session opened from a session opened from one, the first of whose beginnings comes last. */
static void test_sessions_in_a_chain(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a;

	put_chained(h, 8000, "ASIA2", "ASIA3");
	put_chained(h, 7000, "ASIA1", "ASIA2");
	a = changed_by(h, "a", put_act(h, "e1", 9000, "ASIA3"));
	assert_int_equal(spread(h, dirty), 0);
	/* By its clock it was opened after it was used. */
	put_issuer(h, 7500, "ASIA1");
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 10000);
}

/* A link of the chain that comes in with its beginning; nobody tells of what it did itself yet. */
static void test_chain_by_new_link(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a = changed_by(h, "a", put_act(h, "e1", 9000, "ASIA3"));

	changed_by(h, "b", put_act(h, "e2", 9000, "ASIA4"));
	assert_int_equal(spread(h, dirty), 0);
	put_chained(h, 8000, "ASIA2", "ASIA3");
	put_issuer(h, 7000, "ASIA2");
	put_act(h, "e3", 9500, "ASIA2");
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 10000);
}

/* What an ARN opened counts from its opening on, and a role that assumes itself comes to an end. */
static void test_chain_by_arn(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a;

	put_chained(h, 5000, SESSION "A/x", "ASIA8");
	put_chained(h, 7000, SESSION "A/x", SESSION "A/x");
	put_chained(h, 8000, SESSION "A/x", "ASIA9");
	changed_by(h, "before", put_act(h, "e1", 9000, "ASIA8"));
	a = changed_by(h, "a", put_act(h, "e2", 9000, "ASIA9"));
	put_chained(h, 6000, "ASIA1", SESSION "A/x");
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
}

/* As many steps as who stands behind a call is looked for, and no more. */
static void test_chain_is_bounded(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t last;
	char by[16], opened[16];

	for (int i = 1; i <= STORY_MAX_VIA; i++) {
		(void)snprintf(by, sizeof(by), "ASIA%d", i);
		(void)snprintf(opened, sizeof(opened), "ASIA%d", i + 1);
		put_chained(h, 1000 * i, by, opened);
	}
	(void)snprintf(by, sizeof(by), "ASIA%d", STORY_MAX_VIA);
	last = changed_by(h, "last", put_act(h, "e1", 9000, by));
	changed_by(h, "beyond", put_act(h, "e2", 9000, opened));
	put_issuer(h, 500, "ASIA1");
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, last);
}

/* --- alarms -------------------------------------------------------------------------------- */

static void test_alarms(void **state)
{
	struct alarm alarm = { .name = STR("cpu"),
			       .account = STR(ACCOUNT),
			       .region = STR(REGION) };
	struct transition t = { .alarm = alarm, .time_ms = 12000, .state = STR("ALARM") };
	uint64_t one = 1, two = 2;
	struct mention_set names_one = { &one, 1 }, names_two = { &two, 1 };
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a = derived(h, "a", NULL, 0, &one, 1);
	int64_t b = derived(h, "b", NULL, 0, &two, 1);
	enum store_put put;

	begin(h);
	assert_int_equal(
		store_put_transition(h->s, &t, &names_one, 1, &put, &(int64_t){ 0 }), 0);
	commit(h);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 12000);
	/* The definition tells of more, after the fact. */
	begin(h);
	assert_int_equal(store_put_alarm(h->s, &alarm, &names_two), 0);
	commit(h);
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[1].resource, b);
	assert_int_equal(dirty[1].from_ms, 12000);
	/* And the next transition concerns both without saying so. */
	t.time_ms = 11000;
	begin(h);
	assert_int_equal(store_put_transition(h->s, &t, NULL, 1, &put, &(int64_t){ 0 }),
			 0);
	commit(h);
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[0].from_ms, 11000);
	assert_int_equal(dirty[1].from_ms, 11000);
}

/* --- trails -------------------------------------------------------------------------------- */

static void test_trail_grows(void **state)
{
	struct store_entry change = { .time_ms = 10000, .reason = REASON_NO_TRAIL };
	struct store_entry caused = { .time_ms = 10000 };
	struct history *h = *state;
	struct store_dirty dirty[8];
	uint64_t alias = 1;
	int64_t a = derived(h, "a", &change, 1, &alias, 1);
	struct event far = event_of("far", INT64_C(1000) * 3600 * 1000);
	struct event foreign = event_of("foreign", 10000), near = event_of("near", 9000);

	derived(h, "b", &caused, 1, &alias, 1);
	/* Later than the change, or of another account: still no trail then. */
	foreign.account = STR("999999999999");
	put_event(h, &far, "far", NULL, 0);
	put_event(h, &foreign, "foreign", NULL, 0);
	assert_int_equal(spread(h, dirty), 0);
	put_event(h, &near, "near", NULL, 0);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 10000);
}

/* A list of states that cannot be read: its resource is dirty, however far the trail has grown, and others as
   they would be. */
static void test_trail_damaged(void **state)
{
	struct store_entry change = { .time_ms = 10000,
				      .reason = REASON_NO_TRAIL,
				      .line_len = 10 };
	struct event behind = event_of("behind", 20000),
		     before = event_of("before", 9000);
	struct history *h = *state;
	struct store_dirty dirty[8];
	uint64_t alias = 1;
	int64_t a = derived(h, "a", &change, 1, &alias, 1);
	int64_t b = derived(h, "b", &change, 1, &alias, 1);

	assert_int_equal(ask(h, "UPDATE shown_run SET states = x'ff' WHERE resource = 1 "
				"RETURNING resource"),
			 a);
	/* For two days: all of the account's are looked through. */
	put_event(h, &behind, "behind", NULL, 0);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 20000);
	/* For seconds: what changed in them is. */
	put_event(h, &before, "before", NULL, 0);
	assert_int_equal(spread(h, dirty), 2);
	assert_int_equal(dirty[0].resource, a);
	assert_int_equal(dirty[0].from_ms, 10000);
	assert_int_equal(dirty[1].resource, b);
	assert_int_equal(dirty[1].from_ms, 10000);
}

/*
 * A day of silence within a trail is a gap that its changes know of, until something of it comes.
 */
static void test_trail_gap(void **state)
{
	const int64_t day = INT64_C(86400000);
	struct store_entry change = { .time_ms = 3 * day + 5000,
				      .reason = REASON_NO_EVENT,
				      .line_len = 1,
				      .line_jsonl_len = 1 };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct history *h = *state;
	struct store_dirty dirty[8];
	struct store_trail_gap *gaps = NULL;
	uint64_t alias = 1;
	struct event before = event_of("before", 2 * day),
		     after = event_of("after", 4 * day),
		     within = event_of("within", 3 * day + 1);
	size_t n = 0;
	struct store_story again = { 0 };
	struct store_shown shown;
	int64_t r;

	r = derived(h, "a", &change, 1, &alias, 1);
	put_event(h, &before, "before", NULL, 0);
	put_event(h, &after, "after", NULL, 0);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].resource, r);
	assert_int_equal(dirty[0].from_ms, change.time_ms);
	assert_int_equal(store_trail_gaps(h->s, before.account, STR("r"), &a, &gaps, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(gaps[0].from_ms, 3 * day);
	assert_int_equal(gaps[0].to_ms, 4 * day);
	shown = (struct store_shown){ .state = change.ref, .time_ms = change.time_ms };
	again = (struct store_story){ .dirty = { r, 0 },
				      .entries = &change,
				      .n_entries = 1,
				      .shown = &shown,
				      .n_shown = 1,
				      .aliases.own = { &alias, 1 } };
	begin(h);
	assert_int_equal(store_put_story(h->s, &again), 0);
	commit(h);
	assert_int_equal(spread(h, dirty), 0);
	put_event(h, &within, "within", NULL, 0);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(store_trail_gaps(h->s, before.account, STR("r"), &a, &gaps, &n),
			 0);
	assert_int_equal(n, 0);
}

/* --- aliases ------------------------------------------------------------------------------- */

static int aliases_of(struct history *h)
{
	int n = 0;

	for (int64_t part = 0; part < 256; part++)
		n += count_list(h, POSTING_ALIAS, part);
	return n;
}

static void tell_again(struct history *h, int64_t resource, int64_t from_ms,
		       uint64_t *aliases, size_t n)
{
	const struct store_story story = { .dirty = { resource, from_ms },
					   .aliases.own = { aliases, n } };

	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static void test_aliases_replaced(void **state)
{
	const uint64_t two = UINT64_C(2) << 56, seven = UINT64_C(7) << 56;
	uint64_t first[] = { 1, two, UINT64_MAX }, second[] = { two, seven };
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a = derived(h, "a", NULL, 0, first, 3);

	assert_int_equal(aliases_of(h), 3);
	tell_again(h, a, 20000, second, 2);
	assert_int_equal(aliases_of(h), 2);
	assert_int_equal(count_list(h, POSTING_ALIAS, 2), 1);
	assert_int_equal(count_list(h, POSTING_ALIAS, 7), 1);
	put(h, "e1", 30000, UINT64_MAX);
	put(h, "e2", 40000, seven);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 40000);
	tell_again(h, a, 20000, NULL, 0);
	assert_int_equal(aliases_of(h), 0);
}

/* The list has 32 bits of each: where two of a resource are alike in these, one may go alone. */
static void test_aliases_alike(void **state)
{
	const uint64_t two = UINT64_C(2) << 56;
	uint64_t both[] = { two | 1, two | 2 };
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a = derived(h, "a", NULL, 0, both, 2);

	assert_int_equal(aliases_of(h), 1);
	tell_again(h, a, 20000, both + 1, 1);
	assert_int_equal(aliases_of(h), 1);
	put(h, "e1", 30000, both[0]);
	assert_int_equal(spread(h, dirty), 0);
	put(h, "e2", 40000, both[1]);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 40000);
	tell_again(h, a, 20000, both, 1);
	assert_int_equal(aliases_of(h), 1);
	tell_again(h, a, 20000, NULL, 0);
	assert_int_equal(aliases_of(h), 0);
}

/* A name learnt late stands in an event before what was told anew: that is told anew, too. */
static void test_alias_learnt_late(void **state)
{
	uint64_t names[] = { 1, 42 };
	struct history *h = *state;
	struct store_dirty dirty[8];
	int64_t a;

	put(h, "e1", 9000, 42);
	a = derived(h, "a", NULL, 0, names, 1);
	assert_int_equal(spread(h, dirty), 0);
	tell_again(h, a, 20000, names, 2);
	assert_int_equal(spread(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 9000);
	tell_again(h, a, 9000, names, 2);
	assert_int_equal(spread(h, dirty), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_events_named),
		CASE(test_nothing_to_spread_at_first),
		CASE(test_known_event),
		CASE(test_session_issued),
		CASE(test_sessions_in_a_chain),
		CASE(test_chain_by_new_link),
		CASE(test_chain_by_arn),
		CASE(test_chain_is_bounded),
		CASE(test_alarms),
		CASE(test_trail_gap),
		CASE(test_trail_grows),
		CASE(test_trail_damaged),
		CASE(test_aliases_replaced),
		CASE(test_aliases_alike),
		CASE(test_alias_learnt_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
