/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signs that a source was running: digests of CloudTrail, which come every hour whether there were
 * calls or not, and Config's notices of what it delivered. What they lack or tell wrongly makes
 * them no sign; there is nothing in them to refuse.
 */

#include "model/timestamp.h"

#include "parser.h"

/* No sign of either kind spans more. */
#define SIGN_MAX_MS (2 * COVERAGE_DAY_MS)

/*
 * The n-th part of a key behind AWSLogs/, that of an organization not counted: its trails have one
 * before the account. Empty when there is none.
 */
static struct str key_part(struct str key, unsigned n)
{
	const char *at = key.n ? memmem(key.p, key.n, "AWSLogs/", 8) : NULL;
	struct str rest = at ? str_from(key, (size_t)(at - key.p) + 8) : STR_NULL;

	if (str_starts(rest, "o-"))
		n++;
	for (;; n--) {
		ptrdiff_t slash = str_chr(rest, '/');

		if (slash < 0)
			return STR_NULL;
		if (n == 0)
			return (struct str){ rest.p, (size_t)slash };
		rest = str_from(rest, (size_t)slash + 1);
	}
}

static bool time_of(const struct jv *v, const char *key, int64_t *ret)
{
	return timestamp_parse(jv_get_text(v, key), ret) == 0;
}

static int tell(struct parser *p, const struct coverage_sign *sign)
{
	if (!p->sink->sign || !sign->account.n || !sign->region.n ||
	    sign->from_ms >= sign->to_ms || sign->to_ms - sign->from_ms > SIGN_MAX_MS)
		return 0;
	return p->sink->sign(p->sink->ctx, sign);
}

/* AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail-Digest/REGION/... */
int guise_digest(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct coverage_sign sign = {
		.account = jv_get_text(v, "awsAccountId"),
		.region = key_part(jv_get_text(v, "digestS3Object"), 2),
		.source = COVERAGE_TRAIL,
	};
	int r = 0;

	(void)src;
	if (time_of(v, "digestStartTime", &sign.from_ms) &&
	    time_of(v, "digestEndTime", &sign.to_ms))
		r = tell(p, &sign);
	return r ? r : parse_notice(p, "cloudtrail-digest");
}

/* AWSLogs/ACCOUNT/Config/REGION/... */
int parse_config_delivery(struct parser *p, const struct jv *v)
{
	struct str key = jv_get_text(v, "s3ObjectKey");
	struct coverage_sign sign = { .account = key_part(key, 0),
				      .region = key_part(key, 2),
				      .source = COVERAGE_CONFIG };

	if (!time_of(v, "notificationCreationTime", &sign.from_ms))
		return 0;
	sign.to_ms = sign.from_ms + 1;
	return tell(p, &sign);
}
