/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inventories. The fields are AWS's, under the names that the tree uses elsewhere; their order is
 * fixed, since scripts count columns.
 */

#include "render/inventory.h"

#include "text.h"
#include "util/sha256.h"

/* What is shown of an item; tags are an object, all else is text. */
static const struct {
	const char *name; /* of the column */
	const char *key;  /* in the body */
} fields[] = {
	{ "accountId", "awsAccountId" },
	{ "awsRegion", "awsRegion" },
	{ "resourceType", "resourceType" },
	{ "resourceId", "resourceId" },
	{ "resourceName", "resourceName" },
	{ "ARN", "ARN" },
	{ "captureTime", "configurationItemCaptureTime" },
	{ "status", "configurationItemStatus" },
	{ "createdTime", "resourceCreationTime" },
	{ "tags", "tags" },
};

/* --- csv ---------------------------------------------------------------------------------- */

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r')
			return true;
	return s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

/* Puts what was appended from `from` on between quotes, where it has to be. */
static void quote(struct buf *out, size_t from)
{
	_cleanup_(buf_deinit) struct buf plain = BUF_INIT;
	struct str text = str_from(buf_str(out), from);

	if (!needs_quotes(text))
		return;
	buf_put_str(&plain, text);
	if (plain.failed)
		out->failed = true;
	out->len = from;
	buf_put_char(out, '"');
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.data[i] == '"')
			buf_put_char(out, '"');
		buf_put_char(out, plain.data[i]);
	}
	buf_put_char(out, '"');
}

static void put_csv(struct buf *out, const struct jv *value)
{
	size_t from = out->len;

	if (!value || jv_is(value, JV_NULL))
		return;
	if (jv_is(value, JV_STRING)) {
		text_safe(out, jv_str(value));
	} else if (!jv_is(value, JV_OBJECT) || value->len > 0) {
		jv_write(out, value);
		text_make_safe(out, from);
	}
	quote(out, from);
}

void render_inventory_csv_head(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		buf_put_text(out, i ? "," : "");
		buf_put_text(out, fields[i].name);
	}
	buf_put_char(out, '\n');
}

void render_inventory_csv(struct buf *out, const struct jv *body)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (i)
			buf_put_char(out, ',');
		put_csv(out, jv_get(body, fields[i].key));
	}
	buf_put_char(out, '\n');
}

/* --- jsonl -------------------------------------------------------------------------------- */

void render_inventory_jsonl(struct buf *out, const struct jv *body)
{
	size_t from = out->len;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct jv *value = jv_get(body, fields[i].key);

		buf_put_char(out, i ? ',' : '{');
		jv_write_string(out, str_of(fields[i].name));
		buf_put_char(out, ':');
		jv_write(out, value ? value : &jv_null);
	}
	buf_put_char(out, '}');
	text_make_safe(out, from);
	buf_put_char(out, '\n');
}

/* --- snapshot ----------------------------------------------------------------------------- */

/* A UUID of version 8 (RFC 9562: by rules of one's own), so that a moment's is always the same. */
static void put_uuid(struct buf *out, struct str label)
{
	uint8_t hash[SHA256_SIZE];

	sha256(label, hash);
	hash[6] = (uint8_t)(0x80 | (hash[6] & 0x0f));
	hash[8] = (uint8_t)(0x80 | (hash[8] & 0x3f));
	for (size_t i = 0; i < 16; i++)
		buf_printf(out, "%s%02x",
			   i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   (unsigned)hash[i]);
}

void render_snapshot_head(struct buf *out, struct str label)
{
	buf_put_text(out, "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"");
	put_uuid(out, label);
	buf_put_text(out, "\",\"configurationItems\":[");
}

void render_snapshot_item(struct buf *out, struct str body, bool first)
{
	buf_put_text(out, first ? "\n" : ",\n");
	buf_put_str(out, body);
}

void render_snapshot_tail(struct buf *out)
{
	buf_put_text(out, "\n]}\n");
}
