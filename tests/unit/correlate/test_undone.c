/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that left nothing to be seen, beside those that did. */
#include "scene.h"

#define FUNCTION  "AWS::Lambda::Function", "export", "export"
#define VOLUME    "AWS::EC2::Volume", "vol-0123456789abcdef0", ""
#define BUCKET    "AWS::S3::Bucket", "acme-media", "acme-media"
#define CODE(sha) "{\"configuration\":{\"codeSha256\":\"" sha "\"}}"
#define UPDATED(sha)                                                               \
	"\"requestParameters\":{\"functionName\":\"export\",\"s3Key\":\"e.zip\"}," \
	"\"responseElements\":{\"codeSha256\":\"" sha "\"}"

static void test_first_and_last_of_a_chain(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, FUNCTION, CODE("first-of-all"));
	add_state(&s, 30 * MINUTE, FUNCTION, CODE("the-last-one"));
	add_event(&s, 21 * MINUTE, "lambda", "UpdateFunctionCode20150331v2",
		  UPDATED("one-between"));
	add_event(&s, 22 * MINUTE, "lambda", "UpdateFunctionCode20150331v2",
		  UPDATED("two-between"));
	add_event(&s, 23 * MINUTE, "lambda", "UpdateFunctionCode20150331v2",
		  UPDATED("the-last-one"));
	run(&s);
	assert_cause(&s, 0, 1); /* took away what was */
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
	assert_cause(&s, 2, 1);
	keep = s.a;
}

static void test_attached_and_detached_again(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, VOLUME, "{\"configuration\":{\"size\":8}}");
	add_state(&s, 30 * MINUTE, VOLUME, "{\"configuration\":{\"size\":16}}");
	add_event(&s, 21 * MINUTE, "ec2", "AttachVolume",
		  "\"requestParameters\":{\"volumeId\":\"vol-0123456789abcdef0\","
		  "\"instanceId\":\"i-0123456789abcdef0\"}");
	add_event(&s, 22 * MINUTE, "ec2", "DetachVolume",
		  "\"requestParameters\":{\"volumeId\":\"vol-0123456789abcdef0\"}");
	add_event(&s, 23 * MINUTE, "ec2", "ModifyVolume",
		  "\"requestParameters\":{\"ModifyVolumeRequest\":{\"VolumeId\":"
		  "\"vol-0123456789abcdef0\",\"Size\":16}}");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	assert_cause(&s, 2, 1);
	keep = s.a;
}

#define TAGS(team) "{\"configuration\":{},\"tags\":{\"team\":\"" team "\"}}"
#define TAGGED(team)                                                                   \
	"\"requestParameters\":{\"bucketName\":\"acme-media\",\"Tagging\":{\"xmlns\":" \
	"\"http://s3.amazonaws.com/doc/2006-03-01/\",\"TagSet\":{\"Tag\":[{\"Key\":"   \
	"\"team\",\"Value\":\"" team "\"}]}}}"

static void test_what_was_put_stood_there_before(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, BUCKET, TAGS("payments"));
	add_state(&s, 30 * MINUTE, BUCKET, TAGS("research"));
	add_event(&s, 21 * MINUTE, "s3", "PutBucketTagging", TAGGED("payments"));
	add_event(&s, 22 * MINUTE, "s3", "PutBucketTagging", TAGGED("research"));
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	assert_cause(&s, 1, 1);
	keep = s.a;
}

static void test_deleted_and_made_anew(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, FUNCTION, CODE("first-of-all"));
	add_state(&s, 30 * MINUTE, FUNCTION, CODE("the-last-one"));
	add_event(&s, 21 * MINUTE, "lambda", "DeleteFunction20150331",
		  "\"requestParameters\":{\"functionName\":\"export\"}");
	add_event(&s, 22 * MINUTE, "lambda", "CreateFunction20150331",
		  UPDATED("the-last-one"));
	run(&s);
	assert_cause(&s, 0, 1);
	assert_cause(&s, 1, 1);
	keep = s.a;
}

#define TIMEOUT(value)                                                               \
	"\"requestParameters\":{\"functionName\":\"export\",\"timeout\":" value "}," \
	"\"responseElements\":{\"timeout\":8000}"

/* The same number is asked for, however it is written: the second call changed nothing. */
static void test_a_number_written_otherwise(void **state)
{
	static const char *const again[] = { TIMEOUT("8000"), TIMEOUT("8e3"),
					     TIMEOUT("8000.0"), TIMEOUT("80E+2") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
		struct scene s;

		scene_init(&s);
		add_state(&s, 10 * MINUTE, FUNCTION,
			  "{\"configuration\":{\"timeout\":7}}");
		add_state(&s, 30 * MINUTE, FUNCTION,
			  "{\"configuration\":{\"timeout\":8000}}");
		add_event(&s, 21 * MINUTE, "lambda",
			  "UpdateFunctionConfiguration20150331v2", again[0]);
		add_event(&s, 22 * MINUTE, "lambda",
			  "UpdateFunctionConfiguration20150331v2", again[i]);
		run(&s);
		assert_cause(&s, 0, 1);
		assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
		keep = s.a;
	}
}

#define CHAIN 300

/* Very many calls of a chain, and how often one was asked for. */
struct chain {
	struct scene scene;
	struct event events[CHAIN];
	size_t reads;
};

static int show_chained(void *ctx, size_t step, const struct correlate_shown **ret)
{
	struct chain *c = ctx;

	return show_step(&c->scene, step, ret);
}

static int read_chained(void *ctx, size_t event, const struct event **ret)
{
	struct chain *c = ctx;

	assert_true(event < CHAIN);
	c->reads++;
	*ret = &c->events[event];
	return 0;
}

/* Each that is asked for may have to be read from the history: it must not be each for each. */
static void test_long_chain(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct correlate_verdict verdicts[CHAIN];
	struct chain c = { 0 };

	(void)state;
	scene_init(&c.scene);
	add_state(&c.scene, 10 * MINUTE, FUNCTION, "{\"configuration\":{\"timeout\":7}}");
	add_state(&c.scene, 30 * MINUTE, FUNCTION,
		  "{\"configuration\":{\"timeout\":8299}}");
	for (int i = 0; i < CHAIN; i++) {
		char request[128];

		snprintf(
			request, sizeof(request),
			"\"requestParameters\":{\"functionName\":\"export\",\"timeout\":%d}",
			8000 + i);
		c.scene.in.n_events = 0;
		add_event(&c.scene, 20 * MINUTE + i * 1000, "lambda",
			  "UpdateFunctionConfiguration20150331v2", request);
		c.events[i] = c.scene.events[0];
	}
	c.scene.in.n_events = CHAIN;
	c.scene.in.show = show_chained;
	c.scene.in.read = read_chained;
	c.scene.in.ctx = &c;
	assert_int_equal(correlate(&c.scene.a, &c.scene.in, verdicts, c.scene.reasons),
			 0);
	for (size_t i = 0; i < CHAIN; i++)
		assert_int_equal(verdicts[i].role, i == 0 || i == CHAIN - 1
							   ? CORRELATE_CAUSE
							   : CORRELATE_ACTIVITY);
	assert_true(c.reads < CHAIN * 40);
	keep = c.scene.a;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_and_last_of_a_chain),
		cmocka_unit_test(test_attached_and_detached_again),
		cmocka_unit_test(test_what_was_put_stood_there_before),
		cmocka_unit_test(test_deleted_and_made_anew),
		cmocka_unit_test(test_a_number_written_otherwise),
		cmocka_unit_test(test_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
