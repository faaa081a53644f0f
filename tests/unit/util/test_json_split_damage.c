/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting damaged streams. A trail of five records is broken in its third, first or last one in
 * every way that edits at any of its bytes can; the other four must come out whole, and what was
 * not handed over must be nothing but punctuation and the document around the records.
 */
#include "split_help.h"

#include "util/json.h"

#include <ctype.h>

#define MAX_RECORD 4096
#define RECORDS    5

#define HEAD "{\"Records\":["

static void record_make(struct buf *b, unsigned i)
{
	buf_printf(
		b,
		"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":"
		"\"arn:aws:sts::1:r/%u\",\"a\":{\"b\":[]}},\"eventName\":\"Run\\\"In%u\","
		"\"requestParameters\":{\"p\":\"{\\\"Version\\\":[1]}\",\"set\":{\"items\":"
		"[{\"id\":\"i-%u\",\"n\":%u},{\"id\":\"j-%u\",\"n\":null}]}},\"resources\":"
		"[{\"ARN\":\"a%u\"},{\"ARN\":\"b\"},{\"ARN\":\"c\"}],\"readOnly\":false}",
		i, i, i, i, i, i);
}

/* The trail with record `broken` replaced; where that one lies is told. */
static void trail_make(struct buf *b, unsigned broken, struct str instead, size_t *from,
		       size_t *to)
{
	buf_put_text(b, HEAD);
	for (unsigned i = 0; i < RECORDS; i++) {
		if (i > 0)
			buf_put_char(b, ',');
		if (i == broken) {
			*from = b->len;
			buf_put_str(b, instead);
			*to = b->len;
		} else {
			record_make(b, i);
		}
	}
	buf_put_text(b, "]}");
	assert_int_equal(buf_error(b), 0);
}

static bool is_json(struct str text)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	return jv_parse(&a, text, &v, NULL) == 0;
}

static size_t count_intact(const struct pieces *p, struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += !p->all[i].damaged &&
		     str_eq((struct str){ p->all[i].text, p->all[i].n }, text);
	return n;
}

/* Pieces come in order and do not overlap; between them nothing that says anything. */
static void assert_nothing_lost(struct str input, const struct pieces *p, const char *how)
{
	uint64_t at = strlen(HEAD);

	for (size_t i = 0; i <= p->n; i++) {
		uint64_t next = i < p->n ? p->all[i].offset : input.n;

		if (next < at)
			fail_msg("%s: piece %zu overlaps in %.*s", how, i,
				 STR_ARGS(input));
		for (; at < next; at++)
			if (!strchr(" \n\t,]}", input.p[at]) || !input.p[at])
				fail_msg("%s: byte %d lost in %.*s", how, (int)at,
					 STR_ARGS(input));
		if (i < p->n)
			at += p->all[i].n;
	}
}

/*
 * The checks for one way of breaking a record. Where what is left of the record still is JSON
 * (one letter less in a string) it may come out undamaged, else it may do so only when the parser
 * then turns it down. With `spared`, so many
 * other records may be drawn into the damage, and objects inside of the record taken for one.
 */
static void check_broken(unsigned broken, struct str instead, unsigned spared,
			 const char *how)
{
	_cleanup_(buf_deinit) struct buf trail = BUF_INIT;
	_cleanup_(pieces_deinit) struct pieces p = { 0 };
	size_t from = 0, to = 0;
	unsigned missed = 0;

	trail_make(&trail, broken, instead, &from, &to);
	split_all_ways(buf_str(&trail), MAX_RECORD, &p);
	if (spared == 0)
		assert_nothing_lost(buf_str(&trail), &p, how);
	for (unsigned i = 0; i < RECORDS; i++) {
		_cleanup_(buf_deinit) struct buf whole = BUF_INIT;

		record_make(&whole, i);
		missed += i != broken && count_intact(&p, buf_str(&whole)) != 1;
	}
	if (missed > spared)
		fail_msg("%s: %u others missed in %.*s", how, missed,
			 STR_ARGS(buf_str(&trail)));
	for (size_t i = 0; i < p.n; i++) {
		struct str text = { p.all[i].text, p.all[i].n };
		bool here = p.all[i].offset < to && p.all[i].offset + text.n > from;

		/* What comes behind a stray ]} is in no container. */
		if (strcmp(p.all[i].container, "Records") != 0 && !p.all[i].damaged)
			fail_msg("%s: no record: %.*s in %.*s", how, STR_ARGS(text),
				 STR_ARGS(buf_str(&trail)));
		if (!p.all[i].damaged && here && spared == 0 && is_json(text) &&
		    !str_starts(text, "{\"ev") && !is_json(instead))
			fail_msg("%s: a part taken for a record: %.*s", how,
				 STR_ARGS(text));
		if (p.all[i].damaged && missed == 0 &&
		    (p.all[i].offset > to + 2 || p.all[i].offset + text.n < from))
			fail_msg("%s: damage elsewhere: %.*s in %.*s", how,
				 STR_ARGS(text), STR_ARGS(buf_str(&trail)));
	}
}

static const unsigned positions[] = { 2, 4, 0 };

/* Calls edit for each byte of the record; it appends the broken record to out. */
static void for_each_edit(void (*edit)(struct buf *out, struct str record, size_t at),
			  unsigned spared, const char *how)
{
	for (size_t i = 0; i < ARRAY_SIZE(positions) - (spared > 0); i++) {
		_cleanup_(buf_deinit) struct buf whole = BUF_INIT;

		record_make(&whole, positions[i]);
		for (size_t at = 0; at < whole.len; at++) {
			_cleanup_(buf_deinit) struct buf out = BUF_INIT;
			char text[64];

			edit(&out, buf_str(&whole), at);
			snprintf(text, sizeof(text), "%s %zu of record %u", how, at,
				 positions[i]);
			check_broken(positions[i], buf_str(&out), spared, text);
		}
	}
}

static void edit_cut(struct buf *out, struct str record, size_t at)
{
	buf_put(out, record.p, at);
}

static void edit_cut_front(struct buf *out, struct str record, size_t at)
{
	buf_put_str(out, str_from(record, at + 1));
}

static void edit_drop(struct buf *out, struct str record, size_t at)
{
	buf_put(out, record.p, at);
	buf_put_str(out, str_from(record, at + 1));
}

static void edit_with(struct buf *out, struct str record, size_t at, const char *bytes,
		      size_t n)
{
	buf_put(out, record.p, at);
	buf_put(out, bytes, n);
	buf_put_str(out, str_from(record, at + n));
}

static void edit_nul(struct buf *out, struct str record, size_t at)
{
	edit_with(out, record, at, "\0\0\0\0\0\0\0\0", 8);
}

static void edit_rubbish(struct buf *out, struct str record, size_t at)
{
	edit_with(out, record, at, "\xff#\x01\x80~@", 6);
}

static void edit_insert(struct buf *out, struct str record, size_t at, char c)
{
	buf_put(out, record.p, at);
	buf_put_char(out, c);
	buf_put_str(out, str_from(record, at));
}

static void edit_quote(struct buf *out, struct str record, size_t at)
{
	edit_insert(out, record, at, '"');
}

static void edit_open_brace(struct buf *out, struct str record, size_t at)
{
	edit_insert(out, record, at, '{');
}

static void edit_close_brace(struct buf *out, struct str record, size_t at)
{
	edit_insert(out, record, at, '}');
}

static void edit_close_bracket(struct buf *out, struct str record, size_t at)
{
	edit_insert(out, record, at, ']');
}

static void edit_newline(struct buf *out, struct str record, size_t at)
{
	edit_insert(out, record, at, '\n');
}

static void test_cut(void **state)
{
	(void)state;
	for_each_edit(edit_cut, 0, "cut at");
}

static void test_cut_front(void **state)
{
	(void)state;
	/*
	 * What is left may begin with a member, as if the record before had ended too soon, or
	 * with whole objects, which nothing tells from records, and a ] that seems to end the
	 * container, so that members of the record are dropped as the document's. In the first
	 * record all of that is believed; it is left out.
	 */
	for_each_edit(edit_cut_front, 1, "front cut up to");
}

static void test_byte_dropped(void **state)
{
	(void)state;
	for_each_edit(edit_drop, 0, "dropped byte");
}

static void test_bytes_overwritten(void **state)
{
	(void)state;
	for_each_edit(edit_nul, 0, "NULs at");
	for_each_edit(edit_rubbish, 0, "rubbish at");
}

static void test_byte_inserted(void **state)
{
	(void)state;
	for_each_edit(edit_quote, 0, "quote at");
	for_each_edit(edit_open_brace, 0, "{ at");
	for_each_edit(edit_close_brace, 0, "} at");
	for_each_edit(edit_close_bracket, 0, "] at");
	for_each_edit(edit_newline, 0, "newline at");
}

/* --- one case each ---------------------------------------------------------------------- */

struct want {
	bool damaged;
	const char *container;
	const char *text;
};

static void assert_split(const char *input, size_t max, const struct want *want, size_t n)
{
	_cleanup_(pieces_deinit) struct pieces p = { 0 };

	split_all_ways(str_of(input), max, &p);
	for (size_t i = 0; i < p.n && i < n; i++) {
		if (strcmp(p.all[i].text, want[i].text) != 0 ||
		    p.all[i].damaged != want[i].damaged ||
		    strcmp(p.all[i].container, want[i].container) != 0)
			fail_msg("%s: piece %zu is %s (%s), not %s", input, i,
				 p.all[i].text, p.all[i].fault.reason, want[i].text);
		if (want[i].damaged && !p.all[i].fault.reason[0])
			fail_msg("%s: no reason", input);
	}
	if (p.n != n)
		fail_msg("%s: %zu pieces, not %zu", input, p.n, n);
}

#define ASSERT_SPLIT(max, input, ...)                               \
	do {                                                        \
		const struct want want_[] = { __VA_ARGS__ };        \
		assert_split(input, max, want_, ARRAY_SIZE(want_)); \
	} while (0)

static void test_commas(void **state)
{
	(void)state;
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1}{\"a\":2},,{\"a\":3},]}",
		     { false, "Records", "{\"a\":1}" }, { true, "Records", "" },
		     { false, "Records", "{\"a\":2}" }, { true, "Records", "" },
		     { false, "Records", "{\"a\":3}" }, { true, "Records", "" });
	ASSERT_SPLIT(MAX_RECORD, HEAD ",{\"a\":1}]}", { true, "Records", "" },
		     { false, "Records", "{\"a\":1}" });
}

static void test_stream_ends(void **state)
{
	(void)state;
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1}", { false, "Records", "{\"a\":1}" },
		     { true, "Records", "" });
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1},", { false, "Records", "{\"a\":1}" },
		     { true, "Records", "" });
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1}]", { false, "Records", "{\"a\":1}" },
		     { true, "Records", "" });
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1}],\"b\":tru",
		     { false, "Records", "{\"a\":1}" },
		     { true, "Records", ",\"b\":tru" });
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1},{\"a\":\"x",
		     { false, "Records", "{\"a\":1}" },
		     { true, "Records", "{\"a\":\"x" });
	ASSERT_SPLIT(MAX_RECORD, "{\"Rec", { true, "", "{\"Rec" });
	ASSERT_SPLIT(MAX_RECORD, "{", { true, "", "{" });
	ASSERT_SPLIT(MAX_RECORD, "[", { true, "", "" });
	ASSERT_SPLIT(MAX_RECORD, "{\"a\":\"\\", { true, "", "{\"a\":\"\\" });
}

static void test_lines(void **state)
{
	(void)state;
	ASSERT_SPLIT(MAX_RECORD, "{\"a\":1}\n{\"a\":\"x\n{\"a\":3}\n{\"a\":\n{\"b\":5}\n",
		     { false, "", "{\"a\":1}" }, { true, "", "{\"a\":\"x" },
		     { false, "", "{\"a\":3}" }, { true, "", "{\"a\":" },
		     { false, "", "{\"b\":5}" });
	ASSERT_SPLIT(MAX_RECORD, "{\"a\":[1,\n{\"a\":2}\n{\"a\":3}",
		     { true, "", "{\"a\":[1" }, { false, "", "{\"a\":2}" },
		     { false, "", "{\"a\":3}" });
	ASSERT_SPLIT(MAX_RECORD, "oops\n[{\"a\":1},{\"a\":2}]\n", { true, "", "oops" },
		     { false, "", "{\"a\":1}" }, { false, "", "{\"a\":2}" });
	/* Concatenated files, the first one cut off. */
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1},{\"a\":\n" HEAD "{\"a\":3}]}",
		     { false, "Records", "{\"a\":1}" }, { true, "Records", "{\"a\":" },
		     { false, "Records", "{\"a\":3}" });
	ASSERT_SPLIT(MAX_RECORD, HEAD "{\"a\":1},{\"a\":\"" HEAD "{\"a\":3}]}",
		     { false, "Records", "{\"a\":1}" }, { true, "Records", "{\"a\":\"" },
		     { false, "Records", "{\"a\":3}" });
}

static void test_no_json(void **state)
{
	(void)state;
	ASSERT_SPLIT(
		MAX_RECORD, "2024-05-01 ERROR [x] {y}\n[2024] more, and\n[INFO] {} \"\n",
		{ true, "", "2024-05-01 ERROR [x] {y}\n[2024] more, and\n[INFO] {} \"" });
	ASSERT_SPLIT(MAX_RECORD, "\x89PNG\r\n\x1a\n{\"[[[",
		     { true, "", "\x89PNG\r\n\x1a\n{\"[[[" });
	ASSERT_SPLIT(MAX_RECORD, "123", { true, "", "123" });
	ASSERT_SPLIT(MAX_RECORD, "\"a\"", { true, "", "\"a\"" });
	ASSERT_SPLIT(MAX_RECORD, "\xef\xbb{\"a\":1}", { true, "", "\xef\xbb" },
		     { false, "", "{\"a\":1}" });
	ASSERT_SPLIT(MAX_RECORD, "{\"a\":1}\xef\xbb\xbf{\"a\":1}",
		     { false, "", "{\"a\":1}" }, { true, "", "\xef\xbb\xbf" },
		     { false, "", "{\"a\":1}" });
	/* Events in a log: the text around them is the damage. */
	ASSERT_SPLIT(MAX_RECORD, "2024Z {\"a\":1}\n2025Z {\"a\":2} ok\n",
		     { true, "", "2024Z" }, { false, "", "{\"a\":1}" },
		     { true, "", "2025Z" }, { false, "", "{\"a\":2}" },
		     { true, "", "ok" });
	/* A document whose beginning is gone: its members are no documents. */
	ASSERT_SPLIT(MAX_RECORD, "####\":1,\"b\":{\"c\":2},\"d\":[{\"e\":3},{\"e\":3}]}",
		     { true, "",
		       "####\":1,\"b\":{\"c\":2},\"d\":[{\"e\":3},{\"e\":3}]}" });
	/* No container of records, but of something else. */
	ASSERT_SPLIT(MAX_RECORD, HEAD "1,\"x\",[{}]]}",
		     { true, "Records", "1,\"x\",[{}]]}" });
}

static void test_too_long(void **state)
{
#define TEN "0123456789"
	(void)state;
	ASSERT_SPLIT(64, HEAD "{\"a\":\"" TEN TEN TEN TEN TEN "123456\"},{\"a\":1}]}",
		     { false, "Records", "{\"a\":\"" TEN TEN TEN TEN TEN "123456\"}" },
		     { false, "Records", "{\"a\":1}" });
	ASSERT_SPLIT(64, HEAD "{\"a\":\"" TEN TEN TEN TEN TEN "1234567\"},{\"a\":1}]}",
		     { true, "Records", "{\"a\":\"" TEN TEN TEN TEN TEN "1234567\"" },
		     { false, "Records", "{\"a\":1}" });
	/* Members behind a container are not wanted and may be of any length. */
	ASSERT_SPLIT(64, HEAD "{\"a\":1}],\"b\":\"" TEN TEN TEN TEN TEN TEN TEN TEN "\"}",
		     { false, "Records", "{\"a\":1}" });
	/* A record that swallowed those behind it is found out when it is too long. */
	ASSERT_SPLIT(
		64,
		HEAD
		"{\"a\":1},{\"a\":[2,{\"a\":3},{\"a\":4},{\"a\":5},{\"a\":6},{\"a\":7},"
		"{\"a\":8},{\"a\":9}]}",
		{ false, "Records", "{\"a\":1}" }, { true, "Records", "{\"a\":[2" },
		{ false, "Records", "{\"a\":3}" }, { false, "Records", "{\"a\":4}" },
		{ false, "Records", "{\"a\":5}" }, { false, "Records", "{\"a\":6}" },
		{ false, "Records", "{\"a\":7}" }, { false, "Records", "{\"a\":8}" },
		{ false, "Records", "{\"a\":9}" });
}

/* Once, from where it begins, with as much of it as is kept and its whole length. */
static void test_too_long_by_far(void **state)
{
	static const size_t lengths[] = { 65, 128, 129, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_(buf_deinit) struct buf b = BUF_INIT;
		_cleanup_(pieces_deinit) struct pieces p = { 0 };
		size_t from;

		buf_put_text(&b, HEAD "{\"a\":1},");
		from = b.len;
		buf_put_text(&b, "{\"a\":\"");
		while (b.len < from + lengths[i] - 2)
			buf_put_char(&b, 'x');
		buf_put_text(&b, "\"}, {\"a\":2}]}");
		split_all_ways(buf_str(&b), 64, &p);
		assert_int_equal(p.n, 3);
		assert_false(p.all[0].damaged);
		assert_true(p.all[1].damaged);
		assert_string_equal(p.all[1].fault.reason,
				    "longer than the largest record allowed");
		assert_int_equal(p.all[1].fault.offset, from);
		assert_int_equal(p.all[1].offset, from);
		assert_int_equal(p.all[1].length, lengths[i]);
		assert_int_equal(p.all[1].n, lengths[i] > 65 ? 64 : p.all[1].n);
		assert_string_equal(p.all[2].text, "{\"a\":2}");
	}
}

static void nest(struct buf *b, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_put_text(b, i % 2 ? "[" : i ? "{\"a\":" : "{\"r\":");
	buf_put_char(b, '1');
	while (depth-- > 0)
		buf_put_char(b, depth % 2 ? ']' : '}');
}

static void test_too_deep(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(pieces_deinit) struct pieces p = { 0 };

	(void)state;
	buf_put_text(&b, HEAD "{\"r\":1},");
	nest(&b, 512);
	buf_put_char(&b, ',');
	nest(&b, 513);
	buf_put_char(&b, ',');
	nest(&b, 100000);
	buf_put_text(&b, ",{\"r\":2}]}");
	split_all_ways(buf_str(&b), 1 << 20, &p);
	assert_int_equal(p.n, 4);
	assert_false(p.all[0].damaged);
	assert_false(p.all[1].damaged);
	assert_true(p.all[2].damaged);
	assert_string_equal(p.all[2].fault.reason, "nested deeper than 512");
	assert_string_equal(p.all[3].text, "{\"r\":2}");
}

/* Rubbish that looks like beginnings all over must not make the search start over for ever. */
static void test_searching_is_linear(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(pieces_deinit) struct pieces p = { 0 };

	(void)state;
	buf_put_text(&b, HEAD "{\"a\":1},");
	for (unsigned i = 0; i < 200000; i++)
		buf_put_text(&b, "{\"a\":[");
	assert_int_equal(split_chunks(buf_str(&b), 65536, 1 << 20, &p), 0);
	assert_true(p.n >= 2);
	pieces_deinit(&p);
	buf_reset(&b);
	for (unsigned i = 0; i < 100000; i++)
		buf_put_text(&b, "\n{\"a\":[{\"a\"}");
	assert_int_equal(split_chunks(buf_str(&b), 65536, 1 << 20, &p), 0);
	assert_true(p.n >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_front),
		cmocka_unit_test(test_byte_dropped),
		cmocka_unit_test(test_bytes_overwritten),
		cmocka_unit_test(test_byte_inserted),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_stream_ends),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_no_json),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_too_long_by_far),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_searching_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
