/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two pipelines, since whatever is in one comes out in order. The quick one is looked at first,
 * and not waited for while there is something in the other.
 */
#include "lanes.h"

#include <errno.h>
#include <stdlib.h>

#define HURRIED_BYTES (PIPELINE_BYTES / 4) /* messages of a queue, in flight */

struct lanes {
	struct pipeline_ops ops;
	struct pipeline *all, *hurried; /* the second: NULL until it is used */
};

struct lanes *lanes_free(struct lanes *l)
{
	if (!l)
		return NULL;
	pipeline_free(l->all);
	pipeline_free(l->hurried);
	free(l);
	return NULL;
}

int lanes_new(const struct pipeline_ops *ops, unsigned workers, struct lanes **ret)
{
	struct lanes *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->ops = *ops;
	r = pipeline_new(ops, workers, PIPELINE_BYTES, &l->all);
	if (r)
		lanes_free(l);
	else
		*ret = l;
	return r;
}

static bool is_idle(struct pipeline *p)
{
	return !p || pipeline_is_empty(p);
}

bool lanes_are_empty(const struct lanes *l)
{
	return is_idle(l->all) && is_idle(l->hurried);
}

bool lanes_has_room(const struct lanes *l, bool hurried)
{
	return hurried ? !l->hurried || pipeline_has_room(l->hurried)
		       : pipeline_has_room(l->all);
}

int lanes_add(struct lanes *l, struct import_file *file)
{
	int r = 0;

	if (file->hurried && !l->hurried)
		r = pipeline_new(&l->ops, 1, HURRIED_BYTES, &l->hurried);
	if (!r)
		pipeline_add(file->hurried ? l->hurried : l->all, file);
	return r;
}

int lanes_take(struct lanes *l, unsigned timeout_ms, struct pipeline_taken *ret)
{
	bool other = !is_idle(l->all);
	int r;

	if (is_idle(l->hurried))
		return pipeline_take(l->all, timeout_ms, ret);
	r = pipeline_take(l->hurried, other ? 0 : timeout_ms, ret);
	return r == PIPELINE_E_TIMEOUT && other ? pipeline_take(l->all, timeout_ms, ret)
						: r;
}

void lanes_give_back(struct lanes *l, const struct pipeline_taken *taken)
{
	pipeline_give_back(taken->file->hurried ? l->hurried : l->all, taken->chunk);
}

uint64_t lanes_read_bytes(const struct lanes *l)
{
	return pipeline_read_bytes(l->all) +
	       (l->hurried ? pipeline_read_bytes(l->hurried) : 0);
}
