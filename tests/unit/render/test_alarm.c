/* SPDX-License-Identifier: Apache-2.0 */
/* A transition's file as it stands; nothing out of the data drives a terminal or breaks a line. */
#include "golden.h"

#include "render/alarm.h"

#define T0 INT64_C(1714558600000)

static void test_file(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_alarm t = { .time_ms = T0,
					.name = STR("api-5xx"),
					.account = STR("123456789012"),
					.region = STR("us-east-1"),
					.namespace = STR("AWS/ApplicationELB"),
					.metric = STR("HTTPCode_ELB_5XX_Count"),
					.state = STR("ALARM"),
					.reason = STR("Threshold\033[2J crossed\n") };
	const struct story_event cause = {
		.event = { .name = STR("ModifyListener"),
			   .address = STR("203.0.113.77") },
		.actor = { .principal = STR("user/al\tice") },
	};
	const struct story_entry entries[] = {
		{ .kind = STORY_CHANGE,
		  .time_ms = T0 - 60000,
		  .account = STR("1"),
		  .region = STR("r"),
		  .type = STR("A::B::C"),
		  .id = STR("x"),
		  .snapshot = "2024-05-01T101540.000Z.json",
		  .change = { .type = CHANGE_UPDATE },
		  .causes = &cause,
		  .n_causes = 1 },
		{ .kind = STORY_CHANGE,
		  .time_ms = T0 - 120000,
		  .snapshot = "s.json",
		  .change = { .type = CHANGE_CREATE } },
		{ .kind = STORY_ATTEMPT,
		  .time_ms = T0 - 180000,
		  .event = { .event = { .name = STR("DeleteListener"),
					.error_code = STR("AccessDenied") } } },
	};

	(void)state;
	render_alarm(&out, &t);
	render_alarm_no_resource(&out);
	render_alarm_heading(&out, false);
	render_alarm_resource(&out, false, STR("A::B::C"), STR("x\ny"),
			      STR("resources/x"));
	render_alarm_heading(&out, true);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		render_alarm_line(&out, &entries[i], STR("resources/x"));
	golden_check("transition", &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_file) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
