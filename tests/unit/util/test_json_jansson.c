/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader and writer against jansson's, over random documents and damaged copies of
 * them; seeded, so that a failure repeats. Both have to take the same texts with the same
 * meaning. Where they differ by intent, excused() knows why:
 *
 *   - numbers past 64 bits, or past a double: refused there, kept here;
 *   - lone surrogates, and zero bytes in names: refused there, kept here;
 *   - nesting between 512 and 2048: taken there, refused here (no text here is so deep);
 *   - a zero byte behind the value: the end of the text there, refused here;
 *   - doubled names: the last counts in both, but here the others are kept.
 */
#include "util/json.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#define DOCUMENTS      3000
#define DAMAGED_COPIES 12
#define LOAD_FLAGS     (JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* --- random documents ----------------------------------------------------------------------- */

struct random {
	uint64_t state;
	bool tame; /* only what both write alike: integers, names used once, no white space */
	unsigned names;
};

/* xorshift64*: below n. */
static unsigned below(struct random *r, unsigned n)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (unsigned)((r->state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static void put_space(struct random *r, struct buf *b)
{
	while (!r->tame && below(r, 6) == 0)
		buf_put_char(b, " \n\r\t"[below(r, 4)]);
}

static void put_string(struct random *r, struct buf *b, bool name)
{
	static const char *const pieces[] = {
		"a",
		"text",
		"arn:aws:iam::",
		"\\n",
		"\\\"",
		"\\\\",
		"\\t",
		"\\b",
		"\\f",
		"\\r",
		"\u00e9",
		"\u20ac",
		"\U0001f600",
		"{",
		"]",
		",",
		":",
		" ",
		"/",
		"\x7f",
		/* from here on not tame */
		"\\/",
		"\\u0041",
		"\\u00e9",
		"\\ud83d\\ude00",
		"\\u001f",
		"\\u0000",
		"\\ud800",
		"\\udc00",
	};
	/* What is refused there is rare, or it would leave little to compare. */
	unsigned n = r->tame ? 20 : below(r, 40) ? 25 : ARRAY_SIZE(pieces);

	buf_put_char(b, '"');
	if (name && r->tame)
		buf_printf(b, "%u", r->names++);
	for (unsigned i = below(r, 8); i > 0; i--)
		buf_put_text(b, pieces[below(r, n)]);
	buf_put_char(b, '"');
}

static void put_number(struct random *r, struct buf *b)
{
	if (below(r, 3) == 0)
		buf_put_char(b, '-');
	if (r->tame) {
		buf_printf(b, "%u", 1 + below(r, 1000000));
		return;
	}
	if (below(r, 20) == 0)
		buf_put_text(b, "1844674407370955161");
	buf_printf(b, "%u", below(r, 2) ? below(r, 10) : below(r, 1u << 31));
	if (below(r, 3) == 0)
		buf_printf(b, ".%0*u", 1 + (int)below(r, 4), below(r, 1000));
	if (below(r, 5) == 0)
		buf_printf(
			b, "%c%s%u", "eE" [below(r, 2)],
			(const char *[]) { "", "+", "-" }[below(r, 3)],
			below(r, 10) ? below(r, 30) : below(r, 500));
}

static void put_value(struct random *r, struct buf *b, unsigned depth)
{
	unsigned kind = below(r, depth < 6 ? 12 : 6);
	bool object = kind >= 8;

	switch (kind) {
	case 0:
		buf_put_text(b, (const char *[]){ "null", "true", "false" }[below(r, 3)]);
		return;
	case 1:
	case 2:
		put_number(r, b);
		return;
	case 3:
	case 4:
	case 5:
		put_string(r, b, false);
		return;
	default:
		buf_put_char(b, object ? '{' : '[');
		put_space(r, b);
		for (unsigned i = 0, n = below(r, 6); i < n; i++) {
			buf_put_text(b, i ? "," : "");
			put_space(r, b);
			if (object) {
				put_string(r, b, true);
				put_space(r, b);
				buf_put_char(b, ':');
				put_space(r, b);
			}
			put_value(r, b, depth + 1);
			put_space(r, b);
		}
		buf_put_char(b, object ? '}' : ']');
	}
}

/* A copy with one to three bytes changed, taken out or put in, or with its end cut off. */
static void damage(struct random *r, struct buf *out, struct str text)
{
	static const char bytes[] =
		"{}[]\",:\\ 0123456789.eE+-truefalsn\n\x01\x7f\x80\xbf\xc3\xe2"
		"\xed\xf0\xff";

	buf_reset(out);
	buf_put_str(out, text);
	for (unsigned i = 1 + below(r, 3); i > 0 && out->len > 0; i--) {
		size_t at = below(r, (unsigned)out->len);
		char c = bytes[below(r, sizeof(bytes))];

		switch (below(r, 8)) {
		case 0:
			out->len = at;
			break;
		case 1:
		case 2:
			memmove(out->data + at, out->data + at + 1, out->len - at - 1);
			out->len--;
			break;
		case 3:
		case 4:
			buf_put_char(out, ' ');
			memmove(out->data + at + 1, out->data + at, out->len - at - 1);
			out->data[at] = c;
			break;
		default:
			out->data[at] = c;
		}
	}
	assert_int_equal(buf_error(out), 0);
}

/* --- comparing ------------------------------------------------------------------------------ */

static bool number_fits(struct str digits)
{
	_cleanup_(freep) char *text = str_dup(digits);

	assert_non_null(text);
	errno = 0;
	if (strpbrk(text, ".eE"))
		return isfinite(strtod(text, NULL));
	(void)strtoll(text, NULL, 10);
	return errno != ERANGE;
}

/* Is there something in v that jansson refuses by intent? */
static bool excused(const struct jv *v)
{
	switch (v->type) {
	case JV_NUMBER:
		return !number_fits(jv_str(v));
	case JV_STRING:
		return !str_is_utf8(jv_str(v));
	case JV_ARRAY:
		for (uint32_t i = 0; i < v->len; i++)
			if (excused(&v->items[i]))
				return true;
		return false;
	case JV_OBJECT:
		for (uint32_t i = 0; i < v->len; i++)
			if (excused(&v->members[i].key) ||
			    excused(&v->members[i].value) ||
			    str_chr(jv_str(&v->members[i].key), '\0') >= 0)
				return true;
		return false;
	default:
		return false;
	}
}

static bool same_number(struct str digits, const json_t *j)
{
	_cleanup_(freep) char *text = str_dup(digits);

	assert_non_null(text);
	if (json_is_integer(j))
		return !strpbrk(text, ".eE") &&
		       strtoll(text, NULL, 10) == json_integer_value(j);
	return json_is_real(j) && strpbrk(text, ".eE") &&
	       !(strtod(text, NULL) < json_real_value(j)) &&
	       !(strtod(text, NULL) > json_real_value(j));
}

static bool same(const struct jv *v, json_t *j);

static bool same_object(const struct jv *v, json_t *j)
{
	const char *key;
	json_t *value;

	if (!json_is_object(j))
		return false;
	for (uint32_t i = 0; i < v->len; i++) {
		_cleanup_(freep) char *name = str_dup(jv_str(&v->members[i].key));

		if (!name || !json_object_get(j, name))
			return false;
	}
	json_object_foreach(j, key, value) if (!jv_get(v, key) ||
					       !same(jv_get(v, key), value)) return false;
	return true;
}

static bool same(const struct jv *v, json_t *j)
{
	switch (v->type) {
	case JV_NULL:
		return json_is_null(j);
	case JV_FALSE:
		return json_is_false(j);
	case JV_TRUE:
		return json_is_true(j);
	case JV_NUMBER:
		return same_number(jv_str(v), j);
	case JV_STRING:
		return json_is_string(j) &&
		       str_eq(jv_str(v), (struct str){ json_string_value(j),
						       json_string_length(j) });
	case JV_ARRAY:
		if (!json_is_array(j) || json_array_size(j) != v->len)
			return false;
		for (uint32_t i = 0; i < v->len; i++)
			if (!same(&v->items[i], json_array_get(j, i)))
				return false;
		return true;
	default:
		return same_object(v, j);
	}
}

/* The text has to mean v, to us, and j, to jansson (NULL: it refuses some of v). */
static void assert_means(struct arena *a, struct str text, const struct jv *v, json_t *j)
{
	json_t *back = json_loadb(text.p, text.n, LOAD_FLAGS, NULL);
	struct jv again;

	if (jv_parse(a, text, &again, NULL) || !jv_equal(&again, v))
		fail_msg("written, it means something else: %.*s", STR_ARGS(text));
	if (j && (!back || !json_equal(back, j)))
		fail_msg("written, it means something else to jansson: %.*s",
			 STR_ARGS(text));
	json_decref(back);
}

static void assert_writes(struct arena *a, const struct jv *v, json_t *j)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(buf_deinit) struct buf pretty = BUF_INIT;

	jv_write_sorted(&b, v);
	assert_int_equal(buf_error(&b), 0);
	assert_means(a, buf_str(&b), v, j);
	jv_pretty(&pretty, buf_str(&b), 0);
	assert_int_equal(buf_error(&pretty), 0);
	assert_int_equal(pretty.len, jv_pretty_len(buf_str(&b), 0));
	assert_means(a, buf_str(&pretty), v, j);
	buf_reset(&b);
	jv_write(&b, v);
	assert_int_equal(buf_error(&b), 0);
	assert_means(a, buf_str(&b), v, j);
}

/* Reads the text both ways; returns whether both took it. */
static bool check(struct str text)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) char *copy = malloc(text.n + !text.n);
	json_t *j = json_loadb(text.n ? text.p : "", text.n, LOAD_FLAGS, NULL);
	struct jv v;
	struct fault f;
	int r;

	assert_non_null(copy);
	if (text.n)
		memcpy(copy, text.p, text.n);
	r = jv_parse(&a, (struct str){ copy, text.n }, &v, &f);
	if (r && j && str_chr(text, '\0') < 0)
		fail_msg("jansson takes it: %.*s (%s)", STR_ARGS(text), f.reason);
	if (!r && !j && !excused(&v))
		fail_msg("jansson refuses it: %.*s", STR_ARGS(text));
	if (!r && j && !same(&v, j))
		fail_msg("it means something else to jansson: %.*s", STR_ARGS(text));
	if (!r)
		assert_writes(&a, &v, j);
	json_decref(j);
	return !r && j;
}

/* --- tests ---------------------------------------------------------------------------------- */

static void test_random_documents(void **state)
{
	struct random r = { .state = 0x64726966746673 };
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		buf_reset(&b);
		put_value(&r, &b, 0);
		assert_int_equal(buf_error(&b), 0);
		taken += check(buf_str(&b));
	}
	/* The excuses must stay the exception. */
	assert_in_range(taken, DOCUMENTS / 2, DOCUMENTS);
}

static void test_damaged_documents(void **state)
{
	struct random r = { .state = 0x6a616e73736f6e };
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(buf_deinit) struct buf damaged = BUF_INIT;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		buf_reset(&b);
		put_value(&r, &b, 0);
		for (int k = 0; k < DAMAGED_COPIES; k++) {
			damage(&r, &damaged, buf_str(&b));
			taken += check(buf_str(&damaged));
		}
	}
	/* Both outcomes are there in number: damage inside a string often does no harm. */
	assert_in_range(taken, DOCUMENTS, DOCUMENTS * DAMAGED_COPIES - DOCUMENTS);
}

/* jansson's own dumps of documents that both can write in one way only. */
static void test_writes_alike(void **state)
{
	struct random r = { .state = 0x70726574747921, .tame = true };
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(freep) char *pretty = NULL;
		_cleanup_(freep) char *sorted = NULL;
		struct jv v;
		json_t *j;

		buf_reset(&b);
		put_value(&r, &b, 0);
		j = json_loadb(b.data, b.len, LOAD_FLAGS, NULL);
		assert_non_null(j);
		pretty = json_dumps(j, JSON_INDENT(2) | JSON_ENCODE_ANY);
		sorted = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		json_decref(j);

		assert_int_equal(jv_parse(&a, buf_str(&b), &v, NULL), 0);
		buf_reset(&out);
		jv_pretty(&out, buf_str(&b), 0);
		assert_true(str_is(buf_str(&out), pretty));
		buf_reset(&out);
		jv_write_sorted(&out, &v);
		assert_true(str_is(buf_str(&out), sorted));
		buf_reset(&out);
		jv_write(&out, &v);
		assert_true(str_eq(buf_str(&out), buf_str(&b)));
	}
}

/* Of a doubled name both take the last, and write that one only where keys are sorted. */
static void test_doubled_names(void **state)
{
	static const struct str texts[] = {
		STR("{\"a\":1,\"a\":2}"),
		STR("{\"a\":{\"b\":1},\"c\":0,\"a\":{\"d\":1,\"d\":null}}"),
		STR("[{\"a\":1,\"\\u0061\":[{\"x\":1,\"x\":{\"y\":1,\"y\":\"z\"}}]}]"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;
		_cleanup_(freep) char *sorted = NULL;
		json_t *j = json_loadb(texts[i].p, texts[i].n, LOAD_FLAGS, NULL);
		struct jv v;

		assert_non_null(j);
		sorted = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
		json_decref(j);
		assert_int_equal(jv_parse(&a, texts[i], &v, NULL), 0);
		jv_write_sorted(&out, &v);
		assert_true(str_is(buf_str(&out), sorted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_documents),
		cmocka_unit_test(test_damaged_documents),
		cmocka_unit_test(test_writes_alike),
		cmocka_unit_test(test_doubled_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
