/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A change: what lies between two successive states of a resource (or before its first one).
 * Causes: the events that made it, each with the evidence by name and a confidence.
 */

#include "model/event.h"
#include "model/item.h"
#include "util/json_diff.h"

enum change_type {
	CHANGE_CREATE, /* first state, or the first after a deletion */
	CHANGE_UPDATE,
	CHANGE_DELETE,
};
const char *change_type_name(enum change_type type); /* "CREATE", "UPDATE", "DELETE" */

struct change {
	enum change_type type;
	const struct jv *before; /* canonical body, NULL for a first state */
	const struct jv *after;
	struct json_diff diff; /* metadata keys left out; pointers from the item's root */
};

/*
 * The change between two canonical bodies. A CREATE has an empty diff (AWS says the same:
 * changedProperties {}); a DELETE lists what went. An item that tells nothing of a resource that is
 * there (change_is_untold()) is an UPDATE with an empty diff, and the next one is to be compared with
 * the one before it. Everything lives in the arena. 0, -ENOMEM.
 */
bool change_is_untold(const struct jv *after);
/* Does it say that the resource is recorded no more? Such an item tells nothing. */
bool change_is_unrecorded(const struct jv *after);
int change_between(struct arena *a, const struct jv *before, const struct jv *after,
		   struct change *ret) _must_check_;

/*
 * Following a resource over its changes, oldest first: which of them each part of its state comes
 * from. Begin with one that is zero but for the arena; marks are the caller's numbers of changes.
 */
#define CHANGE_UNTOLD_MAX 4
struct change_trace {
	struct arena *arena;        /* outlives the trace; the bodies need not */
	struct json_origin *origin; /* of the newest body; NULL before the first */
	/* What was last told of those members that some guises leave out. */
	const struct jv *told[CHANGE_UNTOLD_MAX];
	bool told_kept[CHANGE_UNTOLD_MAX]; /* copied already */
	size_t settled; /* bytes of the arena that were needed when it was settled last */
};
/*
 * The same as change_between(), and carries the trace over. `a` holds the change, and must live
 * until the next call, or change_trace_settle(); so must the body, whose values the trace may hold.
 */
int change_follow(struct arena *a, const struct jv *before, const struct jv *after,
		  struct change_trace *trace, uint32_t mark,
		  struct change *ret) _must_check_;

/*
 * Makes the trace depend on nothing but its own arena: then the bodies of before may go. Where much
 * is in that which is needed no more, it is left for a new one (which the caller frees likewise).
 * 0, -ENOMEM.
 */
int change_trace_settle(struct change_trace *trace) _must_check_;

enum confidence {
	CONFIDENCE_POSSIBLE,
	CONFIDENCE_LIKELY,
	CONFIDENCE_CERTAIN,
};
const char *confidence_name(enum confidence c); /* "possible", "likely", "certain" */

/* Pieces of evidence, a bit each; evidence_name() gives the word printed in the output. */
enum evidence {
	EVIDENCE_REQUEST_ID, /* "request-id": the request names the resource as its object, by id or ARN */
	EVIDENCE_REQUEST_NAME, /* "request-name": ... by its name */
	EVIDENCE_RESPONSE_ID,  /* "response-id": the response gives the resource's id */
	EVIDENCE_RESOURCES,    /* "resources": CloudTrail's resources[] lists it */
	EVIDENCE_OWNED_ID, /* "owned-id": an id that only this resource's state holds (association ...) */
	EVIDENCE_PARENT, /* "parent": the call made or removed what this resource belongs to */
	EVIDENCE_RELATION, /* "relation": the change is in its relationships to what the call changed */
	EVIDENCE_SERVICE, /* "service": the call's service is the type's */
	EVIDENCE_NOUN,    /* "noun": the call's name speaks of this type */
	EVIDENCE_VERB,    /* "verb": create for CREATE, delete for DELETE ... */
	EVIDENCE_VALUE,   /* "value": what the request set is what the change shows */
	EVIDENCE_TIME,    /* "time": the resource's own creation time is the event's */
	EVIDENCE_ONLY,    /* "only": no other event fits */
	EVIDENCE_COUNT,
};
const char *evidence_name(enum evidence e);

/* Why a change has no cause. */
enum reason {
	REASON_NONE,     /* it has one */
	REASON_NO_TRAIL, /* no event of that account and time in the history */
	REASON_NO_EVENT, /* there is a trail, but no call that fits: AWS's own change, or not logged */
	REASON_RELATIONSHIPS, /* only relationships changed: another resource's change shows here */
	REASON_NOTHING, /* no difference: re-recorded (baseline, snapshot, schema) */
	REASON_FIRST_RECORDED, /* first record of a resource that is older than the history */
	REASON_NOT_RECORDED, /* AWS Config stopped recording it; the item carries no details */
	REASON_UNTOLD,       /* nothing is told of this state, or of the one before it */
	REASON_LAST = REASON_UNTOLD,
};
const char *reason_text(enum reason r); /* one sentence; NULL for REASON_NONE */
/* The sentence of a change; `why` tells more where it is not empty. Empty for REASON_NONE. */
struct str reason_sentence(enum reason r, struct str why);

/* An event linked to a change. */
struct cause {
	const struct event *event;
	uint32_t evidence; /* bits 1u << enum evidence */
	enum confidence confidence;
};
