/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into JSON values and comparing them.
 *
 * Look-ups are linear: objects in practice have few members, and no index is worth building
 * for a tree that is read once. Comparing sorts instead, since both objects are gone through
 * completely; it recurses as deep as values nest, which jv_parse() bounds, and it compares
 * each pair of children at most once, or nesting would make it exponential.
 */
#include "util/json.h"

#include <stdlib.h>

#include "json_private.h"

const struct jv jv_null = { .type = JV_NULL };

/* --- access --------------------------------------------------------------------------------- */

const struct jv *jv_get_str(const struct jv *v, struct str key)
{
	if (!jv_is(v, JV_OBJECT))
		return NULL;
	/* From behind: of two members with one name the last counts. */
	for (uint32_t i = v->len; i-- > 0;)
		if (str_eq(jv_str(&v->members[i].key), key))
			return &v->members[i].value;
	return NULL;
}

const struct jv *jv_get(const struct jv *v, const char *key)
{
	return jv_get_str(v, str_of(key));
}

const struct jv *jv_path(const struct jv *v, const char *path)
{
	struct str rest = str_of(path);
	ptrdiff_t dot;

	while (v && (dot = str_chr(rest, '.')) >= 0) {
		v = jv_get_str(v, (struct str){ rest.p, (size_t)dot });
		rest = str_from(rest, (size_t)dot + 1);
	}
	return jv_get_str(v, rest);
}

struct str jv_get_text(const struct jv *v, const char *key)
{
	const struct jv *member = jv_get(v, key);

	return jv_is(member, JV_STRING) ? jv_str(member) : STR_NULL;
}

/* Depth is bounded by the parser (JV_MAX_DEPTH). */
bool jv_holds(const struct jv *v, struct str text)
{
	if (!v)
		return false;
	if (v->type == JV_STRING)
		return str_eq(jv_str(v), text);
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (jv_holds(&v->items[i], text))
				return true;
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (jv_holds(&v->members[i].value, text))
				return true;
	return false;
}

/* --- making --------------------------------------------------------------------------------- */

struct jv jv_make_string(struct str s)
{
	return (struct jv){ .type = JV_STRING, .len = (uint32_t)s.n, .text = s.p };
}

struct jv jv_make_number(struct str digits)
{
	return (struct jv){ .type = JV_NUMBER,
			    .len = (uint32_t)digits.n,
			    .text = digits.p };
}

struct jv jv_make_array(const struct jv *items, size_t n)
{
	return (struct jv){ .type = JV_ARRAY, .len = (uint32_t)n, .items = items };
}

struct jv jv_make_object(const struct jv_member *members, size_t n)
{
	return (struct jv){ .type = JV_OBJECT, .len = (uint32_t)n, .members = members };
}

/* --- order of members ----------------------------------------------------------------------- */

/* By key; members with one name stay in the object's order. */
static int compare_members(const struct jv_member *a, const struct jv_member *b)
{
	int order = str_cmp(jv_str(&a->key), jv_str(&b->key));

	return order ? order : (a > b) - (a < b);
}

static int compare_for_qsort(const void *a, const void *b)
{
	return compare_members(*(const struct jv_member *const *)a,
			       *(const struct jv_member *const *)b);
}

static void insertion_sort(const struct jv_member **members, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct jv_member *m = members[i];
		size_t at = i;

		for (; at > 0 && compare_members(members[at - 1], m) > 0; at--)
			members[at] = members[at - 1];
		members[at] = m;
	}
}

size_t jv_members_sort(const struct jv *object, const struct jv_member **ret)
{
	size_t n = 0;

	for (uint32_t i = 0; i < object->len; i++)
		ret[i] = &object->members[i];
	if (object->len <= JV_SMALL_OBJECT)
		insertion_sort(ret, object->len);
	else
		qsort(ret, object->len, sizeof(struct jv_member *), compare_for_qsort);

	for (uint32_t i = 0; i < object->len; i++)
		if (i + 1 == object->len ||
		    !str_eq(jv_str(&ret[i]->key), jv_str(&ret[i + 1]->key)))
			ret[n++] = ret[i];
	return n;
}

/* --- equality of numbers -------------------------------------------------------------------- */

/* A number's significant digits, as they stand in its text, and the last one's power of ten. */
struct decimal {
	bool known;
	bool negative;
	const char *first; /* no zero; NULL for the number zero */
	const char *last;  /* no zero */
	int64_t power;
};

/* False when the exponent is too long to reckon with. */
static bool exponent_of(struct str text, int64_t *ret)
{
	bool negative = text.n && text.p[0] == '-';
	int64_t e = 0;
	size_t i = negative || (text.n && text.p[0] == '+');

	while (i < text.n && text.p[i] == '0')
		i++;
	if (text.n - i > 17)
		return false;
	for (; i < text.n; i++)
		e = e * 10 + (text.p[i] - '0');
	*ret = negative ? -e : e;
	return true;
}

static struct decimal decimal_of(struct str text)
{
	struct decimal d = { .negative = text.n && text.p[0] == '-' };
	size_t mantissa = 0;
	const char *dot = NULL;

	for (; mantissa < text.n && (text.p[mantissa] | 0x20) != 'e'; mantissa++) {
		const char *p = text.p + mantissa;

		if (*p == '.')
			dot = p;
		if (*p < '1' || *p > '9')
			continue;
		d.first = d.first ? d.first : p;
		d.last = p;
	}
	d.known = exponent_of(str_from(text, mantissa + 1), &d.power);
	if (!d.first || !d.known)
		return d;
	if (!dot)
		d.power += text.p + mantissa - d.last - 1;
	else if (d.last > dot)
		d.power -= d.last - dot;
	else
		d.power += dot - d.last - 1;
	return d;
}

static bool same_digits(const struct decimal *a, const struct decimal *b)
{
	const char *p = a->first;
	const char *q = b->first;

	while (p <= a->last && q <= b->last) {
		p += *p == '.';
		q += *q == '.';
		if (*p++ != *q++)
			return false;
	}
	return p > a->last && q > b->last;
}

/* 1.10 equals 1.1 and 11e-1. Exponents past 17 digits are equal only when the texts are. */
static bool equal_numbers(struct str a, struct str b)
{
	struct decimal x, y;

	if (str_eq(a, b))
		return true;
	x = decimal_of(a);
	y = decimal_of(b);
	if (!x.first || !y.first)
		return x.first == y.first;
	return x.known && y.known && x.negative == y.negative && x.power == y.power &&
	       same_digits(&x, &y);
}

/* --- equality of containers ----------------------------------------------------------------- */

static bool equal_arrays(const struct jv *a, const struct jv *b)
{
	if (a->len != b->len)
		return false;
	for (uint32_t i = 0; i < a->len; i++)
		if (!jv_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* Do small objects have the same keys at the same places? */
static bool same_layout(const struct jv *a, const struct jv *b)
{
	if (a->len != b->len || a->len > JV_SMALL_OBJECT)
		return false;
	for (uint32_t i = 0; i < a->len; i++)
		if (!str_eq(jv_str(&a->members[i].key), jv_str(&b->members[i].key)))
			return false;
	return true;
}

/* Does no later member bear the name of this one? */
static bool counts(const struct jv *object, uint32_t i)
{
	return jv_get_str(object, jv_str(&object->members[i].key)) ==
	       &object->members[i].value;
}

/* The common case of two versions of one thing. */
static bool equal_in_order(const struct jv *a, const struct jv *b)
{
	for (uint32_t i = 0; i < a->len; i++)
		if (!jv_equal(&a->members[i].value, &b->members[i].value) && counts(a, i))
			return false;
	return true;
}

static bool equal_sorted(const struct jv *a, const struct jv_member **in_a,
			 const struct jv *b, const struct jv_member **in_b)
{
	size_t n = jv_members_sort(a, in_a);

	if (jv_members_sort(b, in_b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_eq(jv_str(&in_a[i]->key), jv_str(&in_b[i]->key)))
			return false;
	for (size_t i = 0; i < n; i++)
		if (!jv_equal(&in_a[i]->value, &in_b[i]->value))
			return false;
	return true;
}

/* By look-ups, in quadratic time: for want of memory to sort in. */
static bool equal_by_look_up(const struct jv *a, const struct jv *b)
{
	size_t n = 0;

	for (uint32_t i = 0; i < b->len; i++)
		n += counts(b, i);
	for (uint32_t i = 0; i < a->len; i++) {
		const struct jv_member *m = &a->members[i];
		const struct jv *other;

		if (!counts(a, i))
			continue;
		other = jv_get_str(b, jv_str(&m->key));
		if (n == 0 || !other || !jv_equal(&m->value, other))
			return false;
		n--;
	}
	return n == 0;
}

static bool equal_objects(const struct jv *a, const struct jv *b)
{
	const struct jv_member *small[2 * JV_SMALL_OBJECT];
	_cleanup_(freep) const struct jv_member **big = NULL;
	size_t n = (size_t)a->len + b->len;

	if (same_layout(a, b))
		return equal_in_order(a, b);
	if (a->len <= JV_SMALL_OBJECT && b->len <= JV_SMALL_OBJECT)
		return equal_sorted(a, small, b, small + a->len);
	big = calloc(n, sizeof(*big));
	return big ? equal_sorted(a, big, b, big + a->len) : equal_by_look_up(a, b);
}

bool jv_equal(const struct jv *a, const struct jv *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->type != b->type)
		return false;
	switch (a->type) {
	case JV_NUMBER:
		return equal_numbers(jv_str(a), jv_str(b));
	case JV_STRING:
		return str_eq(jv_str(a), jv_str(b));
	case JV_ARRAY:
		return equal_arrays(a, b);
	case JV_OBJECT:
		return equal_objects(a, b);
	default:
		return true;
	}
}
