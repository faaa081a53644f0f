/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who bears a name. Nearly all names are of one resource, which stands in the name's own row with
 * nothing else; those of several have a posting of each, the resource in the place of the time, so
 * that they can be gone through from any of them on. What is added is gathered until it is read, or
 * the transaction ends.
 */
#include "bearer.h"

#include "posting.h"
#include "private.h"
#include "writer.h"

#define ROWS_MAX ((size_t)1 << 16) /* gathered; then they are written at once */

static struct posting posting_of(int64_t name, int64_t resource)
{
	return (struct posting){ .key = name, .time_ms = resource, .event = 1 };
}

int bearing_get(struct store *s, int64_t name, struct bearing *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_NAME_BEARING, ARGS(INT(name)), &q);

	if (!r)
		*ret = (struct bearing){ name, col_int(q, 0), col_int(q, 1) };
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

struct looking {
	bearer_fn *each;
	void *ctx;
};

static int look_at(void *ctx, const struct posting *p, bool *more)
{
	const struct looking *l = ctx;

	return l->each(l->ctx, p->time_ms, more);
}

int bearers_each(struct store *s, const struct bearing *of, int64_t after,
		 bearer_fn *each, void *ctx)
{
	struct looking l = { each, ctx };
	bool more = true;
	int r = bearers_settle(s);

	if (r || after == INT64_MAX)
		return r;
	if (of->n > 1)
		return postings_each(s, POSTING_BEARER, of->name, after + 1, INT64_MAX,
				     look_at, &l);
	return of->first > after ? each(ctx, of->first, &more) : 0;
}

static int note_first(void *ctx, int64_t resource, bool *more)
{
	*(int64_t *)ctx = resource;
	*more = false;
	return 0;
}

/* --- writing ------------------------------------------------------------------------------- */

int bearers_settle(struct store *s)
{
	return s->writer ? writer_postings(s, &s->writer->bearers, POSTING_BEARER) : 0;
}

static int gather(struct store *s, int64_t name, int64_t resource)
{
	const struct posting p = posting_of(name, resource);

	return writer_posting(s, &s->writer->bearers, ROWS_MAX, POSTING_BEARER, &p);
}

/* With the second one the first gets a posting, too. */
int bearer_add(struct store *s, const struct bearing *to, int64_t resource)
{
	int r = to->n == 1 ? gather(s, to->name, to->first) : 0;

	return r ? r : gather(s, to->name, resource);
}

/* With the last but one the last one's posting goes, too. */
int bearer_remove(struct store *s, const struct bearing *from, int64_t resource,
		  int64_t *ret_first)
{
	struct posting gone = posting_of(from->name, resource);
	int r = bearers_settle(s);

	if (!r)
		r = postings_remove(s, POSTING_BEARER, &gone);
	*ret_first = 0;
	if (!r)
		r = bearers_each(s, from, INT64_MIN, note_first, ret_first);
	if (r || from->n > 2)
		return r;
	gone = posting_of(from->name, *ret_first);
	return postings_remove(s, POSTING_BEARER, &gone);
}
