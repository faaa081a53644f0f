/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sources.tsv: how the sources are that sync reads, as it noted last. There are few; rendered to
 * learn its size, and kept.
 */

#include "view.h"

#include "fixed.h"
#include "render/status.h"
#include "store/ledger.h"
#include "store/sync.h"

#define AT_ONCE 64

static int sources_render(struct request *q, uint64_t node, struct buf *out)
{
	struct store_health page[AT_ONCE];
	struct str after = STR("");
	size_t n = AT_ONCE;
	int r = 0;

	(void)node;
	render_sources_header(out);
	while (r == 0 && n == AT_ONCE) {
		r = view_error(
			store_healths(q->store, after, q->arena, page, AT_ONCE, &n));
		for (size_t i = 0; r == 0 && i < n; i++) {
			const struct render_source line = {
				.source = page[i].source,
				.tried_ms = page[i].tried_ms,
				.success_ms = page[i].success_ms,
				.newest_ms = page[i].newest_ms,
				.failures = page[i].failures,
				.errors = page[i].errors,
				.reason = page[i].reason,
			};

			render_source(out, &line);
			after = page[i].source;
		}
	}
	return r;
}

static int sources_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	int r = fixed_page_attr(q, node, ret);

	return r ? r : view_error(store_finished_ms(q->store, &ret->mtime_ms));
}

const struct view view_sources = {
	.getattr = sources_getattr,
	.render = sources_render,
	.files = fixed_one_file,
};
