/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the writer gathers for timeline/ and activity/ until the commit: ids of values, places of
 * events, sums. Unlike the rest of the writer's it is not written when a story is put, since
 * nothing in that reads it.
 */

#include "map.h"
#include "model/told.h"
#include "store/activity.h"
#include "store/derive.h"
#include "store/timeline.h"
#include "sums.h"
#include "timeline_row.h"
#include "util/arena.h"

struct store;

struct value_node {
	struct map_node node; /* kind, unescaped text */
	int64_t id;
	int64_t unit_ms; /* first event noted of the unit it stands for; INT64_MAX: none */
	/* Of its events, or also of those that it has as a person; INT64_MIN: it is new. */
	int64_t newest_ms;
	int64_t settled_ms; /* the same as of the settle of this number: what is older comes late */
	uint64_t settle;
};

/* A place in a value's file; sorted by its first three numbers. */
struct act_row {
	int64_t value, time_ms, event;
	uint32_t text_len, jsonl_len;
	bool unit, late;
};

struct tell {
	struct map values;
	struct arena cached; /* nodes of values */
	struct act_row *rows;
	size_t n, cap, n_late;
	struct line_op *lines; /* of the timeline, to be put or taken away */
	size_t n_lines, cap_lines;
	struct sums value_sums; /* what: value, when: day */
	struct sums line_sums;  /* what: hour */
	struct buf names;       /* struct posting: of values that are new */
	int64_t seq;            /* the counter 'told': commits that changed something */
	uint64_t settle;        /* how often rows were written, also such as were lost */
};

int tell_begin(struct store *s) _must_check_;
void tell_forget(struct tell *t);
void tell_deinit(struct tell *t);
/* Writes all that is gathered. */
int tell_settle(struct store *s) _must_check_;
/* Before a read of what is gathered here. */
int tell_reading(struct store *s) _must_check_;

/* Order within a second: the milliseconds, then the hash. */
int64_t tell_rank(int64_t time_ms, uint64_t hash) _pure_;
/* The milliseconds of a rank. */
int64_t tell_rank_ms(int64_t rank) _pure_;

/* --- value.c ------------------------------------------------------------------------------ */

/* By which the list of names has a value. */
uint64_t value_name_hash(enum store_value_kind kind, struct str name) _pure_;
/* The value of a name as it is listed. STORE_E_NOT_FOUND. */
int value_find(struct store *s, enum store_value_kind kind, struct str name,
	       int64_t *ret) _must_check_;
int value_get(struct store *s, enum store_value_kind kind, struct str text,
	      struct value_node **ret) _must_check_;
/* The values of an event, each once; at most VALUES_MAX. */
#define VALUES_MAX 8
int tell_values(struct store *s, const struct store_event_values *of,
		struct value_node *ret[VALUES_MAX], size_t *ret_n) _must_check_;
/* Borrowed from both. */
static inline struct store_event_values tell_values_of(const struct event *e,
						       const struct event_told *told)
{
	return (struct store_event_values){ .time_ms = e->time_ms,
					    .principal = told->principal,
					    .role = told->role,
					    .session = told->session,
					    .address = e->address,
					    .access_key = e->access_key,
					    .name = e->name,
					    .error = e->error_code };
}
int values_settle(struct store *s) _must_check_;
/* Adds to a value's sums, or takes from them, at once. */
int value_apply(struct store *s, const struct sum *sums, size_t n) _must_check_;

/* --- timeline.c --------------------------------------------------------------------------- */

/* Adds a line, or takes it away: then its lengths do not matter. */
int timeline_put(struct store *s, const struct store_line *line) _must_check_;
int timeline_take(struct store *s, const struct store_line *line) _must_check_;
int timeline_settle(struct store *s) _must_check_;

/* --- tell.c ------------------------------------------------------------------------------- */

/* A new event, by the hash of its identity: its place in the file of each of its values, its line
   where it is an attempt. */
int tell_event(struct store *s, const struct event *e, int64_t id, uint64_t key,
	       const struct event_told *told) _must_check_;

/* --- tell_story.c ------------------------------------------------------------------------- */

struct store_story;
/* Before the story's rows are replaced: what its changes and causes are told with differs. `fresh`:
   there are none yet; gone: the changes that were told before (struct told_change). *ret_had_causes:
   rows of causes are there from that time on. */
int tell_story(struct store *s, const struct store_story *story, bool fresh,
	       int64_t from_ms, const struct buf *gone,
	       bool *ret_had_causes) _must_check_;

/* --- person.c ----------------------------------------------------------------------------- */

/* Notes that a unit was acted in; `own` are the values of the session itself and its role. */
int unit_note(struct store *s, struct value_node *unit, const struct event *e,
	      const struct event_told *told, int64_t principal,
	      int64_t role) _must_check_;
/* Notes who an event opened a session for: the values of its principal and role, its unit. */
int opening_note(struct store *s, const struct event *e, int64_t id, int64_t opener,
		 int64_t opener_role, int64_t parent) _must_check_;
/* A credential was issued that units may have been opened with, if they began then or later. */
int unit_news(struct store *s, uint64_t token, int64_t time_ms) _must_check_;
