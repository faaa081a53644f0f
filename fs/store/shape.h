/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a state was received as, guessed from its body; see shape.c. */

#include <stdint.h>

#include "model/item.h"
#include "util/buf.h"
#include "util/json_shape.h"
#include "util/macro.h"

struct store;

#define SHAPE_SLOTS      64u
#define SHAPE_KIND_SLOTS 256u

/* A shape that was read. */
struct shape {
	int64_t id; /* 0: slot is empty */
	struct jv_shape *shape;
};

/* What the writer knows of a kind's shapes. */
struct shape_kind {
	int64_t kind;
	bool known;
	int64_t newest; /* shape; 0: none */
	int64_t n;
	unsigned misses; /* in a row: items that taught nothing */
};

struct shapes {
	struct shape slots[SHAPE_SLOTS];           /* by id */
	struct shape_kind kinds[SHAPE_KIND_SLOTS]; /* by kind */
};

/* Forgets what it read. */
void shapes_forget(struct shapes *shapes);

/* Appends the body in that shape. STORE_E_DAMAGED. */
int shape_apply(struct store *s, int64_t id, struct str body,
		struct buf *out) _must_check_;
/*
 * Replaces guess with what the item, whose raw bytes are not its body, was most likely received
 * as. *ret is the shape of that; 0: no guess. May add a shape.
 */
int shape_guess(struct store *s, const struct item *item, struct buf *guess,
		int64_t *ret) _must_check_;
