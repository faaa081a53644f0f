/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of alarms/ and the directories above them. A directory is made with the first file in
 * it, so none is empty; ids are never reused.
 */
#include "alarms.h"

#include <errno.h>

#include "private.h"
#include "rows.h"
#include "story_load.h"

/* Most stories are of histories, or accounts, without alarms: one look in a transaction. */
static int due_of(struct store *s, enum statement id, const struct sql_arg *args,
		  size_t n)
{
	return s->writer->has_transition ? sql_run(s, id, args, n) : 0;
}

int alarms_due(struct store *s, int64_t transition)
{
	s->writer->has_transition = true;
	return sql_run(s, Q_TRANSITION_DUE, ARGS(INT(transition)));
}

int alarms_due_of_alarm(struct store *s, int64_t alarm)
{
	return sql_run(s, Q_TRANSITIONS_DUE_OF_ALARM, ARGS(INT(alarm)));
}

int alarms_due_of_story(struct store *s, int64_t resource, int64_t from_ms)
{
	return due_of(s, Q_TRANSITIONS_DUE_OF_STORY, ARGS(INT(resource), INT(from_ms)));
}

int alarms_due_of_watched(struct store *s, int64_t resource, int64_t from_ms)
{
	return due_of(s, Q_TRANSITIONS_DUE_OF_WATCHED, ARGS(INT(resource), INT(from_ms)));
}

int alarms_due_of_related(struct store *s, int64_t resource, int64_t from_ms)
{
	return due_of(s, Q_TRANSITIONS_DUE_OF_RELATED, ARGS(INT(resource), INT(from_ms)));
}

/* --- directories --------------------------------------------------------------------------- */

static int folder_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_alarm_folder *folder = ret;

	*folder = (struct store_alarm_folder){ .id = col_int(q, 0),
					       .parent = col_int(q, 1),
					       .name = arena_str(a, col_str(q, 2)),
					       .newest_ms = col_int(q, 3) };
	return folder->name.p ? 0 : -ENOMEM;
}

static const struct sql_shape folder_shape = { sizeof(struct store_alarm_folder),
					       folder_of };

static int folder_one(struct store *s, enum statement id, const struct sql_arg *args,
		      size_t n, struct arena *a, struct store_alarm_folder *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, args, n, &q);

	return r ? r : folder_of(q, a, ret);
}

static int folder_page(struct store *s, enum statement id, int64_t parent, int64_t after,
		       struct arena *a, struct store_alarm_folder *ret, size_t n,
		       size_t *ret_n)
{
	return sql_page(s, id, ARGS(INT(parent), INT(after)), &folder_shape, a, ret, n,
			ret_n);
}

int store_alarm_folder_get(struct store *s, int64_t id, struct arena *a,
			   struct store_alarm_folder *ret)
{
	return folder_one(s, Q_ALARM_FOLDER, ARGS(INT(id)), a, ret);
}

int store_alarm_folder_find(struct store *s, int64_t parent, struct str name,
			    struct arena *a, struct store_alarm_folder *ret)
{
	return folder_one(s, Q_ALARM_FOLDER_BY_NAME, ARGS(INT(parent), TEXT(name)), a,
			  ret);
}

int store_alarm_folders(struct store *s, int64_t parent, int64_t after, struct arena *a,
			struct store_alarm_folder *ret, size_t n, size_t *ret_n)
{
	return folder_page(s, Q_ALARM_FOLDERS, parent, after, a, ret, n, ret_n);
}

int store_alarm_place_get(struct store *s, int64_t alarm, struct arena *a,
			  struct store_alarm_folder *ret)
{
	return folder_one(s, Q_ALARM_PLACE, ARGS(INT(alarm)), a, ret);
}

int store_alarm_place_find(struct store *s, int64_t folder, struct str name,
			   struct arena *a, struct store_alarm_folder *ret)
{
	return folder_one(s, Q_ALARM_PLACE_BY_NAME, ARGS(INT(folder), TEXT(name)), a,
			  ret);
}

int store_alarm_places(struct store *s, int64_t folder, int64_t after, struct arena *a,
		       struct store_alarm_folder *ret, size_t n, size_t *ret_n)
{
	return folder_page(s, Q_ALARM_PLACES, folder, after, a, ret, n, ret_n);
}

/* --- files --------------------------------------------------------------------------------- */

static struct store_transition_file file_of(sqlite3_stmt *q)
{
	return (struct store_transition_file){ .id = col_int(q, 0),
					       .time_ms = col_int(q, 1),
					       .size = (uint64_t)col_int(q, 2) };
}

int store_transition_file_get(struct store *s, int64_t id,
			      struct store_transition_file *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_TRANSITION_FILE, ARGS(INT(id)), &q);

	if (!r)
		*ret = file_of(q);
	return r;
}

int store_transition_files(struct store *s, int64_t alarm, int64_t after_ms,
			   unsigned after_twin, struct store_transition_file *ret,
			   size_t n, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct store_transition_file last = { .time_ms = -1 };
	bool row = true;
	int r = sql_open(s, Q_TRANSITIONS_OF_ALARM, ARGS(INT(alarm), INT(after_ms)), &q);

	*ret_n = 0;
	while (!r && *ret_n < n) {
		struct store_transition_file f;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		f = file_of(q);
		f.twin = f.time_ms == last.time_ms ? last.twin + 1 : 0;
		last = f;
		if (f.time_ms > after_ms || f.twin > after_twin)
			ret[(*ret_n)++] = f;
	}
	return r;
}

int store_transition_text(struct store *s, int64_t id, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_TRANSITION_TEXT, ARGS(INT(id)), &q);

	return r ? r : body_unpack(s, col_str(q, 1), 0, STR_NULL, col_int(q, 0), out);
}

/* --- making them --------------------------------------------------------------------------- */

int store_transitions_due(struct store *s, int64_t after, int64_t *ret, size_t n,
			  size_t *ret_n)
{
	int r = reading(s);

	return r ? r
		 : sql_page(s, Q_TRANSITIONS_DUE, ARGS(INT(after), INT(n)), &sql_number,
			    NULL, ret, n, ret_n);
}

static int dimension_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct alarm_dimension *d = ret;

	*d = (struct alarm_dimension){ arena_str(a, col_str(q, 0)),
				       arena_str(a, col_str(q, 1)) };
	return d->name.p && d->value.p ? 0 : -ENOMEM;
}

static int read_dimensions(struct store *s, struct arena *a,
			   struct store_transition_whole *ret)
{
	static const struct sql_shape shape = { sizeof(struct alarm_dimension),
						dimension_row };

	return sql_list(s, Q_ALARM_DIMENSIONS, ARGS(INT(ret->alarm)), &shape, a,
			&ret->dimensions, &ret->n_dimensions);
}

static int child_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct str *child = ret;

	*child = arena_str(a, col_str(q, 0));
	return child->p ? 0 : -ENOMEM;
}

static int read_children(struct store *s, struct arena *a,
			 struct store_transition_whole *ret)
{
	static const struct sql_shape shape = { sizeof(struct str), child_row };

	return sql_list(s, Q_ALARM_CHILDREN, ARGS(INT(ret->alarm)), &shape, a,
			&ret->children, &ret->n_children);
}

int store_transition_whole(struct store *s, int64_t id, struct arena *a,
			   struct store_transition_whole *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct str *const texts[] = { &ret->name,  &ret->account,        &ret->region,
				      &ret->arn,   &ret->namespace,      &ret->metric,
				      &ret->state, &ret->previous_state, &ret->reason };
	int r = sql_get(s, Q_TRANSITION_WHOLE, ARGS(INT(id)), &q);

	if (r)
		return r;
	ret->alarm = col_int(q, 0);
	ret->time_ms = col_int(q, 1);
	ret->ambiguous = col_int(q, 2 + (int)ARRAY_SIZE(texts)) != 0;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = arena_str(a, col_str(q, 2 + (int)i));
		if (!texts[i]->p)
			return -ENOMEM;
	}
	r = read_dimensions(s, a, ret);
	return r ? r : read_children(s, a, ret);
}

int store_transition_resources(struct store *s, int64_t id, struct arena *a,
			       int64_t **ret, size_t *ret_n)
{
	return sql_list(s, Q_RESOURCES_OF_TRANSITION, ARGS(INT(id)), &sql_number, a, ret,
			ret_n);
}

static int make_folder(struct store *s, int64_t parent, struct str name, int64_t time_ms,
		       int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_run(s, Q_ALARM_FOLDER_PUT,
			ARGS(INT(parent), TEXT(name), INT(time_ms)));

	if (!r)
		r = sql_get(s, Q_ALARM_FOLDER_BY_NAME, ARGS(INT(parent), TEXT(name)), &q);
	if (!r)
		*ret = col_int(q, 0);
	return r;
}

int store_transition_pack(struct store *s, struct str text, struct arena *a,
			  struct str *ret)
{
	_cleanup_(buf_deinit) struct buf packed = BUF_INIT;
	int r = body_pack_prefix(s, text, STR_NULL, &packed);

	if (r)
		return r;
	*ret = arena_str(a, buf_str(&packed));
	return ret->p ? 0 : -ENOMEM;
}

int store_put_transition_text(struct store *s, const struct store_transition_made *made)
{
	int64_t account = 0, region = 0;
	int r = writing(s, "transition");

	if (!r)
		r = make_folder(s, 0, made->names[0], made->time_ms, &account);
	if (!r)
		r = make_folder(s, account, made->names[1], made->time_ms, &region);
	if (!r)
		r = sql_run(s, Q_ALARM_PLACE_PUT,
			    ARGS(INT(made->alarm), INT(region), TEXT(made->names[2]),
				 INT(made->time_ms)));
	if (!r)
		r = sql_run(s, Q_TRANSITION_RELATED_DELETE, ARGS(INT(made->id)));
	for (size_t i = 0; i < made->n_related && !r; i++)
		r = sql_run(s, Q_TRANSITION_RELATED_PUT,
			    ARGS(INT(made->related[i]), INT(made->id)));
	if (!r)
		r = sql_run(s, Q_TRANSITION_TEXT_PUT,
			    ARGS(INT(made->id), INT(made->len), BLOB(made->packed)));
	if (!r)
		r = sql_run(s, Q_TRANSITION_DONE, ARGS(INT(made->id)));
	return written(s, r);
}
