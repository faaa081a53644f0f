/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recorder's description means for what is known. Each state of it has conditions (a type
 * left out, recording once a day, a failure); a gap is a condition from the first state that has
 * it to the first that has not. Its calls are AWS Config's own word for it: who set it so stands
 * in the trail, in the story of the recorder.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/recorder.h"

#define SAME_STOP_MS \
	(INT64_C(5) * 60000) /* between a call and what the status tells of it */

static const struct coverage_control settings = {
	.source = COVERAGE_CONFIG,
	.call = STR("DescribeConfigurationRecorders"),
};
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

/* All that is known, and what the states tell besides. */
static int add_controls(struct arena *a, const struct recorder_seen *seen, size_t n,
			const struct coverage_control *known, size_t n_known,
			struct coverage_control **ret, size_t *ret_n)
{
	struct coverage_control *all =
		arena_alloc(a, (n_known + 2 * n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (n_known)
		memcpy(all, known, n_known * sizeof(*all));
	*ret_n = n_known;
	for (size_t i = 0; i < 2 * n; i++) {
		const struct recorder *r = &seen[i / 2].recorder;
		bool starts = i % 2;
		struct coverage_control c = statuses;

		c.account = r->account;
		c.region = r->region;
		c.time_ms = starts ? r->started_ms : r->stopped_ms;
		c.act = starts ? COVERAGE_STARTS : COVERAGE_STOPS;
		c.principal = c.event_id = STR("");
		if (c.time_ms >= 0 && !is_known(all, *ret_n, &c))
			all[(*ret_n)++] = c;
	}
	*ret = all;
	return 0;
}

/* --- conditions ----------------------------------------------------------------------------- */

struct condition {
	enum coverage_gap_kind kind;
	struct str unknown;
	const struct coverage_control *told;
};

struct conditions {
	struct arena *a;
	struct condition *all;
	size_t n, room;
	bool failed; /* out of memory */
};

static void add(struct conditions *c, enum coverage_gap_kind kind,
		const struct coverage_control *told, struct buf *text)
{
	struct str unknown = buf_error(text) ? STR_NULL : arena_str(c->a, buf_str(text));

	c->failed |= !unknown.p;
	if (c->n < c->room)
		c->all[c->n++] = (struct condition){ kind, unknown, told };
	buf_reset(text);
}

static size_t length(const struct jv *list)
{
	return jv_is(list, JV_ARRAY) ? list->len : 0;
}

static void put_list(struct buf *out, const struct jv *list)
{
	for (size_t i = 0; i < length(list); i++)
		buf_printf(out, "%s%.*s", i ? ", " : "",
			   STR_ARGS(jv_str(&list->items[i])));
}

static void add_types(struct conditions *c, const struct jv *group, struct buf *text)
{
	const struct jv *excluded =
		jv_path(group, "exclusionByResourceTypes.resourceTypes");
	const struct jv *types = jv_get(group, "resourceTypes");

	for (size_t i = 0; i < length(excluded); i++) {
		buf_printf(text, "what changed in %.*s",
			   STR_ARGS(jv_str(&excluded->items[i])));
		add(c, COVERAGE_TYPE_EXCLUDED, &settings, text);
	}
	if (length(excluded) || !length(types) ||
	    jv_is(jv_get(group, "allSupported"), JV_TRUE))
		return;
	buf_put_text(text, "what changed in types other than ");
	put_list(text, types);
	add(c, COVERAGE_TYPE_EXCLUDED, &settings, text);
}

static bool is_daily(const struct jv *mode)
{
	return str_is(jv_get_text(mode, "recordingFrequency"), "DAILY");
}

static void add_daily(struct conditions *c, const struct jv *mode, struct buf *text)
{
	const struct jv *overrides = jv_get(mode, "recordingModeOverrides");
	const char *but = ", but for ";

	if (is_daily(mode)) {
		buf_put_text(text, "what changed back within a day");
		for (size_t i = 0; i < length(overrides); i++) {
			if (is_daily(&overrides->items[i]))
				continue;
			buf_put_text(text, but);
			put_list(text, jv_get(&overrides->items[i], "resourceTypes"));
			but = ", ";
		}
		add(c, COVERAGE_RECORDED_DAILY, &settings, text);
		return;
	}
	for (size_t i = 0; i < length(overrides); i++) {
		const struct jv *types = jv_get(&overrides->items[i], "resourceTypes");

		for (size_t k = 0; is_daily(&overrides->items[i]) && k < length(types);
		     k++) {
			buf_printf(text, "what changed back within a day in %.*s",
				   STR_ARGS(jv_str(&types->items[k])));
			add(c, COVERAGE_RECORDED_DAILY, &settings, text);
		}
	}
}

static size_t most_of(const struct recorder *r)
{
	const struct jv *recorder = jv_get(r->value, "configurationRecorder");
	const struct jv *overrides =
		jv_path(recorder, "recordingMode.recordingModeOverrides");
	size_t n = 4 + length(jv_path(recorder, "recordingGroup.exclusionByResource"
						"Types.resourceTypes"));

	for (size_t i = 0; i < length(overrides); i++)
		n += length(jv_get(&overrides->items[i], "resourceTypes"));
	return n;
}

static int conditions_of(struct arena *a, const struct recorder *r,
			 struct conditions *ret)
{
	const struct jv *recorder = jv_get(r->value, "configurationRecorder");
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	*ret = (struct conditions){ .a = a, .room = most_of(r) };
	ret->all = arena_alloc(a, ret->room * sizeof(*ret->all));
	if (!ret->all)
		return -ENOMEM;
	add_types(ret, jv_get(recorder, "recordingGroup"), &text);
	add_daily(ret, jv_get(recorder, "recordingMode"), &text);
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
