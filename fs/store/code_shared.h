/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What those who parse code records and pack states with; see code_shared.c. */

#include <stdbool.h>
#include <stdint.h>

#include "body.h"
#include "util/macro.h"
#include "util/str.h"

struct store;
struct store_coders;

int shared_coders_new(struct store_coders **ret) _must_check_;
struct store_coders *shared_coders_free(struct store_coders *coders); /* returns NULL */
/* After a rollback: what was shared may not be in the history. */
void shared_coders_forget(struct store_coders *coders);
/* Shares a dictionary (0: none), if it is not the one of its kind that is shared. */
int shared_coders_put(struct store *s, enum dictionary_kind kind,
		      int64_t dictionary) _must_check_;
/* What a code of a record holds, borrowed; false: it is none that the dictionary's phrases made. */
bool shared_code_take(struct str code, int64_t dictionary, struct block_apart *ret_apart,
		      struct str *ret_record) _must_check_;
/* The frame that a code of a state holds, borrowed; false: it is none that the dictionary made. */
bool shared_frame_take(struct str code, int64_t dictionary,
		       struct str *ret_frame) _must_check_;
/* What of a state's body is packed where it stands alone, in the place of what is in `out`. */
int state_trim(const struct item *item, struct buf *out) _must_check_;
