/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of API sources: a pump with one thread, and names of cursors from the URL. */
#include "api_source.h"

#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define CLOCK_MS 60000 /* less than this is none */

/* --- the kind ------------------------------------------------------------------------------- */

static bool is_region(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return s.n > 0 && s.n < 64;
}

bool api_source_check(struct str rest, bool named)
{
	ptrdiff_t slash = str_chr(rest, '/');

	if (slash < 0)
		return is_region(rest);
	return named && is_region((struct str){ rest.p, (size_t)slash }) &&
	       (size_t)slash + 1 < rest.n &&
	       str_chr(str_from(rest, (size_t)slash + 1), '/') < 0;
}

void api_source_free(void *source)
{
	struct api_source *s = source;

	pump_free(s->pump);
	free(s->url);
	free(s->region);
	free(s->name);
	free(s);
}

static int fill(struct api_source *s, const char *url)
{
	struct str rest = sync_place(url);
	ptrdiff_t slash = str_chr(rest, '/');

	s->url = strdup(url);
	s->region = str_dup(slash < 0 ? rest : (struct str){ rest.p, (size_t)slash });
	if (slash >= 0)
		s->name = str_dup(str_from(rest, (size_t)slash + 1));
	return s->url && s->region && (s->name || slash < 0) ? 0 : -ENOMEM;
}

static void set_clock(struct api_source *s)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	s->skew_ms = aws_client_skew_ms(s->client);
	s->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + s->skew_ms;
}

/* After a good answer. */
static int check_clock(const struct api_source *s)
{
	int64_t off = aws_client_skew_ms(s->client) - s->skew_ms;

	return llabs(off) < CLOCK_MS ? 0 : API_SOURCE_E_CLOCK;
}

static int run(struct pump *p, struct aws_handle *h, void *ctx, struct fault *f)
{
	struct api_source *s = ctx;
	int r;

	set_clock(s);
	r = s->run(s, h, f);
	/* What is noted are times of AWS's: those of ours would hide what is between. */
	if (r == API_SOURCE_E_CLOCK) {
		set_clock(s);
		r = s->run(s, h, f);
	}
	if (r == API_SOURCE_E_CLOCK)
		fault_set(f, FAULT_NO_OFFSET, "", "the clock of this machine jumps");
	if (r == 0)
		pump_well(p, s->now_ms);
	return r;
}

int api_source_begin(const struct sync_begin *b,
		     int (*work)(struct api_source *s, struct aws_handle *h,
				 struct fault *f),
		     void **ret)
{
	struct api_source *s = calloc(1, sizeof(*s));
	struct pump_options options = { .client = b->client,
					.bell = b->bell,
					.stop = b->options->stop,
					.threads = 1,
					.run = run,
					.ctx = s };
	int r = s ? fill(s, b->url) : -ENOMEM;

	if (!s)
		return r;
	s->options = b->options;
	s->again = b->again;
	s->last = b->last;
	s->client = b->client;
	s->run = work;
	options.name = s->url;
	if (!r)
		r = pump_new(&options, &s->pump);
	if (r) {
		api_source_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int api_source_next(void *source, struct import_ledger *ledger,
		    struct import_document *ret)
{
	struct api_source *s = source;

	return pump_next(s->pump, ledger, ret);
}

void api_source_report(void *source, struct sync_round *ret)
{
	struct api_source *s = source;

	pump_report(s->pump, ret);
}

/* --- for run() ------------------------------------------------------------------------------ */

int api_source_call(struct api_source *s, struct aws_handle *h,
		    const struct api_operation *op, struct json_build *body,
		    struct api_answer *ret, struct fault *f)
{
	int r = body ? pump_pace(s->pump, op->pace_ms) : -ENOMEM;

	if (r) {
		json_build_free(body);
		return r;
	}
	r = api_call(h, op->service, s->region, op->name, body, ret, f);
	if (r == 0)
		pump_well(s->pump, 0);
	return r ? r : check_clock(s);
}

int api_source_call_text(struct api_source *s, struct aws_handle *h,
			 const struct api_operation *op, struct str body,
			 struct api_answer *ret, struct fault *f)
{
	int r = pump_pace(s->pump, op->pace_ms);

	if (!r)
		r = api_call_text(h, op->service, s->region, op->name, body, ret, f);
	if (!r)
		pump_well(s->pump, 0);
	return r ? r : check_clock(s);
}

static int name_of(const struct api_source *s, const char *name, struct buf *ret)
{
	buf_put_text(ret, s->url);
	buf_put_text(ret, name ? name : "");
	buf_put_char(ret, '\0');
	return buf_error(ret);
}

int api_source_push(struct api_source *s, struct str text, const struct api_note *notes,
		    unsigned n)
{
	struct pump_document *d = pump_document_new();
	int r = d ? 0 : -ENOMEM;

	if (!r && text.n)
		r = pump_document_fill(d, text);
	for (unsigned i = 0; !r && i < n; i++) {
		_cleanup_(buf_deinit) struct buf name = BUF_INIT;

		r = name_of(s, notes[i].name, &name);
		if (!r)
			r = pump_document_cursor(d, name.data, notes[i].value);
	}
	if (!r)
		return pump_push(s->pump, d);
	pump_document_free(d);
	return r;
}

int api_source_noted(struct api_source *s, const char *name, int64_t *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r = name_of(s, name, &text);

	return r ? r : pump_ask(s->pump, (const char *const *)&text.data, 1, ret);
}

void api_token_deinit(struct api_token *t)
{
	buf_deinit(&t->text);
}

void api_token_put(const struct api_token *t, const char *key, struct json_build *b)
{
	if (t->text.len)
		json_build_text(b, key, buf_str(&t->text));
}

int api_token_take(struct api_token *t, const struct api_answer *answer, const char *key,
		   bool *ret_more, struct fault *f)
{
	struct str token = jv_get_text(&answer->value, key);

	*ret_more = token.n > 0;
	if (token.n && str_eq(token, buf_str(&t->text))) {
		fault_set(f, FAULT_NO_OFFSET, key,
			  "an answer names itself as the page behind it; check "
			  "--endpoint-url and the proxy");
		return AWS_E_UNREADABLE;
	}
	buf_reset(&t->text);
	buf_put_str(&t->text, token);
	return buf_error(&t->text);
}

bool api_has(const struct api_answer *answer, const char *name)
{
	const struct jv *v = jv_get(&answer->value, name);

	return jv_is(v, JV_ARRAY) && v->len > 0;
}
