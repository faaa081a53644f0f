/* SPDX-License-Identifier: Apache-2.0 */
/* The pool and the feed where no server is: everything ends, with its reason, in bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fetch.h"
#include "s3_feed.h"

/* Nobody listens on port 1. */
static const struct aws_client_options nowhere = { .endpoint_url = "http://127.0.0.1:1",
						   .attempts = 1 };

static int begin(void **state)
{
	setenv("AWS_ACCESS_KEY_ID", "K", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	setenv("AWS_CONFIG_FILE", "/nowhere", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
	return aws_library_init() ||
	       aws_client_new(&nowhere, (struct aws_client **)state, NULL);
}

static int end(void **state)
{
	aws_client_free(*state);
	return 0;
}

static struct fetch *pool(struct aws_client *client, struct bell *bell)
{
	struct aws_bucket bucket;
	struct fetch *f = NULL;

	assert_int_equal(aws_bucket_init(&bucket, client, STR("logs"), false, NULL), 0);
	assert_int_equal(fetch_new(client, &bucket, 4, bell, &f), 0);
	return f;
}

static void add(struct fetch *f, const char *key, uint64_t size, int result)
{
	const struct aws_object o = { .key = str_of(key),
				      .etag = STR("\"e\""),
				      .size = size };
	struct fetch_job *job = fetch_job_new(&o);

	assert_non_null(job);
	job->result = result;
	fetch_add(f, job);
}

static void each_comes_back_once(void **state)
{
	struct bell bell;
	struct fetch *f = NULL;
	bool seen[50] = { 0 };
	char key[16];

	assert_int_equal(bell_init(&bell), 0);
	f = pool(*state, &bell);
	for (unsigned i = 0; i < 50; i++) {
		(void)snprintf(key, sizeof(key), "k%02u", i);
		add(f, key, 10, 0);
	}
	for (unsigned n = 0; n < 50;) {
		struct fetch_job *job = fetch_take(f);
		unsigned long i;

		if (!job) {
			bell_wait(&bell, 60000); /* each that is done rings it */
			continue;
		}
		i = strtoul(job->key + 1, NULL, 10);
		assert_false(seen[i]);
		seen[i] = true;
		assert_int_equal(job->result, AWS_E_UNAVAILABLE);
		assert_in_range(job->nth, 1, 50);
		assert_false(import_bytes_any(&job->bytes));
		assert_non_null(strstr(job->fault.reason, "127.0.0.1:1"));
		fetch_job_free(job);
		n++;
	}
	assert_true(fetch_is_empty(f));
	assert_null(fetch_take(f));
	fetch_free(f);
	bell_deinit(&bell);
}

static void what_is_refused_is_not_fetched(void **state)
{
	struct fetch *f = pool(*state, NULL);
	struct fetch_job *job;

	add(f, "cold", 10, AWS_E_ARCHIVED);
	job = fetch_take(f);
	assert_non_null(job);
	assert_int_equal(job->result, AWS_E_ARCHIVED);
	assert_int_equal(job->nth, 0);
	fetch_job_free(job);
	fetch_free(f);
}

static void bounds(void **state)
{
	struct fetch *f = pool(*state, NULL);

	assert_true(fetch_has_room(f));
	add(f, "big", FETCH_DISK * 2, AWS_E_ARCHIVED);
	assert_false(fetch_has_room(f));
	fetch_job_free(fetch_take(f));
	assert_true(fetch_has_room(f));
	for (uint64_t n = 0; n < FETCH_MEMORY; n += FETCH_HELD) {
		assert_true(fetch_has_room(f));
		add(f, "held", FETCH_HELD, AWS_E_ARCHIVED);
	}
	assert_false(fetch_has_room(f));
	for (struct fetch_job *job; (job = fetch_take(f));)
		fetch_job_free(job);
	assert_true(fetch_has_room(f));
	for (unsigned i = 0; i < FETCH_JOBS; i++) {
		assert_true(fetch_has_room(f));
		add(f, "k", 1, AWS_E_ARCHIVED);
	}
	assert_false(fetch_has_room(f));
	fetch_free(f); /* with all of them in it */
}

static void a_listing_that_fails(void **state)
{
	const struct s3_feed_options options = {
		.client = *state,
		.bucket = STR("logs"),
		.wish = { .from_day = INT64_MIN, .to_day = INT64_MAX },
	};
	struct s3_feed_options with_bell = options;
	struct s3_feed_report report;
	struct import_document d;
	struct s3_feed *s = NULL;
	struct bell bell;
	struct fault f;
	int r;

	assert_int_equal(bell_init(&bell), 0);
	with_bell.bell = &bell;
	assert_int_equal(s3_feed_new(&with_bell, &s, &f), 0);
	while ((r = s3_feed_next(s, NULL, &d)) == IMPORT_E_LATER)
		bell_wait(&bell, 60000);
	assert_int_equal(r, IMPORT_E_END);
	s3_feed_report(s, &report);
	assert_int_equal(report.result, AWS_E_UNAVAILABLE);
	assert_non_null(strstr(report.fault.reason, "127.0.0.1:1"));
	assert_int_equal(report.listed + report.fetched + report.failed, 0);
	assert_null(s3_feed_free(s));
	bell_deinit(&bell);
}

static void no_bucket(void **state)
{
	const struct s3_feed_options options = { .client = *state, .bucket = STR("a/b") };
	struct s3_feed *s = NULL;
	struct fault f;

	assert_int_equal(s3_feed_new(&options, &s, &f), AWS_E_NOT_FOUND);
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_comes_back_once),
		cmocka_unit_test(what_is_refused_is_not_fetched),
		cmocka_unit_test(bounds),
		cmocka_unit_test(a_listing_that_fails),
		cmocka_unit_test(no_bucket),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
