/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What came in: imports.tsv, a line a source; refused.tsv, a line a refusal; and refused/ with the
 * bytes of each. There may be a million sources, so both tables are read piece by piece, and
 * their sizes are sums of lengths that the history keeps.
 */

#include "fixed.h"

#include <errno.h>
#include <stdlib.h>

#include "render/status.h"
#include "store/ledger.h"

/* --- the tables ---------------------------------------------------------------------------- */

/* A key's parts. */
enum {
	KEY_HEADER_DONE, /* 1: behind the header */
	KEY_AFTER,       /* row of the last line made */
};

static enum store_lines lines_of(uint64_t node)
{
	return node == NODE_FIXED_IMPORTS ? STORE_LINES_IMPORTS : STORE_LINES_REFUSED;
}

static void put_header(enum store_lines file, struct buf *out)
{
	if (file == STORE_LINES_IMPORTS)
		render_imports_header(out);
	else
		render_refused_header(out);
}

static int table_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf header = BUF_INIT;
	uint64_t size;
	int64_t finished_ms;
	int r = view_error(store_lines_size(q->store, lines_of(node), &size));

	if (r == 0)
		r = view_error(store_finished_ms(q->store, &finished_ms));
	put_header(lines_of(node), &header);
	if (r == 0)
		r = buf_error(&header);
	if (r == 0)
		*ret = (struct tree_attr){ .node = node,
					   .type = TREE_FILE,
					   .growing = true,
					   .size = header.len + size,
					   .mtime_ms = finished_ms };
	return r;
}

static int table_seek(struct request *q, uint64_t node, uint64_t offset,
		      struct stream_key *ret_key, uint64_t *ret_offset)
{
	_cleanup_(buf_deinit) struct buf header = BUF_INIT;
	int r;

	*ret_key = (struct stream_key){ 0 };
	*ret_offset = 0;
	put_header(lines_of(node), &header);
	r = buf_error(&header);
	if (r || offset < header.len)
		return r;
	ret_key->part[KEY_HEADER_DONE] = 1;
	r = view_error(store_lines_seek(q->store, lines_of(node), offset - header.len,
					&ret_key->part[KEY_AFTER], ret_offset));
	*ret_offset += header.len;
	return r;
}

static void put_import(struct buf *out, const struct store_import *i)
{
	render_import(out, &(struct render_import){
				   .name = i->name,
				   .size = i->size,
				   .finished_ms = i->finished ? i->finished_ms : 0,
				   .items = i->counts.items,
				   .events = i->counts.events,
				   .transitions = i->counts.transitions,
				   .duplicates = i->counts.duplicates,
				   .notices = i->counts.notices,
				   .refused = i->counts.refused,
				   .skipped = i->counts.skipped });
}

static struct render_refusal refusal_of(const struct store_refusal *f)
{
	return (struct render_refusal){ .id = f->id,
					.source = f->source,
					.field = f->field,
					.reason = f->reason,
					.offset = f->offset,
					.length = f->length,
					.kept = f->kept };
}

static int next_imports(struct request *q, int64_t *after, struct buf *out, size_t *ret_n)
{
	struct store_import page[VIEW_PAGE_FIRST];
	int r = view_error(store_import_lines(q->store, *after, q->arena, page,
					      ARRAY_SIZE(page), ret_n));

	for (size_t i = 0; r == 0 && i < *ret_n; i++) {
		put_import(out, &page[i]);
		*after = page[i].id;
	}
	return r;
}

static int next_refusals(struct request *q, int64_t *after, struct buf *out,
			 size_t *ret_n)
{
	struct store_refusal page[VIEW_PAGE_FIRST];
	int r = view_error(store_refusal_lines(q->store, *after, q->arena, page,
					       ARRAY_SIZE(page), ret_n));

	for (size_t i = 0; r == 0 && i < *ret_n; i++) {
		struct render_refusal line = refusal_of(&page[i]);

		render_refusal(out, &line);
		*after = page[i].id;
	}
	return r;
}

static int table_next(struct request *q, uint64_t node, size_t want,
		      struct stream_key *key, struct buf *out)
{
	size_t n = VIEW_PAGE_FIRST;
	int r = 0;

	if (!key->part[KEY_HEADER_DONE])
		put_header(lines_of(node), out);
	key->part[KEY_HEADER_DONE] = 1;
	while (r == 0 && n == VIEW_PAGE_FIRST && out->len < want && !out->failed)
		r = node == NODE_FIXED_IMPORTS
			    ? next_imports(q, &key->part[KEY_AFTER], out, &n)
			    : next_refusals(q, &key->part[KEY_AFTER], out, &n);
	return r;
}

static const struct stream table_stream = { .seek = table_seek, .next = table_next };

const struct view view_ledger = {
	.getattr = table_getattr,
	.files = fixed_one_file,
	.stream = &table_stream,
};

/* --- refused/ ------------------------------------------------------------------------------ */

static int refused_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	*ret = (struct tree_attr){ .node = node,
				   .parent = NODE_FIXED_STATUS,
				   .type = TREE_DIR,
				   .growing = true,
				   .stamp = q->label };
	return view_error(store_finished_ms(q->store, &ret->mtime_ms));
}

static struct tree_attr refusal_attr(const struct store_refusal *f)
{
	return (struct tree_attr){ .node = node_make(NODE_REFUSAL, f->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = f->kept,
				   .mtime_ms = f->finished_ms };
}

/* A name begins with the row's number; it is the whole name that must be right. */
static int refused_lookup(struct request *q, uint64_t node, struct str name,
			  struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf right = BUF_INIT;
	struct render_refusal line;
	struct store_refusal f;
	int64_t id = 0;
	int r;

	(void)node;
	for (size_t i = 0; i < name.n && name.p[i] >= '0' && name.p[i] <= '9'; i++) {
		if (id >> NODE_ROW_BITS)
			return TREE_E_NOT_FOUND;
		id = id * 10 + (name.p[i] - '0');
	}
	r = view_error(store_refusal_get(q->store, id, q->arena, &f));
	if (r)
		return r;
	line = refusal_of(&f);
	render_refusal_name(&right, &line);
	r = buf_error(&right);
	if (r == 0 && !str_eq(buf_str(&right), name))
		r = TREE_E_NOT_FOUND;
	if (r == 0)
		*ret = refusal_attr(&f);
	return r;
}

static int refused_readdir(struct request *q, uint64_t node, uint64_t cookie,
			   const struct tree_lister *lister)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct store_refusal page[VIEW_PAGE_FIRST];
	int64_t after = (int64_t)cookie;
	size_t n;

	(void)node;
	if (cookie >> NODE_ROW_BITS)
		return TREE_E_BAD_COOKIE;
	do {
		int r = view_error(store_refusals(q->store, after, q->arena, page,
						  ARRAY_SIZE(page), &n));

		for (size_t i = 0; r == 0 && i < n; i++) {
			struct render_refusal line = refusal_of(&page[i]);
			struct tree_attr attr = refusal_attr(&page[i]);

			buf_reset(&name);
			render_refusal_name(&name, &line);
			r = buf_error(&name);
			after = page[i].id;
			if (r == 0 &&
			    !lister->entry(lister->ctx,
					   &(struct tree_entry){ buf_str(&name), &attr,
								 (uint64_t)after }))
				return 0;
		}
		if (r)
			return r;
	} while (n == ARRAY_SIZE(page));
	return 0;
}

static int refused_files(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	(void)node;
	if (r == 0)
		*ret = totals.refused;
	return r;
}

static int refusal_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_refusal f;
	int r = view_error(store_refusal_get(q->store, node_row(node), q->arena, &f));

	if (r == 0)
		*ret = refusal_attr(&f);
	return r;
}

static int refusal_render(struct request *q, uint64_t node, struct buf *out)
{
	return view_error(store_refusal_bytes(q->store, node_row(node), out));
}

const struct view view_refused = {
	.getattr = refused_getattr,
	.lookup = refused_lookup,
	.readdir = refused_readdir,
	.files = refused_files,
};
const struct view view_refusal = {
	.getattr = refusal_getattr,
	.render = refusal_render,
};
