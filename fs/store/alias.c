/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of resources. The list of their hashes has 32 bits of each; whether a resource has the
 * whole of it is told by its own set. The rest is in story.c, which puts them.
 */
#include "alias.h"

#include <endian.h>

#include "private.h"

struct search {
	struct store *s;
	uint64_t token; /* least byte first, as in the set */
	struct buf *found;
};

static int look_at(void *ctx, const struct posting *p, bool *more _unused_)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct search *c = ctx;
	struct str set;
	int r = sql_get(c->s, Q_ALIASES_OF_RESOURCE, ARGS(INT(p->event)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	set = col_str(q, 0);
	for (size_t at = 0; at + sizeof(c->token) <= set.n; at += sizeof(c->token)) {
		if (memcmp(set.p + at, &c->token, sizeof(c->token)))
			continue;
		buf_put(c->found, &p->event, sizeof(p->event));
		break;
	}
	return buf_error(c->found);
}

int alias_resources(struct store *s, uint64_t token, struct buf *ret)
{
	struct search c = { s, htole64(token), ret };
	struct posting p = posting_of_hash(token, 0);

	return postings_each(s, POSTING_ALIAS, p.key, p.time_ms, p.time_ms, look_at, &c);
}
