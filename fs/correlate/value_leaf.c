/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One leaf: what a member and its value tell. Account ids, regions, the resource's own names, times and
 * switches stand in every item and so tell nothing by themselves.
 */
#include "values.h"

static uint64_t mix(struct str key, struct str value)
{
	char folded[64];
	size_t n = MIN(key.n, sizeof(folded));
	uint64_t hash;

	for (size_t i = 0; i < n; i++)
		folded[i] = (char)(key.p[i] | 0x20);
	hash = str_hash((struct str){ folded, n }) * UINT64_C(0x9e3779b97f4a7c15) ^
	       str_hash(value);
	return hash ? hash : 1; /* 0 is an empty place */
}

static bool digits_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return true;
}

/* Does the value tell something by itself, whatever its member name? */
static bool tells(struct str v)
{
	static const struct str common[] = {
		STR("default"),  STR("Enabled"), STR("Disabled"),  STR("enabled"),
		STR("disabled"), STR("active"),  STR("ACTIVE"),    STR("Allow"),
		STR("Deny"),     STR("Active"),  STR("available"), STR("2012-10-17"),
		STR("Service"),  STR("true"),    STR("false"),
	};

	if (v.n < 4 || (digits_only(v) && v.n < 6) || (digits_only(v) && v.n == 12))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (str_eq(v, common[i]))
			return false;
	/* us-east-1, and times: every item is full of them */
	if (v.n <= 14 && str_chr(v, '-') == 2 && v.p[v.n - 2] == '-')
		return false;
	return !(v.n >= 19 && v.p[4] == '-' && v.p[7] == '-');
}

static bool is_switch(struct str v)
{
	return str_eq_nocase(v, STR("true")) || str_eq_nocase(v, STR("false"));
}

static bool is_own(const struct item *own, struct str v)
{
	return own && v.n &&
	       (str_eq(v, own->id) || str_eq(v, own->name) || str_eq(v, own->arn) ||
		str_eq(v, own->account) || str_eq(v, own->region));
}

/* What belongs to the transport of a request. */
static bool says_nothing(struct str key, struct str value)
{
	return !value.n || str_is(key, "xmlns") || str_is(key, "Host") ||
	       str_is(key, "requestId") || str_eq_nocase(key, STR("clientToken"));
}

static struct value_leaf leaf_of(struct str key, struct str value)
{
	return (struct value_leaf){ .pair = mix(key, value),
				    .value = tells(value) ? str_hash(value) : 0,
				    .any = is_switch(value) ? 0 : str_hash(value) };
}

bool value_leaf_of(const struct item *own, struct str key, struct str value,
		   struct value_leaf *ret)
{
	if (is_own(own, value) || says_nothing(key, value))
		return false;
	*ret = leaf_of(key, value);
	return true;
}

struct value_leaf value_leaf_of_tag(const struct item *own, struct str key,
				    struct str value)
{
	struct value_leaf leaf = leaf_of(key, value);

	if (is_own(own, value) || !value.n)
		leaf.value = leaf.any = 0;
	return leaf;
}
