/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Relationships as the history has them: those of a source some dozens a row, in runs, in the order
 * of relation_cmp(). Whoever has a relationship's token finds its sources in a list, and reads all
 * that the source names: none is found without its source.
 */

#include "posting.h"
#include "run_set.h"
#include "store/relation.h"
#include "util/arena.h"

struct store;

#define EDGE_RUN 32u /* relationships of a run, at most */

/* The lines that a relationship has: in the source's file, the target's and a moment's. */
enum edge_line { EDGE_OUT, EDGE_IN, EDGE_AT, EDGE_LINES };

struct edge {
	int64_t kind; /* row of relation: its what and its type */
	struct relation relation;
	struct str source_name; /* the source's own newest name; empty: it has none */
	int64_t target;         /* the resource meant; 0: none that is known */
	uint32_t more[EDGE_LINES]; /* by how much its lines differ from what the texts tell */
};

/* The resource that has them. */
struct edge_source {
	int64_t id, folder;
	struct str account, region, type, rid;
	struct str fname;
};

/* --- bytes, see edge_row.c ----------------------------------------------------------------- */

/* What of the row before tells of the next. */
struct edge_last {
	int64_t kind, since_ms;
	struct str id, source_name;
	struct str stem; /* of the last id that ends in a number: what is before that */
};

/* Appends one to those before it, without what and type. Of the next run of the source only the
   source_name of `last` is left. */
void edge_row_put(struct buf *out, struct edge_last *last, const struct edge *edge);
/* Takes one off the front of *in; its texts are in there and in the arena. -EBADMSG: these are not
   such bytes. */
int edge_row_take(struct str *in, struct edge_last *last, struct arena *a,
		  struct edge *ret) _must_check_;

/* --- runs, see edge.c ---------------------------------------------------------------------- */

/* All that a source names, as it is in the history. */
struct edges {
	struct edge_source source; /* of edges_read() alone; texts until the next read */
	struct run_set runs;
	struct buf list; /* struct edge */
	struct arena arena;
};

#define EDGES_INIT ((struct edges){ 0 })
void edges_deinit(struct edges *e);
static inline struct edge *edges_all(const struct edges *e, size_t *ret_n)
{
	*ret_n = e->list.len / sizeof(struct edge);
	return (struct edge *)e->list.data;
}
/* Reads those of a source, in place of what was read before; none: the source is not told. */
int edges_read(struct store *s, int64_t source, struct edges *ret) _must_check_;
/* The same of many sources, in order, while nothing is written: neighbours are not looked for. */
struct edge_scan {
	struct store *s;
	struct edges edges; /* of the source at hand */
	sqlite3_stmt *q;
	bool row;
};
#define EDGE_SCAN(store) ((struct edge_scan){ .s = (store) })
void edge_scan_deinit(struct edge_scan *c);
int edges_scan(struct edge_scan *c, int64_t source) _must_check_;
/* Those of a run that a statement has found. `last`: zero at a source's first one. */
int edges_of_run(struct store *s, int64_t source, struct str bytes,
		 struct edge_last *last, struct arena *a, struct buf *list) _must_check_;
/* Makes the runs those n, in order; `is` may be read of the same source, or empty: it had none. */
int edges_write(struct store *s, int64_t source, const struct edges *is,
		const struct edge *edges, size_t n) _must_check_;

/* Bytes of a line before the path or the mark, as its texts tell; with edge->more, as it is. */
uint32_t edge_line_told(const struct edge *edge, struct str type, struct str rid,
			enum edge_line line) _pure_;
static inline uint32_t edge_line_len(const struct edge *edge,
				     const struct edge_source *source,
				     enum edge_line line)
{
	return edge_line_told(edge, source->type, source->rid, line) + edge->more[line];
}

/* What relationships are and to which type, by their row; kept until edge_kinds_forget(), but for those
   behind the first few thousand. */
struct edge_kinds {
	struct arena arena;
	struct buf list; /* struct edge_kind, by row */
};
void edge_kinds_forget(struct edge_kinds *k);
/* The row of edge->relation's what and type, made when missing. */
int edge_kind_put(struct store *s, const struct relation *relation,
		  int64_t *ret) _must_check_;

/* --- who names whom, see edge_token.c ------------------------------------------------------ */

/* A source has a relationship of the token from now on. Written with the others of a commit. */
int edge_token_add(struct store *s, int64_t token, int64_t source) _must_check_;
int edge_token_remove(struct store *s, int64_t token, int64_t source) _must_check_;
int edge_tokens_settle(struct store *s) _must_check_;
/* Appends the sources that may have one of the n tokens (24 bits of each are looked for): int64_t
   each, in order, each once. */
int edge_sources(struct store *s, const int64_t *tokens, size_t n,
		 struct buf *ret) _must_check_;
/* What that list has of a token: some of a source's tokens may have the same. */
static inline int64_t edge_bits(int64_t token)
{
	return (int64_t)((uint64_t)token >> 40);
}
/* The place of a source in that list. */
struct posting edge_place(int64_t token, int64_t source);

/* Called with each relationship to a resource, in the order of its source. */
typedef int edge_fn(void *ctx, const struct edge_source *source, const struct edge *edge);
/* What comes of a source whose relationships cannot be read, for the error of that; NULL: the error. */
typedef int edge_lost_fn(struct store *s, int64_t source, int error);
int edges_incoming(struct store *s, int64_t resource, edge_lost_fn *lost, edge_fn *each,
		   void *ctx) _must_check_;
