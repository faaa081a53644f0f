/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that stop, start or set what a source takes in. What AWS's documents say of each is in
 * model/coverage.h; members are named as CloudTrail writes them, first letter small.
 */
#include "model/coverage.h"

#include <errno.h>

#include "control_work.h"
#include "model/event.h"

int coverage_control_of(struct str event_source, struct str event_name,
			enum coverage_source *ret)
{
	static const struct {
		const char *name;
		enum coverage_source source;
		enum coverage_act act;
	} calls[] = {
		{ "StopConfigurationRecorder", COVERAGE_CONFIG, COVERAGE_STOPS },
		{ "DeleteConfigurationRecorder", COVERAGE_CONFIG, COVERAGE_STOPS },
		{ "DeleteDeliveryChannel", COVERAGE_CONFIG, COVERAGE_STOPS },
		{ "StartConfigurationRecorder", COVERAGE_CONFIG, COVERAGE_STARTS },
		{ "PutConfigurationRecorder", COVERAGE_CONFIG, COVERAGE_SETS },
		{ "PutDeliveryChannel", COVERAGE_CONFIG, COVERAGE_SETS },
		{ "StopLogging", COVERAGE_TRAIL, COVERAGE_STOPS },
		{ "DeleteTrail", COVERAGE_TRAIL, COVERAGE_STOPS },
		{ "StartLogging", COVERAGE_TRAIL, COVERAGE_STARTS },
		{ "CreateTrail", COVERAGE_TRAIL, COVERAGE_SETS },
		{ "UpdateTrail", COVERAGE_TRAIL, COVERAGE_SETS },
		{ "PutEventSelectors", COVERAGE_TRAIL, COVERAGE_SETS },
	};
	static const char *const services[] = {
		[COVERAGE_CONFIG] = "config.amazonaws.com",
		[COVERAGE_TRAIL] = "cloudtrail.amazonaws.com",
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!str_is(event_name, calls[i].name) ||
		    !str_is(event_source, services[calls[i].source]))
			continue;
		*ret = calls[i].source;
		return (int)calls[i].act;
	}
	return -1;
}

/* It is said, and leaves out all or nothing. */
static int set(struct coverage_control *c, enum coverage_aspect aspect, bool lacks,
	       struct str unknown, struct arena *a)
{
	struct coverage_setting *s = &c->set[aspect];
	int r = setting_say(s, a, 1);

	return r || !lacks ? r : setting_leave_out(s, a, unknown);
}

/* --- trails -------------------------------------------------------------------------------- */

/* A trail by name or by ARN: ...:trail/NAME. */
static struct str trail_name(const struct jv *request)
{
	struct str name = jv_get_text(request, "name");
	ptrdiff_t slash;

	if (!name.n)
		name = jv_get_text(request, "trailName");
	slash = str_starts(name, "arn:") ? str_rchr(name, '/') : -1;
	return slash < 0 ? name
			 : (struct str){ name.p + slash + 1, name.n - (size_t)slash - 1 };
}

static bool is_bool(const struct jv *v)
{
	return jv_is(v, JV_TRUE) || jv_is(v, JV_FALSE);
}

static int read_update(struct coverage_control *c, const struct jv *request,
		       struct arena *a)
{
	const struct jv *multi = jv_get(request, "isMultiRegionTrail");
	const struct jv *global = jv_get(request, "includeGlobalServiceEvents");
	int r = 0;

	if (is_bool(multi))
		r = set(c, COVERAGE_REGIONS, jv_is(multi, JV_FALSE), STR(""), a);
	if (!r && is_bool(global))
		r = set(c, COVERAGE_GLOBAL, jv_is(global, JV_FALSE),
			STR("who changed what of global services: IAM, STS and CloudFront"),
			a);
	return r;
}

/* Of an advanced selector: the values that field must be, or (not) must not be. */
static const struct jv *field_of(const struct jv *selector, const char *field, bool not )
{
	const struct jv *fields = jv_get(selector, "fieldSelectors");

	for (size_t i = 0; jv_is(fields, JV_ARRAY) && i < fields->len; i++) {
		const struct jv *f = &fields->items[i];
		const struct jv *values = jv_get(f, not ? "notEquals" : "equals");

		if (str_is(jv_get_text(f, "field"), field) && jv_is(values, JV_ARRAY) &&
		    values->len)
			return values;
	}
	return NULL;
}

/* Does it take in calls that change something; all but those of which services? */
static bool takes_writes(const struct jv *selector, const struct jv **ret_without)
{
	struct str kind = jv_get_text(selector, "readWriteType");

	*ret_without = jv_get(selector, "excludeManagementEventSources");
	return !jv_is(jv_get(selector, "includeManagementEvents"), JV_FALSE) &&
	       !str_is(kind, "ReadOnly");
}

static bool takes_writes_advanced(const struct jv *selector,
				  const struct jv **ret_without)
{
	const struct jv *reads = field_of(selector, "readOnly", false);

	*ret_without = field_of(selector, "eventSource", true);
	return jv_holds(field_of(selector, "eventCategory", false), STR("Management")) &&
	       (!reads || jv_holds(reads, STR("false")));
}

/* Services that every selector which takes writes leaves out. */
static int set_services(struct coverage_control *c, const struct jv *const *without,
			size_t n, struct arena *a)
{
	size_t most = jv_is(without[0], JV_ARRAY) ? without[0]->len : 0;
	struct coverage_setting *s = &c->set[COVERAGE_SERVICES];
	int r = setting_say(s, a, most);

	for (size_t i = 0; !r && i < most; i++) {
		struct str service = jv_str(&without[0]->items[i]);
		bool all = service.n > 0;

		for (size_t k = 1; k < n && all; k++)
			all = jv_holds(without[k], service);
		if (all)
			r = setting_leave_out_of(s, a, "who changed what of ", service);
	}
	return r;
}

static int read_selectors(struct coverage_control *c, const struct jv *request,
			  struct arena *a)
{
	const struct jv *plain = jv_get(request, "eventSelectors");
	const struct jv *all = plain ? plain : jv_get(request, "advancedEventSelectors");
	const struct jv **without, *one;
	size_t n = 0;
	int r;

	if (!jv_is(all, JV_ARRAY))
		return 0;
	without = arena_alloc(a, (all->len + 1) * sizeof(*without));
	if (!without)
		return -ENOMEM;
	for (size_t i = 0; i < all->len; i++)
		if (plain ? takes_writes(&all->items[i], &one)
			  : takes_writes_advanced(&all->items[i], &one))
			without[n++] = one;
	r = set(c, COVERAGE_WRITES, n == 0, STR(""), a);
	return r || !n ? r : set_services(c, without, n, a);
}

/* --- all ----------------------------------------------------------------------------------- */

static struct str bucket_of(const struct event *e)
{
	const struct jv *of = str_is(e->name, "PutDeliveryChannel")
				      ? jv_get(e->request, "deliveryChannel")
				      : e->request;

	return jv_get_text(of, "s3BucketName");
}

int coverage_control_read(const struct event *e, struct arena *a,
			  struct coverage_control *c)
{
	c->trail = c->source == COVERAGE_TRAIL ? trail_name(e->request) : STR_NULL;
	if (c->act != COVERAGE_SETS)
		return 0;
	c->bucket = bucket_of(e);
	if (str_is(e->name, "PutConfigurationRecorder"))
		return control_read_recorder(jv_get(e->request, "configurationRecorder"),
					     a, c);
	if (str_is(e->name, "PutEventSelectors"))
		return read_selectors(c, e->request, a);
	return str_is(e->name, "UpdateTrail") ? read_update(c, e->request, a) : 0;
}
