/* SPDX-License-Identifier: Apache-2.0 */
/* What store_open() makes of every kind of file, the writer lock, read-only places. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "history.h"
#include "private.h"
#include "schema/schema.h"

static void write_file(const char *path, const char *bytes, size_t n)
{
	_cleanup_(closep) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
}

static void run_sql(struct history *h, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_missing(void **state)
{
	struct history *h = *state;

	history_open(h, STORE_READ, STORE_E_MISSING);
	assert_true(h->fault.reason[0] != '\0');
	assert_int_equal(access(h->path, F_OK), -1);
	history_open(h, STORE_WRITE, 0);
	history_open(h, STORE_READ, 0);
}

static void test_made_private(void **state)
{
	struct history *h = *state;
	struct stat st;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(stat(h->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_empty(void **state)
{
	struct history *h = *state;

	write_file(h->path, "", 0);
	history_open(h, STORE_READ, STORE_E_OLDER);
	history_open(h, STORE_WRITE, 0);
	history_open(h, STORE_READ, 0);
}

static void test_not_sqlite(void **state)
{
	struct history *h = *state;
	char page[8192];

	memset(page, 'x', sizeof(page));
	write_file(h->path, page, sizeof(page));
	history_open(h, STORE_READ, STORE_E_NOT_HISTORY);
	history_open(h, STORE_WRITE, STORE_E_NOT_HISTORY);
	assert_non_null(strstr(h->fault.reason, "not a driftfs history"));
	write_file(h->path, "short", 5);
	history_open(h, STORE_WRITE, STORE_E_NOT_HISTORY);
	history_open(h, STORE_READ, STORE_E_NOT_HISTORY);
}

/* Another program's database is neither read nor written to: its journal mode stays, too. */
static void test_foreign(void **state)
{
	struct history *h = *state;

	run_sql(h, "CREATE TABLE theirs(x)");
	history_open(h, STORE_READ, STORE_E_NOT_HISTORY);
	history_open(h, STORE_WRITE, STORE_E_NOT_HISTORY);
	assert_int_equal(ask(h, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(
		ask(h, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
}

static void test_foreign_marked(void **state)
{
	struct history *h = *state;

	run_sql(h, "PRAGMA application_id = 77; PRAGMA user_version = 1");
	history_open(h, STORE_WRITE, STORE_E_NOT_HISTORY);
}

static void test_directory(void **state)
{
	struct history *h = *state;
	struct store *s = NULL;

	assert_int_equal(store_open(h->dir, STORE_READ, false, &s, &h->fault),
			 STORE_E_NOT_HISTORY);
	assert_true(store_open(h->dir, STORE_WRITE, false, &s, &h->fault) < 0);
	assert_null(s);
}

static void test_newer(void **state)
{
	struct history *h = *state;
	char sql[64];

	history_open(h, STORE_WRITE, 0);
	history_close(h);
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
		       schema_version() + 1);
	run_sql(h, sql);
	history_open(h, STORE_READ, STORE_E_NEWER);
	history_open(h, STORE_WRITE, STORE_E_NEWER);
	assert_non_null(strstr(h->fault.reason, "newer"));
}

/* Cut off between the journal mode and the schema: as good as empty. */
static void test_half_made(void **state)
{
	struct history *h = *state;

	run_sql(h, "PRAGMA journal_mode = WAL");
	history_open(h, STORE_READ, STORE_E_OLDER);
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(ask(h, "SELECT user_version FROM pragma_user_version"),
			 schema_version());
	assert_int_equal(ask(h, "SELECT application_id FROM pragma_application_id"),
			 SCHEMA_APPLICATION_ID);
}

/* A page of the middle overwritten: an answer, never a crash. */
static void test_damaged(void **state)
{
	_cleanup_(closep) int fd = -1;
	struct history *h = *state;
	struct store_totals totals;
	char page[8192];
	int r;

	history_open(h, STORE_WRITE, 0);
	history_close(h);
	memset(page, 0xa5, sizeof(page));
	fd = open(h->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 1; i < 40; i++)
		assert_int_equal(pwrite(fd, page, sizeof(page), (off_t)i * 8192),
				 sizeof(page));
	r = store_open(h->path, STORE_READ, false, &h->s, &h->fault);
	if (!r)
		r = store_totals(h->s, &totals);
	assert_int_equal(r, STORE_E_DAMAGED);
}

static void test_names_of_sqlite(void **state)
{
	struct history *h = *state;
	char cwd[256];

	/* ":memory:" and "file:x" are files like any other. */
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(h->dir), 0);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "file:x?mode=memory" : ":memory:";
		struct store *s = NULL;

		assert_int_equal(store_open(name, STORE_WRITE, false, &s, &h->fault), 0);
		s = store_close(s);
		assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(chdir(cwd), 0);
}

/* --- the lock ------------------------------------------------------------------------------ */

/* A child that opens for writing, says so, and closes when told. */
static pid_t other_writer(struct history *h, int told[2], int tells[2])
{
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(tells), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = NULL;
		struct fault f;
		char c = 0;
		int r = store_open(h->path, STORE_WRITE, false, &s, &f);

		(void)close(told[1]);
		(void)!write(tells[1], r ? "n" : "y", 1);
		(void)!read(told[0], &c, 1);
		s = store_close(s);
		_exit(r ? 1 : 0);
	}
	return pid;
}

static void expect_exit(pid_t pid, int code)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void close_all(int told[2], int tells[2])
{
	(void)close(told[0]);
	(void)close(told[1]);
	(void)close(tells[0]);
	(void)close(tells[1]);
}

static void test_one_writer(void **state)
{
	struct history *h = *state;
	int told[2], tells[2];
	char c = 0;
	pid_t pid = other_writer(h, told, tells);

	assert_int_equal(read(tells[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	history_open(h, STORE_WRITE, STORE_E_BUSY);
	assert_non_null(strstr(h->fault.reason, "another import"));
	history_open(h, STORE_READ, 0);
	assert_int_equal(write(told[1], "x", 1), 1);
	/* Waits for as long as the other one needs to close. */
	history_close(h);
	assert_int_equal(store_open(h->path, STORE_WRITE, true, &h->s, &h->fault), 0);
	expect_exit(pid, 0);
	close_all(told, tells);
}

/* Readers of the same process come and go; the writer's locks, both kinds, stay. */
static void test_lock_outlives_readers(void **state)
{
	struct history *h = *state;
	struct store *reader = NULL;
	int told[2], tells[2];
	char c = 0;
	pid_t pid;

	history_open(h, STORE_WRITE, 0);
	begin(h);
	assert_int_equal(store_open(h->path, STORE_WORKER, false, &reader, &h->fault), 0);
	reader = store_close(reader);
	pid = other_writer(h, told, tells);
	assert_int_equal(read(tells[0], &c, 1), 1);
	assert_int_equal(c, 'n');
	(void)close(told[1]);
	expect_exit(pid, 1);
	commit(h);
	(void)close(told[0]);
	(void)close(tells[0]);
	(void)close(tells[1]);
}

/* --- read-only places ---------------------------------------------------------------------- */

static int read_as_nobody(struct history *h)
{
	struct store_totals totals;
	struct store *s = NULL;
	struct fault f;
	uint64_t generation;
	int r;

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 77;
	r = store_open(h->path, STORE_READ, false, &s, &f);
	if (!r)
		r = store_totals(s, &totals);
	if (!r)
		r = store_generation(s, &generation);
	s = store_close(s);
	return r ? 1 : totals.items == 1 ? 0 : 2;
}

static void test_read_only_place(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	pid_t pid;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	history_close(h);
	assert_int_equal(chmod(h->path, 0444), 0);
	assert_int_equal(chmod(h->dir, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(read_as_nobody(h));
	expect_exit(pid, 0);
	assert_int_equal(chmod(h->dir, 0700), 0);
	assert_int_equal(chmod(h->path, 0600), 0);
}

/* --- generations --------------------------------------------------------------------------- */

static void test_generation(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	struct store *reader = NULL;
	uint64_t first, same, own, own_after, other;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_open(h->path, STORE_READ, false, &reader, &h->fault), 0);
	assert_int_equal(store_generation(reader, &first), 0);
	assert_int_equal(store_generation(reader, &same), 0);
	assert_int_equal(store_generation(h->s, &own), 0);
	assert_true(first == same);
	put_item(h, &item);
	assert_int_equal(store_generation(reader, &other), 0);
	assert_int_equal(store_generation(h->s, &own_after), 0);
	assert_true(other != first);
	assert_true(own_after != own);
	reader = store_close(reader);
}

/* Commits count in the history, if they change anything: two connections see the same number. */
static void test_commits(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	struct store *reader = NULL;
	uint64_t first, own, other;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_open(h->path, STORE_READ, false, &reader, &h->fault), 0);
	assert_int_equal(store_commits(reader, &first), 0);
	assert_true(first > 0);
	put_item(h, &item);
	assert_int_equal(store_commits(h->s, &own), 0);
	assert_int_equal(store_commits(reader, &other), 0);
	assert_true(own == first + 1 && other == own);
	assert_int_equal(store_begin(h->s, "test"), 0);
	assert_int_equal(store_commit(h->s), 0);
	assert_int_equal(store_commits(reader, &other), 0);
	assert_true(other == own);
	reader = store_close(reader);
}

/* A view stays as it was; after it the commit is seen. */
static void test_view(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	struct store *reader = NULL;
	struct store_totals totals;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_open(h->path, STORE_READ, false, &reader, &h->fault), 0);
	assert_int_equal(store_read_begin(reader), 0);
	assert_int_equal(store_read_begin(reader), 0);
	assert_int_equal(store_totals(reader, &totals), 0);
	assert_int_equal(totals.items, 0);
	put_item(h, &item);
	store_read_end(reader);
	assert_int_equal(store_totals(reader, &totals), 0);
	assert_int_equal(totals.items, 0);
	store_read_end(reader);
	assert_int_equal(store_totals(reader, &totals), 0);
	assert_int_equal(totals.items, 1);
	reader = store_close(reader);
}

static int64_t file_size(const struct history *h)
{
	struct stat st;

	assert_int_equal(stat(h->path, &st), 0);
	return (int64_t)st.st_size;
}

/* A log that is held waits until it is taken, and is taken as far as nobody reads what was before. */
static void test_log_held(void **state)
{
	const int64_t large = (int64_t)140 << 20;
	struct history *h = *state;
	struct store *reader = NULL;
	struct store_totals totals;

	history_open(h, STORE_WRITE, 0);
	store_log_hold(h->s);
	assert_false(store_log_is_long(h->s));
	assert_int_equal(store_open(h->path, STORE_WORKER, false, &reader, &h->fault), 0);
	assert_int_equal(store_read_begin(reader), 0);
	assert_int_equal(store_totals(reader, &totals), 0);
	begin(h);
	assert_int_equal(sqlite3_exec(h->s->db,
				      "CREATE TABLE large AS SELECT zeroblob(140 << 20)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	commit(h);
	assert_true(store_log_is_long(h->s));
	assert_int_equal(store_log_take(h->s), 0);
	assert_true(file_size(h) < large);
	store_read_end(reader);
	assert_int_equal(store_log_take(h->s), 0);
	assert_true(file_size(h) > large);
	assert_false(store_log_is_long(h->s));
	store_log_release(h->s);
	reader = store_close(reader);
}

static void test_misuse(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	enum store_put put;

	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), -EINVAL);
	assert_non_null(strstr(store_message(h->s), "no transaction"));
	assert_int_equal(store_commit(h->s), -EINVAL);
	begin(h);
	assert_int_equal(store_begin(h->s, "again"), -EINVAL);
	commit(h);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_begin(h->s, "reader"), -EINVAL);
}

static void test_rollback(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct store_totals totals;
	struct history *h = *state;
	enum store_put put;

	history_open(h, STORE_WRITE, 0);
	for (int i = 0; i < 2; i++) {
		begin(h);
		assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
		assert_int_equal(put, STORE_PUT_NEW);
		store_rollback(h->s);
		assert_int_equal(store_totals(h->s, &totals), 0);
		assert_int_equal(totals.items, 0);
		assert_int_equal(totals.resources, 0);
	}
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	/* Closing rolls back what is open. */
	item.captured_ms = 2;
	begin(h);
	assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.items, 1);
}

/* What is gathered cannot be written before a read: the transaction is not committed without it. */
static void test_read_that_fails(void **state)
{
	struct history *h = *state;
	struct store_dirty dirty;
	size_t n;

	history_open(h, STORE_WRITE, 0);
	begin(h);
	assert_int_equal(writer_alias(h->s, 7, 1), 0);
	commit(h);
	run_sql(h, "UPDATE alias SET places = x'ff'");
	begin(h);
	assert_int_equal(writer_alias(h->s, 8, 2), 0);
	assert_int_equal(store_dirty_next(h->s, 0, &dirty, 1, &n), STORE_E_DAMAGED);
	assert_int_equal(store_commit(h->s), STORE_E_DAMAGED);
	run_sql(h, "UPDATE alias SET places = x''");
	begin(h);
	assert_int_equal(writer_alias(h->s, 8, 2), 0);
	assert_int_equal(store_dirty_next(h->s, 0, &dirty, 1, &n), 0);
	commit(h);
	assert_int_equal(count_list(h, POSTING_ALIAS, 0), 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup_closed, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_missing),
		CASE(test_made_private),
		CASE(test_empty),
		CASE(test_not_sqlite),
		CASE(test_foreign),
		CASE(test_foreign_marked),
		CASE(test_directory),
		CASE(test_newer),
		CASE(test_half_made),
		CASE(test_damaged),
		CASE(test_names_of_sqlite),
		CASE(test_one_writer),
		CASE(test_lock_outlives_readers),
		CASE(test_read_only_place),
		CASE(test_generation),
		CASE(test_commits),
		CASE(test_view),
		CASE(test_log_held),
		CASE(test_misuse),
		CASE(test_rollback),
		CASE(test_read_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
