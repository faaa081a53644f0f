/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON pointers part by part. A part is an index in an array and a name in an object, which the value
 * alone tells; a name has ~1 and ~0 for what would end it.
 */
#include "util/json_pointer.h"

#include <errno.h>

int json_pointer_member(struct arena *a, struct str part, struct str *ret)
{
	size_t n = 0;
	char *to;

	*ret = part;
	if (str_chr(part, '~') < 0)
		return 0;
	to = arena_alloc(a, part.n);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < part.n; i++)
		if (part.p[i] == '~' && i + 1 < part.n)
			to[n++] = part.p[++i] == '1' ? '/' : '~';
		else
			to[n++] = part.p[i];
	*ret = (struct str){ to, n };
	return 0;
}

/* NULL: it is no index, or of none of the items. */
static const struct jv *item_at(const struct jv *v, struct str part)
{
	size_t n = 0;

	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] < '0' || part.p[i] > '9' || n > v->len)
			return NULL;
		n = n * 10 + (size_t)(part.p[i] - '0');
	}
	return part.n && n < v->len ? &v->items[n] : NULL;
}

static int step(struct arena *a, const struct jv **v, struct str part)
{
	struct str name;
	int r;

	if ((*v)->type == JV_ARRAY) {
		*v = item_at(*v, part);
		return 0;
	}
	r = json_pointer_member(a, part, &name);
	*v = r ? NULL : jv_get_str(*v, name);
	return r;
}

int json_pointer_holder(struct arena *a, const struct jv *v, struct str pointer,
			const struct jv **ret)
{
	ptrdiff_t last = str_rchr(pointer, '/');
	struct str rest = { pointer.p, last > 0 ? (size_t)last : 0 };
	int r = 0;

	*ret = NULL;
	if (last < 0)
		return 0; /* the whole stands in nothing */
	while (!r && v && rest.n) {
		struct str part = str_from(rest, 1);
		ptrdiff_t slash = str_chr(part, '/');

		part.n = slash < 0 ? part.n : (size_t)slash;
		rest = str_from(rest, 1 + part.n);
		r = step(a, &v, part);
	}
	*ret = v;
	return r;
}
