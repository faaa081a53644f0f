/* SPDX-License-Identifier: Apache-2.0 */
/* Elements as they end, with their paths; and what ends the parse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "xml.h"

static int note(void *ctx, const char *path, struct str text)
{
	buf_printf(ctx, "%s=%.*s;", path, STR_ARGS(text));
	return 0;
}

static void expect(const char *text, const char *elements)
{
	_cleanup_(buf_deinit) struct buf seen = BUF_INIT;
	struct fault f = { 0 };

	assert_int_equal(xml_parse(str_of(text), note, &seen, &f), 0);
	buf_put_char(&seen, '\0');
	assert_string_equal(seen.data, elements);
}

static void expect_refused(struct str text, const char *says)
{
	_cleanup_(buf_deinit) struct buf seen = BUF_INIT;
	struct fault f = { 0 };

	assert_int_equal(xml_parse(text, note, &seen, &f), XML_E_SYNTAX);
	if (!strstr(f.reason, says))
		fail_msg("%s does not say %s", f.reason, says);
	assert_int_equal(xml_parse(text, note, &seen, NULL), XML_E_SYNTAX);
}

static void takes_elements(void **state _unused_)
{
	expect("<a/>", "a=;");
	expect("<?xml version='1.0'?><a><b x='1'>t</b><b> u </b></a>",
	       "a/b=t;a/b= u ;a=;");
	expect("<a>1<b>2</b>3</a>", "a/b=2;a=3;");
	expect("<a>&lt;&#65;&amp;<![CDATA[<x>]]></a>", "a=<A&<x>;");
	expect("<s:a xmlns:s='u'>x</s:a>", "s:a=x;");
}

static void refuses_the_rest(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf deep = BUF_INIT;

	expect_refused(STR_NULL, "no element");
	expect_refused(STR("<a>"), "no XML");
	expect_refused(STR("<a></b>"), "no XML");
	expect_refused(STR("<a/><b/>"), "no XML");
	expect_refused(STR("<a>&b;</a>"), "no XML");
	expect_refused(STR("<a>\xff</a>"), "no XML");
	expect_refused(STR("<a>\0</a>"), "no XML");
	expect_refused(STR("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "document type");
	expect_refused(STR("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
		       "document type");
	for (unsigned i = 0; i <= XML_MAX_DEPTH; i++)
		buf_put_text(&deep, "<a>");
	expect_refused(buf_str(&deep), "too deep");
}

static int give_up(void *ctx _unused_, const char *path _unused_,
		   struct str text _unused_)
{
	return -ENOMEM;
}

static void ends_when_the_caller_does(void **state _unused_)
{
	assert_int_equal(xml_parse(STR("<a><b/><c/></a>"), give_up, NULL, NULL), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_elements),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(ends_when_the_caller_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
