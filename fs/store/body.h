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

#include "stored.h"

struct store;

enum dictionary_kind {
	DICTIONARY_EVENT = 1,
	DICTIONARY_STATE = 2,
};

#define STATE_LEVEL 1 /* of a state alone, with a dictionary: until it goes into a pack */
#define BLOCKS_KEPT 64u /* of 30 KB, mostly */
/* Packs of states, 30 KB each, mostly; a power of two. */
#define PACKS_KEPT        16u
#define PACKS_KEPT_WORKER 64u

struct dictionary {
	int64_t id;
	struct zdict *z;
	struct phrases *phrases; /* of a kind of JSON as it was received; NULL: of none */
};

/* What a connection keeps for coding: contexts, dictionaries, decoded bodies. */
struct bodies {
	struct zcodec *codec;
	struct dictionary *dictionaries;
	size_t n_dictionaries;
	int64_t current[2];      /* newest dictionary by kind - 1; 0 none */
	struct kept_pack *packs; /* a slot per hash of the id */
	size_t n_packs;
	struct kept_loose *loose; /* likewise, of who makes stories; else NULL */
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
/* Notes that a row cannot be decoded: STORE_E_DAMAGED. A transaction may go on without the row, which
   store_is_row_lost() tells; a put that ends by it breaks the transaction, as by any error. */
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
/* A hash of what a body tells; equal content, equal hash. Of what is not JSON: of its bytes. */
int body_content(struct str body, uint64_t *ret) _must_check_;
void kept_packs_forget(struct bodies *b);
/* The newest dictionary of the kind; 0: none. */
int dictionary_newest(struct store *s, enum dictionary_kind kind,
		      int64_t *ret) _must_check_;
