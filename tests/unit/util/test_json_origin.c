/* SPDX-License-Identifier: Apache-2.0 */
/* Origins of the parts of a value, carried over rows of changes. */
#include "util/json_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "util/json_diff.h"

/* Each leaf as POINTER=MARK, parted by blanks. */
static void put_leaves(struct buf *out, struct buf *path, const struct jv *v,
		       const struct json_origin *o, uint32_t mark)
{
	size_t length = path->len;

	mark = o ? o->mark : mark;
	if ((v->type != JV_OBJECT && v->type != JV_ARRAY) || v->len == 0) {
		buf_printf(out, "%.*s=%u ", STR_ARGS(buf_str(path)), mark);
		return;
	}
	for (uint32_t i = 0; i < v->len; i++) {
		struct str key =
			v->type == JV_OBJECT ? jv_str(&v->members[i].key) : STR_NULL;

		if (v->type == JV_OBJECT)
			buf_printf(path, "/%.*s", STR_ARGS(key));
		else
			buf_printf(path, "/%u", i);
		put_leaves(out, path,
			   v->type == JV_OBJECT ? &v->members[i].value : &v->items[i],
			   v->type == JV_OBJECT ? json_origin_member(o, key)
						: json_origin_item(o, i),
			   mark);
		path->len = length;
	}
}

/* The values one after another; the differences must be those of an untraced comparison. */
static void assert_origins(const char *const *values, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT, kept = ARENA_INIT,
					     other = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT, path = BUF_INIT;
	struct json_origin *origin = json_origin_new(&kept, 0);
	const struct jv *last = NULL;

	for (uint32_t i = 0; values[i]; i++) {
		struct json_trace trace = { &kept, i };
		struct jv *v = arena_alloc(&a, sizeof(*v));
		struct json_diff traced, plain;

		assert_int_equal(jv_parse(&a, str_of(values[i]), v, NULL), 0);
		if (last) {
			assert_int_equal(json_diff_trace(&a, last, v, &trace, &origin,
							 &traced),
					 0);
			assert_int_equal(json_diff(&a, last, v, &plain), 0);
			assert_int_equal(traced.n, plain.n);
			for (size_t k = 0; k < plain.n; k++) {
				assert_true(str_eq(traced.entries[k].pointer,
						   plain.entries[k].pointer));
				assert_ptr_equal(traced.entries[k].updated,
						 plain.entries[k].updated);
			}
		}
		last = v;
	}
	/* A copy tells the same when what it is of is gone. */
	origin = json_origin_copy(&other, origin);
	arena_deinit(&kept);
	put_leaves(&got, &path, last, origin, 0);
	got.len -= got.len > 0;
	buf_put_char(&got, '\0');
	assert_string_equal(got.data, want);
}

#define CHECK(want, ...) \
	assert_origins((const char *const[]){ __VA_ARGS__, NULL }, (want))

static void test_members(void **state)
{
	(void)state;
	CHECK("/a=0 /b=0", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}");
	CHECK("/a=1 /b=0", "{\"a\":1,\"b\":2}", "{\"a\":9,\"b\":2}");
	CHECK("/a=3 /b=1 /c/d=2 /c/e=0", "{\"a\":1,\"c\":{\"d\":1,\"e\":2}}",
	      "{\"a\":1,\"b\":1,\"c\":{\"d\":1,\"e\":2}}",
	      "{\"a\":1,\"b\":1,\"c\":{\"d\":7,\"e\":2}}",
	      "{\"a\":2,\"b\":1,\"c\":{\"d\":7,\"e\":2}}");
	/* Gone and back again is new; a whole that was replaced is new in all parts. */
	CHECK("/a=2 /b=0", "{\"a\":1,\"b\":1}", "{\"b\":1}", "{\"a\":1,\"b\":1}");
	CHECK("/a/x=2 /a/y=2", "{\"a\":{\"x\":1,\"y\":1}}", "{\"a\":5}",
	      "{\"a\":{\"x\":1,\"y\":1}}");
	CHECK("=1", "1", "2", "2");
}

static void test_elements(void **state)
{
	(void)state;
	/* Inserted before, removed before, put in another order. */
	CHECK("/0=1 /1=0 /2=0", "[\"a\",\"b\"]", "[\"x\",\"a\",\"b\"]");
	CHECK("/0=1 /1=0", "[\"a\",\"b\"]", "[\"a\",\"x\",\"b\"]", "[\"x\",\"b\"]");
	CHECK("/0=0 /1=1", "[\"a\"]", "[\"x\",\"a\"]", "[\"a\",\"x\"]");
	/* Inside elements that are the same by their id. */
	CHECK("/0/id=0 /0/n=2 /1/id=0 /1/n=1",
	      "[{\"id\":\"p\",\"n\":1},{\"id\":\"q\",\"n\":1}]",
	      "[{\"id\":\"p\",\"n\":5},{\"id\":\"q\",\"n\":1}]",
	      "[{\"id\":\"q\",\"n\":6},{\"id\":\"p\",\"n\":5}]");
	CHECK("/0/id=2 /0/n=2 /1/id=0 /1/n=1 /2/id=0 /2/n=0",
	      "[{\"id\":\"p\",\"n\":1},{\"id\":\"q\",\"n\":1}]",
	      "[{\"id\":\"p\",\"n\":5},{\"id\":\"q\",\"n\":1}]",
	      "[{\"id\":\"r\",\"n\":5},{\"id\":\"p\",\"n\":5},{\"id\":\"q\",\"n\":1}]");
	/* Moved within a part that is otherwise the same. */
	CHECK("/a/0=1 /a/1=0 /b=3", "{\"a\":[\"p\"],\"b\":1}",
	      "{\"a\":[\"p\",\"q\"],\"b\":1}", "{\"a\":[\"q\",\"p\"],\"b\":1}",
	      "{\"a\":[\"q\",\"p\"],\"b\":2}");
	/* What has been replaced where it stood. */
	CHECK("/0=1 /1=0", "[1,2]", "[3,2]");
	CHECK("/0/0=0 /0/1=1", "[[1,2]]", "[[1,3]]");
}

static void test_emptied(void **state)
{
	(void)state;
	CHECK("/a=2", "{\"a\":[1,2]}", "{\"a\":[1]}", "{\"a\":[]}");
	CHECK("/a=1 /b=0", "{\"a\":{\"x\":1},\"b\":1}", "{\"a\":{},\"b\":1}",
	      "{\"a\":{},\"b\":1}");
	CHECK("/a/0=2", "{\"a\":[1]}", "{\"a\":[]}", "{\"a\":[1]}");
}

static void test_parts(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct json_origin *o = json_origin_new(&a, 7), *part = json_origin_new(&a, 8);
	char key[8];

	(void)state;
	assert_null(json_origin_member(NULL, STR("a")));
	assert_null(json_origin_item(NULL, 0));
	assert_null(json_origin_item(o, 0));
	for (int i = 40; i >= 0; i--) {
		(void)snprintf(key, sizeof(key), "k%02d", i);
		assert_int_equal(json_origin_set_member(&a, o, str_of(key), part), 0);
	}
	/* The key is a copy; the same one again is no second one. */
	memset(key, 'x', sizeof(key));
	assert_int_equal(json_origin_set_member(&a, o, STR("k05"), NULL), 0);
	assert_int_equal(o->n_members, 41);
	assert_null(json_origin_member(o, STR("k05")));
	assert_ptr_equal(json_origin_member(o, STR("k06")), part);
	assert_null(json_origin_member(o, STR("k")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_emptied),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
