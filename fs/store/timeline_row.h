/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lines of the timeline in rows of several; see timeline_row.c, and timeline_code.c for their bytes. */

#include "store/timeline.h"
#include "util/buf.h"

struct store;

/* Lines in a row, unless more are of one place. */
#define TIMELINE_ROW_LINES 64u

/* By place, as lines stand in their files; for qsort(), of struct store_line. */
int timeline_order(const void *a, const void *b) _pure_;

/* Of a change's rank as much as is kept: it orders what is of one millisecond. */
int64_t timeline_rank(const struct store_line *line) _pure_;

/* Of a change that is the only one of its millisecond: it follows from the resource then. */
#define TIMELINE_NO_RANK INT64_MIN

/* What rows are found by: of two lines the later one's is greater, or the same. */
int64_t timeline_place(const struct store_line *line) _pure_;

/* The time of a place; are two of one time and kind; is it the first one of those? */
int64_t timeline_time(int64_t place) _pure_;
bool timeline_beside(int64_t a, int64_t b) _pure_;
bool timeline_is_first(int64_t place) _pure_;

/* Takes away ranks that are not needed in a row from that place on (NULL: a new one), up to `end`. */
void timeline_forget_ranks(const int64_t *place, int64_t end, struct store_line *lines,
			   size_t n);

/* Bytes of lines in their order, one at least; none is earlier than first_ms. */
void timeline_encode(struct buf *out, int64_t first_ms, const struct store_line *lines,
		     size_t n);
/* Appends what was encoded; false: these are not such bytes. */
bool timeline_decode(int64_t first_ms, struct str bytes, struct buf *ret) _must_check_;

/* A line that comes, or goes; of several at one place the last of them counts. */
struct line_op {
	struct store_line line;
	size_t n; /* its number among all */
	bool gone;
};

/*
 * Does all that, and calls `changed` with each line that was there and goes (sign -1), or comes
 * (1). They are put in order.
 */
int timeline_apply(struct store *s, struct line_op *ops, size_t n,
		   int (*changed)(struct store *s, const struct store_line *line,
				  int sign)) _must_check_;

/* The first line there may be of that time: what to read from. */
static inline struct store_line timeline_from(int64_t time_ms)
{
	return (struct store_line){ .time_ms = time_ms, .rank = INT64_MIN };
}

/* Newest line before a time: its time; -1: none. */
int timeline_newest(struct store *s, int64_t before_ms, int64_t *ret) _must_check_;

/* Lines from that one on and before to_ms in their order, until `visit` says that no more are wanted. */
int timeline_each(struct store *s, const struct store_line *from, int64_t to_ms,
		  int (*visit)(void *ctx, const struct store_line *line, bool *more),
		  void *ctx) _must_check_;
