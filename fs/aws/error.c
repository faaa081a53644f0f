/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error answers. JSON services put a code into "__type", with a namespace before a '#' and
 * sometimes a URL behind a ':'; SQS gives its older name in a header; S3 and STS answer in XML,
 * where the error is the root or one level below; a HEAD or a proxy gives no body at all.
 */
#include "error.h"

#include <stdio.h>

#include "util/json.h"
#include "xml.h"

static void keep(char *ret, size_t size, struct str text)
{
	size_t n = MIN(text.n, size - 1);

	if (n)
		memcpy(ret, text.p, n);
	ret[n] = '\0';
}

/* "com.amazonaws.config#Name:http://..." is Name. */
static struct str bare_code(struct str code)
{
	ptrdiff_t at = str_chr(code, '#');

	if (at >= 0)
		code = str_from(code, (size_t)at + 1);
	at = str_chr(code, ':');
	if (at >= 0)
		code.n = (size_t)at;
	return code;
}

static void read_json(struct str body, struct aws_error *e)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;
	struct str message;

	if (jv_parse(&a, body, &v, NULL))
		return;
	keep(e->code, sizeof(e->code), bare_code(jv_get_text(&v, "__type")));
	message = jv_get_text(&v, "message");
	if (!message.n)
		message = jv_get_text(&v, "Message");
	keep(e->message, sizeof(e->message), message);
}

/* Error/Code of S3, ErrorResponse/Error/Code of STS. */
static int on_element(void *ctx, const char *path, struct str text)
{
	struct aws_error *e = ctx;
	struct str p = str_of(path);

	if (str_is(p, "Error/Code") || str_ends(p, "/Error/Code"))
		keep(e->code, sizeof(e->code), text);
	else if (str_is(p, "Error/Message") || str_ends(p, "/Error/Message"))
		keep(e->message, sizeof(e->message), text);
	else if (str_is(p, "Error/Region"))
		keep(e->region, sizeof(e->region), text);
	return 0;
}

static bool is_xml(struct str body)
{
	while (body.n && strchr(" \t\r\n", body.p[0]))
		body = str_from(body, 1);
	return body.n && body.p[0] == '<';
}

void aws_error_read(const struct http_answer *answer, struct aws_error *ret)
{
	struct str body = buf_str(&answer->body);

	*ret = (struct aws_error){ .status = answer->status };
	if (is_xml(body)) {
		if (xml_parse(body, on_element, ret, NULL) != 0 && !ret->code[0])
			(void)snprintf(ret->message, sizeof(ret->message),
				       "the answer is not one of AWS's");
	} else if (body.n) {
		read_json(body, ret);
	}
	if (!ret->code[0])
		keep(ret->code, sizeof(ret->code), bare_code(str_of(answer->error_type)));
	if (!ret->code[0]) {
		struct str code = str_of(answer->query_error);
		ptrdiff_t end = str_chr(code, ';');

		keep(ret->code, sizeof(ret->code),
		     (struct str){ code.p, end >= 0 ? (size_t)end : code.n });
	}
	if (answer->bucket_region[0])
		keep(ret->region, sizeof(ret->region), str_of(answer->bucket_region));
}

static bool is_one_of(const char *code, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(code, list[i]))
			return true;
	return false;
}

static bool is_throttle(const char *code)
{
	static const char *const codes[] = {
		"Throttling",
		"ThrottlingException",
		"ThrottledException",
		"RequestThrottledException",
		"TooManyRequestsException",
		"ProvisionedThroughputExceededException",
		"TransactionInProgressException",
		"RequestLimitExceeded",
		"BandwidthLimitExceeded",
		"LimitExceededException",
		"RequestThrottled",
		"SlowDown",
		"PriorRequestNotComplete",
		"EC2ThrottledException",
	};

	return is_one_of(code, codes, ARRAY_SIZE(codes));
}

static bool is_skew(const struct aws_error *e)
{
	static const char *const codes[] = { "RequestTimeTooSkewed", "RequestExpired",
					     "RequestInTheFuture" };

	if (is_one_of(e->code, codes, ARRAY_SIZE(codes)))
		return true;
	/* A wrong signature is a wrong secret, unless it says that time is the matter. */
	return (!strcmp(e->code, "InvalidSignatureException") ||
		!strcmp(e->code, "SignatureDoesNotMatch")) &&
	       (strstr(e->message, "Signature expired") ||
		strstr(e->message, "Signature not yet current"));
}

enum aws_error_kind aws_error_kind(const struct aws_error *e)
{
	static const char *const expired[] = { "ExpiredToken", "ExpiredTokenException",
					       "TokenRefreshRequired" };
	static const char *const transient[] = { "RequestTimeout",
						 "RequestTimeoutException",
						 "InternalError", "InternalFailure",
						 "ServiceUnavailable" };

	if (is_throttle(e->code) || e->status == 429)
		return AWS_ERROR_THROTTLED;
	if (is_skew(e))
		return AWS_ERROR_SKEWED;
	if (is_one_of(e->code, expired, ARRAY_SIZE(expired)))
		return AWS_ERROR_EXPIRED;
	if (e->region[0] && (e->status == 301 || e->status == 307 || e->status == 400))
		return AWS_ERROR_REGION;
	if (is_one_of(e->code, transient, ARRAY_SIZE(transient)) || e->status == 500 ||
	    e->status == 502 || e->status == 503 || e->status == 504)
		return AWS_ERROR_TRANSIENT;
	return AWS_ERROR_FINAL;
}
