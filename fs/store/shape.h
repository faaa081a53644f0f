/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a state was received as, guessed from its body; see shape.c. */

#include <stdbool.h>
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
	struct store_shapes *shared;               /* of a writer */
};

/* --- shape_shared.c ----------------------------------------------------------------------- */

int shared_shapes_new(struct store_shapes **ret) _must_check_;
struct store_shapes *shared_shapes_free(struct store_shapes *shapes);
/* After a rollback: what was shared may not be in the history. */
void shared_shapes_forget(struct store_shapes *shapes);
/* Is the kind's newest shape the one that is shared, or another kind's in its place? */
bool shared_shapes_have(const struct store_shapes *shapes, int64_t kind, int64_t id);
/* Shares a kind's newest shape. */
int shared_shapes_put(struct store_shapes *shapes, int64_t kind, int64_t id,
		      struct str text) _must_check_;
/* Row of the item's shape; 0: none that is in the history for certain. */
int64_t shared_shape_id(const struct item *item);

/* Forgets what it read. */
void shapes_forget(struct shapes *shapes);

/* Type and guise. */
int64_t shape_kind_of(const struct item *item);
/* Appends the body in that shape. STORE_E_DAMAGED. */
int shape_apply(struct store *s, int64_t id, struct str body,
		struct buf *out) _must_check_;
/*
 * Replaces guess with what the item, whose raw bytes are not its body, was most likely received
 * as. *ret is the shape of that; 0: no guess. May add a shape.
 */
int shape_guess(struct store *s, const struct item *item, struct buf *guess,
		int64_t *ret) _must_check_;
