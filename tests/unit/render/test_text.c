/* SPDX-License-Identifier: Apache-2.0 */
/* Text out of the data: what may stand in a line, wherever in it, and what is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/entry.h"
#include "text.h"

static const char line[] = "the quick brown fox jumps over it";

static void assert_text(struct buf *got, const struct buf *want)
{
	assert_int_equal(buf_error(got), 0);
	assert_true(str_eq(buf_str(got), buf_str(want)));
	buf_reset(got);
}

/* Each byte that is ASCII, and what is not, at each place: alone changed, or not. */
static void test_each_place(void **state)
{
	_cleanup_(buf_deinit) struct buf in = BUF_INIT, got = BUF_INIT, want = BUF_INIT;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (size_t at = 0; at < sizeof(line); at++) {
			bool stays = c >= 0x20 && c < 0x7f;

			buf_reset(&in);
			buf_reset(&want);
			buf_put(&in, line, at);
			buf_put(&want, line, at);
			buf_put_char(&in, (char)c);
			if (stays)
				buf_put_char(&want, (char)c);
			else
				buf_printf(&want, "\\u%04x", c);
			buf_put_text(&in, line + at);
			buf_put_text(&want, line + at);
			text_safe(&got, buf_str(&in));
			assert_text(&got, &want);
			buf_put_str(&got, buf_str(&in));
			text_make_safe(&got, 0);
			assert_text(&got, &want);
		}
	}
}

/* A character of two bytes stays, one that turns the line round does not. */
static void test_characters(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT, want = BUF_INIT;

	(void)state;
	buf_put_text(&want, "caf\xc3\xa9 in the street of \\u202e and on");
	text_safe(&got, STR("caf\xc3\xa9 in the street of \xe2\x80\xae and on"));
	assert_text(&got, &want);
}

/* Of each length near what a line has room for: as the text of the value, cut. */
static void test_brief_json(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT, want = BUF_INIT;
	char text[2 * RENDER_BRIEF_BYTES];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		_cleanup_(buf_deinit) struct buf json = BUF_INIT;
		struct jv v = { .type = JV_STRING, .text = text, .len = (uint32_t)n };

		memset(text, 'x', n);
		/* In halves, a character would be no text. */
		for (size_t i = 0; i + 1 < n; i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		jv_write(&json, &v);
		buf_reset(&want);
		buf_put_text(&want, "before ");
		text_brief(&want, buf_str(&json));
		buf_put_text(&got, "before ");
		text_brief_json(&got, &v);
		assert_text(&got, &want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_place),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_brief_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
