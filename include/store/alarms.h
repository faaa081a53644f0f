/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * alarms/: every transition's file. What a file tells follows from the stories of what the alarm
 * watches, so a transition is due when one of these is put; whoever made the stories makes the
 * files of what is due. The files are kept as bytes: a reader sees the one or the other, whole.
 */

#include "model/alarm.h"
#include "store/derive.h"

/* A directory of alarms/: an account (parent 0), a region, or an alarm (its id is the alarm's). */
struct store_alarm_folder {
	int64_t id, parent;
	struct str name; /* escaped, as listed */
	int64_t newest_ms;
};
int store_alarm_folder_get(struct store *s, int64_t id, struct arena *a,
			   struct store_alarm_folder *ret) _must_check_;
int store_alarm_folder_find(struct store *s, int64_t parent, struct str name,
			    struct arena *a, struct store_alarm_folder *ret) _must_check_;
int store_alarm_folders(struct store *s, int64_t parent, int64_t after, struct arena *a,
			struct store_alarm_folder *ret, size_t n,
			size_t *ret_n) _must_check_;
int store_alarm_place_get(struct store *s, int64_t alarm, struct arena *a,
			  struct store_alarm_folder *ret) _must_check_;
int store_alarm_place_find(struct store *s, int64_t folder, struct str name,
			   struct arena *a, struct store_alarm_folder *ret) _must_check_;
int store_alarm_places(struct store *s, int64_t folder, int64_t after, struct arena *a,
		       struct store_alarm_folder *ret, size_t n,
		       size_t *ret_n) _must_check_;

/* A transition as a file; twins are numbered by their state's name. */
struct store_transition_file {
	int64_t id, time_ms;
	unsigned twin;
	uint64_t size;
};
int store_transition_file_get(struct store *s, int64_t id,
			      struct store_transition_file *ret) _must_check_;
/* An alarm's, behind (after_ms, after_twin); -1, 0 at first. */
int store_transition_files(struct store *s, int64_t alarm, int64_t after_ms,
			   unsigned after_twin, struct store_transition_file *ret,
			   size_t n, size_t *ret_n) _must_check_;
int store_transition_text(struct store *s, int64_t id, struct buf *out) _must_check_;

/* --- making the files ---------------------------------------------------------------------- */

struct store_transition_whole {
	int64_t alarm; /* row */
	int64_t time_ms;
	struct str name, account, region, arn, namespace, metric;
	struct str state, previous_state, reason;
	bool ambiguous; /* has no account, and alarms of several have the name */
	struct alarm_dimension
		*dimensions; /* by name and value; of a composite's children, too */
	size_t n_dimensions;
	struct str *children; /* names, of a composite alarm */
	size_t n_children;
};
/* By row, above `after`; *ret_n < n: there are no more. */
int store_transitions_due(struct store *s, int64_t after, int64_t *ret, size_t n,
			  size_t *ret_n) _must_check_;
int store_transition_whole(struct store *s, int64_t id, struct arena *a,
			   struct store_transition_whole *ret) _must_check_;
/* The resources in whose stories it stands. */
int store_transition_resources(struct store *s, int64_t id, struct arena *a,
			       int64_t **ret, size_t *ret_n) _must_check_;
/* A resource at the other end of a relationship, which stands as long as that does. */
struct store_related {
	int64_t resource;
	int64_t since_ms, until_ms; /* until_ms: RELATION_OPEN */
};
/* All of a resource's, at any time; of some perhaps several. */
int store_related(struct store *s, int64_t resource, struct arena *a,
		  struct store_related **ret, size_t *ret_n) _must_check_;
/* Inside a transaction: what is damaged of them is made anew by the stories to come. */
int store_related_mend(struct store *s, int64_t resource) _must_check_;
/* A file, made. */
struct store_transition_made {
	int64_t id, alarm, time_ms;
	struct str names[3]; /* of its directories: account, region and alarm; escaped */
	int64_t *related;    /* other resources whose stories it tells from */
	size_t n_related;
	uint64_t len; /* of the text */
	struct str packed;
};
/* As the history keeps a text; in the arena. */
int store_transition_pack(struct store *s, struct str text, struct arena *a,
			  struct str *ret) _must_check_;
int store_put_transition_text(struct store *s,
			      const struct store_transition_made *made) _must_check_;
