/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names and their stems, as both who puts and who reads them sees them. */

#include "store/derive.h"

/* Values of the column name.space; above 0 it is a tag's key. */
#define SPACE_NAMES (-1)
#define SPACE_ARNS  (-2)

/* The kind of a stem that is a tag's key. */
#define STEM_TAG_KEY 0

#define NAME_HASH_BITS 23

/* Of the file name: what a name is looked up and listed by. */
static inline int64_t name_hash(struct str file_name)
{
	return (int64_t)(str_hash(file_name) & ((1u << NAME_HASH_BITS) - 1));
}

/*
 * Puts the difference to what the resource was called before (`fresh`: to nothing). before_ms: of the
 * newest state that its story told of until now, INT64_MIN when none has changed that it told of;
 * newest_ms: of the one it tells of now.
 */
int names_replace(struct store *s, int64_t resource, const struct store_name *names,
		  size_t n, bool fresh, int64_t before_ms,
		  int64_t newest_ms) _must_check_;
