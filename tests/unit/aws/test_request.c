/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as they are sent and signed: one encoding, one order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "request.h"

static void expect_url(const struct aws_request *rq, const char *url)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	assert_int_equal(aws_request_url(&out, rq), 0);
	buf_put_char(&out, '\0');
	assert_string_equal(out.data, url);
}

static struct aws_request get(const char *path)
{
	return (struct aws_request){ .method = "GET",
				     .scheme = STR("https"),
				     .host = STR("logs.s3.amazonaws.com"),
				     .path = str_of(path) };
}

static void test_path_is_encoded_once(void **state)
{
	struct aws_request rq = get("/AWSLogs/a b+c:d=e*~(é)%2F.json.gz");

	(void)state;
	expect_url(&rq, "https://logs.s3.amazonaws.com/AWSLogs/"
			"a%20b%2Bc%3Ad%3De%2A~%28%C3%A9%29%252F.json.gz");
}

static void test_query_is_sorted_by_what_is_sent(void **state)
{
	struct aws_request rq = get("/");

	(void)state;
	rq.query[rq.n_query++] = (struct aws_pair){ STR("prefix"), STR("a/b c") };
	rq.query[rq.n_query++] = (struct aws_pair){ STR("list-type"), STR("2") };
	rq.query[rq.n_query++] = (struct aws_pair){ STR("a"), STR("2") };
	rq.query[rq.n_query++] = (struct aws_pair){ STR("a"), STR("1") };
	rq.query[rq.n_query++] = (struct aws_pair){ STR("location"), STR_NULL };
	/* Encoded, the colon is a percent sign and comes before the letters. */
	rq.query[rq.n_query++] = (struct aws_pair){ STR(":z"), STR("") };
	expect_url(&rq, "https://logs.s3.amazonaws.com/?"
			"%3Az=&a=1&a=2&list-type=2&location=&prefix=a%2Fb%20c");
}

static void test_too_many_parameters(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct aws_request rq = get("/");

	(void)state;
	rq.n_query = AWS_MAX_QUERY + 1;
	assert_int_equal(aws_request_query(&out, &rq), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_is_encoded_once),
		cmocka_unit_test(test_query_is_sorted_by_what_is_sent),
		cmocka_unit_test(test_too_many_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
