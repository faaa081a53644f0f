/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walks over one JSON value that arrives in pieces and says where it ends, or where it stops
 * being JSON. It checks all of the grammar but the inside of numbers, literals and escapes: what
 * it lets pass is for the parser behind it to judge. No recursion: the brackets that are open are
 * bits of a small array.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define JSON_SCAN_MAX_DEPTH 512

enum json_scan_event {
	JSON_SCAN_MORE,    /* the bytes given are used up, or all but a lone backslash */
	JSON_SCAN_KEY,     /* behind the colon of a member name that was asked for */
	JSON_SCAN_DONE,    /* behind the value */
	JSON_SCAN_DAMAGED, /* at a byte that cannot stand there; `reason` says why */
};

enum json_scan_expect {
	JSON_EXPECT_VALUE,
	JSON_EXPECT_ELEMENT, /* a value or ] */
	JSON_EXPECT_KEY,
	JSON_EXPECT_MEMBER, /* a key or } */
	JSON_EXPECT_COLON,
	JSON_EXPECT_NEXT, /* a comma or the closing bracket */
};

enum json_scan_token {
	JSON_TOKEN_NONE,
	JSON_TOKEN_STRING,
	JSON_TOKEN_SCALAR,
};

struct json_scan {
	uint64_t objects[JSON_SCAN_MAX_DEPTH / 64 + 1]; /* bit d: is bracket d a brace? */
	unsigned depth;                                 /* brackets open */
	uint8_t expect;                                 /* enum json_scan_expect */
	uint8_t token;      /* enum json_scan_token: the one under way */
	bool in_key;        /* that string is a member name */
	bool first;         /* the key is the first of its object */
	unsigned key_depth; /* keys no deeper than this are told */
	uint64_t watch_sizes; /* and those that come first in an object in an array, when the
				 bit of their length is set */
	size_t key_at;        /* the last key's text, as it stands between its quotes */
	size_t key_len;
	const char *reason;
};

/* Start over: before a value. */
void json_scan_begin(struct json_scan *c, unsigned key_depth, uint64_t watch_sizes);
/* Start over: behind a member's value, within `depth` objects. */
void json_scan_resume(struct json_scan *c, unsigned depth, unsigned key_depth);
/* Goes on at bytes[*pos], up to bytes[end]. Positions that are kept between calls (key_at) are
   the caller's to shift when the bytes move. */
enum json_scan_event json_scan_run(struct json_scan *c, const char *bytes, size_t *pos,
				   size_t end) _must_check_;
