/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A code is a byte that JSON does not have outside of strings, and seldom in them: a control
 * character or one of the upper half, for the commonest phrases; for others one of a few control
 * characters, and a byte. Bytes of a text that would be taken for codes (the UTF-8 of a name) stand
 * behind a mark with how many they are. White space of a text laid out in lines is no code.
 */
#include "util/phrase.h"

#include <errno.h>
#include <stdlib.h>

#include "phrase_private.h"
#include "util/varint.h"
#include "util/word.h"

#define RAW_MARK 0x1fu /* then how many, then these */
#define RAW_MAX  255u
#define N_LEADS  (sizeof(leads) - 1)
#define N_SHORT  (14u + 128u) /* 0x11 to 0x1e, 0x80 to 0xff */

/* The first of two bytes: control characters but NUL, tab, newline, return. */
static const char leads[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10";

_Static_assert(N_SHORT + N_LEADS * 256 == PHRASES_MAX, "codes for all phrases");

enum byte_class {
	BYTE_TEXT, /* itself */
	BYTE_SHORT,
	BYTE_LEAD,
	BYTE_RAW, /* the mark, or in a text what must stand behind one */
};

static const unsigned char classes[256] = {
	[0x00] = BYTE_RAW,
	[0x01 ... 0x08] = BYTE_LEAD,
	[0x0b ... 0x0c] = BYTE_LEAD,
	[0x0e ... 0x10] = BYTE_LEAD,
	[0x11 ... 0x1e] = BYTE_SHORT,
	[RAW_MARK] = BYTE_RAW,
	[0x80 ... 0xff] = BYTE_SHORT,
};

struct phrase_slot {
	uint64_t hash;
	uint32_t phrase; /* its number and one; 0: empty */
};

struct phrases {
	struct buf table;
	size_t n;
	size_t n_slots;                  /* a power of two */
	struct str phrases[PHRASES_MAX]; /* of the table; by code */
	struct phrase_slot slots[];
};

struct phrases *phrases_free(struct phrases *p)
{
	if (p)
		buf_deinit(&p->table);
	free(p);
	return NULL;
}

/* --- the table ----------------------------------------------------------------------------- */

static const struct phrase_slot *slot_of(const struct phrases *p, uint64_t hash,
					 struct str phrase)
{
	size_t at = hash & (p->n_slots - 1);

	while (p->slots[at].phrase &&
	       (p->slots[at].hash != hash ||
		!str_eq(p->phrases[p->slots[at].phrase - 1], phrase)))
		at = (at + 1) & (p->n_slots - 1);
	return &p->slots[at];
}

/* How many phrases the table has; 0: it is none. */
static size_t count(struct str table)
{
	size_t n = 0;

	while (table.n) {
		uint64_t len;

		if (!varint_take(&table, &len) || len < PHRASE_MIN || len > PHRASE_MAX ||
		    len > table.n || n++ == PHRASES_MAX)
			return 0;
		table = str_from(table, (size_t)len);
	}
	return n;
}

/* A phrase that stands twice keeps its first code; the second is read, too. */
static bool table_read(struct phrases *p)
{
	struct str rest = buf_str(&p->table);

	for (size_t i = 0; i < p->n; i++) {
		struct phrase_slot *slot;
		uint64_t len, hash;

		if (!varint_take(&rest, &len) || len > rest.n)
			return false;
		p->phrases[i] = (struct str){ rest.p, (size_t)len };
		hash = str_hash(p->phrases[i]);
		slot = &p->slots[slot_of(p, hash, p->phrases[i]) - p->slots];
		if (!slot->phrase)
			*slot = (struct phrase_slot){ hash, (uint32_t)i + 1 };
		rest = str_from(rest, (size_t)len);
	}
	return true;
}

static void phrases_freep(struct phrases **p)
{
	*p = phrases_free(*p);
}

int phrases_new(struct str table, struct phrases **ret)
{
	_cleanup_(phrases_freep) struct phrases *p = NULL;
	size_t n = count(table), n_slots = 16;

	if (!n)
		return -EBADMSG;
	while (n_slots < 2 * n)
		n_slots *= 2;
	p = calloc(1, sizeof(*p) + n_slots * sizeof(p->slots[0]));
	if (!p)
		return -ENOMEM;
	p->n = n;
	p->n_slots = n_slots;
	buf_put_str(&p->table, table);
	if (buf_error(&p->table))
		return -ENOMEM;
	if (!table_read(p))
		return -EBADMSG;
	*ret = take_ptr(p);
	return 0;
}

/* --- coding -------------------------------------------------------------------------------- */

static void put_code(size_t i, struct buf *out)
{
	char code[2];

	if (i < N_SHORT) {
		buf_put_char(out, (char)(i < 14 ? 0x11 + i : 0x80 + i - 14));
		return;
	}
	code[0] = leads[(i - N_SHORT) / 256];
	code[1] = (char)((i - N_SHORT) % 256);
	buf_put(out, code, sizeof(code));
}

/* Bytes, eight at a time, that are neither control characters nor of the upper half. */
static size_t plain_run(struct str text)
{
	size_t n = 0;

	while (text.n - n >= 8 && !word_controls(word_at(text.p + n)))
		n += 8;
	return n;
}

/* How many bytes from there on are themselves, or must stand behind a mark. */
static size_t run_of(struct str text, bool raw)
{
	size_t n = raw ? 0 : plain_run(text);

	while (n < text.n && (classes[(unsigned char)text.p[n]] != BYTE_TEXT) == raw)
		n++;
	return n;
}

static void put_text(struct str text, struct buf *out)
{
	while (text.n) {
		size_t n = run_of(text, false);

		buf_put(out, text.p, n);
		text = str_from(text, n);
		n = MIN(run_of(text, true), (size_t)RAW_MAX);
		if (n) {
			buf_put_char(out, (char)RAW_MARK);
			buf_put_char(out, (char)n);
			buf_put(out, text.p, n);
			text = str_from(text, n);
		}
	}
}

void phrases_put(const struct phrases *p, struct str text, struct buf *out)
{
	struct phrase_scan scan = { .text = text };
	struct str phrase, value;

	if (!p) {
		buf_put_str(out, text);
		return;
	}
	while (phrase_next(&scan, &phrase, &value)) {
		const struct phrase_slot *slot =
			phrase.n >= PHRASE_MIN && phrase.n <= PHRASE_MAX
				? slot_of(p, str_hash(phrase), phrase)
				: NULL;

		if (slot && slot->phrase)
			put_code(slot->phrase - 1, out);
		else
			put_text(phrase, out);
		put_text(value, out);
	}
}

/* Which of the leads it is; of another byte, too many. */
static size_t lead_of(unsigned char c)
{
	const char *at = c ? memchr(leads, c, N_LEADS) : NULL;

	return at ? (size_t)(at - leads) : N_LEADS;
}

/* Takes a phrase, or bytes behind a mark, off the front; false: neither. */
static bool take_code(const struct phrases *p, struct str *coded, struct buf *out)
{
	unsigned char c = (unsigned char)coded->p[0];
	unsigned char second = coded->n > 1 ? (unsigned char)coded->p[1] : 0;
	size_t i = c < 0x80 ? c - 0x11u : c - 0x80u + 14, len = 1;

	if (classes[c] != BYTE_SHORT) {
		len = 2;
		if (coded->n < len)
			return false;
		i = N_SHORT + lead_of(c) * 256 + second;
	}
	if (classes[c] == BYTE_RAW) {
		len += second;
		if (c != RAW_MARK || coded->n < len)
			return false;
		buf_put(out, coded->p + 2, second);
	} else if (i < p->n) {
		buf_put_str(out, p->phrases[i]);
	} else {
		return false;
	}
	*coded = str_from(*coded, len);
	return true;
}

bool phrases_take(const struct phrases *p, struct str coded, struct buf *out)
{
	if (!p) {
		buf_put_str(out, coded);
		return true;
	}
	while (coded.n) {
		size_t n = run_of(coded, false);

		buf_put(out, coded.p, n);
		coded = str_from(coded, n);
		if (coded.n && !take_code(p, &coded, out))
			return false;
	}
	return true;
}
