/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recorder's settings leave out, as calls and descriptions have them. The shapes are those of
 * AWS Config's API reference (ConfigurationRecorder, RecordingGroup, RecordingMode);
 * includeGlobalResourceTypes tells of the types of IAM below, and only where allSupported is true.
 */
#include <errno.h>
#include <stdlib.h>

#include "control_work.h"

static const struct str iam_types[] = {
	STR("AWS::IAM::Group"),
	STR("AWS::IAM::Policy"),
	STR("AWS::IAM::Role"),
	STR("AWS::IAM::User"),
};

static const char what_of[] = "what changed of ";

int setting_say(struct coverage_setting *s, struct arena *a, size_t most)
{
	*s = (struct coverage_setting){ .said = true };
	s->unknown = arena_alloc(a, (most + 1) * sizeof(*s->unknown));
	return s->unknown ? 0 : -ENOMEM;
}

int setting_leave_out(struct coverage_setting *s, struct arena *a, struct str unknown)
{
	struct str kept = arena_str(a, unknown);

	if (!kept.p)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->unknown[i], kept))
			return 0;
	s->unknown[s->n++] = kept;
	return 0;
}

int setting_leave_out_of(struct coverage_setting *s, struct arena *a, const char *what,
			 struct str of)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	buf_put_text(&text, what);
	buf_put_str(&text, of);
	return buf_error(&text) ? -ENOMEM : setting_leave_out(s, a, buf_str(&text));
}

static size_t length(const struct jv *list)
{
	return jv_is(list, JV_ARRAY) ? list->len : 0;
}

static bool is_of_iam(struct str type)
{
	for (size_t i = 0; i < ARRAY_SIZE(iam_types); i++)
		if (str_eq(type, iam_types[i]))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* "A, B and C", in one order whichever it was said in. */
static int put_types(struct buf *out, const struct jv *list, struct arena *a)
{
	size_t n = length(list);
	struct str *types = arena_alloc(a, (n + 1) * sizeof(*types));

	if (!types)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		types[i] = jv_str(&list->items[i]);
	if (n > 1)
		qsort(types, n, sizeof(*types), by_text);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%.*s",
			   !i          ? ""
			   : i + 1 < n ? ", "
				       : " and ",
			   STR_ARGS(types[i]));
	return buf_error(out);
}

/* --- types ---------------------------------------------------------------------------------- */

static int without_these(struct coverage_control *c, const struct jv *types,
			 struct arena *a)
{
	int r = 0;

	for (size_t i = 0; !r && i < length(types); i++) {
		struct str type = jv_str(&types->items[i]);

		if (type.n)
			r = setting_leave_out_of(
				&c->set[is_of_iam(type) ? COVERAGE_GLOBAL
							: COVERAGE_TYPES],
				a, what_of, type);
	}
	return r;
}

static int without_iam(struct coverage_control *c, const struct jv *but, struct arena *a)
{
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(iam_types); i++)
		if (!but || !jv_holds(but, iam_types[i]))
			r = setting_leave_out_of(&c->set[COVERAGE_GLOBAL], a, what_of,
						 iam_types[i]);
	return r;
}

static int only_these(struct coverage_control *c, const struct jv *types, struct arena *a)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	buf_put_text(&text, "what changed of all types but ");
	r = put_types(&text, types, a);
	if (!r)
		r = setting_leave_out(&c->set[COVERAGE_TYPES], a, buf_str(&text));
	return r ? r : without_iam(c, types, a);
}

static int read_group(const struct jv *group, struct arena *a, struct coverage_control *c)
{
	const struct jv *only = jv_get(group, "resourceTypes");
	const struct jv *without =
		jv_path(group, "exclusionByResourceTypes.resourceTypes");
	const struct jv *global = jv_get(group, "includeGlobalResourceTypes");
	struct str how = jv_get_text(jv_get(group, "recordingStrategy"), "useOnly");
	bool all = jv_is(jv_get(group, "allSupported"), JV_TRUE);
	int r = setting_say(&c->set[COVERAGE_TYPES], a, length(without) + 1);

	if (!r)
		r = setting_say(&c->set[COVERAGE_GLOBAL], a, ARRAY_SIZE(iam_types));
	if (r)
		return r;
	if (length(without) && (!how.n || str_is(how, "EXCLUSION_BY_RESOURCE_TYPES")))
		return without_these(c, without, a);
	if (length(only) && !all)
		return only_these(c, only, a);
	if (all && jv_is(global, JV_FALSE))
		return without_iam(c, NULL, a);
	/* Neither in nor out: nobody knows. */
	c->set[COVERAGE_GLOBAL].said = jv_is(global, JV_TRUE);
	return 0;
}

/* --- how often ------------------------------------------------------------------------------ */

static bool is_daily(const struct jv *mode)
{
	return str_is(jv_get_text(mode, "recordingFrequency"), "DAILY");
}

static size_t types_of(const struct jv *overrides)
{
	size_t n = 0;

	for (size_t i = 0; i < length(overrides); i++)
		n += length(jv_get(&overrides->items[i], "resourceTypes"));
	return n;
}

/* All once a day, but for what is overridden. */
static int all_daily(struct coverage_setting *s, const struct jv *overrides,
		     struct arena *a)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *but = ", but for ";
	int r = 0;

	buf_put_text(&text, "what changed back within a day");
	for (size_t i = 0; !r && i < length(overrides); i++) {
		if (is_daily(&overrides->items[i]))
			continue;
		buf_put_text(&text, but);
		r = put_types(&text, jv_get(&overrides->items[i], "resourceTypes"), a);
		but = ", ";
	}
	if (!r)
		r = buf_error(&text);
	return r ? r : setting_leave_out(s, a, buf_str(&text));
}

static int read_mode(const struct jv *mode, struct arena *a, struct coverage_setting *s)
{
	const struct jv *overrides = jv_get(mode, "recordingModeOverrides");
	int r = setting_say(s, a, types_of(overrides) + 1);

	if (r)
		return r;
	if (is_daily(mode))
		return all_daily(s, overrides, a);
	for (size_t i = 0; i < length(overrides); i++) {
		const struct jv *types = jv_get(&overrides->items[i], "resourceTypes");

		for (size_t k = 0;
		     !r && is_daily(&overrides->items[i]) && k < length(types); k++)
			r = setting_leave_out_of(s, a,
						 "what changed back within a day in ",
						 jv_str(&types->items[k]));
	}
	return r;
}

int control_read_recorder(const struct jv *recorder, struct arena *a,
			  struct coverage_control *c)
{
	int r;

	if (!jv_is(recorder, JV_OBJECT))
		return 0;
	r = read_group(jv_get(recorder, "recordingGroup"), a, c);
	if (r)
		return r;
	return read_mode(jv_get(recorder, "recordingMode"), a, &c->set[COVERAGE_MOMENTS]);
}
