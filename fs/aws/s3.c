/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets. Asked by their own host name, except those whose name has a dot (no certificate
 * covers it) and behind an endpoint that was given. Keys are listed URL-encoded, since XML
 * cannot carry every byte a key may have.
 */
#include "aws/s3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "s3_call.h"
#include "util/arena.h"
#include "util/percent.h"
#include "xml.h"

#define PAGE_MAX   ((uint64_t)16 << 20) /* bytes of a page of a listing */
#define OBJECT_MAX ((uint64_t)5 << 40)  /* S3's own limit */

/* --- where ---------------------------------------------------------------------------------- */

/* A region becomes part of a host name, and may come from an answer: letters, digits, hyphens. */
static bool is_region(struct str region)
{
	for (size_t i = 0; i < region.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", region.p[i]))
			return false;
	return region.n > 0 && region.n < sizeof(((struct aws_bucket *)NULL)->region);
}

static bool is_bucket(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    ".-_",
			    name.p[i]))
			return false;
	return name.n >= 3 && name.n <= 255 && name.p[0] != '.' && name.p[0] != '-';
}

int aws_bucket_init(struct aws_bucket *b, const struct aws_client *c, struct str name,
		    bool requester_pays, struct fault *f)
{
	const char *region = aws_client_region(c);

	if (!is_bucket(name)) {
		fault_set(f, FAULT_NO_OFFSET, "", "%.*s cannot be a bucket's name",
			  STR_ARGS(name));
		return AWS_E_NOT_FOUND;
	}
	*b = (struct aws_bucket){ .name = name, .requester_pays = requester_pays };
	if (moved_find(c->moved, name, b->region))
		return 0;
	(void)snprintf(b->region, sizeof(b->region), "%s",
		       is_region(str_of(region)) ? region : "us-east-1");
	return 0;
}

void place_deinit(struct place *p)
{
	buf_deinit(&p->host);
	buf_deinit(&p->path);
}

static int place_make(const struct aws_handle *h, const struct aws_bucket *b,
		      struct str key, struct place *p, struct aws_request *rq)
{
	bool by_path = h->client->options.endpoint_url || str_chr(b->name, '.') >= 0;
	int r;

	buf_reset(&p->host);
	buf_reset(&p->path);
	buf_put_char(&p->path, '/');
	if (by_path) {
		buf_put_str(&p->path, b->name);
		buf_put_char(&p->path, '/');
	} else {
		buf_put_str(&p->host, b->name);
		buf_put_char(&p->host, '.');
	}
	buf_put_str(&p->path, key);
	r = aws_endpoint(h->client, "s3", str_of(b->region), &p->host, rq);
	rq->method = "GET";
	rq->path = buf_str(&p->path);
	return r ? r : buf_error(&p->path);
}

static void add_query(struct aws_request *rq, struct str name, struct str value)
{
	rq->query[rq->n_query++] = (struct aws_pair){ name, value };
}

static void add_header(struct aws_request *rq, struct str name, struct str value)
{
	rq->headers[rq->n_headers++] = (struct aws_pair){ name, value };
}

static void address(const struct aws_bucket *b, struct aws_call *call)
{
	call->service = STR("s3");
	call->region = str_of(b->region);
	if (b->requester_pays)
		add_header(&call->request, STR("x-amz-request-payer"), STR("requester"));
}

/* AWS named another region: is it one, and news? Then it is the bucket's. */
bool s3_moved(const struct aws_handle *h, struct aws_bucket *b)
{
	const char *region = aws_handle_region(h);

	if (!is_region(str_of(region)) || !strcmp(region, b->region))
		return false;
	(void)snprintf(b->region, sizeof(b->region), "%s", region);
	moved_note(h->client->moved, b->name, region);
	return true;
}

/* --- listing -------------------------------------------------------------------------------- */

/* A page as it is read. */
struct page {
	const struct aws_listing *listing;
	struct arena arena;
	struct aws_object object; /* the one being read */
	struct str next;          /* the token for the next page */
	bool truncated;
	bool is_list;      /* its end was there */
	struct str common; /* a prefix */
};

static void page_deinit(struct page *p)
{
	arena_deinit(&p->arena);
}

/* encoding-type=url: as forms are encoded. */
static int decode(struct page *p, struct str text, struct str *ret)
{
	*ret = percent_decode_form(&p->arena, text);
	return ret->p ? 0 : -ENOMEM;
}

static int keep(struct page *p, struct str text, struct str *ret)
{
	*ret = arena_str(&p->arena, text);
	return ret->p || !text.n ? 0 : -ENOMEM;
}

static uint64_t number_of(struct str text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	return n;
}

static int on_object(struct page *p)
{
	struct aws_object object = p->object;

	p->object = (struct aws_object){ 0 };
	return p->listing->object && object.key.n
		       ? p->listing->object(p->listing->ctx, &object)
		       : 0;
}

static int on_element(void *ctx, const char *path, struct str text)
{
	struct page *p = ctx;
	struct str at = str_of(path);

	p->is_list |= str_is(at, "ListBucketResult");
	if (!str_starts(at, "ListBucketResult/"))
		return 0;
	at = str_from(at, sizeof("ListBucketResult/") - 1);
	if (str_is(at, "Contents/Key"))
		return decode(p, text, &p->object.key);
	if (str_is(at, "Contents/ETag"))
		return keep(p, text, &p->object.etag);
	if (str_is(at, "Contents/StorageClass"))
		return keep(p, text, &p->object.storage_class);
	if (str_is(at, "Contents/LastModified"))
		return keep(p, text, &p->object.modified);
	if (str_is(at, "Contents/Size"))
		p->object.size = number_of(text);
	else if (str_is(at, "Contents"))
		return on_object(p);
	else if (str_is(at, "CommonPrefixes/Prefix"))
		return decode(p, text, &p->common);
	else if (str_is(at, "CommonPrefixes") && p->listing->folder)
		return p->listing->folder(p->listing->ctx, p->common);
	else if (str_is(at, "NextContinuationToken"))
		return keep(p, text, &p->next);
	else if (str_is(at, "IsTruncated"))
		p->truncated = str_is(text, "true");
	return 0;
}

static int list_page(struct aws_handle *h, struct aws_bucket *b,
		     const struct aws_listing *l, struct str token, struct fault *f)
{
	_cleanup_(place_deinit) struct place place = { 0 };
	struct aws_call call = { .body_max = PAGE_MAX };
	struct aws_request *rq = &call.request;
	int r = place_make(h, b, STR_NULL, &place, rq);

	if (r)
		return r;
	add_query(rq, STR("list-type"), STR("2"));
	add_query(rq, STR("encoding-type"), STR("url"));
	add_query(rq, STR("max-keys"), STR("1000"));
	add_query(rq, STR("prefix"), l->prefix);
	if (l->folders)
		add_query(rq, STR("delimiter"), STR("/"));
	if (token.n)
		add_query(rq, STR("continuation-token"), token);
	else if (l->start_after.n)
		add_query(rq, STR("start-after"), l->start_after);
	address(b, &call);
	return aws_handle_call(h, &call, f);
}

static int unreadable(struct fault *f, struct str bucket, const char *why)
{
	fault_set(f, FAULT_NO_OFFSET, "", "the list of %.*s cannot be read: %s",
		  STR_ARGS(bucket), why);
	return AWS_E_UNREADABLE;
}

/* Asks for one page and hands it on; *token is the next one's, empty at the end. */
static int read_page(struct aws_handle *h, struct aws_bucket *b,
		     const struct aws_listing *l, struct buf *token, struct fault *f)
{
	_cleanup_(page_deinit) struct page page = { .listing = l };
	struct fault why = { 0 };
	int r = list_page(h, b, l, buf_str(token), f);

	if (r == AWS_E_REGION && s3_moved(h, b))
		r = list_page(h, b, l, buf_str(token), f);
	if (r)
		return r;
	r = xml_parse(buf_str(&h->answer.body), on_element, &page, &why);
	if (r == XML_E_SYNTAX)
		return unreadable(f, b->name, why.reason);
	if (r == 0 && !page.is_list)
		return unreadable(f, b->name, "it is none of S3's; check --endpoint-url");
	if (r == 0 && page.truncated &&
	    (!page.next.n || str_eq(page.next, buf_str(token))))
		return unreadable(f, b->name, "it goes on, but does not say where");
	buf_reset(token);
	if (page.truncated)
		buf_put_str(token, page.next);
	return r ? r : buf_error(token);
}

int aws_s3_list(struct aws_handle *h, struct aws_bucket *b, const struct aws_listing *l,
		struct fault *f)
{
	_cleanup_(buf_deinit) struct buf token = BUF_INIT;
	int r;

	do {
		r = read_page(h, b, l, &token, f);
	} while (r == 0 && token.len);
	return r;
}

/* --- objects -------------------------------------------------------------------------------- */

int s3_get_call(const struct aws_handle *h, const struct aws_bucket *b, struct str key,
		struct str etag, const struct http_sink *sink, struct place *place,
		struct aws_call *ret)
{
	int r;

	*ret = (struct aws_call){ .body_max = OBJECT_MAX, .sink = sink };
	r = place_make(h, b, key, place, &ret->request);
	if (etag.n)
		add_header(&ret->request, STR("if-match"), etag);
	address(b, ret);
	return r;
}

static int get_once(struct aws_handle *h, const struct aws_bucket *b, struct str key,
		    struct str etag, const struct http_sink *sink, struct fault *f)
{
	_cleanup_(place_deinit) struct place place = { 0 };
	struct aws_call call;
	int r = s3_get_call(h, b, key, etag, sink, &place, &call);

	return r ? r : aws_handle_call(h, &call, f);
}

int aws_s3_get(struct aws_handle *h, const struct aws_bucket *b, struct str key,
	       struct str etag, const struct aws_sink *sink, struct fault *f)
{
	const struct http_sink to = { .begin = sink->begin,
				      .put = sink->put,
				      .ctx = sink->ctx };
	struct aws_bucket elsewhere = *b;
	int r = get_once(h, b, key, etag, &to, f);

	if (r == AWS_E_REGION && s3_moved(h, &elsewhere))
		r = get_once(h, &elsewhere, key, etag, &to, f);
	return r;
}
