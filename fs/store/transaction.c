/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions. The write transaction ends with the writer's gathered rows; a failure in it,
 * wherever it was, keeps it from being committed. Views for reading nest, and inside a write
 * transaction they are nothing: it is a view itself.
 */
#include <errno.h>
#include <stdio.h>

#include "private.h"

const char *store_message(const struct store *s)
{
	return s->message;
}

/* Misuse: not SQLite's failure, but told in the same place. */
static int misused(struct store *s, const char *doing, const char *why)
{
	(void)snprintf(s->message, sizeof(s->message), "%s: %s", doing, why);
	return -EINVAL;
}

int writing(struct store *s, const char *doing)
{
	if (!s->who)
		return misused(s, doing, "no transaction is open");
	return s->broken;
}

static void forget_failure(struct store *s)
{
	s->failed = false;
	*s->message = '\0';
}

int store_begin(struct store *s, const char *who)
{
	int r;

	if (!s->writer)
		return misused(s, who, "the history is open for reading");
	if (s->who)
		return misused(s, who, "a transaction is open already");
	s->broken = 0;
	forget_failure(s);
	r = sql_run(s, Q_BEGIN_WRITE, NO_ARGS);
	if (r)
		return r;
	s->who = who;
	s->view = 0;
	s->unchanged = sqlite3_total_changes64(s->db);
	r = writer_begin(s);
	if (!r)
		r = dictionary_begin(s);
	if (r)
		store_rollback(s);
	return r;
}

/* Commits are counted in the history, for connections that have nothing to compare. */
static int count_commit(struct store *s)
{
	if (sqlite3_total_changes64(s->db) == s->unchanged)
		return 0;
	return sql_run(s, Q_COUNTER_ADD,
		       ARGS(TEXT(counter_name(COUNTER_COMMIT)), INT(1)));
}

int store_commit(struct store *s)
{
	int r = writing(s, "commit");

	if (!s->who)
		return r;
	if (!r)
		r = block_flush(s);
	if (!r)
		r = tell_settle(s);
	if (!r)
		r = writer_settle(s);
	if (!r)
		r = gathered_commit(s);
	if (!r)
		r = folders_settle(s);
	if (!r)
		r = count_commit(s);
	if (!r)
		r = sql_run(s, Q_COMMIT, NO_ARGS);
	if (r) {
		store_rollback(s);
		return r;
	}
	s->who = NULL;
	s->commits++;
	return 0;
}

void store_rollback(struct store *s)
{
	if (!s->who)
		return;
	/* Some failures have rolled back already; one that cannot now will when the file is closed. */
	if (!sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	writer_forget(s->writer);
	bodies_forget(&s->bodies);
	edge_kinds_forget(&s->edge_kinds);
	s->who = NULL;
	s->broken = 0;
}

/* --- the log ------------------------------------------------------------------------------- */

#define LOG_PAGES 16384 /* as wal_autocheckpoint */

static int note_pages(void *ctx, sqlite3 *db _unused_, const char *name _unused_,
		      int pages)
{
	struct store *s = ctx;

	s->log_pages = pages;
	return SQLITE_OK;
}

void store_log_hold(struct store *s)
{
	s->log_pages = 0;
	(void)sqlite3_wal_hook(s->db, note_pages, s);
}

bool store_log_is_long(const struct store *s)
{
	return s->log_pages >= LOG_PAGES;
}

int store_log_take(struct store *s)
{
	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
					   NULL);

	s->log_pages = 0;
	/* Another process is at it, or this connection reads: what is in the log is safe there, and
	   the next commit tries again. */
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return 0;
	return rc == SQLITE_OK ? 0 : sql_fail(s, rc, "take the log into the file");
}

void store_log_release(struct store *s)
{
	(void)sqlite3_wal_autocheckpoint(s->db, LOG_PAGES);
}

/* ------------------------------------------------------------------------------------------- */

int store_read_begin(struct store *s)
{
	if (s->views == 0 && !s->who) {
		int r = sql_run(s, Q_BEGIN_READ, NO_ARGS);

		if (r)
			return r;
		forget_failure(s);
		s->view = 0;
	}
	s->views++;
	return 0;
}

void store_read_end(struct store *s)
{
	if (s->views > 0)
		s->views--;
	if (s->views == 0 && !s->who && !sqlite3_get_autocommit(s->db)) {
		int r = sql_run(s, Q_COMMIT, NO_ARGS);

		(void)r; /* nothing was written */
	}
}

bool store_read_is_sound(const struct store *s)
{
	return s->views > 0 && !s->failed;
}

bool store_is_row_lost(const struct store *s, int error)
{
	return !s->failed && (error == STORE_E_DAMAGED || error == STORE_E_NOT_FOUND ||
			      error == -EBADMSG);
}

/* An immutable file is not locked or watched by SQLite: has somebody changed it after all? */
static int look_again(struct store *s)
{
	struct fault f;
	struct stat st;

	/* Gone, or another one is in its place: that is not to be mixed with what is open. */
	if (stat(s->path, &st) || st.st_dev != s->stamp.st_dev ||
	    st.st_ino != s->stamp.st_ino)
		return 0;
	if (st.st_size == s->stamp.st_size &&
	    st.st_mtim.tv_sec == s->stamp.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == s->stamp.st_mtim.tv_nsec)
		return 0;
	connection_close(s);
	bodies_forget(&s->bodies);
	s->immutable = false;
	s->reopened++;
	return connection_open(s, &f);
}

int store_generation(struct store *s, uint64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = 0;

	if (s->immutable && s->views == 0)
		r = look_again(s);
	if (!r)
		r = sql_get(s, Q_DATA_VERSION, NO_ARGS, &q);
	if (r)
		return r;
	*ret = (uint64_t)col_int(q, 0) + (s->commits << 32) + (s->reopened << 48);
	return 0;
}

int view_generation(struct store *s, uint64_t *ret)
{
	int r = 0;

	*ret = 0;
	if (s->views == 0 || s->who)
		return 0;
	if (!s->view) {
		r = store_generation(s, &s->view);
		s->view = r ? 0 : s->view + 1;
	}
	*ret = s->view;
	return r;
}

int store_commits(struct store *s, uint64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_COMMIT))), &q);

	*ret = r ? 0 : (uint64_t)col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}
