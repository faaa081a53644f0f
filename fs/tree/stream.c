/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading streamed files. A read begins at a mark that an earlier read of the same content left
 * at or before its offset, else where the view's seek leads, and makes pieces until it has what
 * it was asked for. The kernel reads ahead in several requests at once, which may come out of
 * order: so marks are left at every batch of pieces, not only at the end, and a read takes the
 * nearest one before it.
 */

#include "stream.h"

#include <errno.h>
#include <string.h>

#include "view.h"

/* About so many bytes are made at once. */
#define BATCH_BYTES ((size_t)128 << 10)
/*
 * A batch ends somewhat behind what was asked for, and its mark with it: too far for whoever
 * reads on from there. So the last bytes are a batch of their own, with a mark before it.
 */
#define TAIL_BYTES ((size_t)4 << 10)
/* A mark further back than this is worth less than a seek, unless the view says otherwise. */
#define NEAR_BYTES ((uint64_t)8 << 20)

int stream_marks_init(struct stream_marks *m)
{
	return pthread_mutex_init(&m->lock, NULL) == 0 ? 0 : -ENOMEM;
}

void stream_marks_deinit(struct stream_marks *m)
{
	pthread_mutex_destroy(&m->lock);
}

/* The nearest mark before the offset. A label of 0 says that nothing is sure: no mark then. */
static bool mark_find(struct request *q, uint64_t node, uint64_t near, uint64_t offset,
		      struct stream_mark *ret)
{
	struct stream_marks *m = &q->tree->marks;
	bool found = false;

	if (q->label == 0)
		return false;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < STREAM_MARKS; i++) {
		const struct stream_mark *mark = &m->marks[i];

		if (mark->node != node || mark->label != q->label ||
		    mark->offset > offset || offset - mark->offset > near ||
		    (found && mark->offset <= ret->offset))
			continue;
		*ret = *mark;
		found = true;
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

static void mark_leave(struct request *q, const struct stream_mark *mark)
{
	struct stream_marks *m = &q->tree->marks;

	if (q->label == 0)
		return;
	pthread_mutex_lock(&m->lock);
	m->marks[m->next] = *mark;
	m->next = (m->next + 1) % STREAM_MARKS;
	pthread_mutex_unlock(&m->lock);
}

static int begin(struct request *q, const struct stream *stream, uint64_t node,
		 uint64_t offset, struct stream_mark *ret)
{
	int r = 0;

	if (mark_find(q, node, stream->near ? stream->near : NEAR_BYTES, offset, ret))
		return 0;
	*ret = (struct stream_mark){ .node = node, .label = q->label };
	if (stream->seek && offset > BATCH_BYTES)
		r = stream->seek(q, node, offset, &ret->key, &ret->offset);
	/* A place behind the offset would be the view's mistake: better slow than wrong. */
	if (r == 0 && ret->offset > offset)
		*ret = (struct stream_mark){ .node = node, .label = q->label };
	return r;
}

static size_t batch_size(size_t left)
{
	return left > 2 * TAIL_BYTES ? MIN(left - TAIL_BYTES, BATCH_BYTES) : left;
}

/* The part of the batch that was asked for. */
static size_t take(const struct buf *batch, uint64_t batch_offset, uint64_t offset,
		   size_t size, char *ret)
{
	size_t skip, n;

	if (batch_offset + batch->len <= offset)
		return 0;
	skip = offset > batch_offset ? (size_t)(offset - batch_offset) : 0;
	n = MIN(size, batch->len - skip);
	memcpy(ret, batch->data + skip, n);
	return n;
}

int stream_read(struct request *q, uint64_t node, uint64_t offset, size_t size, char *ret,
		size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf batch = BUF_INIT;
	const struct stream *stream = view_of(node)->stream;
	struct stream_mark mark;
	size_t done = 0;
	int r = begin(q, stream, node, offset, &mark);

	*ret_n = 0;
	while (r == 0 && done < size) {
		uint64_t at = mark.offset;

		buf_reset(&batch);
		r = stream->next(q, node, batch_size(size - done), &mark.key, &batch);
		if (r == 0)
			r = buf_error(&batch);
		if (r || batch.len == 0)
			break;
		mark.offset += batch.len;
		mark_leave(q, &mark);
		done += take(&batch, at, offset + done, size - done, ret + done);
		arena_reset(q->arena);
	}
	*ret_n = done;
	return r;
}
