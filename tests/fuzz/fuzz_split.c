/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the splitter. The first byte says how the rest is cut into chunks and how long
 * records may be. Whatever the bytes: what is handed over is in order and in bounds and does not
 * depend on the chunks; and nothing that the JSON reader takes is called damaged.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/json.h"
#include "util/json_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
	struct str input;
	size_t max;
	uint64_t end; /* of the piece before */
	unsigned damaged;
	unsigned records;
	struct buf log;
};

static const char *const containers[] = { "Records", "items", NULL };
static const char *const wrappers[] = { "data", NULL };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int on_record(void *ctx, const struct json_record *record)
{
	struct trace *t = ctx;

	require(record->offset >= t->end);
	require(record->offset + record->text.n <= t->input.n);
	require(record->text.n <= t->max);
	require(str_eq(record->text,
		       (struct str){ t->input.p + record->offset, record->text.n }));
	/* Only damage that is too long comes without its end. */
	require(record->length == record->text.n ||
		(record->damage && record->length > t->max && record->text.n > 0));
	t->end = record->offset + record->length;
	require(t->end <= t->input.n);
	t->records++;
	if (record->damage) {
		t->damaged++;
		require(record->damage->reason[0] &&
			record->damage->offset <= t->input.n);
	} else {
		require(record->text.n > 0);
	}
	buf_printf(&t->log, "%zu %zu %zu %.*s %s\n", (size_t)record->offset,
		   record->text.n, (size_t)record->length, STR_ARGS(record->container),
		   record->damage ? record->damage->reason : "");
	return 0;
}

static void split(struct trace *t, size_t chunk)
{
	struct json_split_config config = { .containers = containers,
					    .wrappers = wrappers,
					    .max_record = t->max,
					    .record = on_record,
					    .ctx = t };
	struct json_split *s = json_split_new(&config);

	require(s != NULL);
	for (size_t at = 0; at < t->input.n; at += chunk) {
		size_t n = MIN(chunk, t->input.n - at);
		char *copy = malloc(n);

		require(copy != NULL);
		memcpy(copy, t->input.p + at, n);
		require(json_split_feed(s, copy, n) == 0);
		free(copy);
	}
	require(json_split_finish(s) == 0);
	buf_printf(&t->log, "%zu %zu", (size_t)json_split_documents(s),
		   (size_t)json_split_empty(s));
	require(json_split_empty(s) <= json_split_documents(s));
	json_split_free(s);
}

/* Elements of containers that are no objects are damage, though they are JSON. */
static bool has_other_elements(const struct jv *v, bool wrapped)
{
	for (uint32_t i = 0; jv_is(v, JV_OBJECT) && i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);
		const struct jv *value = &v->members[i].value;

		if (!wrapped && str_is(key, "data") && has_other_elements(value, true))
			return true;
		if (!jv_is(value, JV_ARRAY) ||
		    !(str_is(key, "Records") || str_is(key, "items")))
			continue;
		for (uint32_t k = 0; k < value->len; k++)
			if (!jv_is(&value->items[k], JV_OBJECT))
				return true;
	}
	return false;
}

static void check_json(const struct trace *t)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	if (t->input.n > t->max || jv_parse(&a, t->input, &v, NULL) != 0 ||
	    !jv_is(&v, JV_OBJECT) || has_other_elements(&v, false))
		return;
	require(t->damaged == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t limits[] = { 64, 100, 1000, 1 << 20 };
	struct trace whole = { 0 }, parts = { 0 };
	size_t chunk;

	if (size == 0)
		return 0;
	whole.input = parts.input = (struct str){ (const char *)data + 1, size - 1 };
	whole.max = parts.max = limits[data[0] % ARRAY_SIZE(limits)];
	chunk = data[0] / ARRAY_SIZE(limits) + 1;
	split(&whole, size);
	split(&parts, chunk);
	require(buf_error(&whole.log) == 0 && buf_error(&parts.log) == 0);
	require(str_eq(buf_str(&whole.log), buf_str(&parts.log)));
	check_json(&whole);
	buf_deinit(&whole.log);
	buf_deinit(&parts.log);
	return 0;
}
