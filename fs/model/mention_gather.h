/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A set of tokens in the making. */

#include "model/mention.h"

#define TOKEN_MIN 2       /* shorter strings name nothing that a request could mean */
#define TOKEN_MAX 1100    /* the longest ARN or id, with room */
#define MARK_MADE "made:" /* of what a call made or removed */

struct gather {
	struct arena *arena;
	uint64_t *tokens;
	size_t n, max;
	const char *mark; /* "" or the prefix of marked tokens */
	struct mention_scope scope;
	bool numbers; /* take twelve digits (an account id) as a name */
};

int gather_init(struct gather *g, struct arena *a, size_t max) _must_check_;
void gather_add(struct gather *g, struct str name);
/*
 * A name and the forms it is shortened to: the resource part of an ARN, that without its kind
 * ("app/name/hash"), and the last segment of anything with slashes or colons.
 */
void gather_add_forms(struct gather *g, struct str name);
/* Sorted, each once. */
void gather_finish(struct gather *g, struct mention_set *ret);

/* i-0123456789abcdef0, an ARN: nobody else's name, whatever the case. */
bool mention_is_unique(struct str s) _pure_;
/* Could this string name a resource? */
bool mention_names_something(const struct gather *g, struct str s);
/* The ARN's last part ("role/path/name"), empty for what is no ARN. */
struct str mention_arn_resource(struct str s) _pure_;
/* What metrics may call the item by. */
void mention_add_watched(struct gather *g, const struct item *item);
