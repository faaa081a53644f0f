/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What makes the files of transitions due; see store/alarms.h.
 */

#include "store/alarms.h"

int alarms_due(struct store *s, int64_t transition) _must_check_;
int alarms_due_of_alarm(struct store *s, int64_t alarm) _must_check_;
/* The transitions in the resource's story from that time on: before it is deleted, and after. */
int alarms_due_of_story(struct store *s, int64_t resource, int64_t from_ms) _must_check_;
/*
 * From that time on its relationships are others now: those that watch it. What a file tells of
 * reaches back from its transition, never beyond it, so older ones stay as they are.
 */
int alarms_due_of_watched(struct store *s, int64_t resource,
			  int64_t from_ms) _must_check_;
/* Its story is another from that time on, or its path: those that tell of it as of a related one. */
int alarms_due_of_related(struct store *s, int64_t resource,
			  int64_t from_ms) _must_check_;
