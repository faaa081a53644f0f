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
/* Its relationships are others now: those that watch it. */
int alarms_due_of_watched(struct store *s, int64_t resource) _must_check_;
/* Its story is another, or its path: those that tell of it as of a related one. */
int alarms_due_of_related(struct store *s, int64_t resource) _must_check_;
