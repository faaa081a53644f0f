/* SPDX-License-Identifier: Apache-2.0 */
/* Files found ahead of who takes them: all of them, in their order, however slow that one is. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "walker.h"

#define MANY 1000 /* more than are found ahead */

static int setup(void **state)
{
	char *root = strdup("/tmp/driftfs-walker-XXXXXX");

	assert_non_null(root);
	assert_non_null(mkdtemp(root));
	for (int i = 0; i < MANY; i++) {
		char path[64];
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/%04d", root, i);
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fprintf(f, "%*s", i % 7, ""), i % 7);
		assert_int_equal(fclose(f), 0);
	}
	*state = root;
	return 0;
}

static int unlink_one(const char *path, const struct stat *st _unused_, int flag _unused_,
		      struct FTW *at _unused_)
{
	return remove(path);
}

static int teardown(void **state)
{
	nftw(*state, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static struct walker *walker_of(const char *const *paths, size_t n)
{
	const struct sources_config config = { paths, n, NULL };
	struct sources *s = NULL;
	struct walker *w = NULL;

	assert_int_equal(sources_new(&config, &s), 0);
	assert_int_equal(walker_new(s, &w), 0);
	return w;
}

static void finds_all_in_order(void **state)
{
	const char *paths[] = { *state };
	struct walker *w = walker_of(paths, 1);
	struct import_file *file = NULL;

	usleep(20000); /* it has found as many as it may, and waits */
	for (int i = 0; i < MANY; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "/%04d", i);
		assert_int_equal(walker_next(w, true, &file), 0);
		assert_string_equal(strrchr(file->shown, '/'), name);
		assert_string_equal(file->name, file->path);
		assert_int_equal(file->size, i % 7);
		assert_false(file->closed || file->stream || file->named);
		import_file_free(file);
	}
	assert_int_equal(walker_next(w, true, &file), WALKER_E_END);
	assert_int_equal(walker_next(w, false, &file), WALKER_E_END);
	walker_free(w);
}

static void does_not_wait_unless_asked(void **state)
{
	const char *paths[] = { *state };
	struct walker *w = walker_of(paths, 1);
	struct import_file *file = NULL;
	int found = 0, r;

	while ((r = walker_next(w, false, &file)) != WALKER_E_END) {
		if (r == WALKER_E_LATER)
			continue;
		assert_int_equal(r, 0);
		import_file_free(file);
		found++;
	}
	assert_int_equal(found, MANY);
	walker_free(w);
}

/* Also while it waits for room, and with files that nobody took. */
static void ends_when_told(void **state)
{
	const char *paths[] = { *state };
	struct import_file *file = NULL;
	struct walker *w = walker_of(paths, 1);

	walker_free(w);
	w = walker_of(paths, 1);
	assert_int_equal(walker_next(w, true, &file), 0);
	import_file_free(file);
	usleep(20000);
	walker_free(w);
}

static void tells_what_a_source_is(void **state)
{
	char missing[80];
	const char *paths[] = { "-", missing };
	struct walker *w;
	struct import_file *file = NULL;

	(void)snprintf(missing, sizeof(missing), "%s/none", (const char *)*state);
	w = walker_of(paths, 2);
	assert_int_equal(walker_next(w, true, &file), 0);
	assert_true(file->stream && file->named);
	assert_null(file->path);
	assert_null(file->name);
	import_file_free(file);
	assert_int_equal(walker_next(w, true, &file), 0);
	assert_true(file->closed && file->named);
	assert_non_null(strstr(file->fault.reason, "cannot be read"));
	import_file_free(file);
	assert_int_equal(walker_next(w, true, &file), WALKER_E_END);
	walker_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_all_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(does_not_wait_unless_asked, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ends_when_told, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_what_a_source_is, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
