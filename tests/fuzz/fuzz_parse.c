/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the parser: any bytes, cut into records and parsed. Whatever comes out must
 * hold what the model promises: a body that is read back to the same bytes and the same item,
 * an event with an identity, a refusal with a reason.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/change.h"
#include "parse/parse.h"
#include "util/json_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int on_item(void *ctx, const struct item *item, const struct jv *tree)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	struct item same = { 0 };
	struct change change;
	struct jv body, copy;

	(void)ctx;
	require(jv_parse(&a, item->body, &body, NULL) == 0);
	jv_write_sorted(&again, &body);
	require(str_eq(buf_str(&again), item->body));
	buf_reset(&again);
	jv_write_sorted(&again, tree);
	require(str_eq(buf_str(&again), item->body));
	require(item_view(&body, &same) == 0);
	require(str_eq(same.account, item->account) && str_eq(same.region, item->region));
	require(str_eq(same.type, item->type) && str_eq(same.id, item->id));
	require(str_eq(same.state_id, item->state_id) && same.status == item->status);
	require(same.captured_ms == item->captured_ms);
	require(item->raw.n > 0);
	/* A body does not differ from itself. */
	require(jv_parse(&a, item->body, &copy, NULL) == 0);
	require(change_between(&a, &body, &copy, &change) == 0);
	require(change.diff.n == 0);
	return 0;
}

static int on_event(void *ctx, const struct event *event, struct str raw)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv record;

	(void)ctx;
	require(event_identity(event, &a).n > 0);
	require(event_principal(event, &a).n > 0);
	require(event->source.n > 0 && event->name.n > 0);
	require(jv_parse(&a, raw, &record, NULL) == 0);
	require(jv_equal(&record, event->record));
	return 0;
}

static int on_transition(void *ctx, const struct transition *t)
{
	(void)ctx;
	require(t->alarm.name.n > 0 && t->state.n > 0 && t->raw.n > 0);
	return 0;
}

static int on_alarm(void *ctx, const struct alarm *alarm)
{
	(void)ctx;
	for (size_t i = 0; i < alarm->n_dimensions; i++)
		require(alarm->dimensions[i].name.n > 0 &&
			alarm->dimensions[i].value.n > 0);
	return 0;
}

static int on_notice(void *ctx, const char *what)
{
	(void)ctx;
	require(what[0] != '\0');
	return 0;
}

/* What a recorder says is good for gaps, and reads the same when it was kept. */
static int on_recorder(void *ctx, const struct recorder *r)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, spans = BUF_INIT,
					 gaps = BUF_INIT;
	struct recorder_seen seen[2] = { { *r, 5, 6 }, { *r, 7, 8 } };
	struct jv copy;

	(void)ctx;
	jv_write_sorted(&text, r->value);
	require(jv_parse(&a, buf_str(&text), &copy, NULL) == 0);
	require(recorder_from_jv(&copy, &seen[1].recorder, NULL) == 0);
	require(recorder_is_daily(r, r->name) ==
		recorder_is_daily(&seen[1].recorder, r->name));
	require(recorder_coverage(&a, NULL, 0, NULL, 0, seen, 2, &spans, &gaps) == 0);
	return 0;
}

static int on_key(void *ctx, const struct public_key *key)
{
	(void)ctx;
	require(key->fingerprint.n == 32 && key->der.n > 0);
	return 0;
}

static int on_metric(void *ctx, const struct metric_data *m)
{
	(void)ctx;
	require(m->n_points > 0 && m->period_s > 0 && m->statistic.n > 0);
	for (size_t i = 0; i < m->n_points; i++)
		require(m->points[i].value.n > 0);
	return 0;
}

static int on_record(void *ctx, const struct json_record *record)
{
	struct parse_sink sink = { .item = on_item,
				   .event = on_event,
				   .transition = on_transition,
				   .alarm = on_alarm,
				   .notice = on_notice,
				   .recorder = on_recorder,
				   .key = on_key,
				   .metric = on_metric };
	struct fault f = { 0 };
	int r;

	if (record->damage)
		return 0;
	r = parse_record(ctx, record->text, record->container, record->offset, &sink, &f);
	require(r >= 0);
	if (r != 0) {
		require(f.reason[0] != '\0');
		require(f.offset >= record->offset);
		require(f.offset <= record->offset + record->text.n);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parser *parser = parser_new();
	struct json_split_config config = {
		.containers = parse_containers,
		.wrappers = parse_wrappers,
		.max_record = 1 << 20,
		.record = on_record,
		.ctx = parser,
	};
	struct json_split *split = json_split_new(&config);

	require(parser && split);
	require(json_split_feed(split, (const char *)data, size) == 0);
	require(json_split_finish(split) == 0);
	json_split_free(split);
	parser_free(parser);
	return 0;
}
