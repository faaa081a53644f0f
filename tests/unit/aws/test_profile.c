/* SPDX-License-Identifier: Apache-2.0 */
/* AWS's configuration files: what is a setting of whom, and what is passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile.h"

static void profiles_freep(struct profiles **p)
{
	*p = profiles_free(*p);
}

static struct profiles *parse(const char *config, const char *credentials)
{
	struct profiles *p = NULL;

	assert_int_equal(profiles_parse(str_of(config), str_of(credentials), &p), 0);
	return p;
}

static void expect(const struct profiles *p, const char *profile, const char *key,
		   const char *value)
{
	const char *got = profiles_get(p, profile, key);

	if (!value)
		assert_null(got);
	else
		assert_string_equal(got ? got : "(none)", value);
}

static void names_of_sections(void **state _unused_)
{
	_cleanup_(profiles_freep) struct profiles *p = parse(
		"[default]\na=1\n[profile x]\na = 2\n[ profile\ty ]\na=3\n[z]\na=4\n"
		"[sso-session x]\na=5\n[profile open\na=6\n[services s]\na=7\n",
		"[z]\na=8\n[profile q]\na=9\n");

	expect(p, "default", "a", "1");
	expect(p, "x", "a", "2");
	expect(p, "y", "a", "3");
	expect(p, "z", "a", "8");
	expect(p, "profile q", "a", "9");
	expect(p, "q", "a", NULL);
	expect(p, "open", "a", NULL);
	expect(p, "s", "a", NULL);
	assert_string_equal(profiles_sso(p, "x", "a"), "5");
	assert_null(profiles_sso(p, "y", "a"));
	assert_true(profiles_has(p, "x"));
	assert_false(profiles_has(p, "nobody"));
}

static void values(void **state _unused_)
{
	_cleanup_(profiles_freep) struct profiles *p = parse(
		"[profile x]\r\nplain=v\r\nspaced  =  a b  \nempty =\nkey = a=b=\n"
		"hash = a#b\ncomment = a # b\nsemicolon = a ; b\n# off = 1\n; off = 2\n"
		"no equals\n= no name\ns3 =\n  max = 20\n\tother = 1\nlast = end",
		"");

	expect(p, "x", "plain", "v");
	expect(p, "x", "spaced", "a b");
	expect(p, "x", "empty", "");
	expect(p, "x", "key", "a=b=");
	expect(p, "x", "hash", "a#b");
	expect(p, "x", "comment", "a");
	expect(p, "x", "semicolon", "a");
	expect(p, "x", "off", NULL);
	expect(p, "x", "max", NULL);
	expect(p, "x", "last", "end");
}

static void credentials_file_first(void **state _unused_)
{
	_cleanup_(profiles_freep) struct profiles *p =
		parse("[profile x]\nkey=config\nonly=config\n", "[x]\nkey=shared\n");

	expect(p, "x", "key", "shared");
	expect(p, "x", "only", "config");
}

static void settings_of_nobody(void **state _unused_)
{
	_cleanup_(profiles_freep) struct profiles *p = parse("a=1\n\n[]\nb=2\n[", "]\n[");

	expect(p, "default", "a", NULL);
	expect(p, "", "b", NULL);
	assert_false(profiles_has(p, "default"));
}

static void files_that_are_not_there(void **state _unused_)
{
	struct profiles *p = NULL;
	struct fault f = { 0 };

	setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1);
	assert_int_equal(profiles_read(&p, &f), 0);
	assert_false(profiles_has(p, "default"));
	profiles_free(p);
	setenv("AWS_CONFIG_FILE", "/", 1);
	assert_true(profiles_read(&p, &f) < 0);
	assert_non_null(strstr(f.reason, "/: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_sections),
		cmocka_unit_test(values),
		cmocka_unit_test(credentials_file_first),
		cmocka_unit_test(settings_of_nobody),
		cmocka_unit_test(files_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
