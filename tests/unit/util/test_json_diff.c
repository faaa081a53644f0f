/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of JSON values: cases by hand, and what must hold for any two random trees. */
#include "util/json_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct jv *parse(struct arena *a, struct str text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));
	struct fault f = { 0 };

	assert_non_null(v);
	if (jv_parse(a, text, v, &f) != 0)
		fail_msg("%.*s: %s", STR_ARGS(text), f.reason);
	return v;
}

static void put_diff(struct buf *out, const struct json_diff *diff)
{
	static const char kinds[] = {
		[JSON_DIFF_CREATE] = '+', [JSON_DIFF_UPDATE] = '*', [JSON_DIFF_DELETE] = '-'
	};

	for (size_t i = 0; i < diff->n; i++) {
		const struct json_diff_entry *e = &diff->entries[i];

		assert_int_equal(!e->previous, e->kind == JSON_DIFF_CREATE);
		assert_int_equal(!e->updated, e->kind == JSON_DIFF_DELETE);
		buf_printf(out, "%c%.*s", kinds[e->kind], STR_ARGS(e->pointer));
		if (e->previous) {
			buf_put_char(out, ' ');
			jv_write_sorted(out, e->previous);
		}
		if (e->kind == JSON_DIFF_UPDATE)
			buf_put_text(out, " ->");
		if (e->updated) {
			buf_put_char(out, ' ');
			jv_write_sorted(out, e->updated);
		}
		buf_put_char(out, '\n');
	}
}

static void assert_diff(const char *before, const char *after, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct json_diff diff;

	assert_int_equal(json_diff(&a, before ? parse(&a, str_of(before)) : NULL,
				   after ? parse(&a, str_of(after)) : NULL, &diff),
			 0);
	put_diff(&got, &diff);
	buf_put_char(&got, '\0');
	assert_int_equal(buf_error(&got), 0);
	assert_string_equal(got.data, want);
}

static void test_whole_values(void **state)
{
	(void)state;
	assert_diff(NULL, NULL, "");
	assert_diff(NULL, "{\"a\":1}", "+ {\"a\":1}\n");
	assert_diff("null", NULL, "- null\n");
	assert_diff("1", "1", "");
	assert_diff("1", "2", "* 1 -> 2\n");
	assert_diff("[]", "{}", "* [] -> {}\n");
	assert_diff("\"1\"", "1", "* \"1\" -> 1\n");
}

static void test_objects(void **state)
{
	(void)state;
	assert_diff("{\"a\":1,\"b\":{\"c\":2,\"d\":3},\"e\":null}",
		    "{\"f\":5,\"b\":{\"d\":4,\"c\":2},\"a\":1}",
		    "*/b/d 3 -> 4\n-/e null\n+/f 5\n");
	assert_diff("{\"a/b\":1,\"~\":2,\"\":3,\"~1\":4}", "{}",
		    "-/ 3\n-/a~1b 1\n-/~0 2\n-/~01 4\n");
	/* The last of two members with one name counts. */
	assert_diff("{\"a\":1,\"a\":2}", "{\"a\":2}", "");
	assert_diff("{\"a\":1,\"a\":2}", "{\"a\":1}", "*/a 2 -> 1\n");
}

/* Numbers stay as they came, but 1.10 is no change from 1.1. */
static void test_numbers(void **state)
{
	(void)state;
	assert_diff("[1.10,100,0,0.05]", "[1.1,1e2,-0.0,5e-2]", "");
	assert_diff("[12.5,1000]", "[1E3,1.25e1]", "");
	assert_diff("[1]", "[10]", "*/0 1 -> 10\n");
	assert_diff("[1,2]", "[1,-2]", "*/1 2 -> -2\n");
	assert_diff("[18446744073709551616]", "[18446744073709551617]",
		    "*/0 18446744073709551616 -> 18446744073709551617\n");
}

static void test_scalars_in_arrays(void **state)
{
	(void)state;
	assert_diff("[1,2,3]", "[3,1,2]", "");
	assert_diff("[1,2,3]", "[0,1,2,3]", "+/0 0\n");
	assert_diff("[1,2,3]", "[1,3]", "-/1 2\n");
	assert_diff("[1,2,3]", "[1,9,3]", "*/1 2 -> 9\n");
	assert_diff("[1,2,3]", "[3,9,1]", "*/1 2 -> 9\n");
	assert_diff("[1,2]", "[9,1]", "+/0 9\n-/1 2\n");
	assert_diff("[1,1,2]", "[1,2,2]", "*/1 1 -> 2\n");
	assert_diff("[1,1]", "[2,1]", "*/0 1 -> 2\n");
	assert_diff("[1,1]", "[1,2,1]", "+/1 2\n");
	assert_diff("[]", "[1,[2]]", "+/0 1\n+/1 [2]\n");
	assert_diff("[true,null]", "[null,false]", "-/0 true\n+/1 false\n");
}

static void test_nested_arrays(void **state)
{
	(void)state;
	assert_diff("[[1,2],[3,4]]", "[[4,3],[2,1]]", "");
	assert_diff("[[1,2],[3]]", "[[1,5],[3]]", "*/0/1 2 -> 5\n");
	assert_diff("{\"a\":[{\"b\":[1,{\"c\":[2,3]}]}]}",
		    "{\"a\":[{\"b\":[{\"c\":[3,2]},1]}]}", "");
}

static void test_identified_objects(void **state)
{
	(void)state;
	assert_diff("[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\",\"Value\":\"2\"}]",
		    "[{\"Key\":\"b\",\"Value\":\"3\"},{\"Key\":\"a\",\"Value\":\"1\"}]",
		    "*/0/Value \"2\" -> \"3\"\n");
	assert_diff("[{\"id\":7,\"x\":1,\"y\":1,\"z\":1}]",
		    "[0,{\"id\":7,\"x\":2,\"y\":2,\"z\":2}]",
		    "+/0 0\n*/1/x 1 -> 2\n*/1/y 1 -> 2\n*/1/z 1 -> 2\n");
	assert_diff("[{\"subnetId\":\"s\",\"x\":1,\"y\":1}]",
		    "[0,{\"subnetId\":\"s\",\"x\":2,\"y\":2}]",
		    "+/0 0\n*/1/x 1 -> 2\n*/1/y 1 -> 2\n");
	/* The name counts before other identifiers. */
	assert_diff("[{\"name\":\"a\",\"vpcId\":\"1\"},{\"name\":\"b\",\"vpcId\":\"2\"}]",
		    "[{\"name\":\"b\",\"vpcId\":\"1\"},{\"name\":\"a\",\"vpcId\":\"2\"}]",
		    "*/0/vpcId \"2\" -> \"1\"\n*/1/vpcId \"1\" -> \"2\"\n");
	/* Twice on one side it identifies nothing. */
	assert_diff(
		"[{\"id\":\"a\",\"x\":1}]",
		"[0,{\"id\":\"a\",\"x\":2,\"y\":1},{\"id\":\"a\",\"x\":3,\"y\":1}]",
		"*/0 {\"id\":\"a\",\"x\":1} -> 0\n+/1 {\"id\":\"a\",\"x\":2,\"y\":1}\n"
		"+/2 {\"id\":\"a\",\"x\":3,\"y\":1}\n");
	/* Two tags with one value are two tags. */
	assert_diff(
		"[1,{\"Key\":\"a\",\"Value\":\"x\"}]",
		"[{\"Key\":\"b\",\"Value\":\"x\"},1]",
		"+/0 {\"Key\":\"b\",\"Value\":\"x\"}\n-/1 {\"Key\":\"a\",\"Value\":\"x\"}\n");
}

static void test_alike_objects(void **state)
{
	(void)state;
	assert_diff(
		"[{\"ipProtocol\":\"tcp\",\"fromPort\":22,\"toPort\":22,\"ipRanges\":[\"10.0.0.0/8\"]},"
		"{\"ipProtocol\":\"tcp\",\"fromPort\":80,\"toPort\":80,\"ipRanges\":[\"0.0.0.0/0\"]}]",
		"[{\"ipProtocol\":\"tcp\",\"fromPort\":80,\"toPort\":80,\"ipRanges\":[\"0.0.0.0/0\"]},"
		"{\"ipProtocol\":\"tcp\",\"fromPort\":22,\"toPort\":22,"
		"\"ipRanges\":[\"0.0.0.0/0\",\"10.0.0.0/8\"]}]",
		"+/1/ipRanges/0 \"0.0.0.0/0\"\n");
	/* The most alike, not the first that will do. */
	assert_diff(
		"[{\"a\":1,\"b\":1,\"c\":1,\"d\":1}]",
		"[{\"a\":1,\"b\":1,\"c\":2,\"d\":2},{\"a\":1,\"b\":1,\"c\":1,\"d\":2}]",
		"+/0 {\"a\":1,\"b\":1,\"c\":2,\"d\":2}\n*/1/d 1 -> 2\n");
	assert_diff(
		"[{\"a\":1,\"b\":1,\"c\":1}]", "[0,{\"a\":1,\"b\":2,\"c\":2}]",
		"*/0 {\"a\":1,\"b\":1,\"c\":1} -> 0\n+/1 {\"a\":1,\"b\":2,\"c\":2}\n");
}

/* A DELETE must not read as if it were about the element that stands there now. */
static void test_misleading_deletes(void **state)
{
	(void)state;
	assert_diff("[{\"x\":1},{\"id\":\"a\",\"v\":1}]", "[{\"id\":\"a\",\"v\":2}]",
		    "*/0/v 1 -> 2\n-/2 {\"x\":1}\n");
	assert_diff(
		"[{\"x\":1},{\"id\":\"a\",\"v\":1},{\"y\":1},{\"z\":1}]",
		"[{\"id\":\"a\",\"v\":2},0,0]",
		"*/0/v 1 -> 2\n+/1 0\n*/2 {\"y\":1} -> 0\n-/3 {\"z\":1}\n-/4 {\"x\":1}\n");
	/* What stands there now is as it was: nothing is told of it. */
	assert_diff("[{\"x\":1},{\"id\":\"a\"}]", "[{\"id\":\"a\"}]", "-/0 {\"x\":1}\n");
}

/* --- properties ----------------------------------------------------------------------------- */

static unsigned rnd(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(*seed >> 33) % n;
}

/* Few different values, so that equal and nearly equal ones abound. */
static void put_random(struct buf *b, uint64_t *seed, unsigned depth)
{
	static const char *const keys[] = { "a", "b", "id", "Key", "xArn", "/~", "c" };
	static const char *const scalars[] = { "1",     "1.0",  "10",  "\"s\"",
					       "\"t\"", "null", "true" };
	unsigned kind = rnd(seed, depth > 0 ? 4 : 1), n = rnd(seed, 5);

	if (kind <= 1) {
		buf_put_text(b, scalars[rnd(seed, ARRAY_SIZE(scalars))]);
		return;
	}
	buf_put_char(b, kind == 2 ? '[' : '{');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_put_char(b, ',');
		if (kind == 3)
			buf_printf(b, "\"%s\":", keys[rnd(seed, ARRAY_SIZE(keys))]);
		put_random(b, seed, depth - 1);
	}
	buf_put_char(b, kind == 2 ? ']' : '}');
}

static void put_root(struct buf *b, uint64_t *seed)
{
	unsigned n = rnd(seed, 8);

	buf_put_text(b, "{\"list\":[");
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_put_char(b, ',');
		put_random(b, seed, 3);
	}
	buf_put_text(b, "],\"value\":");
	put_random(b, seed, 4);
	buf_put_char(b, '}');
	assert_int_equal(buf_error(b), 0);
}

static const struct jv *random_root(struct arena *a, uint64_t *seed)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct str text;

	put_root(&b, seed);
	text = arena_str(a, buf_str(&b));
	assert_non_null(text.p);
	return parse(a, text);
}

/* The same value with its arrays and members in another order. */
static void put_shuffled(struct buf *b, const struct jv *v, uint64_t *seed)
{
	uint32_t first;

	if ((v->type != JV_ARRAY && v->type != JV_OBJECT) || v->len == 0) {
		jv_write(b, v);
		return;
	}
	/* Turning and mirroring: enough to move each of them. */
	first = rnd(seed, v->len);
	buf_put_char(b, v->type == JV_ARRAY ? '[' : '{');
	for (uint32_t i = 0; i < v->len; i++) {
		uint32_t at = (first + v->len - i) % v->len;

		if (i > 0)
			buf_put_char(b, ',');
		if (v->type == JV_OBJECT) {
			jv_write_string(b, jv_str(&v->members[at].key));
			buf_put_char(b, ':');
			put_shuffled(b, &v->members[at].value, seed);
		} else {
			put_shuffled(b, &v->items[at], seed);
		}
	}
	buf_put_char(b, v->type == JV_ARRAY ? ']' : '}');
}

/* Follows a pointer; NULL when nothing is there. */
static const struct jv *follow(const struct jv *v, struct str pointer)
{
	while (v && pointer.n > 0) {
		char key[64];
		size_t n = 0, i = 1;

		assert_int_equal(pointer.p[0], '/');
		for (; i < pointer.n && pointer.p[i] != '/'; i++) {
			char c = pointer.p[i];

			if (c == '~')
				c = pointer.p[++i] == '0' ? '~' : '/';
			assert_true(n < sizeof(key) - 1);
			key[n++] = c;
		}
		key[n] = '\0';
		pointer = str_from(pointer, i);
		if (v->type == JV_ARRAY)
			v = strtoul(key, NULL, 10) < v->len
				    ? &v->items[strtoul(key, NULL, 10)]
				    : NULL;
		else
			v = jv_get_str(v, (struct str){ key, n });
	}
	return v;
}

static int compare_pointers(const void *a, const void *b)
{
	const struct json_diff_entry *x = a, *y = b;

	return str_cmp(x->pointer, y->pointer);
}

/* No pointer twice, and none inside of another. */
static void assert_apart(const struct json_diff *diff)
{
	_cleanup_(freep) struct json_diff_entry *sorted =
		calloc(diff->n + 1, sizeof(*sorted));

	assert_non_null(sorted);
	if (diff->n > 0)
		memcpy(sorted, diff->entries, diff->n * sizeof(*sorted));
	qsort(sorted, diff->n, sizeof(*sorted), compare_pointers);
	for (size_t i = 0; i < diff->n; i++)
		for (size_t j = i + 1; j < diff->n; j++) {
			struct str x = sorted[i].pointer, y = sorted[j].pointer;

			assert_false(str_eq(x, y));
			assert_false(y.n > x.n && memcmp(x.p, y.p, x.n) == 0 &&
				     y.p[x.n] == '/');
		}
}

static void assert_holds(struct arena *a, const struct jv *before, const struct jv *after)
{
	struct json_diff diff;

	assert_int_equal(json_diff(a, before, after, &diff), 0);
	assert_apart(&diff);
	for (size_t i = 0; i < diff.n; i++) {
		const struct json_diff_entry *e = &diff.entries[i];
		ptrdiff_t slash = str_rchr(e->pointer, '/');
		struct str parent = { e->pointer.p, slash < 0 ? 0 : (size_t)slash };

		/* Created and updated things stand where they are said to. */
		if (e->updated)
			assert_ptr_equal(follow(after, e->pointer), e->updated);
		/* Within arrays whose elements moved, the new tree's way is the pointer's. */
		assert_true(!e->previous || e->pointer.n == 0 || follow(after, parent));
		if (e->kind == JSON_DIFF_UPDATE)
			assert_false(jv_equal(e->previous, e->updated));
	}
}

static void test_random_trees(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		const struct jv *before = random_root(&a, &seed);
		const struct jv *after = random_root(&a, &seed);
		struct json_diff diff;

		assert_holds(&a, before, after);
		assert_int_equal(json_diff(&a, before, before, &diff), 0);
		assert_int_equal(diff.n, 0);
	}
}

static void test_shuffled_trees(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf b = BUF_INIT, c = BUF_INIT;
		const struct jv *before = random_root(&a, &seed);
		struct json_diff diff;

		/* Without doubled names: their order does count. */
		jv_write_sorted(&b, before);
		before = parse(&a, buf_str(&b));
		put_shuffled(&c, before, &seed);
		assert_int_equal(json_diff(&a, before, parse(&a, buf_str(&c)), &diff), 0);
		if (diff.n > 0)
			fail_msg("%.*s and %.*s", STR_ARGS(buf_str(&b)),
				 STR_ARGS(buf_str(&c)));
	}
}

/* One more or one less element anywhere is told of as just that. */
static void test_inserted_elements(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		const struct jv *before = jv_get(random_root(&a, &seed), "list");
		const struct jv *extra = jv_get(random_root(&a, &seed), "value");
		struct jv *items = arena_alloc(&a, (before->len + 1) * sizeof(*items));
		uint32_t at = rnd(&seed, before->len + 1);
		struct json_diff diff;
		struct jv after;

		assert_non_null(items);
		for (uint32_t k = 0; k <= before->len; k++)
			items[k] = k == at ? *extra : before->items[k - (k > at)];
		after = jv_make_array(items, before->len + 1);
		assert_int_equal(json_diff(&a, before, &after, &diff), 0);
		assert_int_equal(diff.n, 1);
		assert_int_equal(diff.entries[0].kind, JSON_DIFF_CREATE);
		assert_int_equal(json_diff(&a, &after, before, &diff), 0);
		assert_int_equal(diff.n, 1);
		assert_int_equal(diff.entries[0].kind, JSON_DIFF_DELETE);
		assert_non_null(follow(&after, diff.entries[0].pointer));
	}
}

/* --- size ----------------------------------------------------------------------------------- */

static const struct jv *big_list(struct arena *a, unsigned n, unsigned stride,
				 const char *value)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct str text;

	buf_put_char(&b, '[');
	for (unsigned i = 0; i < n; i++) {
		unsigned id = (unsigned)((uint64_t)i * stride % n);

		buf_printf(&b, "%s{\"itemId\":\"i-%u\",\"size\":%u,\"s\":\"%s\"},%u",
			   i ? "," : "", id, id * 10, value, id);
	}
	buf_put_char(&b, ']');
	text = arena_str(a, buf_str(&b));
	assert_non_null(text.p);
	return parse(a, text);
}

/* A quadratic way would take minutes for these. */
static void test_long_arrays(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const unsigned n = 50000;
	const struct jv *before = big_list(&a, n, 1, "x");
	struct json_diff diff;

	(void)state;
	assert_int_equal(json_diff(&a, before, big_list(&a, n, 7919, "x"), &diff), 0);
	assert_int_equal(diff.n, 0);
	/* All of them changed inside, and moved: paired by their ids. */
	assert_int_equal(json_diff(&a, before, big_list(&a, n, 7919, "y"), &diff), 0);
	assert_int_equal(diff.n, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(diff.entries[i].kind, JSON_DIFF_UPDATE);
		assert_true(str_ends(diff.entries[i].pointer, "/s"));
	}
}

static void test_deep_values(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf x = BUF_INIT, y = BUF_INIT;
	struct json_diff diff;

	(void)state;
	for (int i = 0; i < JV_MAX_DEPTH / 2; i++) {
		buf_put_text(&x, "{\"a\":[");
		buf_put_text(&y, "{\"a\":[");
	}
	buf_put_char(&x, '1');
	buf_put_char(&y, '2');
	for (int i = 0; i < JV_MAX_DEPTH / 2; i++) {
		buf_put_text(&x, "]}");
		buf_put_text(&y, "]}");
	}
	/* The objects are in nothing alike, so it is the outermost element that changed. */
	assert_int_equal(
		json_diff(&a, parse(&a, buf_str(&x)), parse(&a, buf_str(&y)), &diff), 0);
	assert_int_equal(diff.n, 1);
	assert_true(str_is(diff.entries[0].pointer, "/a/0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_values),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_scalars_in_arrays),
		cmocka_unit_test(test_nested_arrays),
		cmocka_unit_test(test_identified_objects),
		cmocka_unit_test(test_alike_objects),
		cmocka_unit_test(test_misleading_deletes),
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_shuffled_trees),
		cmocka_unit_test(test_inserted_elements),
		cmocka_unit_test(test_long_arrays),
		cmocka_unit_test(test_deep_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
