/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The members of a configuration item that every canonical body has, and how each is made from
 * what a guise gives.
 */

#include "parser.h"

/* In the order of the canonical names' bytes, which is the order they are written in. */
enum item_slot {
	SLOT_ARN,
	SLOT_ZONE,
	SLOT_ACCOUNT,
	SLOT_REGION,
	SLOT_CONFIGURATION,
	SLOT_CAPTURED,
	SLOT_DELIVERED, /* only with daily recording; left out when absent, as all others are not */
	SLOT_STATUS,
	SLOT_VERSION,
	SLOT_STATE_ID,
	SLOT_HASH,
	SLOT_EVENTS,
	SLOT_RELATIONSHIPS,
	SLOT_CREATED,
	SLOT_ID,
	SLOT_NAME,
	SLOT_TYPE,
	SLOT_SUPPLEMENTARY,
	SLOT_TAGS,
	SLOT_COUNT,
};

extern const struct str item_slot_names[SLOT_COUNT];

/* An item on its way to the canonical form. */
struct item_draft {
	struct parser *parser;
	const struct parse_source *src;
	const struct jv *item;              /* as it came */
	const struct jv *given[SLOT_COUNT]; /* NULL when absent or null */
	struct str spelled[SLOT_COUNT];     /* under which name */
	struct jv made[SLOT_COUNT];         /* canonical */
	const struct jv_member **extra;     /* members without a slot, sorted by name */
	size_t n_extra;
	enum item_guise guise;
	int64_t captured_ms;
	bool strings; /* the API's way: configuration and supplementary values in strings */
};

/* Sorts the members into slots. 0 or -ENOMEM. */
int item_draft_fill(struct item_draft *d) _must_check_;
/* Makes every member. 0, PARSE_E_REFUSED (fault set), -ENOMEM. */
int item_draft_make(struct item_draft *d) _must_check_;
/* Those with a shape of their own; the same returns. */
int item_make_configuration(struct item_draft *d) _must_check_;
int item_make_supplementary(struct item_draft *d) _must_check_;
int item_make_relationships(struct item_draft *d) _must_check_;
int item_make_tags(struct item_draft *d) _must_check_;
/* Refuses the item for one of its members. */
int item_draft_refuse(struct item_draft *d, enum item_slot slot, const char *reason, ...)
	_printf_(3, 4);
