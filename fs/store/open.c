/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing the history. The writer takes its lock, sees whether the file is one of
 * ours before it changes anything in it, then sets the journal and migrates. A reader only
 * looks; where it may not even make the index of the log (a read-only place), it opens the
 * file as immutable, provided there is no log whose content it would miss.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "coverage.h"
#include "private.h"
#include "run.h"

#define BUSY_TIMEOUT_MS 10000

/*
 * Page size: a million events in commits of 20,000 took 17.7 us each with 4 KiB, 15.1 with 8,
 * 14.9 with 16; a reader of single rows wants small ones. The log is taken back into the file
 * every so many pages: often enough to bound it (128 MiB), seldom enough that the pages of the
 * indexes, which are hit at random, are written once for many rows. (A fourth million of events'
 * stories: 2.2 GB to the disk, 3.7 with 64 MiB.)
 */
static const char fresh_pragmas[] = "PRAGMA page_size = 8192;"
				    "PRAGMA auto_vacuum = INCREMENTAL;";
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = NORMAL;"
				     "PRAGMA wal_autocheckpoint = 16384;" /* LOG_PAGES */
				     "PRAGMA journal_size_limit = 134217728;"
				     "PRAGMA cache_size = -32768;"
				     "PRAGMA secure_delete = OFF;";
/* Not while a history is brought up: what is put in order for that is as large as its tables. */
static const char migrated_pragmas[] = "PRAGMA temp_store = MEMORY;";
/*
 * Not mapped: over a history of a gigabyte all that was ever touched counts as the reader's memory,
 * and the page faults cost more than reading (seeks 1.5 times, bodies 1.2 times as long). What
 * the pages of 8 MB save of 4 is a read from the system's memory for each third resource of a walk.
 */
static const char reader_pragmas[] = "PRAGMA cache_size = -4096;"
				     "PRAGMA temp_store = MEMORY;";
/* Whoever makes stories looks tokens up by the hundred thousand, and is there for that time alone. */
static const char worker_pragmas[] = "PRAGMA cache_size = -16384;"
				     "PRAGMA temp_store = MEMORY;";

int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int run_script(struct store *s, const char *sql, const char *doing)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sql_fail(s, rc, doing);
}

static const char *code_text(int code)
{
	switch (code) {
	case STORE_E_NOT_HISTORY:
		return "is not a driftfs history";
	case STORE_E_DAMAGED:
		return "is damaged";
	case STORE_E_FULL:
		return "the disk is full";
	case STORE_E_BUSY:
		return "is locked by another program";
	default:
		return "cannot be opened";
	}
}

static int open_fault(struct store *s, int code, struct fault *f)
{
	fault_set(f, FAULT_NO_OFFSET, "", "%s (%s)", code_text(code), s->message);
	return code;
}

/* "file:" and the path, percent-encoded, with immutable=1. */
static void immutable_uri(const char *path, struct buf *out)
{
	buf_put_text(out, "file://");
	for (const char *p = path; *p; p++)
		if (strchr("%?#", *p) || (unsigned char)*p < 0x20)
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
		else
			buf_put_char(out, *p);
	buf_put(out, "?immutable=1", sizeof("?immutable=1"));
}

static int open_database(struct store *s, int flags, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf uri = BUF_INIT;
	int rc;

	if (s->immutable) {
		immutable_uri(s->path, &uri);
		if (buf_error(&uri))
			return -ENOMEM;
	}
	rc = sqlite3_open_v2(s->immutable ? uri.data : s->path, &s->db,
			     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
				     (s->immutable ? SQLITE_OPEN_URI : 0),
			     NULL);
	if (!s->db)
		return -ENOMEM;
	if (rc != SQLITE_OK)
		return open_fault(s, sql_fail(s, rc, "open"), f);
	(void)sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

/* Bytes in the log beside the history: what an immutable reader would not see. */
static bool has_log(const struct store *s)
{
	_cleanup_(freep) char *log = NULL;
	struct stat st;

	if (asprintf(&log, "%s-wal", s->path) < 0) {
		log = NULL;
		return true;
	}
	return !stat(log, &st) && st.st_size > 0;
}

/* Could SQLite not make the index of the log, while there is no log? */
static bool is_read_only_place(const struct store *s)
{
	int rc = sqlite3_errcode(s->db) & 0xff;

	return s->mode == STORE_READ && !s->immutable &&
	       (rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) && !has_log(s);
}

static int open_reader(struct store *s, struct fault *f)
{
	int64_t version;
	int r = open_database(s, SQLITE_OPEN_READONLY, f);

	if (!r)
		r = migrate_check(s, &version, f);
	if (r && s->db && is_read_only_place(s)) {
		connection_close(s);
		s->immutable = true;
		if (stat(s->path, &s->stamp))
			return -errno;
		r = open_database(s, SQLITE_OPEN_READONLY, f);
		if (!r)
			r = migrate_check(s, &version, f);
	}
	if (r)
		return r;
	r = run_script(s, s->mode == STORE_WORKER ? worker_pragmas : reader_pragmas,
		       "set up");
	return r ? open_fault(s, r, f) : 0;
}

static int open_writer(struct store *s, struct fault *f)
{
	int64_t version;
	int r = open_database(s, SQLITE_OPEN_READWRITE, f);

	if (r)
		return r;
	r = migrate_check(s, &version, f);
	if (r && r != STORE_E_OLDER)
		return r;
	r = version ? 0 : run_script(s, fresh_pragmas, "set up");
	if (!r)
		r = run_script(s, writer_pragmas, "set up");
	if (r)
		return open_fault(s, r, f);
	r = migrate(s, f);
	if (r)
		return r;
	r = run_script(s, migrated_pragmas, "set up");
	return r ? open_fault(s, r, f) : writer_new(&s->writer);
}

int connection_open(struct store *s, struct fault *f)
{
	int r = s->mode == STORE_WRITE ? open_writer(s, f) : open_reader(s, f);
	int rc;

	if (r)
		return r;
	rc = coverage_functions(s->db);
	/* Only now: older schemas have a table of that name. */
	if (rc == SQLITE_OK)
		rc = run_table(s);
	return rc == SQLITE_OK ? 0 : open_fault(s, sql_fail(s, rc, "set up"), f);
}

void connection_close(struct store *s)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		(void)sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	(void)sqlite3_close(s->db);
	s->db = NULL;
	edge_kinds_forget(&s->edge_kinds);
	merged_forget(&s->merged);
	s->actors = store_actors_free(s->actors);
	buf_deinit(&s->run_bytes);
	buf_deinit(&s->run_rows);
}

static void closed(struct store **s)
{
	*s = store_close(*s);
}

/*
 * SQLite counts every byte it allocates under one lock, which readers in several threads then
 * wait for. Nobody asks for the count. It is the library's own state, settled before its first use.
 */
static void configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static struct store *store_new(enum store_mode mode)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->mode = mode;
	s->lock_fd = -1;
	return s;
}

/* Readers: the file must be there and be a file. */
static int look_at_file(const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st)) {
		int e = errno;

		fault_set(f, FAULT_NO_OFFSET, "", "%s", strerror(e));
		return e == ENOENT ? STORE_E_MISSING : -e;
	}
	if (!S_ISREG(st.st_mode)) {
		fault_set(f, FAULT_NO_OFFSET, "", "is no regular file");
		return STORE_E_NOT_HISTORY;
	}
	return 0;
}

int store_lock(const char *path, int *ret_fd, struct fault *f)
{
	return lock_take(path, false, ret_fd, f);
}

int store_open(const char *path, enum store_mode mode, bool wait, struct store **ret,
	       struct fault *f)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	bool held = mode == STORE_WRITE_HELD;
	_cleanup_(closed) struct store *s = store_new(held ? STORE_WRITE : mode);
	int r;

	(void)pthread_once(&once, configure);
	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	if (!s)
		return -ENOMEM;
	r = mode == STORE_WRITE ? lock_take(path, wait, &s->lock_fd, f)
	    : held              ? 0
				: look_at_file(path, f);
	if (!r)
		r = bodies_init(&s->bodies, mode);
	if (r)
		return r;
	/* Resolved, since SQLite gives names like ":memory:" and "file:..." a meaning. */
	s->path = realpath(path, NULL);
	if (!s->path) {
		int e = errno;

		fault_set(f, FAULT_NO_OFFSET, "", "%s", strerror(e));
		return -e;
	}
	/* Before it is opened: whatever takes its place from now on is another one. */
	if (stat(s->path, &s->stamp))
		return -errno;
	r = connection_open(s, f);
	if (r)
		return r;
	*ret = take_ptr(s);
	return 0;
}

static bool is_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

enum store_place store_place(const struct store *s)
{
	struct stat st;

	if (stat(s->path, &st))
		return STORE_PLACE_REMOVED;
	return is_file(&st, &s->stamp) ? STORE_PLACE_SAME : STORE_PLACE_REPLACED;
}

bool store_is_same(const struct store *a, const struct store *b)
{
	return is_file(&a->stamp, &b->stamp);
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	if (s->who)
		store_rollback(s);
	connection_close(s);
	/* Only now: see lock.c. */
	closep(&s->lock_fd);
	bodies_deinit(&s->bodies);
	s->writer = writer_free(s->writer);
	free(s->path);
	free(s);
	return NULL;
}
