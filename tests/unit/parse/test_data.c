/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data of others, where it is there: every item and every event comes out, or is refused for
 * a reason that a person would give, too. Skipped, with exit status 77, where it is not.
 */
#include "files.h"

static char *root;

static const struct {
	const char *folder;
	size_t items, events, transitions, alarms;
	unsigned refused, unknown, damaged;
	const char *const *faults; /* each of these is told of; NULL-terminated */
} sets[] = {
	{ .folder = "cloudtrail-invictus", .events = 2900 },
	{ .folder = "cloudtrail-stratus", .events = 310 },
	{ .folder = "cloudtrail-versions", .events = 206 },
	/* Redacted by hand: no time, or "..." for one. */
	{ .folder = "cloudtrail-panther",
	  .events = 437,
	  .refused = 15,
	  .faults = (const char *const[]){ "@41775 eventTime: missing",
					   "@484038 eventTime: not a time", NULL } },
	{ .folder = "reconstructed-invictus", .items = 234 },
	/*
	 * A control character in a string; a document that ends too soon; a time that is the
	 * Python expression for it.
	 */
	{ .folder = "config-rdk",
	  .items = 78,
	  .alarms = 1,
	  .refused = 1,
	  .damaged = 2,
	  .faults =
		  (const char *const[]){
			  "AWS_SSM_ManagedInstanceInventory_Linux.json@1506 ",
			  "AWS_EC2_NetworkInterface.json@",
			  "AWS_ACM_Certificate.json@85 "
			  "configurationItemCaptureTime: not a time",
			  NULL } },
	{ .folder = "config-messages",
	  .items = 14,
	  .refused = 1,
	  .faults =
		  (const char *const[]){
			  "ec2.deleted-malformed.json@39 Message: not JSON", NULL } },
	/* Two items without account or ARN, query rows without identity, an event without time. */
	{ .folder = "api-cloud-custodian",
	  .items = 30,
	  .events = 24,
	  .alarms = 16,
	  .refused = 31,
	  .faults =
		  (const char *const[]){
			  "config.GetResourceConfigHistory_1.json@85 "
			  "awsAccountId: missing",
			  "config.SelectResourceConfig_1.json@73 "
			  "resourceType: missing",
			  "event-cloud-trail-bedrock-create-customization-jobs.json@0 "
			  "eventTime: missing",
			  NULL } },
	{ .folder = "events-lambda", .items = 2, .transitions = 4 },
};

static void check(size_t i)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	struct file_counts n = { .collect = &c };
	size_t items, events, transitions, alarms, notices;

	buf_printf(&path, "%s/%s%c", root, sets[i].folder, 0);
	folder_parse(&n, path.data);
	items = count_lines(&c.lines, "item ");
	events = count_lines(&c.lines, "event ");
	transitions = count_lines(&c.lines, "transition ");
	alarms = count_lines(&c.lines, "alarm ");
	notices = count_lines(&c.lines, "notice ");
	print_message(
		"%s: %zu items, %zu events, %zu transitions, %zu alarms, %zu notices, "
		"%u refused, %u unknown, %u damaged\n%.*s",
		sets[i].folder, items, events, transitions, alarms, notices, n.refused,
		n.unknown, n.damaged, STR_ARGS(buf_str(&n.faults)));
	assert_int_equal(items, sets[i].items);
	assert_int_equal(events, sets[i].events);
	assert_int_equal(transitions, sets[i].transitions);
	assert_int_equal(alarms, sets[i].alarms);
	assert_int_equal(n.refused, sets[i].refused);
	assert_int_equal(n.unknown, sets[i].unknown);
	assert_int_equal(n.damaged, sets[i].damaged);
	for (size_t f = 0; sets[i].faults && sets[i].faults[f]; f++) {
		if (!memmem(n.faults.data, n.faults.len, sets[i].faults[f],
			    strlen(sets[i].faults[f])))
			fail_msg("nothing said of %s", sets[i].faults[f]);
	}
	buf_deinit(&n.faults);
}

static void test_sets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		check(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sets) };
	int failed;

	root = data_folder();
	if (!root) {
		printf("skipped: no data at DRIFTFS_DATA or beside the source\n");
		return SKIPPED;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(root);
	return failed;
}
