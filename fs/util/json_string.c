/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uncommon half of reading strings: bytes that are not plain ASCII, and escapes. A string
 * with escapes is decoded into the arena; its text in the source bounds the copy's length,
 * as every escape is longer than what it stands for.
 */
#include "util/json.h"

#include <errno.h>

#include "util/hex.h"

#include "json_private.h"
#include "utf8.h"

const char *jv_reader_fail(struct jv_reader *in, const char *p, const char *reason)
{
	fault_set(in->fault, (uint64_t)(p - in->text), NULL, "%s", reason);
	in->error = JV_E_SYNTAX;
	return NULL;
}

const char *jv_string_odd(struct jv_reader *in, const char *p)
{
	size_t n;

	if (p >= in->end)
		return jv_reader_fail(in, p, "the text ends inside a string");
	if ((unsigned char)*p < 0x20)
		return jv_reader_fail(
			in, p,
			"a control character stands in a string without an escape");
	n = utf8_sequence(p, in->end);
	return n ? p + n : jv_reader_fail(in, p, "a string is not UTF-8");
}

/* --- escapes -------------------------------------------------------------------------------- */

/* Four hex digits at p; -1 when they are not. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

static char *put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*out++ = (char)(0xe0 | code >> 12);
		} else {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

/* \uXXXX at p, its backslash; two of them when they are a surrogate pair. */
static const char *unicode_escape(struct jv_reader *in, const char *p, char **out)
{
	int32_t code = hex4(p + 2, in->end);
	int32_t low = -1;

	if (code < 0)
		return jv_reader_fail(in, p, "\\u is not followed by four hex digits");
	p += 6;
	if (code >= 0xd800 && code < 0xdc00 && in->end - p >= 6 && p[0] == '\\' &&
	    p[1] == 'u')
		low = hex4(p + 2, in->end);
	if (low >= 0xdc00 && low < 0xe000) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	*out = put_utf8(*out, (uint32_t)code);
	return p;
}

static const char *escape(struct jv_reader *in, const char *p, char **out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	if (in->end - p < 2)
		return jv_reader_fail(in, in->end, "the text ends inside a string");
	if (p[1] == 'u')
		return unicode_escape(in, p, out);
	hit = memchr(from, p[1], sizeof(from) - 1);
	if (!hit)
		return jv_reader_fail(in, p,
				      "a string has an escape that JSON does not know");
	*(*out)++ = to[hit - from];
	return p + 2;
}

/* How many bytes there are up to the closing quote: what is decoded is never longer. */
static size_t raw_length(const char *from, const char *end)
{
	const char *p = from;

	while ((p = jv_plain_end(p, end)) < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return (size_t)(p - from);
}

const char *jv_string_decode(struct jv_reader *in, struct arena *a, const char *from,
			     struct str *ret)
{
	char *text = arena_alloc(a, raw_length(from, in->end));
	char *out = text;
	const char *p = from;

	if (!text) {
		in->error = -ENOMEM;
		return NULL;
	}
	for (;;) {
		const char *next = jv_plain_end(p, in->end);

		memcpy(out, p, (size_t)(next - p));
		out += next - p;
		p = next;
		if (p < in->end && *p == '"')
			break;
		if (p < in->end && *p == '\\') {
			p = escape(in, p, &out);
			if (!p)
				return NULL;
			continue;
		}
		next = jv_string_odd(in, p);
		if (!next)
			return NULL;
		memcpy(out, p, (size_t)(next - p));
		out += next - p;
		p = next;
	}
	*ret = (struct str){ text, (size_t)(out - text) };
	return p + 1;
}
