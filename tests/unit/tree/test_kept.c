/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is kept by numbers: made once, told apart where hashes are not, and not kept when it could
 * not be made. And what moments have in common: the blocks of their rosters.
 */

#include "estate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "at_roster.h"
#include "kept.h"
#include "node.h"
#include "request.h"

/* --- keeping ------------------------------------------------------------------------------ */

struct making {
	unsigned made;
	int fail;
	const char *text;
};

static int make(void *ctx, struct buf *out)
{
	struct making *m = ctx;

	m->made++;
	buf_put_text(out, m->text);
	return m->fail;
}

static void check(struct cache *c, const struct kept_key *key, struct making *m,
		  const char *want)
{
	struct cache_entry *held = NULL;
	const char *data = NULL;

	assert_int_equal(kept_get(c, key, make, m, &held, &data), 0);
	assert_memory_equal(data, want, strlen(want));
	assert_int_equal((uintptr_t)data % 8, 0);
	cache_release(c, held);
}

static void test_made_once(void **state)
{
	const struct kept_key one = { { 1, 2, 3, 4 } }, other = { { 1, 2, 3, 5 } };
	struct making m = { .text = "first" }, n = { .text = "second" };
	struct cache c;

	(void)state;
	assert_int_equal(cache_init(&c, 100000), 0);
	check(&c, &one, &m, "first");
	check(&c, &other, &n, "second");
	check(&c, &one, &n, "first");
	check(&c, &other, &m, "second");
	assert_int_equal(m.made + n.made, 2);
	cache_deinit(&c);
}

/* What has the same hash takes the place, and neither is taken for the other. */
static void test_same_hash(void **state)
{
	const struct kept_key key = { { 1, 2, 3, 4 } }, other = { { 5, 6, 7, 8 } };
	uint64_t hash = str_hash((struct str){ (const char *)&key, sizeof(key) });
	struct making m = { .text = "right" };
	struct buf wrong = BUF_INIT;
	struct cache c;

	(void)state;
	assert_int_equal(cache_init(&c, 100000), 0);
	buf_put(&wrong, &other, sizeof(other));
	buf_put_text(&wrong, "wrong");
	cache_release(&c, cache_put(&c, hash, 1, 0, &wrong));
	check(&c, &key, &m, "right");
	check(&c, &key, &m, "right");
	assert_int_equal(m.made, 1);
	cache_deinit(&c);
}

static void test_not_made(void **state)
{
	const struct kept_key key = { { 1 } };
	struct making m = { .text = "late", .fail = -EIO };
	struct cache_entry *held = NULL;
	const char *data;
	struct cache c;

	(void)state;
	assert_int_equal(cache_init(&c, 100000), 0);
	assert_int_equal(kept_get(&c, &key, make, &m, &held, &data), -EIO);
	assert_null(held);
	m.fail = 0;
	check(&c, &key, &m, "late");
	assert_int_equal(m.made, 2);
	cache_deinit(&c);
}

/* --- rosters ------------------------------------------------------------------------------ */

#define RESOURCES 1000
#define FOLDER    "at/2024-05-09/123456789012/us-east-1/T"

static int setup(void **state)
{
	struct estate *e;

	estate_setup(state);
	e = *state;
	estate_begin(e);
	for (int i = 0; i < RESOURCES; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "r%d", i * 7919 % RESOURCES);
		estate_put(e, "T", id, T0);
	}
	estate_put(e, "T", "r500", T0 + DAY);          /* another state */
	estate_put(e, "T", "r0-new", T0 + DAY);        /* created in between */
	estate_put_deletion(e, "T", "r700", T0 + DAY); /* and deleted */
	estate_commit(e);
	estate_open(e);
	return 0;
}

static bool has_block(const struct at_roster *r, uint64_t hash)
{
	for (size_t i = 0; i < r->n_blocks; i++)
		if (at_roster_blocks(r)[i].hash == hash)
			return true;
	return false;
}

/* Every byte is in the block that begins at or before it. */
static void check_places(const struct at_roster *r, enum at_form form)
{
	const struct at_block *blocks = at_roster_blocks(r);

	for (size_t i = 0; i < r->n_blocks; i++) {
		assert_true(blocks[i].first < blocks[i + 1].first);
		assert_int_equal(at_roster_find(r, form, blocks[i].start[form]), i);
		assert_int_equal(at_roster_find(r, form, blocks[i + 1].start[form] - 1),
				 i);
	}
	assert_int_equal(at_roster_find(r, form, blocks[r->n_blocks].start[form]),
			 r->n_blocks);
}

static void test_shared_blocks(void **state)
{
	struct estate *e = *state;
	_cleanup_(request_end) struct request q = { 0 };
	struct cache_entry *held[2];
	const struct at_roster *before, *after;
	struct store_at_folder f;
	size_t missing = 0;

	assert_int_equal(request_begin(e->t, &q), 0);
	assert_int_equal(at_folder(&q, node_at_row(estate_at(e, FOLDER).node), &f), 0);
	assert_int_equal(at_roster_get(&q, &f, T0, 0, &held[0], &before), 0);
	assert_int_equal(at_roster_get(&q, &f, T0 + DAY, 0, &held[1], &after), 0);
	assert_int_equal(before->n_states, RESOURCES);
	assert_int_equal(after->n_states, RESOURCES);
	assert_int_equal(after->sums.n, RESOURCES);
	assert_int_equal(after->sums.newest_ms, T0 + DAY);
	assert_true(before->n_blocks > RESOURCES / 64);
	for (size_t i = 0; i < after->n_blocks; i++)
		missing += !has_block(before, at_roster_blocks(after)[i].hash);
	/* Three resources are not what they were; each is in one block, or begins one. */
	assert_in_range(missing, 1, 6);
	for (enum at_form form = 0; form < AT_FORMS; form++)
		check_places(after, form);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		cache_release(&q.tree->rosters, held[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once),
		cmocka_unit_test(test_same_hash),
		cmocka_unit_test(test_not_made),
		cmocka_unit_test_setup_teardown(test_shared_blocks, setup,
						estate_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
