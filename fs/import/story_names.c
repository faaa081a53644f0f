/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a resource, for by-id, by-name, by-arn and by-tag: those of any of its states, so
 * that what was renamed, tagged anew or deleted is still found by what it was once called.
 */
#include <errno.h>
#include <stdlib.h>

#include "story_work.h"

struct names {
	struct arena *a;
	struct store_name *names;
	size_t n, cap;
};

static int add(struct names *l, enum store_name_kind kind, struct str key,
	       struct str text)
{
	if (l->n == l->cap) {
		size_t cap = MAX(2 * l->cap, 16);
		struct store_name *grown = arena_alloc(l->a, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (l->n)
			memcpy(grown, l->names, l->n * sizeof(*grown));
		l->names = grown;
		l->cap = cap;
	}
	l->names[l->n++] = (struct store_name){ kind, key, text };
	return 0;
}

/* A tag's value is a string; whatever else it should be is taken as it is written. */
static int value_text(struct names *l, const struct jv *value, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (jv_is(value, JV_STRING) || jv_is(value, JV_NULL)) {
		*ret = jv_str(value);
		return 0;
	}
	jv_write(&text, value);
	*ret = arena_str(l->a, buf_str(&text));
	return buf_error(&text) || !ret->p ? -ENOMEM : 0;
}

static int add_tags(struct names *l, const struct jv *tags)
{
	int r = 0;

	if (!jv_is(tags, JV_OBJECT))
		return 0;
	for (size_t i = 0; i < tags->len && !r; i++) {
		struct str text = STR_NULL;

		r = value_text(l, &tags->members[i].value, &text);
		if (!r)
			r = add(l, STORE_NAME_TAG, jv_str(&tags->members[i].key), text);
	}
	return r;
}

static int by_kind(const void *a, const void *b)
{
	const struct store_name *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return str_eq(x->key, y->key) ? str_cmp(x->text, y->text)
				      : str_cmp(x->key, y->key);
}

static void sort(struct names *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->names, l->n, sizeof(*l->names), by_kind);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 || by_kind(&l->names[kept - 1], &l->names[i]) != 0)
			l->names[kept++] = l->names[i];
	l->n = kept;
}

int story_names_make(struct story_work *w, struct store_story *ret)
{
	struct names l = { .a = w->a };
	const struct jv *tags = NULL;
	const struct item *last = NULL;
	int r = add(&l, STORE_NAME_ID, STR_NULL, w->resource.rid);

	for (size_t i = 0; i < w->n_states && !r; i++) {
		const struct item *item = &w->states[i].item;
		const struct jv *now = jv_get(w->states[i].body, "tags");

		if (item->name.n && !(last && str_eq(last->name, item->name)))
			r = add(&l, STORE_NAME_NAME, STR_NULL, item->name);
		if (!r && item->arn.n && !(last && str_eq(last->arn, item->arn)))
			r = add(&l, STORE_NAME_ARN, STR_NULL, item->arn);
		if (!r && now && !(tags && jv_equal(tags, now)))
			r = add_tags(&l, now);
		last = item;
		tags = now;
	}
	if (r)
		return r;
	sort(&l);
	ret->names = l.names;
	ret->n_names = l.n;
	return 0;
}
