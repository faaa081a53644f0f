/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config://region/aggregator: an aggregator knows the current state of every resource of an
 * organisation, and no history. One query tells which there are, or which changed; they are then
 * had a hundred at a time. It lags behind, by how much is not said: an hour is looked at twice.
 */
#include <errno.h>

#include "source_config.h"

#define LATE_MS API_HOUR_MS
#define TRIES   5

static const struct api_operation query = { AWS_CONFIG, "SelectAggregateResourceConfig",
					    50 };
static const struct api_operation get = { AWS_CONFIG, "BatchGetAggregateResourceConfig",
					  50 };

static void put_identifier(struct json_build *b, const struct jv *v)
{
	static const struct {
		const char *row, *key;
	} names[] = { { "accountId", "SourceAccountId" },
		      { "awsRegion", "SourceRegion" },
		      { "resourceId", "ResourceId" },
		      { "resourceType", "ResourceType" } };

	json_build_object(b, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct str text = jv_get_text(v, names[i].row);

		if (!text.n)
			text = jv_get_text(v, names[i].key);
		json_build_text(b, names[i].key, text);
	}
	json_build_end(b);
}

/* Rows of the query, or identifiers that were not processed. */
static struct json_build *ask_states(const struct config_walk *w, struct arena *a,
				     const struct jv *rows)
{
	struct json_build *b = json_build_new();

	if (!b)
		return NULL;
	json_build_text(b, "ConfigurationAggregatorName", str_of(w->s->name));
	json_build_array(b, "ResourceIdentifiers");
	for (uint32_t i = 0; i < rows->len; i++) {
		struct jv row = rows->items[i];

		if (row.type == JV_STRING && jv_parse(a, jv_str(&row), &row, NULL))
			continue;
		put_identifier(b, &row);
	}
	json_build_end(b);
	return b;
}

/* What it does not get to is asked for again. */
static int read_states(struct config_walk *w, const struct jv *rows, struct fault *f)
{
	struct api_answer answers[2] = { 0 };
	unsigned tries = 0;
	int r = 0;

	while (!r && jv_is(rows, JV_ARRAY) && rows->len) {
		struct api_answer *answer = &answers[tries % 2];
		struct json_build *b =
			ask_states(w, &answers[(tries + 1) % 2].arena, rows);

		if (tries++ == TRIES) {
			json_build_free(b);
			fault_set(f, FAULT_NO_OFFSET, "UnprocessedResourceIdentifiers",
				  "%s does not process all that it is asked for",
				  get.name);
			r = AWS_E_FAILED;
			break;
		}
		r = api_source_call(w->s, w->h, &get, b, answer, f);
		if (!r && api_has(answer, "BaseConfigurationItems"))
			r = api_source_push(w->s, buf_str(&answer->text), NULL, 0);
		if (!r)
			rows = jv_get(&answer->value, "UnprocessedResourceIdentifiers");
	}
	api_answer_deinit(&answers[0]);
	api_answer_deinit(&answers[1]);
	return r;
}

int config_aggregator(struct config_walk *w, int64_t done, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct api_note note = { NULL, w->s->now_ms };
	int64_t from = done == INT64_MIN ? w->s->options->since_ms : done - LATE_MS;
	bool more = true;
	int r = config_query(&text, "resourceId, resourceType, accountId, awsRegion",
			     from);

	while (!r && more) {
		struct json_build *b = json_build_new();

		if (b) {
			json_build_text(b, "Expression", buf_str(&text));
			json_build_text(b, "ConfigurationAggregatorName",
					str_of(w->s->name));
			json_build_integer(b, "Limit", 100);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(w->s, w->h, &query, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (!r)
			r = read_states(w, jv_get(&answer.value, "Results"), f);
	}
	return r ? r : api_source_push(w->s, STR_NULL, &note, 1);
}
