/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which sources are asked, and with whose credentials: what its user named, multiplied by the
 * roles he gave.
 */

#include "kind.h"
#include "sync/sync.h"

struct sync_planned {
	char *url; /* scheme://[ACCOUNT@]rest: with an account, the role is of that one */
	const struct sync_kind *kind;
	const char *role; /* NULL: the credentials found themselves */
};

struct sync_plan {
	struct buf roles; /* char * each */
	struct buf all;   /* struct sync_planned each */
};

/*
 * The region is for where no source is named; "": none. 0, SYNC_E_SOURCE with the fault,
 * -ENOMEM; to be freed in any case.
 */
int sync_plan_make(struct sync_plan *p, const struct sync_options *o, const char *region,
		   struct fault *f) _must_check_;
void sync_plan_deinit(struct sync_plan *p);

static inline size_t sync_plan_count(const struct sync_plan *p)
{
	return p->all.len / sizeof(struct sync_planned);
}
static inline struct sync_planned *sync_plan_at(const struct sync_plan *p, size_t i)
{
	return (struct sync_planned *)p->all.data + i;
}

/* What stands behind scheme://, and behind an account there. */
struct str sync_place(const char *url);
