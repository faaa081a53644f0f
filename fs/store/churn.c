/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources with the most items. Counts are kept with the items and ordered by an index, so
 * the first hundred of a type cost a hundred rows, whatever the number of resources.
 */
#include "store/churn.h"

#include <errno.h>

#include "private.h"

int store_churn(struct store *s, struct str account, struct str region, struct str type,
		struct arena *a, struct store_churn *ret, size_t n, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = sql_open(s, Q_CHURN_OF_LEAF,
			     ARGS(TEXT(account), TEXT(region), TEXT(type), INT(n)), &q);
	while (!r && *ret_n < n) {
		struct store_churn *c = &ret[*ret_n];

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*c = (struct store_churn){ .rid = arena_str(a, col_str(q, 0)),
					   .items = (uint64_t)col_int(q, 1),
					   .first_ms = col_int(q, 2),
					   .last_ms = col_int(q, 3) };
		if (!c->rid.p)
			r = -ENOMEM;
		++*ret_n;
	}
	return r;
}
