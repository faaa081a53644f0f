/* SPDX-License-Identifier: Apache-2.0 */
/* Which beginnings can be JSON: the rest of a file is told by what is found in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker.h"

static void takes_json(void **state _unused_)
{
	static const char *const heads[] = {
		"",
		" \n\t\r",
		"\xef\xbb\xbf",
		"{",
		"{}",
		"{ \n \"Records\"",
		"\xef\xbb\xbf {\"a\":1}",
		"[",
		"[]",
		"[ {",
		"[[",
		"[\"a\"",
		"[-1",
		"[7",
		"[true",
		"[null",
		"{\"a\":1}\n{\"a\":2}\n",
		"{\"cut sh",
	};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (!reader_looks_like_json(str_of(heads[i])))
			fail_msg("'%s' could be JSON", heads[i]);
}

static void leaves_other_text(void **state _unused_)
{
	static const char *const heads[] = {
		"MIT License", "# a heading",    "#!/bin/sh",    "[section]",
		"[![badge]",   "{% template %}", "{key: value}", "{'python': 1}",
		"<xml/>",      "---\na: 1",      "\"a string\"", "17",
		"null",        "\x1f\x8b",       "\xff\xfe{",
	};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (reader_looks_like_json(str_of(heads[i])))
			fail_msg("'%s' is no JSON", heads[i]);
	assert_false(reader_looks_like_json((struct str){ "{\0\"a\"", 5 }));
	assert_false(reader_looks_like_json((struct str){ "\0{", 2 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_json),
		cmocka_unit_test(leaves_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
