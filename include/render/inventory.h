/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lists of all resources of a moment: a table for spreadsheets, JSON lines, and AWS's own snapshot
 * file. Each is a head, one piece a resource, which depends on its state alone, and a tail; so the
 * length of the whole is the sum of lengths that are stored with the states.
 */

#include "util/buf.h"
#include "util/json.h"
#include "util/str.h"

/*
 * inventory.csv (RFC 4180, but lines end in a newline alone): a line of column names, then a line
 * a state. body: its canonical body. A resource is always one line: control characters are
 * written \uXXXX.
 */
void render_inventory_csv_head(struct buf *out);
void render_inventory_csv(struct buf *out, const struct jv *body);

/* inventory.jsonl: the same fields as one object a line; what is not known is null. */
void render_inventory_jsonl(struct buf *out, const struct jv *body);

/*
 * snapshot.json: ConfigSnapshot as AWS Config delivers it, one item a line, as import takes it.
 * The id is a UUID made of `label`. body: a state's canonical body as text.
 */
void render_snapshot_head(struct buf *out, struct str label);
void render_snapshot_item(struct buf *out, struct str body, bool first);
void render_snapshot_tail(struct buf *out);
/* Bytes that render_snapshot_item() adds to the body, for the first item and for the others. */
#define RENDER_SNAPSHOT_FIRST 1
#define RENDER_SNAPSHOT_OTHER 2
