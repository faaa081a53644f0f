/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Percent-encoding taken off (RFC 3986, section 2.1; for forms the URL standard's
 * application/x-www-form-urlencoded). What is no escape stands for itself: what comes in was
 * encoded by many hands.
 */

#include "util/arena.h"
#include "util/str.h"

/* The byte that the three at the start, "%2F" or "%2f", stand for; -1: they are no escape. */
int percent_byte(struct str s) _pure_;
/* In the arena; p is NULL when out of memory. */
struct str percent_decode(struct arena *a, struct str s) _must_check_;
/* Likewise, a plus being a blank. */
struct str percent_decode_form(struct arena *a, struct str s) _must_check_;
