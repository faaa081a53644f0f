/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The inner loop of every import. Strings are most of the bytes, so they are passed eight bytes
 * at a time; outside of strings each byte's class and what is expected decide. The state between
 * two calls is `expect`, the brackets, and whether a string or a scalar is under way.
 */

#include "json_scan.h"

#include <string.h>

#include "util/word.h"

enum byte_class {
	CLASS_BAD,
	CLASS_SPACE,
	CLASS_QUOTE,
	CLASS_OPEN,
	CLASS_CLOSE,
	CLASS_COMMA,
	CLASS_COLON,
	CLASS_SCALAR,
};

static const uint8_t classes[256] = {
	[' '] = CLASS_SPACE,          ['\t'] = CLASS_SPACE,
	['\n'] = CLASS_SPACE,         ['\r'] = CLASS_SPACE,
	['"'] = CLASS_QUOTE,          ['{'] = CLASS_OPEN,
	['['] = CLASS_OPEN,           ['}'] = CLASS_CLOSE,
	[']'] = CLASS_CLOSE,          [','] = CLASS_COMMA,
	[':'] = CLASS_COLON,          ['+'] = CLASS_SCALAR,
	['-'] = CLASS_SCALAR,         ['.'] = CLASS_SCALAR,
	['0' ... '9'] = CLASS_SCALAR, ['a' ... 'z'] = CLASS_SCALAR,
	['A' ... 'Z'] = CLASS_SCALAR,
};

/* What may stand behind a backslash. */
static const bool escapes[256] = {
	['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true, ['f'] = true,
	['n'] = true, ['r'] = true,  ['t'] = true, ['u'] = true,
};

static const char *const expected[] = {
	[JSON_EXPECT_VALUE] = "a value should stand here",
	[JSON_EXPECT_ELEMENT] = "a value or ] should stand here",
	[JSON_EXPECT_KEY] = "a member name should stand here",
	[JSON_EXPECT_MEMBER] = "a member name or } should stand here",
	[JSON_EXPECT_COLON] = "a colon should stand here",
	[JSON_EXPECT_NEXT] = "a comma or a closing bracket should stand here",
};

void json_scan_begin(struct json_scan *c, unsigned key_depth, uint64_t watch_sizes)
{
	c->depth = 0;
	c->expect = JSON_EXPECT_VALUE;
	c->token = JSON_TOKEN_NONE;
	c->key_depth = key_depth;
	c->watch_sizes = watch_sizes;
}

void json_scan_resume(struct json_scan *c, unsigned depth, unsigned key_depth)
{
	json_scan_begin(c, key_depth, 0);
	c->depth = depth;
	c->objects[0] = ~0ull;
	c->expect = JSON_EXPECT_NEXT;
}

static enum json_scan_event damaged(struct json_scan *c, const char *reason)
{
	c->reason = reason;
	return JSON_SCAN_DAMAGED;
}

static inline bool in_object(const struct json_scan *c, unsigned depth)
{
	return c->objects[depth / 64] >> (depth % 64) & 1;
}

/* The first quote, backslash or control character, or end. */
static inline const char *string_stop(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w = word_at(p);
		uint64_t hit = word_zeros(w ^ WORD_EACH('"')) |
			       word_zeros(w ^ WORD_EACH('\\')) |
			       ((w - WORD_EACH(0x20)) & ~w & WORD_HIGHS);

		if (hit)
			return p + __builtin_ctzll(hit) / 8;
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

/* Goes on within a string; *at ends up behind its closing quote when that has come. */
static inline enum json_scan_event string_run(struct json_scan *c, const char **at,
					      const char *end)
{
	const char *p = *at;

	for (;;) {
		p = string_stop(p, end);
		*at = p;
		if (p == end)
			return JSON_SCAN_MORE;
		if (*p == '"') {
			*at = p + 1;
			c->token = JSON_TOKEN_NONE;
			return JSON_SCAN_DONE;
		}
		if (*p != '\\')
			return damaged(c, "a control character stands in a string");
		if (end - p < 2)
			return JSON_SCAN_MORE;
		if (!escapes[(unsigned char)p[1]])
			return damaged(c, "no such escape");
		p += 2;
	}
}

/* Behind a value: what comes next is a comma, a closing bracket, or nothing more. */
static inline enum json_scan_event value_done(struct json_scan *c)
{
	c->expect = JSON_EXPECT_NEXT;
	return c->depth == 0 ? JSON_SCAN_DONE : JSON_SCAN_MORE;
}

/* A string and, since a colon nearly always follows a key at once, that too. */
static inline enum json_scan_event string_go_on(struct json_scan *c, const char *bytes,
						const char **p, const char *end)
{
	enum json_scan_event event = string_run(c, p, end);

	if (event != JSON_SCAN_DONE)
		return event;
	if (!c->in_key)
		return value_done(c);
	c->key_len = *p - 1 - bytes - c->key_at;
	c->expect = JSON_EXPECT_COLON;
	return JSON_SCAN_MORE;
}

static inline enum json_scan_event quote(struct json_scan *c, const char *bytes,
					 const char **p, const char *end)
{
	if (c->expect <= JSON_EXPECT_ELEMENT) {
		c->in_key = false;
	} else if (c->expect <= JSON_EXPECT_MEMBER) {
		c->in_key = true;
		c->first = c->expect == JSON_EXPECT_MEMBER;
		c->key_at = *p + 1 - bytes;
	} else {
		return damaged(c, expected[c->expect]);
	}
	(*p)++;
	c->token = JSON_TOKEN_STRING;
	return string_go_on(c, bytes, p, end);
}

static inline enum json_scan_event scalar_go_on(struct json_scan *c, const char **p,
						const char *end)
{
	while (*p < end && classes[(unsigned char)**p] == CLASS_SCALAR)
		(*p)++;
	if (*p == end)
		return JSON_SCAN_MORE;
	c->token = JSON_TOKEN_NONE;
	return value_done(c);
}

static inline enum json_scan_event open_bracket(struct json_scan *c, const char **p)
{
	uint64_t bit;

	if (c->expect > JSON_EXPECT_ELEMENT)
		return damaged(c, expected[c->expect]);
	if (c->depth == JSON_SCAN_MAX_DEPTH)
		return damaged(c, "nested deeper than 512");
	c->depth++;
	bit = 1ull << (c->depth % 64);
	if (**p == '{') {
		c->objects[c->depth / 64] |= bit;
		c->expect = JSON_EXPECT_MEMBER;
	} else {
		c->objects[c->depth / 64] &= ~bit;
		c->expect = JSON_EXPECT_ELEMENT;
	}
	(*p)++;
	return JSON_SCAN_MORE;
}

static inline enum json_scan_event close_bracket(struct json_scan *c, const char **p)
{
	bool brace = **p == '}';

	if (c->expect != JSON_EXPECT_NEXT &&
	    c->expect != (brace ? JSON_EXPECT_MEMBER : JSON_EXPECT_ELEMENT))
		return damaged(c, expected[c->expect]);
	if (brace != in_object(c, c->depth))
		return damaged(c, brace ? "} closes what [ opened"
					: "] closes what { opened");
	c->depth--;
	(*p)++;
	return value_done(c);
}

static inline enum json_scan_event comma(struct json_scan *c, const char **p)
{
	if (c->expect != JSON_EXPECT_NEXT)
		return damaged(c, expected[c->expect]);
	c->expect = in_object(c, c->depth) ? JSON_EXPECT_KEY : JSON_EXPECT_VALUE;
	(*p)++;
	return JSON_SCAN_MORE;
}

static inline enum json_scan_event colon(struct json_scan *c, const char **p)
{
	if (c->expect != JSON_EXPECT_COLON)
		return damaged(c, expected[c->expect]);
	c->expect = JSON_EXPECT_VALUE;
	(*p)++;
	if (c->depth <= c->key_depth)
		return JSON_SCAN_KEY;
	if (c->first && c->watch_sizes >> (c->key_len & 63) & 1 && c->depth > 1 &&
	    !in_object(c, c->depth - 1))
		return JSON_SCAN_KEY;
	return JSON_SCAN_MORE;
}

static inline enum json_scan_event go_on(struct json_scan *c, const char *bytes,
					 const char **p, const char *end)
{
	switch (classes[(unsigned char)**p]) {
	case CLASS_SPACE:
		(*p)++;
		return JSON_SCAN_MORE;
	case CLASS_QUOTE:
		return quote(c, bytes, p, end);
	case CLASS_OPEN:
		return open_bracket(c, p);
	case CLASS_CLOSE:
		return close_bracket(c, p);
	case CLASS_COMMA:
		return comma(c, p);
	case CLASS_COLON:
		return colon(c, p);
	case CLASS_SCALAR:
		if (c->expect > JSON_EXPECT_ELEMENT)
			return damaged(c, expected[c->expect]);
		c->token = JSON_TOKEN_SCALAR;
		return scalar_go_on(c, p, end);
	default:
		return damaged(c, expected[c->expect]);
	}
}

enum json_scan_event json_scan_run(struct json_scan *c, const char *bytes, size_t *pos,
				   size_t end)
{
	enum json_scan_event event = JSON_SCAN_MORE;
	const char *p = bytes + *pos;
	const char *stop = bytes + end;

	if (p < stop && c->token == JSON_TOKEN_STRING)
		event = string_go_on(c, bytes, &p, stop);
	else if (p < stop && c->token == JSON_TOKEN_SCALAR)
		event = scalar_go_on(c, &p, stop);
	/* A string or scalar that is still under way has used up the bytes, all but perhaps a
	   lone backslash. */
	while (event == JSON_SCAN_MORE && p < stop && c->token == JSON_TOKEN_NONE)
		event = go_on(c, bytes, &p, stop);
	*pos = p - bytes;
	return event;
}
