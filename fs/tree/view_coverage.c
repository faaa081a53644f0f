/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coverage.tsv and gaps.tsv: reckoned from the days of each account, region and source, of which
 * there are few. Rendered to learn their size, and kept.
 */

#include "fixed.h"

#include "render/status.h"
#include "store/coverage.h"
#include "store/ledger.h"
#include "store/recorder.h"

struct coverage {
	struct buf spans, gaps;
};

static void coverage_deinit(struct coverage *c)
{
	buf_deinit(&c->spans);
	buf_deinit(&c->gaps);
}

static int reckon(struct request *q, struct coverage *c)
{
	struct coverage_control *controls;
	struct recorder_seen *seen;
	struct coverage_day *days;
	size_t n_controls, n_days, n_seen;
	int r = view_error(store_coverage_days(q->store, q->arena, &days, &n_days));

	if (r == 0)
		r = view_error(store_coverage_controls(q->store, q->arena, &controls,
						       &n_controls));
	if (r == 0)
		r = view_error(store_recorders(q->store, q->arena, &seen, &n_seen));
	if (r)
		return r;
	return recorder_coverage(q->arena, days, n_days, controls, n_controls, seen,
				 n_seen, &c->spans, &c->gaps);
}

static int coverage_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(coverage_deinit) struct coverage c = { 0 };
	int r = reckon(q, &c);

	if (r)
		return r;
	if (node == NODE_FIXED_COVERAGE) {
		const struct coverage_span *spans = (const void *)c.spans.data;

		render_coverage_header(out);
		for (size_t i = 0; i < c.spans.len / sizeof(*spans); i++)
			render_coverage(out, &spans[i]);
	} else {
		const struct coverage_gap *gaps = (const void *)c.gaps.data;

		render_gaps_header(out);
		for (size_t i = 0; i < c.gaps.len / sizeof(*gaps); i++)
			render_gap(out, &gaps[i]);
	}
	return 0;
}

static int coverage_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	int r = fixed_page_attr(q, node, ret);

	return r ? r : view_error(store_finished_ms(q->store, &ret->mtime_ms));
}

const struct view view_coverage = {
	.getattr = coverage_getattr,
	.render = coverage_render,
	.files = fixed_one_file,
};
