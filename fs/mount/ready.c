/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A queue: the reader takes from its front, makers add at its end. A directory that is not in it is
 * where the reader went instead; what comes behind that one is expected then.
 */

#include "ready.h"

#include <string.h>

#include "util/macro.h"

bool ready_wants(const struct ready *r)
{
	return r->last && r->n < READY && r->bytes < READY_BYTES;
}

bool ready_take(struct ready *r, uint64_t last, uint64_t next)
{
	if (r->last != last || !ready_wants(r))
		return false;
	r->last = next;
	if (next)
		r->dirs[r->n++] = (struct ready_dir){ .dir = next };
	return next;
}

void ready_made(struct ready *r, uint64_t dir, size_t bytes)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct ready_dir *d = &r->dirs[i];

		if (d->dir != dir)
			continue;
		r->bytes += bytes - d->bytes;
		d->bytes = bytes;
	}
}

static void forget(struct ready *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		r->bytes -= r->dirs[i].bytes;
	r->n -= n;
	memmove(r->dirs, r->dirs + n, r->n * sizeof(r->dirs[0]));
}

void ready_advance(struct ready *r, uint64_t dir)
{
	unsigned i = 0;

	while (i < r->n && r->dirs[i].dir != dir)
		i++;
	if (i == r->n)
		r->last = dir;
	forget(r, MIN(i + 1, r->n));
}

void ready_forget(struct ready *r)
{
	r->last = 0;
	forget(r, r->n);
}
