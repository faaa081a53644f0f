/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes for the threads that parse. Whether a shape makes an item's raw bytes can be told without
 * the history once the shape is known, so the writer shares the newest of each kind, and those who
 * parse name the one that fits; where none does the writer goes on as it would have. What was
 * shared stays until the end: somebody may be at it, or have named it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "private.h"
#include "store/write.h"

#define SHARED_SLOTS 1024u /* of kinds; a second one of a slot is not shared */

struct store_shape {
	struct store_shape *next;
	int64_t kind, id;
	struct jv_shape *shape;
	bool gone; /* for the writer, who alone looks at it */
};

struct store_shapes {
	pthread_mutex_t lock;
	const struct store_shape *newest[SHARED_SLOTS];
	struct store_shape *all;
};

int shared_shapes_new(struct store_shapes **ret)
{
	struct store_shapes *shapes = calloc(1, sizeof(*shapes));

	if (!shapes)
		return -ENOMEM;
	pthread_mutex_init(&shapes->lock, NULL);
	*ret = shapes;
	return 0;
}

struct store_shapes *shared_shapes_free(struct store_shapes *shapes)
{
	if (!shapes)
		return NULL;
	while (shapes->all) {
		struct store_shape *one = shapes->all;

		shapes->all = one->next;
		jv_shape_free(one->shape);
		free(one);
	}
	pthread_mutex_destroy(&shapes->lock);
	free(shapes);
	return NULL;
}

void shared_shapes_forget(struct store_shapes *shapes)
{
	if (!shapes)
		return;
	pthread_mutex_lock(&shapes->lock);
	memset(shapes->newest, 0, sizeof(shapes->newest));
	pthread_mutex_unlock(&shapes->lock);
	for (struct store_shape *one = shapes->all; one; one = one->next)
		one->gone = true;
}

static size_t slot_of(int64_t kind)
{
	return (uint64_t)kind % SHARED_SLOTS;
}

/* Only the writer changes them: it need not lock to look. */
bool shared_shapes_have(const struct store_shapes *shapes, int64_t kind, int64_t id)
{
	const struct store_shape *at = shapes->newest[slot_of(kind)];

	return at && (at->kind != kind || at->id == id);
}

int shared_shapes_put(struct store_shapes *shapes, int64_t kind, int64_t id,
		      struct str text)
{
	struct store_shape *one = calloc(1, sizeof(*one));
	int r = one ? jv_shape_new(text, &one->shape) : -ENOMEM;

	if (r) {
		free(one);
		return r;
	}
	one->kind = kind;
	one->id = id;
	one->next = shapes->all;
	shapes->all = one;
	pthread_mutex_lock(&shapes->lock);
	shapes->newest[slot_of(kind)] = one;
	pthread_mutex_unlock(&shapes->lock);
	return 0;
}

int64_t shared_shape_id(const struct item *item)
{
	return item->shape && !item->shape->gone ? item->shape->id : 0;
}

struct store_shapes *store_shapes(struct store *s)
{
	return s->bodies.shapes->shared;
}

int store_shapes_find(struct store_shapes *shapes, struct item *item,
		      const struct jv *body, struct arena *a, struct buf *scratch)
{
	const struct store_shape *one;
	int64_t kind = shape_kind_of(item);
	bool makes = false;
	int r = 0;

	item->shape = NULL;
	pthread_mutex_lock(&shapes->lock);
	one = shapes->newest[slot_of(kind)];
	pthread_mutex_unlock(&shapes->lock);
	if (one && one->kind == kind && item->raw.n)
		r = jv_shape_makes(one->shape, body, item->raw, a, scratch, &makes);
	if (makes)
		item->shape = one;
	return r;
}
