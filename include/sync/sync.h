/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An import whose sources are AWS's own: buckets, queues and APIs. What was fetched before is not
 * fetched again; cut off at any instant, the next run goes on.
 */

#include "aws/client.h"
#include "import/import.h"

struct sync_options {
	struct import_options
		import; /* sources: URLs; none: the APIs of the region. feed is ignored */
	struct aws_client_options aws;
	int64_t since_ms, until_ms; /* of delivery; INT64_MIN, INT64_MAX: any */
	const char *const *accounts, *const *regions; /* of none: any */
	size_t n_accounts, n_regions;
	bool requester_pays;
	/* To be assumed; with {account} in an ARN, one for each of the accounts. An API is asked
	   with each of them, a queue with that of its account, a bucket with the only one; none:
	   with the credentials found themselves. aws.role_arn is ignored. */
	const char *const *roles;
	size_t n_roles;
	const char *aggregator; /* of AWS Config, where no source is given; NULL: none */
	const char *const *metrics; /* sync_check_metric(); besides those of alarms */
	size_t n_metrics;
	bool follow;              /* look again and again, until stopped */
	unsigned interval_ms;     /* between two looks; 0: a minute */
	const volatile int *stop; /* not 0: end, when what is under way is committed */
};

struct sync_report {
	struct import_report import;
	uint64_t objects_known; /* passed over: the ledger has them */
};

enum {
	_SYNC_E_SUCCESS,
	SYNC_E_SOURCE = 2000, /* not a URL of a kind that is known */
	SYNC_E_AWS,           /* no credentials */
};

/* Is it a URL of a kind that is known? 0, SYNC_E_SOURCE. */
int sync_check_source(const char *url, struct fault *f) _must_check_;
/* Is it the ARN of a role, or of many? 0, SYNC_E_SOURCE. */
int sync_check_role(const char *arn, struct fault *f) _must_check_;
/* The sources that would be asked, and with which role, a line each, appended. */
int sync_list(const struct sync_options *options, struct buf *out,
	      struct fault *f) _must_check_;
/*
 * "NAMESPACE METRIC DIMENSION[=VALUE][,NAME=VALUE...] [STATISTIC [PERIOD]]": a metric of the
 * resources that the first dimension means, to be had around their changes. 0, SYNC_E_SOURCE.
 */
int sync_check_metric(const char *text, struct fault *f) _must_check_;
/* The IAM policy that the sources need, as JSON, appended. 0, SYNC_E_SOURCE, negative errno. */
int sync_policy(const struct sync_options *options, struct buf *out,
		struct fault *f) _must_check_;
/* As import_run(); besides SYNC_E_... */
int sync_run(const struct sync_options *options, struct sync_report *ret,
	     struct fault *f) _must_check_;
