/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources with the most items. Counts are kept with the items and ordered by an index, so
 * the first hundred of a type cost a hundred rows, whatever the number of resources.
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

int store_churn(struct store *s, struct str account, struct str region, struct str type,
		uint64_t above, struct arena *a, struct store_churn *ret, size_t n,
		size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_churn), churn_row };
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_CHURN_OF_LEAF,
			    ARGS(TEXT(account), TEXT(region), TEXT(type), INT(n),
				 INT(above)),
			    &shape, a, ret, n, ret_n);
}
