/* SPDX-License-Identifier: Apache-2.0 */
/* Names of resources: put as a difference, counted, and gone with the last that had them. */
#include <stdio.h>

#include "history.h"
#include "model/name.h"
#include "store/names.h"

#define NAME(t)                                   \
	{                                         \
		STORE_NAME_NAME, STR_NULL, STR(t) \
	}
#define ARN(t)                                   \
	{                                        \
		STORE_NAME_ARN, STR_NULL, STR(t) \
	}
#define RID(t)                                  \
	{                                       \
		STORE_NAME_ID, STR_NULL, STR(t) \
	}
#define TAG(k, t)                              \
	{                                      \
		STORE_NAME_TAG, STR(k), STR(t) \
	}
#define ROLE         "arn:aws:iam::1:role/a/b/R"
#define COUNT(table) ask(h, "SELECT count(*) FROM " table)
#define BEARERS      ask(h, "SELECT coalesce(sum(n), 0) FROM name")

static int64_t make(struct history *h, const char *rid, int64_t ms)
{
	struct item item = item_of(GROUP, rid, ms, "1", "{\"a\":1}");

	put_item(h, &item);
	return resource_of(h, GROUP, rid).id;
}

static int put(struct history *h, int64_t resource, struct store_name *names, size_t n)
{
	struct store_state states[64];
	struct store_shown shown[64];
	struct store_story story = { .dirty = { resource, INT64_MIN },
				     .shown = shown,
				     .names = names,
				     .n_names = n };
	int r;

	story.n_shown = states_of(h, resource, states);
	for (size_t i = 0; i < story.n_shown; i++)
		shown[i] = (struct store_shown){ .state = states[i].id,
						 .time_ms = states[i].time_ms,
						 .twin = states[i].twin };
	begin(h);
	r = store_put_story(h->s, &story);
	if (r)
		store_rollback(h->s);
	else
		commit(h);
	return r;
}

#define PUT(resource, ...)                                     \
	put(h, resource, (struct store_name[]){ __VA_ARGS__ }, \
	    ARRAY_SIZE(((struct store_name[]){ __VA_ARGS__ })))

static struct store_key find(struct history *h, int64_t space, const char *name)
{
	struct store_key key = { 0 };
	int r = store_key_find(h->s, space, str_of(name), &h->a, &key);

	assert_true(r == 0 || r == STORE_E_NOT_FOUND);
	return key;
}

static void test_shared(void **state)
{
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000), two = make(h, "sg-2", 3000);
	struct store_resource page[4];
	struct store_key key;
	size_t n;

	assert_int_equal(PUT(one, NAME("web")), 0);
	key = find(h, STORE_SPACE_NAMES, "web");
	assert_int_equal(key.n, 1);
	assert_int_equal(key.resource, one);
	assert_int_equal(key.newest_ms, 1000);
	assert_int_equal(PUT(two, NAME("db"), NAME("web")), 0);
	key = find(h, STORE_SPACE_NAMES, "web");
	assert_int_equal(key.n, 2);
	assert_int_equal(key.newest_ms, 3000);
	assert_int_equal(store_key_resources(h->s, &key, 0, &h->a, page, 4, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(page[1].id, two);
	assert_true(str_is(page[1].type, GROUP));
	assert_int_equal(store_key_has(h->s, &key, two), 0);
	assert_int_equal(store_key_has(h->s, &key, 99), STORE_E_NOT_FOUND);
	/* The one that was newest loses it, then the other. */
	assert_int_equal(PUT(two, NAME("db")), 0);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "web").newest_ms, 1000);
	assert_int_equal(PUT(one, NAME("db")), 0);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "web").id, 0);
	assert_int_equal(COUNT("name"), 1);
	assert_int_equal(BEARERS, 2);
}

/* The resources that have the name, by pages, as numbers from 1 on. */
static void assert_bearers(struct history *h, const char *name, uint64_t n)
{
	struct store_key key = find(h, STORE_SPACE_NAMES, name);
	struct store_resource page[3];
	int64_t after = 0;
	uint64_t count = 0;
	size_t got;

	assert_int_equal(key.n, n);
	do {
		assert_int_equal(
			store_key_resources(h->s, &key, after, &h->a, page, 3, &got), 0);
		assert_true(!count || got == 0 || page[0].id > after);
		for (size_t i = 0; i < got; i++) {
			if (count++ == 0)
				assert_int_equal(page[i].id, key.resource);
			after = page[i].id;
			assert_int_equal(store_key_has(h->s, &key, after), 0);
		}
	} while (got == 3);
	assert_int_equal(count, n);
	assert_int_equal(store_key_resources(h->s, &key, INT64_MAX, &h->a, page, 3, &got),
			 0);
	assert_int_equal(got, 0);
}

/*
 * A name that is its resource's id, of one resource, of many, of one again: whoever comes or goes
 * first, it is the same name, and only who shares it has postings.
 */
static void test_bearers(void **state)
{
	enum { MANY = 300 };
	struct history *h = *state;
	int64_t ids[MANY];
	char rid[16];

	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(rid, sizeof(rid), "sg-%u", i);
		ids[i] = make(h, rid, 1000 + i);
	}
	/* The one whose id it is comes first, or in the middle, or last. */
	for (unsigned at = 0; at < 3; at++) {
		unsigned first = at == 0 ? 7 : at == 1 ? 3 : 8;

		(void)snprintf(rid, sizeof(rid), "sg-%u", 7);
		assert_int_equal(PUT(ids[first], NAME("sg-7")), 0);
		assert_int_equal(ask(h, "SELECT tail IS NULL FROM name"), first == 7);
		assert_bearers(h, rid, 1);
		assert_int_equal(COUNT("bearer"), 0);
		assert_int_equal(PUT(ids[10 - at], NAME("sg-7")), 0);
		assert_bearers(h, rid, first == 10 - at ? 1 : 2);
		for (unsigned i = 0; i < MANY; i++)
			assert_int_equal(PUT(ids[i * 7 % MANY], NAME("sg-7")), 0);
		assert_bearers(h, rid, MANY);
		assert_in_range(COUNT("bearer"), MANY / 128, 6);
		assert_int_equal(find(h, STORE_SPACE_NAMES, rid).newest_ms,
				 1000 + MANY - 1);
		/* The newest goes, and then all but one. */
		for (unsigned i = MANY; i-- > 0;)
			if (i != 5)
				assert_int_equal(put(h, ids[i], NULL, 0), 0);
		assert_bearers(h, rid, 1);
		assert_int_equal(find(h, STORE_SPACE_NAMES, rid).resource, ids[5]);
		assert_int_equal(find(h, STORE_SPACE_NAMES, rid).newest_ms, 1005);
		assert_int_equal(COUNT("bearer"), 0);
		assert_int_equal(put(h, ids[5], NULL, 0), 0);
		assert_int_equal(COUNT("name"), 0);
	}
	assert_sound(h);
}

/* Stems are made up to each slash, kept while anything needs them, and go with it. */
static void test_stems(void **state)
{
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000), two = make(h, "/x/y/z", 2000), id;

	assert_int_equal(PUT(one, ARN(ROLE), TAG("env", "prod")), 0);
	assert_int_equal(PUT(two, ARN("arn:aws:iam::1:role/a/S"), RID("/x/y/z"),
			     TAG("env", "prod")),
			 0);
	assert_int_equal(store_stem_find(h->s, STORE_SPACE_ARNS,
					 STR("arn:aws:iam::1:role/"), &id),
			 0);
	assert_int_equal(store_stem_find(h->s, STORE_SPACE_NAMES,
					 STR("arn:aws:iam::1:role/"), &id),
			 STORE_E_NOT_FOUND);
	assert_int_equal(store_stem_find(h->s, STORE_SPACE_IDS, STR("/x/"), &id), 0);
	assert_int_equal(store_stem_find(h->s, STORE_SPACE_IDS, STR("/"), &id),
			 STORE_E_NOT_FOUND);
	/* role/, a/, b/; /x/, /x/y/; env */
	assert_int_equal(COUNT("stem"), 6);
	assert_int_equal(PUT(one, ARN("arn:aws:s3:::bucket")), 0);
	assert_int_equal(store_stem_find(h->s, STORE_SPACE_ARNS,
					 STR("arn:aws:iam::1:role/a/b/"), &id),
			 STORE_E_NOT_FOUND);
	assert_int_equal(COUNT("stem"), 6);
	assert_int_equal(PUT(two, RID("/x/y/z")), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM stem WHERE kind <> 3"), 1);
	assert_int_equal(ask(h, "SELECT n FROM stem WHERE text = 'arn:aws:s3:::'"), 1);
	assert_int_equal(PUT(one, RID("sg-1")), 0);
	assert_int_equal(COUNT("name") + COUNT("bearer"), 0);
	assert_int_equal(COUNT("stem"), 2);
}

/* Told again, nothing is written; in another order it is an error, not a mess. */
static void test_again(void **state)
{
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000), before;

	assert_int_equal(PUT(one, NAME("a"), NAME("b"), ARN(ROLE), TAG("k", "")), 0);
	before = ask(
		h, "SELECT sum(seq) FROM sqlite_sequence WHERE name IN ('name','stem')");
	assert_int_equal(PUT(one, NAME("a"), NAME("b"), ARN(ROLE), TAG("k", "")), 0);
	assert_int_equal(
		ask(h,
		    "SELECT sum(seq) FROM sqlite_sequence WHERE name IN ('name','stem')"),
		before);
	assert_int_equal(PUT(one, NAME("b"), NAME("a")), -EINVAL);
	assert_int_equal(PUT(one, NAME("a"), NAME("a")), -EINVAL);
	assert_int_equal(BEARERS, 4);
	assert_int_equal(COUNT("bearer"), 0);
}

/* Newest times of tags and names grow with a state, and shrink when it turns out hidden. */
static void test_newest(void **state)
{
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000);
	struct store_state states[64];
	struct store_shown shown = { .hidden = true };
	struct store_name names[] = { NAME("a"), TAG("k", "v") };
	struct store_story story = { .dirty = { one, 5000 },
				     .shown = &shown,
				     .n_shown = 1,
				     .names = names,
				     .n_names = 2 };
	struct store_tag tag;

	assert_int_equal(put(h, one, names, 2), 0);
	make(h, "sg-1", 5000);
	assert_int_equal(put(h, one, names, 2), 0);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 5000);
	assert_int_equal(store_tag_find(h->s, STR("k"), &h->a, &tag), 0);
	assert_int_equal(tag.newest_ms, 5000);
	assert_int_equal(states_of(h, one, states), 2);
	shown.state = states[1].id;
	shown.time_ms = 5000;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 1000);
	assert_int_equal(store_tag_get(h->s, tag.id, &h->a, &tag), 0);
	assert_int_equal(tag.newest_ms, 1000);
	assert_int_equal(find(h, tag.id, "v").newest_ms, 1000);
}

/* What came in and no story tells of yet is none of a name's, even if others of it are looked at. */
static void test_untold(void **state)
{
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000), two = make(h, "sg-2", 3000);
	struct store_name names[] = { NAME("a") };
	struct store_state states[64];
	struct store_shown shown = { .time_ms = 5000, .hidden = true };
	struct store_story story = { .dirty = { one, 5000 },
				     .shown = &shown,
				     .n_shown = 1,
				     .names = names,
				     .n_names = 1 };

	assert_int_equal(PUT(one, NAME("a")), 0);
	assert_int_equal(PUT(two, NAME("a")), 0);
	make(h, "sg-1", 5000);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 3000);
	assert_int_equal(PUT(two, NAME("b")), 0);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 1000);
	/* It only repeats; and what comes then does not. */
	assert_int_equal(states_of(h, one, states), 2);
	shown.state = states[1].id;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 1000);
	make(h, "sg-1", 7000);
	assert_int_equal(states_of(h, one, states), 3);
	shown = (struct store_shown){ .state = states[2].id, .time_ms = 7000 };
	story.dirty.from_ms = 7000;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	assert_int_equal(find(h, STORE_SPACE_NAMES, "a").newest_ms, 7000);
}

struct page {
	struct store_key *keys;
	size_t max, n;
};

static bool keep(void *ctx, const struct store_key *key)
{
	struct page *p = ctx;

	p->keys[p->n++] = *key;
	return p->n < p->max;
}

/* Up to so many of a space's names behind a cookie. */
static size_t list(struct history *h, int64_t space, uint64_t after,
		   struct store_key *keys, size_t max)
{
	struct page p = { keys, max, 0 };

	assert_int_equal(store_keys(h->s, space, after, &h->a, keep, &p), 0);
	return p.n;
}

/* Ids need no rows: the first resource of an id stands for it. */
static void test_ids(void **state)
{
	static char longer[400];
	struct history *h = *state;
	int64_t one = make(h, "sg-1", 1000), other;
	struct item item = item_of("AWS::X::Y", "sg-1", 2000, "1", "{\"a\":1}");
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct store_key keys[4];

	put_item(h, &item);
	other = resource_of(h, "AWS::X::Y", "sg-1").id;
	memset(longer, 'x', sizeof(longer) - 1);
	make(h, longer, 1000);
	assert_int_equal(list(h, STORE_SPACE_IDS, 0, keys, 4), 2);
	assert_int_equal(keys[0].id, one);
	assert_int_equal(keys[0].n, 2);
	assert_int_equal(keys[0].newest_ms, 2000);
	assert_int_equal(store_key_has(h->s, &keys[0], other), 0);
	assert_int_equal(store_key_has(h->s, &keys[1], other), STORE_E_NOT_FOUND);
	name_escape(&name, str_of(longer));
	assert_int_equal(
		store_key_find(h->s, STORE_SPACE_IDS, buf_str(&name), &h->a, keys), 0);
	assert_true(str_is(keys[0].text, longer));
	name.data[name.len - 1] ^= 1;
	assert_int_equal(store_key_find(h->s, STORE_SPACE_IDS, buf_str(&name), &h->a,
					keys),
			 STORE_E_NOT_FOUND);
	assert_int_equal(find(h, STORE_SPACE_IDS, "sg-2").id, 0);
}

/* Names of one kind in steps, among others, while more come. */
static void assert_listed(struct history *h, int64_t space, enum store_name_kind kind)
{
	static struct store_name names[300];
	static char texts[300][8];
	int64_t one = make(h, kind == STORE_NAME_ARN ? "sg-a" : "sg-1", 1000);
	struct store_key page[7];
	uint64_t after = 0;
	size_t n, seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool tag = i >= 200;

		(void)snprintf(texts[i], sizeof(texts[i]), "n%05zu", i);
		names[i] = (struct store_name){ tag ? STORE_NAME_TAG : kind,
						tag ? STR("key") : STR_NULL,
						str_of(texts[i]) };
	}
	assert_int_equal(put(h, one, names + 100, 200), 0);
	do {
		n = list(h, space, after, page, 7);
		for (size_t i = 0; i < n; i++) {
			assert_true(page[i].cookie > after);
			after = page[i].cookie;
			seen += str_cmp(page[i].text, str_of(texts[100])) >= 0;
		}
		if (seen < 20)
			assert_int_equal(put(h, one, names, 300), 0);
	} while (n == 7);
	assert_int_equal(seen, 100);
}

static void test_listing(void **state)
{
	assert_listed(*state, STORE_SPACE_NAMES, STORE_NAME_NAME);
	assert_listed(*state, STORE_SPACE_ARNS, STORE_NAME_ARN);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_shared),  CASE(test_stems),   CASE(test_again),
		CASE(test_newest),  CASE(test_untold),  CASE(test_ids),
		CASE(test_listing), CASE(test_bearers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
