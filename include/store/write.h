/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Taking in facts. Every call is made inside store_begin()/store_commit() by the one writer.
 * Putting a thing that is there already changes nothing and says so, so a repeated import, or
 * one cut off and run again, ends in the same history.
 */

#include "model/alarm.h"
#include "model/event.h"
#include "model/item.h"
#include "model/mention.h"
#include "model/told.h"
#include "store/store.h"
#include "util/buf.h"
#include "util/zcodec.h"

/* A source object of the ledger: a file, later an S3 object. */
struct store_source {
	int64_t id;
	struct str name; /* absolute path, or URL */
	uint64_t size;   /* bytes as stored at the source */
	int64_t version; /* mtime in ns for a file, hash of the ETag for an object */
	bool finished;   /* everything in it is in the history ... */
	bool all_events; /* ... its read-only calls, too; on start: they are to be taken in */
	bool stream; /* on start: more of what is known by the name; nothing of it is forgotten */
};

/* Of one source, when it is done. */
struct store_counts {
	uint64_t items, events, transitions; /* new in the history */
	uint64_t duplicates;                 /* known already */
	uint64_t notices; /* recognised, nothing to keep (digests, checks ...) */
	uint64_t refused;
	uint64_t skipped; /* read-only calls that were not to be taken in */
};

/* Is there a source in a folder whose name begins so, or one that is named just so? */
int store_source_begins(struct store *s, struct str prefix, bool *ret) _must_check_;
/* Looks the source up by name: STORE_E_NOT_FOUND when unknown. Fills id, size, version, finished. */
int store_source_find(struct store *s, struct str name,
		      struct store_source *ret) _must_check_;
/* Enters or renews the source (unfinished); its refusals of an earlier version go. */
int store_source_start(struct store *s, const struct store_source *source,
		       int64_t *ret_id) _must_check_;
/* Of a stream the counts are added up. */
int store_source_finish_stream(struct store *s, int64_t id,
			       const struct store_counts *counts,
			       int64_t finished_ms) _must_check_;
int store_source_finish(struct store *s, int64_t id, const struct store_counts *counts,
			int64_t finished_ms) _must_check_;

enum store_put {
	STORE_PUT_NEW,
	STORE_PUT_KNOWN,  /* the same, already there */
	STORE_PUT_FULLER, /* an item whose fuller copy replaced the one there */
	STORE_PUT_CONFLICT, /* same identity, another content: what is there stays, and the caller
			       refuses the new one so that its bytes are kept */
	STORE_PUT_OUSTED, /* an item: likewise, but the new one takes the place of what was
			       there, and that is what the caller refuses */
	STORE_PUT_TOO_MANY, /* an item: its resource has all states that one may have, and the
			       caller refuses this one */
	STORE_PUT_DAMAGED, /* what it belongs in, or is to be held against, cannot be read, as
			       store_message() says: the list or pack of an item, the block of an
			       event; the caller refuses it */
};
/* Is nothing of it in the history but what the caller refuses? */
static inline bool store_put_is_refused(enum store_put put)
{
	return put == STORE_PUT_CONFLICT || put == STORE_PUT_TOO_MANY ||
	       put == STORE_PUT_DAMAGED;
}

/* The copy of a state that had to give way; the buffers are reused from put to put. */
struct store_ousted {
	int64_t source;
	struct buf source_name; /* as in the ledger */
	struct buf raw;
};

void store_ousted_deinit(struct store_ousted *ousted);

/*
 * Puts a state; its resource, folders and listing row are made as needed. The resource is marked
 * dirty from the state's time on unless nothing changed.
 *
 * Of two copies of a state (same resource, capture time and state id) the one is kept that is
 * greater by guise, then length and bytes of its body, then of raw: whichever came first.
 * STORE_PUT_KNOWN when the body is the same or stays; the raw bytes may change even so. A copy
 * without a usable state id ("" or "0") beside one with an id that tells as much is kept, but not
 * listed.
 *
 * Two copies of one guise whose content hashes differ contradict each other, except for answers to
 * queries: the greater one is kept all the same, the lesser is the caller's to refuse. A poorer
 * guise is not held against a fuller one. *ret_ousted is filled with STORE_PUT_OUSTED only.
 */
int store_put_item(struct store *s, const struct item *item, int64_t source_id,
		   enum store_put *ret, struct store_ousted *ret_ousted) _must_check_;
/*
 * Shapes of raw bytes (see item.shape) that the writer has met last, for the threads that parse
 * what it is to write. They are there until the store is closed, and may be asked from any thread.
 */
struct store_shapes;
struct store_shapes *store_shapes(struct store *s);
/* Fills item->shape where one makes item->raw of `body`, the item's as a tree; `scratch` is
   overwritten. 0 or -ENOMEM. */
int store_shapes_find(struct store_shapes *shapes, struct item *item,
		      const struct jv *body, struct arena *a,
		      struct buf *scratch) _must_check_;
/*
 * How records are coded and states packed at present, for the threads that parse what the writer is
 * to write. It is there until the store is closed, and may be asked from any thread.
 */
struct store_coders;
struct store_coders *store_coders(struct store *s);
/* What store_record.code is to be, in the place of what is in `out`. 0 or -ENOMEM. */
int store_event_code(struct store_coders *coders, struct str record, struct str identity,
		     struct buf *out) _must_check_;
/* What item.code is to be, likewise; the codec is the thread's own. */
int store_state_code(struct store_coders *coders, struct zcodec *codec,
		     const struct item *item, struct buf *scratch,
		     struct buf *out) _must_check_;
/* An event as it was received. */
struct store_record {
	struct str raw;
	struct str identity; /* as event_identity() gives it */
	struct str code;     /* of store_event_code(); empty: the writer is to make it */
};
/*
 * mentions (else NULL) only for events that may change something: of those it also keeps by which
 * access key and session they were made. told with the lengths of its line (NULL: it has none). The
 * same record with other white space or order of members is STORE_PUT_KNOWN, no conflict.
 */
int store_put_event(struct store *s, const struct event *e,
		    const struct store_record *record, const struct mention_set *mentions,
		    const struct event_told *told, int64_t source_id,
		    enum store_put *ret) _must_check_;
int store_put_transition(struct store *s, const struct transition *t,
			 const struct mention_set *mentions, int64_t source_id,
			 enum store_put *ret, int64_t *ret_row) _must_check_;
/* STORE_PUT_FULLER: known, but tells the previous state or a reason that was missing. Mentions
   (may be NULL) belong to the alarm: they hold for all its transitions, before and after. */
int store_put_alarm(struct store *s, const struct alarm *alarm,
		    const struct mention_set *mentions) _must_check_;
/* bytes: what was refused, or its beginning; 1 MiB of them is kept. length: of the whole. */
int store_put_refusal(struct store *s, int64_t source_id, const struct fault *fault,
		      struct str bytes, uint64_t length) _must_check_;
/* Is there one of this source? */
int store_has_refusal(struct store *s, int64_t source_id, bool *ret) _must_check_;
/*
 * A read-only call that is not to be kept: counted by what was called, and its account's trail
 * reaches to it all the same. Starting the source anew counts anew.
 */
int store_skip_event(struct store *s, const struct event *e,
		     int64_t source_id) _must_check_;
/* Gives back the memory of states put last, which was kept for those that come after them. */
void store_forget_bodies(struct store *s);
/* Recognised and counted, by name of what it is; starting the source anew counts anew. */
int store_count_notice(struct store *s, int64_t source_id, struct str what,
		       uint64_t n) _must_check_;
