/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of metrics/. A series is of the resources that its dimensions mean, which are known by
 * the names they have in their stories: so this comes after those are made. One of which the
 * history has no resource waits for it.
 */
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "render/metric.h"
#include "store/metric.h"

#define BATCH 256

static int place(struct store *s, struct arena *a, const struct store_series *series)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	int64_t *resources = NULL;
	size_t n = 0;
	int r = store_series_resources(s, series->id, a, &resources, &n);

	render_metric_name(&name, series->namespace, series->metric);
	if (!r)
		r = buf_error(&name);
	for (size_t i = 0; !r && i < n; i++)
		r = store_put_metric_file(s, series, resources[i], buf_str(&name),
					  render_metric_fixed(STR_NULL));
	return r || !n ? r : store_series_done(s, series->id);
}

static int settle_batch(struct store *s, int64_t *after, bool *ret_more)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_series page[BATCH];
	size_t n;
	int r = store_series_due(s, *after, &a, page, BATCH, &n);

	*ret_more = n == BATCH;
	if (r || !n)
		return r;
	*after = page[n - 1].id;
	r = store_begin(s, "metrics");
	if (r)
		return r;
	for (size_t i = 0; !r && i < n; i++)
		r = place(s, &a, &page[i]);
	if (!r)
		return store_commit(s);
	store_rollback(s);
	return r;
}

int metrics_settle(struct store *s, struct fault *f)
{
	int64_t after = 0;
	bool more = true;
	int r = 0;

	while (more && !r)
		r = settle_batch(s, &after, &more);
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "making the files of metrics: %s",
			  *store_message(s) ? store_message(s) : strerror(abs(r)));
	return r;
}
