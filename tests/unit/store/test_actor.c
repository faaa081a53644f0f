/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands behind a call: what is kept of sessions tells the same as reading it anew. */
#include "history.h"
#include "model/story.h"
#include "private.h"

#define ARN(name) "arn:aws:sts::123456789012:assumed-role/" name

/* An identity that is a role's session, or a user. */
static struct jv *identity_of(struct history *h, const char *arn)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	bool session = strstr(arn, "assumed-role") != NULL;
	struct jv *v = arena_alloc(&h->a, sizeof(*v));
	struct str kept;

	buf_printf(&text, "{\"type\":\"%s\",\"arn\":\"%s\"}",
		   session ? "AssumedRole" : "IAMUser", arn);
	kept = arena_str(&h->a, buf_str(&text));
	assert_non_null(v);
	assert_int_equal(jv_parse(&h->a, kept, v, NULL), 0);
	return v;
}

/* `by` opens a session: its key and its ARN, acting with a key of its own. */
static void put_opening(struct history *h, const char *id, int64_t ms, const char *by,
			const char *by_key, const char *key, const char *arn)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	struct event e;
	struct jv *record = arena_alloc(&h->a, sizeof(*record));

	buf_printf(&raw,
		   "{\"eventVersion\":\"1.08\",\"eventID\":\"%s\","
		   "\"eventTime\":\"1970-01-01T00:00:%02dZ\","
		   "\"eventSource\":\"sts.amazonaws.com\",\"eventName\":\"AssumeRole\","
		   "\"awsRegion\":\"us-east-1\",\"userIdentity\":{\"type\":\"%s\","
		   "\"arn\":\"%s\",\"accessKeyId\":\"%s\"},\"responseElements\":{"
		   "\"credentials\":{\"accessKeyId\":\"%s\"},"
		   "\"assumedRoleUser\":{\"arn\":\"%s\"}}}",
		   id, (int)(ms / 1000),
		   strstr(by, "assumed-role") ? "AssumedRole" : "IAMUser", by, by_key,
		   key, arn);
	assert_int_equal(buf_error(&raw), 0);
	assert_non_null(record);
	assert_int_equal(jv_parse(&h->a, arena_str(&h->a, buf_str(&raw)), record, NULL),
			 0);
	assert_int_equal(event_from_jv(record, &e, NULL), 0);
	buf_put_char(&raw, '\0');
	assert_int_equal(put_event(h, &e, raw.data, NULL, 0), STORE_PUT_NEW);
}

static void put_openings(struct history *h)
{
	/* One session after the other under one ARN, the second of another person. */
	put_opening(h, "a", 10000, "arn:aws:iam::123456789012:user/ann", "AKIA1", "ASIA1",
		    ARN("Admin/s"));
	put_opening(h, "b", 30000, "arn:aws:iam::123456789012:user/bob", "AKIA2", "ASIA2",
		    ARN("Admin/s"));
	/* Out of the first a second role. */
	put_opening(h, "c", 12000, ARN("Admin/s"), "ASIA1", "ASIA3", ARN("Deploy/t"));
	/* A role that assumes itself. */
	put_opening(h, "d", 13000, ARN("Loop/l"), "ASIA4", "ASIA4", ARN("Loop/l"));
}

static void assert_same(const struct story_actor *a, const struct story_actor *b)
{
	assert_true(str_eq(a->principal, b->principal));
	assert_int_equal(a->n_via, b->n_via);
	for (size_t i = 0; i < a->n_via; i++)
		assert_true(str_eq(a->via[i], b->via[i]));
}

/* Each call with each key at each time, over and over, in an order that goes back and forth. */
static void test_kept(void **state)
{
	static const char *const arns[] = { ARN("Admin/s"), ARN("Deploy/t"),
					    ARN("Loop/l"), ARN("Nobody/n"),
					    "arn:aws:iam::123456789012:user/ann" };
	static const char *const keys[] = { "", "ASIA1", "ASIA2", "ASIA3", "ASIA9" };
	struct history *h = *state;
	struct store_actors *kept = NULL;
	size_t n = ARRAY_SIZE(arns) * ARRAY_SIZE(keys) * 40;

	put_openings(h);
	assert_int_equal(store_actors_new(&kept), 0);
	for (size_t i = 0; i < 3 * n; i++) {
		size_t k = i * 7919 % n;
		struct event e = event_of("x", (int64_t)(k / 25) * 1000);
		struct story_actor with, without;

		e.access_key = str_of(keys[k % ARRAY_SIZE(keys)]);
		e.identity = identity_of(h, arns[k / 5 % ARRAY_SIZE(arns)]);
		assert_int_equal(store_actor_of(h->s, &e, &h->a, &without), 0);
		assert_int_equal(store_actor_kept(h->s, kept, &e, &h->a, &with), 0);
		assert_same(&with, &without);
		assert_null(h->s->actors);
	}
	assert_null(store_actors_free(kept));
}

static void assert_principal(struct history *h, struct store_actors *kept, int64_t ms,
			     const char *principal, size_t n_via)
{
	struct event e = event_of("x", ms);
	struct story_actor actor;

	e.identity = identity_of(h, ARN("Admin/s"));
	assert_int_equal(store_actor_kept(h->s, kept, &e, &h->a, &actor), 0);
	assert_true(str_is(actor.principal, principal));
	assert_int_equal(actor.n_via, n_via);
}

/* An ARN is the first person's until the other opens a session under it. */
static void test_one_after_the_other(void **state)
{
	struct history *h = *state;
	struct store_actors *kept = NULL;

	put_openings(h);
	assert_int_equal(store_actors_new(&kept), 0);
	for (int i = 0; i < 2; i++) {
		assert_principal(h, kept, 9999, "assumed-role/Admin/s", 0);
		assert_principal(h, kept, 10000, "user/ann", 1);
		assert_principal(h, kept, 29999, "user/ann", 1);
		assert_principal(h, kept, 30000, "user/bob", 1);
		assert_principal(h, kept, 0, "assumed-role/Admin/s", 0);
	}
	assert_null(store_actors_free(kept));
	assert_null(store_actors_free(NULL));
}

static void assert_viewed(struct history *h, struct store *s, const char *principal)
{
	struct event e = event_of("x", 20000);
	struct story_actor actor;

	e.identity = identity_of(h, ARN("Admin/s"));
	assert_int_equal(store_actor_of(s, &e, &h->a, &actor), 0);
	assert_true(str_is(actor.principal, principal));
}

/* A reader keeps what it found from view to view, until somebody has committed. */
static void test_views(void **state)
{
	struct history *h = *state;
	struct store *reader = NULL;
	struct store_actors *kept;

	put_opening(h, "d", 13000, ARN("Loop/l"), "ASIA4", "ASIA4", ARN("Loop/l"));
	assert_int_equal(store_open(h->path, STORE_READ, false, &reader, &h->fault), 0);
	assert_viewed(h, reader, "assumed-role/Admin/s");
	assert_null(reader->actors);
	assert_int_equal(store_read_begin(reader), 0);
	assert_viewed(h, reader, "assumed-role/Admin/s");
	kept = reader->actors;
	assert_non_null(kept);
	put_opening(h, "a", 10000, "arn:aws:iam::123456789012:user/ann", "AKIA1", "ASIA1",
		    ARN("Admin/s"));
	/* The view is the one of before. */
	assert_viewed(h, reader, "assumed-role/Admin/s");
	store_read_end(reader);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_read_begin(reader), 0);
		assert_viewed(h, reader, "user/ann");
		assert_true(i == 0 || reader->actors == kept);
		kept = reader->actors;
		store_read_end(reader);
	}
	reader = store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_one_after_the_other, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_views, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
