/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of relationships. Fields that the history does not give are `-`, so that every line has
 * as many fields for cut and awk.
 */

#include "render/relation.h"

#include "model/timestamp.h"

#include "text.h"

const struct str render_relation_header =
	STR("relation\tdirection\ttype\tid\tname\tsince\tuntil\tpath\n");
const struct str render_relation_at_header = STR(
	"source_type\tsource_id\trelation\ttarget_type\ttarget_id\ttarget_name\tsince\t"
	"target\n");

static void put_field(struct buf *out, struct str text)
{
	if (text.n)
		text_safe(out, text);
	else
		buf_put_char(out, '-');
	buf_put_char(out, '\t');
}

static void put_time(struct buf *out, int64_t time_ms)
{
	char iso[TIMESTAMP_ISO_SIZE];

	if (time_ms == RELATION_OPEN) {
		put_field(out, STR_NULL);
		return;
	}
	timestamp_format(time_ms, iso);
	put_field(out, str_of(iso));
}

void render_relation_fields(struct buf *out, const struct render_relation *r)
{
	put_field(out, r->what);
	put_field(out, r->out ? STR("out") : STR("in"));
	put_field(out, r->type);
	put_field(out, r->id);
	put_field(out, r->name);
	put_time(out, r->since_ms);
	put_time(out, r->until_ms);
}

void render_relation_at_fields(struct buf *out, const struct render_relation_at *r)
{
	put_field(out, r->type);
	put_field(out, r->id);
	put_field(out, r->relation->what);
	put_field(out, r->relation->type);
	put_field(out, r->relation->id);
	put_field(out, r->relation->name);
	put_time(out, r->relation->since_ms);
}
