/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state in every guise gives one body, byte for byte: what an S3 file says, a message in any
 * envelope, a rule's event, a log record and the API. The files are in tests/golden/parse: what
 * comes in is NAME-GUISE.json, what is to come out NAME.expected, or NAME-GUISE.expected for the
 * guises that tell less.
 */
#include "files.h"

static void path_of(struct buf *path, struct str name, const char *suffix)
{
	const char *folder = getenv("DRIFTFS_GOLDEN");

	buf_printf(path, "%s/%.*s%s%c", folder ? folder : ".", STR_ARGS(name), suffix, 0);
}

static void expected_of(struct str name, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	ptrdiff_t dash = str_chr(name, '-');

	path_of(&path, name, ".expected");
	if (access(path.data, R_OK) != 0) {
		buf_reset(&path);
		path_of(&path, (struct str){ name.p, (size_t)dash }, ".expected");
	}
	file_read(path.data, ret);
}

static void check(const char *file)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(buf_deinit) struct buf wanted = BUF_INIT;
	struct file_counts n = { .collect = &c };
	struct str name = str_of(file);

	name.n -= strlen(".json");
	path_of(&path, name, ".json");
	file_parse(&n, path.data);
	expected_of(name, &wanted);
	if (n.faults.len > 0)
		fail_msg("%s: %.*s", file, STR_ARGS(buf_str(&n.faults)));
	if (!str_eq(buf_str(&c.bodies), buf_str(&wanted)))
		fail_msg("%s gives\n%.*snot\n%.*s", file, STR_ARGS(buf_str(&c.bodies)),
			 STR_ARGS(buf_str(&wanted)));
	buf_deinit(&n.faults);
}

static void check_all(const char *prefix, unsigned wanted)
{
	const char *folder = getenv("DRIFTFS_GOLDEN");
	DIR *dir = opendir(folder ? folder : ".");
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct str name = str_of(entry->d_name);

		if (!str_starts(name, prefix) || !str_ends(name, ".json"))
			continue;
		check(entry->d_name);
		n++;
	}
	closedir(dir);
	assert_int_equal(n, wanted);
}

/* A bucket: an ACL that is a string even in files, a policy, a number with a zero at its end. */
static void test_bucket(void **state)
{
	(void)state;
	check_all("bucket-", 21);
}

/* A deleted topic: null in files, "null" by the API, which leaves other nulls out. */
static void test_deleted(void **state)
{
	(void)state;
	check_all("deleted-", 2);
}

/* A role: URL-encoded policies at two depths, and a text that only looks like one. */
static void test_role(void **state)
{
	(void)state;
	check_all("role-", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
