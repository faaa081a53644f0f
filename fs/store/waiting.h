/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Postings of one list of tokens that wait for it; see waiting.c. And the bytes that they are kept
 * in, here and in the table `gathered`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "posting.h"
#include "util/buf.h"
#include "util/macro.h"

#define WAITING_PARTS 32u /* a power of two */

/* In the order in which they came. */
struct token_rows {
	struct posting *rows;
	size_t n, cap;
};

int token_rows_add(struct token_rows *t, const struct posting *p) _must_check_;
void token_rows_clear(struct token_rows *t); /* keeps the memory of a few */

struct waiting_part {
	struct buf bytes;
	struct posting last; /* of these; zeros at first */
};

struct waiting {
	struct token_rows fresh; /* not in the table yet */
	struct waiting_part parts[WAITING_PARTS];
	size_t n_packed; /* in the parts; the table has them, too */
};

void waiting_deinit(struct waiting *w);
/* Keeps the memory of a few. */
void waiting_clear(struct waiting *w);
static inline size_t waiting_n(const struct waiting *w)
{
	return w->fresh.n + w->n_packed;
}
/* The fresh ones go into their parts. -ENOMEM: nothing is to be believed until it is cleared. */
int waiting_pack(struct waiting *w) _must_check_;
/*
 * Appends those of a part of the packed ones, each with the key that its list has it by, in the order
 * of the list; all of a part are before those of the next.
 */
int waiting_take_part(const struct waiting *w, size_t part, struct buf *out) _must_check_;

/* --- bytes -------------------------------------------------------------------------------- */

/* Events are below 2 to the power of 61, and above that less than nothing. */
void waiting_encode(struct buf *out, const struct posting *rows, size_t n);
/* Makes the next one of the one before it (at first: zeros); false where there is none: damaged. */
bool waiting_take(struct str *in, struct posting *p) _must_check_;
