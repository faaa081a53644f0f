/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What by-id, by-name, by-arn and by-tag have in common: how a name is found in whatever
 * spelling, where a link leads, how it is called among others of its name.
 */

#include "store/names.h"

#include "view.h"

/* Names listed directly in one of the directories at the top; 0 for any other node. */
int64_t names_space(uint64_t node);
uint64_t names_top(int64_t space);

/*
 * The name that `base` and the part of a path make: the part is as it is listed, or plain, or
 * escaped in some other way; of an id or resourceName also without its leading slash, which the
 * kernel swallows.
 */
int names_find(struct request *q, int64_t space, struct str base, struct str part,
	       struct store_key *ret);
/* The directory on the way that they make: plain, since an escaped slash does not divide. */
int names_find_stem(struct request *q, int64_t space, struct str base, struct str part,
		    struct tree_attr *ret);
/* The part with each %XX decoded, whoever escaped what; false when there is none. */
bool names_decode(struct buf *out, struct str part);

/*
 * A name where it is listed: a directory of links where several share it, or a link; with `bare`
 * without its size and time, for which the resource is to be read.
 */
int names_attr(struct request *q, const struct store_key *key, bool bare,
	       struct tree_attr *ret);
/* Lists the names of the space. */
int names_list(struct request *q, int64_t space, uint64_t cookie,
	       const struct tree_lister *lister);
/* The node of a directory of links, and the name it is of. */
int names_key_get(struct request *q, uint64_t node, struct store_key *ret);

/* A link to the resource, of the kind: its target, and its attributes. */
int names_target(enum node_kind kind, const struct store_resource *r, struct buf *out);
int names_link_attr(enum node_kind kind, const struct store_key *key,
		    const struct store_resource *r, struct tree_attr *ret);
/* What the resource is called among those that share a name: its path, commas for slashes. */
int names_member(const struct store_resource *r, struct buf *out);
/* The other way round; a shortened one is TREE_E_NOT_FOUND. */
int names_member_find(struct request *q, struct str name, int64_t *ret_resource);
