/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What writing and learning a shape share: texts of JSON that stand in a string; json_wrap.c. */

#include <stdbool.h>

#include "util/json.h"

/* How a container stands in a string: bits. */
enum json_wrap {
	JSON_WRAP_NONE = 0,
	JSON_WRAP_STRING = 1,    /* set in all others */
	JSON_WRAP_SPACED = 2,    /* a space behind each comma and colon */
	JSON_WRAP_URL = 4,       /* per cent signs for all but letters, digits and -_.~ */
	JSON_WRAP_URL_SLASH = 8, /* ... and slashes */
	JSON_WRAP_END = 16,
};

/* The text put into a string literal. */
void json_wrap_put(struct buf *out, struct str text, unsigned wrap);
/* Compact or spaced, members as they stand. */
void json_wrap_write(struct buf *out, const struct jv *v, bool spaced);
/* How the string's container is wrapped, and the container; JSON_WRAP_NONE for any other string.
   0, -ENOMEM. */
int json_wrap_find(struct arena *a, struct str string, unsigned *ret_wrap,
		   struct jv *ret) _must_check_;
/*
 * The marks of a member's shape that stands in brackets: [shape] for one that is optional;
 * [shape, 0 or 1: optional, wrap]. 0, JV_E_SYNTAX.
 */
int json_wrap_read(const struct jv *marks, bool *ret_optional,
		   unsigned *ret_wrap) _must_check_;
