/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature Version 4. libcurl has one of its own, but the one in Debian 12 (7.88) signs the
 * query in the order given and leaves out the payload hash of S3, and none of them can correct a
 * wrong clock.
 */
#include "sigv4.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

void sigv4_date(int64_t seconds, char ret[17])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(ret, 17, "%Y%m%dT%H%M%SZ", &tm))
		memcpy(ret, "19700101T000000Z", 17);
}

static struct str day_of(const struct sigv4_scope *scope)
{
	return (struct str){ scope->date, 8 };
}

/* 20260102/eu-west-1/s3/aws4_request */
static void put_scope(struct buf *out, const struct sigv4_scope *scope)
{
	buf_put_str(out, day_of(scope));
	buf_put_char(out, '/');
	buf_put_str(out, scope->region);
	buf_put_char(out, '/');
	buf_put_str(out, scope->service);
	buf_put_text(out, "/aws4_request");
}

/* --- the canonical request ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct aws_pair *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

/* Without blanks at the ends, and one for each run of them inside. */
static void put_trimmed(struct buf *out, struct str value)
{
	bool blank = false, any = false;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == ' ' || c == '\t') {
			blank = any;
			continue;
		}
		if (blank)
			buf_put_char(out, ' ');
		buf_put_char(out, c);
		blank = false;
		any = true;
	}
}

static void put_headers(struct buf *out, struct buf *names, const struct aws_request *rq)
{
	struct aws_pair all[AWS_MAX_HEADERS + 1];
	size_t n = 0;

	all[n++] = (struct aws_pair){ STR("host"), rq->host };
	for (size_t i = 0; i < rq->n_headers; i++)
		all[n++] = rq->headers[i];
	qsort(all, n, sizeof(all[0]), by_name);
	for (size_t i = 0; i < n; i++) {
		buf_put_str(out, all[i].name);
		buf_put_char(out, ':');
		put_trimmed(out, all[i].value);
		buf_put_char(out, '\n');
		if (i)
			buf_put_char(names, ';');
		buf_put_str(names, all[i].name);
	}
}

int sigv4_canonical_request(struct buf *out, struct buf *signed_headers,
			    const struct aws_request *rq, struct str payload_hash)
{
	int r;

	if (rq->n_headers > AWS_MAX_HEADERS)
		return -EINVAL;
	buf_put_text(out, rq->method);
	buf_put_char(out, '\n');
	aws_encode(out, rq->path, true);
	buf_put_char(out, '\n');
	r = aws_request_query(out, rq);
	if (r)
		return r;
	buf_put_char(out, '\n');
	put_headers(out, signed_headers, rq);
	buf_put_char(out, '\n');
	buf_put_str(out, buf_str(signed_headers));
	buf_put_char(out, '\n');
	buf_put_str(out, payload_hash);
	r = buf_error(out);
	return r ? r : buf_error(signed_headers);
}

/* --- the other stages ----------------------------------------------------------------------- */

int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
			 struct str canonical_request)
{
	uint8_t hash[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	sha256(canonical_request, hash);
	sha256_hex(hash, hex);
	buf_put_text(out, ALGORITHM "\n");
	buf_put_text(out, scope->date);
	buf_put_char(out, '\n');
	put_scope(out, scope);
	buf_put_char(out, '\n');
	buf_put_text(out, hex);
	return buf_error(out);
}

int sigv4_signing_key(const struct sigv4_scope *scope, struct str secret_key,
		      uint8_t ret[SHA256_SIZE])
{
	const struct str steps[] = { day_of(scope), scope->region, scope->service,
				     STR("aws4_request") };
	char first[4 + SIGV4_MAX_SECRET] = "AWS4";
	struct str key = { first, 4 + secret_key.n };

	if (secret_key.n > SIGV4_MAX_SECRET)
		return -EINVAL;
	if (secret_key.n)
		memcpy(first + 4, secret_key.p, secret_key.n);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		hmac_sha256(key, steps[i], ret);
		key = (struct str){ (const char *)ret, SHA256_SIZE };
	}
	explicit_bzero(first, sizeof(first));
	return 0;
}

void sigv4_signature(const uint8_t key[SHA256_SIZE], struct str string_to_sign,
		     char ret[SHA256_HEX_SIZE])
{
	uint8_t mac[SHA256_SIZE];

	hmac_sha256((struct str){ (const char *)key, SHA256_SIZE }, string_to_sign, mac);
	sha256_hex(mac, ret);
}

/* --- all of it ------------------------------------------------------------------------------ */

static int add_header(struct aws_request *rq, struct str name, struct str value)
{
	if (rq->n_headers == AWS_MAX_HEADERS)
		return -EINVAL;
	rq->headers[rq->n_headers++] = (struct aws_pair){ name, value };
	return 0;
}

/* What is signed besides what the caller gave. */
static int add_headers(struct aws_request *rq, const struct sigv4_scope *scope,
		       const struct aws_credentials *credentials, struct sigv4_kept *keep)
{
	uint8_t hash[SHA256_SIZE];
	int r;

	memcpy(keep->date, scope->date, sizeof(keep->date));
	sha256(rq->body, hash);
	sha256_hex(hash, keep->payload_hash);
	r = add_header(rq, STR("x-amz-date"), str_of(keep->date));
	if (r == 0 && credentials->session_token.n)
		r = add_header(rq, STR("x-amz-security-token"),
			       credentials->session_token);
	if (r == 0 && str_is(scope->service, "s3"))
		r = add_header(rq, STR("x-amz-content-sha256"),
			       str_of(keep->payload_hash));
	return r;
}

static int put_authorization(struct buf *out, const struct sigv4_scope *scope,
			     const struct aws_credentials *credentials,
			     struct str signed_headers, const char *signature)
{
	buf_put_text(out, ALGORITHM " Credential=");
	buf_put_str(out, credentials->access_key);
	buf_put_char(out, '/');
	put_scope(out, scope);
	buf_put_text(out, ", SignedHeaders=");
	buf_put_str(out, signed_headers);
	buf_put_text(out, ", Signature=");
	buf_put_text(out, signature);
	return buf_error(out);
}

static int make_signature(const struct aws_request *rq, const struct sigv4_scope *scope,
			  struct str secret_key, struct str payload_hash,
			  struct buf *signed_headers, char ret[SHA256_HEX_SIZE])
{
	/* The session token stands in it. */
	_cleanup_(buf_wipe) struct buf canonical = BUF_SECRET;
	_cleanup_(buf_deinit) struct buf to_sign = BUF_INIT;
	uint8_t key[SHA256_SIZE];
	int r = sigv4_canonical_request(&canonical, signed_headers, rq, payload_hash);

	if (r == 0)
		r = sigv4_string_to_sign(&to_sign, scope, buf_str(&canonical));
	if (r == 0)
		r = sigv4_signing_key(scope, secret_key, key);
	if (r == 0)
		sigv4_signature(key, buf_str(&to_sign), ret);
	explicit_bzero(key, sizeof(key));
	return r;
}

int sigv4_sign(struct aws_request *rq, const struct sigv4_scope *scope,
	       const struct aws_credentials *credentials, struct sigv4_kept *keep)
{
	_cleanup_(buf_deinit) struct buf signed_headers = BUF_INIT;
	char signature[SHA256_HEX_SIZE];
	int r = add_headers(rq, scope, credentials, keep);

	if (r == 0)
		r = make_signature(rq, scope, credentials->secret_key,
				   str_of(keep->payload_hash), &signed_headers,
				   signature);
	if (r == 0)
		r = put_authorization(&keep->authorization, scope, credentials,
				      buf_str(&signed_headers), signature);
	if (r == 0)
		r = add_header(rq, STR("authorization"), buf_str(&keep->authorization));
	return r;
}

void sigv4_forget(struct sigv4_kept *keep)
{
	if (keep->authorization.data)
		explicit_bzero(keep->authorization.data, keep->authorization.len);
	buf_deinit(&keep->authorization);
	*keep = (struct sigv4_kept){ 0 };
}
