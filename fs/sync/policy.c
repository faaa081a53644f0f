/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the calls of each kind of source are allowed by, and no more: IAM's actions are named like
 * the operations, but for some of S3's and SQS's. A test makes the calls and compares.
 */
#include <errno.h>

#include "plan.h"
#include "util/json_build.h"

#define ACTIONS_MAX 12

/* For APIs whose actions know no resources. */
static const struct {
	const char *scheme;
	bool named; /* with a name behind the region */
	const char *actions[ACTIONS_MAX];
} apis[] = {
	{ "config://",
	  false,
	  { "config:DescribeComplianceByResource",
	    "config:DescribeConfigurationRecorderStatus",
	    "config:DescribeConfigurationRecorders",
	    "config:DescribeDeliveryChannelStatus", "config:DescribeDeliveryChannels",
	    "config:GetComplianceDetailsByResource", "config:GetDiscoveredResourceCounts",
	    "config:GetResourceConfigHistory", "config:ListDiscoveredResources",
	    "config:SelectResourceConfig" } },
	{ "config://",
	  true,
	  { "config:BatchGetAggregateResourceConfig",
	    "config:SelectAggregateResourceConfig" } },
	{ "cloudtrail://",
	  false,
	  { "cloudtrail:ListPublicKeys", "cloudtrail:LookupEvents" } },
	{ "cloudwatch://",
	  false,
	  { "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
	    "cloudwatch:GetMetricData" } },
};

static const char *const queue_actions[] = { "sqs:DeleteMessage", "sqs:GetQueueUrl",
					     "sqs:ReceiveMessage", NULL };
static const char *const list_actions[] = { "s3:ListBucket", NULL };
static const char *const get_actions[] = { "s3:GetObject", NULL };

static const char *partition_of(const char *region)
{
	struct str r = str_of(region ? region : "");

	if (str_starts(r, "cn-"))
		return "aws-cn";
	return str_starts(r, "us-gov-") ? "aws-us-gov" : "aws";
}

/* Left open for conditions. */
static void allow(struct json_build *b, const char *const *actions, struct str resource)
{
	json_build_object(b, NULL);
	json_build_text(b, "Effect", STR("Allow"));
	json_build_array(b, "Action");
	for (size_t i = 0; i < ACTIONS_MAX && actions[i]; i++)
		json_build_text(b, NULL, str_of(actions[i]));
	json_build_end(b);
	json_build_text(b, "Resource", resource);
}

static int put_bucket(struct json_build *b, struct str rest, const char *partition)
{
	_cleanup_(buf_deinit) struct buf arn = BUF_INIT, keys = BUF_INIT;
	ptrdiff_t slash = str_chr(rest, '/');
	struct str bucket = slash < 0 ? rest : (struct str){ rest.p, (size_t)slash };
	struct str prefix = slash < 0 ? STR_NULL : str_from(rest, (size_t)slash + 1);

	buf_printf(&arn, "arn:%s:s3:::%.*s", partition, STR_ARGS(bucket));
	buf_printf(&keys, "%.*s*", STR_ARGS(prefix));
	allow(b, list_actions, buf_str(&arn));
	json_build_object(b, "Condition");
	json_build_object(b, "StringLike");
	json_build_text(b, "s3:prefix", buf_str(&keys));
	json_build_end(b);
	json_build_end(b);
	json_build_end(b);
	buf_printf(&arn, "/%.*s", STR_ARGS(buf_str(&keys)));
	allow(b, get_actions, buf_str(&arn));
	json_build_end(b);
	return buf_error(&arn) ? buf_error(&arn) : buf_error(&keys);
}

/* account/queue, or region/account/queue */
static int put_queue(struct json_build *b, struct str rest, const char *partition,
		     const char *region)
{
	_cleanup_(buf_deinit) struct buf arn = BUF_INIT;
	ptrdiff_t first = str_chr(rest, '/'), last = str_rchr(rest, '/');

	if (first == last)
		buf_printf(&arn, "arn:%s:sqs:%s:", partition, region ? region : "*");
	else
		buf_printf(&arn, "arn:%s:sqs:", partition);
	for (size_t i = 0; i < rest.n; i++)
		buf_put_char(&arn, rest.p[i] == '/' ? ':' : rest.p[i]);
	allow(b, queue_actions, buf_str(&arn));
	json_build_end(b);
	return buf_error(&arn);
}

static int put_source(struct json_build *b, const char *url, const char *region)
{
	struct str u = str_of(url);
	struct str rest = sync_place(url);
	bool named = str_chr(rest, '/') >= 0;

	if (str_starts(u, "s3://"))
		return put_bucket(b, rest, partition_of(region));
	if (str_starts(u, "sqs://"))
		return put_queue(b, rest, partition_of(region), region);
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++)
		if (str_starts(u, apis[i].scheme) && apis[i].named == named) {
			allow(b, apis[i].actions, STR("*"));
			json_build_end(b);
		}
	return 0;
}

/* Whose credentials are found assumes them; all else they are allowed themselves. */
static int put_roles(struct json_build *b, const struct sync_options *o, struct fault *f)
{
	_cleanup_(sync_plan_deinit) struct sync_plan p = { 0 };
	int r = o->n_roles ? sync_plan_make(&p, o, "x", f) : 0;

	if (r || !o->n_roles)
		return r;
	json_build_object(b, NULL);
	json_build_text(b, "Sid", STR("WhoAssumesTheRoles"));
	json_build_text(b, "Effect", STR("Allow"));
	json_build_array(b, "Action");
	json_build_text(b, NULL, STR("sts:AssumeRole"));
	json_build_end(b);
	json_build_array(b, "Resource");
	for (size_t i = 0; i < p.roles.len / sizeof(char *); i++)
		json_build_text(b, NULL, str_of(((char *const *)p.roles.data)[i]));
	json_build_end(b);
	json_build_end(b);
	return 0;
}

static int put_sources(struct json_build *b, const struct sync_options *o,
		       struct fault *f)
{
	static const char *const all[] = { "config://x", "cloudtrail://x",
					   "cloudwatch://x" };
	int r = 0;

	for (size_t i = 0; !r && i < o->import.n_sources; i++) {
		r = sync_check_source(o->import.sources[i], f);
		if (!r)
			r = put_source(b, o->import.sources[i], o->aws.region);
	}
	if (o->import.n_sources)
		return r;
	for (size_t i = 0; !r && i < ARRAY_SIZE(all); i++)
		r = put_source(b, i || !o->aggregator ? all[i] : "config://x/y", NULL);
	return r;
}

int sync_policy(const struct sync_options *options, struct buf *out, struct fault *f)
{
	struct json_build *b = json_build_new();
	int r = b ? 0 : -ENOMEM;

	if (r)
		return r;
	json_build_text(b, "Version", STR("2012-10-17"));
	json_build_array(b, "Statement");
	r = put_sources(b, options, f);
	if (!r)
		r = put_roles(b, options, f);
	json_build_end(b);
	if (!r)
		r = json_build_write(b, out);
	json_build_free(b);
	return r;
}
