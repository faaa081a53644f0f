/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The order of members, learned from examples. Whoever sends JSON documents of one kind writes
 * their members in one order, and leaves out the same ones. With that, a text as it came is made
 * from the sorted text of the same value, often byte for byte: the caller compares.
 *
 * A shape is kept as a JSON text of its own: an object of the keys in order; for each its value's
 * shape, in brackets when not every example had the key; 0 for what is no object. Arrays do not
 * count: their elements have one shape. Nor do strings that hold JSON, which a sorted text may
 * have opened: how they held it stands in the brackets, too.
 */

#include "util/json.h"

#define JV_SHAPE_MAX ((size_t)16 << 10) /* bytes of a shape's text */

struct jv_shape;

/* 0, JV_E_SYNTAX: not a shape's text, -ENOMEM. Copies the text. */
int jv_shape_new(struct str text, struct jv_shape **ret) _must_check_;
struct jv_shape *jv_shape_free(struct jv_shape *shape);
/*
 * Appends the text of the shape `before` (may be empty) as the example widens it. 0; JV_E_SYNTAX: the example
 * is no JSON, or more than a shape holds, or `before` is no shape; -ENOMEM.
 */
int jv_shape_learn(struct str before, struct str example, struct buf *out) _must_check_;
/*
 * Appends the text, which jv_write_sorted() made, with its members in the shape's order. A null
 * that the shape does not have, or not always, is left out; other members that it does not have
 * come last. 0, JV_E_SYNTAX: the text is no JSON, -ENOMEM.
 */
int jv_shape_write(const struct jv_shape *shape, struct str sorted,
		   struct buf *out) _must_check_;
/*
 * *ret: does the shape make the text of what jv_write_sorted() would make of the value, whose
 * members may stand in any order? It does then; else, where that cannot be told without sorting
 * them, it may all the same. `scratch` is overwritten. 0 or -ENOMEM.
 */
int jv_shape_makes(const struct jv_shape *shape, const struct jv *v, struct str text,
		   struct arena *a, struct buf *scratch, bool *ret) _must_check_;
