/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles, through STS: those a profile names on top of other credentials, one given by name, and
 * those of a web identity, whose request needs no signature (STS API reference, AssumeRole and
 * AssumeRoleWithWebIdentity).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "chain.h"
#include "client.h"
#include "xml.h"

#define TRIES      5u
#define LOOK_MS    50u /* between two looks whether to stop */
#define DEPTH_MAX  5u  /* roles upon roles */
#define ANSWER_MAX ((uint64_t)1 << 20)

/* --- asking STS ----------------------------------------------------------------------------- */

static void add(struct buf *form, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (form->len)
		buf_put_char(form, '&');
	buf_put_text(form, name);
	buf_put_char(form, '=');
	aws_encode(form, str_of(value), false);
}

static const char *region_of(const struct chain *c)
{
	const char *region = c->options->region;

	if (!region)
		region = getenv("AWS_REGION");
	if (!region || !*region)
		region = getenv("AWS_DEFAULT_REGION");
	if (!region || !*region)
		region = profiles_get(c->profiles, c->profile, "region");
	return region && *region ? region : "us-east-1";
}

struct answer {
	struct aws_secret *secret;
	char expires[40];
	bool too_long;
};

static int on_element(void *ctx, const char *path, struct str text)
{
	struct answer *a = ctx;
	const struct {
		const char *end;
		char *value;
		size_t size;
	} wanted[] = {
		{ "/Credentials/AccessKeyId", a->secret->access_key,
		  sizeof(a->secret->access_key) },
		{ "/Credentials/SecretAccessKey", a->secret->secret_key,
		  sizeof(a->secret->secret_key) },
		{ "/Credentials/SessionToken", a->secret->session_token,
		  sizeof(a->secret->session_token) },
		{ "/Credentials/Expiration", a->expires, sizeof(a->expires) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!str_ends(str_of(path), wanted[i].end))
			continue;
		if (text.n >= wanted[i].size) {
			a->too_long = true;
			return 0;
		}
		memcpy(wanted[i].value, text.p, text.n);
		wanted[i].value[text.n] = '\0';
	}
	return 0;
}

static int read_answer(struct str body, const char *role, struct aws_secret *ret,
		       struct fault *f)
{
	struct answer a = { .secret = ret };
	int r = xml_parse(body, on_element, &a, NULL);

	if (r < 0)
		return r;
	if (r || a.too_long || !ret->access_key[0] || !ret->secret_key[0]) {
		aws_secret_wipe(ret);
		fault_set(f, FAULT_NO_OFFSET, "", "%s: STS gave no credentials", role);
		return CREDENTIALS_E_INVALID;
	}
	ret->expires_s = chain_time(str_of(a.expires));
	(void)snprintf(ret->who, sizeof(ret->who), "the role %s", role);
	return 0;
}

static int make_request(struct chain *c, struct str form, struct buf *host,
			struct aws_request *ret)
{
	const struct aws_client where = { .options = { .endpoint_url =
							       c->options->sts_url } };

	*ret = (struct aws_request){
		.method = "POST",
		.path = STR("/"),
		.body = form,
		.headers = { { STR("content-type"),
			       STR("application/x-www-form-urlencoded") } },
		.n_headers = 1,
	};
	return aws_endpoint(&where, "sts", str_of(region_of(c)), host, ret);
}

/* A request for credentials under way. */
struct question {
	struct str form;
	const struct aws_secret
		*secret; /* whose request it is; NULL: without a signature */
	struct http_answer answer;
	struct aws_error error; /* when it is no success */
	unsigned tries;
	bool corrected; /* the clock */
};

static void question_deinit(struct question *q)
{
	http_answer_deinit(&q->answer);
}

static int send_once(struct chain *c, struct question *q, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf host = BUF_INIT;
	struct sigv4_scope scope = { .region = str_of(region_of(c)),
				     .service = STR("sts") };
	struct sigv4_kept keep = { 0 };
	struct aws_request rq;
	int r = make_request(c, q->form, &host, &rq);

	sigv4_date((int64_t)time(NULL) + c->skew_s, scope.date);
	if (r == 0 && q->secret) {
		struct aws_credentials view = aws_secret_view(q->secret);

		r = sigv4_sign(&rq, &scope, &view, &keep);
	}
	if (r == 0)
		r = http_send(c->http, &rq, ANSWER_MAX, NULL, &q->answer, f);
	sigv4_forget(&keep);
	if (r == 0)
		aws_error_read(&q->answer, &q->error);
	return r;
}

static bool is_stopped(const struct chain *c)
{
	const volatile int *stop = c->options->http.stop;

	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

static void pause_before(struct chain *c, const struct question *q, bool throttled)
{
	uint64_t random = (uint64_t)time(NULL);
	unsigned ms;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint64_t)time(NULL);
	ms = aws_backoff_ms(q->tries, throttled, random, q->answer.retry_after);
	for (; ms && !is_stopped(c); ms -= MIN(ms, LOOK_MS)) {
		struct timespec t = { .tv_nsec = (long)MIN(ms, LOOK_MS) * 1000000 };

		(void)nanosleep(&t, NULL);
	}
}

/* Is it worth another try, after what has come of this one? Waits for it, then. */
static bool again(struct chain *c, struct question *q, int r)
{
	enum aws_error_kind kind = AWS_ERROR_TRANSIENT;

	if (r && r != HTTP_E_TRANSIENT)
		return false;
	if (r == 0)
		kind = aws_error_kind(&q->error);
	if (kind == AWS_ERROR_SKEWED && !q->corrected) {
		q->corrected = true;
		return aws_skew_of(q->answer.date, &c->skew_s);
	}
	if ((kind != AWS_ERROR_TRANSIENT && kind != AWS_ERROR_THROTTLED) ||
	    ++q->tries == TRIES)
		return false;
	pause_before(c, q, kind == AWS_ERROR_THROTTLED);
	return !is_stopped(c);
}

/* secret: whose request it is, NULL for one without a signature; the new ones go to ret. */
static int ask(struct chain *c, struct str form, const char *role,
	       const struct aws_secret *secret, struct aws_secret *ret, struct fault *f)
{
	_cleanup_(question_deinit) struct question q = { .form = form, .secret = secret };
	const struct aws_error *e = &q.error;
	int r;

	do {
		r = send_once(c, &q, f);
		if (r == 0 && q.answer.status == 200)
			return read_answer(buf_str(&q.answer.body), role, ret, f);
	} while (again(c, &q, r));
	if (r)
		return r < 0 ? r : CREDENTIALS_E_INVALID;
	fault_set(f, FAULT_NO_OFFSET, "",
		  "%s cannot be assumed: %.40s%s%.90s (HTTP %ld); check its name, its "
		  "trust policy and --profile",
		  role, e->code, e->message[0] ? ": " : "", e->message, e->status);
	return CREDENTIALS_E_INVALID;
}

/* --- roles ---------------------------------------------------------------------------------- */

struct role {
	const char *arn, *session, *external_id, *mfa_serial, *duration;
};

static int ask_mfa(struct chain *c, const char *serial, char ret[16], struct fault *f)
{
	if (c->options->ask_mfa && c->options->ask_mfa(c->options->ctx, serial, ret) == 0)
		return 0;
	if (is_stopped(c))
		return -ECANCELED;
	fault_set(f, FAULT_NO_OFFSET, "",
		  "the role wants a code of %s: run this on a terminal", serial);
	return CREDENTIALS_E_INVALID;
}

static int assume(struct chain *c, const struct role *role, struct aws_secret *secret,
		  struct fault *f)
{
	_cleanup_(buf_wipe) struct buf form = BUF_SECRET;
	struct aws_secret fresh = { 0 };
	char session[40], code[16] = "";
	int r = 0;

	(void)snprintf(session, sizeof(session), "driftfs-%d", (int)getpid());
	if (role->mfa_serial)
		r = ask_mfa(c, role->mfa_serial, code, f);
	if (r)
		return r;
	add(&form, "Action", "AssumeRole");
	add(&form, "Version", "2011-06-15");
	add(&form, "RoleArn", role->arn);
	add(&form, "RoleSessionName", role->session ? role->session : session);
	add(&form, "ExternalId", role->external_id);
	add(&form, "DurationSeconds", role->duration);
	add(&form, "SerialNumber", role->mfa_serial);
	add(&form, "TokenCode", code);
	explicit_bzero(code, sizeof(code));
	if (buf_error(&form))
		return -ENOMEM;
	r = ask(c, buf_str(&form), role->arn, secret, &fresh, f);
	if (r == 0)
		*secret = fresh;
	aws_secret_wipe(&fresh);
	return r;
}

int chain_assume(struct chain *c, const char *role_arn, const char *external_id,
		 struct aws_secret *secret, struct fault *f)
{
	const struct role role = { .arn = role_arn, .external_id = external_id };

	return assume(c, &role, secret, f);
}

static int from_source(struct chain *c, const char *source, struct aws_secret *ret,
		       struct fault *f)
{
	if (!strcmp(source, "Environment")) {
		struct chain unnamed = *c;

		unnamed.profile_is_named = false;
		return chain_environment(&unnamed, ret, f);
	}
	if (!strcmp(source, "Ec2InstanceMetadata"))
		return chain_instance(c, ret, f);
	if (!strcmp(source, "EcsContainer"))
		return chain_container(c, ret, f);
	fault_set(f, FAULT_NO_OFFSET, "credential_source", "%s is none of AWS's", source);
	return CREDENTIALS_E_INVALID;
}

/* What the source profile has: keys, a process, SSO, or a role of its own. */
static int from_profile(struct chain *c, const char *profile, const char *asking,
			struct aws_secret *ret, struct fault *f)
{
	int r = CREDENTIALS_E_NONE;

	if (!profiles_has(c->profiles, profile)) {
		fault_set(f, FAULT_NO_OFFSET, "source_profile", "there is no profile %s",
			  profile);
		return CREDENTIALS_E_INVALID;
	}
	/* A profile may be its own source: its keys, then. */
	if (strcmp(profile, asking) != 0)
		r = chain_role(c, profile, ret, f);
	if (r == CREDENTIALS_E_NONE)
		r = chain_profile_keys(c, profile, ret, f);
	if (r == CREDENTIALS_E_NONE)
		r = chain_process(c, profile, ret, f);
	return r == CREDENTIALS_E_NONE ? chain_sso(c, profile, ret, f) : r;
}

static int source_of(struct chain *c, const char *profile, struct aws_secret *ret,
		     struct fault *f)
{
	const char *source = profiles_get(c->profiles, profile, "source_profile");
	const char *place = profiles_get(c->profiles, profile, "credential_source");
	int r = CREDENTIALS_E_NONE;

	if (c->depth >= DEPTH_MAX) {
		fault_set(f, FAULT_NO_OFFSET, "source_profile",
			  "the profiles lead in a circle, or through too many roles");
		return CREDENTIALS_E_INVALID;
	}
	c->depth++;
	if (source)
		r = from_profile(c, source, profile, ret, f);
	else if (place)
		r = from_source(c, place, ret, f);
	c->depth--;
	if (r == CREDENTIALS_E_NONE) {
		fault_set(f, FAULT_NO_OFFSET, "role_arn",
			  "the profile %s has no source of credentials for its role",
			  profile);
		r = CREDENTIALS_E_INVALID;
	}
	return r;
}

int chain_role(struct chain *c, const char *profile, struct aws_secret *ret,
	       struct fault *f)
{
	const struct role role = {
		.arn = profiles_get(c->profiles, profile, "role_arn"),
		.session = profiles_get(c->profiles, profile, "role_session_name"),
		.external_id = profiles_get(c->profiles, profile, "external_id"),
		.mfa_serial = profiles_get(c->profiles, profile, "mfa_serial"),
		.duration = profiles_get(c->profiles, profile, "duration_seconds"),
	};
	int r;

	if (!role.arn || profiles_get(c->profiles, profile, "web_identity_token_file"))
		return CREDENTIALS_E_NONE;
	r = source_of(c, profile, ret, f);
	return r ? r : assume(c, &role, ret, f);
}

/* --- web identity --------------------------------------------------------------------------- */

static const char *setting(const struct chain *c, const char *variable, const char *key)
{
	const char *value = c->profile_is_named ? NULL : getenv(variable);

	return value && *value ? value : profiles_get(c->profiles, c->profile, key);
}

int chain_web_identity(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	const char *file =
		setting(c, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
	const char *role = setting(c, "AWS_ROLE_ARN", "role_arn");
	const char *session = setting(c, "AWS_ROLE_SESSION_NAME", "role_session_name");
	_cleanup_(buf_wipe) struct buf token = BUF_SECRET, form = BUF_SECRET;
	int r;

	if (!file || !role)
		return CREDENTIALS_E_NONE;
	r = chain_read_file("the token of the web identity", file, &token, f);
	if (r)
		return r;
	buf_put_char(&token, '\0');
	if (buf_error(&token))
		return -ENOMEM;
	token.data[strcspn(token.data, "\r\n")] = '\0';
	add(&form, "Action", "AssumeRoleWithWebIdentity");
	add(&form, "Version", "2011-06-15");
	add(&form, "RoleArn", role);
	add(&form, "RoleSessionName", session ? session : "driftfs");
	add(&form, "WebIdentityToken", token.data);
	return buf_error(&form) ? -ENOMEM : ask(c, buf_str(&form), role, NULL, ret, f);
}
