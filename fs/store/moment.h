/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The listing rows of a resource's states of one moment; see moment.c. */

#include "model/item.h"
#include "run.h"
#include "writer.h"

struct store;

/* The only state of its moment, which the list is of (run.h). */
int moment_list_one(struct store *s, struct resource *res, const struct item *item,
		    int64_t id, struct run_list *list) _must_check_;
/* A state put just now, of a moment that has others. */
int moment_list_another(struct store *s, struct resource *res, int64_t capture_ms,
			int64_t id) _must_check_;
/* Makes the rows of the moment anew from the states there are. */
int moment_list(struct store *s, struct resource *res, int64_t capture_ms) _must_check_;
