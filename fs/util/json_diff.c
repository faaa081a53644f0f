/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences of two JSON values.
 *
 * Objects go member by member, in order of names. Arrays are sets to AWS: a describe call gives
 * security groups, tags, interfaces in any order. So equal elements are paired first wherever
 * they stand, by hash; then left-over objects that share an identifying member, or are much
 * alike, are compared inside; what still has no partner went or came as a whole. Each step is
 * linear or sorts, but for the search for likeness, which is bounded to short lists.
 */
#include "util/json_diff.h"

#include <errno.h>
#include <stdlib.h>

#define ALIKE_MAX  64 /* left-overs on a side among which likeness is searched */
#define NO_PARTNER SIZE_MAX

struct diff {
	struct arena *a;
	struct buf path;
	struct json_diff_entry *entries;
	size_t n, cap;
};

struct element {
	uint64_t hash;
	size_t index;
};

static int diff_value(struct diff *d, const struct jv *a, const struct jv *b);

/* --- entries ------------------------------------------------------------------------------- */

static int emit(struct diff *d, const struct jv *previous, const struct jv *updated)
{
	struct str pointer = arena_str(d->a, buf_str(&d->path));

	if (buf_error(&d->path) || (d->path.len && !pointer.p))
		return -ENOMEM;
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 16;
		struct json_diff_entry *grown = arena_alloc(d->a, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (d->n)
			memcpy(grown, d->entries, d->n * sizeof(*grown));
		d->entries = grown;
		d->cap = cap;
	}
	d->entries[d->n++] = (struct json_diff_entry){
		.pointer = d->path.len ? pointer : STR(""),
		.kind = !previous  ? JSON_DIFF_CREATE
			: !updated ? JSON_DIFF_DELETE
				   : JSON_DIFF_UPDATE,
		.previous = previous,
		.updated = updated,
	};
	return 0;
}

/* RFC 6901: ~ is ~0, / is ~1. */
static void push_key(struct diff *d, struct str key)
{
	buf_put_char(&d->path, '/');
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] == '~')
			buf_put_text(&d->path, "~0");
		else if (key.p[i] == '/')
			buf_put_text(&d->path, "~1");
		else
			buf_put_char(&d->path, key.p[i]);
}

static int diff_at_key(struct diff *d, struct str key, const struct jv *a,
		       const struct jv *b)
{
	size_t length = d->path.len;
	int r;

	push_key(d, key);
	r = diff_value(d, a, b);
	d->path.len = length;
	return r;
}

static int diff_at_index(struct diff *d, size_t index, const struct jv *a,
			 const struct jv *b)
{
	size_t length = d->path.len;
	int r;

	buf_printf(&d->path, "/%zu", index);
	r = diff_value(d, a, b);
	d->path.len = length;
	return r;
}

/* --- objects ------------------------------------------------------------------------------- */

static int by_key(const void *x, const void *y)
{
	const struct jv_member *a = *(const struct jv_member *const *)x;
	const struct jv_member *b = *(const struct jv_member *const *)y;
	int order = str_cmp(jv_str(&a->key), jv_str(&b->key));

	/* Of two members with one name the later counts: it comes first here. */
	return order ? order : a < b ? 1 : a > b ? -1 : 0;
}

static const struct jv_member **sorted(struct diff *d, const struct jv *v)
{
	const struct jv_member **ret =
		arena_alloc(d->a, (v->len + 1) * sizeof(const struct jv_member *));

	if (!ret)
		return NULL;
	for (uint32_t i = 0; i < v->len; i++)
		ret[i] = &v->members[i];
	if (v->len > 1)
		qsort(ret, v->len, sizeof(*ret), by_key);
	return ret;
}

static size_t skip_same(const struct jv_member **m, size_t i, size_t n)
{
	size_t next = i + 1;

	while (next < n && str_eq(jv_str(&m[next]->key), jv_str(&m[i]->key)))
		next++;
	return next;
}

static int diff_objects(struct diff *d, const struct jv *a, const struct jv *b)
{
	const struct jv_member **x = sorted(d, a), **y = sorted(d, b);
	size_t i = 0, j = 0;
	int r = x && y ? 0 : -ENOMEM;

	while (!r && (i < a->len || j < b->len)) {
		int order = i == a->len ? 1
			    : j == b->len
				    ? -1
				    : str_cmp(jv_str(&x[i]->key), jv_str(&y[j]->key));
		struct str key = jv_str(order <= 0 ? &x[i]->key : &y[j]->key);

		r = diff_at_key(d, key, order <= 0 ? &x[i]->value : NULL,
				order >= 0 ? &y[j]->value : NULL);
		if (order <= 0)
			i = skip_same(x, i, a->len);
		if (order >= 0)
			j = skip_same(y, j, b->len);
	}
	return r;
}

/* --- arrays -------------------------------------------------------------------------------- */

static int by_hash(const void *x, const void *y)
{
	const struct element *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Equal values have equal hashes: numbers are hashed by kind alone, since 1 equals 1.0. */
static uint64_t hash_of(const struct jv *v)
{
	uint64_t h = v->type * UINT64_C(0x9e3779b97f4a7c15);

	if (v->type == JV_STRING)
		return h ^ str_hash(jv_str(v));
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			h = h * 31 + hash_of(&v->items[i]);
	if (v->type == JV_OBJECT) {
		for (uint32_t i = 0; i < v->len; i++)
			h += (str_hash(jv_str(&v->members[i].key)) | 1) *
			     (hash_of(&v->members[i].value) ^
			      UINT64_C(0xff51afd7ed558ccd));
	}
	return h;
}

static struct element *hashed(struct diff *d, const struct jv *v)
{
	struct element *ret = arena_alloc(d->a, (v->len + 1) * sizeof(*ret));

	if (!ret)
		return NULL;
	for (uint32_t i = 0; i < v->len; i++)
		ret[i] = (struct element){ hash_of(&v->items[i]), i };
	if (v->len > 1)
		qsort(ret, v->len, sizeof(*ret), by_hash);
	return ret;
}

/* Equal elements become partners; elements in their old places first of all. */
static int pair_equal(struct diff *d, const struct jv *a, const struct jv *b, size_t *pa,
		      size_t *pb)
{
	struct element *x, *y;
	size_t i = 0, j = 0;

	for (size_t k = 0; k < a->len && k < b->len; k++)
		if (jv_equal(&a->items[k], &b->items[k])) {
			pa[k] = k;
			pb[k] = k;
		}
	x = hashed(d, a);
	y = hashed(d, b);
	if (!x || !y)
		return -ENOMEM;
	while (i < a->len && j < b->len) {
		if (pa[x[i].index] != NO_PARTNER || x[i].hash < y[j].hash) {
			i++;
		} else if (pb[y[j].index] != NO_PARTNER || y[j].hash < x[i].hash) {
			j++;
		} else if (jv_equal(&a->items[x[i].index], &b->items[y[j].index])) {
			pa[x[i].index] = y[j].index;
			pb[y[j].index] = x[i].index;
			i++;
			j++;
		} else {
			j++; /* two values with one hash: the pair is missed, not wrong */
		}
	}
	return 0;
}

static bool identifies(struct str key)
{
	static const char *const whole[] = { "key", "id", "arn", "name", "sid" };
	static const char *const endings[] = { "Id",         "Arn", "Name",
					       "Identifier", "Key", "ARN" };

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (str_eq_nocase(key, str_of(whole[i])))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (str_ends(key, endings[i]))
			return true;
	return false;
}

static size_t count_with(const struct jv *array, const size_t *partner, struct str key,
			 struct str value, size_t *ret_index)
{
	size_t n = 0;

	for (uint32_t i = 0; i < array->len; i++) {
		const struct jv *v;

		if (partner[i] != NO_PARTNER)
			continue;
		v = jv_get_str(&array->items[i], key);
		if (jv_is(v, JV_STRING) && str_eq(jv_str(v), value)) {
			*ret_index = i;
			n++;
		}
	}
	return n;
}

static size_t count_left(const size_t *partner, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		left += partner[i] == NO_PARTNER;
	return left;
}

/* Left-over objects with an identifying member of one value on just one of each side. */
static void pair_identified(const struct jv *a, const struct jv *b, size_t *pa,
			    size_t *pb)
{
	for (uint32_t i = 0; i < a->len; i++) {
		const struct jv *v = &a->items[i];

		if (pa[i] != NO_PARTNER || v->type != JV_OBJECT)
			continue;
		for (uint32_t m = 0; m < v->len && pa[i] == NO_PARTNER; m++) {
			struct str key = jv_str(&v->members[m].key);
			const struct jv *value = &v->members[m].value;
			size_t here, there;

			if (value->type != JV_STRING || !identifies(key) ||
			    count_with(a, pa, key, jv_str(value), &here) != 1 ||
			    count_with(b, pb, key, jv_str(value), &there) != 1)
				continue;
			pa[i] = there;
			pb[there] = i;
		}
	}
}

/* Twice the members in common, less the members of both: >= 0 means much alike. */
static ptrdiff_t likeness(const struct jv *a, const struct jv *b)
{
	ptrdiff_t common = 0;

	if (a->type != JV_OBJECT || b->type != JV_OBJECT)
		return -1;
	for (uint32_t i = 0; i < a->len; i++) {
		const struct jv *other = jv_get_str(b, jv_str(&a->members[i].key));

		common += other && jv_equal(&a->members[i].value, other);
	}
	return common ? 4 * common - (ptrdiff_t)a->len - (ptrdiff_t)b->len : -1;
}

static void pair_alike(const struct jv *a, const struct jv *b, size_t *pa, size_t *pb)
{
	for (uint32_t i = 0; i < a->len; i++) {
		ptrdiff_t best = -1;
		size_t at = NO_PARTNER;

		if (pa[i] != NO_PARTNER)
			continue;
		for (uint32_t j = 0; j < b->len; j++) {
			ptrdiff_t score;

			if (pb[j] != NO_PARTNER)
				continue;
			score = likeness(&a->items[i], &b->items[j]);
			if (i == j && score < 0 && a->items[i].type == JV_ARRAY &&
			    b->items[j].type == JV_ARRAY)
				score = 0;
			if (score > best) {
				best = score;
				at = j;
			}
		}
		if (at != NO_PARTNER) {
			pa[i] = at;
			pb[at] = i;
		}
	}
}

/*
 * Without a partner: a new element is a CREATE at its index; an old one a DELETE at its own, or
 * where something else is said of that index, one UPDATE with the CREATE there, or else a
 * DELETE counted on behind the new array's end.
 */
static int emit_arrays(struct diff *d, const struct jv *a, const struct jv *b,
		       const size_t *pa, const size_t *pb)
{
	size_t beyond = MAX(a->len, b->len);
	int r = 0;

	for (size_t j = 0; !r && j < b->len; j++) {
		const struct jv *old = NULL;

		if (pb[j] != NO_PARTNER)
			old = &a->items[pb[j]];
		else if (j < a->len && pa[j] == NO_PARTNER)
			old = &a->items[j];
		r = pb[j] != NO_PARTNER || !old ? diff_at_index(d, j, old, &b->items[j])
						: 0;
		if (!r && old && pb[j] == NO_PARTNER) {
			size_t length = d->path.len;

			buf_printf(&d->path, "/%zu", j);
			r = emit(d, old, &b->items[j]);
			d->path.len = length;
		}
	}
	for (size_t i = 0; !r && i < a->len; i++) {
		bool changed_there = i < b->len && pb[i] != NO_PARTNER &&
				     !jv_equal(&a->items[pb[i]], &b->items[i]);

		if (pa[i] != NO_PARTNER || (i < b->len && pb[i] == NO_PARTNER))
			continue;
		r = diff_at_index(d, changed_there ? beyond++ : i, &a->items[i], NULL);
	}
	return r;
}

static int diff_arrays(struct diff *d, const struct jv *a, const struct jv *b)
{
	size_t *pa = arena_alloc(d->a, (a->len + 1) * sizeof(*pa));
	size_t *pb = arena_alloc(d->a, (b->len + 1) * sizeof(*pb));
	int r;

	if (!pa || !pb)
		return -ENOMEM;
	memset(pa, 0xff, (a->len + 1) * sizeof(*pa));
	memset(pb, 0xff, (b->len + 1) * sizeof(*pb));
	r = pair_equal(d, a, b, pa, pb);
	if (r)
		return r;
	if (count_left(pa, a->len) <= ALIKE_MAX && count_left(pb, b->len) <= ALIKE_MAX) {
		pair_identified(a, b, pa, pb);
		pair_alike(a, b, pa, pb);
	}
	return emit_arrays(d, a, b, pa, pb);
}

/* --- values -------------------------------------------------------------------------------- */

/* Depth is bounded by the parser. */
static int diff_value(struct diff *d, const struct jv *a, const struct jv *b)
{
	if (a && b) {
		if (a->type == JV_OBJECT && b->type == JV_OBJECT)
			return diff_objects(d, a, b);
		if (jv_equal(a, b))
			return 0;
		if (a->type == JV_ARRAY && b->type == JV_ARRAY)
			return diff_arrays(d, a, b);
	}
	return a || b ? emit(d, a, b) : 0;
}

static void diff_deinit(struct diff *d)
{
	buf_deinit(&d->path);
}

int json_diff(struct arena *a, const struct jv *before, const struct jv *after,
	      struct json_diff *ret)
{
	_cleanup_(diff_deinit) struct diff d = { .a = a };
	int r = diff_value(&d, before, after);

	if (!r)
		*ret = (struct json_diff){ d.entries, d.n };
	return r;
}
