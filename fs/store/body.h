/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bodies in and out of their compressed form; see body.c and dictionary.c. */

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "block.h"
#include "shape.h"
#include "store/store.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"
#include "util/zcodec.h"

struct store;

enum dictionary_kind {
	DICTIONARY_EVENT = 1,
	DICTIONARY_STATE = 2,
};

#define BLOCKS_KEPT 64u /* of 30 KB, mostly */
#define BLOCKS_KEPT_WORKER \
	128u /* who makes stories reads an account's blocks time and again */
#define STORED_SLOTS 1024u
#define STORED_SLOTS_WRITER \
	8192u         /* the last states of so many resources, whose next are to come */
#define CHAIN_MAX 16u /* states packed against each other, the first of them alone */
#define CHAIN_STEP \
	4u /* of them each is against the one before, the first against its like */

struct dictionary {
	int64_t id;
	struct zdict *z;
	struct phrases *phrases; /* of a kind of JSON as it was received; NULL: of none */
};

/* What a state's body is packed with: another's, or a dictionary; 0: nothing. */
struct coding {
	int64_t base, dictionary;
};

/* The column `base` of a state. */
static inline int64_t coding_column(const struct coding *c)
{
	return c->base ? c->base : -c->dictionary;
}
static inline struct coding coding_of(int64_t column)
{
	return column > 0            ? (struct coding){ .base = column }
	       : column > -INT64_MAX ? (struct coding){ .dictionary = -column }
				     : (struct coding){ .dictionary = INT64_MAX };
}

/* A state's body as it is stored: trimmed. */
struct stored {
	int64_t id; /* state; 0: slot is empty */
	struct buf body;
};

/* What a connection keeps for coding: contexts, dictionaries, decoded bodies. */
struct bodies {
	struct zcodec *codec;
	struct dictionary *dictionaries;
	size_t n_dictionaries;
	int64_t current[2];    /* newest dictionary by kind - 1; 0 none */
	struct stored *stored; /* a slot per hash of the id */
	size_t stored_slots;
	size_t stored_bytes;
	struct kept_blocks blocks;
	struct store_blocks *shared_blocks; /* instead, borrowed; NULL: none */
	struct block head; /* of the block whose head was read last; see event_row.c */
	struct shapes *shapes;
	struct store_coders *coders; /* of a writer */
	struct buf scratch, spare;
};

int bodies_init(struct bodies *b, enum store_mode mode) _must_check_;
void bodies_deinit(struct bodies *b);
/* After a rollback: rows seen in the transaction may be gone. */
void bodies_forget(struct bodies *b);

/* NULL for id 0. Borrowed until bodies_forget(). */
int dictionary_get(struct store *s, int64_t id, const struct zdict **ret) _must_check_;
/* The phrases that what is packed with it is coded with; NULL: none. Borrowed likewise. */
int dictionary_phrases(struct store *s, int64_t id,
		       const struct phrases **ret) _must_check_;
/* Reads which dictionaries are current and when the next is to be trained. */
int dictionary_begin(struct store *s) _must_check_;
/* n bodies of the kind were put: trains a dictionary when there are enough of them. */
int dictionary_count(struct store *s, enum dictionary_kind kind, unsigned n) _must_check_;
/* Notes that a row cannot be decoded: STORE_E_DAMAGED. */
int body_damaged(struct store *s, const char *what, int64_t id) _must_check_;

/* zstd with the kind's current dictionary; *ret_dictionary is 0 for none. Replaces out. */
int body_pack(struct store *s, enum dictionary_kind kind, struct str body,
	      struct buf *out, int64_t *ret_dictionary) _must_check_;
/* zstd against a prefix, or alone when it is empty. Replaces out. */
int body_pack_prefix(struct store *s, struct str body, struct str prefix,
		     struct buf *out) _must_check_;
/* Appends; a frame that is not what its row says is STORE_E_DAMAGED. */
int body_unpack(struct store *s, struct str frame, int64_t dictionary, struct str prefix,
		int64_t length, struct buf *out) _must_check_;
/* A state's body as it is stored; borrowed until the next call of any of these. */
int stored_get(struct store *s, int64_t id, struct str *ret) _must_check_;
/* What is put just now: spares decoding it for the next one. */
int stored_note(struct store *s, int64_t id, struct str body) _must_check_;
/* What the next state is to be packed against, `n` in its chain and `last` the last; 0: nothing. */
int chain_base(struct store *s, int64_t last, unsigned n, int64_t *ret) _must_check_;
void stored_forget(struct store *s, int64_t id);
void stored_forget_all(struct bodies *b);
/* The state that one is packed against; 0: none. */
int state_base(struct store *s, int64_t id, int64_t *ret) _must_check_;
/* The body of the row that a statement is at, whose columns from `first` on are BODY_COLUMNS. */
int body_of_row(struct store *s, sqlite3_stmt *q, int first,
		struct buf *out) _must_check_;
/* A hash of what a body tells; equal content, equal hash. Of what is not JSON: of its bytes. */
int body_content(struct str body, uint64_t *ret) _must_check_;
/* A state's body, a event's body: appended. STORE_E_NOT_FOUND. */
int body_of_state(struct store *s, int64_t id, struct buf *out) _must_check_;
/* `body` is the state's own, which tells of its raw bytes. */
int raw_of_state(struct store *s, int64_t id, struct str body,
		 struct buf *out) _must_check_;
