/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules say of resources, where AWS Config does not record it: as items of
 * AWS::Config::ResourceCompliance, in AWS's own form, with the rules' annotations besides, and
 * with what they were made from in their supplementaryConfiguration. An item is made when
 * something of it has changed; times of evaluations that came to the same are no change.
 *
 *	URL?compliance            when all were looked at last
 *	URL?compliance/TYPE/ID\n  hashes of what was said of it: of the summary, of the details
 *
 * One whose resource or rules are gone is said of no more: its item ends then.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/timestamp.h"
#include "source_config.h"
#include "store/sync.h"

#define AGAIN_MS API_HOUR_MS
#define PAGE     100u
#define TYPE     "AWS::Config::ResourceCompliance"
#define SPACE    "?compliance/"
#define GUARD    (10 * 60 * API_SECOND_MS)

static const struct api_operation by_resource = { AWS_CONFIG,
						  "DescribeComplianceByResource", 100 };
static const struct api_operation details = { AWS_CONFIG,
					      "GetComplianceDetailsByResource", 50 };

struct compliance {
	struct config_walk *w;
	char account[AWS_ACCOUNT_SIZE];
	int64_t last_ms; /* the round before; INT64_MIN: none */
	struct buf seen; /* hashes of the cursors' names */
};

/* One resource, as it is said of now. */
struct subject {
	struct str type, id, verdict;
	const char *note; /* its cursor, without the URL */
	int64_t known;    /* INT64_MIN: nothing */
	uint32_t summary;
};

struct result {
	struct str rule, verdict, annotation;
};

/* --- items ---------------------------------------------------------------------------------- */

static int by_rule(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int order = str_cmp(x->rule, y->rule);

	return order ? order : str_cmp(x->verdict, y->verdict);
}

static void put_member(struct buf *out, const char *key, struct str value)
{
	buf_printf(out, ",\"%s\":", key);
	jv_write_string(out, value);
}

static void put_configuration(struct buf *out, const struct subject *s,
			      const struct result *results, size_t n)
{
	buf_put_text(out, "{\"complianceType\":");
	jv_write_string(out, s->verdict);
	put_member(out, "targetResourceId", s->id);
	put_member(out, "targetResourceType", s->type);
	buf_put_text(out, ",\"configRuleList\":[");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s{\"configRuleName\":", i ? "," : "");
		jv_write_string(out, results[i].rule);
		put_member(out, "complianceType", results[i].verdict);
		if (results[i].annotation.n)
			put_member(out, "annotation", results[i].annotation);
		buf_put_char(out, '}');
	}
	buf_put_text(out, "]}");
}

/* configuration NULL: it has ended. */
static int push_item(const struct compliance *c, struct str type, struct str id,
		     struct str configuration, int64_t time_ms,
		     const struct api_note *note)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT, rid = BUF_INIT;
	char time[TIMESTAMP_ISO_SIZE];

	timestamp_format(time_ms, time);
	buf_printf(&rid, "%.*s/%.*s", STR_ARGS(type), STR_ARGS(id));
	buf_printf(
		&out,
		"{\"fileVersion\":\"1.0\",\"configurationItems\":[{"
		"\"configurationItemVersion\":\"1.3\",\"resourceType\":\"" TYPE "\","
		"\"configurationItemCaptureTime\":\"%s\",\"configurationStateId\":%lld,"
		"\"configurationItemStatus\":\"%s\",\"awsAccountId\":\"%s\","
		"\"awsRegion\":\"%s\",\"tags\":{},\"relatedEvents\":[]",
		time, (long long)time_ms, configuration.n ? "OK" : "ResourceDeleted",
		c->account, c->w->s->region);
	put_member(&out, "resourceId", buf_str(&rid));
	buf_put_text(&out, ",\"configuration\":");
	buf_put_str(&out, configuration.n ? configuration : STR("null"));
	buf_put_text(&out, ",\"relationships\":[");
	if (configuration.n) {
		buf_put_text(&out, "{\"name\":\"Is associated with \"");
		put_member(&out, "resourceType", type);
		put_member(&out, "resourceId", id);
		buf_put_char(&out, '}');
	}
	buf_printf(&out, "],\"supplementaryConfiguration\":{%s}}]}",
		   configuration.n ? "\"madeFrom\":\"GetComplianceDetailsByResource\""
				   : "");
	if (buf_error(&out) || buf_error(&rid))
		return -ENOMEM;
	return api_source_push(c->w->s, buf_str(&out), note, 1);
}

/* --- details -------------------------------------------------------------------------------- */

static int keep_results(struct arena *a, const struct jv *list, struct buf *results,
			int64_t *newest_ms)
{
	for (uint32_t i = 0; jv_is(list, JV_ARRAY) && i < list->len; i++) {
		const struct jv *v = &list->items[i];
		const struct jv *time = jv_get(v, "ResultRecordedTime");
		struct str rule = jv_str(
			jv_path(v, "EvaluationResultIdentifier.EvaluationResultQualifier."
				   "ConfigRuleName"));
		struct result r = { arena_str(a, rule),
				    arena_str(a, jv_get_text(v, "ComplianceType")),
				    arena_str(a, jv_get_text(v, "Annotation")) };
		int64_t ms;

		if (!r.rule.p || !r.verdict.p || !r.annotation.p)
			return -ENOMEM;
		buf_put(results, &r, sizeof(r));
		if (time && timestamp_from_jv(time, &ms) == 0)
			*newest_ms = MAX(*newest_ms, ms);
	}
	return buf_error(results);
}

static int read_results(struct compliance *c, const struct subject *s, struct arena *a,
			struct buf *results, int64_t *newest_ms, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = json_build_new();

		if (b) {
			json_build_text(b, "ResourceType", s->type);
			json_build_text(b, "ResourceId", s->id);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(c->w->s, c->w->h, &details, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (!r)
			r = keep_results(a, jv_get(&answer.value, "EvaluationResults"),
					 results, newest_ms);
	}
	return r;
}

/* A rule that is gone leaves no time: it was then between the two rounds, as far as is known. */
static int64_t time_of(const struct compliance *c, const struct subject *s,
		       int64_t newest_ms)
{
	int64_t now = c->w->s->now_ms;

	if (newest_ms > 0 && newest_ms <= now &&
	    (s->known == INT64_MIN || newest_ms > c->last_ms - GUARD))
		return newest_ms;
	return now;
}

static int read_subject(struct compliance *c, const struct subject *s, struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf results = BUF_INIT, text = BUF_INIT;
	struct api_note note = { .name = s->note };
	int64_t newest_ms = 0;
	uint32_t content;
	int r = read_results(c, s, &a, &results, &newest_ms, f);

	if (r)
		return r;
	if (results.len > sizeof(struct result))
		qsort(results.data, results.len / sizeof(struct result),
		      sizeof(struct result), by_rule);
	put_configuration(&text, s, (const struct result *)results.data,
			  results.len / sizeof(struct result));
	if (buf_error(&text))
		return -ENOMEM;
	content = (uint32_t)str_hash(buf_str(&text));
	note.value = (int64_t)((uint64_t)(s->summary >> 1) << 32 | content);
	if (s->known != INT64_MIN && (uint32_t)s->known == content)
		return s->known == note.value
			       ? 0
			       : api_source_push(c->w->s, STR_NULL, &note, 1);
	return push_item(c, s->type, s->id, buf_str(&text), time_of(c, s, newest_ms),
			 &note);
}

/* --- all resources -------------------------------------------------------------------------- */

static bool is_unchanged(const struct subject *s)
{
	return s->known != INT64_MIN &&
	       (uint32_t)((uint64_t)s->known >> 32) == s->summary >> 1 &&
	       !str_is(s->verdict, "NON_COMPLIANT"); /* its annotations may change */
}

static int read_one(struct compliance *c, const struct jv *v, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf note = BUF_INIT, summary = BUF_INIT;
	const struct jv *compliance = jv_get(v, "Compliance");
	const struct jv *count = jv_get(compliance, "ComplianceContributorCount");
	struct subject s = { .type = jv_get_text(v, "ResourceType"),
			     .id = jv_get_text(v, "ResourceId"),
			     .verdict = jv_get_text(compliance, "ComplianceType") };
	uint64_t hash;
	int r;

	if (!s.type.n || !s.id.n || !s.verdict.n)
		return 0;
	buf_printf(&note, SPACE "%.*s/%.*s\n", STR_ARGS(s.type), STR_ARGS(s.id));
	hash = str_hash(buf_str(&note));
	buf_put_char(&note, '\0');
	buf_put_str(&summary, s.verdict);
	if (count)
		jv_write_sorted(&summary, count);
	buf_put(&c->seen, &hash, sizeof(hash));
	r = buf_error(&note) || buf_error(&summary) ? -ENOMEM : buf_error(&c->seen);
	if (r)
		return r;
	s.note = note.data;
	s.summary = (uint32_t)str_hash(buf_str(&summary));
	r = api_source_noted(c->w->s, s.note, &s.known);
	return r || is_unchanged(&s) ? r : read_subject(c, &s, f);
}

static int read_all(struct compliance *c, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = json_build_new();
		const struct jv *list;

		if (b) {
			json_build_integer(b, "Limit", PAGE);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(c->w->s, c->w->h, &by_resource, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		list = r ? NULL : jv_get(&answer.value, "ComplianceByResources");
		for (uint32_t i = 0; !r && jv_is(list, JV_ARRAY) && i < list->len; i++)
			r = read_one(c, &list->items[i], f);
	}
	return r;
}

/* --- what is gone --------------------------------------------------------------------------- */

/* Names of cursors, asked for of the importing thread. */
struct names {
	struct buf prefix, after;
	struct arena a;
	struct str found[PAGE];
	size_t n;
};

static void names_deinit(struct names *n)
{
	buf_deinit(&n->prefix);
	buf_deinit(&n->after);
	arena_deinit(&n->a);
}

static int find_names(struct import_ledger *ledger, void *ctx)
{
	struct names *n = ctx;
	int r = store_cursor_names(import_ledger_store(ledger), buf_str(&n->prefix),
				   buf_str(&n->after), &n->a, n->found, PAGE, &n->n);

	return r > 0 ? -EIO : r;
}

static int by_hash(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int end_one(struct compliance *c, struct str name, size_t url)
{
	_cleanup_(freep) char *note = str_dup(str_from(name, url));
	uint64_t hash = note ? str_hash(str_of(note)) : 0;
	struct api_note forget = { note, IMPORT_CURSOR_FORGET };
	struct str rest, type;
	ptrdiff_t slash;

	if (!note)
		return -ENOMEM;
	if (c->seen.len && bsearch(&hash, c->seen.data, c->seen.len / sizeof(hash),
				   sizeof(hash), by_hash))
		return 0;
	rest = str_from(str_of(note), strlen(SPACE));
	slash = str_chr(rest, '/');
	if (slash < 1 || !rest.n)
		return 0;
	type = (struct str){ rest.p, (size_t)slash };
	rest = str_from(rest, (size_t)slash + 1);
	rest.n -= rest.n > 0; /* its end's mark */
	return push_item(c, type, rest, STR_NULL, c->w->s->now_ms, &forget);
}

static int end_gone(struct compliance *c)
{
	_cleanup_(names_deinit) struct names names = { .n = PAGE };
	size_t url = strlen(c->w->s->url);
	int r;

	if (c->seen.len)
		qsort(c->seen.data, c->seen.len / sizeof(uint64_t), sizeof(uint64_t),
		      by_hash);
	buf_printf(&names.prefix, "%s" SPACE, c->w->s->url);
	buf_put_str(&names.after, buf_str(&names.prefix));
	r = buf_error(&names.prefix) ? -ENOMEM : buf_error(&names.after);
	while (!r && names.n == PAGE) {
		arena_reset(&names.a);
		r = pump_run(c->w->s->pump, find_names, &names);
		for (size_t i = 0; !r && i < names.n; i++)
			r = end_one(c, names.found[i], url);
		if (!r && names.n) {
			buf_reset(&names.after);
			buf_put_str(&names.after, names.found[names.n - 1]);
			r = buf_error(&names.after);
		}
	}
	return r;
}

static void compliance_deinit(struct compliance *c)
{
	buf_deinit(&c->seen);
}

int config_compliance(struct config_walk *w, struct fault *f)
{
	_cleanup_(compliance_deinit) struct compliance c = { .w = w };
	const struct api_note done = { "?compliance", w->s->now_ms };
	int r = api_source_noted(w->s, "?compliance", &c.last_ms);

	if (r || config_has_type(w, STR(TYPE)) ||
	    (w->s->again && c.last_ms > w->s->now_ms - AGAIN_MS))
		return r;
	r = aws_caller_account(w->h, w->s->region, c.account, f);
	if (!r)
		r = read_all(&c, f);
	if (!r)
		r = end_gone(&c);
	return r ? r : api_source_push(w->s, STR_NULL, &done, 1);
}
