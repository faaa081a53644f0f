/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudtrail://region as a source: LookupEvents, newest first, for who asks at night what happened
 * this evening. The time is walked down in windows, and each is noted when it is in the history:
 *
 *	URL         all up to here is in the history, from URL?since on
 *	URL/from    a walk is under way: all from here ...
 *	URL/to      ... to here is in the history, too
 *
 * so that a walk that was cut off goes on, after what has come meanwhile. Events are told of up to
 * 15 minutes late; the last ones are therefore looked at twice.
 */
#include "source_keys.h"

#define KEPT_DAYS  90 /* that CloudTrail can be asked for */
#define LATE_MS    (20 * 60 * API_SECOND_MS)
#define WINDOW_MS  (6 * API_HOUR_MS) /* at first ... */
#define WINDOW_MIN API_HOUR_MS       /* ... and by how much there is */
#define WINDOW_MAX (7 * API_DAY_MS)
#define PAGES_MANY 40

/* Two a second for an account in a region. */
static const struct api_operation lookup = { AWS_CLOUDTRAIL, "LookupEvents", 500 };

struct walk {
	struct api_source *s;
	struct aws_handle *h;
	int64_t window_ms;
};

static struct json_build *ask(int64_t from_ms, int64_t to_ms,
			      const struct api_token *token)
{
	struct json_build *b = json_build_new();

	if (!b)
		return NULL;
	json_build_integer(b, "StartTime", from_ms / 1000);
	json_build_integer(b, "EndTime", (to_ms + 999) / 1000);
	json_build_integer(b, "MaxResults", 50);
	api_token_put(token, "NextToken", b);
	return b;
}

/* All of a window; the notes are taken with its last page. */
static int read_window(struct walk *w, int64_t from_ms, int64_t to_ms,
		       const struct api_note *notes, unsigned n, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	unsigned pages = 0;
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct str text;

		r = api_source_call(w->s, w->h, &lookup, ask(from_ms, to_ms, &token),
				    &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (r)
			return r;
		pages++;
		text = api_has(&answer, "Events") ? buf_str(&answer.text) : STR_NULL;
		if (text.n || (!more && n))
			r = api_source_push(w->s, text, notes, more ? 0 : n);
	}
	if (pages == 1)
		w->window_ms = MIN(w->window_ms * 2, WINDOW_MAX);
	else if (pages > PAGES_MANY)
		w->window_ms = MAX(w->window_ms / 2, WINDOW_MIN);
	return r;
}

/* What came since a walk was cut off: noted as a whole. */
static int read_newer(struct walk *w, int64_t from_ms, struct fault *f)
{
	const struct api_note done = { "/to", w->s->now_ms };
	int64_t low = w->s->now_ms;
	int r = 0;

	while (!r && low > from_ms) {
		int64_t start = MAX(low - w->window_ms, from_ms);

		r = read_window(w, start, low, &done, start == from_ms, f);
		low = start;
	}
	return r;
}

/* From `low` down to `end`. */
static int read_older(struct walk *w, int64_t low, int64_t end, int64_t since,
		      struct fault *f)
{
	int64_t now = w->s->now_ms;
	int r = 0;

	do {
		int64_t start = MAX(low - w->window_ms, end);
		const struct api_note on[] = { { "/from", start }, { "/to", now } };
		const struct api_note all[] = { { NULL, now },
						{ "?since", since },
						{ "/", IMPORT_CURSOR_FORGET } };
		bool last = start <= end;

		r = read_window(w, start, low, last ? all : on,
				last ? ARRAY_SIZE(all) : ARRAY_SIZE(on), f);
		low = start;
	} while (!r && low > end);
	return r;
}

static int walk(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	struct walk w = { .s = s, .h = h, .window_ms = WINDOW_MS };
	int64_t since = MAX(s->options->since_ms, s->now_ms - KEPT_DAYS * API_DAY_MS);
	int64_t done, done_since, from, to;
	int64_t low = s->now_ms;
	int r = api_source_noted(s, NULL, &done);

	if (!r)
		r = api_source_noted(s, "?since", &done_since);
	if (!r)
		r = api_source_noted(s, "/from", &from);
	if (!r)
		r = api_source_noted(s, "/to", &to);
	if (r)
		return r;
	/* More is wanted than was wanted then: all of it anew. */
	if (done == INT64_MIN || since < done_since - API_DAY_MS)
		done = done_since = since;
	done = MAX(done - LATE_MS, since);
	if (from != INT64_MIN && to != INT64_MIN && to > done) {
		r = read_newer(&w, MAX(to - LATE_MS, since), f);
		low = MAX(from, done);
	}
	if (!r)
		r = read_older(&w, low, done, MIN(done_since, since), f);
	return r ? r : keys_read(s, h, f);
}

static bool check(struct str rest)
{
	return api_source_check(rest, false);
}

static int begin(const struct sync_begin *b, void **ret, struct fault *f)
{
	(void)f;
	return api_source_begin(b, walk, ret);
}

const struct sync_kind sync_kind_cloudtrail = {
	API_SOURCE_KIND("cloudtrail", "REGION"),
	.check = check,
	.begin = begin,
};
