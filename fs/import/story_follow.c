/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stories that follow from another resource's.
 *
 * A compliance item (AWS::Config::ResourceCompliance) is called TYPE/ID after the resource it is
 * about, and its causes are that resource's: so making its story means correlating the other
 * once more, and whoever remakes the other's story has to have this one made again, too.
 */
#include <errno.h>

#include "story_work.h"

#define COMPLIANCE STR("AWS::Config::ResourceCompliance")

static int find(struct story_work *w, struct str type, struct str rid, int64_t *ret)
{
	struct store_resource found;
	int r = store_resource_lookup(w->s, w->resource.account, w->resource.region, type,
				      rid, w->a, &found);

	*ret = r ? 0 : found.id;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int find_follower(struct story_work *w, int64_t *ret)
{
	_cleanup_(buf_deinit) struct buf rid = BUF_INIT;

	buf_put_str(&rid, w->resource.type);
	buf_put_str(&rid, STR("/"));
	buf_put_str(&rid, w->resource.rid);
	return buf_error(&rid) ? buf_error(&rid)
			       : find(w, COMPLIANCE, buf_str(&rid), ret);
}

static int take_over(struct story_work *w, const struct story_work *subject)
{
	struct correlate_verdict *verdicts =
		arena_zalloc(w->a, (subject->n_events + 1) * sizeof(*verdicts));

	if (!verdicts)
		return -ENOMEM;
	correlate_follow(w->steps, w->n_shown, &subject->in, subject->verdicts,
			 subject->reasons, verdicts, w->reasons);
	w->events = subject->events;
	w->hits = subject->hits;
	w->n_events = subject->n_events;
	w->verdicts = verdicts;
	return 0;
}

int story_follow(struct story_work *w, int64_t *ret_follower)
{
	struct story_work subject = { .s = w->s,
				      .memo = w->memo,
				      .a = w->a,
				      .without_evidence = w->without_evidence };
	ptrdiff_t slash = str_chr(w->resource.rid, '/');
	struct str type;
	int64_t id;
	int r;

	*ret_follower = 0;
	if (!str_eq(w->resource.type, COMPLIANCE))
		return find_follower(w, ret_follower);
	if (slash < 0)
		return 0;
	type = (struct str){ w->resource.rid.p, (size_t)slash };
	r = find(w, type, str_from(w->resource.rid, (size_t)slash + 1), &id);
	if (r || !id || str_eq(type, COMPLIANCE))
		return r;
	r = story_correlate(&subject, id);
	return r || !subject.n_shown ? r : take_over(w, &subject);
}
