/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that stop, start or set what a source takes in. What AWS's documents say of each is in
 * model/coverage.h; members are named as CloudTrail writes them, first letter small.
 */
#include "model/coverage.h"

#include <errno.h>

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
		{ "StopLogging", COVERAGE_TRAIL, COVERAGE_STOPS },
		{ "DeleteTrail", COVERAGE_TRAIL, COVERAGE_STOPS },
		{ "StartLogging", COVERAGE_TRAIL, COVERAGE_STARTS },
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

static void set(struct coverage_control *c, enum coverage_aspect aspect, bool lacks,
		struct str unknown)
{
	c->set[aspect] = (struct coverage_setting){
		.said = true, .lacks = lacks, .unknown = lacks ? unknown : STR_NULL
	};
}

/* "A, B and C". */
static void put_list(struct buf *out, const struct jv *list)
{
	for (size_t i = 0; jv_is(list, JV_ARRAY) && i < list->len; i++) {
		if (i)
			buf_put_text(out, i + 1 < list->len ? ", " : " and ");
		buf_put_str(out, jv_str(&list->items[i]));
	}
}

static int keep_unknown(struct arena *a, const struct buf *text, struct str *ret)
{
	*ret = buf_error(text) ? STR_NULL : arena_str(a, buf_str(text));
	return ret->p ? 0 : -ENOMEM;
}

static int name_list(struct arena *a, const char *before, const struct jv *list,
		     struct str *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	buf_put_text(&text, before);
	put_list(&text, list);
	return keep_unknown(a, &text, ret);
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

static void read_update(struct coverage_control *c, const struct jv *request)
{
	const struct jv *multi = jv_get(request, "isMultiRegionTrail");
	const struct jv *global = jv_get(request, "includeGlobalServiceEvents");

	if (jv_is(multi, JV_TRUE) || jv_is(multi, JV_FALSE))
		set(c, COVERAGE_REGIONS, jv_is(multi, JV_FALSE), STR_NULL);
	if (jv_is(global, JV_TRUE) || jv_is(global, JV_FALSE))
		set(c, COVERAGE_GLOBAL, jv_is(global, JV_FALSE),
		    STR("who changed what of global services: IAM, STS and CloudFront"));
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
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct str unknown;
	size_t left_out = 0;
	int r;

	buf_put_text(&text, "who changed what of ");
	for (size_t i = 0; jv_is(without[0], JV_ARRAY) && i < without[0]->len; i++) {
		struct str service = jv_str(&without[0]->items[i]);
		bool all = service.n > 0;

		for (size_t k = 1; k < n && all; k++)
			all = jv_holds(without[k], service);
		if (!all)
			continue;
		buf_put_text(&text, left_out++ ? " and " : "");
		buf_put_str(&text, service);
	}
	r = keep_unknown(a, &text, &unknown);
	if (r)
		return r;
	set(c, COVERAGE_SERVICES, left_out > 0, unknown);
	return 0;
}

static int read_selectors(struct coverage_control *c, const struct jv *request,
			  struct arena *a)
{
	const struct jv *plain = jv_get(request, "eventSelectors");
	const struct jv *all = plain ? plain : jv_get(request, "advancedEventSelectors");
	const struct jv **without, *one;
	size_t n = 0;

	if (!jv_is(all, JV_ARRAY))
		return 0;
	without = arena_alloc(a, (all->len + 1) * sizeof(*without));
	if (!without)
		return -ENOMEM;
	for (size_t i = 0; i < all->len; i++)
		if (plain ? takes_writes(&all->items[i], &one)
			  : takes_writes_advanced(&all->items[i], &one))
			without[n++] = one;
	set(c, COVERAGE_WRITES, n == 0, STR_NULL);
	return n ? set_services(c, without, n, a) : 0;
}

/* --- recorders ----------------------------------------------------------------------------- */

static int read_recorder(struct coverage_control *c, const struct jv *request,
			 struct arena *a)
{
	const struct jv *group = jv_path(request, "configurationRecorder.recordingGroup");
	const struct jv *only = jv_get(group, "resourceTypes");
	const struct jv *without =
		jv_path(group, "exclusionByResourceTypes.resourceTypes");
	struct str how = jv_get_text(jv_get(group, "recordingStrategy"), "useOnly");
	bool excludes = jv_is(without, JV_ARRAY) && without->len > 0 &&
			(!how.n || str_is(how, "EXCLUSION_BY_RESOURCE_TYPES"));
	bool includes = !excludes && jv_is(only, JV_ARRAY) && only->len > 0 &&
			!jv_is(jv_get(group, "allSupported"), JV_TRUE);
	struct str unknown = STR_NULL;
	int r = 0;

	if (!jv_is(jv_get(request, "configurationRecorder"), JV_OBJECT))
		return 0;
	if (excludes)
		r = name_list(a, "what changed of ", without, &unknown);
	else if (includes)
		r = name_list(a, "what changed of all types but ", only, &unknown);
	if (r)
		return r;
	set(c, COVERAGE_TYPES, excludes || includes, unknown);
	return 0;
}

int coverage_control_read(const struct event *e, struct arena *a,
			  struct coverage_control *c)
{
	c->trail = c->source == COVERAGE_TRAIL ? trail_name(e->request) : STR_NULL;
	if (c->act != COVERAGE_SETS)
		return 0;
	if (c->source == COVERAGE_CONFIG)
		return read_recorder(c, e->request, a);
	if (str_is(e->name, "PutEventSelectors"))
		return read_selectors(c, e->request, a);
	read_update(c, e->request);
	return 0;
}
