/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One entry of a resource's story as bytes. The files are their entries' bytes one behind the
 * other, so a story that grows keeps its beginning. Both forms depend on the entry alone: the
 * same entry gives the same bytes at any time on any machine, which is what lets their lengths
 * be stored.
 */

#include "model/story.h"
#include "util/buf.h"

/* The longest value shown in `changes`, in bytes; longer ones end in "...". */
#define RENDER_BRIEF_BYTES 200

/*
 * Its block in `changes`: lines that each begin with the entry's time, then an empty line. Long
 * values are cut; what could drive a terminal or break a line is escaped.
 */
void render_entry_text(struct buf *out, const struct story_entry *e);
/* Its line in `changes.jsonl`, newline included; nothing is cut. */
void render_entry_jsonl(struct buf *out, const struct story_entry *e);
