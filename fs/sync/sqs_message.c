/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes are taken off until nothing looks like one. S3's own notifications have their keys
 * encoded as HTML forms do, everybody else's are plain.
 */
#include "sqs_message.h"

#include <errno.h>

#include "util/json.h"
#include "util/percent.h"

#define ENVELOPES_MAX 4

static struct sqs_pointer *add(struct sqs_content *c, struct str bucket, struct str key)
{
	struct sqs_pointer *p = &c->pointers[c->n_pointers];

	/* A folder that the console made holds nothing. */
	if (!bucket.n || !key.n || key.p[key.n - 1] == '/')
		return NULL;
	*p = (struct sqs_pointer){ bucket, key };
	c->n_pointers++;
	return p;
}

static int make_room(struct arena *a, size_t n, struct sqs_content *c)
{
	c->pointers = arena_alloc(a, (n + 1) * sizeof(*c->pointers));
	return c->pointers ? 0 : -ENOMEM;
}

/* --- who tells of objects ------------------------------------------------------------------- */

static bool is_s3_records(const struct jv *v)
{
	const struct jv *records = jv_get(v, "Records");

	if (!jv_is(records, JV_ARRAY) || !records->len)
		return false;
	for (uint32_t i = 0; i < records->len; i++)
		if (!jv_is(jv_get(&records->items[i], "s3"), JV_OBJECT))
			return false;
	return true;
}

static int read_records(struct arena *a, const struct jv *records, struct sqs_content *c)
{
	int r = make_room(a, records->len, c);

	for (uint32_t i = 0; !r && i < records->len; i++) {
		const struct jv *record = &records->items[i];
		struct str key = jv_str(jv_path(record, "s3.object.key"));

		if (!str_starts(jv_get_text(record, "eventName"), "ObjectCreated"))
			continue;
		key = percent_decode_form(a, key);
		if (!key.p)
			return -ENOMEM;
		(void)add(c, jv_str(jv_path(record, "s3.bucket.name")), key);
	}
	c->ignored = c->n_pointers == 0;
	return r;
}

static int read_created(struct arena *a, const struct jv *detail, struct sqs_content *c)
{
	int r = make_room(a, 1, c);

	if (!r)
		(void)add(c, jv_str(jv_path(detail, "bucket.name")),
			  jv_str(jv_path(detail, "object.key")));
	c->ignored = c->n_pointers == 0;
	return r;
}

/* Config names one object, CloudTrail some. */
static int read_delivery(struct arena *a, const struct jv *v, struct sqs_content *c)
{
	struct str bucket = jv_get_text(v, "s3Bucket");
	const struct jv *key = jv_get(v, "s3ObjectKey");
	size_t n = jv_is(key, JV_ARRAY) ? key->len : 1;
	int r = make_room(a, n, c);

	for (size_t i = 0; !r && i < n; i++)
		(void)add(c, bucket, jv_str(jv_is(key, JV_ARRAY) ? &key->items[i] : key));
	return r;
}

/* "bucket/key"; what could not be put there is in the message as far as it goes. */
static int read_oversized(struct arena *a, const struct jv *v, struct sqs_content *c)
{
	const struct jv *delivery = jv_get(v, "s3DeliverySummary");
	struct str where = jv_get_text(delivery, "s3BucketLocation");
	ptrdiff_t slash = str_chr(where, '/');
	int r;

	if (slash < 0 || jv_str(jv_get(delivery, "errorCode")).n)
		return 0;
	r = make_room(a, 1, c);
	if (!r)
		(void)add(c, (struct str){ where.p, (size_t)slash },
			  str_from(where, (size_t)slash + 1));
	return r;
}

/* --- envelopes ------------------------------------------------------------------------------ */

static bool is_test(const struct jv *v)
{
	return str_is(jv_get_text(v, "Event"), "s3:TestEvent");
}

static int read_message(struct arena *a, const struct jv *v, struct sqs_content *c)
{
	c->ignored = is_test(v);
	if (is_s3_records(v))
		return read_records(a, jv_get(v, "Records"), c);
	if (jv_get_text(v, "s3Bucket").n && jv_get(v, "s3ObjectKey"))
		return read_delivery(a, v, c);
	if (jv_is(jv_get(v, "s3DeliverySummary"), JV_OBJECT))
		return read_oversized(a, v, c);
	return 0;
}

int sqs_message_read(struct arena *a, struct str body, struct sqs_content *ret)
{
	struct jv held;
	const struct jv *v = &held;
	int r = jv_parse(a, body, &held, NULL);

	*ret = (struct sqs_content){ 0 };
	for (int n = 0; r == 0 && n < ENVELOPES_MAX; n++) {
		const struct jv *detail = jv_get(v, "detail");
		struct str inner = jv_get_text(v, "Message");

		if (inner.n && jv_get_text(v, "TopicArn").n) {
			struct jv *next = arena_alloc(a, sizeof(*next));

			r = next ? jv_parse(a, inner, next, NULL) : -ENOMEM;
			v = next;
		} else if (jv_is(detail, JV_OBJECT) && jv_get(v, "detail-type")) {
			if (str_is(jv_get_text(v, "source"), "aws.s3"))
				return read_created(a, detail, ret);
			v = detail;
		} else {
			return read_message(a, v, ret);
		}
	}
	return MIN(r, 0);
}
