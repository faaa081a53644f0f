/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Parts of loading a story that other files of the store load by themselves. */

#include <sqlite3.h>

#include "model/story.h"
#include "store/derive.h"

/* A state's body as a tree in the arena. */
int story_load_body(struct store *s, int64_t state, struct arena *a,
		    const struct jv **ret) _must_check_;
/* A record as an event in the arena. -EBADMSG: it is none. */
int story_view_event(struct arena *a, const struct buf *text,
		     struct event *ret) _must_check_;
/* An event's record as that. */
int story_read_event(struct store *s, int64_t event, struct arena *a,
		     struct event *ret) _must_check_;
/* A change's causes with their people. */
int story_load_causes(struct store *s, const struct store_entry *entry, struct arena *a,
		      const struct story_event **ret, size_t *ret_n) _must_check_;
/* Entries of from_ms <= time <= to_ms in their order, without causes, appended to `ret`. */
int story_entries(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
		  struct arena *a, struct buf *ret) _must_check_;
