/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader: one pass over the text, which every byte of an import goes through.
 *
 * There is no recursion. Values are pushed on a stack as they are read; a container is pushed
 * when it opens, and when it closes, what lies above it is copied to the arena as its children
 * and popped. A key is pushed like a value, so that an object's children already lie there as
 * its members. The stack begins inside the parser, so that a common record needs no malloc.
 *
 * Texts are borrowed from the input. Inside a string eight bytes are looked at together; only
 * bytes above 0x7f are checked to be UTF-8, only strings with an escape are decoded to a copy.
 * The position travels as an argument and a result, not in the parser, to stay in a register;
 * NULL means that the error was noted.
 */
#include "util/json.h"

#include <errno.h>
#include <stdlib.h>

#include "json_private.h"

#define LOCAL_VALUES 256

struct parser {
	struct jv_reader in;
	struct arena *arena;
	unsigned depth;
	struct jv *stack; /* `local`, or `heap` once that became too small */
	size_t n;
	size_t cap;
	struct jv *heap;
	size_t open[JV_MAX_DEPTH]; /* where on the stack the open containers are */
	struct jv local[LOCAL_VALUES];
};

_Static_assert(sizeof(struct jv_member) == 2 * sizeof(struct jv),
	       "a member is two values");

/* --- errors --------------------------------------------------------------------------------- */

static const char *fail_memory(struct parser *s)
{
	s->in.error = -ENOMEM;
	return NULL;
}

/* p stands where `wanted` should be. */
static const char *fail_token(struct parser *s, const char *p, const char *wanted)
{
	unsigned char c;

	if (p >= s->in.end) {
		fault_set(s->in.fault, (uint64_t)(s->in.end - s->in.text), NULL,
			  "the text ends where %s should be", wanted);
	} else {
		c = (unsigned char)*p;
		fault_set(s->in.fault, (uint64_t)(p - s->in.text), NULL,
			  c > ' ' && c < 0x7f ? "'%c' stands where %s should be"
					      : "byte 0x%02x stands where %s should be",
			  c, wanted);
	}
	return NULL;
}

/* --- the stack ------------------------------------------------------------------------------ */

static bool grow(struct parser *s)
{
	size_t cap = s->cap * 2;
	struct jv *heap = realloc(s->heap, cap * sizeof(*heap));

	if (!heap)
		return false;
	if (!s->heap)
		memcpy(heap, s->local, sizeof(s->local));
	s->heap = heap;
	s->stack = heap;
	s->cap = cap;
	return true;
}

/* Room for one more value, which the caller fills in; NULL when out of memory. */
static inline struct jv *push(struct parser *s)
{
	if (s->n == s->cap && !grow(s))
		return NULL;
	return &s->stack[s->n++];
}

static inline const char *push_text(struct parser *s, enum jv_type type, const char *at,
				    struct str text, const char *next)
{
	struct jv *v = push(s);

	if (!v)
		return fail_memory(s);
	v->type = (uint8_t)type;
	v->len = (uint32_t)text.n;
	v->at = (uint32_t)(at - s->in.text);
	v->text = text.p;
	return next;
}

/* --- scanning ------------------------------------------------------------------------------- */

static inline const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

static inline bool at_char(const struct parser *s, const char *p, char c)
{
	return p < s->in.end && *p == c;
}

/* --- values --------------------------------------------------------------------------------- */

/* p is at the opening quote; pushes the string. */
static inline const char *read_string(struct parser *s, const char *p)
{
	const char *from = p + 1;
	const char *to = jv_plain_end(from, s->in.end);
	struct str text;

	while (!at_char(s, to, '"')) {
		if (at_char(s, to, '\\')) {
			to = jv_string_decode(&s->in, s->arena, from, &text);
			return to ? push_text(s, JV_STRING, p, text, to) : NULL;
		}
		to = jv_string_odd(&s->in, to);
		if (!to)
			return NULL;
		to = jv_plain_end(to, s->in.end);
	}
	text = (struct str){ from, (size_t)(to - from) };
	return push_text(s, JV_STRING, p, text, to + 1);
}

static inline const char *digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* One digit or more. */
static const char *read_digits(struct parser *s, const char *p)
{
	const char *next = digits_end(p, s->in.end);

	return next > p ? next : fail_token(s, p, "a digit");
}

static const char *read_number(struct parser *s, const char *from)
{
	const char *p = from + at_char(s, from, '-');

	if (at_char(s, p, '0')) {
		p++;
		if (digits_end(p, s->in.end) > p)
			return jv_reader_fail(&s->in, p - 1,
					      "a number begins with a needless 0");
	} else if (!(p = read_digits(s, p))) {
		return NULL;
	}
	if (at_char(s, p, '.') && !(p = read_digits(s, p + 1)))
		return NULL;
	if (at_char(s, p, 'e') || at_char(s, p, 'E')) {
		p++;
		p += at_char(s, p, '+') || at_char(s, p, '-');
		p = read_digits(s, p);
		if (!p)
			return NULL;
	}
	return push_text(s, JV_NUMBER, from, (struct str){ from, (size_t)(p - from) }, p);
}

static const char *read_literal(struct parser *s, const char *p, const char *word,
				enum jv_type type)
{
	size_t n = strlen(word);

	if ((size_t)(s->in.end - p) < n || memcmp(p, word, n) != 0)
		return fail_token(s, p, "a value");
	return push_text(s, type, p, STR_NULL, p + n);
}

/* "key": with p before it. */
static inline const char *read_key(struct parser *s, const char *p)
{
	p = skip_space(p, s->in.end);
	if (!at_char(s, p, '"'))
		return fail_token(s, p, "a member's name");
	p = read_string(s, p);
	if (!p)
		return NULL;
	p = skip_space(p, s->in.end);
	return at_char(s, p, ':') ? p + 1 : fail_token(s, p, "':'");
}

/* --- containers ----------------------------------------------------------------------------- */

/* The innermost open container has all its children: they move to the arena. */
static bool close_container(struct parser *s)
{
	struct jv *container = &s->stack[s->open[--s->depth]];
	size_t n = s->n - (size_t)(container + 1 - s->stack);
	struct jv *items;

	s->n -= n;
	if (n == 0)
		return true;
	items = arena_alloc(s->arena, n * sizeof(*items));
	if (!items) {
		s->in.error = -ENOMEM;
		return false;
	}
	memcpy(items, container + 1, n * sizeof(*items));
	container->len = (uint32_t)(container->type == JV_OBJECT ? n / 2 : n);
	container->items = items;
	return true;
}

/* p is at the bracket; goes on to the first child, or past an empty container. */
static const char *open_container(struct parser *s, const char *p, enum jv_type type)
{
	size_t at = s->n;

	if (s->depth == JV_MAX_DEPTH)
		return jv_reader_fail(&s->in, p, "the nesting is too deep");
	if (!push_text(s, type, p, STR_NULL, p))
		return NULL;
	p = skip_space(p + 1, s->in.end);
	if (at_char(s, p, type == JV_OBJECT ? '}' : ']'))
		return p + 1;
	s->open[s->depth++] = at;
	return type == JV_OBJECT ? read_key(s, p) : p;
}

/* Pushes the scalar at p, or opens the container there. */
static inline const char *read_value(struct parser *s, const char *p)
{
	p = skip_space(p, s->in.end);
	if (p == s->in.end)
		return fail_token(s, p, "a value");
	switch (*p) {
	case '"':
		return read_string(s, p);
	case '{':
		return open_container(s, p, JV_OBJECT);
	case '[':
		return open_container(s, p, JV_ARRAY);
	case 't':
		return read_literal(s, p, "true", JV_TRUE);
	case 'f':
		return read_literal(s, p, "false", JV_FALSE);
	case 'n':
		return read_literal(s, p, "null", JV_NULL);
	default:
		if (*p == '-' || (*p >= '0' && *p <= '9'))
			return read_number(s, p);
		return fail_token(s, p, "a value");
	}
}

/*
 * What follows a value: closes the containers that end here, and passes the comma (and the
 * key) before the next value. The text's value is complete when no container is left open.
 */
static inline const char *read_separator(struct parser *s, const char *p)
{
	while (s->depth > 0) {
		bool object = s->stack[s->open[s->depth - 1]].type == JV_OBJECT;

		p = skip_space(p, s->in.end);
		if (at_char(s, p, ','))
			return object ? read_key(s, p + 1) : p + 1;
		if (!at_char(s, p, object ? '}' : ']'))
			return fail_token(s, p, object ? "',' or '}'" : "',' or ']'");
		if (!close_container(s))
			return NULL;
		p++;
	}
	return p;
}

static const char *read_document(struct parser *s, const char *p)
{
	do {
		unsigned depth = s->depth;

		p = read_value(s, p);
		/* A container that was just opened has its first child next. */
		if (p && s->depth <= depth)
			p = read_separator(s, p);
	} while (p && s->depth > 0);
	if (!p)
		return NULL;
	p = skip_space(p, s->in.end);
	return p == s->in.end ? p : fail_token(s, p, "the end");
}

static void parser_deinit(struct parser *s)
{
	free(s->heap);
}

int jv_parse(struct arena *a, struct str text, struct jv *ret, struct fault *f)
{
	/* Filled member by member: zeroing the local stack would cost more than a short text. */
	_cleanup_(parser_deinit) struct parser s;

	if (text.n > JV_MAX_TEXT) {
		fault_set(f, JV_MAX_TEXT, NULL, "the text is longer than %u bytes",
			  JV_MAX_TEXT);
		return JV_E_SYNTAX;
	}
	s.in.text = text.n ? text.p : "";
	s.in.end = s.in.text + text.n;
	s.arena = a;
	s.in.fault = f;
	s.in.error = JV_E_SYNTAX;
	s.depth = 0;
	s.stack = s.local;
	s.n = 0;
	s.cap = LOCAL_VALUES;
	s.heap = NULL;

	if (!read_document(&s, s.in.text))
		return s.in.error;
	*ret = s.stack[0];
	return 0;
}
