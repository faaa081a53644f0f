/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting the names of a resource. What it was called before is read, and only the difference is
 * written: most derivations write nothing. A name counts its bearers and a stem what needs it, so
 * that either goes with the last of them.
 *
 * A stem ends with the name's last slash; an ARN without one is cut at a colon. Of what can be
 * looked up by path every shorter stem exists, too, up to each slash: a directory on the way.
 */
#include "names.h"

#include <errno.h>
#include <stdlib.h>

#include "bearer.h"
#include "called.h"
#include "model/name.h"
#include "private.h"

/* Names with more slashes have no directories on the way. */
#define MAX_SLASHES 32

struct old_name {
	struct store_name name;
	struct bearing is; /* who has it */
	int64_t space, stem, newest_ms, key_newest_ms;
};

struct renaming {
	struct store *s;
	int64_t resource, before_ms, newest_ms;
	struct buf ids; /* of all names that it has then */
	bool changed;
};

static void renaming_deinit(struct renaming *c)
{
	buf_deinit(&c->ids);
}

static void note_id(struct renaming *c, int64_t id)
{
	buf_put(&c->ids, &id, sizeof(id));
}

/* --- stems --------------------------------------------------------------------------------- */

static size_t stem_length(struct str text)
{
	ptrdiff_t slash = str_rchr(text, '/');

	if (slash >= 0)
		return (size_t)slash + 1;
	if (!str_starts(text, "arn:"))
		return 0;
	/* Something should be left: log groups' end in ":*". */
	for (size_t at = text.n; at > 6; at--)
		if (text.p[at - 3] == ':')
			return at - 2;
	return 0;
}

/* The stem one slash up; empty when there is none. */
static struct str stem_above(int64_t kind, struct str text)
{
	ptrdiff_t slash;
	size_t slashes = 0;

	if (kind == STEM_TAG_KEY || kind == STORE_NAME_TAG || text.n == 0)
		return STR_NULL;
	for (size_t i = 0; i < text.n; i++)
		slashes += text.p[i] == '/';
	slash = str_rchr((struct str){ text.p, text.n - 1 }, '/');
	/* A slash in front is no directory: the kernel does not tell of it. */
	if (slash <= 0 || slashes > MAX_SLASHES)
		return STR_NULL;
	return (struct str){ text.p, (size_t)slash + 1 };
}

static int stem_find(struct store *s, int64_t kind, struct str text, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_STEM_FIND, ARGS(INT(kind), TEXT(text)), &q);

	if (!r)
		*ret = col_int(q, 0);
	return r;
}

static int stem_count(struct store *s, int64_t id, int64_t n)
{
	return id > 0 ? sql_run(s, Q_STEM_COUNT, ARGS(INT(id), INT(n))) : 0;
}

/* Made when missing, with all above it; that it is needed, the caller counts. */
static int stem_get(struct store *s, int64_t kind, struct str text, int64_t *ret)
{
	int64_t below = 0;

	*ret = 0;
	while (text.n > 0 || kind == STEM_TAG_KEY) {
		int64_t id;
		int r = stem_find(s, kind, text, &id);
		bool made = r == STORE_E_NOT_FOUND;

		if (made) {
			r = sql_run(s, Q_STEM_INSERT, ARGS(INT(kind), TEXT(text)));
			id = sqlite3_last_insert_rowid(s->db);
		}
		if (!r && below)
			r = stem_count(s, id, 1);
		if (r)
			return r;
		*ret = *ret ? *ret : id;
		if (!made || kind == STEM_TAG_KEY)
			break;
		below = id;
		text = stem_above(kind, text);
	}
	return 0;
}

/* One less needs it; those nobody needs any more go. */
static int stem_release(struct store *s, int64_t id)
{
	while (id > 0) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		struct str above;
		int64_t kind;
		int r = stem_count(s, id, -1);

		if (!r)
			r = sql_get(s, Q_STEM, ARGS(INT(id)), &q);
		if (r || col_int(q, 3) > 0)
			return r;
		kind = col_int(q, 1);
		above = arena_str(&a, stem_above(kind, col_str(q, 2)));
		if (!above.p)
			return -ENOMEM;
		r = sql_run(s, Q_STEM_DELETE, ARGS(INT(id)));
		id = 0;
		if (!r && above.n) {
			r = stem_find(s, kind, above, &id);
			r = r == STORE_E_NOT_FOUND ? 0 : r;
		}
		if (r)
			return r;
	}
	return 0;
}

/* --- names --------------------------------------------------------------------------------- */

static int space_of(struct store *s, const struct store_name *name, int64_t *ret)
{
	*ret = name->kind == STORE_NAME_NAME ? SPACE_NAMES : SPACE_ARNS;
	return name->kind == STORE_NAME_TAG ? stem_get(s, STEM_TAG_KEY, name->key, ret)
					    : 0;
}

static int name_insert(struct renaming *c, const int64_t place[3], struct str tail,
		       int64_t *ret)
{
	int r = sql_run(c->s, Q_NAME_INSERT,
			ARGS(INT(place[0]), INT(place[1]), INT(place[2]), TEXT(tail),
			     INT(c->newest_ms), INT(c->resource)));

	*ret = sqlite3_last_insert_rowid(c->s->db);
	if (!r)
		r = stem_count(c->s, place[2], 1);
	return r ? r : stem_count(c->s, place[0], 1);
}

static int name_join(struct renaming *c, const struct bearing *to)
{
	int r = bearer_add(c->s, to, c->resource);

	return r ? r
		 : sql_run(c->s, Q_NAME_JOIN,
			   ARGS(INT(to->name), INT(c->newest_ms), INT(c->resource)));
}

/* place: of the name; its space, hash and stem. */
static int find_place(struct renaming *c, const struct store_name *name, size_t cut,
		      int64_t place[3])
{
	_cleanup_(buf_deinit) struct buf file_name = BUF_INIT;
	int r = space_of(c->s, name, &place[0]);

	if (!r)
		r = stem_get(c->s, name->kind, (struct str){ name->text.p, cut },
			     &place[2]);
	name_escape(&file_name, name->text);
	if (!r)
		r = buf_error(&file_name);
	if (!r)
		place[1] = name_hash(buf_str(&file_name));
	return r;
}

static int name_add(struct renaming *c, const struct store_name *name)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	size_t cut = stem_length(name->text);
	struct str tail = str_from(name->text, cut);
	struct bearing found = { 0 };
	int64_t place[3];
	int r = find_place(c, name, cut, place);

	if (r)
		return r;
	r = sql_get(c->s, Q_NAME_FIND,
		    ARGS(INT(place[0]), INT(place[1]), INT(place[2]), TEXT(tail)), &q);
	if (!r) {
		found = (struct bearing){ col_int(q, 0), col_int(q, 1), col_int(q, 2) };
		sql_endp(&q);
		r = name_join(c, &found);
	} else if (r == STORE_E_NOT_FOUND) {
		r = name_insert(c, place, tail, &found.name);
	}
	c->changed = true;
	note_id(c, found.name);
	if (!r && place[0] > 0)
		r = sql_run(c->s, Q_STEM_NEWER, ARGS(INT(place[0]), INT(c->newest_ms)));
	return r;
}

struct newest {
	struct store *s;
	int64_t ms;
};

static int note_newest(void *ctx, int64_t resource, bool *more _unused_)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct newest *newest = ctx;
	int r = sql_get(newest->s, Q_NEWEST_TOLD, ARGS(INT(resource)), &q);

	if (!r)
		newest->ms = MAX(newest->ms, col_int(q, 0));
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* Of those that have a name. */
static int newest_told(struct store *s, const struct bearing *of, int64_t *ret)
{
	struct newest newest = { .s = s };
	int r = bearers_each(s, of, INT64_MIN, note_newest, &newest);

	*ret = newest.ms;
	return r;
}

static int name_leave(struct renaming *c, const struct bearing *from)
{
	struct bearing then = { .name = from->name, .n = from->n - 1 };
	int64_t newest_ms;
	int r = bearer_remove(c->s, from, c->resource, &then.first);

	if (!r)
		r = newest_told(c->s, &then, &newest_ms);
	return r ? r
		 : sql_run(c->s, Q_NAME_LEAVE,
			   ARGS(INT(from->name), INT(newest_ms), INT(then.first)));
}

static int name_remove(struct renaming *c, const struct old_name *old)
{
	int r;

	c->changed = true;
	if (old->is.n > 1) {
		r = name_leave(c, &old->is);
	} else {
		r = sql_run(c->s, Q_NAME_DELETE, ARGS(INT(old->is.name)));
		if (!r)
			r = stem_release(c->s, old->stem);
		if (!r)
			r = stem_release(c->s, old->space);
	}
	if (!r && old->space > 0)
		r = sql_run(c->s, Q_STEM_RECKON, ARGS(INT(old->space)));
	return r;
}

/* It stays. When its resource is less new than it was told to be, others have to be asked. */
static int name_keep(struct renaming *c, const struct old_name *old)
{
	bool less = c->newest_ms < c->before_ms;
	int64_t newest_ms = c->newest_ms;
	int r = 0;

	note_id(c, old->is.name);
	if (less && old->newest_ms >= newest_ms && old->newest_ms <= c->before_ms)
		r = newest_told(c->s, &old->is, &newest_ms);
	else if (old->newest_ms >= newest_ms)
		newest_ms = old->newest_ms;
	if (!r && newest_ms != old->newest_ms)
		r = sql_run(c->s, Q_NAME_NEWER, ARGS(INT(old->is.name), INT(newest_ms)));
	if (r || old->space <= 0)
		return r;
	if (old->key_newest_ms < c->newest_ms)
		r = sql_run(c->s, Q_STEM_NEWER, ARGS(INT(old->space), INT(c->newest_ms)));
	else if (less && old->key_newest_ms <= c->before_ms)
		r = sql_run(c->s, Q_STEM_RECKON, ARGS(INT(old->space)));
	return r;
}

/* --- the difference ------------------------------------------------------------------------ */

static int old_row(sqlite3_stmt *q, struct arena *a, struct buf *text,
		   struct old_name *ret)
{
	*ret = (struct old_name){ .is = { col_int(q, 0), col_int(q, 3), col_int(q, 9) },
				  .space = col_int(q, 1),
				  .stem = col_int(q, 2),
				  .newest_ms = col_int(q, 4),
				  .key_newest_ms = col_int(q, 8) };
	buf_reset(text);
	buf_put_str(text, col_str(q, 5));
	buf_put_str(text, col_str(q, 6));
	ret->name.kind = ret->space == SPACE_NAMES  ? STORE_NAME_NAME
			 : ret->space == SPACE_ARNS ? STORE_NAME_ARN
						    : STORE_NAME_TAG;
	ret->name.text = arena_str(a, buf_str(text));
	ret->name.key = arena_str(a, col_str(q, 7));
	return buf_error(text) || !ret->name.text.p || !ret->name.key.p ? -ENOMEM : 0;
}

static int by_kind(const struct store_name *x, const struct store_name *y)
{
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return str_eq(x->key, y->key) ? str_cmp(x->text, y->text)
				      : str_cmp(x->key, y->key);
}

static int old_by_kind(const void *a, const void *b)
{
	return by_kind(&((const struct old_name *)a)->name,
		       &((const struct old_name *)b)->name);
}

/* What the resource is called so far, sorted as the new ones are. */
static int read_old(struct store *s, int64_t resource, struct arena *a,
		    struct old_name **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, list = BUF_INIT;
	struct old_name *all;
	size_t n;
	int r = called_names(s, resource, &list);

	if (r)
		return r;
	n = list.len / sizeof(int64_t);
	all = arena_alloc(a, (n + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n && !r; i++) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		int64_t id = ((const int64_t *)list.data)[i];

		r = sql_get(s, Q_NAME_BORNE, ARGS(INT(id)), &q);
		if (r == STORE_E_NOT_FOUND)
			r = body_damaged(s, "the name of a resource,", id);
		if (!r)
			r = old_row(q, a, &text, &all[i]);
	}
	if (!r && n > 1)
		qsort(all, n, sizeof(*all), old_by_kind);
	*ret = all;
	*ret_n = n;
	return r;
}

static int put_ids(struct renaming *c)
{
	size_t n = c->ids.len / sizeof(int64_t);
	int r = buf_error(&c->ids);

	if (r || !c->changed)
		return r;
	if (n > 1)
		qsort(c->ids.data, n, sizeof(int64_t), called_order);
	return called_names_replace(c->s, c->resource, (const int64_t *)c->ids.data, n);
}

int names_replace(struct store *s, int64_t resource, const struct store_name *names,
		  size_t n, bool fresh, int64_t before_ms, int64_t newest_ms)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(renaming_deinit) struct renaming c = { .s = s,
							 .resource = resource,
							 .before_ms = before_ms,
							 .newest_ms = newest_ms };
	struct old_name *old = NULL;
	size_t n_old = 0, at = 0;
	int r = fresh ? 0 : read_old(s, resource, &a, &old, &n_old);

	for (size_t i = 0; i < n && !r; i++) {
		int64_t stem;
		struct str text = names[i].text;

		if (i && by_kind(&names[i - 1], &names[i]) >= 0)
			return -EINVAL;
		if (names[i].kind == STORE_NAME_ID) {
			text.n = stem_length(text);
			r = stem_get(s, STORE_NAME_ID, text, &stem);
			continue;
		}
		while (at < n_old && !r && by_kind(&old[at].name, &names[i]) < 0)
			r = name_remove(&c, &old[at++]);
		if (r)
			break;
		if (at < n_old && by_kind(&old[at].name, &names[i]) == 0)
			r = name_keep(&c, &old[at++]);
		else
			r = name_add(&c, &names[i]);
	}
	while (at < n_old && !r)
		r = name_remove(&c, &old[at++]);
	return r ? r : put_ids(&c);
}
