/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Postings that wait for their lists: a program that ends before they are there leaves them to the
 * next one, none is lost or there twice, and whoever looks for an event or what names it finds it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "history.h"
#include "private.h"

#define EACH   300 /* events of a transaction */
#define TOKENS 40

static const char waiting[] = "SELECT count(*) FROM gathered";

static void name_of(int i, char ret[48])
{
	(void)snprintf(ret, 48, "%08x-0000-4000-8000-0123456789ab", (unsigned)i * 7919u);
}

static enum store_put put_one(struct history *h, int i)
{
	uint64_t tokens[] = { TOKEN(i % TOKENS), UINT64_MAX - TOKEN(i) };
	struct mention_set mentions = { tokens, ARRAY_SIZE(tokens) };
	enum store_put put;
	struct event e;
	char id[48];

	name_of(i, id);
	/* Not in their order. */
	e = event_of(id, 1000 * (int64_t)(i * 31 % 1000));
	e.access_key = STR("AKIA1");
	assert_int_equal(
		store_put_event(h->s, &e,
				&(struct store_record){ .raw = STR("{\"record\":true}"),
							.identity = e.id },
				&mentions, NULL, 1, &put),
		0);
	return put;
}

static void put_all(struct history *h, int from, int to, enum store_put expected)
{
	for (int i = from; i < to; i++)
		assert_int_equal(put_one(h, i), expected);
}

/* A transaction of its own, whose postings wait. */
static void put_waiting(struct history *h, int from, int to)
{
	h->s->writer->gathered.few = 1;
	begin(h);
	put_all(h, from, to, STORE_PUT_NEW);
	commit(h);
}

/* Of n events everything is in the lists, once. */
static void assert_whole(struct history *h, int n)
{
	int keys = 0;

	for (int i = 0; i < TOKENS; i++)
		assert_int_equal(count_token(h, POSTING_MENTION, TOKEN(i)),
				 (n - i + TOKENS - 1) / TOKENS);
	for (int i = 0; i < n; i += 17)
		assert_int_equal(count_token(h, POSTING_MENTION, UINT64_MAX - TOKEN(i)),
				 1);
	assert_int_equal(count_token(h, POSTING_ACTOR, mention_token(STR("AKIA1"))), n);
	for (int part = 0; part < 256; part++)
		keys += count_list(h, POSTING_KEY, part);
	assert_int_equal(keys, n);
	assert_int_equal(ask(h, waiting), 0);
	assert_sound(h);
}

static void spread(struct history *h)
{
	bool more = true;

	begin(h);
	while (more)
		assert_int_equal(store_spread_dirt(h->s, 100, &more), 0);
	commit(h);
}

/* Known while they wait, in this program and in the next one. */
static void test_known(void **state)
{
	struct history *h = *state;

	put_waiting(h, 0, EACH);
	assert_int_equal(ask(h, waiting), 3);
	assert_int_equal(ask(h, "SELECT count(*) FROM mention"), 0);
	put_waiting(h, EACH, 2 * EACH);
	for (int round = 0; round < 2; round++) {
		begin(h);
		put_all(h, 0, 2 * EACH, STORE_PUT_KNOWN);
		commit(h);
		assert_int_equal(ask(h, waiting), 6);
		history_open(h, STORE_WRITE, 0);
	}
	/* Few, but others wait. */
	begin(h);
	put_all(h, 2 * EACH, 2 * EACH + 5, STORE_PUT_NEW);
	commit(h);
	assert_int_equal(ask(h, waiting), 9);
	spread(h);
	assert_whole(h, 2 * EACH + 5);
}

/* Few and none wait: at once; and very many, whatever they are. */
static void test_few_and_many(void **state)
{
	struct history *h = *state;

	begin(h);
	put_all(h, 0, EACH, STORE_PUT_NEW);
	commit(h);
	assert_whole(h, EACH);
	put_waiting(h, EACH, 2 * EACH);
	h->s->writer->gathered.many = 3 * EACH;
	begin(h);
	put_all(h, 2 * EACH, 3 * EACH, STORE_PUT_NEW);
	commit(h);
	assert_whole(h, 3 * EACH);
}

/* Whoever asks finds them, before they are where it looks. */
static void test_found(void **state)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	struct history *h = *state;
	int64_t event;
	char id[48];

	for (int round = 0; round < 4; round++) {
		put_waiting(h, round * EACH, (round + 1) * EACH);
		assert_int_equal(ask(h, waiting), 3);
		if (round == 3)
			history_open(h, STORE_WRITE, 0);
		if (round == 1)
			begin(h);
		name_of(round * EACH + 1, id);
		if (round % 2)
			assert_int_equal(store_event_find(h->s, str_of(id), &event), 0);
		else
			assert_int_equal(store_events_of_token(h->s, TOKEN(3), INT64_MIN,
							       INT64_MAX, &hits),
					 0);
		if (round == 1)
			commit(h);
		assert_whole(h, (round + 1) * EACH);
	}
}

/* A rollback takes what its transaction brought, and no more; also of one that moved all. */
static void test_rolled_back(void **state)
{
	struct history *h = *state;

	put_waiting(h, 0, EACH);
	begin(h);
	put_all(h, EACH, 2 * EACH, STORE_PUT_NEW);
	store_rollback(h->s);
	begin(h);
	put_all(h, 0, EACH, STORE_PUT_KNOWN);
	put_all(h, EACH, EACH + 50, STORE_PUT_NEW);
	assert_int_equal(gathered_merge(h->s), 0);
	put_all(h, EACH + 50, 2 * EACH, STORE_PUT_NEW);
	store_rollback(h->s);
	assert_int_equal(ask(h, waiting), 3);
	begin(h);
	put_all(h, 0, EACH, STORE_PUT_KNOWN);
	put_all(h, EACH, 2 * EACH, STORE_PUT_NEW);
	commit(h);
	spread(h);
	assert_whole(h, 2 * EACH);
}

/* Killed behind a commit and in a transaction, and gone on with by another program. */
static void test_killed(void **state)
{
	struct history *h = *state;

	history_close(h);
	for (int round = 0; round < 4; round++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			history_open(h, STORE_WRITE, 0);
			put_waiting(h, round * EACH, (round + 1) * EACH);
			begin(h);
			put_all(h, (round + 1) * EACH, (round + 2) * EACH, STORE_PUT_NEW);
			if (round % 2)
				assert_int_equal(gathered_merge(h->s), 0);
			(void)kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		history_open(h, STORE_WRITE, 0);
		assert_int_equal(ask(h, waiting), 3 * (round + 1));
		begin(h);
		put_all(h, 0, (round + 1) * EACH, STORE_PUT_KNOWN);
		store_rollback(h->s);
		history_close(h);
	}
	history_open(h, STORE_WRITE, 0);
	spread(h);
	assert_whole(h, 4 * EACH);
}

/* --- units --------------------------------------------------------------------------------- */

static int64_t time_of_session(int i)
{
	return INT64_C(1714557600000) + i * 7919 % 1000 * INT64_C(60000);
}

/* Each in a session of its own: a unit, which is found by two tokens, one of them of no time. */
static void put_sessions(struct history *h, int from, int to)
{
	h->s->writer->gathered.few = 1;
	begin(h);
	for (int i = from; i < to; i++) {
		char id[48], key[24], arn[64];
		struct event_told told = { .principal = STR("assumed-role/Admin/u"),
					   .role = STR("role/Admin"),
					   .text_len = 1,
					   .jsonl_len = 1 };
		enum store_put put;
		struct event e;

		name_of(i, id);
		(void)snprintf(key, sizeof(key), "ASIA%d", i);
		(void)snprintf(arn, sizeof(arn), "arn:aws:sts::1:assumed-role/Admin/u%d",
			       i);
		e = event_of(id, time_of_session(i));
		e.access_key = str_of(key);
		told.session = str_of(arn);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = STR("{\"a\":1}"),
								.identity = e.id },
					NULL, &told, 1, &put),
			0);
		assert_int_equal(put, STORE_PUT_NEW);
	}
	commit(h);
}

/* Once, at that time alone. */
static void assert_unit(struct history *h, uint64_t token, int64_t time_ms)
{
	int64_t first, last;

	assert_int_equal(count_token(h, POSTING_UNIT, token), 1);
	assert_int_equal(postings_span(h->s, POSTING_UNIT, posting_key_of_token(token),
				       &first, &last),
			 0);
	assert_int_equal(first, time_ms);
	assert_int_equal(last, time_ms);
}

static void assert_units(struct history *h, int n)
{
	for (int i = 0; i < n; i++) {
		char key[24], arn[64];

		(void)snprintf(key, sizeof(key), "ASIA%d", i);
		(void)snprintf(arn, sizeof(arn), "arn:aws:sts::1:assumed-role/Admin/u%d",
			       i);
		assert_unit(h, ~mention_token(str_of(key)), 0);
		assert_unit(h, mention_token(str_of(arn)), time_of_session(i));
	}
	assert_int_equal(ask(h, waiting), 0);
	assert_sound(h);
}

/* In the program that took them in, in the next one, and where a rollback reads them again. */
static void test_units(void **state)
{
	struct history *h = *state;

	put_sessions(h, 0, EACH);
	spread(h);
	assert_units(h, EACH);
	put_sessions(h, EACH, 2 * EACH);
	history_open(h, STORE_WRITE, 0);
	put_sessions(h, 2 * EACH, 3 * EACH);
	begin(h);
	put_all(h, 3 * EACH, 3 * EACH + 1, STORE_PUT_NEW);
	store_rollback(h->s);
	assert_int_equal(ask(h, "SELECT count(*) FROM gathered WHERE list = 6"), 2);
	spread(h);
	assert_units(h, 3 * EACH);
}

/* Who issued a session is asked while the issuing waits. */
static void test_issuer(void **state)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	struct history *h = *state;
	struct event e = event_of("issuer", 5000);
	enum store_put put;
	struct jv response;

	assert_int_equal(jv_parse(&h->a,
				  STR("{\"credentials\":{\"accessKeyId\":\"ASIA1\"}}"),
				  &response, NULL),
			 0);
	e.source = STR("sts.amazonaws.com");
	e.name = STR("AssumeRole");
	e.response = &response;
	h->s->writer->gathered.few = 1;
	begin(h);
	assert_int_equal(
		store_put_event(h->s, &e,
				&(struct store_record){ .raw = STR("{\"issued\":1}"),
							.identity = e.id },
				NULL, NULL, 1, &put),
		0);
	commit(h);
	assert_int_equal(ask(h, waiting), 2);
	assert_int_equal(ask(h, "SELECT count(*) FROM session"), 0);
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_session_issuer(h->s, STR("ASIA1"), STR(""), 9000, &record),
			 0);
	assert_true(str_is(buf_str(&record), "{\"issued\":1}"));
	assert_int_equal(ask(h, waiting), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM session"), 1);
}

/* Of keys the filter has all, and few others. */
static void test_filter(void **state _unused_)
{
	struct key_filter f = { 0 };
	unsigned others = 0;

	assert_int_equal(key_filter_size(&f, 20000), 0);
	for (uint64_t i = 1; i <= 20000; i++)
		key_filter_add(&f, i * UINT64_C(0x9e3779b97f4a7c15));
	for (uint64_t i = 1; i <= 20000; i++) {
		assert_true(key_filter_may_have(&f, i * UINT64_C(0x9e3779b97f4a7c15)));
		others += key_filter_may_have(&f, i * UINT64_C(0xd6e8feb86659fd93));
	}
	assert_in_range(others, 0, 20000 * 4 / 100);
	key_filter_deinit(&f);
}

/* Its memory has an end: of more keys it says yes more often, and of those it has always. */
static void test_filter_full(void **state _unused_)
{
	struct key_filter f = { 0 };
	unsigned others = 0;

	assert_int_equal(key_filter_size(&f, (size_t)1 << 30), 0);
	assert_int_equal(f.n_words * sizeof(f.words[0]), 32 << 20);
	key_filter_deinit(&f);
	assert_int_equal(key_filter_size(&f, 1000), 0);
	for (uint64_t i = 1; i <= 3000; i++)
		key_filter_add(&f, i * UINT64_C(0x9e3779b97f4a7c15));
	for (uint64_t i = 1; i <= 3000; i++) {
		assert_true(key_filter_may_have(&f, i * UINT64_C(0x9e3779b97f4a7c15)));
		others += key_filter_may_have(&f, i * UINT64_C(0xd6e8feb86659fd93));
	}
	assert_in_range(others, 300, 1800);
	key_filter_deinit(&f);
}

/* Once it is made what is there is known as before, whenever it came; and it grows. */
static void test_filtered(void **state)
{
	struct history *h = *state;

	begin(h);
	put_all(h, 0, EACH, STORE_PUT_NEW);
	commit(h);
	history_open(h, STORE_WRITE, 0);
	h->s->writer->gathered.filter.asked = 1u << 20;
	begin(h);
	put_all(h, EACH, 2 * EACH, STORE_PUT_NEW);
	assert_int_equal(h->s->writer->gathered.filter.n, EACH);
	put_all(h, 0, 2 * EACH, STORE_PUT_KNOWN);
	commit(h);
	for (int n = 2; n < 6; n++) {
		begin(h);
		put_all(h, 0, n * EACH, STORE_PUT_KNOWN);
		put_all(h, n * EACH, (n + 1) * EACH, STORE_PUT_NEW);
		if (n == 3) {
			store_rollback(h->s);
			begin(h);
			put_all(h, n * EACH, (n + 1) * EACH, STORE_PUT_NEW);
		}
		commit(h);
	}
	assert_in_range(h->s->writer->gathered.filter.room, 3 * EACH, 20 * EACH);
	assert_whole(h, 6 * EACH);
}

static void exec(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What a row may become: cut off, an event that is not there or none, another list. */
static void test_damaged(void **state)
{
	static const char *const damages[] = {
		"postings = substr(postings, 1, length(postings) - 3)",
		"postings = CAST(postings || x'ff' AS BLOB)",
		"postings = CAST(x'ffffffffffffffffffffffff' || postings AS BLOB)",
		"postings = CAST(x'00' || substr(postings, 2) AS BLOB)",
		"postings = CAST(x'feffff7f' || substr(postings, 2) AS BLOB)",
		"postings = CAST(x'0201' || substr(postings, 3) AS BLOB)",
		"postings = CAST(x'02feffffffffffff7f' || substr(postings, 3) AS BLOB)",
		"list = 2",
		"list = 77",
	};
	struct history *h = *state;

	put_waiting(h, 0, EACH);
	history_close(h);
	exec(h->path, "CREATE TABLE saved AS SELECT * FROM gathered");
	for (size_t i = 0; i < ARRAY_SIZE(damages) * 3; i++) {
		char sql[256];

		(void)snprintf(sql, sizeof(sql), "UPDATE gathered SET %s WHERE id = %zu",
			       damages[i / 3], i % 3 + 1);
		exec(h->path, sql);
		/* Reading goes on, writing says what is wrong. */
		history_open(h, STORE_READ, 0);
		history_open(h, STORE_WRITE, 0);
		assert_int_equal(store_begin(h->s, "test"), STORE_E_DAMAGED);
		(void)snprintf(sql, sizeof(sql),
			       "row %zu of gathered postings cannot be decoded",
			       i % 3 + 1);
		assert_string_equal(store_message(h->s), sql);
		history_close(h);
		exec(h->path, "DELETE FROM gathered; INSERT INTO gathered SELECT * FROM "
			      "saved");
	}
	history_open(h, STORE_WRITE, 0);
	spread(h);
	assert_whole(h, EACH);
}

/* A key of an event that is not there: what comes is neither the same event nor a new one, and refused. */
static void test_key_of_none(void **state)
{
	struct history *h = *state;
	const struct mention_set none = { 0 };
	enum store_put put;
	struct event e;
	char sql[256], hex[17], id[48];
	uint64_t key;

	put_waiting(h, 0, 1);
	history_close(h);
	name_of(1, id);
	key = str_hash(str_of(id));
	for (size_t i = 0; i < sizeof(key); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned)(key >> (8 * i)) & 0xff);
	exec(h->path, "UPDATE counter SET n = n + 1 WHERE name = 'event row'");
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO gathered(list, postings) VALUES(3, x'08%s')", hex);
	exec(h->path, sql);
	history_open(h, STORE_WRITE, 0);
	begin(h);
	e = event_of(id, 0);
	assert_int_equal(store_put_event(h->s, &e,
					 &(struct store_record){ .raw = STR("{}"),
								 .identity = e.id },
					 &none, NULL, 1, &put),
			 0);
	assert_int_equal(put, STORE_PUT_DAMAGED);
	assert_non_null(strstr(store_message(h->s), "event of the list of keys 2"));
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM event_block"), 1);
	assert_int_equal(ask(h, waiting), 4);
}

/* What cannot go to its list waits on, and nothing is left half done. */
static void test_list_damaged(void **state)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	struct history *h = *state;

	begin(h);
	put_all(h, 0, EACH, STORE_PUT_NEW);
	commit(h);
	put_waiting(h, EACH, 2 * EACH);
	exec(h->path, "UPDATE mention SET places = x'ff'");
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_events_of_token(h->s, TOKEN(3), INT64_MIN,
						       INT64_MAX, &hits),
				 STORE_E_DAMAGED);
		assert_non_null(
			strstr(store_message(h->s), "the postings of mention from "));
		assert_int_equal(ask(h, waiting), 3);
	}
	begin(h);
	put_all(h, EACH, 2 * EACH, STORE_PUT_KNOWN);
	commit(h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_known),
		CASE(test_few_and_many),
		CASE(test_found),
		CASE(test_issuer),
		CASE(test_units),
		CASE(test_rolled_back),
		CASE(test_killed),
		CASE(test_filtered),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_full),
		CASE(test_damaged),
		CASE(test_key_of_none),
		CASE(test_list_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
