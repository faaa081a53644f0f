/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudTrail's public keys of a region (ListPublicKeys): whoever wants to verify a digest later
 * must have had them while AWS could be asked. A day apart, from where it was asked for last:
 *
 *	URL?keys   the keys of all time up to here are in the history, from URL?keys-since on
 */
#include "source_keys.h"

#define AGAIN_MS API_DAY_MS
/* Digests were first made in 2015; what a history holds of them is seldom older than this. */
#define BACK_MS (7 * 366 * API_DAY_MS)

static const struct api_operation list = { AWS_CLOUDTRAIL, "ListPublicKeys", 100 };

static int read_pages(struct api_source *s, struct aws_handle *h, int64_t from_ms,
		      int64_t since_ms, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	const struct api_note notes[] = { { "?keys", s->now_ms },
					  { "?keys-since", since_ms } };
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = json_build_new();
		struct str text;

		if (b) {
			json_build_integer(b, "StartTime", from_ms / 1000);
			json_build_integer(b, "EndTime", s->now_ms / 1000);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(s, h, &list, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (r)
			return r;
		text = api_has(&answer, "PublicKeyList") ? buf_str(&answer.text)
							 : STR_NULL;
		if (text.n || !more)
			r = api_source_push(s, text, notes, more ? 0 : ARRAY_SIZE(notes));
	}
	return r;
}

int keys_read(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	int64_t since = s->options->since_ms, done, done_since;
	int r = api_source_noted(s, "?keys", &done);

	if (!r)
		r = api_source_noted(s, "?keys-since", &done_since);
	if (r)
		return r;
	if (since == INT64_MIN)
		since = s->now_ms - BACK_MS;
	if (done == INT64_MIN || since < done_since - API_DAY_MS)
		return read_pages(s, h, since, since, f);
	if (done > s->now_ms - AGAIN_MS)
		return 0;
	return read_pages(s, h, done - AGAIN_MS, done_since, f);
}
