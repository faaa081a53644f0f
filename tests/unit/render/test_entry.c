/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Entries of a story: golden blocks and lines for every kind, and the promises that hold
 * whatever the data is - each line begins with the time, one JSON object a line, nothing that
 * drives a terminal, nothing cut in the JSON.
 */

#include "golden.h"

#include "model/name.h"
#include "render/entry.h"
#include "util/json.h"

#define T_BEFORE INT64_C(1714558500123)
#define T_AFTER  INT64_C(1714649412000)

static const char before_text[] =
	"{\"configuration\":{\"groupName\":\"web\",\"ipPermissions\":[{\"fromPort\":22,"
	"\"toPort\":22}],\"vpcId\":\"vpc-1\"},\"resourceName\":\"web\","
	"\"tags\":{\"env\":\"dev\"}}";
static const char after_text[] =
	"{\"configuration\":{\"description\":\"\",\"enabled\":true,\"groupName\":\"web\","
	"\"ipPermissions\":[{\"fromPort\":443,\"toPort\":443},{\"fromPort\":22,\"toPort\":22}],"
	"\"owner\":null,\"vpcId\":\"vpc-2\"},\"resourceName\":\"web\",\"tags\":{\"team\":\"red\"}}";
static const char record_text[] =
	"{\"eventTime\":\"2024-05-02T11:29:58Z\",\"eventID\":\"11111111-2222-3333-4444-555555555555\","
	"\"requestParameters\":{\"groupId\":\"sg-1\",\"cidr\":\"0.0.0.0/0\"},"
	"\"responseElements\":{\"_return\":true}}";

/* All that an entry borrows from. */
struct world {
	struct arena arena;
	struct jv before, after, record;
	struct story_event causes[2];
	struct story_entry entry;
};

static void parse(struct world *w, const char *text, struct jv *ret)
{
	assert_int_equal(jv_parse(&w->arena, str_of(text), ret, NULL), 0);
}

static struct story_event make_event(struct world *w)
{
	struct story_event se = {
		.event = {
			.record = &w->record,
			.id = jv_get_text(&w->record, "eventID"),
			.time_ms = T_AFTER - 14000,
			.source = STR("ec2.amazonaws.com"),
			.name = STR("AuthorizeSecurityGroupIngress"),
			.address = STR("203.0.113.7"),
			.user_agent = STR("aws-cli/2.15.0"),
			.access_key = STR("AKIAIOSFODNN7EXAMPLE"),
			.request = jv_get(&w->record, "requestParameters"),
			.response = jv_get(&w->record, "responseElements"),
		},
		.actor = { .principal = STR("user/alice") },
	};

	return se;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	parse(w, before_text, &w->before);
	parse(w, after_text, &w->after);
	parse(w, record_text, &w->record);
	w->entry = (struct story_entry){
		.kind = STORY_CHANGE,
		.time_ms = T_AFTER,
		.account = STR("123456789012"),
		.region = STR("us-east-1"),
		.type = STR("AWS::EC2::SecurityGroup"),
		.id = STR("sg-1"),
	};
	name_state(T_AFTER, 0, w->entry.snapshot);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_deinit(&w->arena);
	free(w);
	return 0;
}

/* What holds for every block. */
static void check_text(const struct buf *out, const char *time)
{
	struct str rest = buf_str(out);

	assert_true(str_ends(rest, "\n\n"));
	rest.n--; /* the empty line */
	while (rest.n > 0) {
		ptrdiff_t eol = str_chr(rest, '\n');

		assert_true(eol > 0);
		assert_true(str_starts(rest, time));
		rest = str_from(rest, (size_t)eol + 1);
	}
	for (size_t i = 0; i < out->len; i++)
		assert_true(
			out->data[i] == '\n' ||
			((unsigned char)out->data[i] >= 0x20 && out->data[i] != 0x7f));
}

/* What holds for every line; the value it is. */
static struct jv check_jsonl(struct world *w, const struct buf *out)
{
	struct jv v;

	assert_int_equal(str_chr(buf_str(out), '\n'), (ptrdiff_t)out->len - 1);
	assert_int_equal(jv_parse(&w->arena, buf_str(out), &v, NULL), 0);
	assert_true(str_is(jv_get_text(&v, "accountId"), "123456789012"));
	assert_true(str_is(jv_get_text(&v, "resourceType"), "AWS::EC2::SecurityGroup"));
	assert_true(str_is(jv_get_text(&v, "resourceId"), "sg-1"));
	return v;
}

static void check(struct world *w, const char *name)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf jsonl = BUF_INIT;
	char file[128];

	render_entry_text(&text, &w->entry);
	check_text(&text, "2024-05-02T11:30:12.000Z ");
	snprintf(file, sizeof(file), "%s.txt", name);
	golden_check(file, &text);

	render_entry_jsonl(&jsonl, &w->entry);
	check_jsonl(w, &jsonl);
	snprintf(file, sizeof(file), "%s.jsonl", name);
	golden_check(file, &jsonl);
}

static void make_change(struct world *w, const struct jv *before, const struct jv *after)
{
	assert_int_equal(change_between(&w->arena, before, after, &w->entry.change), 0);
	if (before)
		name_state(T_BEFORE, 0, w->entry.previous);
}

static void test_create(void **state)
{
	struct world *w = *state;

	make_change(w, NULL, &w->after);
	w->entry.reason = REASON_FIRST_RECORDED;
	check(w, "create");
}

static void test_update(void **state)
{
	struct world *w = *state;

	make_change(w, &w->before, &w->after);
	w->causes[0] = make_event(w);
	w->causes[0].actor.via[0] = STR("assumed-role/Jump/alice");
	w->causes[0].actor.via[1] = STR("assumed-role/Admin/x");
	w->causes[0].actor.n_via = 2;
	w->causes[0].evidence =
		1u << EVIDENCE_REQUEST_ID | 1u << EVIDENCE_SERVICE | 1u << EVIDENCE_VALUE;
	w->causes[0].confidence = CONFIDENCE_CERTAIN;
	w->causes[1] = make_event(w);
	w->causes[1].event.name = STR("CreateTags");
	w->causes[1].event.response = NULL;
	w->causes[1].event.user_agent = STR_NULL;
	w->causes[1].event.access_key = STR_NULL;
	w->causes[1].actor.principal = STR_NULL;
	w->causes[1].evidence = 1u << EVIDENCE_ONLY;
	w->causes[1].confidence = CONFIDENCE_POSSIBLE;
	w->entry.causes = w->causes;
	w->entry.n_causes = 2;
	check(w, "update");
}

static void test_delete(void **state)
{
	struct world *w = *state;
	struct jv gone;

	parse(w,
	      "{\"configuration\":null,\"configurationItemStatus\":\"ResourceDeleted\","
	      "\"resourceName\":null,\"tags\":{}}",
	      &gone);
	make_change(w, &w->before, &gone);
	w->entry.reason = REASON_NO_EVENT;
	check(w, "delete");
}

static void test_attempt(void **state)
{
	struct world *w = *state;

	w->entry.kind = STORY_ATTEMPT;
	w->entry.event = make_event(w);
	w->entry.event.event.error_code = STR("Client.UnauthorizedOperation");
	w->entry.event.event.error_message = STR("You are not authorized.");
	w->entry.event.event.failed = true;
	check(w, "attempt");
}

static void test_activity(void **state)
{
	struct world *w = *state;

	w->entry.kind = STORY_ACTIVITY;
	w->entry.event = make_event(w);
	check(w, "activity");
}

static void test_alarm(void **state)
{
	struct world *w = *state;

	w->entry.kind = STORY_TRANSITION;
	w->entry.transition = (struct transition){
		.alarm = { .name = STR("cpu-high") },
		.time_ms = T_AFTER,
		.state = STR("ALARM"),
		.reason = STR("Threshold Crossed: 1 datapoint (97.3) was > 90.0"),
	};
	check(w, "alarm");
}

/* Escape sequences, line breaks, overrides, and bytes that are no text at all. */
static void test_hostile(void **state)
{
	struct world *w = *state;

	w->entry.kind = STORY_ATTEMPT;
	w->entry.event = make_event(w);
	w->entry.event.event.user_agent = STR(
		"\x1b]0;pwned\x07 a\r\nb\x7f\xc2\x9b"
		"2J \xe2\x80\xae\xe2\x81\xa6 \xe2\x80\xa8 \xed\xa0\x80 caf\xc3\xa9 \xf0\x9f\x94\xa5");
	w->entry.event.event.error_code = STR("A\nB");
	w->entry.event.actor.principal = STR("user/\x1b[31mred");
	check(w, "hostile");
}

/* A value of 100 kB is cut in the text, whole in the JSON; a multi-byte character is not split. */
static void test_long_values(void **state)
{
	struct world *w = *state;
	_cleanup_(buf_deinit) struct buf agent = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf jsonl = BUF_INIT;
	struct jv v;

	for (size_t i = 0; i < 33333; i++)
		buf_put_text(&agent, "\xe2\x82\xac");
	w->entry.kind = STORY_ACTIVITY;
	w->entry.event = make_event(w);
	w->entry.event.event.user_agent = buf_str(&agent);
	render_entry_text(&text, &w->entry);
	check_text(&text, "2024-05-02T11:30:12.000Z ");
	assert_true(str_is_utf8(buf_str(&text)));
	assert_true(text.len < 2000);
	render_entry_jsonl(&jsonl, &w->entry);
	v = check_jsonl(w, &jsonl);
	assert_true(str_eq(jv_get_text(&v, "userAgent"), buf_str(&agent)));
}

/* A hundred settings: some lines, and how many more there are. */
static void test_many_settings(void **state)
{
	struct world *w = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	buf_put_text(&body, "{\"configuration\":{\"k0\":0");
	for (int i = 1; i < 100; i++)
		buf_printf(&body, ",\"k%d\":%d", i, i);
	buf_put_text(&body, "}}");
	buf_put_char(&body, '\0');
	parse(w, body.data, &w->after);
	make_change(w, NULL, &w->after);
	render_entry_text(&text, &w->entry);
	check_text(&text, "2024-05-02T11:30:12.000Z ");
	buf_put_char(&text, '\0');
	assert_non_null(strstr(text.data, "/configuration/k15: 15\n"));
	assert_null(strstr(text.data, "/configuration/k16"));
	assert_non_null(strstr(text.data, "and 84 more"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),  TEST(test_update),      TEST(test_delete),
		TEST(test_attempt), TEST(test_activity),    TEST(test_alarm),
		TEST(test_hostile), TEST(test_long_values), TEST(test_many_settings),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
