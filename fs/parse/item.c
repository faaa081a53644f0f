/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A configuration item to its canonical body: told apart by guise, filled into slots, made, and
 * written in one go. The content hash is folded from the bytes as they are written.
 */

#include "item_member.h"

#include <errno.h>

/* What the API calls otherwise than the files. */
static bool has_api_names(const struct jv *v)
{
	return jv_get(v, "accountId") || jv_get(v, "arn") || jv_get(v, "version") ||
	       jv_get(v, "configurationItemMD5Hash");
}

static enum item_guise guise_of(const struct parse_source *src, const struct jv *v)
{
	const struct jv *tags = jv_get(v, "tags");

	if (str_is(src->container, "Results") || jv_is(tags, JV_ARRAY))
		return ITEM_GUISE_SELECT;
	if (!has_api_names(v))
		return ITEM_GUISE_DELIVERY;
	return tags || jv_get(v, "relationships") ? ITEM_GUISE_API : ITEM_GUISE_BATCH;
}

static void put_member(struct buf *out, struct str key, const struct jv *value)
{
	buf_put_char(out, out->len == 0 ? '{' : ',');
	jv_write_string(out, key);
	buf_put_char(out, ':');
	jv_write_sorted(out, value);
}

/* Writes p->body and gives the same as a tree. */
static int write_body(struct item_draft *d, struct jv *ret_tree)
{
	struct parser *p = d->parser;
	struct jv_member *members;
	size_t n = 0, extra = 0;

	members = arena_alloc(&p->arena, (SLOT_COUNT + d->n_extra) * sizeof(*members));
	if (!members)
		return -ENOMEM;
	buf_reset(&p->body);
	for (size_t slot = 0; slot <= SLOT_COUNT; slot++) {
		/* Those between the last slot and this one; behind the last slot, the rest. */
		for (; extra < d->n_extra; extra++) {
			const struct jv_member *m = d->extra[extra];

			if (slot < SLOT_COUNT &&
			    str_cmp(jv_str(&m->key), item_slot_names[slot]) > 0)
				break;
			members[n++] = *m;
			put_member(&p->body, jv_str(&m->key), &m->value);
		}
		if (slot == SLOT_COUNT || (slot == SLOT_DELIVERED && !d->given[slot]))
			continue;
		members[n++] = (struct jv_member){ jv_make_string(item_slot_names[slot]),
						   d->made[slot] };
		put_member(&p->body, item_slot_names[slot], &d->made[slot]);
	}
	buf_put_char(&p->body, '}');
	*ret_tree = jv_make_object(members, n);
	return buf_error(&p->body);
}

static bool is_alarm_type(struct str type)
{
	return str_is(type, "AWS::CloudWatch::Alarm") ||
	       str_is(type, "AWS::CloudWatch::CompositeAlarm");
}

int parse_item(struct parser *p, const struct parse_source *src, const struct jv *v,
	       enum item_guise guise)
{
	struct item_draft d = { .parser = p, .src = src, .item = v, .guise = guise };
	struct item item = { .guise = guise };
	struct jv tree;
	int r;

	if (v->type != JV_OBJECT)
		return parse_refuse(p, src, v, "configurationItem", "not an object");
	r = item_draft_fill(&d);
	if (r == 0)
		r = item_draft_make(&d);
	if (r == 0)
		r = write_body(&d, &tree);
	if (r != 0)
		return r;

	item.account = jv_str(&d.made[SLOT_ACCOUNT]);
	item.region = jv_str(&d.made[SLOT_REGION]);
	item.type = jv_str(&d.made[SLOT_TYPE]);
	item.id = jv_str(&d.made[SLOT_ID]);
	item.name = jv_str(&d.made[SLOT_NAME]);
	item.arn = jv_str(&d.made[SLOT_ARN]);
	item.captured_ms = d.captured_ms;
	item.state_id = jv_str(&d.made[SLOT_STATE_ID]);
	item.status = item_status_parse(jv_str(&d.made[SLOT_STATUS]));
	item.body = buf_str(&p->body);
	item.raw = parse_raw(src, v);
	r = p->sink->item(p->sink->ctx, &item, &tree);
	if (r == 0 && is_alarm_type(item.type))
		r = parse_alarm_item(p, &item, &d.made[SLOT_CONFIGURATION]);
	return r;
}

int guise_item(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	return parse_item(p, src, v, guise_of(src, v));
}
