/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most types name their service as CloudTrail's sources do, but for capitals and dashes; the
 * table has those that do not (CloudTrail user guide, "CloudTrail supported services").
 */
#include "model/service.h"

#include <ctype.h>
#include <stdio.h>

#include "util/macro.h"

/* What a type says, and what a source. */
static const struct {
	const char *type, *source;
} others[] = {
	{ "cloudwatch", "monitoring" },
	{ "elasticloadbalancingv2", "elasticloadbalancing" },
	{ "apigatewayv2", "apigateway" },
	{ "stepfunctions", "states" },
	{ "efs", "elasticfilesystem" },
	{ "certificatemanager", "acm" },
	{ "opensearch", "es" },
	{ "opensearchservice", "es" },
	{ "elasticsearch", "es" },
	{ "kinesisfirehose", "firehose" },
	{ "emr", "elasticmapreduce" },
	{ "msk", "kafka" },
	{ "neptune", "rds" },
	{ "docdb", "rds" },
	{ "cognito", "cognitoidp" },
	{ "kinesisanalyticsv2", "kinesisanalytics" },
	{ "eventschemas", "schemas" },
};

/* Services that are called under a name of their own, but whose types are another's. */
static const struct {
	const char *source, *service;
} parts[] = {
	{ "s3control", "s3" },
	{ "ecrpublic", "ecr" },
	{ "cognitoidentity", "cognitoidp" },
};

static void flatten(struct str s, char ret[SERVICE_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < SERVICE_SIZE; i++)
		if (s.p[i] != '-')
			ret[n++] = (char)tolower((unsigned char)s.p[i]);
	ret[n] = '\0';
}

void service_of_type(struct str type, char ret[SERVICE_SIZE])
{
	ptrdiff_t first = str_chr(type, ':');
	struct str rest = first >= 0 && (size_t)first + 2 <= type.n
				  ? str_from(type, (size_t)first + 2)
				  : type;
	ptrdiff_t end = str_chr(rest, ':');

	flatten(end >= 0 ? (struct str){ rest.p, (size_t)end } : rest, ret);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(ret, others[i].type)) {
			(void)snprintf(ret, SERVICE_SIZE, "%s", others[i].source);
			return;
		}
}

void service_of_source(struct str source, char ret[SERVICE_SIZE])
{
	ptrdiff_t dot = str_chr(source, '.');
	struct str label = dot >= 0 ? (struct str){ source.p, (size_t)dot } : source;

	flatten(label, ret);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(ret, parts[i].source))
			(void)snprintf(ret, SERVICE_SIZE, "%s", parts[i].service);
}
