/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading states, wherever they stand: in a pack, or still alone; see stored.c. What is put goes
 * through put_item.c and pack_put.c.
 */

#include <sqlite3.h>

#include "pack.h"

struct store;

/* What is told of a state besides its body. */
struct state_head {
	int64_t id, resource, capture_ms, source, kind, body_len;
	struct str state_id; /* borrowed until the next call of any of these */
	char digits[STATE_NAME_DIGITS];
};

/* STORE_E_NOT_FOUND. */
int state_head(struct store *s, int64_t id, struct state_head *ret) _must_check_;
/* A state's body: appended. STORE_E_NOT_FOUND. */
int body_of_state(struct store *s, int64_t id, struct buf *out) _must_check_;
/* `body` is the state's own, which tells of its raw bytes. */
int raw_of_state(struct store *s, int64_t id, struct str body,
		 struct buf *out) _must_check_;

/* A pack as it was decoded last, bodies and all. */
struct kept_pack {
	int64_t id; /* 0: slot is empty */
	int64_t dictionary;
	bool is_whole;    /* bodies are there */
	struct buf bytes; /* as the row has them: by these it is known again */
	struct buf bodies;
	struct pack pack; /* borrowed from bytes */
};

/* The trimmed body of a state that is alone, as who makes stories read it last: its packs are made of
   these. Facts do not change while it is there. */
#define LOOSE_KEPT 64u
struct kept_loose {
	int64_t id; /* 0: slot is empty */
	struct buf body;
};

/* The pack that has the state, its bodies decoded where asked for; NULL: none has. Borrowed until
   the next call of any of these. */
int pack_of_state(struct store *s, int64_t id, bool with_bodies,
		  const struct kept_pack **ret) _must_check_;
/* Where the body of its state `i` is among the pack's. */
struct str pack_body(const struct kept_pack *pack, unsigned i) _pure_;

/* A state that is alone, of the row that a statement is at, whose columns are those of Q_STATE; texts
   are borrowed from it. */
void loose_row(sqlite3_stmt *q, struct packed_state *ret);
/* Its trimmed body: appended. */
int loose_body(struct store *s, sqlite3_stmt *q, struct buf *out) _must_check_;
