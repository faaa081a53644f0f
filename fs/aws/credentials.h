/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whose requests these are. A provider finds credentials along the chain that AWS's own tools
 * follow, in botocore's order, keeps them while they are good and gets new ones before they run
 * out. Any thread may ask it. Secrets are wiped when they are done with, and never stand in a
 * fault.
 */

#include <stdint.h>

#include "http.h"
#include "sigv4.h"

struct credentials;

enum {
	_CREDENTIALS_E_SUCCESS,
	CREDENTIALS_E_NONE, /* nothing in the chain has any */
	CREDENTIALS_E_INVALID, /* something has, but they cannot be had: the fault says why */
};

#define CREDENTIALS_NEVER INT64_MAX

/* A copy of its own; wiped by aws_secret_wipe(). */
struct aws_secret {
	char access_key[129];
	char secret_key[SIGV4_MAX_SECRET + 1];
	char session_token[8192]; /* "" for a long-term key */
	int64_t expires_s;        /* seconds since 1970, or CREDENTIALS_NEVER */
	char who[128]; /* whose they are, for people and no secret: "the profile audit" */
};
void aws_secret_wipe(struct aws_secret *s);
struct aws_credentials aws_secret_view(const struct aws_secret *s);

/* Borrowed until credentials_new() returns. */
struct credentials_options {
	const char *profile;  /* given by name; NULL: AWS_PROFILE or "default" */
	const char *region;   /* for STS; NULL: the profile's or the environment's */
	const char *role_arn; /* to assume on top of what the chain gives; NULL: none */
	const char *external_id; /* that the role asks for; NULL: none */
	struct credentials
		*base; /* what they are assumed on; outlives them. NULL: the chain */
	const char *sts_url; /* instead of AWS's own; NULL: that */
	struct http_options http;
	/* Asks the user, on a terminal, for a code of his MFA device; NULL: there is nobody. */
	int (*ask_mfa)(void *ctx, const char *serial, char ret[16]);
	void *ctx;
};

int credentials_new(const struct credentials_options *options, struct credentials **ret,
		    struct fault *f) _must_check_;
struct credentials *credentials_free(struct credentials *c); /* returns NULL */
/* Good for five minutes at least, where that can be had. 0, CREDENTIALS_E_..., negative errno. */
int credentials_get(struct credentials *c, struct aws_secret *ret,
		    struct fault *f) _must_check_;
/* AWS says these have run out: the next get must not give them again. */
void credentials_reject(struct credentials *c, const struct aws_secret *s);
/* The region of the environment or the profile; "" where neither says. */
const char *credentials_region(const struct credentials *c);
