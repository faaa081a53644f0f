/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resources whose stories cannot be made, for a row that is damaged; and transitions whose files in
 * alarms/ cannot be. They stay dirty, or due, and are passed over until something new comes in; whoever
 * makes them tells of them in the end.
 */

#include "store/derive.h"
#include "util/buf.h"
#include "util/fault.h"

/* Zero at first. */
struct lost {
	struct buf ids; /* int64_t each: their rows, in order as far as `sorted` */
	size_t sorted;
	int64_t first; /* the lowest of them, whichever was met first ... */
	char why[256]; /* ... and what is damaged of it */
};

void lost_deinit(struct lost *l);
/* They are tried again. */
void lost_forget(struct lost *l);
bool lost_any(const struct lost *l);
/* 0 or -ENOMEM. */
int lost_add(struct lost *l, int64_t row, struct str why) _must_check_;
bool lost_has(struct lost *l, int64_t row);
/* As store_dirty_next(), all others; *after is moved on behind those that are lost. */
int lost_others(struct lost *l, struct store *s, int64_t *after, struct store_dirty *ret,
		size_t n, size_t *ret_n) _must_check_;
/* How many these are; the page is overwritten. */
int lost_count_others(struct lost *l, struct store *s, struct store_dirty *page, size_t n,
		      uint64_t *ret) _must_check_;
/* Tells of the first, and how many there are: of stories, then of files. -EBADMSG, or 0 where there is
   none. */
int lost_tell(const struct lost *stories, const struct lost *files, struct store *s,
	      struct fault *f);
