/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call and its tries. What is sent again is signed again, as of now. Two things are put right
 * on the way and cost no try of their own, once each: a clock that is wrong (the answer's Date
 * says by how much) and credentials that have run out.
 */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <curl/curl.h>

#define ATTEMPTS     5u
#define WAIT_MAX_MS  20000u
#define THROTTLE_MS  1000u
#define TRANSIENT_MS 50u
#define STOP_LOOK_MS 50u
#define WHO_MAX      96 /* bytes of an ARN in a fault */
#define SKEW_WORTH_S 60 /* less than this is not what a signature fails for */

/* --- making and ending ---------------------------------------------------------------------- */

int aws_library_init(void)
{
	return http_library_init();
}

static struct http_options http_options_of(const struct aws_client_options *o)
{
	const char *bundle = getenv("AWS_CA_BUNDLE");

	return (struct http_options){ .ca_file = o->ca_file          ? o->ca_file
						 : bundle && *bundle ? bundle
								     : NULL,
				      .stall_ms = o->stall_ms,
				      .stop = o->stop };
}

/* So that it is said once, and before anything is sent. */
static int check_endpoint(const struct aws_client *c, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf host = BUF_INIT;
	struct aws_request rq = { 0 };

	if (!c->options.endpoint_url ||
	    aws_endpoint(c, "s3", STR("us-east-1"), &host, &rq) == 0)
		return 0;
	/* What stands before an @ may be a password. */
	fault_set(f, FAULT_NO_OFFSET, "", "the endpoint %s is no http://HOST:PORT",
		  strchr(c->options.endpoint_url, '@') ? "with a user in it"
						       : c->options.endpoint_url);
	return AWS_E_FAILED;
}

int aws_client_new(const struct aws_client_options *options, struct aws_client **ret,
		   struct fault *f)
{
	struct aws_client *c = calloc(1, sizeof(*c));
	struct credentials_options chain;
	const char *region;
	int r;

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	if (!c)
		return -ENOMEM;
	c->options = *options;
	c->moved = moved_new();
	r = c->moved ? check_endpoint(c, f) : -ENOMEM;
	if (r) {
		aws_client_free(c);
		return r;
	}
	chain = (struct credentials_options){ .profile = options->profile,
					      .region = options->region,
					      .role_arn = options->role_arn,
					      .external_id = options->external_id,
					      .base = options->base
							      ? options->base->credentials
							      : NULL,
					      .sts_url = options->endpoint_url,
					      .http = http_options_of(options),
					      .ask_mfa = options->ask_mfa,
					      .ctx = options->ctx };
	r = credentials_new(&chain, &c->credentials, f);
	if (r) {
		aws_client_free(c);
		return r < 0 ? r : AWS_E_CREDENTIALS;
	}
	region = options->region ? options->region : credentials_region(c->credentials);
	(void)snprintf(c->region, sizeof(c->region), "%s", region);
	*ret = c;
	return 0;
}

struct aws_client *aws_client_free(struct aws_client *c)
{
	if (c) {
		credentials_free(c->credentials);
		moved_free(c->moved);
	}
	free(c);
	return NULL;
}

int64_t aws_client_skew_ms(const struct aws_client *c)
{
	return __atomic_load_n(&c->skew_s, __ATOMIC_RELAXED) * 1000;
}

const char *aws_client_region(const struct aws_client *c)
{
	return c->region;
}

int aws_handle_new(struct aws_client *c, struct aws_handle **ret)
{
	const struct http_options options = http_options_of(&c->options);
	struct aws_handle *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->client = c;
	/* Without it the waits are less random, no more. */
	if (getrandom(&h->random, sizeof(h->random), 0) != sizeof(h->random))
		h->random = (uint64_t)(uintptr_t)h ^ (uint64_t)time(NULL);
	r = http_new(&options, &h->http);
	if (r) {
		aws_handle_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

struct aws_handle *aws_handle_free(struct aws_handle *h)
{
	if (!h)
		return NULL;
	http_free(h->http);
	http_answer_deinit(&h->answer);
	free(h);
	return NULL;
}

const char *aws_handle_region(const struct aws_handle *h)
{
	return h->error.region;
}

/* --- waiting -------------------------------------------------------------------------------- */

unsigned aws_backoff_ms(unsigned attempt, bool throttled, uint64_t random,
			const char *retry_after)
{
	unsigned base = throttled ? THROTTLE_MS : TRANSIENT_MS;
	uint64_t most = (uint64_t)base << MIN(attempt, 16u);
	unsigned long told = strtoul(retry_after, NULL, 10);

	if (told > 0)
		return (unsigned)MIN(told, WAIT_MAX_MS / 1000ul) * 1000;
	most = MIN(most, (uint64_t)WAIT_MAX_MS);
	return (unsigned)(random % (most + 1));
}

/* xorshift64* (Vigna 2016): for jitter, nothing else. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state ? *state : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

bool aws_handle_is_stopped(const struct aws_handle *h)
{
	const volatile int *stop = h->client->options.stop;

	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

static int wait_ms(const struct aws_handle *h, unsigned ms)
{
	while (ms && !aws_handle_is_stopped(h)) {
		unsigned step = MIN(ms, STOP_LOOK_MS);
		struct timespec t = { .tv_nsec = (long)step * 1000000 };

		(void)nanosleep(&t, NULL);
		ms -= step;
	}
	return aws_handle_is_stopped(h) ? -ECANCELED : 0;
}

/* --- one try -------------------------------------------------------------------------------- */

int aws_try_sign(struct aws_handle *h, const struct aws_call *call, struct aws_trying *t,
		 struct aws_request *ret, struct sigv4_kept *keep, struct fault *f)
{
	struct sigv4_scope scope = { .region = call->region, .service = call->service };
	struct aws_credentials credentials;
	int r = credentials_get(h->client->credentials, &t->secret, f);

	if (r)
		return r < 0 ? r : AWS_E_CREDENTIALS;
	*ret = call->request;
	credentials = aws_secret_view(&t->secret);
	h->skew_s = __atomic_load_n(&h->client->skew_s, __ATOMIC_RELAXED);
	sigv4_date((int64_t)time(NULL) + h->skew_s, scope.date);
	r = sigv4_sign(ret, &scope, &credentials, keep);
	if (r)
		aws_secret_wipe(&t->secret);
	return r;
}

/* --- what came of it ------------------------------------------------------------------------ */

static int code_of(const struct aws_error *e)
{
	static const struct {
		const char *code;
		int result;
	} known[] = {
		{ "InvalidObjectState", AWS_E_ARCHIVED },
		{ "NoSuchBucket", AWS_E_NOT_FOUND },
		{ "NoSuchKey", AWS_E_NOT_FOUND },
		{ "QueueDoesNotExist", AWS_E_NOT_FOUND },
		{ "AWS.SimpleQueueService.NonExistentQueue", AWS_E_NOT_FOUND },
		{ "PreconditionFailed", AWS_E_UNREADABLE }, /* it has changed since */
		{ "AccessDenied", AWS_E_DENIED },
		{ "AccessDeniedException", AWS_E_DENIED },
		{ "UnrecognizedClientException", AWS_E_CREDENTIALS },
		{ "InvalidClientTokenId", AWS_E_CREDENTIALS },
		{ "InvalidAccessKeyId", AWS_E_CREDENTIALS },
		{ "SignatureDoesNotMatch", AWS_E_CREDENTIALS },
		{ "InvalidSignatureException", AWS_E_CREDENTIALS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(e->code, known[i].code))
			return known[i].result;
	switch (aws_error_kind(e)) {
	case AWS_ERROR_REGION:
		return AWS_E_REGION;
	case AWS_ERROR_EXPIRED:
		return AWS_E_CREDENTIALS;
	case AWS_ERROR_THROTTLED:
	case AWS_ERROR_TRANSIENT:
		return AWS_E_UNAVAILABLE;
	default:
		break;
	}
	return e->status == 401 || e->status == 403 ? AWS_E_DENIED
	       : e->status == 404                   ? AWS_E_NOT_FOUND
						    : AWS_E_FAILED;
}

/* What its user can do about it. */
static const char *advice(const struct aws_error *e, struct str service, int result)
{
	enum aws_error_kind kind = aws_error_kind(e);

	if (kind == AWS_ERROR_SKEWED)
		return "; set the clock of this machine";
	if (kind == AWS_ERROR_EXPIRED)
		return "; sign in again, or renew the keys";
	if (kind == AWS_ERROR_THROTTLED || kind == AWS_ERROR_TRANSIENT)
		return "; try again later";
	if (e->status >= 300 && e->status < 400 && kind != AWS_ERROR_REGION)
		return "; redirects are not followed: check --endpoint-url";
	switch (result) {
	case AWS_E_CREDENTIALS:
		return "; check the keys, or --profile";
	case AWS_E_DENIED:
		return str_is(service, "s3")
			       ? "; its policy, and the bucket's, must allow this"
			       : "; its policy must allow this: see --print-policy";
	case AWS_E_NOT_FOUND:
		return str_is(service, "s3") ? "; check the name"
					     : "; check the name and the region";
	case AWS_E_ARCHIVED:
		return "; restore it, then sync again";
	case AWS_E_REGION:
		return "; check --region";
	default:
		return !str_starts(str_of(e->code), "NoSuch")
			       ? "; check the source and its options"
		       : str_is(service, "s3") ? "; check the name"
					       : "; check the name and the region";
	}
}

#define DENIED "not authorized to perform: "

/*
 * Who may not do what, in AWS's words: "User: ARN is not authorized to perform: ACTION on ...". Of a
 * long ARN the end, the session's name, goes first, and then why; the host goes without saying.
 */
static bool tell_denied(const struct aws_error *e, const char *what_to_do,
			struct fault *f)
{
	static const char user[] = "User: ";
	const char *who = strstr(e->message, user), *words = strstr(e->message, DENIED);
	const char *code = e->code[0] ? e->code : "refused";
	int room = (int)sizeof(f->reason) - 1, n;

	if (!words || !who || who > words)
		return false;
	who += sizeof(user) - 1;
	n = (int)MIN(strcspn(who, " "), (size_t)WHO_MAX);
	room -= snprintf(NULL, 0, "%.40s: %.*s... is  (HTTP %ld)%s", code, n, who,
			 e->status, what_to_do);
	fault_set(f, FAULT_NO_OFFSET, "", "%.40s: %.*s%s is %.*s (HTTP %ld)%s", code, n,
		  who, who[n] == ' ' ? "" : "...", MAX(room, 0), words, e->status,
		  what_to_do);
	return true;
}

/* AWS's own words are cut before the advice is. Whoever is denied something is named. */
static int tell(const struct aws_handle *h, const struct aws_call *call, const char *who,
		struct fault *f)
{
	const struct aws_error *e = &h->error;
	int result = code_of(e);
	const char *what_to_do = advice(e, call->service, result);
	bool denied = result == AWS_E_DENIED;
	const char *words = denied ? strstr(e->message, DENIED) : NULL;

	if (denied && tell_denied(e, what_to_do, f))
		return result;
	fault_set(f, FAULT_NO_OFFSET, "", "%.*s: %.40s%s%.*s (HTTP %ld)%s%.80s%s",
		  STR_ARGS(call->request.host), e->code[0] ? e->code : "refused",
		  e->message[0] ? ": " : "", denied ? 60 : 90, words ? words : e->message,
		  e->status, denied && who[0] ? ", asked by " : "", denied ? who : "",
		  what_to_do);
	return result;
}

bool aws_skew_of(const char *date, int64_t *ret)
{
	time_t theirs = curl_getdate(date, NULL);

	*ret = (int64_t)theirs - (int64_t)time(NULL);
	return theirs >= 0;
}

/* AWS's clock from the answer's Date; false when it says nothing, or what was signed with. */
static bool correct_clock(struct aws_handle *h)
{
	int64_t skew;

	if (!aws_skew_of(h->answer.date, &skew))
		return false;
	__atomic_store_n(&h->client->skew_s, skew, __ATOMIC_RELAXED);
	return llabs(skew - h->skew_s) >= SKEW_WORTH_S;
}

static enum aws_verdict judge_error(struct aws_handle *h, struct aws_trying *t)
{
	switch (aws_error_kind(&h->error)) {
	case AWS_ERROR_SKEWED:
		if (t->corrected || !correct_clock(h))
			return AWS_VERDICT_FINAL;
		t->corrected = true;
		return AWS_VERDICT_AT_ONCE;
	case AWS_ERROR_EXPIRED:
		if (t->renewed)
			return AWS_VERDICT_FINAL;
		credentials_reject(h->client->credentials, &t->secret);
		t->renewed = true;
		return AWS_VERDICT_AT_ONCE;
	case AWS_ERROR_THROTTLED:
	case AWS_ERROR_TRANSIENT:
		t->throttled = aws_error_kind(&h->error) == AWS_ERROR_THROTTLED;
		return AWS_VERDICT_WAIT;
	default:
		return AWS_VERDICT_FINAL;
	}
}

enum aws_verdict aws_try_judge(struct aws_handle *h, const struct aws_call *call,
			       struct aws_trying *t, int sent, int *ret_result,
			       struct fault *f)
{
	enum aws_verdict verdict = AWS_VERDICT_FINAL;

	*ret_result = sent < 0 ? sent : AWS_E_FAILED;
	if (sent == HTTP_E_TRANSIENT) {
		*ret_result = AWS_E_UNAVAILABLE;
		t->throttled = false;
		h->answer.retry_after[0] = '\0';
		verdict = AWS_VERDICT_WAIT;
	} else if (sent == 0 && h->answer.status >= 200 && h->answer.status < 300) {
		*ret_result = 0;
	} else if (sent == 0) {
		aws_error_read(&h->answer, &h->error);
		*ret_result = tell(h, call, t->secret.who, f);
		verdict = judge_error(h, t);
	}
	aws_secret_wipe(&t->secret);
	return verdict;
}

bool aws_try_again(struct aws_handle *h, struct aws_trying *t, unsigned *ret_ms)
{
	unsigned most =
		h->client->options.attempts ? h->client->options.attempts : ATTEMPTS;

	if (++t->attempt >= most)
		return false;
	*ret_ms = aws_backoff_ms(t->attempt, t->throttled, next_random(&h->random),
				 h->answer.retry_after);
	return true;
}

/* One try and what to do next; *ret_result holds if it was the last. */
static enum aws_verdict try_once(struct aws_handle *h, const struct aws_call *call,
				 struct aws_trying *t, int *ret_result, struct fault *f)
{
	struct sigv4_kept keep = { 0 };
	struct aws_request rq;
	int r = aws_try_sign(h, call, t, &rq, &keep, f);

	if (r) {
		sigv4_forget(&keep);
		*ret_result = r;
		return AWS_VERDICT_FINAL;
	}
	r = http_send(h->http, &rq, call->body_max, call->sink, &h->answer, f);
	sigv4_forget(&keep);
	return aws_try_judge(h, call, t, r, ret_result, f);
}

int aws_handle_call(struct aws_handle *h, const struct aws_call *call, struct fault *f)
{
	struct aws_trying t = { 0 };
	int result = 0;

	h->error = (struct aws_error){ 0 };
	while (!aws_handle_is_stopped(h)) {
		enum aws_verdict verdict = try_once(h, call, &t, &result, f);
		unsigned ms;

		if (verdict == AWS_VERDICT_FINAL)
			return result;
		if (verdict == AWS_VERDICT_AT_ONCE)
			continue;
		if (!aws_try_again(h, &t, &ms))
			return result;
		if (wait_ms(h, ms))
			break;
	}
	return -ECANCELED;
}
