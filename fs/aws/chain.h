/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The links of the chain: each looks in one place. CREDENTIALS_E_NONE hands over to the next;
 * CREDENTIALS_E_INVALID, with the fault, ends the search, because somebody meant this place.
 */

#include "credentials.h"
#include "profile.h"

struct chain {
	const struct credentials_options *options;
	struct profiles *profiles;
	const char *profile;   /* its name; never NULL */
	bool profile_is_named; /* by an option, not by AWS_PROFILE */
	struct http *http;
	unsigned depth; /* of roles assumed on the way */
	int64_t skew_s; /* of STS's clock against ours, as far as it said */
};

int chain_environment(struct chain *c, struct aws_secret *ret,
		      struct fault *f) _must_check_;
/* The profile's own keys, or the process it names. */
int chain_profile_keys(struct chain *c, const char *profile, struct aws_secret *ret,
		       struct fault *f) _must_check_;
int chain_process(struct chain *c, const char *profile, struct aws_secret *ret,
		  struct fault *f) _must_check_;
/* The profile's role, on credentials from its source_profile or credential_source. */
int chain_role(struct chain *c, const char *profile, struct aws_secret *ret,
	       struct fault *f) _must_check_;
/* A role by name on top of what is there. */
int chain_assume(struct chain *c, const char *role_arn, const char *external_id,
		 struct aws_secret *secret, struct fault *f) _must_check_;
int chain_web_identity(struct chain *c, struct aws_secret *ret,
		       struct fault *f) _must_check_;
int chain_sso(struct chain *c, const char *profile, struct aws_secret *ret,
	      struct fault *f) _must_check_;
int chain_container(struct chain *c, struct aws_secret *ret,
		    struct fault *f) _must_check_;
int chain_instance(struct chain *c, struct aws_secret *ret, struct fault *f) _must_check_;

/* --- shared --------------------------------------------------------------------------------- */

/* Copies; CREDENTIALS_E_INVALID for what is too long or empty. */
int chain_keep(struct aws_secret *ret, struct str key, struct str secret,
	       struct str token, int64_t expires_s, const char *where,
	       struct fault *f) _must_check_;
/* ISO 8601 in UTC as seconds since 1970; CREDENTIALS_NEVER for nothing, 0 for what is no time. */
int64_t chain_time(struct str iso) _pure_;
/* A JSON object with these members, as containers, instances and processes give it. */
struct chain_names {
	const char *key, *secret, *token, *expires;
};
int chain_from_json(struct str json, const char *path, const struct chain_names *names,
		    const char *where, struct aws_secret *ret,
		    struct fault *f) _must_check_;
/* Reads a small file; CREDENTIALS_E_INVALID with the fault. */
int chain_read_file(const char *what, const char *path, struct buf *ret,
		    struct fault *f) _must_check_;
