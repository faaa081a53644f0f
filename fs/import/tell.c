/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are measured by rendering them once. Of events the workers do it, which have the record
 * parsed; here it is also done for events that an older program imported, from the last one down,
 * some thousand a transaction, so that a pass that is cut off goes on where it was.
 */
#include "tell.h"

#include <errno.h>
#include <stdlib.h>

#include "render/line.h"
#include "store/activity.h"
#include "store/read.h"
#include "store/timeline.h"
#include "util/clock.h"

#define BATCH 4096 /* rows a transaction */
#define FEW   512  /* ... where the time is limited */

int tell_of_event(const struct event *e, struct arena *a, struct buf *scratch,
		  struct event_told *ret)
{
	int r = event_tell(e, a, ret);

	if (r)
		return r;
	buf_reset(scratch);
	render_event_line(scratch, e, ret);
	ret->text_len = (uint32_t)scratch->len;
	render_event_line_jsonl(scratch, e, ret);
	ret->jsonl_len = (uint32_t)(scratch->len - ret->text_len);
	return buf_error(scratch);
}

int tell_of_transition(struct store *s, int64_t row)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, jsonl = BUF_INIT;
	struct transition transition;
	struct store_transition t;
	int r = store_transition_get(s, row, &a, &t);

	if (r)
		return r;
	transition = store_transition_model(&t);
	render_transition_line(&text, &transition);
	render_transition_line_jsonl(&jsonl, &transition);
	if (buf_error(&text) || buf_error(&jsonl))
		return -ENOMEM;
	return store_tell_transition(s, row, (uint32_t)text.len, (uint32_t)jsonl.len);
}

/* --- passes ------------------------------------------------------------------------------- */

static int tell_events(struct store *s, size_t most, bool *ret_more)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	int64_t rows[BATCH];
	size_t n;
	int r = store_untold_events(s, rows, most, &n);

	for (size_t i = 0; i < n && !r; i++) {
		struct event_told told;
		struct event e;

		arena_reset(&a);
		r = store_event_line(s, rows[i], &a, &e, &told);
		if (!r)
			r = tell_of_event(&e, &a, &scratch, &told);
		if (!r)
			r = store_tell_event(s, rows[i], &e, event_identity(&e, &a),
					     &told);
	}
	*ret_more = n > 0;
	return r || !n ? r : store_told_events(s, rows[n - 1]);
}

static int tell_transitions(struct store *s, size_t most, bool *ret_more)
{
	int64_t rows[BATCH];
	size_t n;
	int r = store_untold_transitions(s, rows, most, &n);

	for (size_t i = 0; i < n && !r; i++)
		r = tell_of_transition(s, rows[i]);
	*ret_more = n > 0;
	return r || !n ? r : store_told_transitions(s, rows[n - 1]);
}

static int find_persons(struct store *s, size_t most, bool *ret_more)
{
	return store_find_persons(s, most, ret_more);
}

struct pass {
	const char *who;
	int (*step)(struct store *s, size_t most, bool *ret_more); /* at most BATCH */
};

/* Transaction by transaction, until there is no more, or no time. */
static int run_pass(struct store *s, const struct pass *pass, int64_t until_ms,
		    bool *ret_more)
{
	*ret_more = true;
	while (*ret_more && (!until_ms || clock_ms() < until_ms)) {
		int r = store_begin(s, pass->who);

		if (!r)
			r = pass->step(s, until_ms ? FEW : BATCH, ret_more);
		if (!r)
			r = store_commit(s);
		if (r) {
			store_rollback(s);
			return r;
		}
	}
	return 0;
}

int tell_run(struct store *writer, int64_t until_ms, bool *ret_more, struct fault *f)
{
	static const struct pass passes[] = {
		{ "tell events", tell_events },
		{ "tell transitions", tell_transitions },
		{ "find persons", find_persons },
	};
	int r = 0;

	*ret_more = false;
	/* Each needs what the one before has told. */
	for (size_t i = 0; i < ARRAY_SIZE(passes) && !r && !*ret_more; i++)
		r = run_pass(writer, &passes[i], until_ms, ret_more);
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "making the timeline: %s",
			  *store_message(writer) ? store_message(writer)
						 : strerror(abs(r)));
	return r;
}
