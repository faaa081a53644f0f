/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a statement into structs; the shapes are where the structs are. */
#include "rows.h"

#include <errno.h>

static int number_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(int64_t *)ret = col_int(q, 0);
	return 0;
}

const struct sql_shape sql_number = { sizeof(int64_t), number_row };

int sql_page(struct store *s, enum statement id, const struct sql_arg *args,
	     size_t n_args, const struct sql_shape *shape, struct arena *a, void *ret,
	     size_t n, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, id, args, n_args, &q);

	*ret_n = 0;
	while (!r && *ret_n < n) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = shape->row(q, a, (char *)ret + *ret_n * shape->size);
		++*ret_n;
	}
	return r;
}

int sql_all(struct store *s, enum statement id, const struct sql_arg *args, size_t n_args,
	    const struct sql_shape *shape, struct arena *a, struct buf *rows)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, id, args, n_args, &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (!buf_reserve(rows, shape->size))
			return -ENOMEM;
		r = shape->row(q, a, rows->data + rows->len);
		rows->len += shape->size;
	}
	return r ? r : buf_error(rows);
}

int sql_keep(struct arena *a, const struct buf *rows, size_t size, void *ret,
	     size_t *ret_n)
{
	void *copy = buf_error(rows) ? NULL : arena_alloc(a, rows->len + 1);

	if (!copy)
		return -ENOMEM;
	if (rows->len)
		memcpy(copy, rows->data, rows->len);
	memcpy(ret, &copy, sizeof(copy)); /* whatever it points to */
	*ret_n = rows->len / size;
	return 0;
}

int sql_list(struct store *s, enum statement id, const struct sql_arg *args,
	     size_t n_args, const struct sql_shape *shape, struct arena *a, void *ret,
	     size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	int r = sql_all(s, id, args, n_args, shape, a, &rows);

	return r ? r : sql_keep(a, &rows, shape->size, ret, ret_n);
}
