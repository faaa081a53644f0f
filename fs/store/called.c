/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a resource is called, the other way round: which names it bears, which rows of reference are
 * its own. Who replaces them asks for all of one resource, so they stand in lists in one row, where an
 * index would have a row for each.
 *
 *   names    ids in order: each less the one before it, as in util/varint.h
 *   tokens   of references, in order: 64 bits each, least byte first
 */
#include "called.h"

#include <endian.h>
#include <stdlib.h>

#include "alias.h"
#include "private.h"
#include "util/varint.h"

int called_order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int called_unique(struct buf *numbers)
{
	int64_t *all = (int64_t *)numbers->data;
	size_t n = numbers->len / sizeof(*all), kept = 0;

	if (n > 1)
		qsort(all, n, sizeof(*all), called_order);
	for (size_t i = 0; i < n; i++)
		if (!kept || all[i] != all[kept - 1])
			all[kept++] = all[i];
	numbers->len = kept * sizeof(*all);
	return buf_error(numbers);
}

void called_names_put(struct buf *out, const int64_t *ids, size_t n)
{
	int64_t last = 0;

	for (size_t i = 0; i < n; i++) {
		varint_put(out, (uint64_t)(ids[i] - last));
		last = ids[i];
	}
}

bool called_names_take(struct str in, struct buf *ret)
{
	int64_t id = 0;

	while (in.n) {
		uint64_t step;

		if (!varint_take(&in, &step) || step == 0 ||
		    step > (uint64_t)(INT64_MAX - id))
			return false;
		id += (int64_t)step;
		buf_put(ret, &id, sizeof(id));
	}
	return true;
}

void called_tokens_put(struct buf *out, const int64_t *tokens, size_t n)
{
	tokens_put(out, (const uint64_t *)tokens, n);
}

bool called_tokens_take(struct str in, struct buf *ret)
{
	int64_t last = 0;

	for (size_t at = 0; at < in.n; at += sizeof(last)) {
		uint64_t bytes;
		int64_t token;

		if (in.n - at < sizeof(bytes))
			return false;
		memcpy(&bytes, in.p + at, sizeof(bytes));
		token = (int64_t)le64toh(bytes);
		if (at && token <= last)
			return false;
		buf_put(ret, &token, sizeof(token));
		last = token;
	}
	return true;
}

static int list_read(struct store *s, enum statement id, int64_t resource,
		     bool (*take)(struct str in, struct buf *ret), struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, ARGS(INT(resource)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	if (!take(col_str(q, 0), ret))
		return body_damaged(s, "what is told of the names of resource", resource);
	return buf_error(ret);
}

static int list_replace(struct store *s, enum statement id, int64_t resource,
			const struct buf *list)
{
	int r = buf_error(list);

	return r ? r : sql_run(s, id, ARGS(INT(resource), BLOB(buf_str(list))));
}

int called_names(struct store *s, int64_t resource, struct buf *ret)
{
	return list_read(s, Q_CALLED_NAMES, resource, called_names_take, ret);
}

int called_names_replace(struct store *s, int64_t resource, const int64_t *ids, size_t n)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;

	called_names_put(&list, ids, n);
	return list_replace(s, Q_CALLED_NAMES_PUT, resource, &list);
}

int called_tokens(struct store *s, int64_t resource, struct buf *ret)
{
	return list_read(s, Q_CALLED_TOKENS, resource, called_tokens_take, ret);
}

int called_tokens_replace(struct store *s, int64_t resource, const int64_t *tokens,
			  size_t n)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;

	called_tokens_put(&list, tokens, n);
	return list_replace(s, Q_CALLED_TOKENS_PUT, resource, &list);
}
