/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who goes by a name; see alias.c. */

#include <stdint.h>

#include "util/buf.h"

struct store;

/* Appends int64_t each: the resources that have the token among their aliases. */
int alias_resources(struct store *s, uint64_t token, struct buf *ret) _must_check_;
