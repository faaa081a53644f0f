/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From parsed records to operations for the writer. The parser's structs are borrowed until its
 * callback returns, so what the writer needs is copied into the batch's arena; everything that
 * can be reckoned here - identities, tokens, hashes - is, since workers are many and the writer
 * is one.
 */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>

#define REFUSED_BYTES (1u << 20) /* kept of what was refused */

struct batch *batch_new(struct source_state *source)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b) {
		b->source = source;
		b->last = &b->first;
	}
	return b;
}

struct batch *batch_free(struct batch *b)
{
	if (b)
		arena_deinit(&b->arena);
	free(b);
	return NULL;
}

static struct op *add(struct batch *b, enum op_kind kind)
{
	struct op *op = arena_zalloc(&b->arena, sizeof(*op));

	if (!op)
		return NULL;
	op->kind = kind;
	*b->last = op;
	b->last = &op->next;
	b->n++;
	return op;
}

/* Copies in place; false when out of memory. */
static bool keep(struct batch *b, struct str *s)
{
	if (!s->n) {
		*s = STR_NULL;
		return true;
	}
	*s = arena_str(&b->arena, *s);
	return s->p;
}

/* --- the parser's sink --------------------------------------------------------------------- */

static int on_item(void *ctx, const struct item *item, const struct jv *body)
{
	struct batch *b = ctx;
	struct op *op = add(b, OP_ITEM);

	(void)body;
	if (!op)
		return -ENOMEM;
	op->item = *item;
	return keep(b, &op->item.account) && keep(b, &op->item.region) &&
			       keep(b, &op->item.type) && keep(b, &op->item.id) &&
			       keep(b, &op->item.name) && keep(b, &op->item.arn) &&
			       keep(b, &op->item.state_id) && keep(b, &op->item.body) &&
			       keep(b, &op->item.raw)
		       ? 0
		       : -ENOMEM;
}

static int one_member(struct batch *b, const char *key, struct jv value, struct jv *ret)
{
	struct jv_member *m = arena_alloc(&b->arena, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->key = jv_make_string(str_of(key));
	m->value = value;
	*ret = jv_make_object(m, 1);
	return 0;
}

/* What a session is known by is all that the store asks of a record's tree. */
static int keep_session(struct batch *b, const struct event *e, struct event *copy)
{
	struct str arn = jv_get_text(e->identity, "arn");
	struct jv *identity = arena_alloc(&b->arena, sizeof(*identity));
	struct jv *response = arena_alloc(&b->arena, sizeof(*response));
	struct jv_member *parts = arena_alloc(&b->arena, 2 * sizeof(*parts));
	struct str key = event_issued_key(e), issued = event_issued_arn(e);
	int r;

	if (!identity || !response || !parts || !keep(b, &arn) || !keep(b, &key) ||
	    !keep(b, &issued))
		return -ENOMEM;
	r = one_member(b, "arn", jv_make_string(arn), identity);
	copy->identity = arn.n ? identity : NULL;
	copy->response = NULL;
	if (r || (!key.n && !issued.n))
		return r;
	parts[0].key = jv_make_string(STR("credentials"));
	parts[1].key = jv_make_string(STR("assumedRoleUser"));
	r = one_member(b, "accessKeyId", jv_make_string(key), &parts[0].value);
	if (!r)
		r = one_member(b, "arn", jv_make_string(issued), &parts[1].value);
	*response = jv_make_object(parts, 2);
	copy->response = response;
	return r;
}

static int on_event(void *ctx, const struct event *e, struct str raw)
{
	struct batch *b = ctx;
	struct op *op = add(b, OP_EVENT);
	int r;

	if (!op)
		return -ENOMEM;
	op->event = *e;
	op->event.record = op->event.request = op->event.resources = NULL;
	op->event.service_details = NULL;
	op->raw = raw;
	op->identity = event_identity(e, &b->arena);
	if (!op->identity.p || !keep(b, &op->raw) || !keep(b, &op->event.id) ||
	    !keep(b, &op->event.source) || !keep(b, &op->event.name) ||
	    !keep(b, &op->event.account) || !keep(b, &op->event.region) ||
	    !keep(b, &op->event.access_key))
		return -ENOMEM;
	r = keep_session(b, e, &op->event);
	op->event.address = op->event.user_agent = STR_NULL;
	op->event.error_code = op->event.error_message = STR_NULL;
	return r ? r : mention_of_event(&b->arena, e, &op->mentions);
}

static bool keep_alarm(struct batch *b, struct alarm *alarm)
{
	struct alarm_dimension *copy =
		arena_alloc(&b->arena, (alarm->n_dimensions + 1) * sizeof(*copy));

	if (!copy || !keep(b, &alarm->account) || !keep(b, &alarm->region) ||
	    !keep(b, &alarm->name) || !keep(b, &alarm->arn) ||
	    !keep(b, &alarm->namespace) || !keep(b, &alarm->metric))
		return false;
	for (size_t i = 0; i < alarm->n_dimensions; i++) {
		copy[i] = alarm->dimensions[i];
		if (!keep(b, &copy[i].name) || !keep(b, &copy[i].value))
			return false;
	}
	alarm->dimensions = copy;
	return true;
}

static int on_transition(void *ctx, const struct transition *t)
{
	struct batch *b = ctx;
	struct op *op = add(b, OP_TRANSITION);

	if (!op)
		return -ENOMEM;
	op->transition = *t;
	if (!keep_alarm(b, &op->transition.alarm) || !keep(b, &op->transition.state) ||
	    !keep(b, &op->transition.previous_state) ||
	    !keep(b, &op->transition.reason) || !keep(b, &op->transition.raw))
		return -ENOMEM;
	return mention_of_alarm(&b->arena, &op->transition.alarm, &op->mentions);
}

static int on_alarm(void *ctx, const struct alarm *alarm)
{
	struct batch *b = ctx;
	struct op *op = add(b, OP_ALARM);

	if (!op)
		return -ENOMEM;
	op->alarm = *alarm;
	if (!keep_alarm(b, &op->alarm))
		return -ENOMEM;
	return mention_of_alarm(&b->arena, &op->alarm, &op->mentions);
}

int batch_notice(struct batch *b, const char *what)
{
	struct op *op = add(b, OP_NOTICE);

	if (!op)
		return -ENOMEM;
	op->notice = what;
	return 0;
}

static int on_notice(void *ctx, const char *what)
{
	return batch_notice(ctx, what);
}

int batch_refuse(struct batch *b, const struct fault *f, struct str bytes)
{
	struct op *op = add(b, OP_REFUSAL);

	if (!op)
		return -ENOMEM;
	op->fault = *f;
	op->bytes = (struct str){ bytes.p, MIN(bytes.n, (size_t)REFUSED_BYTES) };
	return keep(b, &op->bytes) ? 0 : -ENOMEM;
}

int batch_parse(struct batch *b, struct parser *p, struct str text, struct str container,
		uint64_t offset)
{
	const struct parse_sink sink = {
		.item = on_item,
		.event = on_event,
		.transition = on_transition,
		.alarm = on_alarm,
		.notice = on_notice,
		.ctx = b,
	};
	struct fault f = { .offset = offset };
	int r = parse_record(p, text, container, offset, &sink, &f);

	if (r == PARSE_E_REFUSED || r == PARSE_E_UNKNOWN)
		return batch_refuse(b, &f, text);
	return r;
}
