/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Going on behind damage. A broken record is searched again from its first byte, since the damage
 * may have been noticed only in the records it swallowed, for the next place that looks like a
 * beginning. What such a place looks like was learnt before:
 *
 *  - in a container, an object that starts with a member that records before it started with;
 *  - at the top, a newline and a bracket, or an object that starts like the documents before it;
 *  - when little was learnt (the first record is the broken one), the name that the least deep of
 *    the objects that follow a comma start with; that is told from all the bytes that may be kept.
 *
 * Where objects inside of good records begin like records do, names say nothing: then it is a
 * comma and { where as many brackets were closed as opened.
 *
 * A place that turns out to be no beginning after all (the unit that starts there is damaged, too)
 * is added to the damage, so that a run of rubbish is handed over once; of one that is too long to
 * be held the first bytes are put aside, and the rest is counted. Searching again is bounded:
 * the bytes gone over twice never exceed a few times the stream.
 */

#include <errno.h>

#include "json_split_private.h"

#define MAX_SPACE     64u /* white space passed between a bracket and what must follow it */
#define RESCAN_FACTOR 4u
#define RESCAN_FREE   (64u << 10)

enum resync {
	RESYNC_NONE,
	RESYNC_WAIT, /* not to be told from the bytes at hand */
	RESYNC_RECORD,
	RESYNC_DOCUMENT,
	RESYNC_ARRAY, /* of documents */
};

/* What stands around a brace. */
struct place {
	size_t at;
	struct str name; /* of the first member; .p NULL when there is none */
	char before;     /* the last byte before that is no white space; 0 when unknown */
	bool newline;    /* begins a line */
	bool label;      /* behind a word and a colon, as text has it: no member's name */
};

void split_missing(struct json_split *s, size_t at, const char *reason)
{
	struct fault fault;

	if (s->lost)
		return;
	fault_set(&fault, s->base + at, "", "%s", reason);
	split_deliver(s, at, at, s->doc_open ? s->container : -1, &fault);
}

/* May n bytes be gone over again? */
static bool afford(struct json_split *s, uint64_t at, size_t n)
{
	if (s->rescanned + n > RESCAN_FREE + RESCAN_FACTOR * at)
		return false;
	s->rescanned += n;
	return true;
}

bool split_damage(struct json_split *s, size_t at, bool in_unit, const char *reason)
{
	size_t from = in_unit ? s->unit_at : at;

	if (s->lost) {
		/* It went wrong once more: no good evidence for an array of documents. */
		s->stray = false;
		s->in_docs = s->in_docs && s->doc_open;
	} else {
		s->lost = true;
		s->lost_at = from;
		s->stray = !in_unit && !s->doc_open;
		s->lost_container = s->doc_open ? s->container : -1;
		fault_set(&s->fault, s->base + at, "", "%s", reason);
	}
	s->held = false;
	s->mode = SPLIT_LOST;
	s->lost_in_bracket = from < at && (s->win[from] == '{' || s->win[from] == '[');
	s->depth = s->lost_in_bracket;
	s->depth_known = true;
	s->pos = from < at ? from + 1 : from;
	if (s->pos < at && !afford(s, s->base + at, at - s->pos)) {
		s->pos = at;
		s->depth_known = false;
	}
	return true;
}

/*
 * The range without the white space and the comma that separate it from what follows; nothing
 * but those is left as it is, unless there is more before the range.
 */
static size_t trim(const char *bytes, size_t from, size_t end, bool more)
{
	size_t cut;

	while (end > from && json_is_space(bytes[end - 1]))
		end--;
	cut = end;
	if (cut > from && bytes[cut - 1] == ',')
		cut--;
	while (cut > from && json_is_space(bytes[cut - 1]))
		cut--;
	return cut > from || more ? cut : end;
}

void split_lost_flush(struct json_split *s)
{
	size_t end;

	if (!s->lost)
		return;
	end = trim(s->win, s->lost_at, s->lost_end, s->lost_before > 0);
	if (s->lost_before == 0) {
		split_deliver(s, s->lost_at, end, s->lost_container, &s->fault);
	} else {
		struct json_record record = {
			.text = buf_str(&s->lost_head),
			.length = s->lost_before + (end - s->lost_at),
			.offset = s->base + s->lost_at - s->lost_before,
			.damage = &s->fault,
		};

		split_hand_over(s, &record, s->lost_container);
	}
	buf_reset(&s->lost_head);
	s->lost_before = 0;
	s->lost_at = end;
	s->lost = false;
}

/* The last byte before `at` that is no white space: its index + 1, or 0. */
static size_t before(const struct json_split *s, size_t at)
{
	while (at > s->lost_at && json_is_space(s->win[at - 1]))
		at--;
	return at > s->lost_at ? at : 0;
}

/* Fills ret but for the name; returns where what follows the bracket begins, or 0: wait. */
static size_t look_around(const struct json_split *s, size_t at, struct place *ret)
{
	size_t limit = MIN(s->len, at + 1 + MAX_SPACE);
	size_t next = json_skip_space(s->win, at + 1, limit);
	size_t prev = before(s, at);

	*ret = (struct place){ .at = at };
	ret->before = prev > 0 ? s->win[prev - 1] : 0;
	ret->newline = at > s->lost_at && s->win[at - 1] == '\n';
	ret->label = ret->before == ':' && prev > s->lost_at + 1 &&
		     s->win[prev - 2] != '"' && !json_is_space(s->win[prev - 2]);
	return next == s->len ? 0 : next;
}

/* Reads the name that begins at the quote; false when it goes on behind the window. */
static bool read_name(const struct json_split *s, size_t quote, struct str *ret)
{
	size_t room = MIN(s->len - quote - 1, JSON_NAME_SIZE + 1);
	const char *from = s->win + quote + 1;
	const char *end = memchr(from, '"', room);

	*ret = end ? (struct str){ from, end - from } : STR_NULL;
	return end || room == JSON_NAME_SIZE + 1;
}

int split_key_ahead(const struct json_split *s, size_t quote, struct str *ret)
{
	size_t limit, at;

	if (!read_name(s, quote, ret))
		return s->ended ? 0 : -1;
	if (!ret->p)
		return 0;
	at = quote + 1 + ret->n + 1;
	limit = MIN(s->len, at + MAX_SPACE);
	at = json_skip_space(s->win, at, limit);
	if (at == s->len)
		return s->ended ? 0 : -1;
	return s->win[at] == ':';
}

/* Does an element of the list that names are of begin here? */
static bool element_begins(const struct json_split *s, const struct json_names *names,
			   const struct place *here)
{
	if (here->before == ':')
		return false;
	if (!names->ambiguous && json_names_has(names, here->name))
		return true;
	return names->ambiguous && s->depth_known && s->depth <= 0 && here->before == ',';
}

/* Does a document begin here, between documents? */
static bool document_begins(const struct json_split *s, const struct place *here)
{
	if (here->newline && !s->pretty)
		return true;
	if (here->before != 0 && strchr(":,[{", here->before))
		return s->stray && here->label;
	if (json_name_index(s->config.containers, here->name) >= 0)
		return true;
	if (s->stray)
		return here->before != '"';
	return (!s->lines || here->newline) && !s->docs.ambiguous &&
	       json_names_has(&s->docs, here->name);
}

static enum resync look_at_brace(const struct json_split *s, size_t at)
{
	struct place here;
	size_t next = look_around(s, at, &here);
	bool record;

	if (next == 0)
		return s->ended ? RESYNC_NONE : RESYNC_WAIT;
	if (s->win[next] != '"')
		return RESYNC_NONE;
	if (!read_name(s, next, &here.name))
		return s->ended ? RESYNC_NONE : RESYNC_WAIT;
	if (!here.name.p)
		return RESYNC_NONE;
	record = s->container >= 0 && element_begins(s, &s->records, &here);
	if (record && s->doc_open)
		return RESYNC_RECORD;
	if (document_begins(s, &here))
		return RESYNC_DOCUMENT;
	if (s->in_docs && element_begins(s, &s->docs, &here))
		return RESYNC_DOCUMENT;
	return record ? RESYNC_RECORD : RESYNC_NONE;
}

/* An array of documents on a line of its own: a plain [ begins many a line of a log. */
static enum resync look_at_bracket(const struct json_split *s, size_t at, size_t *brace)
{
	struct place here;

	if (s->pretty || at == s->lost_at || s->win[at - 1] != '\n')
		return RESYNC_NONE;
	*brace = look_around(s, at, &here);
	if (*brace == 0)
		return s->ended ? RESYNC_NONE : RESYNC_WAIT;
	return s->win[*brace] == '{' ? RESYNC_ARRAY : RESYNC_NONE;
}

/*
 * Nothing learnt was found, and little was learnt: which name do the objects start with that follow a comma least deep?
 * Records are no deeper than the damage began, or one brace when that was cut off. True when a
 * name was learnt and the search is to start over.
 */
static bool guess(struct json_split *s)
{
	bool in_container = s->container >= 0 && (s->doc_open || s->doc_records == 0);
	struct json_names *names = in_container ? &s->records : &s->docs;
	int64_t depth = 0, best = INT64_MAX;
	struct str name = STR_NULL;

	if (names->units > 1 || !(in_container || s->in_docs))
		return false;
	for (size_t i = s->lost_at; i < s->pos; i++) {
		char c = s->win[i];
		struct place here;
		size_t next;

		if (c == '{' && depth < best) {
			next = look_around(s, i, &here);
			if (here.before == ',' && next > 0 && s->win[next] == '"' &&
			    read_name(s, next, &here.name) && here.name.p) {
				best = depth;
				name = here.name;
			}
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
	}
	if (best > s->lost_in_bracket || !json_names_learn(names, name) ||
	    !afford(s, s->base + s->pos, s->pos - s->lost_at))
		return false;
	s->pos = s->lost_at;
	s->depth_known = false;
	return true;
}

/* What was searched in vain and is too long to be held is let go, but for its first bytes. */
static bool lost_overflow(struct json_split *s)
{
	size_t max = s->config.max_record;

	if (s->pos - s->lost_at < max || guess(s))
		return true;
	if (s->lost_before == 0)
		buf_put(&s->lost_head, s->win + s->lost_at, MIN(max, JSON_DAMAGE_KEPT));
	if (buf_error(&s->lost_head) < 0)
		s->error = -ENOMEM;
	s->lost_before += max;
	s->lost_at += max;
	return true;
}

static bool lost_end(struct json_split *s)
{
	if (!s->ended)
		return false;
	if (guess(s))
		return true;
	s->lost_end = s->len;
	split_lost_flush(s);
	s->mode = SPLIT_TOP;
	s->doc_open = s->in_docs = false;
	return false;
}

static enum resync look(const struct json_split *s, size_t *brace)
{
	*brace = s->pos;
	return s->win[s->pos] == '{' ? look_at_brace(s, s->pos)
				     : look_at_bracket(s, s->pos, brace);
}

bool split_lost_step(struct json_split *s)
{
	size_t limit = s->lost_at + MIN(s->len - s->lost_at, s->config.max_record);
	enum resync found = RESYNC_NONE;
	size_t brace;

	for (; s->pos < limit; s->pos++) {
		char c = s->win[s->pos];

		if (c == '{' || c == '[') {
			found = look(s, &brace);
			if (found != RESYNC_NONE)
				break;
			s->depth++;
		} else if (c == '}' || c == ']') {
			s->depth--;
		}
	}
	if (found == RESYNC_WAIT)
		return false;
	if (found == RESYNC_NONE)
		return s->pos - s->lost_at >= s->config.max_record ? lost_overflow(s)
								   : lost_end(s);
	s->lost_end = s->pos;
	s->pos = brace;
	if (found == RESYNC_RECORD)
		return split_record_begin(s);
	s->in_docs = s->in_docs || found == RESYNC_ARRAY;
	return split_document_begin(s);
}
