/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a service is: AWS's own name for it in the region, or the one endpoint that the user
 * gave instead, which then stands for every service.
 */
#include <errno.h>

#include "client.h"

const char *aws_dns_suffix(struct str region)
{
	return str_starts(region, "cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
}

/* "http://127.0.0.1:5000/" taken apart; anything behind the host is no endpoint of a service. */
static int given(const char *url, struct aws_request *rq)
{
	struct str rest = str_of(url);
	ptrdiff_t end;

	if (str_starts(rest, "https://"))
		rq->scheme = STR("https");
	else if (str_starts(rest, "http://"))
		rq->scheme = STR("http");
	else
		return -EINVAL;
	rest = str_from(rest, rq->scheme.n + 3);
	end = str_chr(rest, '/');
	if (end == 0 || rest.n == 0 || (end > 0 && (size_t)end != rest.n - 1))
		return -EINVAL;
	/* Its user's password would stand in every line that names the endpoint. */
	if (str_chr(rest, '@') >= 0)
		return -EINVAL;
	rq->host = end > 0 ? (struct str){ rest.p, (size_t)end } : rest;
	return 0;
}

int aws_endpoint(const struct aws_client *c, const char *service, struct str region,
		 struct buf *keep, struct aws_request *rq)
{
	if (c->options.endpoint_url)
		return given(c->options.endpoint_url, rq);
	buf_put_text(keep, service);
	buf_put_char(keep, '.');
	buf_put_str(keep, region);
	buf_put_text(keep, aws_dns_suffix(region));
	rq->scheme = STR("https");
	rq->host = buf_str(keep);
	return buf_error(keep);
}
