/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines: golden ones of every kind, and what holds whatever the data is - ten columns, one line,
 * one JSON object, nothing that drives a terminal.
 */

#include "golden.h"

#include "render/line.h"
#include "util/json.h"

static const char record_text[] =
	"{\"eventTime\":\"2024-05-02T11:29:58Z\",\"eventID\":\"11111111-2222-3333-4444-555555555555\","
	"\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"AuthorizeSecurityGroupIngress\","
	"\"awsRegion\":\"us-east-1\",\"recipientAccountId\":\"123456789012\",\"userAgent\":\"aws-cli\","
	"\"sourceIPAddress\":\"203.0.113.7\",\"userIdentity\":{\"type\":\"IAMUser\","
	"\"arn\":\"arn:aws:iam::123456789012:user/alice\",\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\"},"
	"\"requestParameters\":{\"groupId\":\"sg-1\",\"cidr\":\"0.0.0.0/0\"},"
	"\"responseElements\":{\"_return\":true}}";
static const char hostile_text[] =
	"{\"eventTime\":\"2024-05-02T11:29:58Z\",\"eventID\":\"x\\u001b[2J\",\"eventSource\":\"a\\tb\","
	"\"eventName\":\"Delete\\nThing\",\"awsRegion\":\"\\u202eus\",\"sourceIPAddress\":\"\\u0000\","
	"\"errorCode\":\"Client.\\tDenied\",\"errorMessage\":\"\\u2028\","
	"\"requestParameters\":{\"thingName\":\"a\\tb\\nc\\u009b31m\"},"
	"\"userIdentity\":{\"type\":\"IAMUser\",\"userName\":\"\\tmallory\\r\"}}";

struct world {
	struct arena arena;
	struct jv record;
	struct event event;
	struct event_told told;
};

static void parse(struct world *w, const char *text)
{
	assert_int_equal(jv_parse(&w->arena, str_of(text), &w->record, NULL), 0);
	assert_int_equal(event_from_jv(&w->record, &w->event, NULL), 0);
	assert_int_equal(event_tell(&w->event, &w->arena, &w->told), 0);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_deinit(&w->arena);
	free(w);
	return 0;
}

static struct story_entry entry(void)
{
	return (struct story_entry){
		.kind = STORY_CHANGE,
		.time_ms = INT64_C(1714649412000),
		.account = STR("123456789012"),
		.region = STR("us-east-1"),
		.type = STR("AWS::EC2::SecurityGroup"),
		.id = STR("sg-1"),
		.folder = STR(
			"resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1"),
		.snapshot = "2024-05-02T113012.000Z.json",
		.change = { .type = CHANGE_UPDATE },
		.reason = REASON_NO_EVENT,
	};
}

/* Every kind one behind the other, as a file has them. */
static void test_golden(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, jsonl = BUF_INIT;
	const struct transition transition = {
		.alarm = { .account = STR("123456789012"),
			   .region = STR("us-east-1"),
			   .name = STR("api-5xx") },
		.time_ms = INT64_C(1714649500000),
		.state = STR("ALARM"),
		.previous_state = STR("OK"),
		.reason = STR("Threshold crossed"),
	};
	struct world *w = *state;
	struct story_entry e = entry();
	struct story_event cause;

	parse(w, record_text);
	render_event_line(&text, &w->event, &w->told);
	render_event_line_jsonl(&jsonl, &w->event, &w->told);
	render_change_line(&text, &e, NULL);
	render_change_line_jsonl(&jsonl, &e, NULL);
	cause = (struct story_event){
		.event = w->event,
		.actor = { .principal = STR("user/alice"),
			   .via = { STR("assumed-role/Admin/alice") },
			   .n_via = 1 },
		.confidence = CONFIDENCE_CERTAIN,
	};
	e.reason = REASON_NONE;
	e.change.type = CHANGE_DELETE;
	render_change_line(&text, &e, &cause);
	render_change_line_jsonl(&jsonl, &e, &cause);
	w->event.failed = true;
	render_event_line(&text, &w->event, &w->told);
	w->event.error_code = STR("Client.UnauthorizedOperation");
	w->event.error_message = STR("You are not authorized");
	render_event_line_jsonl(&jsonl, &w->event, &w->told);
	render_transition_line(&text, &transition);
	render_transition_line_jsonl(&jsonl, &transition);
	golden_check("lines.log", &text);
	golden_check("lines.jsonl", &jsonl);
}

static size_t count(const struct buf *b, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == c;
	return n;
}

static void test_hostile(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, jsonl = BUF_INIT;
	struct world *w = *state;
	struct jv v;

	parse(w, hostile_text);
	render_event_line(&text, &w->event, &w->told);
	render_event_line_jsonl(&jsonl, &w->event, &w->told);
	assert_int_equal(count(&text, '\t'), 9);
	assert_int_equal(count(&text, '\n'), 1);
	assert_int_equal(count(&jsonl, '\n'), 1);
	for (size_t i = 0; i + 1 < text.len; i++)
		assert_true(text.data[i] == '\t' || (unsigned char)text.data[i] >= 0x20);
	for (size_t i = 0; i + 1 < jsonl.len; i++)
		assert_true((unsigned char)jsonl.data[i] >= 0x20);
	assert_null(memmem(text.data, text.len, "\xe2\x80\xae", 3));
	jsonl.len--;
	assert_int_equal(jv_parse(&w->arena, buf_str(&jsonl), &v, NULL), 0);
	assert_true(str_eq(jv_get_text(&v, "resourceId"), STR("a\tb\nc\xc2\x9b"
							      "31m")));
	assert_true(str_eq(jv_get_text(&v, "principal"), STR("user/\tmallory\r")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
