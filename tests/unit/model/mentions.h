/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of mentions share: items, and whether two sides find each other. */

#include "model/mention.h"

static inline bool meet(const struct mention_set *a, const struct mention_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (a->tokens[i] == b->tokens[j])
				return true;
	return false;
}

static inline struct item item_of(const char *type, const char *id, const char *name,
				  const char *arn)
{
	return (struct item){ .account = STR("123456789012"),
			      .region = STR("eu-west-1"),
			      .type = str_of(type),
			      .id = str_of(id),
			      .name = str_of(name),
			      .arn = str_of(arn) };
}
