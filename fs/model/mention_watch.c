/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What alarms watch: how a metric's dimensions and a resource find each other.
 *
 * Metrics name what they are about by a dimension, whose name tells the type (the services' pages
 * on their CloudWatch metrics). A name such as "orders" is a function's, a bucket's and a table's
 * in each account and region, so both sides say type and place as well. What two services call
 * alike has a row for each.
 */
#include <stdio.h>

#include "mention_gather.h"

static const struct {
	const char *dimension, *type;
} watched[] = {
	{ "ApiId", "AWS::ApiGatewayV2::Api" },
	{ "ApiName", "AWS::ApiGateway::RestApi" },
	{ "AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup" },
	{ "BucketName", "AWS::S3::Bucket" },
	{ "CacheClusterId", "AWS::ElastiCache::CacheCluster" },
	{ "ClusterIdentifier", "AWS::Redshift::Cluster" },
	{ "ClusterName", "AWS::ECS::Cluster" },
	{ "ClusterName", "AWS::EKS::Cluster" },
	{ "DBClusterIdentifier", "AWS::RDS::DBCluster" },
	{ "DBInstanceIdentifier", "AWS::RDS::DBInstance" },
	{ "DeliveryStreamName", "AWS::KinesisFirehose::DeliveryStream" },
	{ "DistributionId", "AWS::CloudFront::Distribution" },
	{ "DomainName", "AWS::Elasticsearch::Domain" },
	{ "DomainName", "AWS::OpenSearch::Domain" },
	{ "EndpointId", "AWS::EC2::VPCEndpoint" },
	{ "FileSystemId", "AWS::EFS::FileSystem" },
	{ "FunctionName", "AWS::Lambda::Function" },
	{ "GroupId", "AWS::EC2::SecurityGroup" },
	{ "HealthCheckId", "AWS::Route53::HealthCheck" },
	{ "InstanceId", "AWS::EC2::Instance" },
	{ "KeyId", "AWS::KMS::Key" },
	{ "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer" },
	{ "LoadBalancerName", "AWS::ElasticLoadBalancing::LoadBalancer" },
	{ "LogGroupName", "AWS::Logs::LogGroup" },
	{ "NatGatewayId", "AWS::EC2::NatGateway" },
	{ "NetworkInterfaceId", "AWS::EC2::NetworkInterface" },
	{ "ProjectName", "AWS::CodeBuild::Project" },
	{ "QueueName", "AWS::SQS::Queue" },
	{ "RepositoryName", "AWS::ECR::Repository" },
	{ "RuleName", "AWS::Events::Rule" },
	{ "ServiceName", "AWS::ECS::Service" },
	{ "StreamName", "AWS::Kinesis::Stream" },
	{ "TableName", "AWS::DynamoDB::Table" },
	{ "TargetGroup", "AWS::ElasticLoadBalancingV2::TargetGroup" },
	{ "TopicName", "AWS::SNS::Topic" },
	{ "TransitGateway", "AWS::EC2::TransitGateway" },
	{ "VolumeId", "AWS::EC2::Volume" },
	{ "VpnId", "AWS::EC2::VPNConnection" },
	{ "WebACL", "AWS::WAFv2::WebACL" },
};

#define ALARM_TYPE "AWS::CloudWatch::Alarm"

/* Their metrics are all in one region, wherever Config has them. */
static bool is_everywhere(const char *type)
{
	return !strcmp(type, "AWS::CloudFront::Distribution") ||
	       !strcmp(type, "AWS::Route53::HealthCheck");
}

/* "watch:TYPE:ACCOUNT:REGION:" before the name. */
static void add_watch(struct gather *g, const char *type, struct str account,
		      struct str region, struct str name)
{
	struct mention_scope scope = g->scope;
	char mark[160];
	int n;

	if (is_everywhere(type))
		region = STR_NULL;
	n = snprintf(mark, sizeof(mark), "watch:%s:%.*s:%.*s:", type, (int)account.n,
		     account.n ? account.p : "", (int)region.n, region.n ? region.p : "");
	if (n < 0 || (size_t)n >= sizeof(mark) || !name.n)
		return;
	g->mark = mark;
	g->scope = (struct mention_scope){ 0 };
	gather_add(g, name);
	g->scope = scope;
	g->mark = "";
}

static struct str last_segment(struct str s)
{
	ptrdiff_t at = MAX(str_rchr(s, '/'), str_rchr(s, ':'));

	return at < 0 ? s : str_from(s, (size_t)at + 1);
}

/* The names that a metric may have for it: "orders", "app/web/50dc6c495c0c9188". */
static void add_watched_names(struct gather *g, const struct item *item, const char *type)
{
	struct str tail = mention_arn_resource(item->arn);
	ptrdiff_t kind = MAX(str_chr(tail, '/'), str_chr(tail, ':'));

	add_watch(g, type, item->account, item->region, last_segment(item->id));
	add_watch(g, type, item->account, item->region, item->name);
	add_watch(g, type, item->account, item->region, tail);
	if (kind >= 0)
		add_watch(g, type, item->account, item->region,
			  str_from(tail, (size_t)kind + 1));
}

void mention_add_watched(struct gather *g, const struct item *item)
{
	const char *last = "";

	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (str_is(item->type, watched[i].type) &&
		    strcmp(watched[i].type, last) != 0) {
			last = watched[i].type;
			add_watched_names(g, item, last);
		}
	if (!str_is(item->type, ALARM_TYPE))
		return;
	add_watched_names(g, item, ALARM_TYPE);
	/* A history of alarms does not say whose they are. */
	add_watch(g, ALARM_TYPE, STR_NULL, STR_NULL, item->name);
}

static void add_dimension(struct gather *g, const struct alarm *alarm,
			  const struct alarm_dimension *d)
{
	if (mention_is_unique(d->value) && mention_names_something(g, d->value)) {
		gather_add(g, d->value);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (str_is(d->name, watched[i].dimension))
			add_watch(g, watched[i].type, alarm->account, alarm->region,
				  d->value);
}

const char *mention_dimension_type(struct str dimension, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (str_is(dimension, watched[i].dimension) && n-- == 0)
			return watched[i].type;
	return NULL;
}

/* Mostly the last part of the id; databases and load balancers are called otherwise. */
struct str mention_dimension_value(struct str dimension, const struct item *item)
{
	struct str tail = mention_arn_resource(item->arn);

	if (str_is(dimension, "DBInstanceIdentifier") ||
	    str_is(dimension, "DBClusterIdentifier"))
		return item->name;
	if (str_is(dimension, "TargetGroup"))
		return tail;
	if (str_is(dimension, "LoadBalancer"))
		return str_starts(tail, "loadbalancer/")
			       ? str_from(tail, strlen("loadbalancer/"))
			       : STR_NULL;
	return last_segment(item->id);
}

int mention_of_alarm(struct arena *a, const struct alarm *alarm, struct mention_set *ret)
{
	struct gather g;
	int r = gather_init(&g, a, MENTION_MAX_EVENT);

	if (r < 0)
		return r;
	add_watch(&g, ALARM_TYPE, alarm->account, alarm->region, alarm->name);
	gather_add(&g, alarm->arn);
	for (size_t i = 0; i < alarm->n_dimensions; i++)
		add_dimension(&g, alarm, &alarm->dimensions[i]);
	gather_finish(&g, ret);
	return 0;
}
