/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that take and give JSON: an operation's name in a header, everything else in
 * the body (AWS JSON 1.0 and 1.1).
 */
#include <errno.h>

#include "client.h"

#define ANSWER_MAX ((uint64_t)64 << 20)

static const struct service {
	const char *host, *signing_name, *target, *content_type;
} services[] = {
	[AWS_CONFIG] = { "config", "config", "StarlingDoveService.",
			 "application/x-amz-json-1.1" },
	[AWS_CLOUDTRAIL] = { "cloudtrail", "cloudtrail",
			     "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.",
			     "application/x-amz-json-1.1" },
	[AWS_CLOUDWATCH] = { "monitoring", "monitoring", "GraniteServiceVersion20100801.",
			     "application/x-amz-json-1.0" },
	[AWS_SQS] = { "sqs", "sqs", "AmazonSQS.", "application/x-amz-json-1.0" },
};

int aws_call(struct aws_handle *h, enum aws_service service, const char *region,
	     const char *operation, struct str body, struct buf *ret, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf host = BUF_INIT, target = BUF_INIT;
	const struct service *s = &services[service];
	struct aws_call call = {
		.request = { .method = "POST", .path = STR("/"), .body = body },
		.service = str_of(s->signing_name),
		.region = str_of(region ? region : h->client->region),
		.body_max = ANSWER_MAX,
	};
	int r;

	if (!call.region.n) {
		fault_set(f, FAULT_NO_OFFSET, "region",
			  "no region: give --region, or set one in the profile");
		return AWS_E_FAILED;
	}
	buf_put_text(&target, s->target);
	buf_put_text(&target, operation);
	r = aws_endpoint(h->client, s->host, call.region, &host, &call.request);
	if (r == 0)
		r = buf_error(&target);
	if (r)
		return r;
	call.request.headers[0] =
		(struct aws_pair){ STR("content-type"), str_of(s->content_type) };
	call.request.headers[1] =
		(struct aws_pair){ STR("x-amz-target"), buf_str(&target) };
	call.request.n_headers = 2;
	r = aws_handle_call(h, &call, f);
	if (r == 0)
		buf_put_str(ret, buf_str(&h->answer.body));
	return r ? r : buf_error(ret);
}
