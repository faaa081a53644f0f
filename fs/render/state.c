/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A state's file. The body is stored compact and laid out on reading by a pass over its text;
 * no tree is built. A deletion's inherited name and ARN are put in on the way: the two nulls
 * are found in a first pass that knows just enough of JSON to stay at the outermost level.
 */

#include "render/state.h"

#include <errno.h>

#include "util/json.h"

/* Byte behind the string literal that starts at i. */
static size_t skip_string(struct str body, size_t i)
{
	for (i++; i < body.n && body.p[i] != '"'; i++)
		if (body.p[i] == '\\')
			i++;
	return i + 1;
}

/* Where the null of the outermost member `key` stands, or -1 when there is no such null. */
static ptrdiff_t find_null(struct str body, const char *key)
{
	size_t depth = 0;
	size_t i = 0;

	while (i < body.n) {
		char c = body.p[i];
		size_t end;

		if (c != '"') {
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			i++;
			continue;
		}
		end = skip_string(body, i);
		/* In compact text only a key is followed by a colon. */
		if (depth == 1 && end < body.n && body.p[end] == ':' &&
		    str_eq((struct str){ body.p + i + 1, end - i - 2 }, str_of(key)))
			return str_starts(str_from(body, end + 1), "null")
				       ? (ptrdiff_t)end + 1
				       : -1;
		i = end;
	}
	return -1;
}

struct filling {
	ptrdiff_t at; /* of the null, or -1 */
	struct str value;
};

/* Both fillings, by position. */
static void find_fillings(struct str body, struct str name, struct str arn,
			  struct filling ret[2])
{
	ret[0] = (struct filling){ arn.n ? find_null(body, "ARN") : -1, arn };
	ret[1] = (struct filling){ name.n ? find_null(body, "resourceName") : -1, name };
	if (ret[0].at > ret[1].at) {
		struct filling swap = ret[0];

		ret[0] = ret[1];
		ret[1] = swap;
	}
}

static void fill(struct buf *out, struct str body, const struct filling fillings[2])
{
	size_t done = 0;

	for (size_t i = 0; i < 2; i++) {
		if (fillings[i].at < 0)
			continue;
		buf_put(out, body.p + done, (size_t)fillings[i].at - done);
		jv_write_string(out, fillings[i].value);
		done = (size_t)fillings[i].at + strlen("null");
	}
	buf_put_str(out, str_from(body, done));
}

void render_state(struct buf *out, struct str body, struct str name, struct str arn)
{
	_cleanup_(buf_deinit) struct buf filled = BUF_INIT;
	struct filling fillings[2];

	find_fillings(body, name, arn, fillings);
	if (fillings[1].at >= 0) { /* the later of the two: -1 only when both are */
		fill(&filled, body, fillings);
		if (filled.failed)
			out->failed = true;
		body = buf_str(&filled);
	}
	jv_pretty(out, body, 0);
	buf_put_char(out, '\n');
}

int render_state_len(struct str body, struct str name, struct str arn, size_t *ret_len)
{
	_cleanup_(buf_deinit) struct buf literal = BUF_INIT;
	struct filling fillings[2];
	size_t nulls = 0;

	find_fillings(body, name, arn, fillings);
	for (size_t i = 0; i < 2; i++) {
		if (fillings[i].at < 0)
			continue;
		jv_write_string(&literal, fillings[i].value);
		nulls += strlen("null");
	}
	if (buf_error(&literal) < 0)
		return -ENOMEM;
	*ret_len = jv_pretty_len(body, 0) - nulls + literal.len + 1;
	return 0;
}
