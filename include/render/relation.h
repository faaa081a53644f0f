/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `relationships.tsv`: of a resource, and of a region at a moment. Lines depend on what is given
 * alone, so their lengths can be stored; the path, which depends on the rest of the history, is
 * the last field, and the lengths of lines are told without it.
 */

#include "model/relation.h"
#include "util/buf.h"

extern const struct str render_relation_header;    /* with its newline */
extern const struct str render_relation_at_header; /* likewise */

/* The resource at the other end, as a line of a resource's file shows it. */
struct render_relation {
	struct str what;
	bool out; /* from this resource to that one */
	struct str type, id, name;
	int64_t since_ms, until_ms; /* RELATION_OPEN: still */
};
/* Everything before the path: fields and tabs. */
void render_relation_fields(struct buf *out, const struct render_relation *r);

/* A line of a moment's file, up to and with the tab before the mark. */
struct render_relation_at {
	struct str type, id; /* of the source */
	const struct relation *relation;
};
void render_relation_at_fields(struct buf *out, const struct render_relation_at *r);
