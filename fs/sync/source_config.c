/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config://region as a source: what AWS Config has in no delivery. Every resource is listed, type
 * by type, deleted ones too, and its history read; a resource's and a type's end are noted:
 *
 *	URL            all up to here is in the history, from URL?since on
 *	URL?listed     when every resource was listed last
 *	URL?round      a listing is under way, begun then
 *	URL/TYPE       the type's resources are done up to here
 *	URL/TYPE/ID    likewise, while the type is not
 *
 * Who follows asks in between for what changed only, which one query tells, and lists everything
 * again once an hour: the query knows neither what was deleted nor every type.
 */
#include "source_config.h"

#include <errno.h>
#include <stdlib.h>

#include "model/timestamp.h"

#define LATE_MS   (10 * 60 * API_SECOND_MS)
#define LISTED_MS API_HOUR_MS
#define ROUND_MAX API_DAY_MS /* a listing that was cut off longer ago begins anew */

/* Its limits are not published; what is too much is answered so, and waited for. */
#define OPERATION(name) ((struct api_operation){ AWS_CONFIG, name, 50 })

static struct json_build *ask(const struct api_token *token)
{
	struct json_build *b = json_build_new();

	if (b)
		api_token_put(token, "nextToken", b);
	return b;
}

/* --- a resource's history ------------------------------------------------------------------- */

struct resource {
	struct str type, id;
	int64_t from_ms;
};

static struct json_build *ask_history(const struct config_walk *w,
				      const struct resource *x,
				      const struct api_token *token)
{
	struct json_build *b = ask(token);

	if (!b)
		return NULL;
	json_build_text(b, "resourceType", x->type);
	json_build_text(b, "resourceId", x->id);
	if (x->from_ms > 0)
		json_build_integer(b, "earlierTime", x->from_ms / 1000);
	json_build_integer(b, "laterTime", w->s->now_ms / 1000 + 1);
	json_build_integer(b, "limit", 100);
	return b;
}

/* A page spans seven days at most and may be empty. note NULL: nothing is noted. */
static int read_history(struct config_walk *w, const struct resource *x, const char *note,
			struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	const struct api_operation op = OPERATION("GetResourceConfigHistory");
	const struct api_note done = { note, w->s->now_ms };
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct str text;

		r = api_source_call(w->s, w->h, &op, ask_history(w, x, &token), &answer,
				    f);
		/* Listed, and forgotten since. */
		if (r > 0 && strstr(f->reason, "ResourceNotDiscoveredException"))
			return 0;
		if (!r)
			r = api_token_take(&token, &answer, "nextToken", &more, f);
		if (r)
			return r;
		text = api_has(&answer, "configurationItems") ? buf_str(&answer.text)
							      : STR_NULL;
		if (text.n || (!more && note))
			r = api_source_push(w->s, text, &done, more || !note ? 0 : 1);
	}
	return r;
}

/* --- a type's resources --------------------------------------------------------------------- */

#define PAGE 100

struct type_walk {
	struct config_walk *w;
	struct str type;
	int64_t done; /* INT64_MIN: never */
};

/* When it was deleted; INT64_MAX: it was not. */
static int64_t deleted_ms(const struct jv *v)
{
	int64_t ms;
	const struct jv *time = jv_get(v, "resourceDeletionTime");

	return time && timestamp_from_jv(time, &ms) == 0 ? ms : INT64_MAX;
}

static int64_t begin_of(const struct type_walk *t, int64_t own)
{
	int64_t done = MAX(t->done, own);
	int64_t since = t->w->s->options->since_ms;

	return done == INT64_MIN ? since : MAX(done - LATE_MS, since);
}

static int read_resource(struct type_walk *t, const struct jv *v, int64_t own,
			 const char *note, struct fault *f)
{
	struct resource x = { .type = t->type,
			      .id = jv_get_text(v, "resourceId"),
			      .from_ms = begin_of(t, own) };

	if (!x.id.n || own >= t->w->round_ms || deleted_ms(v) < x.from_ms)
		return 0;
	return read_history(t->w, &x, note, f);
}

static void notes_deinit(struct buf *notes)
{
	for (size_t i = 0; i < PAGE; i++)
		buf_deinit(&notes[i]);
}

/* Some resources, those passed over that were done before it was cut off. */
static int read_some(struct type_walk *t, const struct jv *resources, size_t n,
		     struct fault *f)
{
	struct buf notes[PAGE] = { 0 };
	const char *names[PAGE] = { 0 };
	int64_t own[PAGE];
	size_t url = strlen(t->w->s->url);
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		buf_printf(&notes[i], "%s/%.*s/%.*s", t->w->s->url, STR_ARGS(t->type),
			   STR_ARGS(jv_get_text(&resources[i], "resourceId")));
		buf_put_char(&notes[i], '\0');
		names[i] = notes[i].data;
		r = buf_error(&notes[i]);
	}
	if (!r)
		r = pump_ask(t->w->s->pump, names, n, own);
	for (size_t i = 0; !r && i < n; i++)
		r = read_resource(t, &resources[i], own[i], names[i] + url, f);
	notes_deinit(notes);
	return r;
}

/* However many an answer has, be it more than was asked for. */
static int read_page(struct type_walk *t, const struct jv *list, struct fault *f)
{
	int r = 0;

	for (uint32_t at = 0; !r && at < list->len; at += PAGE)
		r = read_some(t, &list->items[at], MIN(list->len - at, (uint32_t)PAGE),
			      f);
	return r;
}

static int list_type(struct type_walk *t, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	const struct api_operation op = OPERATION("ListDiscoveredResources");
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = ask(&token);

		if (b) {
			json_build_text(b, "resourceType", t->type);
			json_build_boolean(b, "includeDeletedResources", true);
			json_build_integer(b, "limit", PAGE);
		}
		r = api_source_call(t->w->s, t->w->h, &op, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "nextToken", &more, f);
		if (!r && api_has(&answer, "resourceIdentifiers"))
			r = read_page(t, jv_get(&answer.value, "resourceIdentifiers"), f);
	}
	return r;
}

static int read_type(struct config_walk *w, struct str type, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT, beneath = BUF_INIT;
	struct type_walk t = { .w = w, .type = type };
	int r;

	buf_printf(&name, "/%.*s", STR_ARGS(type));
	buf_put_char(&name, '\0');
	buf_printf(&beneath, "/%.*s/", STR_ARGS(type));
	buf_put_char(&beneath, '\0');
	r = buf_error(&name) ? -ENOMEM : buf_error(&beneath);
	if (!r)
		r = api_source_noted(w->s, name.data, &t.done);
	if (r || t.done >= w->round_ms)
		return r;
	if (w->anew)
		t.done = INT64_MIN;
	r = list_type(&t, f);
	if (!r) {
		const struct api_note notes[] = {
			{ name.data, w->s->now_ms },
			{ beneath.data, IMPORT_CURSOR_FORGET },
		};

		r = api_source_push(w->s, STR_NULL, notes, ARRAY_SIZE(notes));
	}
	return r;
}

/* --- all types ------------------------------------------------------------------------------ */

bool config_has_type(const struct config_walk *w, struct str type)
{
	const uint64_t *seen = (const uint64_t *)w->types.data;
	uint64_t hash = str_hash(type);

	for (size_t i = 0; i < w->types.len / sizeof(hash); i++)
		if (seen[i] == hash)
			return true;
	return false;
}

/* The recorder names types that are counted as well. */
static bool is_first(struct config_walk *w, struct str type)
{
	uint64_t hash = str_hash(type);

	if (config_has_type(w, type))
		return false;
	buf_put(&w->types, &hash, sizeof(hash));
	return true;
}

static int read_types(struct config_walk *w, const struct jv *list, const char *member,
		      struct fault *f)
{
	int r = buf_error(&w->types);

	for (uint32_t i = 0; !r && jv_is(list, JV_ARRAY) && i < list->len; i++) {
		const struct jv *v = &list->items[i];
		struct str type = member ? jv_get_text(v, member) : jv_str(v);

		if (type.n && str_chr(type, '/') < 0 && is_first(w, type))
			r = read_type(w, type, f);
	}
	return r;
}

static int read_counted(struct config_walk *w, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	const struct api_operation op = OPERATION("GetDiscoveredResourceCounts");
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = ask(&token);

		if (b)
			json_build_integer(b, "limit", 100);
		r = api_source_call(w->s, w->h, &op, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "nextToken", &more, f);
		if (!r)
			r = read_types(w, jv_get(&answer.value, "resourceCounts"),
				       "resourceType", f);
	}
	return r;
}

/*
 * The types that the recorder names, of which all resources may be deleted, and those that are
 * there. Without a recorder there is nothing, and its user should know.
 */
static int read_recorded(struct config_walk *w, const struct api_note *begun,
			 struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	const struct api_operation op = OPERATION("DescribeConfigurationRecorders");
	const struct jv *recorders;
	int r = api_source_call(w->s, w->h, &op, json_build_new(), &answer, f);

	/* Not before AWS has answered: only then is it known what time it is there. */
	if (!r)
		r = api_source_push(w->s, STR_NULL, begun, 1);
	if (r)
		return r;
	recorders = jv_get(&answer.value, "ConfigurationRecorders");
	if (!jv_is(recorders, JV_ARRAY) || !recorders->len) {
		fault_set(
			f, FAULT_NO_OFFSET, "",
			"AWS Config has no configuration recorder in %s: set one up there, "
			"or check the region",
			w->s->region);
		return AWS_E_NOT_FOUND;
	}
	for (uint32_t i = 0; !r && i < recorders->len; i++)
		r = read_types(
			w, jv_path(&recorders->items[i], "recordingGroup.resourceTypes"),
			NULL, f);
	return r ? r : read_counted(w, f);
}

static int read_all(struct config_walk *w, int64_t begun, struct fault *f)
{
	int64_t now = w->s->now_ms;
	/* One that was begun by a clock that was ahead is none. */
	bool resumed = begun != INT64_MIN && begun > now - ROUND_MAX && begun <= now;
	const struct api_note first = { "?round", resumed ? begun : now };
	const struct api_note last[] = { { NULL, first.value },
					 { "?listed", now },
					 { "?round", IMPORT_CURSOR_FORGET } };
	const struct api_note since = { "?since", w->since_ms };
	int r;

	w->round_ms = first.value;
	r = read_recorded(w, &first, f);
	if (!r)
		r = api_source_push(w->s, STR_NULL, last, ARRAY_SIZE(last));
	return r ? r : api_source_push(w->s, STR_NULL, &since, 1);
}

/* --- what changed --------------------------------------------------------------------------- */

static int read_changed_row(struct config_walk *w, const struct jv *row, int64_t from,
			    struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct resource x = { .from_ms = from };
	struct jv v;
	int r = jv_is(row, JV_STRING) ? jv_parse(&a, jv_str(row), &v, NULL) : JV_E_SYNTAX;

	if (r < 0)
		return r;
	if (r == 0) {
		x.type = jv_get_text(&v, "resourceType");
		x.id = jv_get_text(&v, "resourceId");
	}
	if (x.type.n && x.id.n)
		return read_history(w, &x, NULL, f);
	fault_set(f, FAULT_NO_OFFSET, "Results", "a row of the answer is no resource");
	return AWS_E_UNREADABLE;
}

static int read_changed(struct config_walk *w, int64_t done, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	_cleanup_(buf_deinit) struct buf query = BUF_INIT;
	const struct api_operation op = OPERATION("SelectResourceConfig");
	const struct api_note note = { NULL, w->s->now_ms };
	int64_t from = done - LATE_MS;
	bool more = true;
	int r = config_query(&query, "resourceId, resourceType", from);

	while (!r && more) {
		struct json_build *b = json_build_new();
		const struct jv *rows;

		if (b) {
			json_build_text(b, "Expression", buf_str(&query));
			json_build_integer(b, "Limit", 100);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(w->s, w->h, &op, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		rows = r ? NULL : jv_get(&answer.value, "Results");
		for (uint32_t i = 0; !r && jv_is(rows, JV_ARRAY) && i < rows->len; i++)
			r = read_changed_row(w, &rows->items[i], from, f);
	}
	return r ? r : api_source_push(w->s, STR_NULL, &note, 1);
}

int config_query(struct buf *out, const char *what, int64_t from_ms)
{
	char time[TIMESTAMP_ISO_SIZE];

	buf_printf(out, "SELECT %s", what);
	if (from_ms > 0) {
		timestamp_format(from_ms, time);
		buf_printf(out, " WHERE configurationItemCaptureTime >= '%s'", time);
	}
	return buf_error(out);
}

/* --- the kind ------------------------------------------------------------------------------- */

static void config_walk_deinit(struct config_walk *w)
{
	buf_deinit(&w->types);
}

static int walk(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	_cleanup_(config_walk_deinit) struct config_walk w = { .s = s, .h = h };
	int64_t done, listed, begun, since;
	int r = api_source_noted(s, NULL, &done);

	if (s->name)
		return r ? r : config_aggregator(&w, done, f);
	if (!r)
		r = api_source_noted(s, "?listed", &listed);
	if (!r)
		r = api_source_noted(s, "?round", &begun);
	if (!r)
		r = api_source_noted(s, "?since", &since);
	if (r)
		return r;
	/* More is wanted than was wanted then: all of it anew. */
	w.anew = done != INT64_MIN && s->options->since_ms < since;
	w.since_ms = done == INT64_MIN ? s->options->since_ms
				       : MIN(since, s->options->since_ms);
	if (s->again && done != INT64_MIN && !w.anew && begun == INT64_MIN &&
	    s->now_ms - listed < LISTED_MS)
		r = read_changed(&w, done, f);
	else
		r = read_all(&w, begun, f);
	if (!r && w.types.len) /* else nothing is known of them */
		r = config_compliance(&w, f);
	return r ? r : config_recorders(&w, f);
}

static bool check(struct str rest)
{
	return api_source_check(rest, true);
}

static int begin(const struct sync_begin *b, void **ret, struct fault *f)
{
	(void)f;
	return api_source_begin(b, walk, ret);
}

const struct sync_kind sync_kind_config = {
	API_SOURCE_KIND("config", "REGION[/AGGREGATOR]"),
	.check = check,
	.begin = begin,
};
