/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Members of the JSON lines, each with a comma before it; what is not known is null.
 */

#include "model/story.h"
#include "util/buf.h"

void member_key(struct buf *out, const char *key);
/* An empty string is one the source did not give. */
void member_string(struct buf *out, const char *key, struct str value);
void member_value(struct buf *out, const char *key, const struct jv *value);
/* "principal", and "via" where somebody stands behind a session. */
void member_actor(struct buf *out, const struct story_actor *actor);
void member_event_time(struct buf *out, const struct event *event);
/* The event's keys, from "eventID" to "responseElements". */
void member_event(struct buf *out, const struct story_event *se);
