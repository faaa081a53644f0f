/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' history: see history.h. */
#include "history.h"

#include "pack_put.h"
#include "private.h"
#include "run.h"
#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

int history_setup_closed(void **state)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return -1;
	/* In memory where that can be had: every commit is synced. */
	(void)snprintf(h->dir, sizeof(h->dir), "%s/driftfs-store-XXXXXX",
		       access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(h->dir)) {
		free(h);
		return -1;
	}
	(void)snprintf(h->path, sizeof(h->path), "%s/history.db", h->dir);
	*state = h;
	return 0;
}

int history_setup(void **state)
{
	if (history_setup_closed(state))
		return -1;
	history_open(*state, STORE_WRITE, 0);
	return 0;
}

void history_open(struct history *h, enum store_mode mode, int expected)
{
	history_close(h);
	assert_int_equal(store_open(h->path, mode, false, &h->s, &h->fault), expected);
}

void history_close(struct history *h)
{
	h->s = store_close(h->s);
}

static void run_sql(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

void history_make_first(struct history *h)
{
	size_t n;
	const struct migration *first = schema_migrations(&n);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	run_sql(db, "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;"
		    "PRAGMA application_id = 1148347988;");
	for (const char *const *sql = first->sql; *sql; sql++)
		run_sql(db, *sql);
	run_sql(db, "PRAGMA user_version = 1");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int history_teardown(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	struct history *h = *state;

	history_close(h);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s%s", h->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(h->dir);
	arena_deinit(&h->a);
	store_ousted_deinit(&h->ousted);
	free(h);
	return 0;
}

/* What readers go by, before the transaction. */
static const char before[] = "DROP TABLE IF EXISTS temp.was; CREATE TEMP TABLE was AS "
			     "SELECT v.resource, v.changed_ms, f.id AS folder, f.changed "
			     "FROM resource_view v JOIN resource r ON r.id = v.resource "
			     "JOIN folder f ON f.id = r.folder;";

/* Resources that have changed in a folder that does not say so. */
static const char unnoted[] =
	"SELECT count(*) FROM was w JOIN resource_view v ON v.resource = w.resource "
	"JOIN folder f ON f.id = w.folder WHERE v.changed_ms <> w.changed_ms "
	"AND f.changed = w.changed";

void begin(struct history *h)
{
	assert_int_equal(store_begin(h->s, "test"), 0);
	assert_int_equal(sqlite3_exec(h->s->db, before, NULL, NULL, NULL), SQLITE_OK);
}

void commit(struct history *h)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(store_commit(h->s), 0);
	assert_int_equal(sqlite3_prepare_v2(h->s->db, unnoted, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int64(q, 0), 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

void sweep_all(struct history *h)
{
	bool more = true;

	assert_int_equal(store_sweep(h->s, false, &more), 0);
	assert_false(more);
}

struct item item_of(const char *type, const char *rid, int64_t ms, const char *state_id,
		    const char *body)
{
	return (struct item){ .account = STR(ACCOUNT),
			      .region = STR(REGION),
			      .type = str_of(type),
			      .id = str_of(rid),
			      .captured_ms = ms,
			      .state_id = str_of(state_id),
			      .status = ITEM_OK,
			      .guise = ITEM_GUISE_DELIVERY,
			      .body = str_of(body),
			      .raw = str_of(body) };
}

struct event event_of(const char *id, int64_t ms)
{
	return (struct event){ .id = str_of(id),
			       .time_ms = ms,
			       .source = STR("ec2.amazonaws.com"),
			       .name = STR("AuthorizeSecurityGroupIngress"),
			       .account = STR(ACCOUNT),
			       .region = STR(REGION) };
}

enum store_put put_item(struct history *h, const struct item *item)
{
	enum store_put put;

	begin(h);
	assert_int_equal(store_put_item(h->s, item, 1, &put, &h->ousted), 0);
	commit(h);
	return put;
}

enum store_put put_event(struct history *h, const struct event *e, const char *raw,
			 const uint64_t *tokens, size_t n)
{
	struct mention_set mentions = { (uint64_t *)(uintptr_t)tokens, n };
	enum store_put put;

	begin(h);
	assert_int_equal(store_put_event(h->s, e,
					 &(struct store_record){ .raw = str_of(raw),
								 .identity = e->id },
					 tokens ? &mentions : NULL, NULL, 1, &put),
			 0);
	commit(h);
	return put;
}

void history_put_told(struct history *h, int number, int64_t ms,
		      const struct event_told *told)
{
	char id[48];
	enum store_put put;
	struct event e;

	(void)snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000",
		       (unsigned)number);
	e = event_of(id, ms);
	assert_int_equal(store_put_event(h->s, &e,
					 &(struct store_record){ .raw = STR("{\"a\":1}"),
								 .identity = e.id },
					 NULL, told, 1, &put),
			 0);
	assert_int_equal(put, STORE_PUT_NEW);
}

int64_t history_put_alarm(struct history *h, const char *alarm, int64_t ms)
{
	const struct transition t = { .alarm = { .name = str_of(alarm),
						 .account = STR(ACCOUNT),
						 .region = STR(REGION) },
				      .time_ms = ms,
				      .state = STR("ALARM"),
				      .raw = STR("{}") };
	enum store_put put;
	int64_t row;

	begin(h);
	assert_int_equal(store_put_transition(h->s, &t, NULL, 1, &put, &row), 0);
	commit(h);
	return row;
}

void pack_resource(struct history *h, int64_t resource)
{
	struct store_story story = { .dirty = { .resource = resource } };

	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	commit(h);
}

struct store_resource resource_of(struct history *h, const char *type, const char *rid)
{
	struct store_resource ret;
	int64_t id;

	assert_int_equal(store_resource_lookup(h->s, STR(ACCOUNT), STR(REGION),
					       str_of(type), str_of(rid), &id),
			 0);
	assert_int_equal(store_resource_get(h->s, id, &h->a, &ret), 0);
	return ret;
}

size_t states_of(struct history *h, int64_t resource, struct store_state ret[64])
{
	size_t n;

	assert_int_equal(store_states(h->s, resource, -1, 0, true, ret, 64, &n), 0);
	return n;
}

void assert_body(struct history *h, int64_t state, const char *body)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	assert_int_equal(store_state_body(h->s, state, &b), 0);
	buf_put_char(&b, '\0');
	assert_string_equal(b.data, body);
}

void assert_raw(struct history *h, int64_t state, const char *raw)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	assert_int_equal(store_state_raw(h->s, state, &b), 0);
	buf_put_char(&b, '\0');
	assert_string_equal(b.data, raw);
}

void assert_sound(struct history *h)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(q, 0), "ok");
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A connection that knows the store's tables, and nothing of what h->s has open. */
static struct store *beside_open(struct history *h)
{
	struct store *beside = calloc(1, sizeof(*beside));

	assert_non_null(beside);
	assert_int_equal(sqlite3_open(h->path, &beside->db), SQLITE_OK);
	assert_int_equal(run_table(beside), SQLITE_OK);
	return beside;
}

static void beside_close(struct store *beside)
{
	connection_close(beside);
	free(beside);
}

static int64_t ask_beside(struct store *beside, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t ret;

	assert_int_equal(sqlite3_prepare_v2(beside->db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	ret = sqlite3_column_int64(q, 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	return ret;
}

int64_t ask(struct history *h, const char *sql)
{
	struct store *beside = beside_open(h);
	int64_t ret = ask_beside(beside, sql);

	beside_close(beside);
	return ret;
}

void assert_zeros(struct history *h, const char *const *sql, size_t n)
{
	struct store *beside = beside_open(h);

	for (size_t i = 0; i < n; i++)
		if (ask_beside(beside, sql[i]))
			fail_msg("%s", sql[i]);
	beside_close(beside);
}

bool is_frame(struct history *h, int64_t state, struct str frame)
{
	_cleanup_(buf_deinit) struct buf sql = BUF_INIT;

	buf_printf(&sql, "SELECT body = x'");
	for (size_t i = 0; i < frame.n; i++)
		buf_printf(&sql, "%02x", (unsigned)(unsigned char)frame.p[i]);
	buf_printf(&sql, "' FROM state WHERE id = %lld", (long long)state);
	buf_put_char(&sql, '\0');
	return ask(h, sql.data) == 1;
}

static int count(void *ctx, const struct posting *p _unused_, bool *more _unused_)
{
	++*(int *)ctx;
	return 0;
}

int count_list(struct history *h, enum posting_list list, int64_t key)
{
	int n = 0;

	assert_int_equal(postings_each(h->s, list, key, INT64_MIN, INT64_MAX, count, &n),
			 0);
	return n;
}

int count_token(struct history *h, enum posting_list list, uint64_t token)
{
	return count_list(h, list, posting_key_of_token(token));
}
