/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ways to a resource besides its path: its id, every name, ARN and tag it ever had. A name is
 * looked up by the file name it is listed as (name_escape()). Listings go on behind the cookie
 * of the last entry, in an order that neither additions nor removals disturb.
 */

#include "store/read.h"

/* Where a name is one: ids, resourceNames, ARNs, or, above 0, the values of that tag's key. */
#define STORE_SPACE_IDS   INT64_C(-3)
#define STORE_SPACE_ARNS  INT64_C(-2)
#define STORE_SPACE_NAMES INT64_C(-1)

/* A name, and how many resources have it. */
struct store_key {
	int64_t space;
	int64_t id; /* among STORE_SPACE_IDS: the first resource of it; else a number of its own */
	struct str text;
	uint64_t n;
	int64_t newest_ms; /* newest capture time of theirs */
	int64_t resource;  /* the first of them */
	uint64_t cookie;   /* below 2^62, never 0 */
};
/* The space matters only in that it is or is not STORE_SPACE_IDS. */
int store_key_get(struct store *s, int64_t space, int64_t id, struct arena *a,
		  struct store_key *ret) _must_check_;
int store_key_find(struct store *s, int64_t space, struct str file_name, struct arena *a,
		   struct store_key *ret) _must_check_;
/*
 * Lists a space from behind a cookie (0: all of it) until visit() returns false. It may ask the store
 * for anything else meanwhile.
 */
int store_keys(struct store *s, int64_t space, uint64_t after, struct arena *a,
	       bool (*visit)(void *ctx, const struct store_key *key),
	       void *ctx) _must_check_;
/*
 * All names of a space that is no ids', in the order of their listing. They are read in the order of
 * their rows: of many a fraction of what store_keys() takes. STORE_E_LARGE: there are more than max.
 */
int store_keys_all(struct store *s, int64_t space, size_t max, struct arena *a,
		   struct store_key **ret, size_t *ret_n) _must_check_;
/* Are there more than n, as near as can be told cheaply: of ids the resources that have them count. */
int store_keys_more(struct store *s, int64_t space, size_t n, bool *ret) _must_check_;
/* Does the resource have it? 0 or STORE_E_NOT_FOUND. */
int store_key_has(struct store *s, const struct store_key *key,
		  int64_t resource) _must_check_;
/* Those that have it, after that row, with account, region, type and id. */
int store_key_resources(struct store *s, const struct store_key *key, int64_t after,
			struct arena *a, struct store_resource *ret, size_t n,
			size_t *ret_n) _must_check_;

/* A tag's key; its values are the names in the space of its id. */
struct store_tag {
	int64_t id;
	struct str text;
	int64_t newest_ms;
};
int store_tag_get(struct store *s, int64_t id, struct arena *a,
		  struct store_tag *ret) _must_check_;
int store_tag_find(struct store *s, struct str file_name, struct arena *a,
		   struct store_tag *ret) _must_check_;
int store_tags(struct store *s, int64_t after, struct arena *a, struct store_tag *ret,
	       size_t n, size_t *ret_n) _must_check_;

/* What names, ARNs or ids of the space begin with, up to a slash: a directory on the way. */
struct store_stem {
	int64_t id, space;
	struct str text; /* with the slash */
};
int store_stem_get(struct store *s, int64_t id, struct arena *a,
		   struct store_stem *ret) _must_check_;
int store_stem_find(struct store *s, int64_t space, struct str text,
		    int64_t *ret_id) _must_check_;
