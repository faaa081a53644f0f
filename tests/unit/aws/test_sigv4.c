/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a signature against the values that AWS publishes: the signing key of the
 * reference's example, and of the test suite the requests "get-vanilla" and
 * "get-vanilla-query-order-key-case".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sigv4.h"

#define SECRET STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

static const struct sigv4_scope scope = { .date = "20150830T123600Z",
					  .region = STR("us-east-1"),
					  .service = STR("service") };
static const struct aws_credentials credentials = { .access_key = STR("AKIDEXAMPLE"),
						    .secret_key = SECRET };

static struct aws_request vanilla(void)
{
	return (struct aws_request){ .method = "GET",
				     .scheme = STR("https"),
				     .host = STR("example.amazonaws.com"),
				     .path = STR("/") };
}

static void expect(const struct buf *got, const char *text)
{
	assert_int_equal(got->len, strlen(text));
	assert_memory_equal(got->data, text, got->len);
}

static void test_signing_key(void **state)
{
	const struct sigv4_scope iam = { .date = "20150830T000000Z",
					 .region = STR("us-east-1"),
					 .service = STR("iam") };
	uint8_t key[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	(void)state;
	assert_int_equal(sigv4_signing_key(&iam, SECRET, key), 0);
	sha256_hex(key, hex);
	assert_string_equal(
		hex, "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

static void test_secret_too_long(void **state)
{
	char secret[SIGV4_MAX_SECRET + 1] = { 0 };
	uint8_t key[SHA256_SIZE];

	(void)state;
	assert_int_equal(sigv4_signing_key(&scope, (struct str){ secret, sizeof(secret) },
					   key),
			 -EINVAL);
}

static void test_canonical_request(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT, names = BUF_INIT;
	struct aws_request rq = vanilla();

	(void)state;
	rq.headers[rq.n_headers++] =
		(struct aws_pair){ STR("x-amz-meta"), STR("  two   words ") };
	rq.headers[rq.n_headers++] = (struct aws_pair){ STR("accept"), STR("*/*") };
	assert_int_equal(sigv4_canonical_request(&out, &names, &rq, STR("hash")), 0);
	expect(&names, "accept;host;x-amz-meta");
	expect(&out, "GET\n/\n\naccept:*/*\nhost:example.amazonaws.com\n"
		     "x-amz-meta:two words\n\naccept;host;x-amz-meta\nhash");
}

static void expect_signature(struct aws_request *rq, const char *signature)
{
	struct sigv4_kept keep = { 0 };
	char whole[512];

	assert_int_equal(sigv4_sign(rq, &scope, &credentials, &keep), 0);
	(void)snprintf(
		whole, sizeof(whole),
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
		"service/aws4_request, SignedHeaders=host;x-amz-date, Signature=%s",
		signature);
	expect(&keep.authorization, whole);
	sigv4_forget(&keep);
}

static void test_get_vanilla(void **state)
{
	struct aws_request rq = vanilla();

	(void)state;
	expect_signature(
		&rq, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void test_query_order(void **state)
{
	struct aws_request rq = vanilla();

	(void)state;
	rq.query[rq.n_query++] = (struct aws_pair){ STR("Param2"), STR("value2") };
	rq.query[rq.n_query++] = (struct aws_pair){ STR("Param1"), STR("value1") };
	expect_signature(
		&rq, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

static void test_no_room_for_headers(void **state)
{
	struct aws_request rq = vanilla();
	struct sigv4_kept keep = { 0 };

	(void)state;
	while (rq.n_headers < AWS_MAX_HEADERS)
		rq.headers[rq.n_headers++] = (struct aws_pair){ STR("x"), STR("y") };
	assert_int_equal(sigv4_sign(&rq, &scope, &credentials, &keep), -EINVAL);
	sigv4_forget(&keep);
}

static void test_date(void **state)
{
	char date[17];

	(void)state;
	sigv4_date(1440938160, date);
	assert_string_equal(date, "20150830T123600Z");
	sigv4_date(INT64_MAX, date);
	assert_string_equal(date, "19700101T000000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signing_key),
		cmocka_unit_test(test_secret_too_long),
		cmocka_unit_test(test_canonical_request),
		cmocka_unit_test(test_get_vanilla),
		cmocka_unit_test(test_query_order),
		cmocka_unit_test(test_no_room_for_headers),
		cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
