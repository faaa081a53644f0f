/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Signature Version 4, stage by stage as AWS's reference names them ("Create a signed AWS API
 * request", IAM user guide): canonical request, string to sign, signing key, signature. Pure:
 * the time comes from the caller, who knows by how much the local clock is wrong.
 */

#include "request.h"
#include "util/sha256.h"

struct aws_credentials {
	struct str access_key;
	struct str secret_key;
	struct str session_token; /* empty for a user's long-term key */
};

struct sigv4_scope {
	char date[17]; /* 20260102T030405Z */
	struct str region;
	struct str service; /* the signing name: "s3", "config", "sqs" ... */
};

/* Seconds since 1970 as the scope's date. */
void sigv4_date(int64_t seconds, char ret[17]);

/*
 * The canonical request and, into signed_headers, the names in it ("host;x-amz-date"). Host is
 * among them; the headers' values are trimmed and inner runs of spaces made one. The path is
 * encoded once, as S3 wants it; the other services are only ever asked at "/".
 */
int sigv4_canonical_request(struct buf *out, struct buf *signed_headers,
			    const struct aws_request *rq,
			    struct str payload_hash) _must_check_;
int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
			 struct str canonical_request) _must_check_;
/* -EINVAL for a key longer than any of AWS's. */
#define SIGV4_MAX_SECRET 256
int sigv4_signing_key(const struct sigv4_scope *scope, struct str secret_key,
		      uint8_t ret[SHA256_SIZE]) _must_check_;
void sigv4_signature(const uint8_t key[SHA256_SIZE], struct str string_to_sign,
		     char ret[SHA256_HEX_SIZE]);

/*
 * All of it: adds x-amz-date, x-amz-security-token where there is one, x-amz-content-sha256 for
 * S3, and authorization. What they hold is kept in `keep`, which must be empty and live as long
 * as the request; it holds the token, so it is for sigv4_forget(). 0, -ENOMEM, -EINVAL (no room
 * for the headers).
 */
struct sigv4_kept {
	char date[17];
	char payload_hash[SHA256_HEX_SIZE];
	struct buf authorization;
};
int sigv4_sign(struct aws_request *rq, const struct sigv4_scope *scope,
	       const struct aws_credentials *credentials,
	       struct sigv4_kept *keep) _must_check_;
void sigv4_forget(struct sigv4_kept *keep);
