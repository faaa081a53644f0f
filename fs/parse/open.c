/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Strings that hold JSON: policies, access control lists, whole configurations, URL-encoded or
 * not, once or twice. Opened, so that grep and diff see into them, and so that one state is the
 * same whether it came by an API that puts values into strings once more or by a file that does
 * not.
 *
 * A tree is copied only where something in it was opened. What has been opened can never nest
 * deeper than a reader accepts: a string whose content would, stays a string.
 */

#include <errno.h>

#include "parser.h"
#include "util/percent.h"

#define MAX_OPENINGS 3

struct opening {
	struct parser *parser;
	unsigned left; /* openings still allowed from here on */
};

static int open_value(struct opening *o, const struct jv *v, unsigned depth,
		      struct jv *ret);

/* Could the text be an object or an array? Cheap: it is asked of every string. */
static bool looks_like_container(struct str s)
{
	static const char *const beginnings[] = { "{",     "[",     "%7B",    "%5B",
						  "%7b",   "%5b",   "%257B",  "%255B",
						  "%257b", "%255b", "\"{",    "\"[",
						  "\"%7B", "\"%5B", "%22%7B", "%22%5B",
						  NULL };

	s = parse_trim(s);
	for (size_t i = 0; s.n >= 2 && beginnings[i]; i++)
		if (str_starts(s, beginnings[i]))
			return true;
	return false;
}

bool parse_open_text(struct parser *p, struct str text, struct jv *ret, int *ret_error)
{
	int r = jv_parse(&p->arena, text, ret, NULL);

	*ret_error = r < 0 ? r : 0;
	return r == 0;
}

/* Takes off what a container was encoded in, once or twice: per cent signs, a string's quotes. */
static int unwrap(struct parser *p, struct str *text)
{
	for (int round = 0; round < 2 && text->n; round++) {
		struct jv held;
		int r;

		if (text->p[0] == '%') {
			/* A plus stays: IAM writes a space as %20. */
			*text = percent_decode(&p->arena, *text);
			if (!text->p)
				return -ENOMEM;
		} else if (text->p[0] == '"') {
			if (!parse_open_text(p, *text, &held, &r) ||
			    held.type != JV_STRING)
				return r;
			*text = parse_trim(jv_str(&held));
		}
	}
	return 0;
}

/* 0 and *ret_opened when the string held a container and could be opened. */
static int open_string(struct opening *o, const struct jv *v, unsigned depth,
		       struct jv *ret, bool *ret_opened)
{
	struct opening inner = { o->parser, o->left - 1 };
	struct str text = parse_trim(jv_str(v));
	struct jv held;
	int r;

	*ret_opened = false;
	r = unwrap(o->parser, &text);
	if (r < 0)
		return r;
	if (!parse_open_text(o->parser, text, &held, &r))
		return r;
	if (held.type != JV_OBJECT && held.type != JV_ARRAY)
		return 0;
	r = open_value(&inner, &held, depth, ret);
	if (r < 0)
		return r;
	*ret_opened = r == 0;
	return 0;
}

static int open_array(struct opening *o, const struct jv *v, unsigned depth,
		      struct jv *ret)
{
	struct jv *items = NULL;

	for (uint32_t i = 0; i < v->len; i++) {
		struct jv item;
		int r = open_value(o, &v->items[i], depth + 1, &item);

		if (r != 0)
			return r;
		if (!items && item.text == v->items[i].text)
			continue;
		if (!items) {
			items = arena_alloc(&o->parser->arena, v->len * sizeof(*items));
			if (!items)
				return -ENOMEM;
			memcpy(items, v->items, v->len * sizeof(*items));
		}
		items[i] = item;
	}
	*ret = *v;
	if (items)
		ret->items = items;
	return 0;
}

static int open_object(struct opening *o, const struct jv *v, unsigned depth,
		       struct jv *ret)
{
	struct jv_member *members = NULL;

	for (uint32_t i = 0; i < v->len; i++) {
		struct jv value;
		int r = open_value(o, &v->members[i].value, depth + 1, &value);

		if (r != 0)
			return r;
		if (!members && value.text == v->members[i].value.text)
			continue;
		if (!members) {
			members =
				arena_alloc(&o->parser->arena, v->len * sizeof(*members));
			if (!members)
				return -ENOMEM;
			memcpy(members, v->members, v->len * sizeof(*members));
		}
		members[i].value = value;
	}
	*ret = *v;
	if (members)
		ret->members = members;
	return 0;
}

/* Recursion ends at JV_MAX_DEPTH: what is opened counts on from where the string stood. */
static int open_value(struct opening *o, const struct jv *v, unsigned depth,
		      struct jv *ret)
{
	bool opened;
	int r;

	switch (v->type) {
	case JV_ARRAY:
		return depth > JV_MAX_DEPTH ? PARSE_E_REFUSED
					    : open_array(o, v, depth, ret);
	case JV_OBJECT:
		return depth > JV_MAX_DEPTH ? PARSE_E_REFUSED
					    : open_object(o, v, depth, ret);
	case JV_STRING:
		if (o->left > 0 && looks_like_container(jv_str(v))) {
			r = open_string(o, v, depth, ret, &opened);
			if (r != 0 || opened)
				return r;
		}
		break;
	default:
		break;
	}
	*ret = *v;
	return 0;
}

int parse_open(struct parser *p, const struct jv *v, unsigned depth, struct jv *ret)
{
	struct opening o = { p, MAX_OPENINGS };

	return open_value(&o, v, depth, ret);
}
