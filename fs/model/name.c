/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of files for ids that AWS chose. The escaping is made of units (a plain byte, a whole
 * UTF-8 sequence, or %XX), so that a cut never falls inside one. A name that ends like a
 * shortened one gets a digest of its own: otherwise an id could be chosen to be another id's
 * shortened name.
 */

#include "model/name.h"

#include <stdio.h>

#include "model/timestamp.h"
#include "util/hex.h"
#include "util/percent.h"
#include "util/sha256.h"

#define CUT_DIGITS 16
#define SUFFIX     ".json"

/* Bytes of the well-formed UTF-8 sequence at the start of s, 0 when there is none. */
static size_t sequence_length(struct str s)
{
	unsigned char lead = (unsigned char)s.p[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	return n <= s.n && str_is_utf8((struct str){ s.p, n }) ? n : 0;
}

static bool must_escape(unsigned char c, bool first)
{
	return c < 0x20 || c == 0x7f || c == '/' || c == '%' || (first && c == '.');
}

/* How many bytes at the start, up to `max`, are plain ASCII: units of themselves, as most names are. */
static size_t plain_length(struct str s, size_t max)
{
	size_t n = 0;

	max = MIN(max, s.n);
	while (n < max && (unsigned char)s.p[n] < 0x80 &&
	       !must_escape((unsigned char)s.p[n], false))
		n++;
	return n;
}

/* Escapes as much of id as fits into `room` bytes of whole units; returns what id it took. */
static size_t escape_units(struct buf *out, struct str id, size_t room)
{
	size_t at = 0, put = 0;

	while (at < id.n) {
		struct str rest = str_from(id, at);
		size_t n = at ? plain_length(rest, room - put) : 0;
		bool escaped = false;

		if (n == 0) {
			n = sequence_length(rest);
			escaped =
				n == 0 || must_escape((unsigned char)rest.p[0], at == 0);
		}

		if (put + (escaped ? 3 : n) > room)
			break;
		if (escaped)
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)rest.p[0]);
		else
			buf_put(out, rest.p, n);
		put += escaped ? 3 : n;
		at += escaped ? 1 : n;
	}
	return at;
}

bool name_is_shortened(struct str name)
{
	const char *tail = name.p + name.n - CUT_DIGITS;

	if (name.n < CUT_DIGITS + 1 || tail[-1] != '~')
		return false;
	for (size_t i = 0; i < CUT_DIGITS; i++) {
		if (hex_lower_value(tail[i]) < 0)
			return false;
	}
	return true;
}

static void put_digest(struct buf *out, struct str id)
{
	uint8_t digest[SHA256_SIZE];

	sha256(id, digest);
	buf_put_char(out, '~');
	for (size_t i = 0; i < CUT_DIGITS / 2; i++)
		buf_printf(out, "%02x", (unsigned)digest[i]);
}

void name_shorten(struct buf *out, struct str id)
{
	(void)escape_units(out, id, NAME_CUT_BYTES);
	put_digest(out, id);
}

void name_escape(struct buf *out, struct str id)
{
	name_escape_within(out, id, NAME_MAX_BYTES);
}

void name_escape_within(struct buf *out, struct str id, size_t max)
{
	size_t start = out->len;
	size_t taken;

	if (id.n == 0) {
		buf_put_char(out, '%');
		return;
	}
	taken = escape_units(out, id, max);
	if (out->failed)
		return;
	if (taken == id.n && !name_is_shortened(str_from(buf_str(out), start)))
		return;
	out->len = start;
	name_shorten(out, id);
}

static bool unescape(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		int byte;

		if (name.p[i] != '%') {
			buf_put_char(out, name.p[i]);
			continue;
		}
		byte = percent_byte(str_from(name, i));
		if (byte < 0)
			return false;
		buf_put_char(out, (char)byte);
		i += 2;
	}
	return true;
}

bool name_unescape(struct buf *out, struct str name)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	size_t start = out->len;

	if (name.n == 0 || name.n > NAME_MAX_BYTES || name_is_shortened(name))
		return false;
	if (str_is(name, "%"))
		return true;
	/* Only what name_escape() would write is a name: else one id would have several. */
	if (unescape(out, name)) {
		name_escape(&again, str_from(buf_str(out), start));
		if (!out->failed && !again.failed && str_eq(buf_str(&again), name))
			return true;
	}
	out->len = start;
	return false;
}

size_t name_type_segments(struct str type, struct str ret[NAME_TYPE_DEPTH])
{
	size_t n = 0, start = 0;

	for (size_t i = 0; i + 1 < type.n && n < NAME_TYPE_DEPTH - 1; i++) {
		if (type.p[i] != ':' || type.p[i + 1] != ':')
			continue;
		ret[n++] = (struct str){ type.p + start, i - start };
		start = i + 2;
		i++;
	}
	ret[n++] = str_from(type, start);
	return n;
}

void name_resource_path(struct buf *out, struct str account, struct str region,
			struct str type, struct str fname)
{
	struct str segments[NAME_TYPE_DEPTH];
	size_t n = name_type_segments(type, segments);

	buf_put_text(out, "resources/");
	name_escape(out, account);
	buf_put_char(out, '/');
	name_escape(out, region);
	for (size_t i = 0; i < n; i++) {
		buf_put_char(out, '/');
		name_escape(out, segments[i]);
	}
	buf_put_char(out, '/');
	buf_put_str(out, fname);
}

/* --- below at/ ----------------------------------------------------------------------------- */

void name_at_state(struct buf *out, struct str fname, struct str id)
{
	if (fname.n + strlen(SUFFIX) <= NAME_MAX_BYTES)
		buf_put_str(out, fname);
	else
		name_shorten(out, id);
	buf_put_text(out, SUFFIX);
}

bool name_at_state_base(struct str name, struct str *ret)
{
	if (!str_ends(name, SUFFIX) || name.n == strlen(SUFFIX))
		return false;
	*ret = (struct str){ name.p, name.n - strlen(SUFFIX) };
	return true;
}

/* How files of ours end. */
static const char *const endings[] = { ".json", ".jsonl", ".csv", ".tsv" };

/* Where the last dot of such a name is; 0: it does not end so. */
static size_t ending_dot(struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (str_ends(name, endings[i]))
			return name.n - strlen(endings[i]);
	return 0;
}

void name_at_folder(struct buf *out, struct str name)
{
	size_t dot = ending_dot(name);

	if (dot == 0) {
		buf_put_str(out, name);
	} else if (name.n + strlen("%2E") - 1 > NAME_MAX_BYTES) {
		name_shorten(out, name);
	} else {
		buf_put(out, name.p, dot);
		buf_put_text(out, "%2E");
		buf_put_str(out, str_from(name, dot + 1));
	}
}

bool name_at_folder_parse(struct buf *out, struct str name)
{
	if (ending_dot(name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		struct str ending = str_of(endings[i]);
		size_t at = name.n - (ending.n - 1);

		if (name.n <= ending.n + 2 || !str_ends(name, endings[i] + 1) ||
		    !str_eq((struct str){ name.p + at - 3, 3 }, STR("%2E")))
			continue;
		buf_put(out, name.p, at - 3);
		buf_put_str(out, ending);
		return true;
	}
	buf_put_str(out, name);
	return true;
}

void name_state(int64_t captured_ms, unsigned twin, char ret[NAME_STATE_SIZE])
{
	char time[TIMESTAMP_NAME_SIZE];

	timestamp_format_name(captured_ms, time);
	if (twin == 0)
		(void)snprintf(ret, NAME_STATE_SIZE, "%s" SUFFIX, time);
	else
		(void)snprintf(ret, NAME_STATE_SIZE, "%s-%u" SUFFIX, time, twin);
}

/* "-1" to "-999999999" */
static bool parse_twin(struct str text, unsigned *ret)
{
	unsigned value = 0;

	if (text.n < 2 || text.n > 10 || text.p[0] != '-')
		return false;
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text.p[i] - '0');
	}
	*ret = value;
	return true;
}

static bool parse_canonical(struct str name, int64_t *ret_ms, unsigned *ret_twin)
{
	struct str time = { name.p, TIMESTAMP_NAME_SIZE - 1 };
	char again[NAME_STATE_SIZE];
	unsigned twin = 0;
	struct str rest;
	int64_t ms;

	if (!str_ends(name, SUFFIX) || name.n < time.n + strlen(SUFFIX))
		return false;
	rest = str_from(name, time.n);
	rest.n -= strlen(SUFFIX);
	if (timestamp_parse(time, &ms) != 0 || (rest.n > 0 && !parse_twin(rest, &twin)))
		return false;
	name_state(ms, twin, again);
	if (!str_is(name, again))
		return false;
	*ret_ms = ms;
	*ret_twin = twin;
	return true;
}

static bool is_epoch(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((text.p[i] < '0' || text.p[i] > '9') && text.p[i] != '.')
			return false;
	}
	return text.n > 0;
}

static bool parse_lenient(struct str text, int64_t *ret_ms)
{
	return timestamp_parse(text, ret_ms) == 0 ||
	       (is_epoch(text) && timestamp_parse_epoch(text, ret_ms) == 0);
}

/* Any spelling of a time with "-N" behind it; what is a time as a whole has no twin in it. */
static bool parse_lenient_twin(struct str text, int64_t *ret_ms, unsigned *ret_twin)
{
	size_t dash = text.n;

	while (dash > 0 && text.p[dash - 1] != '-')
		dash--;
	/* The first has no number. */
	if (dash == 0 || dash == text.n || text.p[dash] == '0')
		return false;
	return parse_twin(str_from(text, dash - 1), ret_twin) &&
	       parse_lenient((struct str){ text.p, dash - 1 }, ret_ms);
}

bool name_state_parse(struct str name, int64_t *ret_ms, unsigned *ret_twin,
		      bool *ret_canonical)
{
	struct str text = name;
	unsigned twin = 0;
	int64_t ms;

	if (parse_canonical(name, ret_ms, ret_twin)) {
		*ret_canonical = true;
		return true;
	}
	if (str_ends(text, SUFFIX))
		text.n -= strlen(SUFFIX);
	if (!parse_lenient(text, &ms) && !parse_lenient_twin(text, &ms, &twin))
		return false;
	*ret_ms = ms;
	*ret_twin = twin;
	*ret_canonical = false;
	return true;
}
