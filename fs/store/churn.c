/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources with the most items. Counts are kept with the items. Those of many are ordered by an
 * index, so that the first hundred of a type cost a hundred rows where a type has so many; the others,
 * which nearly all are, are not worth a row of an index that each of their items moves: where it comes
 * to them, a type's resources are gone through.
 */
#include "store/churn.h"

#include <errno.h>

#include "private.h"
#include "rows.h"

static int churn_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_churn *c = ret;

	*c = (struct store_churn){ .rid = arena_str(a, col_str(q, 0)),
				   .items = (uint64_t)col_int(q, 1),
				   .first_ms = col_int(q, 2),
				   .last_ms = col_int(q, 3) };
	return c->rid.p ? 0 : -ENOMEM;
}

/* The first of them in their order, of room for so many. */
struct top {
	struct arena *a;
	struct store_churn *rows;
	size_t n, max;
};

/* Does the row a query stands at come before that one? */
static bool is_busier(sqlite3_stmt *q, const struct store_churn *than)
{
	uint64_t items = (uint64_t)col_int(q, 1);

	return items != than->items ? items > than->items
				    : str_cmp(col_str(q, 0), than->rid) < 0;
}

static int top_add(struct top *t, sqlite3_stmt *q)
{
	struct store_churn row;
	size_t at;
	int r;

	if (t->n == t->max && !is_busier(q, &t->rows[t->n - 1]))
		return 0;
	r = churn_row(q, t->a, &row);
	if (r)
		return r;
	t->n += t->n < t->max;
	for (at = t->n - 1; at && is_busier(q, &t->rows[at - 1]); at--)
		t->rows[at] = t->rows[at - 1];
	t->rows[at] = row;
	return 0;
}

/* All resources of the type, in no order. */
static int go_through(struct store *s, const struct sql_arg *args, size_t n,
		      struct top *top)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_CHURN_OF_LEAF, args, n, &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = top_add(top, q);
	}
	return r;
}

int store_churn(struct store *s, struct str account, struct str region, struct str type,
		uint64_t above, struct arena *a, struct store_churn *ret, size_t n,
		size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_churn), churn_row };
	struct top top = { .a = a, .rows = ret, .max = n };
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = sql_page(s, Q_CHURN_BUSY,
			     ARGS(TEXT(account), TEXT(region), TEXT(type), INT(n),
				  INT(above)),
			     &shape, a, ret, n, ret_n);
	if (r || *ret_n == n || above >= CHURN_FEW)
		return r;
	r = go_through(s, ARGS(TEXT(account), TEXT(region), TEXT(type), INT(above)),
		       &top);
	*ret_n = r ? 0 : top.n;
	return r;
}
