/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The slots of a configuration item: under which names the guises and the years write each of
 * them, and the plain ones: identity, times, status, state id. Identity is required, and refused
 * where it is missing or of a wrong type; what is merely odd elsewhere is kept as it came.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "item_member.h"
#include "model/timestamp.h"

#define MAX_ID    4096u
#define MAX_PLACE 512u /* account, region, type */

const struct str item_slot_names[SLOT_COUNT] = {
	[SLOT_ARN] = STR("ARN"),
	[SLOT_ZONE] = STR("availabilityZone"),
	[SLOT_ACCOUNT] = STR("awsAccountId"),
	[SLOT_REGION] = STR("awsRegion"),
	[SLOT_CONFIGURATION] = STR("configuration"),
	[SLOT_CAPTURED] = STR("configurationItemCaptureTime"),
	[SLOT_DELIVERED] = STR("configurationItemDeliveryTime"),
	[SLOT_STATUS] = STR("configurationItemStatus"),
	[SLOT_VERSION] = STR("configurationItemVersion"),
	[SLOT_STATE_ID] = STR("configurationStateId"),
	[SLOT_HASH] = STR("configurationStateMd5Hash"),
	[SLOT_EVENTS] = STR("relatedEvents"),
	[SLOT_RELATIONSHIPS] = STR("relationships"),
	[SLOT_CREATED] = STR("resourceCreationTime"),
	[SLOT_ID] = STR("resourceId"),
	[SLOT_NAME] = STR("resourceName"),
	[SLOT_TYPE] = STR("resourceType"),
	[SLOT_SUPPLEMENTARY] = STR("supplementaryConfiguration"),
	[SLOT_TAGS] = STR("tags"),
};

/* The API's names, and those of schema 1.0. */
static const struct {
	struct str name;
	enum item_slot slot;
} other_names[] = {
	{ STR("arn"), SLOT_ARN },
	{ STR("accountId"), SLOT_ACCOUNT },
	{ STR("version"), SLOT_VERSION },
	{ STR("snapshotVersion"), SLOT_VERSION },
	{ STR("configurationItemMD5Hash"), SLOT_HASH },
	{ STR("configurationItemMd5Hash"), SLOT_HASH },
	{ STR("configurationStateID"), SLOT_STATE_ID },
	{ STR("configurationItemState"), SLOT_STATE_ID },
	{ STR("availibilityZone"), SLOT_ZONE },
};

/* SLOT_COUNT: it has none. */
static enum item_slot slot_of(struct str name, bool *ret_canonical)
{
	for (enum item_slot slot = 0; slot < SLOT_COUNT; slot++) {
		*ret_canonical = true;
		if (str_eq(name, item_slot_names[slot]))
			return slot;
	}
	*ret_canonical = false;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++) {
		if (str_eq(name, other_names[i].name))
			return other_names[i].slot;
	}
	return SLOT_COUNT;
}

static int compare_members(const void *a, const void *b)
{
	const struct jv_member *x = *(const struct jv_member *const *)a;
	const struct jv_member *y = *(const struct jv_member *const *)b;
	int order = str_cmp(jv_str(&x->key), jv_str(&y->key));

	/* Of one name the later one last: it is the one that counts. */
	return order != 0 ? order : (x > y) - (x < y);
}

static void sort_extra(struct item_draft *d)
{
	size_t n = 0;

	qsort(d->extra, d->n_extra, sizeof(*d->extra), compare_members);
	for (size_t i = 0; i < d->n_extra; i++) {
		if (i + 1 < d->n_extra &&
		    str_eq(jv_str(&d->extra[i]->key), jv_str(&d->extra[i + 1]->key)))
			continue;
		d->extra[n++] = d->extra[i];
	}
	d->n_extra = n;
}

static int add_extra(struct item_draft *d, const struct jv_member *m)
{
	/* What kind of change a summary stands for is told by the states. */
	if (d->guise == ITEM_GUISE_SUMMARY && str_is(jv_str(&m->key), "changeType"))
		return 0;
	if (!d->extra)
		d->extra =
			arena_alloc(&d->parser->arena, d->item->len * sizeof(*d->extra));
	if (!d->extra)
		return -ENOMEM;
	d->extra[d->n_extra++] = m;
	return 0;
}

int item_draft_fill(struct item_draft *d)
{
	for (uint32_t i = 0; i < d->item->len; i++) {
		const struct jv_member *m = &d->item->members[i];
		bool canonical;
		enum item_slot slot;
		int r;

		/* null is the same as absent: the API leaves out what the files write as null. */
		if (m->value.type == JV_NULL)
			continue;
		slot = slot_of(jv_str(&m->key), &canonical);
		if (slot == SLOT_COUNT) {
			r = add_extra(d, m);
			if (r != 0)
				return r;
		} else if (!d->given[slot] || canonical) {
			d->given[slot] = &m->value;
			d->spelled[slot] = jv_str(&m->key);
		}
	}
	if (d->n_extra > 1)
		sort_extra(d);
	return 0;
}

int item_draft_refuse(struct item_draft *d, enum item_slot slot, const char *reason, ...)
{
	char text[sizeof(d->parser->fault->reason)];
	char field[sizeof(d->parser->fault->field)];
	struct str name = d->given[slot] ? d->spelled[slot] : item_slot_names[slot];
	va_list args;

	va_start(args, reason);
	(void)vsnprintf(text, sizeof(text), reason, args);
	va_end(args);
	(void)snprintf(field, sizeof(field), "%.*s", STR_ARGS(name));
	return parse_refuse(d->parser, d->src, d->given[slot] ? d->given[slot] : d->item,
			    field, "%s", text);
}

/* A text of 1 to max bytes, or `otherwise` where there is none. */
static int make_required(struct item_draft *d, enum item_slot slot, size_t max,
			 struct str otherwise)
{
	const struct jv *v = d->given[slot];
	struct str text = jv_str(v);

	if (v && v->type != JV_STRING && v->type != JV_NUMBER)
		return item_draft_refuse(d, slot, "neither string nor number");
	if (text.n == 0)
		text = otherwise;
	if (text.n == 0)
		return item_draft_refuse(d, slot, v ? "empty" : "missing");
	if (text.n > max)
		return item_draft_refuse(d, slot, "longer than %zu bytes", max);
	d->made[slot] = jv_make_string(text);
	return 0;
}

static int make_type(struct item_draft *d)
{
	int r;

	if (jv_is(d->given[SLOT_TYPE], JV_NUMBER))
		return item_draft_refuse(d, SLOT_TYPE, "not a string");
	r = make_required(d, SLOT_TYPE, MAX_PLACE, STR_NULL);
	if (r == 0)
		d->made[SLOT_TYPE] =
			jv_make_string(item_type_today(jv_str(&d->made[SLOT_TYPE])));
	return r;
}

/* A number has lost the zeros an account id may start with. */
static int make_account(struct item_draft *d)
{
	struct str arn = jv_str(d->given[SLOT_ARN]);
	struct str account;
	char digits[13];

	int r = make_required(d, SLOT_ACCOUNT, MAX_PLACE, parse_arn_part(arn, 4));

	if (r != 0 || !jv_is(d->given[SLOT_ACCOUNT], JV_NUMBER))
		return r;
	account = jv_str(d->given[SLOT_ACCOUNT]);
	for (size_t i = 0; i < account.n; i++) {
		if (account.p[i] < '0' || account.p[i] > '9' || account.n > 12)
			return item_draft_refuse(d, SLOT_ACCOUNT, "not an account id");
	}
	memset(digits, '0', sizeof(digits));
	memcpy(digits + 12 - account.n, account.p, account.n);
	account = arena_str(&d->parser->arena, (struct str){ digits, 12 });
	d->made[SLOT_ACCOUNT] = jv_make_string(account);
	return account.p ? 0 : -ENOMEM;
}

static int make_region(struct item_draft *d)
{
	bool global = item_is_global(jv_str(&d->made[SLOT_TYPE]));
	struct str otherwise = global ? ITEM_REGION_GLOBAL
				      : parse_arn_part(jv_str(d->given[SLOT_ARN]), 3);
	int r = make_required(d, SLOT_REGION, MAX_PLACE, otherwise);

	/* Which region recorded it is no part of what is everywhere the same. */
	if (r == 0 && global)
		d->made[SLOT_REGION] = jv_make_string(ITEM_REGION_GLOBAL);
	return r;
}

static int make_time(struct item_draft *d, enum item_slot slot, int64_t ms)
{
	char text[TIMESTAMP_ISO_SIZE];
	struct str kept;

	timestamp_format(ms, text);
	kept = arena_str(&d->parser->arena, str_of(text));
	d->made[slot] = jv_make_string(kept);
	return kept.p ? 0 : -ENOMEM;
}

static int make_captured(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_CAPTURED];

	if (!v)
		return item_draft_refuse(d, SLOT_CAPTURED, "missing");
	switch (timestamp_from_jv(v, &d->captured_ms)) {
	case 0:
		return make_time(d, SLOT_CAPTURED, d->captured_ms);
	case TIMESTAMP_E_RANGE:
		return item_draft_refuse(d, SLOT_CAPTURED, "before 1970 or after 2099");
	default:
		return item_draft_refuse(d, SLOT_CAPTURED, "not a time");
	}
}

/* Times that nothing hangs on: services write odd ones, such as the year 1. */
static int make_other_time(struct item_draft *d, enum item_slot slot)
{
	int64_t ms;

	if (d->given[slot] && timestamp_from_jv(d->given[slot], &ms) == 0)
		return make_time(d, slot, ms);
	d->made[slot] = d->given[slot] ? *d->given[slot] : jv_null;
	return 0;
}

/* A number in files, digits in a string by the API; in old records a GUID. */
static void make_state_id(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_STATE_ID];
	struct str text = jv_str(v);
	bool digits = text.n > 0 && (text.n == 1 || text.p[0] != '0');

	for (size_t i = 0; i < text.n; i++)
		digits &= text.p[i] >= '0' && text.p[i] <= '9';
	if (jv_is(v, JV_STRING) && digits)
		d->made[SLOT_STATE_ID] = jv_make_number(text);
	else if (jv_is(v, JV_NUMBER) || text.n > 0)
		d->made[SLOT_STATE_ID] = *v;
	/* 0 is none (oversized notifications write it): the same item elsewhere has another. */
	if (str_is(text, "0"))
		d->made[SLOT_STATE_ID] = jv_null;
}

static int make_status(struct item_draft *d)
{
	const char *name;
	int r;

	if (d->given[SLOT_STATUS] && d->given[SLOT_STATUS]->type != JV_STRING)
		return item_draft_refuse(d, SLOT_STATUS, "not a string");
	r = make_required(d, SLOT_STATUS, MAX_PLACE, STR("OK"));
	if (r != 0)
		return r;
	/* "Deleted" and the like, before November 2017; what is unknown is kept. */
	name = item_status_name(item_status_parse(jv_str(&d->made[SLOT_STATUS])));
	if (*name)
		d->made[SLOT_STATUS] = jv_make_string(str_of(name));
	return 0;
}

static int make_identity(struct item_draft *d)
{
	int r = make_type(d);

	if (r == 0)
		r = make_required(d, SLOT_ID, MAX_ID, STR_NULL);
	if (r == 0)
		r = make_account(d);
	if (r == 0)
		r = make_region(d);
	if (r == 0)
		r = make_captured(d);
	return r == 0 ? make_status(d) : r;
}

int item_draft_make(struct item_draft *d)
{
	static const enum item_slot plain[] = { SLOT_ARN,  SLOT_ZONE,   SLOT_VERSION,
						SLOT_HASH, SLOT_EVENTS, SLOT_NAME };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		const struct jv *v = d->given[plain[i]];

		if (jv_is(v, JV_NUMBER))
			d->made[plain[i]] = jv_make_string(jv_str(v));
		else
			d->made[plain[i]] = v ? *v : jv_null;
	}
	make_state_id(d);
	r = make_identity(d);
	if (r == 0)
		r = make_other_time(d, SLOT_CREATED);
	if (r == 0)
		r = make_other_time(d, SLOT_DELIVERED);
	if (r == 0)
		r = item_make_configuration(d);
	if (r == 0)
		r = item_make_supplementary(d);
	if (r == 0)
		r = item_make_relationships(d);
	return r == 0 ? item_make_tags(d) : r;
}
