/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing a chunk. What the parser hands over is gone with its next record, so it is kept in
 * the chunk; what can be worked out without the history (identities, tokens) is worked out
 * here, where there are several threads, and not by the one that writes.
 */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>

#include "fact_answer.h"
#include "model/change.h"
#include "tell.h"

/* What the parser's sink needs to know of the record at hand. */
struct sink {
	struct worker *worker;
	struct chunk *chunk;
	const struct chunk_record *record;
};

/* Where in the source do these bytes stand? Inside of envelopes: where the record begins. */
static uint64_t offset_of(const struct sink *s, struct str raw)
{
	uintptr_t record = (uintptr_t)s->chunk->text.data + s->record->start;

	if ((uintptr_t)raw.p - record < s->record->length)
		return s->record->offset + ((uintptr_t)raw.p - record);
	return s->record->offset;
}

static bool keep_all(struct chunk *c, struct str *const *strs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!chunk_keep(c, strs[i]))
			return false;
	return true;
}

static bool keep_mentions(struct chunk *c, struct mention_set *m)
{
	uint64_t *tokens;

	if (!m->n)
		return true;
	tokens = chunk_alloc(c, m->n * sizeof(tokens[0]));
	if (!tokens)
		return false;
	memcpy(tokens, m->tokens, m->n * sizeof(tokens[0]));
	m->tokens = tokens;
	return true;
}

static uint64_t resource_hash(const struct item *item)
{
	const struct str parts[] = { item->account, item->region, item->type, item->id };
	uint64_t hash = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		hash = (hash ^ str_hash(parts[i])) * UINT64_C(0x9e3779b97f4a7c15);
	return hash;
}

static int on_item(void *ctx, const struct item *item, const struct jv *body)
{
	const struct sink *s = ctx;
	struct fact_item *f =
		chunk_fact(s->chunk, sizeof(*f), FACT_ITEM, offset_of(s, item->raw));
	struct worker *w = s->worker;
	struct item *i;
	int r;

	if (!f)
		return -ENOMEM;
	i = &f->item;
	*i = *item;
	r = store_shapes_find(w->shapes, i, body, &w->scratch, &w->line);
	if (!r)
		r = store_state_code(w->coders, w->codec, i, &w->line, &w->code);
	if (r)
		return r;
	i->code = buf_str(&w->code);
	f->resource = resource_hash(item);
	struct str *const strs[] = { &i->account, &i->region, &i->type,     &i->id,
				     &i->name,    &i->arn,    &i->state_id, &i->body,
				     &i->raw,     &i->code };

	return keep_all(s->chunk, strs, ARRAY_SIZE(strs)) ? 0 : -ENOMEM;
}

static bool keep_told(struct chunk *c, struct event_told *t)
{
	return chunk_keep(c, &t->principal) && chunk_keep(c, &t->role) &&
	       chunk_keep(c, &t->session);
}

/* The views into the record that the store looks at; the others are dropped with the record. */
static bool keep_event(struct chunk *c, struct fact_event *f)
{
	struct event *e = &f->event;
	struct str *const strs[] = { &e->id,         &e->source,     &e->name,
				     &e->account,    &e->region,     &e->address,
				     &e->user_agent, &e->error_code, &e->error_message,
				     &e->access_key, &f->record.raw, &f->record.identity,
				     &f->record.code };

	e->record = NULL;
	e->request = NULL;
	e->resources = NULL;
	e->service_details = NULL;
	if (!event_issues_session(e))
		e->response = NULL;
	if (!f->mentions.n && !e->response)
		e->identity = NULL;
	return keep_all(c, strs, ARRAY_SIZE(strs)) && keep_told(c, &f->told) &&
	       chunk_keep_value(c, &e->identity) && chunk_keep_value(c, &e->response) &&
	       keep_mentions(c, &f->mentions);
}

/*
 * Is it told of? Not a call that only read, unless all are asked for. What was refused is an
 * attempt, whatever it was after; and who opened a session is asked for wherever it acts.
 */
static bool is_kept(const struct sink *s, const struct event *e)
{
	return s->worker->options->all_events || !e->read_only || e->failed ||
	       event_issues_session(e);
}

static int skip_event(const struct sink *s, const struct event *event, struct str raw)
{
	struct fact_event *f =
		chunk_fact(s->chunk, sizeof(*f), FACT_SKIPPED, offset_of(s, raw));

	if (!f)
		return -ENOMEM;
	f->event = (struct event){ .account = event->account,
				   .region = event->region,
				   .time_ms = event->time_ms,
				   .source = event->source,
				   .name = event->name };
	struct str *const strs[] = { &f->event.account, &f->event.region,
				     &f->event.source, &f->event.name };

	return keep_all(s->chunk, strs, ARRAY_SIZE(strs)) ? 0 : -ENOMEM;
}

static int on_event(void *ctx, const struct event *event, struct str raw)
{
	const struct sink *s = ctx;
	uint32_t without = s->worker->options->without_evidence;
	struct arena *scratch = &s->worker->scratch;
	struct fact_event *f;
	int r;

	if (!is_kept(s, event))
		return skip_event(s, event, raw);
	f = chunk_fact(s->chunk, sizeof(*f), FACT_EVENT, offset_of(s, raw));
	if (!f)
		return -ENOMEM;
	f->event = *event;
	f->record.raw = raw;
	f->record.identity = event_identity(event, scratch);
	if (!f->record.identity.p)
		return -ENOMEM;
	r = mention_of_event(scratch, event, without & (1u << EVIDENCE_SERVICE),
			     &f->mentions);
	if (!r)
		r = tell_of_event(event, scratch, &s->worker->line, &f->told);
	if (!r)
		r = store_event_code(s->worker->coders, raw, f->record.identity,
				     &s->worker->line);
	if (r)
		return r;
	f->record.code = buf_str(&s->worker->line);
	return keep_event(s->chunk, f) ? 0 : -ENOMEM;
}

static bool keep_children(struct chunk *c, struct alarm *a)
{
	struct str *children;

	if (!a->n_children)
		return true;
	children = chunk_alloc(c, a->n_children * sizeof(children[0]));
	if (!children)
		return false;
	memcpy(children, a->children, a->n_children * sizeof(children[0]));
	a->children = children;
	for (size_t i = 0; i < a->n_children; i++)
		if (!chunk_keep(c, &children[i]))
			return false;
	return true;
}

static bool keep_alarm(struct chunk *c, struct alarm *a)
{
	struct str *const strs[] = { &a->account, &a->region,    &a->name,
				     &a->arn,     &a->namespace, &a->metric };
	struct alarm_dimension *dimensions;

	if (!keep_all(c, strs, ARRAY_SIZE(strs)) || !keep_children(c, a))
		return false;
	if (!a->n_dimensions)
		return true;
	dimensions = chunk_alloc(c, a->n_dimensions * sizeof(dimensions[0]));
	if (!dimensions)
		return false;
	memcpy(dimensions, a->dimensions, a->n_dimensions * sizeof(dimensions[0]));
	a->dimensions = dimensions;
	for (size_t i = 0; i < a->n_dimensions; i++)
		if (!chunk_keep(c, &dimensions[i].name) ||
		    !chunk_keep(c, &dimensions[i].value))
			return false;
	return true;
}

static int on_transition(void *ctx, const struct transition *transition)
{
	const struct sink *s = ctx;
	const struct import_options *options = s->worker->options;
	struct fact_transition *f = chunk_fact(s->chunk, sizeof(*f), FACT_TRANSITION,
					       offset_of(s, transition->raw));
	struct transition *t;
	int r;

	if (!f)
		return -ENOMEM;
	t = &f->transition;
	*t = *transition;
	if (!t->alarm.account.n && !t->alarm.region.n && options->account) {
		t->alarm.account = str_of(options->account);
		t->alarm.region = str_of(options->region);
	}
	struct str *const strs[] = { &t->state, &t->previous_state, &t->reason, &t->raw };

	r = mention_of_alarm(&s->worker->scratch, &t->alarm, &f->mentions);
	if (r)
		return r;
	return keep_all(s->chunk, strs, ARRAY_SIZE(strs)) &&
			       keep_alarm(s->chunk, &t->alarm) &&
			       keep_mentions(s->chunk, &f->mentions)
		       ? 0
		       : -ENOMEM;
}

static int on_alarm(void *ctx, const struct alarm *alarm)
{
	const struct sink *s = ctx;
	struct fact_alarm *f =
		chunk_fact(s->chunk, sizeof(*f), FACT_ALARM, s->record->offset);
	int r;

	if (!f)
		return -ENOMEM;
	f->alarm = *alarm;
	r = mention_of_alarm(&s->worker->scratch, alarm, &f->mentions);
	if (r)
		return r;
	return keep_alarm(s->chunk, &f->alarm) && keep_mentions(s->chunk, &f->mentions)
		       ? 0
		       : -ENOMEM;
}

static int add_notice(struct chunk *c, const struct chunk_record *record,
		      const char *what, uint64_t n)
{
	struct fact_notice *f = chunk_fact(c, sizeof(*f), FACT_NOTICE, record->offset);

	if (!f)
		return -ENOMEM;
	f->what = what;
	f->n = n;
	return 0;
}

static int on_notice(void *ctx, const char *what)
{
	const struct sink *s = ctx;

	return add_notice(s->chunk, s->record, what, 1);
}

static int on_sign(void *ctx, const struct coverage_sign *sign)
{
	const struct sink *s = ctx;
	struct fact_sign *f =
		chunk_fact(s->chunk, sizeof(*f), FACT_SIGN, s->record->offset);

	if (!f)
		return -ENOMEM;
	f->sign = *sign;
	struct str *const strs[] = { &f->sign.account, &f->sign.region };

	return keep_all(s->chunk, strs, ARRAY_SIZE(strs)) ? 0 : -ENOMEM;
}

static int on_recorder(void *ctx, const struct recorder *r)
{
	const struct sink *s = ctx;

	return fact_recorder_add(s->chunk, s->record->offset, r);
}

static int on_key(void *ctx, const struct public_key *key)
{
	const struct sink *s = ctx;

	return fact_key_add(s->chunk, s->record->offset, key);
}

static int on_metric(void *ctx, const struct metric_data *data)
{
	const struct sink *s = ctx;

	return fact_metric_add(s->chunk, s->record->offset, &s->worker->scratch, data);
}

static int add_refusal(struct chunk *c, const struct chunk_record *record,
		       const struct fault *fault)
{
	struct fact_refusal *f = chunk_fact(c, sizeof(*f), FACT_REFUSAL, record->offset);

	if (!f)
		return -ENOMEM;
	f->fault = *fault;
	f->bytes = (struct str){ c->text.data + record->start, record->length };
	if (!record->length)
		f->bytes = STR("");
	f->failure = record->failure;
	f->framing = record->framing;
	f->length = MAX(record->whole, (uint64_t)record->length);
	return 0;
}

static int parse_one(struct sink *s)
{
	const struct parse_sink sink = { .item = on_item,
					 .event = on_event,
					 .transition = on_transition,
					 .alarm = on_alarm,
					 .notice = on_notice,
					 .sign = on_sign,
					 .recorder = on_recorder,
					 .key = on_key,
					 .metric = on_metric,
					 .ctx = s };
	const struct chunk_record *record = s->record;
	struct str text = { s->chunk->text.data + record->start, record->length };
	struct fault fault;
	int r;

	if (record->notice)
		return add_notice(s->chunk, record, record->notice, record->count);
	if (record->damage)
		return add_refusal(s->chunk, record, record->damage);
	r = parse_record(s->worker->parser, text, record->container, record->offset,
			 &sink, &fault);
	if (r == PARSE_E_UNKNOWN && record->lenient)
		return 0;
	return r > 0 ? add_refusal(s->chunk, record, &fault) : r;
}

/* --- copies -------------------------------------------------------------------------------- */

static bool may_be_copy(const struct chunk_record *record)
{
	return !record->damage && !record->notice &&
	       str_is(record->container, "configurationItems");
}

static int add_copy(const struct sink *s, struct fingerprint mark)
{
	struct fact_copy *f =
		chunk_fact(s->chunk, sizeof(*f), FACT_COPY, s->record->offset);

	if (!f)
		return -ENOMEM;
	f->record = s->record;
	f->mark = mark;
	return 0;
}

/* A record that is an item and nothing else may be seen as that again. */
static int parse_marked(struct sink *s, struct fingerprint mark)
{
	struct fact **first = s->chunk->last;
	int r = parse_one(s);

	if (!r && *first && (*first)->kind == FACT_ITEM && !(*first)->next) {
		struct fact_item *f = (struct fact_item *)*first;

		f->alone = true;
		f->mark = mark;
	}
	return r;
}

static int look_at(struct sink *s)
{
	const struct chunk_record *record = s->record;
	struct str text = { s->chunk->text.data + record->start, record->length };
	struct seen *seen = s->worker->seen;
	struct fingerprint mark;

	if (!may_be_copy(record))
		return parse_one(s);
	mark = seen_mark(seen, record->container, text);
	return seen_has(seen, mark) ? add_copy(s, mark) : parse_marked(s, mark);
}

int worker_parse(struct worker *w, struct chunk *chunk)
{
	size_t n = chunk_count(chunk);

	for (size_t i = 0; i < n; i++) {
		struct sink s = { w, chunk, &chunk_records(chunk)[i] };
		int r = look_at(&s);

		arena_reset(&w->scratch);
		if (r)
			return r;
	}
	return 0;
}

int worker_parse_copy(struct worker *w, struct chunk *chunk, const struct fact_copy *copy)
{
	struct sink s = { w, chunk, copy->record };
	int r = parse_marked(&s, copy->mark);

	arena_reset(&w->scratch);
	return r;
}

/* --- the pipeline's view ------------------------------------------------------------------- */

static void worker_free(void *worker)
{
	struct worker *w = worker;

	parser_free(w->parser);
	arena_deinit(&w->scratch);
	zcodec_free(w->codec);
	buf_deinit(&w->line);
	buf_deinit(&w->code);
	free(w->buffer);
	free(w);
}

static void *worker_new(struct pipeline *p, const void *ctx)
{
	const struct worker_setup *setup = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->pipeline = p;
	w->options = setup->options;
	w->shapes = setup->shapes;
	w->coders = setup->coders;
	w->seen = setup->seen;
	w->parser = parser_new();
	w->buffer = malloc(READ_BYTES);
	if (w->parser && w->buffer && !zcodec_new(1, &w->codec))
		return w;
	worker_free(w);
	return NULL;
}

static int read_source(void *worker, struct import_file *file)
{
	return reader_run(worker, file);
}

static int parse_chunk(void *worker, struct chunk *chunk)
{
	return worker_parse(worker, chunk);
}

const struct pipeline_ops worker_ops = {
	.worker_new = worker_new,
	.worker_free = worker_free,
	.read = read_source,
	.parse = parse_chunk,
};
