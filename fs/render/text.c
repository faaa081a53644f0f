/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Text out of the data. User agents, error messages and tags are written by whoever makes a
 * call; shown raw, they could move the cursor, change what a line seems to say (bidirectional
 * overrides) or fake a line of ours. They stay readable as \uXXXX, which within JSON even means
 * the same, so one function serves `changes` and `changes.jsonl`.
 */

#include "text.h"

#include <stdio.h>

#include "render/entry.h"
#include "util/word.h"

/*
 * Decodes one sequence of UTF-8, surrogates included (lone ones come out of JSON escapes).
 * Returns its length; 1 and a code point of U+DC80 and up for a byte that starts none.
 */
static size_t decode(const unsigned char *p, size_t left, uint32_t *ret)
{
	uint32_t c = p[0];
	size_t n = c < 0x80   ? 1
		   : c < 0xc2 ? 0
		   : c < 0xe0 ? 2
		   : c < 0xf0 ? 3
		   : c < 0xf5 ? 4
			      : 0;

	*ret = 0xdc00 + c;
	if (n == 0 || n > left)
		return 1;
	if (n > 1)
		c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 1;
	*ret = c;
	return n;
}

static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||       /* C0, DEL, C1 */
	       c == 0x061c || c == 0x200e || c == 0x200f || /* bidi marks */
	       (c >= 0x2028 && c <= 0x202e) || /* separators, embeddings and overrides */
	       (c >= 0x2066 && c <= 0x2069) || /* isolates */
	       c == 0xfeff || (c >= 0xd800 && c <= 0xdfff);
}

/* Is none of eight bytes a control character, or above ASCII? Most text is so. */
static bool is_plain(const char *p)
{
	uint64_t w = word_at(p);

	/* 0x7f carries into its highest bit. */
	return !(word_controls(w) | ((w + WORD_EACH(1)) & WORD_HIGHS));
}

/* Length of the first part that can stay as it is. */
static size_t safe_prefix(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		unsigned char byte = (unsigned char)s.p[i];
		uint32_t c;
		size_t n;

		if (byte >= 0x20 && byte < 0x7f) {
			i++;
			while (s.n - i >= 8 && is_plain(s.p + i))
				i += 8;
			continue;
		}
		n = decode((const unsigned char *)s.p + i, s.n - i, &c);
		if (is_unsafe(c))
			break;
		i += n;
	}
	return i;
}

void text_safe(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = safe_prefix(s);
		uint32_t c;

		buf_put(out, s.p, n);
		s = str_from(s, n);
		if (s.n == 0)
			break;
		n = decode((const unsigned char *)s.p, s.n, &c);
		/* A byte that is no text stands for itself, as Latin-1 would have it. */
		if (c >= 0xdc80 && c <= 0xdcff && n == 1)
			c &= 0xff;
		buf_printf(out, "\\u%04x", c);
		s = str_from(s, n);
	}
}

/* How much of a text that is too long is shown: no character in half. */
static size_t brief_prefix(const char *p)
{
	size_t n = RENDER_BRIEF_BYTES - 3;

	while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void text_brief(struct buf *out, struct str s)
{
	if (s.n <= RENDER_BRIEF_BYTES) {
		text_safe(out, s);
		return;
	}
	text_safe(out, (struct str){ s.p, brief_prefix(s.p) });
	buf_put_text(out, "...");
}

void text_brief_json(struct buf *out, const struct jv *v)
{
	size_t from = out->len;
	bool brief;

	jv_write(out, v);
	brief = out->len - from <= RENDER_BRIEF_BYTES;
	if (!brief)
		out->len = from + brief_prefix(out->data + from);
	text_make_safe(out, from);
	if (!brief)
		buf_put_text(out, "...");
}

void text_make_safe(struct buf *out, size_t from)
{
	_cleanup_(buf_deinit) struct buf rest = BUF_INIT;
	struct str text = str_from(buf_str(out), from);
	size_t keep = safe_prefix(text);

	if (keep == text.n)
		return;
	text_safe(&rest, str_from(text, keep));
	if (rest.failed)
		out->failed = true;
	out->len = from + keep;
	buf_put_str(out, buf_str(&rest));
}
