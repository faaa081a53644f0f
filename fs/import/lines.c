/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lengths of the ledger's lines: what render makes of a source or refusal is known only here,
 * where both it and the writer are at hand. Done once a transaction, so a source costs one line
 * however many chunks it came in.
 */
#include "lines.h"

#include <errno.h>

#include "render/status.h"

#define BATCH 256

static int measure_import(struct store *s, int64_t id, struct arena *a, struct buf *out)
{
	struct store_import i;
	int r = store_import_get(s, id, a, &i);

	if (r)
		return r;
	render_import(out, &(struct render_import){
				   .name = i.name,
				   .size = i.size,
				   .finished_ms = i.finished ? i.finished_ms : 0,
				   .items = i.counts.items,
				   .events = i.counts.events,
				   .transitions = i.counts.transitions,
				   .duplicates = i.counts.duplicates,
				   .notices = i.counts.notices,
				   .refused = i.counts.refused,
				   .skipped = i.counts.skipped });
	return buf_error(out);
}

static int measure_refusal(struct store *s, int64_t id, struct arena *a, struct buf *out)
{
	struct store_refusal f;
	int r = store_refusal_get(s, id, a, &f);

	if (r)
		return r;
	render_refusal(out, &(struct render_refusal){ .id = f.id,
						      .source = f.source,
						      .field = f.field,
						      .reason = f.reason,
						      .offset = f.offset,
						      .length = f.length,
						      .kept = f.kept });
	return buf_error(out);
}

static int settle_batch(struct store *s, enum store_lines file, bool *ret_more)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	int64_t ids[BATCH];
	size_t n;
	int r = store_lines_due(s, file, ids, BATCH, &n);

	for (size_t i = 0; i < n && !r; i++) {
		buf_reset(&out);
		r = file == STORE_LINES_IMPORTS ? measure_import(s, ids[i], &a, &out)
						: measure_refusal(s, ids[i], &a, &out);
		if (!r)
			r = store_put_line(s, file, ids[i], out.len);
	}
	*ret_more = n == BATCH;
	return r == STORE_E_NOT_FOUND ? -EBADMSG : r;
}

int lines_settle(struct store *s)
{
	static const enum store_lines files[] = { STORE_LINES_IMPORTS,
						  STORE_LINES_REFUSED };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !r; i++) {
		bool more = true;

		while (more && !r)
			r = settle_batch(s, files[i], &more);
	}
	return r;
}

int lines_settle_rest(struct store *s)
{
	int64_t id;
	size_t imports, refused = 0;
	int r = store_lines_due(s, STORE_LINES_IMPORTS, &id, 1, &imports);

	if (!r)
		r = store_lines_due(s, STORE_LINES_REFUSED, &id, 1, &refused);
	if (r || (!imports && !refused))
		return r;
	r = store_begin(s, "import");
	if (r)
		return r;
	r = lines_settle(s);
	if (!r)
		return store_commit(s);
	store_rollback(s);
	return r;
}
