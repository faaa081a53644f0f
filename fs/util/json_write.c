/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON values: compact, compact and sorted, and the pretty form of a compact text.
 *
 * The pretty form is made from text to text: a file read has the compact body at hand, and a
 * tree would cost more than the answer. Its length is needed for every state at import, long
 * before anyone reads it, so the same pass can count instead of writing: both use one walk
 * and cannot disagree.
 */
#include "util/json.h"

#include <stdlib.h>

#include "json_private.h"
#include "util/word.h"

/* --- strings -------------------------------------------------------------------------------- */

/* The first byte that cannot be written as it is, or may be the first one of a surrogate. */
static const char *verbatim_end(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w = word_at(p);
		uint64_t hit = ((w - WORD_EACH(0x20)) & ~w & WORD_HIGHS) |
			       word_zeros(w ^ WORD_EACH('"')) |
			       word_zeros(w ^ WORD_EACH('\\')) |
			       word_zeros(w ^ WORD_EACH(0xed));

		if (hit)
			return p + __builtin_ctzll(hit) / 8;
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 &&
	       (unsigned char)*p != 0xed)
		p++;
	return p;
}

/* Writes what stands at p, where verbatim_end() stopped; returns what is behind it. */
static const char *write_escape(struct buf *out, const char *p, const char *end)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *hit = memchr(from, *p, sizeof(from) - 1);

	if (hit) {
		buf_put(out, (char[]){ '\\', to[hit - from] }, 2);
		return p + 1;
	}
	if ((unsigned char)*p < 0x20) {
		buf_printf(out, "\\u%04x", *p);
		return p + 1;
	}
	/* A lone surrogate, in the three bytes that the parser gave it. */
	if (end - p >= 3 && (p[1] & 0xe0) == 0xa0 && (p[2] & 0xc0) == 0x80) {
		buf_printf(out, "\\u%04x",
			   0xd000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
		return p + 3;
	}
	buf_put_char(out, *p);
	return p + 1;
}

void jv_write_string(struct buf *out, struct str s)
{
	const char *p = s.n ? s.p : "";
	const char *end = p + s.n;

	buf_put_char(out, '"');
	for (;;) {
		const char *next = verbatim_end(p, end);

		buf_put(out, p, (size_t)(next - p));
		if (next == end)
			break;
		p = write_escape(out, next, end);
	}
	buf_put_char(out, '"');
}

/* --- values --------------------------------------------------------------------------------- */

static void write_value(struct buf *out, const struct jv *v, bool sorted);

static void write_array(struct buf *out, const struct jv *v, bool sorted)
{
	buf_put_char(out, '[');
	for (uint32_t i = 0; i < v->len; i++) {
		if (i > 0)
			buf_put_char(out, ',');
		write_value(out, &v->items[i], sorted);
	}
	buf_put_char(out, ']');
}

static void write_member(struct buf *out, const struct jv_member *m, bool sorted)
{
	jv_write_string(out, jv_str(&m->key));
	buf_put_char(out, ':');
	write_value(out, &m->value, sorted);
}

static void write_object(struct buf *out, const struct jv *v)
{
	buf_put_char(out, '{');
	for (uint32_t i = 0; i < v->len; i++) {
		if (i > 0)
			buf_put_char(out, ',');
		write_member(out, &v->members[i], false);
	}
	buf_put_char(out, '}');
}

static void write_object_sorted(struct buf *out, const struct jv *v)
{
	const struct jv_member *small[JV_SMALL_OBJECT];
	_cleanup_(freep) const struct jv_member **big = NULL;
	const struct jv_member **members = small;
	size_t n;

	if (v->len > JV_SMALL_OBJECT) {
		members = big = calloc(v->len, sizeof(*big));
		if (!members) {
			out->failed = true;
			return;
		}
	}
	n = jv_members_sort(v, members);
	buf_put_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_put_char(out, ',');
		write_member(out, members[i], true);
	}
	buf_put_char(out, '}');
}

/* Recurses as deep as values nest, which jv_parse() bounds. */
static void write_value(struct buf *out, const struct jv *v, bool sorted)
{
	switch (v->type) {
	case JV_FALSE:
		buf_put_str(out, STR("false"));
		break;
	case JV_TRUE:
		buf_put_str(out, STR("true"));
		break;
	case JV_NUMBER:
		buf_put_str(out, jv_str(v));
		break;
	case JV_STRING:
		jv_write_string(out, jv_str(v));
		break;
	case JV_ARRAY:
		write_array(out, v, sorted);
		break;
	case JV_OBJECT:
		if (sorted)
			write_object_sorted(out, v);
		else
			write_object(out, v);
		break;
	default:
		buf_put_str(out, STR("null"));
	}
}

void jv_write(struct buf *out, const struct jv *v)
{
	write_value(out, v, false);
}

void jv_write_sorted(struct buf *out, const struct jv *v)
{
	write_value(out, v, true);
}

/* --- the pretty form ------------------------------------------------------------------------ */

/* Where the pretty form goes: to out, or nowhere when only its length is wanted. */
struct layout {
	struct buf *out;
	size_t len;
	unsigned depth;
};

/* The text run..end as it stands, and behind it a space, or a line break with indentation. */
static inline void put_run(struct layout *l, const char *run, const char *end, bool line)
{
	size_t n = (size_t)(end - run);
	size_t gap = line ? 1 + 2 * (size_t)l->depth : 1;
	char *to;

	l->len += n + gap;
	if (!l->out || !buf_reserve(l->out, n + gap))
		return;
	to = l->out->data + l->out->len;
	memcpy(to, run, n);
	memset(to + n, ' ', gap);
	if (line)
		to[n] = '\n';
	l->out->len += n + gap;
}

/* Behind the string whose opening quote is at p. */
static inline const char *string_end(const char *p, const char *end)
{
	p++;
	for (;;) {
		while (end - p >= 8) {
			uint64_t w = word_at(p);
			uint64_t hit = word_zeros(w ^ WORD_EACH('"')) |
				       word_zeros(w ^ WORD_EACH('\\'));

			if (hit) {
				p += __builtin_ctzll(hit) / 8;
				break;
			}
			p += 8;
		}
		while (p < end && *p != '"' && *p != '\\')
			p++;
		if (end - p < 2)
			return end;
		if (*p == '"')
			return p + 1;
		p += 2;
	}
}

/* Always inlined, so that counting and writing each get a loop of their own. */
__attribute__((__always_inline__)) static inline void lay_out(struct layout *l,
							      struct str text)
{
	const char *p = text.p;
	const char *run = p;
	const char *end = text.n ? p + text.n : p;

	while (p < end) {
		switch (*p) {
		case '"':
			p = string_end(p, end);
			break;
		case '{':
		case '[':
			p++;
			/* An empty container stays together: '}' and ']' are '{' and '[' plus 2. */
			if (p < end && *p == p[-1] + 2) {
				p++;
				break;
			}
			l->depth++;
			put_run(l, run, p, true);
			run = p;
			break;
		case '}':
		case ']':
			l->depth -= l->depth > 0;
			put_run(l, run, p, true);
			run = p++;
			break;
		case ',':
		case ':':
			p++;
			put_run(l, run, p, p[-1] == ',');
			run = p;
			break;
		default:
			p++;
		}
	}
	l->len += (size_t)(p - run);
	if (l->out)
		buf_put(l->out, run, (size_t)(p - run));
}

void jv_pretty(struct buf *out, struct str compact, unsigned depth)
{
	struct layout l = { .out = out, .depth = depth };

	lay_out(&l, compact);
}

size_t jv_pretty_len(struct str compact, unsigned depth)
{
	struct layout l = { .depth = depth };

	lay_out(&l, compact);
	return l.len;
}
