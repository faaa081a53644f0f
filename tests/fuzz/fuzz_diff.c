/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for differences. Two JSON texts with a line between them that holds just a -: equal
 * ones have no difference, one way has differences when the other has, pointers are told apart,
 * and what is new stands where it is said to.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/json_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The member or element that the first step of a pointer leads to. */
static const struct jv *step(const struct jv *v, struct str name)
{
	_cleanup_(buf_deinit) struct buf key = BUF_INIT;
	size_t index = 0;

	if (v->type == JV_ARRAY) {
		for (size_t i = 0; i < name.n; i++)
			index = index * 10 + (size_t)(name.p[i] - '0');
		return index < v->len ? &v->items[index] : NULL;
	}
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '~')
			c = name.p[++i] == '0' ? '~' : '/';
		buf_put_char(&key, c);
	}
	return jv_get_str(v, buf_str(&key));
}

static const struct jv *follow(const struct jv *v, struct str pointer)
{
	while (v && pointer.n > 0) {
		struct str rest = str_from(pointer, 1);
		ptrdiff_t end = str_chr(rest, '/');
		struct str name = { rest.p, end < 0 ? rest.n : (size_t)end };

		require(pointer.p[0] == '/');
		v = step(v, name);
		pointer = str_from(pointer, name.n + 1);
	}
	return v;
}

static bool starts_with(struct str a, struct str prefix)
{
	return a.n >= prefix.n && memcmp(a.p, prefix.p, prefix.n) == 0 &&
	       (a.n == prefix.n || a.p[prefix.n] == '/');
}

static void check(const struct json_diff *diff, const struct jv *after)
{
	for (size_t i = 0; i < diff->n; i++) {
		const struct json_diff_entry *e = &diff->entries[i];

		require((e->kind == JSON_DIFF_CREATE) == !e->previous);
		require((e->kind == JSON_DIFF_DELETE) == !e->updated);
		if (e->updated)
			require(follow(after, e->pointer) == e->updated);
		for (size_t j = 0; diff->n <= 1000 && j < diff->n; j++)
			require(i == j ||
				!starts_with(diff->entries[j].pointer, e->pointer));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str text = { (const char *)data, size };
	const char *line = memmem(text.p, size, "\n-\n", 3);
	struct json_diff there, back;
	struct jv before, after;

	if (!line ||
	    jv_parse(&a, (struct str){ text.p, line - text.p }, &before, NULL) != 0 ||
	    jv_parse(&a, str_from(text, line + 3 - text.p), &after, NULL) != 0)
		return 0;
	require(json_diff(&a, &before, &after, &there) == 0);
	check(&there, &after);
	require(json_diff(&a, &after, &before, &back) == 0);
	check(&back, &before);
	require((there.n == 0) == (back.n == 0));
	require(!jv_equal(&before, &after) || there.n == 0);
	require(json_diff(&a, &before, &before, &there) == 0 && there.n == 0);
	return 0;
}
