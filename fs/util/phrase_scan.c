/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where phrases and values begin. The grammar is not checked: bytes that are no JSON are cut
 * somewhere, too, and nothing but their length in code depends on where.
 */
#include "phrase_private.h"

/* Where the string that begins at `at`, behind its quote, ends: its quote, or the text's end. */
static size_t string_end(struct str text, size_t at)
{
	for (;;) {
		const char *quote =
			at < text.n ? memchr(text.p + at, '"', text.n - at) : NULL;
		size_t end, slashes = 0;

		if (!quote)
			return text.n;
		end = (size_t)(quote - text.p);
		while (slashes < end - at && text.p[end - slashes - 1] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return end;
		at = end + 1;
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-';
}

/* Is the string that ends there a member's name? *ret: behind its colon. */
static bool is_name(struct str text, size_t end, size_t *ret)
{
	size_t at = end + 1;

	while (at < text.n && is_space(text.p[at]))
		at++;
	*ret = at + 1;
	return at < text.n && text.p[at] == ':';
}

/* Where the next value begins, and where it ends; both the text's end: there is none. */
static size_t value_at(struct str text, size_t at, bool *ret_string, size_t *ret_end)
{
	while (at < text.n) {
		char c = text.p[at];
		size_t behind;

		if (c == '"') {
			*ret_end = string_end(text, at + 1);
			if (!is_name(text, *ret_end, &behind)) {
				*ret_string = true;
				return at + 1;
			}
			at = behind;
			continue;
		}
		if (is_number(c)) {
			*ret_end = at + 1;
			while (*ret_end < text.n &&
			       (is_number(text.p[*ret_end]) || text.p[*ret_end] == '.'))
				++*ret_end;
			return at;
		}
		at++;
	}
	*ret_end = text.n;
	return text.n;
}

bool phrase_next(struct phrase_scan *scan, struct str *ret_phrase, struct str *ret_value)
{
	struct str text = scan->text;
	size_t end, at;

	if (!text.n)
		return false;
	at = scan->in_string ? 1 : 0; /* its quote */
	scan->in_string = false;
	at = value_at(text, at, &scan->in_string, &end);
	*ret_phrase = (struct str){ text.p, at };
	*ret_value = (struct str){ text.p + at, end - at };
	scan->text = str_from(text, end);
	return true;
}
