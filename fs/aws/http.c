/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libcurl's easy interface. The URL and the headers go out byte for byte as they were
 * signed: no path is normalised, no header added besides Host and what curl must add, none
 * removed. Bodies are taken undecoded: a delivery stored as gzip is told by its magic later,
 * whatever Content-Encoding somebody gave it. Whether anything still comes is looked at here:
 * curl's own measure is an average of several seconds.
 */
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <curl/curl.h>

#include "util/clock.h"

#include "http_exchange.h"
#include "wiping.h"

#define CONNECT_MS 10000
#define STALL_MS   60000
#define ERROR_MAX  ((uint64_t)1 << 20) /* bytes of an answer that is no success */

int http_library_init(void)
{
	CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free,
					     wiping_realloc, strdup, calloc);

	return code == CURLE_OK ? 0 : -ENOMEM;
}

/* A token may be among them. */
static void slist_free(struct curl_slist **list)
{
	for (struct curl_slist *l = *list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(*list);
	*list = NULL;
}

static void exchange_reset(struct exchange *x)
{
	struct buf url = x->url, host = x->host;

	slist_free(&x->headers);
	buf_reset(&url);
	buf_reset(&host);
	*x = (struct exchange){ .url = url, .host = host };
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	curl_easy_cleanup(h->curl);
	buf_deinit(&h->x.url);
	buf_deinit(&h->x.host);
	slist_free(&h->x.headers);
	free(h->ca_file);
	free(h);
	return NULL;
}

int http_new(const struct http_options *options, struct http **ret)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->options = *options;
	h->curl = curl_easy_init();
	if (options->ca_file)
		h->ca_file = strdup(options->ca_file);
	if (!h->curl || (options->ca_file && !h->ca_file)) {
		http_free(h);
		return -ENOMEM;
	}
	*ret = h;
	return 0;
}

void http_answer_deinit(struct http_answer *a)
{
	buf_wipe(&a->body); /* may be credentials */
}

/* --- what comes in -------------------------------------------------------------------------- */

static bool is_success(struct exchange *x)
{
	(void)curl_easy_getinfo(x->h->curl, CURLINFO_RESPONSE_CODE, &x->answer->status);
	return x->answer->status >= 200 && x->answer->status < 300;
}

static int to_sink(struct exchange *x, const char *bytes, size_t n)
{
	int r = 0;

	if (!x->begun)
		r = x->sink->begin(x->sink->ctx);
	x->begun = true;
	return r ? r : x->sink->put(x->sink->ctx, bytes, n);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	bool good = is_success(x);

	n *= size;
	x->got += n;
	if (x->got > (good ? x->max : MIN(x->max, ERROR_MAX))) {
		x->error = HTTP_E_TOO_LONG;
		return 0;
	}
	if (x->sink && good) {
		x->error = to_sink(x, bytes, n);
	} else {
		buf_put(&x->answer->body, bytes, n);
		x->error = buf_error(&x->answer->body);
	}
	return x->error ? 0 : n;
}

static struct str trimmed(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from(s, 1);
	while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
		s.n--;
	return s;
}

static void keep_value(char ret[HTTP_VALUE_SIZE], struct str value)
{
	size_t n = MIN(value.n, (size_t)HTTP_VALUE_SIZE - 1);

	memcpy(ret, value.p, n);
	ret[n] = '\0';
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	struct http_answer *a = x->answer;
	const struct {
		struct str name;
		char *value;
	} wanted[] = {
		{ STR("content-type"), a->content_type },
		{ STR("x-amzn-errortype"), a->error_type },
		{ STR("x-amzn-query-error"), a->query_error },
		{ STR("x-amz-bucket-region"), a->bucket_region },
		{ STR("date"), a->date },
		{ STR("etag"), a->etag },
		{ STR("retry-after"), a->retry_after },
	};
	struct str line = { bytes, n * size };
	ptrdiff_t colon = str_chr(line, ':');

	for (size_t i = 0; colon > 0 && i < ARRAY_SIZE(wanted); i++)
		if (str_eq_nocase((struct str){ line.p, (size_t)colon }, wanted[i].name))
			keep_value(wanted[i].value,
				   trimmed(str_from(line, (size_t)colon + 1)));
	return n * size;
}

bool http_is_over(struct http *h, int64_t now_ms)
{
	const struct http_options *o = &h->options;

	if (o->stop && __atomic_load_n(o->stop, __ATOMIC_RELAXED))
		return true;
	if (now_ms - h->x.moved_ms > (int64_t)(o->stall_ms ? o->stall_ms : STALL_MS))
		h->x.error = HTTP_E_TRANSIENT;
	return h->x.error == HTTP_E_TRANSIENT;
}

/* Called with every piece, and once a second at least. */
static int on_progress(void *arg, curl_off_t down_total, curl_off_t down,
		       curl_off_t up_total, curl_off_t up)
{
	struct exchange *x = arg;
	int64_t now = clock_ms();

	(void)down_total;
	(void)up_total;
	if (x->moved != down + up) {
		x->moved = down + up;
		x->moved_ms = now;
	}
	return http_is_over(x->h, now) || x->error != 0;
}

/* --- what goes out -------------------------------------------------------------------------- */

static int add_line(struct curl_slist **list, struct str name, struct str value)
{
	_cleanup_(buf_wipe) struct buf line = BUF_SECRET;
	struct curl_slist *longer;

	buf_put_str(&line, name);
	buf_put_text(&line, value.n ? ": " : ";"); /* curl's way to say: empty */
	buf_put_str(&line, value);
	buf_put_char(&line, '\0');
	if (buf_error(&line))
		return -ENOMEM;
	longer = curl_slist_append(*list, line.data);
	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int make_headers(const struct aws_request *rq, struct curl_slist **ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rq->n_headers; i++)
		r = add_line(ret, rq->headers[i].name, rq->headers[i].value);
	/* curl would ask before it sends a longer body, and wait. */
	if (r == 0) {
		struct curl_slist *longer = curl_slist_append(*ret, "Expect:");

		if (longer)
			*ret = longer;
		else
			r = -ENOMEM;
	}
	return r;
}

static void set_limits(CURL *c, struct exchange *x)
{
	const struct http_options *o = &x->h->options;

	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's */
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(o->connect_ms ? o->connect_ms : CONNECT_MS));
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
	if (o->no_proxy)
		curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (x->h->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, x->h->ca_file);
}

static void set_request(CURL *c, struct exchange *x, const struct aws_request *rq)
{
	curl_easy_setopt(c, CURLOPT_URL, x->url.data);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->h->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	if (strcmp(rq->method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body.n ? rq->body.p : "");
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
	}
}

/* --- the exchange --------------------------------------------------------------------------- */

static int outcome_of(CURLcode code)
{
	switch (code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_E_TLS;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return HTTP_E_REFUSED;
	default:
		return HTTP_E_TRANSIENT;
	}
}

/* What its user can do about it. A certificate may be trusted, and another server's. */
static const char *advice(int outcome, CURLcode code, const char *why)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return "; check the region, the network and --endpoint-url";
	switch (outcome) {
	case HTTP_E_TLS:
		return code == CURLE_SSL_CONNECT_ERROR || strstr(why, "subject name")
			       ? "; check --endpoint-url and the proxy"
			       : "; --ca-bundle or AWS_CA_BUNDLE names certificates to "
				 "trust";
	case HTTP_E_TRANSIENT:
		return "; check the network, the proxy and --endpoint-url";
	case HTTP_E_REFUSED:
	case HTTP_E_TOO_LONG:
		return "; check --endpoint-url";
	default:
		return "";
	}
}

static int failed(const struct exchange *x, CURLcode code, struct fault *f)
{
	const char *why = x->h->error[0] ? x->h->error : curl_easy_strerror(code);

	int outcome = x->error ? x->error : outcome_of(code);

	if (x->error == HTTP_E_TOO_LONG)
		why = "the answer is longer than it may be";
	if (x->error == HTTP_E_TRANSIENT)
		why = "the answer does not go on";
	fault_set(f, FAULT_NO_OFFSET, "", "%.*s: %s%s", STR_ARGS(buf_str(&x->host)), why,
		  advice(outcome, code, why));
	return outcome;
}

/* Ready to be sent; the request's strings are not needed after it. */
int http_begin(struct http *h, const struct aws_request *rq, uint64_t body_max,
	       const struct http_sink *sink, struct http_answer *ret)
{
	struct exchange *x = &h->x;
	int r;

	exchange_reset(x);
	x->h = h;
	x->answer = ret;
	x->sink = sink;
	x->max = body_max;
	x->moved_ms = clock_ms();
	http_answer_deinit(ret);
	*ret = (struct http_answer){ .body = BUF_SECRET };
	h->error[0] = '\0';
	r = aws_request_url(&x->url, rq);
	buf_put_char(&x->url, '\0');
	buf_put_str(&x->host, rq->host);
	if (r == 0)
		r = buf_error(&x->url);
	if (r == 0)
		r = buf_error(&x->host);
	if (r == 0)
		r = make_headers(rq, &x->headers);
	if (r)
		return r;
	curl_easy_reset(h->curl); /* connections stay */
	set_limits(h->curl, x);
	set_request(h->curl, x, rq);
	return 0;
}

int http_end(struct http *h, int code, struct fault *f)
{
	struct exchange *x = &h->x;
	int r = 0;

	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	if (code != CURLE_OK)
		r = failed(x, (CURLcode)code, f);
	/* An empty object is one, too. */
	else if (is_success(x) && x->sink && !x->begun)
		r = x->sink->begin(x->sink->ctx);
	exchange_reset(x);
	return r;
}

int http_send(struct http *h, const struct aws_request *rq, uint64_t body_max,
	      const struct http_sink *sink, struct http_answer *ret, struct fault *f)
{
	int r = http_begin(h, rq, body_max, sink, ret);

	return r ? r : http_end(h, curl_easy_perform(h->curl), f);
}
