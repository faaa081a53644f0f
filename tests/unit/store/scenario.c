/* SPDX-License-Identifier: Apache-2.0 */
/* The import that the tests cut off: see scenario.h. */
#include "scenario.h"

#include <stdio.h>

#include "private.h"

#define ROUNDS    4
#define PER_ROUND 6
#define RESOURCES 5

static void make_body(int i, bool fuller, char ret[256])
{
	(void)snprintf(
		ret, 256, "{\"n\":%d,\"configuration\":\"%s\"%s}", i,
		"some text that is the same in all of them, so that they pack well",
		fuller ? ",\"tags\":{}" : "");
}

static int put_one_item(struct store *s, int i, bool fuller)
{
	char body[256], rid[16];
	enum store_put put;
	struct item item;

	make_body(i, fuller, body);
	(void)snprintf(rid, sizeof(rid), "sg-%d", i % RESOURCES);
	item = item_of(GROUP, rid, 1000 + i, "1", body);
	item.raw = STR("{\"raw\":1}");
	item.guise = fuller ? ITEM_GUISE_DELIVERY : ITEM_GUISE_API;
	return store_put_item(s, &item, 1, &put, NULL);
}

static int put_one_event(struct store *s, int i)
{
	uint64_t tokens[] = { TOKEN(1), TOKEN(100 + i), UINT64_MAX };
	struct mention_set mentions = { tokens, ARRAY_SIZE(tokens) };
	enum store_put put;
	const struct event_told told = {
		.principal = STR("assumed-role/Admin/alice"),
		.role = STR("role/Admin"),
		.session = STR("arn:aws:sts::1:assumed-role/Admin/alice"),
		.text_len = 100,
		.jsonl_len = 200,
	};
	char id[48];
	struct event e;

	(void)snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000", (unsigned)i);
	e = event_of(id, 1000 + i);
	e.access_key = STR("AKIA1");
	return store_put_event(s, &e,
			       &(struct store_record){ .raw = STR("{\"record\":true}"),
						       .identity = e.id },
			       &mentions, i % PER_ROUND ? NULL : &told, 1, &put);
}

/* The first item's resource gets its aliases, as if derived. */
static int put_one_story(struct store *s)
{
	uint64_t alias = TOKEN(1);
	const struct store_story story = { .dirty = { 1, INT64_MAX },
					   .aliases.own = { &alias, 1 } };
	bool more = true;
	int r = store_put_story(s, &story);

	while (!r && more)
		r = store_spread_dirt(s, 3, &more);
	return r;
}

static int put_round(struct store *s, int round)
{
	struct store_source source = { .name = STR("/source"), .size = 1 };
	bool last = round == ROUNDS - 1;
	struct fault f;
	int64_t id;
	int r = store_source_start(s, &source, &id);

	fault_set(&f, 1, "field", "reason");
	if (!r)
		r = store_put_refusal(s, id, &f, STR("bytes"), 5);
	for (int i = round * PER_ROUND; i < (round + 1) * PER_ROUND && !r; i++)
		r = put_one_item(s, i, false);
	/* The items of the round before come again, and tell more: keyframes are replaced. */
	for (int i = (round - 1) * PER_ROUND; i < round * PER_ROUND && i >= 0 && !r; i++)
		r = put_one_item(s, i, true);
	/* What events are found by waits until the next round's story, but for the last one's. */
	if (!r && !last)
		r = put_one_story(s);
	for (int i = round * PER_ROUND; i < (round + 1) * PER_ROUND && !r; i++)
		r = put_one_event(s, i);
	return r || !last ? r : put_one_story(s);
}

static void closed(struct store **s)
{
	*s = store_close(*s);
}

int scenario_run(const char *path)
{
	_cleanup_(closed) struct store *s = NULL;
	struct fault f;
	int r = store_open(path, STORE_WRITE, true, &s, &f);

	if (!r)
		s->writer->gathered.few = 1;
	for (int round = 0; round < ROUNDS && !r; round++) {
		r = store_begin(s, "scenario");
		if (r)
			break;
		r = put_round(s, round);
		if (r)
			store_rollback(s);
		else
			r = store_commit(s);
	}
	return r;
}

static void assert_bodies(struct history *h)
{
	for (int i = 0; i < ROUNDS * PER_ROUND; i++) {
		struct store_state st;
		char body[256], rid[16];

		(void)snprintf(rid, sizeof(rid), "sg-%d", i % RESOURCES);
		make_body(i, i < (ROUNDS - 1) * PER_ROUND, body);
		assert_int_equal(store_state_find(h->s, resource_of(h, GROUP, rid).id,
						  1000 + i, 0, &st),
				 0);
		assert_body(h, st.id, body);
		assert_raw(h, st.id, "{\"raw\":1}");
	}
}

static void assert_lists(struct history *h)
{
	int keys = 0;

	assert_int_equal(count_token(h, POSTING_MENTION, TOKEN(1)), 24);
	assert_int_equal(count_token(h, POSTING_MENTION, UINT64_MAX), 24);
	for (int i = 0; i < 24; i++)
		assert_int_equal(count_token(h, POSTING_MENTION, TOKEN(100 + i)), 1);
	assert_int_equal(count_token(h, POSTING_ACTOR, mention_token(STR("AKIA1"))), 24);
	for (int part = 0; part < 256; part++)
		keys += count_list(h, POSTING_KEY, part);
	assert_int_equal(keys, 24);
}

void scenario_assert(struct history *h)
{
	static const char *const zero[] = {
		"SELECT count(*) - 24 FROM state",
		"SELECT count(*) - 24 FROM resource r JOIN shown n ON n.resource = r.id",
		"SELECT count(*) - 5 FROM resource",
		"SELECT count(*) - 1 FROM refusal",
		"SELECT n - 24 FROM counter WHERE name = 'item'",
		"SELECT n - 24 FROM counter WHERE name = 'event'",
		"SELECT n - 24 FROM counter WHERE name = 'shown'",
		"SELECT n - 5 FROM counter WHERE name = 'resource'",
		"SELECT n - 1 FROM counter WHERE name = 'refusal'",
		"SELECT n - 24 FROM tally WHERE what = 'item'",
		"SELECT n - 24 FROM tally WHERE what = 'event'",
		"SELECT sum(states) - 24 FROM resource_view",
		"SELECT count(*) - 5 FROM dirty",
		"SELECT count(*) FROM spread",
		"SELECT count(*) FROM gathered",
	};

	assert_sound(h);
	assert_zeros(h, zero, ARRAY_SIZE(zero));
	history_open(h, STORE_READ, 0);
	assert_bodies(h);
	assert_lists(h);
	history_close(h);
}
