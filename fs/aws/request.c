/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's URL. AWS signs the encoded form, so there is exactly one: every character that RFC
 * 3986 does not call unreserved becomes %XX, and the parameters are in order.
 */
#include "request.h"

#include <errno.h>
#include <stdlib.h>

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void aws_encode(struct buf *out, struct str text, bool keep_slash)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (is_unreserved(c) || (keep_slash && c == '/'))
			buf_put_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

/* One parameter, encoded: its two halves within the buffer they share. */
struct parameter {
	struct buf text;
	size_t name_len;
};

static int by_name_then_value(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	struct str x_name = { x->text.data, x->name_len };
	struct str y_name = { y->text.data, y->name_len };
	int order = str_cmp(x_name, y_name);

	return order ? order : str_cmp(buf_str(&x->text), buf_str(&y->text));
}

static void put_all(struct buf *out, const struct parameter *parameters, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_put_char(out, '&');
		buf_put_str(out, buf_str(&parameters[i].text));
	}
}

int aws_request_query(struct buf *out, const struct aws_request *rq)
{
	struct parameter parameters[AWS_MAX_QUERY] = { 0 };
	int r = rq->n_query > AWS_MAX_QUERY ? -EINVAL : 0;

	for (size_t i = 0; r == 0 && i < rq->n_query; i++) {
		struct parameter *p = &parameters[i];

		aws_encode(&p->text, rq->query[i].name, false);
		p->name_len = p->text.len;
		buf_put_char(&p->text, '=');
		aws_encode(&p->text, rq->query[i].value, false);
		r = buf_error(&p->text);
	}
	if (r == 0) {
		qsort(parameters, rq->n_query, sizeof(parameters[0]), by_name_then_value);
		put_all(out, parameters, rq->n_query);
		r = buf_error(out);
	}
	for (size_t i = 0; i < AWS_MAX_QUERY; i++)
		buf_deinit(&parameters[i].text);
	return r;
}

int aws_request_url(struct buf *out, const struct aws_request *rq)
{
	buf_put_str(out, rq->scheme);
	buf_put_text(out, "://");
	buf_put_str(out, rq->host);
	aws_encode(out, rq->path, true);
	if (rq->n_query)
		buf_put_char(out, '?');
	return aws_request_query(out, rq);
}
