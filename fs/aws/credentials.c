/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provider: one secret, renewed under a lock by whoever first finds it too old. The order of
 * the chain is botocore's.
 */
#include "credentials.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "util/clock.h"

#include "chain.h"

#define RENEW_S 300 /* before it runs out */
#define PAUSE_S 60  /* before another try, when renewing brought nothing better */
#define FAIL_S  3   /* ... and when it failed: what others who wait for it are told */

struct credentials {
	struct credentials_options options;
	char *profile, *role_arn, *external_id;
	bool named; /* explicitly: the environment's keys are not meant */
	struct profiles *profiles;
	char region[64];
	pthread_mutex_t lock;
	struct aws_secret secret; /* under the lock */
	bool known;               /* likewise */
	int64_t paused_s; /* likewise: no try before, by a clock that never jumps */
	int64_t skew_s;   /* likewise: of STS's clock against ours */
	/* Likewise: what renewing failed with, and until when that is the answer. */
	int failure;
	struct fault fault;
	int64_t failed_s;
};

void aws_secret_wipe(struct aws_secret *s)
{
	explicit_bzero(s, sizeof(*s));
}

struct aws_credentials aws_secret_view(const struct aws_secret *s)
{
	return (struct aws_credentials){ .access_key = str_of(s->access_key),
					 .secret_key = str_of(s->secret_key),
					 .session_token = str_of(s->session_token) };
}

static const char *first_set(const char *a, const char *b)
{
	const char *value = getenv(a);

	if (value && *value)
		return value;
	value = getenv(b);
	return value && *value ? value : NULL;
}

/* --- making --------------------------------------------------------------------------------- */

struct credentials *credentials_free(struct credentials *c)
{
	if (!c)
		return NULL;
	aws_secret_wipe(&c->secret);
	profiles_free(c->profiles);
	free(c->profile);
	free(c->role_arn);
	free(c->external_id);
	pthread_mutex_destroy(&c->lock);
	free(c);
	return NULL;
}

static void credentials_freep(struct credentials **c)
{
	*c = credentials_free(*c);
}

static void find_region(struct credentials *c)
{
	const char *region = c->options.region;

	if (!region)
		region = first_set("AWS_REGION", "AWS_DEFAULT_REGION");
	if (!region)
		region = profiles_get(c->profiles, c->profile, "region");
	(void)snprintf(c->region, sizeof(c->region), "%s", region ? region : "");
}

static int credentials_init(struct credentials *c, struct fault *f)
{
	const char *named = c->options.profile;
	int r;

	c->named = named;
	if (!named)
		named = first_set("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	c->profile = strdup(named ? named : "default");
	if (c->options.role_arn)
		c->role_arn = strdup(c->options.role_arn);
	if (c->options.external_id)
		c->external_id = strdup(c->options.external_id);
	if (!c->profile || (c->options.role_arn && !c->role_arn) ||
	    (c->options.external_id && !c->external_id))
		return -ENOMEM;
	r = profiles_read(&c->profiles, f);
	if (r)
		return r;
	if (named && !profiles_has(c->profiles, named)) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "there is no profile %s in the AWS configuration files", named);
		return CREDENTIALS_E_INVALID;
	}
	find_region(c);
	return 0;
}

int credentials_new(const struct credentials_options *options, struct credentials **ret,
		    struct fault *f)
{
	_cleanup_(credentials_freep) struct credentials *c = calloc(1, sizeof(*c));
	int r;

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	if (!c)
		return -ENOMEM;
	if (pthread_mutex_init(&c->lock, NULL)) {
		free(take_ptr(c));
		return -ENOMEM;
	}
	c->options = *options;
	r = credentials_init(c, f);
	if (r)
		return r;
	*ret = take_ptr(c);
	return 0;
}

const char *credentials_region(const struct credentials *c)
{
	return c->region;
}

/* --- the chain ------------------------------------------------------------------------------ */

/* Who assumed a role is that role. */
static void tell_who(struct aws_secret *ret, const char *what, const char *name)
{
	if (!ret->who[0])
		(void)snprintf(ret->who, sizeof(ret->who), "%s%s", what, name);
}

static int profile_link(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	int (*const links[])(struct chain *, const char *, struct aws_secret *,
			     struct fault *) = { chain_sso, chain_profile_keys,
						 chain_process };
	int r = CREDENTIALS_E_NONE;

	for (size_t i = 0; r == CREDENTIALS_E_NONE && i < ARRAY_SIZE(links); i++)
		r = links[i](c, c->profile, ret, f);
	if (r == 0)
		tell_who(ret, "the profile ", c->profile);
	return r;
}

static int role_link(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	return chain_role(c, c->profile, ret, f);
}

static int walk(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	static const struct {
		int (*get)(struct chain *, struct aws_secret *, struct fault *);
		const char *who;
	} links[] = {
		{ chain_environment, "the environment's keys" },
		{ role_link, "the profile's role" },
		{ chain_web_identity, "the web identity's role" },
		{ profile_link, "the profile" },
		{ chain_container, "the container's role" },
		{ chain_instance, "the instance's role" },
	};
	int r = CREDENTIALS_E_NONE;

	for (size_t i = 0; r == CREDENTIALS_E_NONE && i < ARRAY_SIZE(links); i++) {
		r = links[i].get(c, ret, f);
		if (r == 0)
			tell_who(ret, links[i].who, "");
	}
	if (r == CREDENTIALS_E_NONE)
		fault_set(
			f, FAULT_NO_OFFSET, "",
			"no AWS credentials found: set AWS_PROFILE or give --profile, or "
			"run `aws configure` or `aws sso login`");
	return r;
}

static void http_freep(struct http **h)
{
	*h = http_free(*h);
}

/* With a handle of its own: what stands in its buffers does so no longer than this. */
static int renew(struct credentials *c, struct fault *f)
{
	_cleanup_(http_freep) struct http *http = NULL;
	struct chain chain = { .options = &c->options,
			       .profiles = c->profiles,
			       .profile = c->profile,
			       .profile_is_named = c->named,
			       .skew_s = c->skew_s };
	struct aws_secret fresh = { 0 };
	struct credentials *base = c->options.base;
	int r = http_new(&c->options.http, &http);

	if (r)
		return r;
	chain.http = http;
	r = base ? credentials_get(base, &fresh, f) : walk(&chain, &fresh, f);
	if (r == 0 && c->role_arn)
		r = chain_assume(&chain, c->role_arn, c->external_id, &fresh, f);
	c->skew_s = chain.skew_s;
	if (r == 0) {
		c->secret = fresh;
		c->known = true;
	}
	aws_secret_wipe(&fresh);
	return r;
}

static bool is_good(const struct credentials *c, int64_t margin_s)
{
	return c->known && (c->secret.expires_s == CREDENTIALS_NEVER ||
			    c->secret.expires_s - (int64_t)time(NULL) > margin_s);
}

/*
 * Under the lock. What is still good for a while is better than nothing; and new ones that look
 * old may be so only by our clock: AWS is to say. Neither is worth a try at each request.
 */
static int ensure(struct credentials *c, struct fault *f)
{
	int r;

	if (c->known && (is_good(c, RENEW_S) || (clock_ms() / 1000) < c->paused_s))
		return 0;
	/* One wrong code is one question, however many threads have a request to sign. */
	if (c->failure && (clock_ms() / 1000) < c->failed_s) {
		if (f)
			*f = c->fault;
		return c->failure;
	}
	r = renew(c, &c->fault);
	if (r > 0 && is_good(c, 0))
		r = 0;
	c->failure = MAX(r, 0);
	c->failed_s = (clock_ms() / 1000) + FAIL_S;
	if (r && f)
		*f = c->fault;
	if (r)
		c->known = false;
	if (c->known && !is_good(c, RENEW_S))
		c->paused_s = (clock_ms() / 1000) + PAUSE_S;
	return r;
}

int credentials_get(struct credentials *c, struct aws_secret *ret, struct fault *f)
{
	int r;

	pthread_mutex_lock(&c->lock);
	r = ensure(c, f);
	if (r == 0)
		*ret = c->secret;
	pthread_mutex_unlock(&c->lock);
	return r;
}

void credentials_reject(struct credentials *c, const struct aws_secret *s)
{
	pthread_mutex_lock(&c->lock);
	/* Somebody else may have renewed them meanwhile. */
	if (c->known && !strcmp(c->secret.access_key, s->access_key) &&
	    !strcmp(c->secret.session_token, s->session_token))
		c->known = false;
	pthread_mutex_unlock(&c->lock);
}
