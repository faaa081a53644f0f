/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cutting while all is well. The splitter is in one of four modes: between documents, between the
 * elements of a list, in a unit (a record or a document), or lost behind damage. Each step looks
 * at the window from `pos` on and says whether it got anywhere; what must be kept until more
 * bytes come (the unit under way) is carried over, and nothing else. What is found never depends
 * on how the stream was cut into chunks: every limit is a position in the stream.
 *
 * A document is a unit until one of its members turns out to be a container; then its elements
 * are the units, and behind it the document's tail is one that is dropped when it is sound.
 */

#include "util/json_split.h"

#include <errno.h>
#include <stdlib.h>

#include "json_split_private.h"

#define MIN_RECORD     64u
#define MIN_PIECE      (16u << 10) /* bytes copied at a time to complete a record */
#define MAX_HELD_SPACE 4096u       /* white space passed with a record in hand */

bool json_names_has(const struct json_names *names, struct str name)
{
	for (unsigned i = 0; i < names->n; i++)
		if (str_eq((struct str){ names->text[i], names->len[i] }, name))
			return true;
	return false;
}

bool json_names_learn(struct json_names *names, struct str name)
{
	if (json_names_has(names, name) || name.n == 0 || name.n > JSON_NAME_SIZE ||
	    names->n == JSON_NAMES_MAX)
		return false;
	memcpy(names->text[names->n], name.p, name.n);
	names->len[names->n++] = (uint8_t)name.n;
	names->sizes |= 1ull << (name.n & 63);
	return true;
}

int json_name_index(const char *const *list, struct str name)
{
	for (int i = 0; list && list[i]; i++)
		if (str_is(name, list[i]))
			return i;
	return -1;
}

struct json_split *json_split_new(const struct json_split_config *config)
{
	struct json_split *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	s->config.max_record = MAX(config->max_record, MIN_RECORD);
	s->container = -1;
	return s;
}

struct json_split *json_split_free(struct json_split *s)
{
	if (!s)
		return NULL;
	buf_deinit(&s->carry);
	buf_deinit(&s->lost_head);
	free(s);
	return NULL;
}

uint64_t json_split_documents(const struct json_split *s)
{
	return s->documents;
}

uint64_t json_split_empty(const struct json_split *s)
{
	return s->empty;
}

void split_hand_over(struct json_split *s, struct json_record *record, int container)
{
	record->container = str_of(container >= 0 ? s->config.containers[container] : "");
	if (container >= 0)
		s->doc_records++;
	if (!s->error)
		s->error = s->config.record(s->config.ctx, record);
}

void split_deliver(struct json_split *s, size_t from, size_t to, int container,
		   const struct fault *damage)
{
	struct json_record record = {
		.text = { s->win + from, to - from },
		.length = to - from,
		.offset = s->base + from,
		.damage = damage,
	};

	split_hand_over(s, &record, container);
}

/* Starts a unit at pos. */
static bool unit_begin(struct json_split *s, enum split_unit unit,
		       const struct json_names *names)
{
	s->mode = SPLIT_UNIT;
	s->unit = unit;
	s->unit_at = s->pos;
	s->doc_open = true;
	s->nested = s->held = false;
	s->strange = names->units > 0;
	s->first_len = 0;
	s->after = AFTER_NOTHING;
	json_scan_begin(&s->scan, 1, names->ambiguous ? 0 : names->sizes);
	return true;
}

/* --- units ---------------------------------------------------------------------------------- */

bool split_document_begin(struct json_split *s)
{
	s->doc_records = 0;
	s->container = -1;
	s->pretty = false;
	return unit_begin(s, UNIT_DOCUMENT, &s->docs);
}

bool split_record_begin(struct json_split *s)
{
	return unit_begin(s, UNIT_RECORD, &s->records);
}

/* The whole unit goes out, behind the damage that came before it. */
static void unit_deliver(struct json_split *s, size_t end)
{
	struct json_names *names = s->unit == UNIT_RECORD ? &s->records : &s->docs;

	split_lost_flush(s);
	split_deliver(s, s->unit_at, end, s->unit == UNIT_RECORD ? s->container : -1,
		      NULL);
	if (s->first_len > 0) {
		const char *name = s->win + s->unit_at + s->first_at;

		json_names_learn(names, (struct str){ name, s->first_len });
		names->units = MIN(names->units + 1, 2u);
	}
	names->ambiguous = names->ambiguous || s->nested;
	s->held = false;
}

static void document_done(struct json_split *s)
{
	s->documents++;
	if (s->unit == UNIT_TAIL && s->doc_records == 0)
		s->empty++;
	s->doc_open = false;
}

/*
 * An element is held back until what follows has shown that it ended where it seemed to: a record
 * cut off inside an array swallows those behind it and looks whole, and so do the first members
 * of a record in which a stray brace stands.
 */
static bool unit_done(struct json_split *s)
{
	bool in_list = s->unit == UNIT_RECORD || s->in_docs;

	if (s->unit != UNIT_RECORD)
		document_done(s);
	s->newline = false;
	s->mode = in_list ? SPLIT_LIST : SPLIT_TOP;
	s->list = LIST_VALUE;
	s->held = in_list && s->unit != UNIT_TAIL;
	s->held_end = s->pos;
	if (!in_list && s->unit != UNIT_TAIL)
		unit_deliver(s, s->pos);
	return true;
}

/*
 * The name a unit begins with. It is learnt for good when the unit has come whole; while nothing
 * is known at all, at once, since this very unit may be the broken one.
 */
static void first_key(struct json_split *s, struct json_names *names, struct str key)
{
	s->first_at = s->scan.key_at - s->unit_at;
	s->first_len = key.n;
	s->strange = names->units > 0 && !json_names_has(names, key);
	if (names->units == 0)
		json_names_learn(names, key);
	s->scan.watch_sizes = names->ambiguous ? 0 : names->sizes;
}

static void document_key(struct json_split *s, struct str key)
{
	struct json_scan *c = &s->scan;

	if (c->depth > c->key_depth) {
		s->nested = s->nested || json_names_has(&s->docs, key);
		return;
	}
	s->after_container = json_name_index(s->config.containers, key);
	if (s->after_container >= 0)
		s->after = AFTER_CONTAINER;
	if (c->depth > 1)
		return;
	c->key_depth = 1;
	if (json_name_index(s->config.wrappers, key) >= 0)
		s->after = AFTER_WRAPPER;
	if (c->first && s->unit == UNIT_DOCUMENT) {
		first_key(s, &s->docs, key);
		s->pretty =
			memchr(s->win + s->unit_at, '\n', c->key_at - s->unit_at) != NULL;
	}
}

static bool unit_key(struct json_split *s)
{
	struct json_scan *c = &s->scan;
	struct str key;

	/* A tail that is too long is dropped bit by bit, perhaps with half of a name. */
	if (c->key_at < s->unit_at || c->key_at > s->pos)
		return true;
	key = (struct str){ s->win + c->key_at, c->key_len };
	if (s->unit != UNIT_RECORD) {
		document_key(s, key);
	} else if (c->depth == 1) {
		first_key(s, &s->records, key);
		c->key_depth = 0;
	} else if (json_names_has(&s->records, key)) {
		s->nested = true;
		c->watch_sizes = 0;
	}
	return true;
}

/* No byte of it is wrong: what is told of is where it begins. */
static bool unit_too_long(struct json_split *s)
{
	bool new = !s->lost;

	split_damage(s, s->pos, true, "longer than the largest record allowed");
	if (new)
		s->fault.offset = s->base + s->lost_at;
	return true;
}

/* The bytes up to the limit are used up. */
static bool unit_more(struct json_split *s, size_t limit)
{
	if (limit < s->len) {
		if (s->unit != UNIT_TAIL)
			return unit_too_long(s);
		s->unit_at = s->pos;
		return true;
	}
	if (!s->ended)
		return false;
	return split_damage(s, s->len, true,
			    s->unit == UNIT_RECORD ? "the stream ends inside a record"
						   : "the stream ends inside a document");
}

static bool list_enter(struct json_split *s)
{
	split_lost_flush(s);
	s->container = s->after_container;
	/* Documents of one kind follow each other; what was learnt holds for the next. */
	if (s->records.container != s->container)
		s->records = (struct json_names){ .container = s->container };
	if (s->unit == UNIT_DOCUMENT) {
		const char *name = s->win + s->unit_at + s->first_at;

		json_names_learn(&s->docs, (struct str){ name, s->first_len });
		s->docs.units = MIN(s->docs.units + 1, 2u);
	}
	s->doc_depth = s->scan.depth;
	s->mode = SPLIT_LIST;
	s->list = LIST_FIRST;
	s->held = false;
	s->pos++;
	return true;
}

static bool unit_step(struct json_split *s)
{
	size_t room = s->len - s->unit_at;
	size_t limit = s->unit_at + MIN(room, s->config.max_record);

	if (s->after != AFTER_NOTHING) {
		s->pos = json_skip_space(s->win, s->pos, limit);
		if (s->pos == limit)
			return unit_more(s, limit);
		if (s->after == AFTER_CONTAINER && s->win[s->pos] == '[') {
			s->after = AFTER_NOTHING;
			return list_enter(s);
		}
		if (s->after == AFTER_WRAPPER && s->win[s->pos] == '{')
			s->scan.key_depth = 2;
		s->after = AFTER_NOTHING;
	}
	switch (json_scan_run(&s->scan, s->win, &s->pos, limit)) {
	case JSON_SCAN_KEY:
		return unit_key(s);
	case JSON_SCAN_DONE:
		return unit_done(s);
	case JSON_SCAN_DAMAGED:
		return split_damage(s, s->pos, true, s->scan.reason);
	default:
		return unit_more(s, limit);
	}
}

/* --- between units -------------------------------------------------------------------------- */

static void held_deliver(struct json_split *s)
{
	if (s->held)
		unit_deliver(s, s->held_end);
}

static bool list_close(struct json_split *s)
{
	held_deliver(s);
	if (s->list == LIST_COMMA)
		split_missing(s, s->pos, "a comma stands before ]");
	s->pos++;
	if (s->doc_open) {
		s->mode = SPLIT_UNIT;
		s->unit = UNIT_TAIL;
		s->unit_at = s->pos;
		s->nested = false;
		s->after = AFTER_NOTHING;
		json_scan_resume(&s->scan, s->doc_depth, s->doc_depth);
		return true;
	}
	if (s->list == LIST_FIRST) {
		s->documents++;
		s->empty++;
	}
	s->in_docs = false;
	s->newline = false;
	s->mode = SPLIT_TOP;
	return true;
}

static bool list_end(struct json_split *s)
{
	if (!s->ended)
		return false;
	if (s->held && s->nested)
		return split_damage(s, s->pos, true, "the stream ends inside an array");
	held_deliver(s);
	split_missing(s, s->pos, "the stream ends inside an array");
	s->mode = SPLIT_TOP;
	s->doc_open = s->in_docs = false;
	return false;
}

static bool list_comma(struct json_split *s)
{
	if (s->list != LIST_VALUE) {
		held_deliver(s);
		split_missing(s, s->pos, "a record is missing before a comma");
	}
	s->list = LIST_COMMA;
	s->pos++;
	return true;
}

/*
 * Has the record in hand really ended before what stands here? Not when it looks like one that
 * was cut off and swallowed those behind it, or the end of one; nor when a member follows, since then a stray brace
 * has ended it too soon: unless that member is how records begin, for then its brace is missing.
 * 1 it has, 0 it has not, -1 not to be told from the bytes at hand.
 */
static int held_ended(const struct json_split *s, char c)
{
	struct str name;
	int key;

	if ((s->nested && s->list == LIST_VALUE) || (s->strange && c != '{'))
		return 0;
	if (c != '"')
		return !s->nested || c == '{';
	key = split_key_ahead(s, s->pos, &name);
	if (key < 0)
		return -1;
	return !key ||
	       json_names_has(s->unit == UNIT_RECORD ? &s->records : &s->docs, name);
}

/* Anything else: an element begins, or should. Records are objects, documents may be arrays. */
static bool list_value(struct json_split *s, char c)
{
	bool begins = c == '{' || (c == '[' && !s->doc_open);
	const char *reason = s->list == LIST_VALUE ? "a comma or ] should stand here"
						   : "a record should stand here";
	int ended = s->held ? held_ended(s, c) : 1;

	if (ended < 0)
		return false;
	if (!ended)
		return split_damage(s, s->pos, true, reason);
	held_deliver(s);
	if (!begins)
		return split_damage(s, s->pos, false, reason);
	if (s->list == LIST_VALUE)
		split_missing(s, s->pos, "a comma is missing between two records");
	return s->doc_open ? split_record_begin(s) : split_document_begin(s);
}

static bool list_step(struct json_split *s)
{
	size_t end = s->held ? MIN(s->len, s->held_end + MAX_HELD_SPACE) : s->len;
	size_t at = json_skip_space(s->win, s->pos, end);

	if (s->list == LIST_FIRST && memchr(s->win + s->pos, '\n', at - s->pos))
		s->pretty = true;
	s->pos = at;
	if (at == end && end == s->len)
		return list_end(s);
	if (at == end)
		held_deliver(s);
	else if (s->win[at] == ',')
		return list_comma(s);
	else if (s->win[at] == ']')
		return list_close(s);
	else
		return list_value(s, s->win[at]);
	return true;
}

/* A byte order mark at the very start: 1 passed, 0 none, -1 not to be told yet. */
static int top_mark(struct json_split *s)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };
	size_t n = MIN(s->len, sizeof(mark));

	if (s->base + s->pos > 0 || memcmp(s->win, mark, n) != 0)
		return 0;
	if (n < sizeof(mark))
		return s->ended ? 0 : -1;
	s->pos = sizeof(mark);
	return 1;
}

static bool top_step(struct json_split *s)
{
	size_t at = json_skip_space(s->win, s->pos, s->len);
	int mark;

	if (at > s->pos)
		s->newline = s->win[at - 1] == '\n';
	s->pos = at;
	if (at == s->len)
		return false;
	if (s->win[at] == '{') {
		s->lines = s->lines || (s->newline && s->documents > 0);
		return split_document_begin(s);
	}
	if (s->win[at] == '[') {
		s->in_docs = true;
		s->doc_open = false;
		s->pretty = false;
		s->mode = SPLIT_LIST;
		s->list = LIST_FIRST;
		s->pos++;
		return true;
	}
	mark = top_mark(s);
	if (mark != 0)
		return mark > 0;
	return split_damage(s, at, false, "neither { nor [ begins a document here");
}

/* --- the window ----------------------------------------------------------------------------- */

static void run(struct json_split *s)
{
	bool more = true;

	while (more && !s->error) {
		switch (s->mode) {
		case SPLIT_TOP:
			more = top_step(s);
			break;
		case SPLIT_LIST:
			more = list_step(s);
			break;
		case SPLIT_UNIT:
			more = unit_step(s);
			break;
		default:
			more = split_lost_step(s);
			break;
		}
	}
}

/* Runs over the bytes and forgets those not needed any more, whose number is returned. */
static size_t run_window(struct json_split *s, const char *bytes, size_t n)
{
	size_t keep;

	s->win = bytes;
	s->len = n;
	run(s);
	keep = s->lost                            ? s->lost_at
	       : s->mode == SPLIT_UNIT || s->held ? s->unit_at
						  : s->pos;
	s->base += keep;
	s->pos -= keep;
	/* Those of them that mean nothing now wrap around, which does no harm. */
	s->unit_at -= keep;
	s->held_end -= keep;
	s->lost_at -= keep;
	s->lost_end -= keep;
	s->scan.key_at -= keep;
	return keep;
}

int json_split_feed(struct json_split *s, const char *bytes, size_t n)
{
	while (n > 0 && s->carry.len > 0 && !s->error) {
		size_t old = s->carry.len;
		size_t piece = MIN(n, MAX(old, MIN_PIECE));
		size_t keep;

		buf_put(&s->carry, bytes, piece);
		if (buf_error(&s->carry) < 0)
			return s->error = -ENOMEM;
		keep = run_window(s, s->carry.data, s->carry.len);
		if (keep >= old) {
			/* All that is needed from here on lies in the chunk itself. */
			buf_reset(&s->carry);
			bytes += keep - old;
			n -= keep - old;
			break;
		}
		memmove(s->carry.data, s->carry.data + keep, s->carry.len - keep);
		s->carry.len -= keep;
		bytes += piece;
		n -= piece;
	}
	if (n > 0 && !s->error) {
		size_t keep = run_window(s, bytes, n);

		buf_put(&s->carry, bytes + keep, n - keep);
		if (buf_error(&s->carry) < 0)
			return s->error = -ENOMEM;
	}
	return s->error;
}

int json_split_finish(struct json_split *s)
{
	if (s->error)
		return s->error;
	s->ended = true;
	run_window(s, s->carry.len > 0 ? s->carry.data : "", s->carry.len);
	buf_reset(&s->carry);
	return s->error;
}
