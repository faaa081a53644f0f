/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of a resource as they are and as they are to be, of which only what differs is written. */
#include "run_set.h"

void run_set_deinit(struct run_set *set)
{
	buf_deinit(&set->bytes);
	buf_deinit(&set->heads);
}

void run_set_reset(struct run_set *set)
{
	buf_reset(&set->bytes);
	buf_reset(&set->heads);
}

int run_set_begin(struct run_set *set, int64_t first)
{
	const struct run_head head = { first, set->bytes.len, 0 };

	buf_put(&set->heads, &head, sizeof(head));
	return buf_error(&set->heads);
}

void run_set_end(struct run_set *set)
{
	struct run_head *last = (struct run_head *)(set->heads.data + set->heads.len) - 1;

	last->len = set->bytes.len - last->start;
}

int run_set_add(struct run_set *set, int64_t first, struct str bytes)
{
	int r = run_set_begin(set, first);

	if (r)
		return r;
	buf_put_str(&set->bytes, bytes);
	run_set_end(set);
	return buf_error(&set->bytes);
}

static int write_run(struct store *s, enum statement id, int64_t resource,
		     const struct run_set *set, const struct run_head *head)
{
	return sql_run(s, id,
		       ARGS(INT(resource), INT(head->first),
			    BLOB(run_set_bytes(set, head))));
}

int run_set_write(struct store *s, const struct run_sql *sql, int64_t resource,
		  const struct run_set *is, const struct run_set *to_be)
{
	size_t n_old, n_new;
	const struct run_head *old = run_set_heads(is, &n_old);
	const struct run_head *new = run_set_heads(to_be, &n_new);
	size_t i = 0, j = 0;
	int r = 0;

	while ((i < n_old || j < n_new) && !r) {
		bool gone = j == n_new || (i < n_old && old[i].first < new[j].first);
		bool made = i == n_old || (j < n_new && new[j].first < old[i].first);

		if (gone)
			r = sql_run(s, sql->delete,
				    ARGS(INT(resource), INT(old[i].first)));
		else if (made)
			r = write_run(s, sql->insert, resource, to_be, &new[j]);
		else if (!str_eq(run_set_bytes(is, &old[i]),
				 run_set_bytes(to_be, &new[j])))
			r = write_run(s, sql->update, resource, to_be, &new[j]);
		i += !made;
		j += !gone;
	}
	return r;
}
