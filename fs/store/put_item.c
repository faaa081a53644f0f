/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in a state. The same state comes many times, in several guises: one copy is kept, the
 * greatest by guise, then length and bytes of the body, then of the raw bytes - an order that
 * does not depend on which came first, so that any order of imports ends in the same history.
 * Where two copies of one guise contradict each other, the lesser goes back to the caller.
 */
#include <stdlib.h>

#include "coverage.h"
#include "moment.h"
#include "private.h"
#include "put_order.h"
#include "run.h"
#include "store/write.h"
#include "trim.h"
#include "util/varint.h"

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
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (!str_eq(col_str(q, 1), item->state_id)) {
			ret->others = true;
			continue;
		}
		ret->id = col_int(q, 0);
		ret->guise = col_int(q, 2);
		ret->source = col_int(q, 4);
	}
	return r;
}

/* --- packing ------------------------------------------------------------------------------- */

/* A trimmed body, to the writer's pack: against another, unless that gains little; then, and
   without one, alone. */
static int pack_trimmed(struct store *s, int64_t base, struct str body,
			struct coding *ret)
{
	struct buf *pack = &s->writer->pack;
	struct str prefix;
	int r;

	*ret = (struct coding){ 0 };
	if (base) {
		r = stored_get(s, base, &prefix);
		if (!r)
			r = body_pack_prefix(s, body, prefix, pack);
		if (r)
			return r;
		if (pack->len <= body.n / 3) {
			ret->base = base;
			return 0;
		}
	}
	return body_pack(s, DICTIONARY_STATE, body, pack, &ret->dictionary);
}

static int pack_body(struct store *s, int64_t base, const struct item *item,
		     struct coding *ret)
{
	struct trimming t = { item->captured_ms, item->state_id };
	struct buf *body = &s->writer->trimmed;
	int r;

	buf_reset(body);
	r = trim(item->body, &t, body);
	return r ? r : pack_trimmed(s, base, buf_str(body), ret);
}

/* How raw bytes were packed: the body in a shape (0: as it is), and a frame against that behind its
   length (of SQL NULL: they are that). */
struct packed_raw {
	int64_t shape;
	struct sql_arg frame;
};

static int pack_raw(struct store *s, const struct item *item, struct packed_raw *ret)
{
	struct buf *raw = &s->writer->raw, *guess = &s->writer->guess;
	int r;

	*ret = (struct packed_raw){ .frame = NUL };
	if (!item->raw.n || str_eq(item->raw, item->body))
		return 0;
	ret->shape = shared_shape_id(item);
	if (ret->shape)
		return 0;
	r = shape_guess(s, item, guess, &ret->shape);
	if (r || (ret->shape && str_eq(item->raw, buf_str(guess))))
		return r;
	r = body_pack_prefix(s, item->raw, ret->shape ? buf_str(guess) : item->body, raw);
	if (r)
		return r;
	buf_reset(guess);
	varint_put(guess, item->raw.n);
	buf_put_str(guess, buf_str(raw));
	ret->frame = BLOB(buf_str(guess));
	return buf_error(guess);
}

static int64_t kind_of(const struct item *item, const struct packed_raw *raw)
{
	return item->guise | (int64_t)item->status << 3 | raw->shape << 6;
}

static struct str raw_of(const struct item *item)
{
	return item->raw.n ? item->raw : item->body;
}

/* --- a new state --------------------------------------------------------------------------- */

/*
 * A number where that is all there is to it, less the capture time: AWS gives out numbers that are
 * about the time in milliseconds.
 */
static struct sql_arg state_id_arg(const struct item *item)
{
	struct str id = item->state_id;
	int64_t n = 0;

	if (!id.n || id.n > 18 || (id.p[0] == '0' && id.n > 1))
		return TEXT(id);
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] < '0' || id.p[i] > '9')
			return TEXT(id);
		n = n * 10 + (id.p[i] - '0');
	}
	return INT(n - item->captured_ms);
}

static int insert_state(struct store *s, struct resource *res, const struct item *item,
			int64_t source_id, int64_t *ret_id)
{
	struct packed_raw raw;
	struct coding p;
	int64_t base;
	int r = chain_base(s, res->last, res->chain, &base);

	if (!r)
		r = pack_body(s, base, item, &p);
	if (!r)
		r = pack_raw(s, item, &raw);
	if (!r)
		r = sql_run(s, Q_STATE_INSERT,
			    ARGS(INT(res->id), INT(item->captured_ms), state_id_arg(item),
				 INT(source_id), INT(kind_of(item, &raw)),
				 INT(coding_column(&p)), INT(item->body.n),
				 BLOB(buf_str(&s->writer->pack)), raw.frame));
	if (r)
		return r;
	*ret_id = sqlite3_last_insert_rowid(s->db);
	res->last = *ret_id;
	res->chain = p.base ? res->chain + 1 : 1;
	r = put_order_note(s, res->id, *ret_id);
	if (!r)
		r = stored_note(s, *ret_id, buf_str(&s->writer->trimmed));
	if (r || p.base)
		return r;
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
};

static int compare(struct store *s, const struct item *item, struct copy *copy,
		   struct comparison *ret)
{
	int by_guise = order(item->guise, copy->guise), by_body, by_raw;
	int r;

	/* Most copies of a state tell less than the one that is there, and need not be looked at. */
	*ret = (struct comparison){ 0 };
	if (by_guise < 0)
		return 0;
	r = body_of_state(s, copy->id, &copy->body);
	if (!r)
		r = raw_of_state(s, copy->id, buf_str(&copy->body), &copy->raw);
	if (r)
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

/* States whose bodies are packed against one that is about to change, decoded meanwhile. */
struct dependants {
	int64_t ids[CHAIN_MAX];
	size_t n;
	struct buf bodies; /* trimmed, end to end */
	size_t ends[CHAIN_MAX];
};

static void dependants_deinit(struct dependants *d)
{
	buf_deinit(&d->bodies);
}

/* They can only be among the next that were put. */
static int dependants_read(struct store *s, int64_t resource, int64_t base,
			   struct dependants *d)
{
	int r = put_order_behind(s, resource, base, d->ids, CHAIN_MAX, &d->n);
	size_t n = 0;

	for (size_t i = 0; i < d->n && !r; i++) {
		struct str body;
		int64_t of = 0;

		r = state_base(s, d->ids[i], &of);
		if (r || of != base)
			continue;
		r = stored_get(s, d->ids[i], &body);
		if (r)
			break;
		buf_put_str(&d->bodies, body);
		d->ids[n] = d->ids[i];
		d->ends[n++] = d->bodies.len;
	}
	d->n = n;
	return r ? r : buf_error(&d->bodies);
}

static int dependants_write(struct store *s, int64_t base, const struct dependants *d)
{
	size_t start = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct str body = { d->bodies.data + start, d->ends[i] - start };
		struct coding p;
		int r = pack_trimmed(s, base, body, &p);

		if (!r)
			r = sql_run(s, Q_STATE_REENCODE,
				    ARGS(INT(d->ids[i]), INT(coding_column(&p)),
					 BLOB(buf_str(&s->writer->pack))));
		if (r)
			return r;
		start = d->ends[i];
	}
	return 0;
}

static int replace_row(struct store *s, int64_t id, int64_t base, const struct item *item,
		       int64_t source_id)
{
	struct packed_raw raw;
	struct coding p;
	int r = pack_body(s, base, item, &p);

	if (!r)
		r = pack_raw(s, item, &raw);
	if (r)
		return r;
	return sql_run(s, Q_STATE_REPLACE,
		       ARGS(INT(id), INT(source_id), INT(kind_of(item, &raw)),
			    INT(coding_column(&p)), INT(item->body.n),
			    BLOB(buf_str(&s->writer->pack)), raw.frame));
}

/* Its dependants are packed again, against the body it has then. */
static int replace(struct store *s, const struct resource *res, const struct copy *copy,
		   const struct item *item, int64_t source_id)
{
	_cleanup_(dependants_deinit) struct dependants d = { 0 };
	int64_t base = 0;
	int r = state_base(s, copy->id, &base);

	if (!r)
		r = dependants_read(s, res->id, copy->id, &d);
	if (!r)
		r = replace_row(s, copy->id, base, item, source_id);
	if (r)
		return r;
	stored_forget(s, copy->id);
	return dependants_write(s, copy->id, &d);
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
	int r = compare(s, item, copy, &c);

	*ret = c.conflict ? STORE_PUT_CONFLICT : STORE_PUT_KNOWN;
	if (r || !c.more)
		return r;
	if (c.conflict)
		r = oust(s, copy, ret_ousted);
	if (!r)
		r = replace(s, res, copy, item, source_id);
	if (!r)
		r = moment_list(s, res, item->captured_ms);
	*ret = c.conflict ? STORE_PUT_OUSTED
	       : c.body   ? STORE_PUT_FULLER
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
	if (!r)
		r = find_copy(s, res, item, &copy);
	if (!r && copy.id)
		r = put_copy(s, res, item, &copy, source_id, &put, ret_ousted);
	else if (!r)
		r = put_new(s, res, item, &copy, source_id);
	if (r)
		return written(s, r);
	if (put != STORE_PUT_KNOWN && put != STORE_PUT_CONFLICT) {
		mark(s, res, item->captured_ms);
		leaf_touch(s, leaf, item->captured_ms);
	}
	*ret = put;
	return 0;
}
