/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of our own, by jansson. The builder holds the containers from the document down to
 * the one that is open; jansson owns everything that was put into one.
 */
#include "util/json_build.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "utf8.h"

struct json_build {
	json_t *open[JSON_BUILD_DEPTH]; /* borrowed, but for the first: the document */
	unsigned depth;                 /* index of the last */
	unsigned skipped;               /* containers opened since the first error */
	int error;
};

struct json_build *json_build_new(void)
{
	struct json_build *b = calloc(1, sizeof(*b));

	if (b)
		b->open[0] = json_object();
	if (b && !b->open[0])
		return json_build_free(b);
	return b;
}

struct json_build *json_build_free(struct json_build *b)
{
	if (b)
		json_decref(b->open[0]);
	free(b);
	return NULL;
}

/* Takes the value over; NULL means that there was no memory for it. */
static void put(struct json_build *b, const char *key, json_t *value)
{
	json_t *in = b->open[b->depth];
	int r;

	if (b->error || !value) {
		b->error = b->error ? b->error : -ENOMEM;
		json_decref(value);
		return;
	}
	if (json_is_object(in) != (key != NULL)) {
		b->error = -EINVAL;
		json_decref(value);
		return;
	}
	/* Both give the value back on failure. */
	r = key ? json_object_set_new_nocheck(in, key, value)
		: json_array_append_new(in, value);
	if (r)
		b->error = -ENOMEM;
}

static void open_container(struct json_build *b, const char *key, json_t *container)
{
	if (!b->error && b->depth + 1 == JSON_BUILD_DEPTH)
		b->error = -EINVAL;
	put(b, key, container);
	if (b->error)
		b->skipped++;
	else
		b->open[++b->depth] = container;
}

void json_build_object(struct json_build *b, const char *key)
{
	open_container(b, key, json_object());
}

void json_build_array(struct json_build *b, const char *key)
{
	open_container(b, key, json_array());
}

void json_build_end(struct json_build *b)
{
	if (b->skipped)
		b->skipped--;
	else if (b->depth)
		b->depth--;
	else if (!b->error)
		b->error = -EINVAL;
}

static void put_readable(struct buf *out, struct str text)
{
	const char *p = text.p, *end = p + text.n;

	while (p < end) {
		size_t n = utf8_sequence(p, end);

		buf_put(out, n ? p : "\xef\xbf\xbd", n ? n : 3);
		p += n ? n : 1;
	}
}

void json_build_text(struct json_build *b, const char *key, struct str text)
{
	_cleanup_(buf_deinit) struct buf readable = BUF_INIT;

	if (!text.n) {
		put(b, key, json_string(""));
		return;
	}
	if (str_is_utf8(text)) {
		put(b, key, json_stringn_nocheck(text.p, text.n));
		return;
	}
	put_readable(&readable, text);
	put(b, key,
	    buf_error(&readable) ? NULL
				 : json_stringn_nocheck(readable.data, readable.len));
}

void json_build_integer(struct json_build *b, const char *key, int64_t n)
{
	put(b, key, json_integer(n));
}

void json_build_boolean(struct json_build *b, const char *key, bool value)
{
	put(b, key, json_boolean(value));
}

void json_build_null(struct json_build *b, const char *key)
{
	put(b, key, json_null());
}

int json_build_write(const struct json_build *b, struct buf *out)
{
	char *text;

	if (b->error)
		return b->error;
	text = json_dumps(b->open[0], JSON_INDENT(2));
	if (!text)
		return -ENOMEM;
	buf_put_text(out, text);
	buf_put_char(out, '\n');
	free(text);
	return buf_error(out);
}
