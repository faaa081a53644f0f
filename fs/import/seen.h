/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Records of which the very bytes have been taken in by this import, an item each that the history
 * has or has a fuller copy of. AWS Config repeats every state in each snapshot until the next one:
 * to parse it again and to look for it among those of its resource is most of what it costs.
 *
 * Who parses asks, who writes tells and has the last word: what was seen may have been ousted by
 * another content since it was asked for. Old ones give way to new ones, so "not seen" means nothing.
 * Any thread may call.
 */

#include <stdbool.h>

#include "util/fingerprint.h"
#include "util/macro.h"
#include "util/str.h"

struct seen;

/* 0 or negative errno. */
int seen_new(struct seen **ret) _must_check_;
struct seen *seen_free(struct seen *s); /* returns NULL */

/* What the record is known by; what it means depends on the array that it stood in, too. */
struct fingerprint seen_mark(const struct seen *s, struct str container, struct str text);
bool seen_has(struct seen *s, struct fingerprint mark);
void seen_put(struct seen *s, struct fingerprint mark);
/* One of them is not what the history has any more. */
void seen_forget(struct seen *s);
