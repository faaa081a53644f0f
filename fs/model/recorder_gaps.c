/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recorder's description means for what is known. That it was stopped or started, and what
 * its settings leave out, is taken like the calls that did so, which say who it was where they are
 * known: a description that agrees with them adds nothing. It may have failures, too; such a gap
 * is from the first state that has one to the first that has not.
 */
#include <errno.h>
#include <stdlib.h>

#include "control_work.h"
#include "model/recorder.h"

#define SAME_STOP_MS \
	(INT64_C(5) * 60000) /* between a call and what the status tells of it */

static const struct coverage_control statuses = {
	.source = COVERAGE_CONFIG,
	.call = STR("DescribeConfigurationRecorderStatus"),
};
static const struct coverage_control deliveries = {
	.source = COVERAGE_CONFIG,
	.call = STR("DescribeDeliveryChannelStatus"),
};

static bool is_same(const struct recorder *a, const struct recorder *b)
{
	return str_eq(a->account, b->account) && str_eq(a->region, b->region) &&
	       str_eq(a->name, b->name);
}

/* --- stops and starts ----------------------------------------------------------------------- */

static bool is_known(const struct coverage_control *known, size_t n,
		     const struct coverage_control *c)
{
	for (size_t i = 0; i < n; i++)
		if (known[i].source == c->source && known[i].act == c->act &&
		    llabs(known[i].time_ms - c->time_ms) <= SAME_STOP_MS &&
		    str_eq(known[i].account, c->account) &&
		    str_eq(known[i].region, c->region))
			return true;
	return false;
}

static struct coverage_control control_of(const struct recorder_seen *seen,
					  enum coverage_act act, int64_t time_ms,
					  const char *call)
{
	return (struct coverage_control){ .account = seen->recorder.account,
					  .region = seen->recorder.region,
					  .source = COVERAGE_CONFIG,
					  .act = act,
					  .time_ms = time_ms,
					  .call = str_of(call),
					  .principal = STR(""),
					  .event_id = STR("") };
}

/* What it takes in and where it delivers to, from when that was seen: two of them. */
static int settings_of(struct arena *a, const struct recorder_seen *seen,
		       struct coverage_control *ret)
{
	const struct jv *v = seen->recorder.value;

	ret[0] = control_of(seen, COVERAGE_SETS, seen->seen_ms,
			    "DescribeConfigurationRecorders");
	ret[1] = control_of(seen, COVERAGE_SETS, seen->seen_ms,
			    "DescribeDeliveryChannels");
	ret[1].bucket = jv_get_text(jv_get(v, "deliveryChannel"), "s3BucketName");
	return control_read_recorder(jv_get(v, "configurationRecorder"), a, ret);
}

/* All that is known, and what the states tell besides. */
static int add_controls(struct arena *a, const struct recorder_seen *seen, size_t n,
			const struct coverage_control *known, size_t n_known,
			struct coverage_control **ret, size_t *ret_n)
{
	struct coverage_control *all =
		arena_alloc(a, (n_known + 4 * n + 1) * sizeof(*all));
	int r = 0;

	if (!all)
		return -ENOMEM;
	if (n_known)
		memcpy(all, known, n_known * sizeof(*all));
	*ret_n = n_known;
	for (size_t i = 0; !r && i < n; i++) {
		const struct recorder *is = &seen[i].recorder;
		const struct coverage_control switched[] = {
			control_of(&seen[i], COVERAGE_STOPS, is->stopped_ms,
				   statuses.call.p),
			control_of(&seen[i], COVERAGE_STARTS, is->started_ms,
				   statuses.call.p),
		};

		for (size_t k = 0; k < ARRAY_SIZE(switched); k++)
			if (switched[k].time_ms >= 0 &&
			    !is_known(all, *ret_n, &switched[k]))
				all[(*ret_n)++] = switched[k];
		r = settings_of(a, &seen[i], &all[*ret_n]);
		*ret_n += 2;
	}
	*ret = all;
	return r;
}

/* --- conditions ----------------------------------------------------------------------------- */

struct condition {
	enum coverage_gap_kind kind;
	struct str unknown;
	const struct coverage_control *told;
};

struct conditions {
	struct arena *a;
	struct condition all[2];
	size_t n;
	bool failed; /* out of memory */
};

static void add(struct conditions *c, enum coverage_gap_kind kind,
		const struct coverage_control *told, struct buf *text)
{
	struct str unknown = buf_error(text) ? STR_NULL : arena_str(c->a, buf_str(text));

	c->failed |= !unknown.p;
	if (c->n < ARRAY_SIZE(c->all))
		c->all[c->n++] = (struct condition){ kind, unknown, told };
	buf_reset(text);
}

static int conditions_of(struct arena *a, const struct recorder *r,
			 struct conditions *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	*ret = (struct conditions){ .a = a };
	if (r->failure.n) {
		buf_printf(&text, "what changed: %.*s", STR_ARGS(r->failure));
		add(ret, COVERAGE_RECORDER_FAILS, &statuses, &text);
	}
	if (r->delivery_failure.n) {
		buf_printf(&text, "what was to be delivered: %.*s",
			   STR_ARGS(r->delivery_failure));
		add(ret, COVERAGE_DELIVERY_FAILS, &deliveries, &text);
	}
	return ret->failed ? -ENOMEM : 0;
}

static bool has(const struct conditions *c, const struct condition *one)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].kind == one->kind &&
		    str_eq(c->all[i].unknown, one->unknown))
			return true;
	return false;
}

/* --- gaps ----------------------------------------------------------------------------------- */

static void put_gap(struct buf *gaps, const struct recorder *r,
		    enum coverage_gap_kind kind, int64_t from_ms, int64_t to_ms,
		    const struct coverage_control *told, struct str unknown)
{
	const struct coverage_gap gap = { .account = r->account,
					  .region = r->region,
					  .source = COVERAGE_CONFIG,
					  .kind = kind,
					  .from_ms = from_ms,
					  .to_ms = to_ms,
					  .stop = told,
					  .unknown = unknown };

	buf_put(gaps, &gap, sizeof(gap));
}

/* It does not record, and no gap says so already. */
static void add_stopped(struct buf *gaps, const struct recorder_seen *last)
{
	const struct coverage_gap *all = (const struct coverage_gap *)gaps->data;
	const struct recorder *r = &last->recorder;

	if (r->recording)
		return;
	for (size_t i = 0; i < gaps->len / sizeof(*all); i++)
		if (all[i].kind == COVERAGE_RECORDER_STOPPED && all[i].to_ms < 0 &&
		    str_eq(all[i].account, r->account) &&
		    str_eq(all[i].region, r->region))
			return;
	put_gap(gaps, r, COVERAGE_RECORDER_STOPPED,
		r->stopped_ms >= 0 ? r->stopped_ms : last->seen_ms, -1, &statuses,
		STR_NULL);
}

/* One recorder's states. */
static int add_recorder(struct arena *a, const struct recorder_seen *seen, size_t n,
			struct buf *gaps)
{
	struct conditions *of = arena_alloc(a, n * sizeof(*of));
	int r = of ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < n; i++)
		r = conditions_of(a, &seen[i].recorder, &of[i]);
	for (size_t i = 0; !r && i < n; i++)
		for (size_t k = 0; k < of[i].n; k++) {
			const struct condition *c = &of[i].all[k];
			const struct recorder *rec = &seen[i].recorder;
			int64_t from = seen[i].seen_ms;
			size_t end = i + 1;

			if (i && has(&of[i - 1], c))
				continue;
			while (end < n && has(&of[end], c))
				end++;
			if (c->kind == COVERAGE_RECORDER_FAILS && rec->failing_ms >= 0)
				from = rec->failing_ms;
			put_gap(gaps, rec, c->kind, from,
				end < n ? seen[end].seen_ms : -1, c->told, c->unknown);
		}
	if (!r)
		add_stopped(gaps, &seen[n - 1]);
	return r;
}

static int add_gaps(struct arena *a, const struct recorder_seen *seen, size_t n,
		    struct buf *gaps)
{
	int r = 0;

	for (size_t i = 0; !r && i < n;) {
		size_t end = i + 1;

		while (end < n && is_same(&seen[i].recorder, &seen[end].recorder))
			end++;
		r = add_recorder(a, &seen[i], end - i, gaps);
		i = end;
	}
	if (r)
		return r;
	coverage_sort_gaps(gaps);
	return buf_error(gaps);
}

int recorder_coverage(struct arena *a, const struct coverage_day *days, size_t n_days,
		      const struct coverage_control *controls, size_t n_controls,
		      const struct recorder_seen *seen, size_t n_seen, struct buf *spans,
		      struct buf *gaps)
{
	struct coverage_control *all = NULL;
	size_t n = 0;
	int r = add_controls(a, seen, n_seen, controls, n_controls, &all, &n);

	if (!r)
		r = coverage_make(a, days, n_days, all, n, spans, gaps);
	return r ? r : add_gaps(a, seen, n_seen, gaps);
}
