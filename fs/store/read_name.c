/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the names of resources. Ids are names, too, but have no rows of their own: the index
 * over the resources' ids is asked, and the first resource of an id stands for it.
 */
#include <errno.h>
#include <stdlib.h>

#include "bearer.h"
#include "called.h"
#include "model/name.h"
#include "names.h"
#include "private.h"
#include "rows.h"
#include "store/names.h"

/* A cookie of a name: its hash above its id. */
#define COOKIE_ID_BITS 38

_Static_assert(COOKIE_ID_BITS + NAME_HASH_BITS < 62, "a cookie stays below 2^62");

/* How much of a shortened file name is the beginning of the text; see model/name.h. */
#define CUT_TAIL 17

static int key_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct store_key *key = ret;

	buf_put_str(&text, col_str(q, 3));
	buf_put_str(&text, col_str(q, 4));
	*key = (struct store_key){ .id = col_int(q, 0),
				   .space = col_int(q, 1),
				   .text = arena_str(a, buf_str(&text)),
				   .n = (uint64_t)col_int(q, 5),
				   .newest_ms = col_int(q, 6),
				   .resource = col_int(q, 7),
				   .cookie = (uint64_t)col_int(q, 2) << COOKIE_ID_BITS |
					     (uint64_t)col_int(q, 0) };
	return buf_error(&text) || !key->text.p ? -ENOMEM : 0;
}

static bool is_called(struct str text, struct str file_name)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;

	name_escape(&name, text);
	return !buf_error(&name) && str_eq(buf_str(&name), file_name);
}

/*
 * The text a shortened file name stands for, among those that begin as it does: they are sorted,
 * and only those of one beginning are gone through.
 */
static int find_shortened(struct store *s, enum statement id, const int64_t *kind,
			  struct str file_name, struct arena *a, struct str *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf start = BUF_INIT;
	struct str head = { file_name.p, file_name.n - MIN(file_name.n, CUT_TAIL) };
	bool row = true;
	int r;

	if (file_name.n <= CUT_TAIL)
		return STORE_E_NOT_FOUND;
	/* A little less of it, should the cut itself look like a shortened name. */
	for (size_t i = 0; i < 4 && !name_unescape(&start, head); i++)
		head.n -= MIN(head.n, 1);
	if (buf_error(&start) || start.len == 0)
		return buf_error(&start) ? -ENOMEM : STORE_E_NOT_FOUND;
	head = buf_str(&start);
	r = kind ? sql_open(s, id, ARGS(INT(*kind), TEXT(head)), &q)
		 : sql_open(s, id, ARGS(TEXT(head)), &q);
	while (!r) {
		struct str text;

		r = sql_next(s, q, &row);
		if (r)
			return r;
		text = row ? col_str(q, kind ? 2 : 0) : STR_NULL;
		if (!row || text.n < head.n || memcmp(text.p, head.p, head.n) != 0)
			return STORE_E_NOT_FOUND;
		if (!is_called(text, file_name))
			continue;
		*ret = arena_str(a, text);
		return ret->p ? 0 : -ENOMEM;
	}
	return r;
}

static int unescaped(struct store *s, enum statement id, const int64_t *kind,
		     struct str file_name, struct arena *a, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (!name_unescape(&text, file_name))
		return buf_error(&text) ? -ENOMEM
					: find_shortened(s, id, kind, file_name, a, ret);
	*ret = arena_str(a, buf_str(&text));
	return buf_error(&text) || !ret->p ? -ENOMEM : 0;
}

/* --- names --------------------------------------------------------------------------------- */

static int id_of(struct store *s, struct str rid, struct arena *a, struct store_key *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_ID, ARGS(TEXT(rid)), &q);

	return r ? r : key_row(q, a, ret);
}

int store_key_get(struct store *s, int64_t space, int64_t id, struct arena *a,
		  struct store_key *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (r)
		return r;
	if (space == STORE_SPACE_IDS) {
		r = sql_get(s, Q_ID_OF_RESOURCE, ARGS(INT(id)), &q);
		return r ? r : id_of(s, col_str(q, 0), a, ret);
	}
	r = sql_get(s, Q_NAME, ARGS(INT(id)), &q);
	return r ? r : key_row(q, a, ret);
}

int store_key_find(struct store *s, int64_t space, struct str file_name, struct arena *a,
		   struct store_key *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct str rid;
	bool row = true;
	int r = reading(s);

	if (!r && space == STORE_SPACE_IDS) {
		r = unescaped(s, Q_IDS_FROM, NULL, file_name, a, &rid);
		return r ? r : id_of(s, rid, a, ret);
	}
	if (!r)
		r = sql_open(s, Q_NAMES_OF_HASH,
			     ARGS(INT(space), INT(name_hash(file_name))), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (!r && !row)
			return STORE_E_NOT_FOUND;
		if (!r)
			r = key_row(q, a, ret);
		if (!r && is_called(ret->text, file_name))
			break;
	}
	return r;
}

/* The listing of a space from behind a cookie. */
static int open_keys(struct store *s, int64_t space, uint64_t after, sqlite3_stmt **ret)
{
	int64_t id = (int64_t)(after & ((UINT64_C(1) << COOKIE_ID_BITS) - 1));

	if (space == STORE_SPACE_IDS)
		return sql_open(s, Q_IDS, ARGS(INT(after)), ret);
	if (space == STORE_SPACE_ARNS)
		return sql_open(s, Q_ARNS, ARGS(INT(after)), ret);
	return sql_open(s, Q_NAMES,
			ARGS(INT(space), INT(after >> COOKIE_ID_BITS), INT(id)), ret);
}

int store_keys(struct store *s, int64_t space, uint64_t after, struct arena *a,
	       bool (*visit)(void *ctx, const struct store_key *key), void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = open_keys(s, space, after, &q);
	while (!r) {
		struct store_key key;
		bool row;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = key_row(q, a, &key);
		/* How many share it, and how new the newest is. */
		if (!r && space == STORE_SPACE_IDS && key.n > 1)
			r = id_of(s, key.text, a, &key);
		if (!r && !visit(ctx, &key))
			break;
	}
	return r;
}

static int by_cookie(const void *a, const void *b)
{
	const struct store_key *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

int store_keys_all(struct store *s, int64_t space, size_t max, struct arena *a,
		   struct store_key **ret, size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_key), key_row };
	bool large = false;
	int r = store_keys_more(s, space, max, &large);

	if (!r && large)
		return STORE_E_LARGE;
	if (!r)
		r = sql_list(s, Q_NAMES_ALL, ARGS(INT(space), INT(max)), &shape, a, ret,
			     ret_n);
	if (!r && *ret_n > 1)
		qsort(*ret, *ret_n, sizeof(**ret), by_cookie);
	return r;
}

int store_keys_more(struct store *s, int64_t space, size_t n, bool *ret)
{
	int r = reading(s);

	if (r)
		return r;
	return space == STORE_SPACE_IDS
		       ? sql_exists(s, Q_ID_NTH, ARGS(INT(n)), ret)
		       : sql_exists(s, Q_NAME_NTH, ARGS(INT(space), INT(n)), ret);
}

/* The resource's own list is short, a name's may be long. */
static int has_name(struct store *s, int64_t name, int64_t resource)
{
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	int r = called_names(s, resource, &names);

	for (size_t i = 0; i < names.len / sizeof(name) && !r; i++)
		if (((const int64_t *)names.data)[i] == name)
			return 0;
	return r ? r : STORE_E_NOT_FOUND;
}

int store_key_has(struct store *s, const struct store_key *key, int64_t resource)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (r)
		return r;
	if (key->space != STORE_SPACE_IDS)
		return has_name(s, key->id, resource);
	r = sql_get(s, Q_ID_OF_RESOURCE, ARGS(INT(resource)), &q);
	if (!r && !str_eq(col_str(q, 0), key->text))
		r = STORE_E_NOT_FOUND;
	return r;
}

/* Bearers of a name, as many as there is room for. */
struct page {
	struct store *s;
	struct arena *a;
	struct store_resource *rows;
	size_t n, max;
};

static int fill_page(void *ctx, int64_t resource, bool *more)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct page *p = ctx;
	int r = sql_get(p->s, Q_RESOURCE, ARGS(INT(resource)), &q);

	if (!r)
		r = resource_row_whole(q, p->a, &p->rows[p->n]);
	p->n += !r;
	*more = p->n < p->max;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int bearers_page(struct store *s, int64_t name, int64_t after, struct page *page)
{
	struct bearing is;
	int r = bearing_get(s, name, &is);

	if (r || !page->max)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	return bearers_each(s, &is, after, fill_page, page);
}

int store_key_resources(struct store *s, const struct store_key *key, int64_t after,
			struct arena *a, struct store_resource *ret, size_t n,
			size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_resource),
						resource_row_whole };
	struct page page = { .s = s, .a = a, .rows = ret, .max = n };
	int r = reading(s);

	*ret_n = 0;
	if (r)
		return r;
	if (key->space == STORE_SPACE_IDS)
		return sql_page(s, Q_RESOURCES_OF_ID, ARGS(TEXT(key->text), INT(after)),
				&shape, a, ret, n, ret_n);
	r = bearers_page(s, key->id, after, &page);
	*ret_n = page.n;
	return r;
}

/* --- tags' keys and stems ------------------------------------------------------------------ */

static int tag_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_tag *tag = ret;

	*tag = (struct store_tag){ .id = col_int(q, 0),
				   .text = arena_str(a, col_str(q, 2)),
				   .newest_ms = col_int(q, 4) };
	return tag->text.p ? 0 : -ENOMEM;
}

static const struct sql_shape tag_shape = { sizeof(struct store_tag), tag_row };

int store_tag_get(struct store *s, int64_t id, struct arena *a, struct store_tag *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_STEM, ARGS(INT(id)), &q);
	if (!r && col_int(q, 1) != STEM_TAG_KEY)
		r = STORE_E_NOT_FOUND;
	return r ? r : tag_row(q, a, ret);
}

int store_tag_find(struct store *s, struct str file_name, struct arena *a,
		   struct store_tag *ret)
{
	static const int64_t kind = STEM_TAG_KEY;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct str text;
	int r = reading(s);

	if (!r)
		r = unescaped(s, Q_STEMS_FROM, &kind, file_name, a, &text);
	if (!r)
		r = sql_get(s, Q_STEM_BY_TEXT, ARGS(INT(kind), TEXT(text)), &q);
	return r ? r : tag_row(q, a, ret);
}

int store_tags(struct store *s, int64_t after, struct arena *a, struct store_tag *ret,
	       size_t n, size_t *ret_n)
{
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_TAG_KEYS, ARGS(INT(after)), &tag_shape, a, ret, n,
			    ret_n);
}

static int64_t kind_of(int64_t space)
{
	if (space == STORE_SPACE_IDS)
		return STORE_NAME_ID;
	return space == STORE_SPACE_ARNS ? STORE_NAME_ARN : STORE_NAME_NAME;
}

int store_stem_get(struct store *s, int64_t id, struct arena *a, struct store_stem *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t kind;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_STEM, ARGS(INT(id)), &q);
	if (r)
		return r;
	kind = col_int(q, 1);
	*ret = (struct store_stem){ .id = id, .text = arena_str(a, col_str(q, 2)) };
	if (!ret->text.p)
		return -ENOMEM;
	for (ret->space = STORE_SPACE_IDS; ret->space < 0; ret->space++)
		if (kind_of(ret->space) == kind && str_ends(ret->text, "/"))
			return 0;
	return STORE_E_NOT_FOUND;
}

int store_stem_find(struct store *s, int64_t space, struct str text, int64_t *ret_id)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_STEM_FIND, ARGS(INT(kind_of(space)), TEXT(text)), &q);
	if (!r)
		*ret_id = col_int(q, 0);
	return r;
}
