/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Threads that call AWS and the one that imports: documents go from them to it, in the order they
 * were pushed, and what they want to know of the history comes back. What is held is bounded.
 */

#include "bell.h"
#include "import/import.h"
#include "kind.h"

#define PUMP_DOCUMENTS 64u /* pushed and not yet taken */

struct pump;

struct pump_document {
	struct pump_document *next;
	char *name; /* for the ledger; NULL: the pump's own, as a stream */
	uint64_t size;
	int64_t version;
	bool look_up; /* not if the ledger has it: then it is done at once, and kept */
	struct import_bytes bytes;
	struct fault fault;
	char *cursors[IMPORT_CURSORS]; /* names */
	int64_t values[IMPORT_CURSORS];
	unsigned n_cursors;
	struct sync_cookie *cookie; /* the pump's user's; not freed with it */
};

struct pump_document *pump_document_new(void) _must_check_; /* NULL: no memory */
/* With these bytes. */
int pump_document_fill(struct pump_document *d, struct str bytes) _must_check_;
int pump_document_cursor(struct pump_document *d, const char *name,
			 int64_t value) _must_check_;
struct pump_document *pump_document_free(struct pump_document *d); /* returns NULL */

struct pump_options {
	struct aws_client *client;
	struct bell *bell;
	const volatile int *stop;
	const char *name; /* of its stream in the ledger */
	unsigned threads;
	/* One thread's work; the first failure of any ends the round. Negative errno, AWS_E_... */
	int (*run)(struct pump *p, struct aws_handle *h, void *ctx, struct fault *f);
	/* Of a document that the ledger has already; importing thread. */
	void (*known)(void *ctx, struct sync_cookie *cookie);
	void *ctx;
};
/* Borrowed: everything in the options. *ret is set before the first thread runs. */
int pump_new(const struct pump_options *options, struct pump **ret) _must_check_;
/* Ends the threads (a call under way ends by itself, or by the client's stop). */
struct pump *pump_free(struct pump *p); /* returns NULL */

/* --- for the threads ------------------------------------------------------------------------ */

/* Takes it over in any case; waits for room. 0, -ECANCELED. */
int pump_push(struct pump *p, struct pump_document *d) _must_check_;
bool pump_stopped(struct pump *p);
/* False when all is to stop. */
bool pump_sleep(struct pump *p, unsigned ms);
/* Not more than one call in so many ms, of all threads. 0, -ECANCELED. */
int pump_pace(struct pump *p, unsigned ms) _must_check_;
/* run() by the importing thread, which alone may ask the history: what it gives, or -ECANCELED. */
int pump_run(struct pump *p, int (*run)(struct import_ledger *ledger, void *ctx),
	     void *ctx) _must_check_;
/* Asks the history for cursors; INT64_MIN: there is none. 0, -ECANCELED. */
int pump_ask(struct pump *p, const char *const *names, size_t n,
	     int64_t *ret) _must_check_;
/* AWS has just given a good answer; newest_ms as in struct sync_round, 0: not known. */
void pump_well(struct pump *p, int64_t newest_ms);

/* --- for the importing thread --------------------------------------------------------------- */

/* As sync_kind's next() and report(). */
int pump_next(struct pump *p, struct import_ledger *ledger, struct import_document *ret);
void pump_report(struct pump *p, struct sync_round *ret);
