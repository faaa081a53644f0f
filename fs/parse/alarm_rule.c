/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rule of a composite alarm: which alarms it rests on. A rule is made of ALARM(x), OK(x) and
 * INSUFFICIENT_DATA(x), with AND, OR, NOT, TRUE, FALSE, parentheses and AT_LEAST(2, ALARM, (x, y));
 * x is a name or an ARN, between quotes where it has spaces or parentheses in it, and then a
 * backslash takes the meaning of a quote (PutCompositeAlarm). What the rule makes of them is of no
 * matter here, and what is no rule names nobody.
 */

#include <errno.h>

#include "parser.h"

#define MAX_CHILDREN 1024u /* AWS allows 100 */

struct rule {
	struct arena *a;
	struct str rest;
	struct str *children; /* room for MAX_CHILDREN */
	size_t n;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static void skip_spaces(struct rule *r)
{
	while (r->rest.n && is_space(r->rest.p[0]))
		r->rest = str_from(r->rest, 1);
}

static bool take(struct rule *r, char c)
{
	skip_spaces(r);
	if (!r->rest.n || r->rest.p[0] != c)
		return false;
	r->rest = str_from(r->rest, 1);
	return true;
}

/* Between quotes of either kind; the opening one has been taken. */
static int take_quoted(struct rule *r, char quote, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	size_t i = 0;

	for (; i < r->rest.n && r->rest.p[i] != quote; i++) {
		if (r->rest.p[i] == '\\' && i + 1 < r->rest.n)
			i++;
		buf_put_char(&text, r->rest.p[i]);
	}
	r->rest = str_from(r->rest, MIN(i + 1, r->rest.n));
	*ret = buf_error(&text) ? STR_NULL : arena_str(r->a, buf_str(&text));
	return ret->p ? 0 : -ENOMEM;
}

static struct str take_bare(struct rule *r)
{
	struct str name = { r->rest.p, 0 };

	while (name.n < r->rest.n && name.p[name.n] != ')' && name.p[name.n] != ',')
		name.n++;
	r->rest = str_from(r->rest, name.n);
	while (name.n && is_space(name.p[name.n - 1]))
		name.n--;
	return name;
}

/* arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME; a name may have colons in it. */
static struct str name_of(struct str child)
{
	static const char mark[] = ":alarm:";

	if (str_starts(child, "arn:"))
		for (size_t i = 0; i + strlen(mark) <= child.n; i++)
			if (str_starts(str_from(child, i), mark))
				return str_from(child, i + strlen(mark));
	return child;
}

static int take_child(struct rule *r)
{
	struct str child;
	int err = 0;

	if (take(r, '"'))
		err = take_quoted(r, '"', &child);
	else if (take(r, '\''))
		err = take_quoted(r, '\'', &child);
	else
		child = take_bare(r);
	if (err)
		return err;
	child = name_of(child);
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->children[i], child))
			return 0;
	if (child.n && r->n < MAX_CHILDREN)
		r->children[r->n++] = child;
	return 0;
}

/* AT_LEAST(2, ALARM, (x, y)): all behind the second parenthesis. */
static int take_list(struct rule *r)
{
	int err = 0;

	while (r->rest.n && r->rest.p[0] != '(' && r->rest.p[0] != ')')
		r->rest = str_from(r->rest, 1);
	if (!take(r, '('))
		return 0;
	do
		err = take_child(r);
	while (!err && take(r, ','));
	return err;
}

static struct str take_word(struct rule *r)
{
	struct str word = { r->rest.p, 0 };

	while (word.n < r->rest.n && is_word(word.p[word.n]))
		word.n++;
	r->rest = str_from(r->rest, MAX(word.n, 1));
	return word;
}

int parse_alarm_rule(struct arena *a, struct str text, const struct str **ret,
		     size_t *ret_n)
{
	struct rule r = { .a = a, .rest = text };
	int err = 0;

	*ret_n = 0;
	if (!text.n)
		return 0;
	r.children = arena_alloc(a, MAX_CHILDREN * sizeof(*r.children));
	if (!r.children)
		return -ENOMEM;
	while (r.rest.n && !err) {
		struct str word = take_word(&r);
		bool state = str_is(word, "ALARM") || str_is(word, "OK") ||
			     str_is(word, "INSUFFICIENT_DATA");

		if (state && take(&r, '('))
			err = take_child(&r);
		else if (str_is(word, "AT_LEAST") && take(&r, '('))
			err = take_list(&r);
	}
	*ret = r.children;
	*ret_n = r.n;
	return err;
}
