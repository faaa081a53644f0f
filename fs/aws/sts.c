/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose credentials these are (STS API reference, GetCallerIdentity). No policy can deny it.
 * Roles are assumed in chain_sts.c.
 */
#include <errno.h>

#include "client.h"
#include "xml.h"

#define ANSWER_MAX     ((uint64_t)1 << 20)
#define ACCOUNT_DIGITS (AWS_ACCOUNT_SIZE - 1)

static bool is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n == ACCOUNT_DIGITS;
}

static int on_element(void *ctx, const char *path, struct str text)
{
	char *account = ctx;

	if (str_ends(str_of(path), "/Account") && is_account(text)) {
		memcpy(account, text.p, text.n);
		account[text.n] = '\0';
	}
	return 0;
}

int aws_caller_account(struct aws_handle *h, const char *region,
		       char ret[AWS_ACCOUNT_SIZE], struct fault *f)
{
	_cleanup_(buf_deinit) struct buf host = BUF_INIT;
	struct aws_call call = {
		.request = { .method = "POST",
			     .path = STR("/"),
			     .body = STR("Action=GetCallerIdentity&Version=2011-06-15"),
			     .headers = { { STR("content-type"),
					    STR("application/x-www-form-urlencoded") } },
			     .n_headers = 1 },
		.service = STR("sts"),
		.region = str_of(region),
		.body_max = ANSWER_MAX,
	};
	int r = aws_endpoint(h->client, "sts", call.region, &host, &call.request);

	ret[0] = '\0';
	if (r == 0)
		r = aws_handle_call(h, &call, f);
	if (r)
		return r;
	r = xml_parse(buf_str(&h->answer.body), on_element, ret, NULL);
	if (r < 0 || ret[0])
		return MIN(r, 0);
	fault_set(f, FAULT_NO_OFFSET, "", "GetCallerIdentity names no account");
	return AWS_E_UNREADABLE;
}
