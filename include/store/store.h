/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The history: one SQLite file. This is the connection; the write side is in store/write.h and
 * store/derive.h, the read side in store/read.h. A connection belongs to one thread at a time.
 * Statements are prepared on first use, per connection, and named for what they return.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/fault.h"

struct store;

enum store_mode {
	STORE_READ, /* must exist; sees commits of others at each new statement. In a read-only
			 place a change by others is seen at the next store_generation() only */
	STORE_WRITE, /* made when missing, migrated when older; holds the history's writer lock */
	STORE_WRITE_HELD, /* the same, where the caller holds that lock: store_lock() */
	STORE_WORKER, /* read-only, beside a writer of the same process (derivation workers) */
};

enum {
	_STORE_E_SUCCESS,
	STORE_E_MISSING,     /* no such file */
	STORE_E_NOT_HISTORY, /* a file, but not one of ours */
	STORE_E_NEWER,       /* made by a newer driftfs than this */
	STORE_E_OLDER, /* STORE_READ of one that must be migrated first: run an import */
	STORE_E_BUSY,  /* STORE_WRITE: another process is importing */
	STORE_E_DAMAGED, /* SQLite says the file is malformed, or a row cannot be decoded */
	STORE_E_FULL, /* the disk is full; the transaction under way is lost, no more */
	STORE_E_NOT_FOUND, /* the row asked for is not there */
	STORE_E_LARGE,     /* more than the caller wants to have at once */
};

/*
 * A connection must not live across a fork(); and in the writer's process all others are closed
 * before the writer is, whose lock file descriptor takes SQLite's locks along.
 * STORE_WRITE with wait: waits for another import to end instead of STORE_E_BUSY (the caller
 * has told its user). Every failure fills f. 0, STORE_E_..., negative errno.
 */
int store_open(const char *path, enum store_mode mode, bool wait, struct store **ret,
	       struct fault *f) _must_check_;
/*
 * The writer lock, for a process that opens the history again and again while it has readers of
 * it open, too: the lock's descriptor must not be closed before they are (see lock.c). The file is
 * made when it is missing. 0, STORE_E_BUSY, STORE_E_NOT_HISTORY, negative errno.
 */
int store_lock(const char *path, int *ret_fd, struct fault *f) _must_check_;
/* Cheap while others have it open; the last one takes the log back into the file. */
struct store *store_close(struct store *s); /* returns NULL; rolls back what is open */

/* The last failure of this connection in SQLite's words; "" when none. Until the next call. */
const char *store_message(const struct store *s);

/* Changes whenever any process has committed to the history; cheap (PRAGMA data_version). Compare
   it only with what the same connection said before. */
int store_generation(struct store *s, uint64_t *ret) _must_check_;

/*
 * The commits that changed the history, as far as this connection sees: whoever sees as many sees the
 * same. 0: they were not counted yet.
 */
int store_commits(struct store *s, uint64_t *ret) _must_check_;

/* What stands at the history's path now, against the file that is open. */
enum store_place {
	STORE_PLACE_SAME,
	STORE_PLACE_REPLACED, /* another file */
	STORE_PLACE_REMOVED,  /* nothing that could be looked at */
};
enum store_place store_place(const struct store *s);
/* Have both opened one file? */
bool store_is_same(const struct store *a, const struct store *b) _pure_;

/*
 * One write transaction; who is a literal naming the caller, kept for messages. No nesting.
 * Large ones are cheap, small ones dear: each commit writes every page of an index it touched,
 * and event ids hit theirs at random. On the way to a million, an event cost 37 us with 5,000 a
 * commit, 15 us with 20,000, 9 us with 100,000.
 */
int store_begin(struct store *s, const char *who) _must_check_;
/* 0, STORE_E_FULL, negative errno; after any failure of a put in the transaction that one, and
   nothing is committed. A failure ends the transaction: it is rolled back. */
int store_commit(struct store *s) _must_check_;
void store_rollback(struct store *s);
/* One consistent view over several reads; nests (counted). */
int store_read_begin(struct store *s) _must_check_;
void store_read_end(struct store *s);
/* Is a view open in which SQLite has not failed yet? Only such a one is worth being kept. */
bool store_read_is_sound(const struct store *s) _pure_;
/*
 * Does the error tell that rows cannot be decoded, or are not there, and nothing else of the file, as
 * far as this view or transaction has read it? After a read a transaction may go on without them; one in
 * which a put has failed so is to be rolled back, and what was put in it may be put again.
 */
bool store_is_row_lost(const struct store *s, int error) _pure_;
