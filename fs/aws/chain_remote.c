/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links that ask a server near by, without a signature: the SSO portal with a token from its
 * cache, the agent of a container, the metadata service of an instance, version 2 only (botocore:
 * SSOProvider, ContainerProvider, InstanceMetadataProvider).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chain.h"
#include "client.h"
#include "util/json.h"

#define ANSWER_MAX ((uint64_t)1 << 20)
#define INSTANCE_MS \
	1000u /* where there is no such service, nobody wants to wait for it */

static const char *set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

/* --- SSO ------------------------------------------------------------------------------------ */

struct sso {
	const char *start_url, *region, *account, *role, *session;
};

/* The cache's file is named by the SHA-1 of the session's name, or of the start URL. */
static int read_cache(const struct sso *sso, struct buf *ret, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	const char *home = set("HOME");
	char hex[SHA1_HEX_SIZE];

	sha1_hex(str_of(sso->session ? sso->session : sso->start_url), hex);
	buf_printf(&path, "%s/.aws/sso/cache/%s.json", home ? home : "", hex);
	buf_put_char(&path, '\0');
	if (buf_error(&path))
		return -ENOMEM;
	return chain_read_file("the cache of SSO", path.data, ret, f);
}

static int log_in(struct fault *f)
{
	fault_set(f, FAULT_NO_OFFSET, "",
		  "the SSO session has ended or never began: run `aws sso login`");
	return CREDENTIALS_E_INVALID;
}

/* The access token, if it is still good; in the arena. */
static int read_token(const struct sso *sso, struct arena *a, struct str *ret,
		      struct fault *f)
{
	_cleanup_(buf_wipe) struct buf text = BUF_SECRET;
	struct jv v;
	int r = read_cache(sso, &text, f);

	if (r)
		return r < 0 ? r : log_in(f);
	if (jv_parse(a, buf_str(&text), &v, NULL) ||
	    chain_time(jv_get_text(&v, "expiresAt")) <= (int64_t)time(NULL))
		return log_in(f);
	*ret = arena_str(a, jv_get_text(&v, "accessToken"));
	return ret->n ? 0 : log_in(f);
}

static int ask_portal(struct chain *c, const struct sso *sso, struct str token,
		      struct aws_secret *ret, struct fault *f)
{
	static const struct chain_names names = { "accessKeyId", "secretAccessKey",
						  "sessionToken", "expiration" };
	const struct aws_client where = { .options = { .endpoint_url =
							       c->options->sts_url } };
	_cleanup_(http_answer_deinit) struct http_answer answer = { 0 };
	_cleanup_(buf_deinit) struct buf host = BUF_INIT;
	struct aws_request rq = {
		.method = "GET",
		.path = STR("/federation/credentials"),
		.query = { { STR("role_name"), str_of(sso->role) },
			   { STR("account_id"), str_of(sso->account) } },
		.n_query = 2,
		.headers = { { STR("x-amz-sso_bearer_token"), token } },
		.n_headers = 1,
	};
	int r = aws_endpoint(&where, "portal.sso", str_of(sso->region), &host, &rq);

	if (r == 0)
		r = http_send(c->http, &rq, ANSWER_MAX, NULL, &answer, f);
	if (r)
		return r < 0 ? r : CREDENTIALS_E_INVALID;
	if (answer.status == 401)
		return log_in(f);
	if (answer.status != 200) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "SSO gives no credentials of %s in %s (HTTP %ld)", sso->role,
			  sso->account, answer.status);
		return CREDENTIALS_E_INVALID;
	}
	return chain_from_json(buf_str(&answer.body), "roleCredentials", &names, "SSO",
			       ret, f);
}

int chain_sso(struct chain *c, const char *profile, struct aws_secret *ret,
	      struct fault *f)
{
	_cleanup_(arena_wipe) struct arena a = ARENA_INIT;
	struct sso sso = {
		.start_url = profiles_get(c->profiles, profile, "sso_start_url"),
		.region = profiles_get(c->profiles, profile, "sso_region"),
		.account = profiles_get(c->profiles, profile, "sso_account_id"),
		.role = profiles_get(c->profiles, profile, "sso_role_name"),
		.session = profiles_get(c->profiles, profile, "sso_session"),
	};
	struct str token;
	int r;

	if (!sso.account && !sso.role)
		return CREDENTIALS_E_NONE;
	if (sso.session) {
		sso.start_url = profiles_sso(c->profiles, sso.session, "sso_start_url");
		sso.region = profiles_sso(c->profiles, sso.session, "sso_region");
	}
	if (!sso.account || !sso.role || !sso.region || !sso.start_url) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "the profile %s wants SSO, but has no %s; run `aws configure "
			  "sso`",
			  profile,
			  !sso.account  ? "sso_account_id"
			  : !sso.role   ? "sso_role_name"
			  : !sso.region ? "sso_region"
					: "sso_start_url");
		return CREDENTIALS_E_INVALID;
	}
	r = read_token(&sso, &a, &token, f);
	return r ? r : ask_portal(c, &sso, token, ret, f);
}

/* --- asking a server near by ---------------------------------------------------------------- */

/* A URL as somebody gave it, taken apart as far as a request needs it. */
static int split_url(const char *url, struct aws_request *rq)
{
	struct str rest = str_of(url);
	ptrdiff_t slash;

	rq->scheme = str_starts(rest, "https://") ? STR("https") : STR("http");
	if (!str_starts(rest, "http://") && !str_starts(rest, "https://"))
		return -EINVAL;
	rest = str_from(rest, rq->scheme.n + 3);
	slash = str_chr(rest, '/');
	rq->host = slash < 0 ? rest : (struct str){ rest.p, (size_t)slash };
	rq->path = slash < 0 ? STR("/") : str_from(rest, (size_t)slash);
	return rq->host.n ? 0 : -EINVAL;
}

static int get_json(struct http *h, const struct aws_request *rq, const char *where,
		    struct aws_secret *ret, struct fault *f)
{
	static const struct chain_names names = { "AccessKeyId", "SecretAccessKey",
						  "Token", "Expiration" };
	_cleanup_(http_answer_deinit) struct http_answer answer = { 0 };
	int r = http_send(h, rq, ANSWER_MAX, NULL, &answer, f);

	if (r)
		return r < 0 ? r : CREDENTIALS_E_INVALID;
	if (answer.status != 200) {
		fault_set(f, FAULT_NO_OFFSET, "", "%s gives no credentials (HTTP %ld)",
			  where, answer.status);
		return CREDENTIALS_E_INVALID;
	}
	return chain_from_json(buf_str(&answer.body), NULL, &names, where, ret, f);
}

/* --- containers ----------------------------------------------------------------------------- */

/* Over plain HTTP, only to this machine and to the addresses of AWS's own agents. */
static bool is_near(const struct aws_request *rq)
{
	static const char *const hosts[] = { "127.0.0.1",      "localhost",
					     "[::1]",          "169.254.170.2",
					     "169.254.170.23", "[fd00:ec2::23]" };
	struct str host = rq->host;
	ptrdiff_t colon = str_rchr(host, ':');

	if (str_is(rq->scheme, "https"))
		return true;
	if (colon > 0 && memchr(host.p + colon, ']', host.n - (size_t)colon) == NULL)
		host.n = (size_t)colon;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (str_is(host, hosts[i]))
			return true;
	return false;
}

/* What is to be sent along: from a file, which may change, else from a variable. */
static int container_token(struct buf *ret, struct fault *f)
{
	const char *file = set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = set("AWS_CONTAINER_AUTHORIZATION_TOKEN");

	if (file)
		return chain_read_file("the token for the container's agent", file, ret,
				       f);
	if (token)
		buf_put_text(ret, token);
	return buf_error(ret);
}

/* What is near by is not asked through a proxy, which would see the credentials. */
static int get_near(const struct http_options *base, const struct aws_request *rq,
		    struct aws_secret *ret, struct fault *f)
{
	struct http_options options = *base;
	struct http *h = NULL;
	int r;

	options.no_proxy = true;
	r = http_new(&options, &h);
	if (r == 0)
		r = get_json(h, rq, "the container's agent", ret, f);
	http_free(h);
	return r;
}

int chain_container(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	const char *relative = set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = set("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	_cleanup_(buf_wipe) struct buf token = BUF_SECRET;
	struct aws_request rq = { .method = "GET" };
	int r = 0;

	if (relative) {
		rq.scheme = STR("http");
		rq.host = STR("169.254.170.2");
		rq.path = str_of(relative);
	} else if (full) {
		r = split_url(full, &rq);
	} else {
		return CREDENTIALS_E_NONE;
	}
	if (r || !is_near(&rq)) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to a place that "
			  "credentials must not come from");
		return CREDENTIALS_E_INVALID;
	}
	r = container_token(&token, f);
	if (r)
		return r;
	while (token.len && strchr("\r\n", token.data[token.len - 1]))
		token.len--;
	if (token.len)
		rq.headers[rq.n_headers++] =
			(struct aws_pair){ STR("authorization"), buf_str(&token) };
	return get_near(&c->options->http, &rq, ret, f);
}

/* --- instances ------------------------------------------------------------------------------ */

static bool is_switched_off(void)
{
	const char *off = set("AWS_EC2_METADATA_DISABLED");

	return off && str_eq_nocase(str_of(off), STR("true"));
}

/* One request to the service; no answer means that this is no instance. */
static int ask_instance(struct http *h, struct aws_request *rq, struct buf *ret)
{
	const char *endpoint = set("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	_cleanup_(http_answer_deinit) struct http_answer answer = { 0 };
	struct str path = rq->path;
	int r = split_url(endpoint ? endpoint : "http://169.254.169.254", rq);

	rq->path = path;
	if (r == 0)
		r = http_send(h, rq, ANSWER_MAX, NULL, &answer, NULL);
	if (r || answer.status != 200)
		return r < 0 && r != -EINVAL ? r : CREDENTIALS_E_NONE;
	buf_put_str(ret, buf_str(&answer.body));
	return buf_error(ret);
}

static int instance_token(struct http *h, struct buf *ret)
{
	struct aws_request rq = {
		.method = "PUT",
		.path = STR("/latest/api/token"),
		.headers = { { STR("x-aws-ec2-metadata-token-ttl-seconds"),
			       STR("21600") } },
		.n_headers = 1,
	};

	return ask_instance(h, &rq, ret);
}

static int instance_get(struct http *h, struct str token, struct str path,
			struct buf *ret)
{
	struct aws_request rq = { .method = "GET", .path = path };

	rq.headers[rq.n_headers++] =
		(struct aws_pair){ STR("x-aws-ec2-metadata-token"), token };
	return ask_instance(h, &rq, ret);
}

static int ask_all(struct http *h, struct aws_secret *ret, struct fault *f)
{
	static const struct chain_names names = { "AccessKeyId", "SecretAccessKey",
						  "Token", "Expiration" };
	_cleanup_(buf_wipe) struct buf token = BUF_SECRET, role = BUF_INIT,
				       json = BUF_SECRET;
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int r = instance_token(h, &token);

	buf_put_text(&path, "/latest/meta-data/iam/security-credentials/");
	if (r == 0)
		r = instance_get(h, buf_str(&token), buf_str(&path), &role);
	if (r)
		return r;
	/* One role, on a line of its own. */
	for (size_t i = 0; i < role.len; i++)
		if (role.data[i] == '\n' || role.data[i] == '\r')
			role.len = i;
	buf_put_str(&path, buf_str(&role));
	r = buf_error(&path);
	if (r == 0)
		r = instance_get(h, buf_str(&token), buf_str(&path), &json);
	return r ? r
		 : chain_from_json(buf_str(&json), NULL, &names, "the instance", ret, f);
}

int chain_instance(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	struct http_options options = c->options->http;
	struct http *h = NULL;
	int r;

	if (is_switched_off())
		return CREDENTIALS_E_NONE;
	options.connect_ms = INSTANCE_MS;
	options.stall_ms = INSTANCE_MS;
	options.no_proxy = true;
	r = http_new(&options, &h);
	if (r == 0)
		r = ask_all(h, ret, f);
	http_free(h);
	return r;
}
