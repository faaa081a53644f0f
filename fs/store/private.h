/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The connection as the store's own files see it. What the writer gathers before it goes to
 * SQLite (sums, listing rows, postings) is in struct writer; see writer.c and gathered.c.
 */

#include <sys/stat.h>

#include "body.h"
#include "edge.h"
#include "merged.h"
#include "statement.h"
#include "store/read.h"
#include "store/store.h"
#include "writer.h"

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	int lock_fd;    /* holds the writer lock; -1 for readers */
	bool immutable; /* read-only place without a log: nothing is locked or watched */
	struct stat stamp; /* the file as it was opened */
	const char *who;   /* the write transaction's owner; NULL: none is open */
	int broken; /* first failure of SQLite or of a put in the write transaction: it cannot be
		       committed */
	unsigned views;    /* nesting of store_read_begin() */
	uint64_t view;     /* view_generation() of this one; 0: not asked for yet */
	int64_t unchanged; /* sqlite3_total_changes64() as the write transaction began */
	bool failed;       /* SQLite, since view or transaction began */
	uint64_t commits;  /* own ones, which PRAGMA data_version leaves out */
	uint64_t reopened; /* immutable: times the file was found changed */
	struct writer *writer; /* NULL for readers */
	struct bodies bodies;
	int log_pages; /* of the log after the last commit, while it is held: store_log_hold() */
	struct edge_kinds edge_kinds;
	struct buf run_bytes, run_rows; /* memory of who reads runs next */
	struct merged_kept merged;
	struct store_actors *actors; /* found in views of actors_view; NULL: none yet */
	uint64_t actors_view;
	char message[512];
	sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Opens or reopens s->db for the mode; fills the fault. */
int connection_open(struct store *s, struct fault *f) _must_check_;
void connection_close(struct store *s);

/* The writer lock; see lock.c. */
int lock_take(const char *path, bool wait, int *ret_fd, struct fault *f) _must_check_;

/* Brings the schema to this program's version (STORE_WRITE) or says why it cannot be used. */
int migrate(struct store *s, struct fault *f) _must_check_;
/* Resources with more items have a row in resource_by_items: it stands in the statements, too. */
#define CHURN_FEW 16u

/* What a migration's SQL may call; see migrate_function.c. An SQLite code. */
int migrate_functions(sqlite3 *db);
int migrate_posting_functions(sqlite3 *db);
int migrate_timeline_functions(sqlite3 *db);
int migrate_edge_functions(sqlite3 *db);
/* Only looks: 0, STORE_E_NOT_HISTORY, STORE_E_NEWER, STORE_E_OLDER ... */
int migrate_check(struct store *s, int64_t *ret_version, struct fault *f) _must_check_;

/* A struct store_resource with account, region, type and id, of the columns of Q_RESOURCE. */
int resource_row_whole(sqlite3_stmt *q, struct arena *a, void *ret) _must_check_;

/* A state as listed, of a statement whose first columns are state, resource, capture_ms, twin,
   size, status, hidden of `shown`. */
void state_row(sqlite3_stmt *q, struct store_state *ret);

/*
 * What is read in this view holds for all views of the same number. 0: it holds for nothing else, as
 * outside a view each statement has one of its own, and a writer changes what it sees.
 */
int view_generation(struct store *s, uint64_t *ret) _must_check_;
/* Now, in milliseconds since 1970. */
int64_t now_ms(void);
/* -EINVAL, with a message, unless a write transaction is open; its first failure if it has one. */
int writing(struct store *s, const char *doing) _must_check_;
/* The end of a call that writes: half a put, whatever stopped it, must not be committed. */
static inline int written(struct store *s, int r)
{
	if (r && s->who && !s->broken)
		s->broken = r;
	return r;
}
/* Before a read: what the writer has gathered so far is written, so that it is seen.
   Half of that must not be committed either. */
static inline int reading(struct store *s)
{
	return written(s, writer_settle(s));
}
