/* SPDX-License-Identifier: Apache-2.0 */
/* "AWS/EC2 CPUUtilization InstanceId Average 60" */
#include "metric_spec.h"

#include "model/mention.h"
#include "sync/sync.h"

#define STATISTIC STR("Average")
#define PERIOD_S  60u

static struct str take_word(struct str *text)
{
	struct str word = *text;

	while (word.n && (*word.p == ' ' || *word.p == '\t'))
		word = str_from(word, 1);
	*text = word;
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == ' ' || word.p[i] == '\t') {
			*text = str_from(word, i);
			return (struct str){ word.p, i };
		}
	*text = STR_NULL;
	return word;
}

bool metric_spec_next(struct str *list, struct str *ret_name, struct str *ret_value)
{
	ptrdiff_t comma = str_chr(*list, ',');
	struct str one = comma < 0 ? *list : (struct str){ list->p, (size_t)comma };
	ptrdiff_t equals = str_chr(one, '=');

	*list = comma < 0 ? STR_NULL : str_from(*list, (size_t)comma + 1);
	if (equals < 1 || (size_t)equals + 1 == one.n)
		return false;
	*ret_name = (struct str){ one.p, (size_t)equals };
	*ret_value = str_from(one, (size_t)equals + 1);
	return true;
}

/* The first one, with or without a value; the others are to have theirs. */
static bool read_dimensions(struct str list, struct metric_spec *ret)
{
	ptrdiff_t comma = str_chr(list, ',');
	struct str first = comma < 0 ? list : (struct str){ list.p, (size_t)comma };
	struct str name, value;

	ret->others = comma < 0 ? STR_NULL : str_from(list, (size_t)comma + 1);
	if (comma >= 0 && !ret->others.n)
		return false;
	ret->dimension = first;
	ret->value = STR_NULL;
	if (str_chr(first, '=') >= 0 &&
	    !metric_spec_next(&first, &ret->dimension, &ret->value))
		return false;
	list = ret->others;
	while (list.n)
		if (!metric_spec_next(&list, &name, &value))
			return false;
	return ret->dimension.n > 0;
}

static bool read_period(struct str word, unsigned *ret)
{
	*ret = 0;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9' || i == 5)
			return false;
		*ret = *ret * 10 + (unsigned)(word.p[i] - '0');
	}
	return *ret > 0 && *ret % 60 == 0 && *ret <= 86400;
}

static int wrong(const char *text, const char *why, struct fault *f)
{
	fault_set(f, FAULT_NO_OFFSET, "", "metric %.60s: %s", text, why);
	return SYNC_E_SOURCE;
}

int metric_spec_read(const char *text, struct metric_spec *ret, struct fault *f)
{
	struct str rest = str_of(text), statistic, period;

	ret->namespace = take_word(&rest);
	ret->metric = take_word(&rest);
	if (!ret->metric.n || !read_dimensions(take_word(&rest), ret))
		return wrong(text,
			     "is not NAMESPACE METRIC DIMENSION[=VALUE][,NAME=VALUE...] "
			     "[STATISTIC [PERIOD]]",
			     f);
	if (!mention_dimension_type(ret->dimension, 0))
		return wrong(text, "no type of resource is known by its dimension", f);
	statistic = take_word(&rest);
	period = take_word(&rest);
	ret->statistic = statistic.n ? statistic : STATISTIC;
	ret->period_s = PERIOD_S;
	if (period.n && !read_period(period, &ret->period_s))
		return wrong(text, "the period is seconds, so many times 60", f);
	return take_word(&rest).n ? wrong(text, "has more than it should", f) : 0;
}

int sync_check_metric(const char *text, struct fault *f)
{
	struct metric_spec spec;

	return metric_spec_read(text, &spec, f);
}
