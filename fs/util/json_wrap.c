/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in strings, as policies and access control lists come: which way it was put there is
 * found by putting it there again, each way in turn.
 */
#include <errno.h>

#include "json_shape_private.h"
#include "util/percent.h"

static bool is_plain(char c, unsigned wrap)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~' ||
	       (c == '/' && wrap & JSON_WRAP_URL_SLASH);
}

static void put_url(struct buf *out, struct str text, unsigned wrap)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_plain(text.p[i], wrap))
			buf_put_char(out, text.p[i]);
		else
			buf_put(out, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
	}
}

void json_wrap_put(struct buf *out, struct str text, unsigned wrap)
{
	if (!(wrap & JSON_WRAP_URL)) {
		jv_write_string(out, text);
		return;
	}
	buf_put_char(out, '"');
	put_url(out, text, wrap);
	buf_put_char(out, '"');
}

void json_wrap_write(struct buf *out, const struct jv *v, bool spaced)
{
	bool object = v->type == JV_OBJECT;

	if (!object && v->type != JV_ARRAY) {
		jv_write(out, v);
		return;
	}
	buf_put_char(out, object ? '{' : '[');
	for (uint32_t i = 0; i < v->len; i++) {
		if (i > 0)
			buf_put_text(out, spaced ? ", " : ",");
		if (object) {
			jv_write_string(out, jv_str(&v->members[i].key));
			buf_put_text(out, spaced ? ": " : ":");
		}
		json_wrap_write(out, object ? &v->members[i].value : &v->items[i],
				spaced);
	}
	buf_put_char(out, object ? '}' : ']');
}

/* Does the container put in that way give the string? */
static int is_wrapped(const struct jv *v, struct str string, unsigned wrap, bool *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, put = BUF_INIT;
	int r;

	json_wrap_write(&text, v, wrap & JSON_WRAP_SPACED);
	if (wrap & JSON_WRAP_URL)
		put_url(&put, buf_str(&text), wrap);
	else
		buf_put_str(&put, buf_str(&text));
	r = buf_error(&text);
	if (!r)
		r = buf_error(&put);
	*ret = !r && str_eq(buf_str(&put), string);
	return r;
}

int json_wrap_find(struct arena *a, struct str string, unsigned *ret_wrap, struct jv *ret)
{
	bool url = str_starts(string, "%7B") || str_starts(string, "%5B"), fits;
	struct str text = string;
	int r;

	*ret_wrap = JSON_WRAP_NONE;
	if (!url && !str_starts(string, "{") && !str_starts(string, "["))
		return 0;
	if (url) {
		text = percent_decode(a, string);
		if (!text.p)
			return -ENOMEM;
	}
	r = jv_parse(a, text, ret, NULL);
	if (r)
		return r < 0 ? r : 0;
	for (unsigned wrap = JSON_WRAP_STRING; wrap < JSON_WRAP_END; wrap += 2) {
		if (!(wrap & JSON_WRAP_URL) == url)
			continue;
		r = is_wrapped(ret, string, wrap, &fits);
		if (r || fits) {
			*ret_wrap = r ? JSON_WRAP_NONE : wrap;
			return r;
		}
	}
	return 0;
}

int json_wrap_read(const struct jv *marks, bool *ret_optional, unsigned *ret_wrap)
{
	struct str digits;
	unsigned wrap = 0;

	*ret_optional = true;
	*ret_wrap = JSON_WRAP_NONE;
	if (marks->len == 1)
		return 0;
	if (marks->len != 3)
		return JV_E_SYNTAX;
	*ret_optional = str_is(jv_str(&marks->items[1]), "1");
	digits = jv_str(&marks->items[2]);
	for (size_t i = 0; i < digits.n && wrap < JSON_WRAP_END; i++)
		wrap = wrap * 10 + (unsigned char)digits.p[i] - '0';
	if (wrap >= JSON_WRAP_END || !(wrap & JSON_WRAP_STRING))
		return JV_E_SYNTAX;
	*ret_wrap = wrap;
	return 0;
}
