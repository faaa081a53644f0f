/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A configuration item (CI): one recorded state of a resource, in the one canonical form that
 * every guise becomes (AWS Config developer guide, "Components of a Configuration Item"; the
 * S3 file's key names). Plain data: the strings are borrowed from whoever filled it.
 *
 * Canonical body: a compact JSON object, keys sorted at every level, with always the keys
 *   ARN availabilityZone awsAccountId awsRegion configuration configurationItemCaptureTime
 *   configurationItemStatus configurationItemVersion configurationStateId
 *   configurationStateMd5Hash relatedEvents relationships resourceCreationTime resourceId
 *   resourceName resourceType supplementaryConfiguration tags
 * (null where the guise does not give one) and whatever else the item had. Times are ISO with
 * milliseconds; types (relationships' too) and the status are spelt as today, whatever their year;
 * configurationStateId is a number where it is all digits, null where it is 0; strings that hold a
 * JSON object or array, URL-encoded or not, once or twice, stand opened inside configuration
 * and supplementaryConfiguration; relationships have name, resourceId, resourceName,
 * resourceType (name trimmed); tags are one object.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/json.h"
#include "util/str.h"

enum item_status {
	ITEM_OK,
	ITEM_DISCOVERED,
	ITEM_NOT_RECORDED,
	ITEM_DELETED,
	ITEM_DELETED_NOT_RECORDED,
	ITEM_STATUS_OTHER, /* a value AWS has not published; its text is in the body */
};

/* How much of a state a guise tells; of two copies of one state the fuller one is kept. */
enum item_guise {
	ITEM_GUISE_SUMMARY,  /* oversized notification: no configuration */
	ITEM_GUISE_BATCH,    /* BatchGet*ResourceConfig: no relationships, no tags */
	ITEM_GUISE_SELECT,   /* SelectResourceConfig: what the query asked for */
	ITEM_GUISE_API,      /* GetResourceConfigHistory */
	ITEM_GUISE_DELIVERY, /* S3 history, snapshot, message, event: whole */
};

struct store_shape;

struct item {
	struct str account; /* twelve digits, as given */
	struct str region;  /* "global" for IAM, whichever region recorded it */
	struct str type;    /* AWS::EC2::Instance; never empty */
	struct str id;      /* never empty */
	struct str name;    /* resourceName, empty when absent */
	struct str arn;     /* empty when absent */
	int64_t captured_ms;
	struct str state_id; /* canonical text, empty when absent */
	enum item_status status;
	enum item_guise guise;
	struct str body; /* canonical, compact */
	struct str raw;  /* as received, byte for byte */
	/* What makes raw of body (store_shapes_find()); NULL: it is for the writer to find out. */
	const struct store_shape *shape;
	struct str
		code; /* of the body (store_state_code()); empty: the writer is to make it */
};

/* "ResourceDeleted" and the like; also the names before 2017 (Ok, Discovered, Deleted). */
enum item_status item_status_parse(struct str text);
const char *item_status_name(enum item_status status); /* "" for ITEM_STATUS_OTHER */
static inline bool item_status_is_deleted(enum item_status status)
{
	return status == ITEM_DELETED || status == ITEM_DELETED_NOT_RECORDED;
}

/*
 * Keys that tell of the recording, not of the resource: capture time, state id, delivery time,
 * hash, item version, related events, recording frequency. A difference there is no change.
 */
bool item_key_is_metadata(struct str key) _pure_;
/*
 * The type as it is spelt today: AWS::EC2::VOLUME, as schema 1.0 has it, is AWS::EC2::Volume.
 * Static, or the text itself where nothing is known of it.
 */
struct str item_type_today(struct str type);
/*
 * Recorded in every region with one content: the IAM types. Their items mostly say so (awsRegion
 * "global"), but some name the region that recorded them; canonical bodies have the former.
 */
#define ITEM_REGION_GLOBAL STR("global")
bool item_is_global(struct str type) _pure_;
/* Hash of a canonical body without the metadata keys; a member that is null counts as absent. */
#define ITEM_CONTENT_HASH_INIT UINT64_C(0)
uint64_t item_content_hash(const struct jv *body) _pure_;

/*
 * Fills identity, status and time from a canonical body; item->body, raw and guise are not touched.
 * The strings borrow from the body. 0 or -EBADMSG.
 */
int item_view(const struct jv *body, struct item *ret) _must_check_;
