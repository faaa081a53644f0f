/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tables of status/: one header line, then a line a row, cells apart by TABs. What comes out
 * of the data is escaped, so a line stays one line of so many cells.
 */

#include "model/coverage.h"
#include "util/buf.h"
#include "util/str.h"

/* imports.tsv: a source object of the ledger. */
struct render_import {
	struct str name;
	uint64_t size;
	int64_t finished_ms; /* 0: it is not finished */
	uint64_t items, events, transitions, duplicates, notices, refused, skipped;
};
void render_imports_header(struct buf *out);
void render_import(struct buf *out, const struct render_import *r);

/* refused.tsv: a record that was turned down. */
struct render_refusal {
	int64_t id;
	struct str source, field, reason;
	uint64_t offset; /* UINT64_MAX: unknown */
	uint64_t length, kept;
};
void render_refused_header(struct buf *out);
void render_refusal(struct buf *out, const struct render_refusal *r);
/* The name of the file with its bytes: number, the source's last part, offset. Unique by its number. */
void render_refusal_name(struct buf *out, const struct render_refusal *r);

/* churn.tsv: a type's items, a resource's, or those of a type's resources that have no line. */
struct render_churn {
	struct str account, region, type,
		rid;         /* rid empty: all of the type, or the rest */
	uint64_t items, all; /* of all the history's items */
	uint64_t resources;
	int64_t first_ms, last_ms; /* 0: not told */
	bool rest;
};
void render_churn_header(struct buf *out);
void render_churn(struct buf *out, const struct render_churn *r);

/* sources.tsv: how a source of sync is. */
struct render_source {
	struct str source;
	int64_t tried_ms, success_ms, newest_ms; /* 0: never, or not known */
	uint64_t failures, errors;
	struct str reason; /* of the last failure; empty while it is well */
};
void render_sources_header(struct buf *out);
void render_source(struct buf *out, const struct render_source *r);

/* coverage.tsv and gaps.tsv */
void render_coverage_header(struct buf *out);
void render_coverage(struct buf *out, const struct coverage_span *c);
void render_gaps_header(struct buf *out);
void render_gap(struct buf *out, const struct coverage_gap *g);
