/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Calls to AWS: signed, repeated where that may help (botocore's standard mode: full jitter, at
 * most 20 s), with the clock corrected and credentials renewed on the way. A client may be used
 * by many threads at once, each with a handle of its own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/fault.h"

struct aws_client;
struct aws_handle;

enum {
	_AWS_E_SUCCESS,
	AWS_E_CREDENTIALS, /* none, or they cannot be had */
	AWS_E_DENIED,      /* AWS says no: 401, 403 and the codes that mean so */
	AWS_E_NOT_FOUND,   /* no such bucket, object, queue */
	AWS_E_ARCHIVED,    /* an object in Glacier: it must be restored first */
	AWS_E_REGION, /* the bucket is in another region: aws_handle_region() names it */
	AWS_E_UNAVAILABLE, /* no answer, throttled or 5xx, at each try: at another time */
	AWS_E_FAILED,      /* anything else AWS says */
	AWS_E_UNREADABLE,  /* the answer is not what it should be */
};

/* Borrowed for the life of the client. */
struct aws_client_options {
	const char *profile;      /* NULL: AWS_PROFILE, or the default */
	const char *region;       /* NULL: the environment's or the profile's */
	const char *role_arn;     /* NULL: none to assume */
	const char *external_id;  /* that the role asks for; NULL: none */
	struct aws_client *base;  /* whose credentials assume it; NULL: those found */
	const char *endpoint_url; /* instead of AWS's own, for every service; NULL: AWS */
	const char *ca_file;      /* NULL: AWS_CA_BUNDLE, or the system's */
	unsigned attempts;        /* 0: 5 */
	unsigned stall_ms;        /* 0: 60 s */
	const volatile int *
		stop; /* read atomically; not 0: whatever is under way ends with -ECANCELED */
	int (*ask_mfa)(void *ctx, const char *serial,
		       char ret[16]); /* NULL: nobody to ask */
	void *ctx;
};

/* Once a process, before any thread. 0 or -ENOMEM. */
int aws_library_init(void) _must_check_;
int aws_client_new(const struct aws_client_options *options, struct aws_client **ret,
		   struct fault *f) _must_check_;
struct aws_client *aws_client_free(struct aws_client *c); /* returns NULL; handles first */
/* By how much AWS's clock is ahead of ours, as far as it is known; 0 where that is little. */
int64_t aws_client_skew_ms(const struct aws_client *c);
/* "" when nobody says. */
const char *aws_client_region(const struct aws_client *c);

int aws_handle_new(struct aws_client *c, struct aws_handle **ret) _must_check_;
struct aws_handle *aws_handle_free(struct aws_handle *h); /* returns NULL */
const char *aws_handle_region(const struct aws_handle *h);

/*
 * One operation of a JSON service. target: the X-Amz-Target prefix and operation
 * ("StarlingDoveService.DescribeConfigurationRecorders"); region NULL: the client's. The answer
 * is appended to ret. 0, AWS_E_... with the fault filled, negative errno.
 */
enum aws_service {
	AWS_CONFIG,
	AWS_CLOUDTRAIL,
	AWS_CLOUDWATCH,
	AWS_SQS,
};
int aws_call(struct aws_handle *h, enum aws_service service, const char *region,
	     const char *operation, struct str body, struct buf *ret,
	     struct fault *f) _must_check_;

/* The account of the credentials, as STS in that region tells it. 0, AWS_E_..., negative errno. */
#define AWS_ACCOUNT_SIZE 13
int aws_caller_account(struct aws_handle *h, const char *region,
		       char ret[AWS_ACCOUNT_SIZE], struct fault *f) _must_check_;
