/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the two halves of the splitter share: json_split.c cuts while all is well,
 * json_split_lost.c looks for the place to go on behind damage.
 *
 * All positions are offsets into the window: the bytes at hand, which are either the chunk being
 * fed or, when a record began in an earlier chunk, a copy of its bytes and some that follow.
 */

#include "json_scan.h"

#include "util/json_split.h"

#define JSON_NAMES_MAX 4
#define JSON_NAME_SIZE 64

/* The first member names that records (or documents) were seen to have. */
struct json_names {
	char text[JSON_NAMES_MAX][JSON_NAME_SIZE];
	uint8_t len[JSON_NAMES_MAX];
	unsigned n;
	int container;  /* whose records'; of no meaning for documents */
	uint64_t sizes; /* the bit of each one's length */
	unsigned units; /* that began with one of them and came whole; counted up to 2 */
	bool ambiguous; /* objects inside of good records begin so, too */
};

enum split_mode {
	SPLIT_TOP,  /* between documents */
	SPLIT_LIST, /* between the elements of a container or of an array of documents */
	SPLIT_UNIT, /* in a record, a document, or a document's tail */
	SPLIT_LOST, /* behind damage */
};

enum split_unit {
	UNIT_RECORD,
	UNIT_DOCUMENT, /* no container found so far */
	UNIT_TAIL,     /* the members behind a container */
};

enum split_after {
	AFTER_NOTHING,
	AFTER_CONTAINER, /* behind the colon of a member named like a container */
	AFTER_WRAPPER,
};

enum split_list {
	LIST_FIRST,
	LIST_VALUE, /* behind an element */
	LIST_COMMA,
};

struct json_split {
	struct json_split_config config;
	int error; /* sticky */
	bool ended;
	uint64_t documents;
	uint64_t empty;

	struct buf carry;
	const char *win;
	size_t len;
	uint64_t base; /* the window's offset in the stream */
	size_t pos;

	enum split_mode mode;
	bool newline; /* at the top: the last byte passed was a newline */
	bool lines;   /* a document began on a line of its own: this is JSON lines */
	bool in_docs; /* in an array of documents */

	bool doc_open;
	bool pretty; /* its first member or record stands on another line than its bracket */
	int container; /* index of the last container, kept when it and its document have
			  ended (they may have ended too soon); -1 */
	unsigned doc_depth;   /* braces around the container */
	uint64_t doc_records; /* handed over from it, damaged ones as well */
	enum split_after after;
	int after_container;

	enum split_list list;
	bool held; /* the unit is whole; it is handed over if what follows fits */
	size_t held_end;

	enum split_unit unit;
	size_t unit_at;
	bool nested;     /* an object in an array in it begins like a record */
	bool strange;    /* it does not begin like those before it */
	size_t first_at; /* its first name, counted from unit_at */
	size_t first_len;
	struct json_scan scan;
	struct json_names records;
	struct json_names docs;

	bool lost;  /* damage from lost_at on is not handed over yet */
	bool stray; /* it is bytes between documents, not a broken one */
	size_t lost_at;
	size_t lost_end;      /* where the search stopped */
	struct buf lost_head; /* its first bytes, when it is too long to be held ... */
	uint64_t lost_before; /* ... and how many there are before lost_at; else 0 */
	int lost_container;
	bool lost_in_bracket; /* it begins with a bracket */
	bool depth_known;
	int64_t depth; /* brackets open since, whether in strings or not */
	uint64_t rescanned;
	struct fault fault;
};

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The first byte from `at` on that is no white space, or end. */
static inline size_t json_skip_space(const char *bytes, size_t at, size_t end)
{
	while (at < end && json_is_space(bytes[at]))
		at++;
	return at;
}

bool json_names_has(const struct json_names *names, struct str name) _pure_;
/* Too long names, and more than fit, are not learnt. True when it is new. */
bool json_names_learn(struct json_names *names, struct str name);
/* Index in a NULL-terminated list, or -1. */
int json_name_index(const char *const *list, struct str name) _pure_;

/* Steps return true when there is more to do with the bytes at hand. */
bool split_document_begin(struct json_split *s);
bool split_record_begin(struct json_split *s);
/* Hands over [from, to), if there is no error yet. */
void split_deliver(struct json_split *s, size_t from, size_t to, int container,
		   const struct fault *damage);
/* The same for any record; its container is filled in. */
void split_hand_over(struct json_split *s, struct json_record *record, int container);

/* Notes damage seen at `at`; it begins with the unit when in_unit, else there. */
bool split_damage(struct json_split *s, size_t at, bool in_unit, const char *reason);
/* Tells of something that is missing at `at`, unless damage is being told of anyway. */
void split_missing(struct json_split *s, size_t at, const char *reason);
/* Hands over the damage that is waiting, up to where a beginning was found. */
void split_lost_flush(struct json_split *s);
bool split_lost_step(struct json_split *s);
/* Does the quote begin a (short) member name with its colon? 1, 0, or -1 when the window ends. */
int split_key_ahead(const struct json_split *s, size_t quote, struct str *ret);
