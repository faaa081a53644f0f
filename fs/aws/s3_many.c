/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each has a slot with a handle of its own, and is flying, waiting for its next try, or ended. What
 * is decided after a try is decided in client.c, as for one that is alone. When nothing but failures
 * that may pass has come for a while, no other is begun until one of those under way has an answer:
 * whoever is down or asks to be spared is not asked for more.
 */
#include "aws/s3_many.h"

#include <errno.h>
#include <stdlib.h>

#include "http_many.h"
#include "s3_call.h"
#include "util/clock.h"

#define TROUBLE 16u /* tries in a row after which nothing new is begun */

enum slot_state {
	SLOT_FREE,
	SLOT_FLYING,
	SLOT_WAITING, /* until due_ms */
	SLOT_ENDED,
};

struct slot {
	enum slot_state state;
	struct aws_handle *handle;
	struct aws_get *get;
	struct aws_bucket bucket; /* where it is asked for */
	bool moved;               /* once */
	struct http_sink sink;
	struct place place;
	struct aws_call call;
	struct aws_trying trying;
	int64_t due_ms;
};

struct aws_gets {
	struct aws_client *client;
	struct aws_bucket bucket;
	struct http_many *many;
	struct slot *slots;
	unsigned n_slots, n_busy, n_waiting, n_ended;
	unsigned n_lost; /* tries in a row that are to be made again after a while */
};

/* --- making and ending ---------------------------------------------------------------------- */

struct aws_gets *aws_gets_free(struct aws_gets *g)
{
	if (!g)
		return NULL;
	http_many_free(g->many);
	for (unsigned i = 0; i < g->n_slots; i++) {
		aws_secret_wipe(&g->slots[i].trying.secret);
		aws_handle_free(g->slots[i].handle);
		place_deinit(&g->slots[i].place);
	}
	free(g->slots);
	free(g);
	return NULL;
}

static void aws_gets_freep(struct aws_gets **g)
{
	*g = aws_gets_free(*g);
}

int aws_gets_new(struct aws_client *c, const struct aws_bucket *bucket, unsigned most,
		 struct aws_gets **ret)
{
	_cleanup_(aws_gets_freep) struct aws_gets *g = calloc(1, sizeof(*g));
	int r = g ? http_many_new(most, &g->many) : -ENOMEM;

	if (r)
		return r;
	g->client = c;
	g->bucket = *bucket;
	g->slots = calloc(most, sizeof(*g->slots));
	if (!g->slots)
		return -ENOMEM;
	for (; g->n_slots < most; g->n_slots++) {
		r = aws_handle_new(c, &g->slots[g->n_slots].handle);
		if (r)
			return r;
	}
	*ret = take_ptr(g);
	return 0;
}

/* --- one object ----------------------------------------------------------------------------- */

static void end(struct aws_gets *g, struct slot *s, int result)
{
	aws_secret_wipe(&s->trying.secret);
	s->state = SLOT_ENDED;
	g->n_ended++;
	s->get->result = result;
}

/* Signed as of now, and sent. */
static void try_it(struct aws_gets *g, struct slot *s)
{
	struct sigv4_kept keep = { 0 };
	struct aws_request rq;
	int r = aws_handle_is_stopped(s->handle)
			? -ECANCELED
			: aws_try_sign(s->handle, &s->call, &s->trying, &rq, &keep,
				       &s->get->fault);

	if (!r)
		r = http_many_begin(g->many, s->handle->http, &rq, s->call.body_max,
				    s->call.sink, &s->handle->answer);
	sigv4_forget(&keep);
	s->state = SLOT_FLYING;
	if (r)
		end(g, s, r);
}

static void begin(struct aws_gets *g, struct slot *s)
{
	int r = s3_get_call(s->handle, &s->bucket, s->get->key, s->get->etag, &s->sink,
			    &s->place, &s->call);

	s->trying = (struct aws_trying){ 0 };
	s->handle->error = (struct aws_error){ 0 };
	if (r)
		end(g, s, r);
	else
		try_it(g, s);
}

static void wait(struct aws_gets *g, struct slot *s, int result)
{
	unsigned ms;

	if (!aws_try_again(s->handle, &s->trying, &ms)) {
		end(g, s, result);
		return;
	}
	s->state = SLOT_WAITING;
	s->due_ms = clock_ms() + ms;
	g->n_waiting++;
}

static void judge(struct aws_gets *g, struct slot *s, int sent)
{
	int result = 0;
	enum aws_verdict verdict = aws_try_judge(s->handle, &s->call, &s->trying, sent,
						 &result, &s->get->fault);

	if (verdict == AWS_VERDICT_WAIT)
		g->n_lost++;
	else if (sent == 0)
		g->n_lost = 0;
	switch (verdict) {
	case AWS_VERDICT_AT_ONCE:
		try_it(g, s);
		break;
	case AWS_VERDICT_WAIT:
		wait(g, s, result);
		break;
	default:
		if (result == AWS_E_REGION && !s->moved &&
		    s3_moved(s->handle, &s->bucket)) {
			s->moved = true;
			begin(g, s);
		} else {
			end(g, s, result);
		}
	}
}

/* --- all of them ---------------------------------------------------------------------------- */

bool aws_gets_has_room(const struct aws_gets *g)
{
	return g->n_busy < (g->n_lost < TROUBLE ? g->n_slots : 1);
}

void aws_gets_add(struct aws_gets *g, struct aws_get *get)
{
	struct slot *s = g->slots;

	while (s->state != SLOT_FREE)
		s++;
	g->n_busy++;
	s->get = get;
	s->bucket = g->bucket;
	s->moved = false;
	s->sink = (struct http_sink){ .begin = get->sink.begin,
				      .put = get->sink.put,
				      .ctx = get->sink.ctx };
	begin(g, s);
}

/* Milliseconds until the first of those that wait is due, at most ms. */
static unsigned until_due(const struct aws_gets *g, unsigned ms)
{
	int64_t now = clock_ms();

	/* One that could not even be begun is to be taken. */
	if (g->n_ended)
		return 0;
	for (unsigned i = 0; g->n_waiting && i < g->n_slots; i++)
		if (g->slots[i].state == SLOT_WAITING)
			ms = (unsigned)MIN((int64_t)ms,
					   MAX(g->slots[i].due_ms - now, INT64_C(0)));
	return ms;
}

/* Those whose time has come; all of them, when all is to stop. */
static void try_due(struct aws_gets *g)
{
	int64_t now = clock_ms();
	bool stopped = aws_handle_is_stopped(g->slots->handle);

	for (unsigned i = 0; g->n_waiting && i < g->n_slots; i++) {
		struct slot *s = &g->slots[i];

		if (s->state != SLOT_WAITING || (s->due_ms > now && !stopped))
			continue;
		g->n_waiting--;
		try_it(g, s);
	}
}

static struct slot *slot_of(struct aws_gets *g, const struct http *http)
{
	struct slot *s = g->slots;

	while (s->handle->http != http)
		s++;
	return s;
}

void aws_gets_run(struct aws_gets *g, unsigned ms)
{
	struct http *http;

	http_many_run(g->many, until_due(g, ms));
	while ((http = http_many_ended(g->many))) {
		struct slot *s = slot_of(g, http);

		judge(g, s, http_many_result(http, &s->get->fault));
	}
	try_due(g);
}

struct aws_get *aws_gets_take(struct aws_gets *g)
{
	for (unsigned i = 0; g->n_ended && i < g->n_slots; i++) {
		struct slot *s = &g->slots[i];

		if (s->state != SLOT_ENDED)
			continue;
		s->state = SLOT_FREE;
		g->n_busy--;
		g->n_ended--;
		return s->get;
	}
	return NULL;
}

void aws_gets_wake(struct aws_gets *g)
{
	http_many_wake(g->many);
}
