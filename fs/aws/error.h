/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What AWS says when it says no: the code and message of an error answer in any of its
 * protocols, and what to make of it.
 */

#include "http.h"

struct aws_error {
	long status;
	char code[128]; /* "AccessDenied", "ThrottlingException"; "" where none is told */
	char message[512]; /* in AWS's words; may hold anything */
	char region[64];   /* where S3 says the bucket is; "" */
};

/* From the body, else the headers; never fails, as an error may come in any shape. */
void aws_error_read(const struct http_answer *answer, struct aws_error *ret);

enum aws_error_kind {
	AWS_ERROR_FINAL,     /* trying again changes nothing */
	AWS_ERROR_TRANSIENT, /* 500, 502, 503, 504, a time-out on their side */
	AWS_ERROR_THROTTLED, /* asked too often */
	AWS_ERROR_SKEWED,    /* our clock is wrong */
	AWS_ERROR_EXPIRED,   /* the credentials have run out */
	AWS_ERROR_REGION,    /* the bucket is elsewhere */
};
/* The codes are those of botocore's standard retry mode and of S3's error reference. */
enum aws_error_kind aws_error_kind(const struct aws_error *e) _pure_;
