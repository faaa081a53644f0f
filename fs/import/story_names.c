/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a resource, for by-id, by-name, by-arn and by-tag: those of any of its states, so
 * that what was renamed, tagged anew or deleted is still found by what it was once called.
 */
#include <errno.h>
#include <stdlib.h>

#include "story_work.h"

static int by_kind(const void *a, const void *b)
{
	const struct store_name *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return str_eq(x->key, y->key) ? str_cmp(x->text, y->text)
				      : str_cmp(x->key, y->key);
}

/* Each once. */
static void sort(struct story_names *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->names, l->n, sizeof(*l->names), by_kind);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 || by_kind(&l->names[kept - 1], &l->names[i]) != 0)
			l->names[kept++] = l->names[i];
	l->n = kept;
}

/* Room for one more: of what came again and again, each is kept once. */
static int make_room(struct story_names *l)
{
	size_t cap = MAX(2 * l->cap, 16);
	struct store_name *grown;

	if (l->n < l->cap)
		return 0;
	sort(l);
	if (l->n < l->cap / 2)
		return 0;
	grown = arena_alloc(l->a, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	if (l->n)
		memcpy(grown, l->names, l->n * sizeof(*grown));
	l->names = grown;
	l->cap = cap;
	return 0;
}

/* The texts stay. */
static int add(struct story_names *l, enum store_name_kind kind, struct str key,
	       struct str text)
{
	int r = make_room(l);

	if (!r)
		l->names[l->n++] = (struct store_name){ kind, key, text };
	return r;
}

/* A tag's value is a string; whatever else it should be is taken as it is written. */
static int value_text(struct story_names *l, const struct jv *value, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (jv_is(value, JV_STRING) || jv_is(value, JV_NULL)) {
		*ret = arena_str(l->a, jv_str(value));
		return ret->p ? 0 : -ENOMEM;
	}
	jv_write(&text, value);
	*ret = arena_str(l->a, buf_str(&text));
	return buf_error(&text) || !ret->p ? -ENOMEM : 0;
}

/* Does the state before have this very tag? Then it is there already. */
static bool is_known(const struct story_names *l, const struct jv_member *tag)
{
	const struct jv *before = jv_get_str(l->tags, jv_str(&tag->key));

	return before && jv_equal(before, &tag->value);
}

static int add_tags(struct story_names *l, const struct jv *tags)
{
	int r = 0;

	if (!jv_is(tags, JV_OBJECT))
		return 0;
	for (size_t i = 0; i < tags->len && !r; i++) {
		const struct jv_member *tag = &tags->members[i];
		struct str text, key;

		if (is_known(l, tag))
			continue;
		key = arena_str(l->a, jv_str(&tag->key));
		r = key.p ? value_text(l, &tag->value, &text) : -ENOMEM;
		if (!r)
			r = add(l, STORE_NAME_TAG, key, text);
	}
	return r;
}

int story_names_begin(struct story_names *l, struct str rid)
{
	return add(l, STORE_NAME_ID, STR_NULL, rid);
}

int story_names_add(struct story_names *l, const struct story_state *state,
		    const struct jv *body)
{
	const struct story_called *called = state->called;
	const struct jv *now = jv_get(body, "tags");
	int r = 0;

	if (called->name.n && !str_eq(l->name, called->name))
		r = add(l, STORE_NAME_NAME, STR_NULL, called->name);
	if (!r && called->arn.n && !str_eq(l->arn, called->arn))
		r = add(l, STORE_NAME_ARN, STR_NULL, called->arn);
	if (!r && now)
		r = add_tags(l, now);
	l->name = called->name;
	l->arn = called->arn;
	l->tags = now;
	return r;
}

void story_names_make(struct story_names *l, struct store_story *ret)
{
	sort(l);
	ret->names = l->names;
	ret->n_names = l->n;
}
