/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A directory's files made together are byte for byte what each is when it is made alone, and what
 * is kept already, or large, is left as it is.
 */

#include <pthread.h>

#include "estate.h"

#define S1 GROUPS "/sg-1"
#define S2 GROUPS "/sg-2"
#define S3 GROUPS "/sg-3"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	/* Two lives, and an end that was recorded twice. */
	for (int day = 0; day < 3; day++)
		estate_put(e, GROUP, "sg-1", T0 + day * DAY);
	estate_put_deletion(e, GROUP, "sg-1", T0 + 3 * DAY);
	estate_put_deletion(e, GROUP, "sg-1", T0 + 4 * DAY);
	estate_put(e, GROUP, "sg-1", T0 + 5 * DAY);
	estate_put(e, GROUP, "sg-1", T0 + 6 * DAY);
	estate_put_deletion(e, GROUP, "sg-2", T0);
	for (int hour = 0; hour < 200; hour++)
		estate_put(e, GROUP, "sg-3", T0 + hour * (DAY / 24));
	estate_commit(e);
	estate_open(e);
	return 0;
}

struct child {
	uint64_t node, size;
};
struct children {
	struct child list[256];
	size_t n;
};

static bool add_child(void *ctx, const struct tree_entry *e)
{
	struct children *c = ctx;

	if (e->attr->type == TREE_FILE)
		c->list[c->n++] = (struct child){ e->attr->node, e->attr->size };
	return c->n < ARRAY_SIZE(c->list);
}

static void list(struct estate *e, const char *path, struct children *ret)
{
	ret->n = 0;
	assert_int_equal(
		tree_readdir(e->t, estate_at(e, path).node, 0,
			     &(struct tree_lister){ .entry = add_child, .ctx = ret }),
		0);
}

static void compare(struct estate *e, const char *path)
{
	uint64_t dir = estate_at(e, path).node;
	struct children children;
	struct tree *other = NULL;
	struct fault f;

	list(e, path, &children);
	assert_true(children.n >= 5);
	assert_int_equal(tree_open(e->path, &other, &f), 0);
	for (size_t i = 0; i < children.n; i++) {
		const struct tree_content *along = NULL, *alone = NULL;
		uint64_t node = children.list[i].node;

		assert_int_equal(tree_content_along(e->t, dir, node, &along), 0);
		assert_int_equal(tree_content_get(other, node, &alone), 0);
		assert_int_equal(along->len, alone->len);
		assert_int_equal(along->len, children.list[i].size);
		if (along->len)
			assert_memory_equal(along->data, alone->data, along->len);
		tree_content_put(e->t, along);
		tree_content_put(other, alone);
	}
	tree_close(other);
}

static void test_same(void **state)
{
	compare(*state, S1);
	compare(*state, S2);
	compare(*state, S3); /* too many: each for itself */
}

/* Made with the first, found with the others. */
static void test_together(void **state)
{
	struct estate *e = *state;
	uint64_t dir = estate_at(e, S1).node;
	const struct tree_content *first = NULL, *later[2] = { NULL, NULL };
	struct children children;

	list(e, S1, &children);
	assert_int_equal(tree_content_get(e->t, children.list[1].node, &first), 0);
	for (size_t i = 0; i < children.n; i++) {
		assert_int_equal(tree_content_along(e->t, dir, children.list[i].node,
						    &later[0]),
				 0);
		assert_int_equal(tree_content_get(e->t, children.list[i].node, &later[1]),
				 0);
		assert_ptr_equal(later[0], later[1]);
		if (i == 1)
			assert_ptr_equal(first, later[0]); /* not made again */
		tree_content_put(e->t, later[0]);
		tree_content_put(e->t, later[1]);
	}
	tree_content_put(e->t, first);
}

/* The story after a commit is the new one, and any directory will do for any file. */
static void test_after_commit(void **state)
{
	struct estate *e = *state;
	const struct tree_content *content = NULL;

	compare(e, S1);
	estate_add(e, "sg-1", T0 + 9 * DAY);
	compare(e, S1);
	assert_int_equal(tree_content_along(e->t, estate_at(e, S2).node,
					    estate_at(e, S1 "/changes").node, &content),
			 0);
	assert_int_equal(content->len, estate_at(e, S1 "/changes").size);
	tree_content_put(e->t, content);
	assert_int_equal(tree_content_along(e->t, TREE_ROOT, estate_at(e, S1).node,
					    &content),
			 TREE_E_IS_DIR);
	assert_int_equal(tree_content_along(e->t, UINT64_MAX, UINT64_MAX, &content),
			 TREE_E_NOT_FOUND);
}

static void test_next(void **state)
{
	struct estate *e = *state;
	uint64_t next = 0;

	assert_int_equal(tree_next(e->t, estate_at(e, S1).node, &next), 0);
	assert_int_equal(next, estate_at(e, S2).node);
	assert_int_equal(tree_next(e->t, next, &next), 0);
	assert_int_equal(next, estate_at(e, S3).node);
	assert_int_equal(tree_next(e->t, next, &next), TREE_E_NOT_FOUND);
	assert_int_equal(tree_next(e->t, estate_at(e, GROUPS).node, &next),
			 TREE_E_NOT_FOUND);
}

static size_t bytes_of(struct estate *e, const char *path)
{
	struct children children;
	size_t bytes = 0;

	list(e, path, &children);
	for (size_t i = 0; i < children.n; i++)
		bytes += children.list[i].size;
	return bytes;
}

static void test_prepare(void **state)
{
	struct estate *e = *state;
	size_t bytes = 1;

	assert_int_equal(tree_prepare(e->t, estate_at(e, S1).node, &bytes), 0);
	assert_int_equal(bytes, bytes_of(e, S1));
	assert_int_equal(tree_prepare(e->t, estate_at(e, S1).node, &bytes), 0);
	assert_int_equal(bytes, 0); /* all are kept */
	assert_int_equal(tree_prepare(e->t, estate_at(e, S3).node, &bytes), 0);
	assert_int_equal(bytes, 0); /* too many */
	assert_int_equal(tree_prepare(e->t, estate_at(e, GROUPS).node, &bytes),
			 TREE_E_NOT_FOUND);
}

struct preparing {
	struct estate *e;
	uint64_t dir;
	pthread_barrier_t *begin;
	size_t bytes;
	int r;
};

static void *prepare_thread(void *arg)
{
	struct preparing *p = arg;

	(void)pthread_barrier_wait(p->begin);
	p->r = tree_prepare(p->e->t, p->dir, &p->bytes);
	return NULL;
}

/* However many want them at once, the files are made by one. */
static void test_prepare_once(void **state)
{
	struct estate *e = *state;
	pthread_barrier_t begin;
	struct preparing threads[4];
	pthread_t ids[ARRAY_SIZE(threads)];
	unsigned made = 0;

	assert_int_equal(pthread_barrier_init(&begin, NULL, ARRAY_SIZE(threads)), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] =
			(struct preparing){ e, estate_at(e, S1).node, &begin, 0, -1 };
		assert_int_equal(
			pthread_create(&ids[i], NULL, prepare_thread, &threads[i]), 0);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(ids[i], NULL), 0);
		assert_int_equal(threads[i].r, 0);
		if (!threads[i].bytes)
			continue;
		assert_int_equal(threads[i].bytes, bytes_of(e, S1));
		made++;
	}
	assert_int_equal(made, 1);
	pthread_barrier_destroy(&begin);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, estate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same), TEST(test_together), TEST(test_after_commit),
		TEST(test_next), TEST(test_prepare),  TEST(test_prepare_once),
	};

	return cmocka_run_group_tests_name("dossier", tests, NULL, NULL);
}
