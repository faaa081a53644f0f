/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What workers packed with a dictionary that is gone: after a rollback another one has its number, and
 * is shared as well.
 */
#include <stdio.h>

#include "code_shared.h"
#include "history.h"
#include "private.h"
#include "store/activity.h"
#include "store/write.h"

/* A record of a kind, whose parts repeat in others of it; the same for the same number. */
static void make(const char *kind, int i, struct buf *ret)
{
	uint64_t x = (uint64_t)i * UINT64_C(0xD1B54A32D192ED03) + 1;

	buf_reset(ret);
	for (int part = 0; part < 6; part++)
		buf_printf(
			ret,
			"%c\"%sOf%d\":\"the %s of a %s's part, %s-%d\",\"%d\":\"%016llx\"",
			part ? ',' : '{', kind, part, kind, kind, kind, (i + part) % 7,
			part, (unsigned long long)(x * (uint64_t)(2 * part + 1)));
	buf_put(ret, "}", sizeof("}"));
}

/* In the transaction at hand; *code (NULL: none) goes with the last. */
static void add_events(struct history *h, const char *kind, int n, const struct buf *code)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	for (int i = 0; i < n; i++) {
		struct store_record record;
		enum store_put put;
		struct event e;
		char id[32];

		(void)snprintf(id, sizeof(id), "event-%d", i);
		make(kind, i, &text);
		e = event_of(id, 1000 + i);
		record = (struct store_record){ .raw = str_of(text.data),
						.identity = e.id };
		if (code && i == n - 1)
			record.code = buf_str(code);
		assert_int_equal(store_put_event(h->s, &e, &record, NULL, NULL, 1, &put),
				 0);
	}
}

/* A code of the one that is gone is not taken. */
static void another_for_events(void **state)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT, text = BUF_INIT,
					 got = BUF_INIT;
	struct history *h = *state;
	struct block_apart apart;
	struct str coded;

	begin(h);
	add_events(h, "trail", 600, NULL);
	make("bucket", 599, &text);
	assert_int_equal(store_event_code(store_coders(h->s), str_of(text.data),
					  STR("event-599"), &old),
			 0);
	assert_true(shared_code_take(buf_str(&old), 1, &apart, &coded));
	store_rollback(h->s);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary"), 0);
	begin(h);
	add_events(h, "bucket", 600, &old);
	assert_int_equal(store_event_code(store_coders(h->s), str_of(text.data),
					  STR("event-599"), &new),
			 0);
	assert_true(shared_code_take(buf_str(&new), 1, &apart, &coded));
	assert_false(shared_code_take(buf_str(&old), 1, &apart, &coded));
	commit(h);
	assert_int_equal(ask(h, "SELECT max(id) FROM dictionary"), 1);
	assert_int_equal(store_event_body(h->s, 600, &got), 0);
	assert_true(str_eq(buf_str(&got), str_of(text.data)));
}

/* States of resources of their own, of what is made; the last with a code, if there is one. */
static void add_states(struct history *h, const char *kind, int n, const struct buf *code)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	for (int i = 0; i < n; i++) {
		enum store_put put;
		struct item item;
		char rid[32];

		(void)snprintf(rid, sizeof(rid), "sg-%d", i);
		make(kind, i, &text);
		item = item_of(GROUP, rid, 1000 + i, "1", text.data);
		if (code && i == n - 1)
			item.code = buf_str(code);
		assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	}
}

/* Likewise: the state goes in packed anew. */
static void another_for_states(void **state)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT, text = BUF_INIT,
					 scratch = BUF_INIT;
	struct history *h = *state;
	struct zcodec *codec = NULL;
	struct item item;
	struct str frame;

	assert_int_equal(zcodec_new(1, &codec), 0);
	make("bucket", 409, &text);
	item = item_of(GROUP, "sg-409", 1409, "1", text.data);
	begin(h);
	add_states(h, "trail", 410, NULL);
	assert_int_equal(
		store_state_code(store_coders(h->s), codec, &item, &scratch, &old), 0);
	assert_true(shared_frame_take(buf_str(&old), 1, &frame));
	store_rollback(h->s);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary"), 0);
	begin(h);
	add_states(h, "bucket", 410, &old);
	assert_int_equal(
		store_state_code(store_coders(h->s), codec, &item, &scratch, &new), 0);
	assert_false(shared_frame_take(buf_str(&old), 1, &frame));
	assert_true(shared_frame_take(buf_str(&new), 1, &frame));
	commit(h);
	assert_int_equal(ask(h, "SELECT max(id) FROM dictionary"), 1);
	assert_body(h, state_first(410), text.data);
	zcodec_free(codec);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)
	const struct CMUnitTest tests[] = {
		CASE(another_for_events),
		CASE(another_for_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
