/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tables of status/. Numbers are plain, for sort and awk; times are as everywhere; a time or
 * an offset that is not known is an empty cell.
 */

#include "render/status.h"

#include <inttypes.h>

#include "model/name.h"
#include "model/timestamp.h"

#include "text.h"

/* Bytes of a source's last part in the name of a refusal's file. */
#define NAME_PART_BYTES 120

static void put_cell(struct buf *out, struct str text)
{
	text_safe(out, text);
	buf_put_char(out, '\t');
}

static void put_time(struct buf *out, int64_t ms)
{
	char text[TIMESTAMP_ISO_SIZE];

	if (ms <= 0)
		return;
	timestamp_format(ms, text);
	buf_put_text(out, text);
}

void render_imports_header(struct buf *out)
{
	buf_put_text(out, "source\tbytes\tfinished\titems\tevents\ttransitions\t"
			  "duplicates\tnotices\trefused\tskipped\n");
}

void render_import(struct buf *out, const struct render_import *r)
{
	const uint64_t counts[] = { r->items,   r->events,  r->transitions, r->duplicates,
				    r->notices, r->refused, r->skipped };

	put_cell(out, r->name);
	buf_printf(out, "%" PRIu64 "\t", r->size);
	put_time(out, r->finished_ms);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		buf_printf(out, "\t%" PRIu64, counts[i]);
	buf_put_char(out, '\n');
}

/* --- refusals ------------------------------------------------------------------------------ */

/* At most so many bytes, whole characters. */
static struct str cut(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str){ s.p, max };
}

void render_refusal_name(struct buf *out, const struct render_refusal *r)
{
	struct str part = r->source;
	ptrdiff_t slash;

	while (part.n > 0 && part.p[part.n - 1] == '/')
		part.n--;
	slash = str_rchr(part, '/');
	part = cut(str_from(part, (size_t)(slash + 1)), NAME_PART_BYTES);
	buf_printf(out, "%06" PRId64 "-", r->id);
	for (size_t i = 0; i < part.n; i++) {
		unsigned char c = (unsigned char)part.p[i];

		/* Names that a shell takes as they are; the table has the source in full. */
		buf_put_char(out, c > ' ' && c < 0x7f &&
						  !strchr("/\\'\"`$&|;<>(){}[]*?!#~%", c)
					  ? (char)c
					  : '_');
	}
	if (r->offset != UINT64_MAX)
		buf_printf(out, "+%" PRIu64, r->offset);
}

void render_refused_header(struct buf *out)
{
	buf_put_text(out, "file\tsource\toffset\tfield\treason\tlength\tkept\n");
}

void render_refusal(struct buf *out, const struct render_refusal *r)
{
	render_refusal_name(out, r);
	buf_put_char(out, '\t');
	put_cell(out, r->source);
	if (r->offset != UINT64_MAX)
		buf_printf(out, "%" PRIu64, r->offset);
	buf_put_char(out, '\t');
	put_cell(out, r->field);
	put_cell(out, r->reason);
	buf_printf(out, "%" PRIu64 "\t%" PRIu64 "\n", r->length, r->kept);
}

/* --- churn --------------------------------------------------------------------------------- */

void render_churn_header(struct buf *out)
{
	buf_put_text(
		out,
		"what\titems\tshare\taccountId\tawsRegion\tresourceType\tresourceId\t"
		"resources\tfirst\tlast\n");
}

/* In hundredths of a percent, rounded to the nearest; no item count comes near an overflow. */
static uint64_t share_of(uint64_t items, uint64_t all)
{
	return all ? (items * 10000 + all / 2) / all : 0;
}

void render_churn(struct buf *out, const struct render_churn *r)
{
	uint64_t share = share_of(r->items, r->all);

	buf_put_text(out, r->rest ? "rest" : r->rid.n ? "resource" : "type");
	buf_put_char(out, '\t');
	buf_put_number(out, r->items);
	buf_put_char(out, '\t');
	buf_put_number(out, share / 100);
	buf_put_char(out, '.');
	buf_put_char(out, (char)('0' + share / 10 % 10));
	buf_put_char(out, (char)('0' + share % 10));
	buf_put_text(out, "%\t");
	put_cell(out, r->account);
	put_cell(out, r->region);
	put_cell(out, r->type);
	put_cell(out, r->rid);
	buf_put_number(out, r->resources);
	buf_put_char(out, '\t');
	put_time(out, r->first_ms);
	buf_put_char(out, '\t');
	put_time(out, r->last_ms);
	buf_put_char(out, '\n');
}

void render_sources_header(struct buf *out)
{
	buf_put_text(out,
		     "source\tlooked\tsuccess\tnewest\tlagSeconds\tfailures\terrors\t"
		     "reason\n");
}

/* It lags by the time for which nothing may have come of it. */
void render_source(struct buf *out, const struct render_source *r)
{
	put_cell(out, r->source);
	put_time(out, r->tried_ms);
	buf_put_char(out, '\t');
	put_time(out, r->success_ms);
	buf_put_char(out, '\t');
	put_time(out, r->newest_ms);
	buf_put_char(out, '\t');
	if (r->success_ms > 0)
		buf_printf(out, "%" PRId64,
			   MAX(r->tried_ms - r->success_ms, INT64_C(0)) / 1000);
	buf_printf(out, "\t%" PRIu64 "\t%" PRIu64 "\t", r->failures, r->errors);
	text_safe(out, r->reason);
	buf_put_char(out, '\n');
}
