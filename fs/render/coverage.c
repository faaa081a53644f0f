/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coverage.tsv and gaps.tsv. Spans are whole days, first and last; gaps are from one moment to
 * another, since who stops a recorder does so at some minute.
 */

#include <inttypes.h>

#include "model/timestamp.h"
#include "render/status.h"

#include "text.h"

static void put_place(struct buf *out, struct str account, struct str region,
		      enum coverage_source source)
{
	text_safe(out, account);
	buf_put_char(out, '\t');
	text_safe(out, region);
	buf_printf(out, "\t%s\t", coverage_source_name(source));
}

static void put_day(struct buf *out, int64_t day)
{
	char text[TIMESTAMP_ISO_SIZE];

	timestamp_format(day * COVERAGE_DAY_MS, text);
	buf_put(out, text, strlen("2024-05-01"));
	buf_put_char(out, '\t');
}

void render_coverage_header(struct buf *out)
{
	buf_put_text(out,
		     "accountId\tawsRegion\tsource\tfrom\tto\tdays\tquiet\trecords\n");
}

void render_coverage(struct buf *out, const struct coverage_span *c)
{
	put_place(out, c->account, c->region, c->source);
	put_day(out, c->first_day);
	put_day(out, c->last_day);
	buf_printf(out, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", c->days, c->quiet,
		   c->records);
}

void render_gaps_header(struct buf *out)
{
	buf_put_text(out,
		     "accountId\tawsRegion\tsource\tkind\tfrom\tto\tcall\tprincipal\t"
		     "eventID\tunknown\n");
}

static void put_moment(struct buf *out, int64_t ms)
{
	char text[TIMESTAMP_ISO_SIZE];

	if (ms >= 0) {
		timestamp_format(ms, text);
		buf_put_text(out, text);
	}
	buf_put_char(out, '\t');
}

void render_gap(struct buf *out, const struct coverage_gap *g)
{
	static const struct coverage_control nobody = { 0 };
	const struct coverage_control *stop = g->stop ? g->stop : &nobody;

	put_place(out, g->account, g->region, g->source);
	buf_printf(out, "%s\t", coverage_gap_name(g->kind));
	put_moment(out, g->from_ms);
	put_moment(out, g->to_ms);
	text_safe(out, stop->call);
	buf_put_char(out, '\t');
	text_safe(out, stop->principal);
	buf_put_char(out, '\t');
	text_safe(out, stop->event_id);
	buf_put_char(out, '\t');
	text_safe(out, coverage_gap_unknown(g));
	buf_put_char(out, '\n');
}
