/* SPDX-License-Identifier: Apache-2.0 */
#include "fact_answer.h"

#include <errno.h>

#include "render/metric.h"

static int keep_all(struct chunk *c, struct str *const *strs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!chunk_keep(c, strs[i]))
			return -ENOMEM;
	return 0;
}

int fact_recorder_add(struct chunk *c, uint64_t offset, const struct recorder *r)
{
	struct fact_recorder *f = chunk_fact(c, sizeof(*f), FACT_RECORDER, offset);

	if (!f)
		return -ENOMEM;
	f->recorder = *r;
	struct str *const strs[] = { &f->recorder.account, &f->recorder.region,
				     &f->recorder.name, &f->recorder.failure,
				     &f->recorder.delivery_failure };

	return chunk_keep_value(c, &f->recorder.value)
		       ? keep_all(c, strs, ARRAY_SIZE(strs))
		       : -ENOMEM;
}

int fact_key_add(struct chunk *c, uint64_t offset, const struct public_key *key)
{
	struct fact_key *f = chunk_fact(c, sizeof(*f), FACT_KEY, offset);

	if (!f)
		return -ENOMEM;
	f->key = *key;
	struct str *const strs[] = { &f->key.fingerprint, &f->key.der };

	return keep_all(c, strs, ARRAY_SIZE(strs));
}

static int keep_points(struct chunk *c, struct metric_data *m)
{
	struct metric_point *points = chunk_alloc(c, m->n_points * sizeof(*points));

	if (!points)
		return -ENOMEM;
	memcpy(points, m->points, m->n_points * sizeof(*points));
	m->points = points;
	for (size_t i = 0; i < m->n_points; i++)
		if (!chunk_keep(c, &points[i].value))
			return -ENOMEM;
	return 0;
}

static int keep_mentions(struct chunk *c, struct arena *scratch,
			 const struct metric_data *m, struct mention_set *ret)
{
	const struct alarm of = { .account = m->account,
				  .region = m->region,
				  .name = STR(""),
				  .arn = STR(""),
				  .dimensions = m->dimensions,
				  .n_dimensions = m->n_dimensions };
	uint64_t *tokens;
	int r = mention_of_alarm(scratch, &of, ret);

	if (r || !ret->n)
		return r;
	tokens = chunk_alloc(c, ret->n * sizeof(*tokens));
	if (!tokens)
		return -ENOMEM;
	memcpy(tokens, ret->tokens, ret->n * sizeof(*tokens));
	ret->tokens = tokens;
	return 0;
}

int fact_metric_add(struct chunk *c, uint64_t offset, struct arena *scratch,
		    const struct metric_data *data)
{
	_cleanup_(buf_deinit) struct buf tail = BUF_INIT;
	struct fact_metric *f = chunk_fact(c, sizeof(*f), FACT_METRIC, offset);
	struct metric_data *m;
	int r;

	if (!f)
		return -ENOMEM;
	m = &f->data;
	*m = *data;
	r = render_metric_tail(&tail, scratch, data);
	if (!r)
		r = buf_error(&tail);
	if (r)
		return r;
	f->tail = buf_str(&tail);
	struct str *const strs[] = { &m->account, &m->region,    &m->namespace,
				     &m->metric,  &m->statistic, &f->tail };

	r = keep_mentions(c, scratch, m, &f->mentions);
	m->dimensions = NULL;
	m->n_dimensions = 0;
	if (!r)
		r = keep_points(c, m);
	return r ? r : keep_all(c, strs, ARRAY_SIZE(strs));
}
