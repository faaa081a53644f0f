/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the JSON values share: reading strings, and an object's members in order.
 */

#include "util/json.h"

#include "util/word.h"

/* The text being parsed, and what to say about it. Functions that return where they got to
   return NULL when they failed, with the error (and for JV_E_SYNTAX the fault) filled in. */
struct jv_reader {
	const char *text;
	const char *end;
	struct fault *fault; /* may be NULL */
	int error;
};

/* Notes the error at p; always NULL, to be returned. */
const char *jv_reader_fail(struct jv_reader *in, const char *p, const char *reason);
/* Passes a byte that ended a plain run and is no quote or backslash, with those it goes with. */
const char *jv_string_odd(struct jv_reader *in, const char *p);
/* Decodes a string to the arena. `from` is behind its opening quote; returns behind the last. */
const char *jv_string_decode(struct jv_reader *in, struct arena *a, const char *from,
			     struct str *ret);

/* The first byte that ends a run of plain ASCII in a string: quote, escape, control, non-ASCII. */
static inline const char *jv_plain_end(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w = word_at(p);
		uint64_t quote = w ^ WORD_EACH('"');
		uint64_t escape = w ^ WORD_EACH('\\');
		/*
		 * Each term borrows into its byte's highest bit when the byte is one of those
		 * looked for. A borrow can run on into higher bytes, never into lower ones, so
		 * the lowest bit that is set is always right.
		 */
		uint64_t hit = ((w - WORD_EACH(0x20)) | (quote - WORD_EACH(1)) |
				(escape - WORD_EACH(1)) | w) &
			       WORD_HIGHS;

		if (hit)
			return p + __builtin_ctzll(hit) / 8;
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\' && *p >= 0x20 && (*p & 0x80) == 0)
		p++;
	return p;
}

/* Objects up to this size are sorted by insertion, in an array on the stack. */
#define JV_SMALL_OBJECT 16

/*
 * Fills ret, which has room for object->len pointers, with the members sorted by their keys'
 * bytes; of equal keys the last member only. Returns how many there are.
 */
size_t jv_members_sort(const struct jv *object, const struct jv_member **ret);
