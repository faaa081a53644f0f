/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a folder of its own, made for each test: order, links, what is no file, and
 * the history, which must not even be opened.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "sources.h"

struct place {
	char root[64];
	char *before; /* the working directory */
};

static void touch(const char *path, const char *content)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->root, "/tmp/driftfs-sources-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	p->before = getcwd(NULL, 0);
	assert_int_equal(chdir(p->root), 0);
	*state = p;
	return 0;
}

static int unlink_one(const char *path, const struct stat *st _unused_, int flag _unused_,
		      struct FTW *at _unused_)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct place *p = *state;

	if (chdir(p->before))
		return -1;
	nftw(p->root, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p->before);
	free(p);
	return 0;
}

/* Walks and writes what it meets, a line each: shown path, with "!" and the reason if refused. */
static void walk(const char *const *paths, size_t n, const char *history, struct buf *out)
{
	const struct sources_config config = { paths, n, history };
	struct sources *s = NULL;
	struct source_entry e;
	bool more = true;

	assert_int_equal(sources_new(&config, &s), 0);
	for (;;) {
		assert_int_equal(sources_next(s, &e, &more), 0);
		if (!more)
			break;
		assert_true(e.name[0] == '/' || !strcmp(e.name, "-"));
		buf_printf(out, "%s%s%s%s\n", e.shown,
			   e.kind == SOURCE_STREAM ? " stream" : "",
			   e.kind == SOURCE_REFUSED ? " ! " : "",
			   e.kind == SOURCE_REFUSED ? e.fault.reason : "");
	}
	assert_int_equal(sources_next(s, &e, &more), 0);
	assert_false(more);
	buf_put_char(out, '\0');
	assert_int_equal(buf_error(out), 0);
	sources_free(s);
}

static void assert_walk(const char *const *paths, size_t n, const char *history,
			const char *expected)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	walk(paths, n, history, &out);
	assert_string_equal(out.data, expected);
}

static void walks_in_order(void **state _unused_)
{
	const char *const paths[] = { "z.json", "d", "d/", "-" };

	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/b", 0700), 0);
	assert_int_equal(mkdir("d/empty", 0700), 0);
	touch("z.json", "");
	touch("d/c", "");
	touch("d/a", "");
	touch("d/B", "");
	touch("d/.hidden", "");
	touch("d/b/2", "");
	touch("d/b/10", "");
	touch("d/b-", "");
	assert_walk(paths, 4, NULL,
		    "z.json\n"
		    "d/.hidden\nd/B\nd/a\nd/b/2\nd/b/10\nd/b-\nd/c\n"
		    "d/.hidden\nd/B\nd/a\nd/b/2\nd/b/10\nd/b-\nd/c\n"
		    "- stream\n");
}

static void tells_size_time_and_absolute_name(void **state)
{
	const struct place *p = *state;
	const char *const paths[] = { "./d/../d" };
	const struct sources_config config = { paths, 1, NULL };
	const struct timespec times[2] = { { 1, 0 }, { 1688990000, 123456789 } };
	struct sources *s = NULL;
	struct source_entry e;
	char expected[128];
	bool more;

	assert_int_equal(mkdir("d", 0700), 0);
	touch("d/f", "12345");
	assert_int_equal(utimensat(-100, "d/f", times, 0), 0);
	assert_int_equal(sources_new(&config, &s), 0);
	assert_int_equal(sources_next(s, &e, &more), 0);
	assert_true(more);
	snprintf(expected, sizeof(expected), "%s/d/f", p->root);
	assert_string_equal(e.name, expected);
	assert_string_equal(e.shown, "./d/../d/f");
	assert_int_equal(e.kind, SOURCE_FILE);
	assert_int_equal(e.size, 5);
	assert_int_equal(e.version, INT64_C(1688990000123456789));
	sources_free(s);
	assert_null(sources_free(NULL));
}

static void follows_no_links_inside(void **state _unused_)
{
	const char *const folder[] = { "d" }, *const link[] = { "to-d" },
			  *const file[] = { "to-f" };

	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/sub", 0700), 0);
	assert_int_equal(mkdir("elsewhere", 0700), 0);
	touch("d/f", "");
	touch("d/sub/g", "");
	touch("elsewhere/h", "");
	assert_int_equal(symlink("../d", "d/cycle"), 0);
	assert_int_equal(symlink("f", "d/inside"), 0);
	assert_int_equal(symlink("../elsewhere", "d/outside"), 0);
	assert_int_equal(symlink("nothing", "d/broken"), 0);
	assert_int_equal(symlink("d", "to-d"), 0);
	assert_int_equal(symlink("d/f", "to-f"), 0);
	assert_walk(
		folder, 1, NULL,
		"d/broken ! is a symbolic link to nothing\n"
		"d/f\n"
		"d/outside ! is a symbolic link that leads out of the folder; not followed\n"
		"d/sub/g\n");
	/* Named, a link is followed. */
	assert_walk(
		link, 1, NULL,
		"to-d/broken ! is a symbolic link to nothing\n"
		"to-d/f\n"
		"to-d/outside ! is a symbolic link that leads out of the folder; not followed\n"
		"to-d/sub/g\n");
	assert_walk(file, 1, NULL, "to-f\n");
}

static void refuses_what_is_no_file(void **state _unused_)
{
	const char *const folder[] = { "d" }, *const named[] = { "d/pipe", "/dev/null" };
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "d/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(mkdir("d", 0700), 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(mkfifo("d/pipe", 0600), 0);
	assert_walk(
		folder, 1, NULL,
		"d/pipe ! is a pipe, not a file\nd/socket ! is a socket, not a file\n");
	/* A pipe that is named, as a shell's <(...) is, is read. */
	assert_walk(named, 2, NULL,
		    "d/pipe stream\n/dev/null ! is a device, not a file\n");
}

static void refuses_what_is_not_there(void **state _unused_)
{
	const char *const paths[] = { "nothing", "" };

	assert_walk(paths, 2, NULL,
		    "nothing ! cannot be read: No such file or directory\n"
		    " ! cannot be read: No such file or directory\n");
}

static void refuses_what_may_not_be_read(void **state _unused_)
{
	const char *const paths[] = { "d" };

	if (geteuid() == 0)
		skip(); /* root may read everything */
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/locked", 0), 0);
	touch("d/z", "");
	assert_walk(paths, 1, NULL,
		    "d/locked ! cannot be read: Permission denied\nd/z\n");
}

static void passes_over_the_history(void **state _unused_)
{
	const char *const folder[] = { "d" }, *const named[] = { "d/h.db" };

	assert_int_equal(mkdir("d", 0700), 0);
	touch("d/h.db", "");
	touch("d/h.db-wal", "");
	touch("d/h.db-shm", "");
	touch("d/h.db-walnut", "");
	assert_int_equal(link("d/h.db", "d/hard"), 0);
	assert_walk(folder, 1, "d/../d/h.db", "d/h.db-walnut\n");
	assert_walk(named, 1, "d/h.db", "d/h.db ! is the history itself\n");
}

static void walks_names_of_any_bytes(void **state _unused_)
{
	const char *const paths[] = { "d" };

	assert_int_equal(mkdir("d", 0700), 0);
	touch("d/\xff\n", "");
	touch("d/\x01", "");
	assert_walk(paths, 1, NULL, "d/\x01\nd/\xff\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(walks_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_size_time_and_absolute_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(follows_no_links_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refuses_what_may_not_be_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(passes_over_the_history, setup, teardown),
		cmocka_unit_test_setup_teardown(walks_names_of_any_bytes, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
