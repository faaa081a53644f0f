/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cuts a stream of JSON into records without holding more than one of them: a stream may be one
 * document, several one behind the other (with or without white space or newlines), or an array
 * of documents; within a document the elements of well-known arrays ("Records",
 * "configurationItems" ...) are records of their own, however long the array is.
 *
 * A record that breaks JSON's grammar is handed over as damaged, with its bytes, its offset and
 * the reason; the splitter goes on at the next place that starts like the records before it.
 * AWS-agnostic: the caller names the arrays.
 *
 * The grammar is checked but for the inside of numbers, literals and escapes: a record that is
 * not damaged may still be turned down by the parser. A document in which none of the arrays was
 * found is one record; of one that has them its other members are dropped. Bytes that belong to
 * no document are damage, too. A run of damage is handed over once, however long it is.
 */

#include "util/buf.h"
#include "util/fault.h"

/* Bytes kept of damage that is longer than the largest record allowed. */
#define JSON_DAMAGE_KEPT ((size_t)1 << 20)

struct json_record {
	struct str text; /* borrowed until the callback returns; empty (and damaged) where
				 something is missing, such as a comma or the end of an array */
	uint64_t length; /* text.n; of damage longer than max_record, of which text has the
				 first bytes, its whole length */
	uint64_t offset;      /* of its first byte in the stream */
	struct str container; /* name of the array it was in; "" for a whole document */
	const struct fault
		*damage; /* NULL, or why it is not JSON (offset is the stream's) */
};

struct json_split_config {
	const char *const
		*containers; /* NULL-terminated; looked for at depth one, and at depth
					  two under the member names in `wrappers` */
	const char *const *wrappers; /* NULL-terminated, may be NULL: e.g. "data" */
	size_t max_record; /* bytes, at least 64; a longer record is damaged ("longer
					  than ..."; the damage's offset is the record's) */
	int (*record)(void *ctx,
		      const struct json_record *record); /* != 0 stops the split */
	void *ctx;
};

struct json_split;

struct json_split *json_split_new(const struct json_split_config *config) _must_check_;
struct json_split *json_split_free(struct json_split *s); /* returns NULL */
/* Takes the next bytes; 0, -ENOMEM or what the callback returned. */
int json_split_feed(struct json_split *s, const char *bytes, size_t n) _must_check_;
/* The stream has ended: what is unfinished is handed over as damaged. */
int json_split_finish(struct json_split *s) _must_check_;
/* Documents that came to their end so far; an element of an array of documents is one, too. */
uint64_t json_split_documents(const struct json_split *s) _pure_;
/* Those among them that had nothing to hand over: their arrays were empty. */
uint64_t json_split_empty(const struct json_split *s) _pure_;
