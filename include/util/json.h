/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON values as read: immutable trees in an arena. Numbers keep their text ("numbers as they
 * came": 1.10 stays 1.10, 2^80 stays itself), which jansson's json_t cannot do; strings are
 * decoded; members keep their order. Texts without escapes point into the parsed text, which
 * must outlive the tree. The names are jv_... because jansson has taken json_....
 */

#include "util/arena.h"
#include "util/buf.h"
#include "util/fault.h"
#include "util/str.h"

enum jv_type {
	JV_NULL,
	JV_FALSE,
	JV_TRUE,
	JV_NUMBER,
	JV_STRING,
	JV_ARRAY,
	JV_OBJECT,
};

struct jv {
	uint8_t type; /* enum jv_type */
	uint32_t len; /* bytes of text (NUMBER, STRING), elements (ARRAY), members (OBJECT) */
	uint32_t at; /* offset of the value in the parsed text; 0 for a value that was built */
	union {
		const char *text;
		const struct jv *items;
		const struct jv_member *members;
	};
};

struct jv_member {
	struct jv key; /* a JV_STRING */
	struct jv value;
};

enum {
	_JV_E_SUCCESS,
	JV_E_SYNTAX, /* not JSON, not UTF-8, too deep or too long: the fault says which and where */
};

#define JV_MAX_DEPTH \
	512 /* nesting accepted; deeper is JV_E_SYNTAX, never a stack overflow */
#define JV_MAX_TEXT (256u << 20) /* bytes of one document */

/*
 * Parses just one value, white space around it allowed, trailing bytes refused. The fault's
 * offset is relative to text. Lone surrogate escapes are kept (decoded to their three bytes,
 * written back as \\uXXXX); of two members with one name both are kept and jv_get() gives the
 * last. 0, JV_E_SYNTAX, -ENOMEM.
 */
int jv_parse(struct arena *a, struct str text, struct jv *ret,
	     struct fault *f) _must_check_;

/* NULL when v is NULL, no object, or has no such member. */
const struct jv *jv_get(const struct jv *v, const char *key) _pure_;
const struct jv *jv_get_str(const struct jv *v, struct str key) _pure_;
/* Member path with dots, "userIdentity.sessionContext.sessionIssuer"; objects only. */
const struct jv *jv_path(const struct jv *v, const char *path) _pure_;

static inline bool jv_is(const struct jv *v, enum jv_type type)
{
	return v && v->type == type;
}
/* The decoded text of a STRING or the digits of a NUMBER; STR_NULL for anything else or NULL. */
static inline struct str jv_str(const struct jv *v)
{
	return v && (v->type == JV_STRING || v->type == JV_NUMBER)
		       ? (struct str){ v->text, v->len }
		       : STR_NULL;
}
/* The text of member `key` when it is a STRING, else STR_NULL. */
struct str jv_get_text(const struct jv *v, const char *key) _pure_;
/* Is one of the strings in it this one, at any depth? Names of members do not count. */
bool jv_holds(const struct jv *v, struct str text) _pure_;

/* Values made by the caller; pointers are borrowed, not copied. */
struct jv jv_make_string(struct str s);
struct jv jv_make_number(struct str digits);
struct jv jv_make_array(const struct jv *items, size_t n);
struct jv jv_make_object(const struct jv_member *members, size_t n);
extern const struct jv jv_null;

/* Same value? Members in any order; numbers by text or, where that differs, by exact value. */
bool jv_equal(const struct jv *a, const struct jv *b) _pure_;

/* Compact text, members as they stand / sorted by key bytes (of equal keys the last only). */
void jv_write(struct buf *out, const struct jv *v);
void jv_write_sorted(struct buf *out, const struct jv *v);
/* A JSON string literal with quotes: minimal escapes, UTF-8 kept. */
void jv_write_string(struct buf *out, struct str s);

/*
 * Pretty text (two spaces, "key": value, empty containers as {} and [], no final newline) of a
 * compact text that jv_write* made; a linear pass without a tree. jv_pretty_len() is its exact
 * length. `depth` is the indentation level the text starts at.
 */
void jv_pretty(struct buf *out, struct str compact, unsigned depth);
size_t jv_pretty_len(struct str compact, unsigned depth) _pure_;
