/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in a state. The same state comes many times, in several guises: one copy is kept, the
 * greatest by guise, then length and bytes of the body, then of the raw bytes - an order that
 * does not depend on which came first, so that any order of imports ends in the same history.
 * Where two copies of one guise contradict each other, the lesser goes back to the caller.
 */
#include <errno.h>
#include <stdio.h>

#include "coverage.h"
#include "moment.h"
#include "pack_put.h"
#include "private.h"
#include "run.h"
#include "store/write.h"

/* The copy of the item that is there already; id 0: none. */
struct copy {
	int64_t id;
	int64_t guise, source;
	bool others;          /* other states of the same moment */
	struct run_list list; /* where it would be listed */
	struct buf body, raw;
};

static void copy_deinit(struct copy *copy)
{
	run_list_deinit(&copy->list);
	buf_deinit(&copy->body);
	buf_deinit(&copy->raw);
}

void store_ousted_deinit(struct store_ousted *ousted)
{
	buf_deinit(&ousted->source_name);
	buf_deinit(&ousted->raw);
}

/* Every moment has a state that is listed. */
static bool has_moment(const struct run_list *list, int64_t time_ms)
{
	size_t n, at = run_find(list, time_ms);
	const struct run_row *rows = run_rows(list, &n);

	return at < n && rows[at].time_ms == time_ms;
}

static int find_copy(struct store *s, const struct resource *res, const struct item *item,
		     struct copy *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r;

	ret->list.resource = res->id;
	if (res->fresh)
		return 0;
	r = run_list(s, res->id, item->captured_ms, item->captured_ms, &ret->list);
	if (r || !has_moment(&ret->list, item->captured_ms))
		return r;
	r = sql_open(s, Q_COPIES, ARGS(INT(res->id), INT(item->captured_ms)), &q);
	while (!r) {
		struct state_head head;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = state_head(s, col_int(q, 0), &head);
		if (r == STORE_E_NOT_FOUND)
			r = body_damaged(s, "state", col_int(q, 0));
		if (r)
			break;
		if (!str_eq(head.state_id, item->state_id)) {
			ret->others = true;
			continue;
		}
		ret->id = head.id;
		ret->guise = KIND_GUISE(head.kind);
		ret->source = head.source;
	}
	return r;
}

static struct str raw_of(const struct item *item)
{
	return item->raw.n ? item->raw : item->body;
}

/* --- a new state --------------------------------------------------------------------------- */

/* Ids end where node numbers do. */
static int next_id(struct store *s, const struct resource *res, int64_t *ret)
{
	if (res->id > STATE_ID_MAX >> STATE_NUMBER_BITS) {
		(void)snprintf(s->message, sizeof(s->message),
			       "there are more than %lld resources",
			       (long long)(STATE_ID_MAX >> STATE_NUMBER_BITS));
		return -EOVERFLOW;
	}
	*ret = state_first(res->id) + res->last;
	return 0;
}

static int insert_state(struct store *s, struct resource *res, const struct item *item,
			int64_t source_id, int64_t *ret_id)
{
	struct packed_state state;
	int r = next_id(s, res, ret_id);

	if (!r)
		r = state_describe(s, item, source_id, &state);
	if (!r)
		r = state_put_alone(s, Q_STATE_INSERT, *ret_id, &state, item);
	if (!r && s->writer->notes_arrivals)
		r = sql_run(s, Q_ARRIVAL_ADD, ARGS(INT(*ret_id)));
	if (r)
		return r;
	res->last++;
	/* Those that a dictionary is learned from: of each resource one, and of more states more. */
	if (res->last % PACK_STATES != 1)
		return 0;
	writer_count(s, COUNTER_KEYFRAME, 1);
	return dictionary_count(s, DICTIONARY_STATE, 1);
}

static int put_new(struct store *s, struct resource *res, const struct item *item,
		   struct copy *copy, int64_t source_id)
{
	bool fresh = res->fresh;
	int64_t id;
	int r = insert_state(s, res, item, source_id, &id);

	if (r)
		return r;
	res->fresh = false;
	r = copy->others ? moment_list_another(s, res, item->captured_ms, id)
			 : moment_list_one(s, res, item, id, &copy->list);
	if (r)
		return r;
	res->items++;
	r = coverage_day_add(s, COVERAGE_CONFIG, item->account, item->region,
			     item->captured_ms, 1, 0);
	if (r)
		return r;
	writer_count(s, COUNTER_ITEM, 1);
	writer_count(s, COUNTER_RESOURCE, fresh);
	return writer_tally(s, STR("item"), item->account, item->region, item->type, 1,
			    fresh, item->captured_ms);
}

/* --- another copy -------------------------------------------------------------------------- */

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/*
 * One guise tells the same things of one state, so they must be the same. Only the answer to a
 * query tells what was asked for: two of them may differ and both be right.
 */
static int contradicts(const struct item *item, const struct copy *copy, bool *ret)
{
	uint64_t new, old;
	int r;

	*ret = false;
	if (item->guise != copy->guise || item->guise == ITEM_GUISE_SELECT ||
	    str_eq(item->body, buf_str(&copy->body)))
		return 0;
	r = body_content(item->body, &new);
	if (!r)
		r = body_content(buf_str(&copy->body), &old);
	if (!r)
		*ret = new != old;
	return r;
}

/* Is the new copy the greater one? */
struct comparison {
	bool body;     /* by its body */
	bool more;     /* by anything */
	bool conflict; /* they contradict each other */
	bool lost;     /* the old one cannot be read, and nothing else is told */
};

/* Where it is damaged the put goes on without it. */
static int read_copy(struct store *s, struct copy *copy, bool *ret_lost)
{
	int r = body_of_state(s, copy->id, &copy->body);

	if (!r)
		r = raw_of_state(s, copy->id, buf_str(&copy->body), &copy->raw);
	*ret_lost = store_is_row_lost(s, r);
	return *ret_lost ? 0 : r;
}

static int compare(struct store *s, const struct item *item, struct copy *copy,
		   struct comparison *ret)
{
	int by_guise = order(item->guise, copy->guise), by_body, by_raw;
	int r;

	/* Most copies of a state tell less than the one that is there, and need not be looked at. */
	*ret = (struct comparison){ 0 };
	if (by_guise < 0)
		return 0;
	r = read_copy(s, copy, &ret->lost);
	if (r || ret->lost)
		return r;
	by_body = order((int64_t)item->body.n, (int64_t)copy->body.len);
	if (!by_body)
		by_body = str_cmp(item->body, buf_str(&copy->body));
	by_raw = order((int64_t)raw_of(item).n, (int64_t)copy->raw.len);
	if (!by_raw)
		by_raw = str_cmp(raw_of(item), buf_str(&copy->raw));
	ret->more = (by_guise ? by_guise : by_body ? by_body : by_raw) > 0;
	ret->body = ret->more && by_body != 0;
	return contradicts(item, copy, &ret->conflict);
}

/* Where the body is another, the states of its pack are alone then, until the story that follows. */
static int replace(struct store *s, const struct copy *copy, const struct item *item,
		   bool body, int64_t source_id)
{
	struct packed_state state;
	bool retold = false;
	int r = state_describe(s, item, source_id, &state);

	if (!r && !body)
		r = pack_retell(s, copy->id, &state, &retold);
	if (r || retold)
		return r;
	r = pack_dissolve(s, copy->id);
	return r ? r : state_put_alone(s, Q_STATE_PUT_BACK, copy->id, &state, item);
}

/* What cannot be read of a pack stays there, with those beside it. */
static int replace_lost(struct store *s, struct resource *res, const struct copy *copy,
			const struct item *item, int64_t source_id, enum store_put *ret)
{
	const struct kept_pack *pack = NULL;
	int r = pack_of_state(s, copy->id, false, &pack);

	*ret = STORE_PUT_DAMAGED;
	if (pack || store_is_row_lost(s, r))
		return 0;
	*ret = STORE_PUT_FULLER;
	if (!r)
		r = replace(s, copy, item, true, source_id);
	return r ? r : moment_list(s, res, item->captured_ms);
}

/* The copy of the history, which was taken for the state until now, goes to the caller. */
static int oust(struct store *s, struct copy *copy, struct store_ousted *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_SOURCE_NAME, ARGS(INT(copy->source)), &q);

	if (r && r != STORE_E_NOT_FOUND)
		return r;
	ret->source = copy->source;
	buf_reset(&ret->source_name);
	buf_put_str(&ret->source_name, r ? STR_NULL : col_str(q, 0));
	buf_reset(&ret->raw);
	buf_put_str(&ret->raw, buf_str(&copy->raw));
	r = buf_error(&ret->source_name);
	return r ? r : buf_error(&ret->raw);
}

static int put_copy(struct store *s, struct resource *res, const struct item *item,
		    struct copy *copy, int64_t source_id, enum store_put *ret,
		    struct store_ousted *ret_ousted)
{
	struct comparison c;
	bool retold;
	int r = compare(s, item, copy, &c);

	/* A state that is told by the same body, and alone, is listed as it is, with what its story
	   has found for it. */
	retold = c.body || copy->others;
	*ret = c.conflict ? STORE_PUT_CONFLICT : STORE_PUT_KNOWN;
	if (!r && c.lost)
		return replace_lost(s, res, copy, item, source_id, ret);
	if (r || !c.more)
		return r;
	if (c.conflict)
		r = oust(s, copy, ret_ousted);
	if (!r)
		r = replace(s, copy, item, c.body, source_id);
	if (!r && retold)
		r = moment_list(s, res, item->captured_ms);
	*ret = c.conflict ? STORE_PUT_OUSTED
	       : retold   ? STORE_PUT_FULLER
			  : STORE_PUT_KNOWN;
	return r;
}

/* ------------------------------------------------------------------------------------------- */

static void mark(struct store *s, struct resource *res, int64_t from_ms)
{
	res->dirty_ms = res->dirty ? MIN(res->dirty_ms, from_ms) : from_ms;
	res->dirty = true;
	res->changed_ms = MAX(now_ms(), res->changed_ms + 1);
	resource_touch(s, res);
}

int store_put_item(struct store *s, const struct item *item, int64_t source_id,
		   enum store_put *ret, struct store_ousted *ret_ousted)
{
	_cleanup_(copy_deinit) struct copy copy = { 0 };
	enum store_put put = STORE_PUT_NEW;
	struct resource *res;
	struct leaf *leaf;
	int r = writing(s, "item");

	if (!r)
		r = leaf_get(s, item->account, item->region, item->type, &leaf);
	if (!r)
		r = resource_get(s, leaf, item->id, &res);
	if (r)
		return written(s, r);
	r = find_copy(s, res, item, &copy);
	if (store_is_row_lost(s, r)) {
		*ret = STORE_PUT_DAMAGED;
		return 0;
	}
	if (!r && copy.id)
		r = put_copy(s, res, item, &copy, source_id, &put, ret_ousted);
	else if (!r && res->last >= STATE_NUMBER_MAX)
		put = STORE_PUT_TOO_MANY;
	else if (!r)
		r = put_new(s, res, item, &copy, source_id);
	if (r)
		return written(s, r);
	if (put != STORE_PUT_KNOWN && !store_put_is_refused(put)) {
		mark(s, res, item->captured_ms);
		leaf_touch(s, leaf, item->captured_ms);
	}
	*ret = put;
	return 0;
}
