/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What one event is to one resource, whatever the change: its object, a bystander, nothing. */

#include "naming.h"

enum part {
	PART_NONE,
	PART_BYSTANDER, /* named, made or removed beside it: only what the change shows can tell */
	PART_SIDE, /* came with what the call made, or went with what it removed */
	PART_SUB,  /* the call made something under the resource: counts where it shows */
	PART_OBJECT,  /* the call is on this resource */
	PART_MAKER,   /* the call made it */
	PART_REMOVER, /* the call removed it */
};

struct judgement {
	enum part part;
	bool on_it;   /* names it as its object, whatever it did with it */
	bool makes;   /* its verb is one that makes something */
	bool changes; /* its verb neither makes nor removes */
	bool tags;    /* sets or removes tags */
	bool inert;   /* a write that changes no configuration */
	struct naming naming;
	uint32_t evidence;
};

/*
 * `before` is the state the event met (NULL: none yet), `after` the one it may have led to.
 * Evidence bits in `disabled` are not looked at.
 *
 * Stories that are gone on with trust what was told of older calls (import/story_settled.c), be it by
 * an older program: where `on_it` comes to hold for more calls than it did, all stories have to be
 * made as a whole once, by a migration (store/schema/anew.c).
 */
void judge(const struct event *e, const struct item *item, const struct jv *before,
	   const struct jv *after, uint32_t disabled, struct judgement *ret);
