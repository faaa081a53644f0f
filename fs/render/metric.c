/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Points of metrics. All but time and value is the same in every line of a series, so a file's
 * length is a sum: of the values' lengths, and of so many times the rest.
 */

#include "render/metric.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "model/name.h"
#include "model/timestamp.h"

const struct str render_metric_header =
	STR("time\tvalue\tstatistic\tperiod\tdimensions\n");

static void put_part(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || strchr("%,=", c))
			buf_printf(out, "%%%02X", c);
		else
			buf_put_char(out, (char)c);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct alarm_dimension *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	return order ? order : str_cmp(x->value, y->value);
}

int render_metric_tail(struct buf *out, struct arena *scratch,
		       const struct metric_data *m)
{
	size_t n = m->n_dimensions;
	struct alarm_dimension *all = arena_alloc(scratch, (n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (n)
		memcpy(all, m->dimensions, n * sizeof(*all));
	if (n > 1)
		qsort(all, n, sizeof(*all), by_name);
	put_part(out, m->statistic);
	buf_printf(out, "\t%" PRId64 "\t", m->period_s);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_put_char(out, ',');
		put_part(out, all[i].name);
		buf_put_char(out, '=');
		put_part(out, all[i].value);
	}
	return 0;
}

void render_metric_line(struct buf *out, int64_t time_ms, struct str value,
			struct str tail)
{
	char time[TIMESTAMP_ISO_SIZE];

	timestamp_format(time_ms, time);
	buf_put_text(out, time);
	buf_put_char(out, '\t');
	buf_put_str(out, value);
	buf_put_char(out, '\t');
	buf_put_str(out, tail);
	buf_put_char(out, '\n');
}

size_t render_metric_fixed(struct str tail)
{
	return TIMESTAMP_ISO_SIZE - 1 + 3 + tail.n;
}

void render_metric_name(struct buf *out, struct str namespace, struct str metric)
{
	_cleanup_(buf_deinit) struct buf both = BUF_INIT;

	buf_put_str(&both, namespace);
	buf_put_char(&both, '~');
	buf_put_str(&both, metric);
	if (buf_error(&both))
		out->failed = true;
	else
		name_escape_within(out, buf_str(&both),
				   NAME_MAX_BYTES - strlen(RENDER_METRIC_SUFFIX));
}
