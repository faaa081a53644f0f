/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON texts of one kind with what is alike in them coded in a byte or two: a phrase is what stands
 * between a value and the next, the names of members with their quotes and brackets, and the literals
 * true, false and null. Which there are is learned from samples. Texts of CloudTrail take half of their
 * bytes so, and pack to three quarters of what they packed to.
 *
 * Any bytes can be coded, and come back as they were. A table never changes; the caller keeps
 * which texts were coded with which.
 */

#include "util/buf.h"
#include "util/str.h"

struct phrases;

/*
 * Appends the table of phrases that the samples, laid end to end, have in common: nothing, when
 * there is none that pays for itself. 0 or -ENOMEM.
 */
int phrases_learn(struct str samples, const size_t *lengths, size_t n,
		  struct buf *ret) _must_check_;
/* Copies the table. -EBADMSG: it is none, -ENOMEM. */
int phrases_new(struct str table, struct phrases **ret) _must_check_;
struct phrases *phrases_free(struct phrases *p); /* returns NULL */

/* Appends the text coded. Without phrases (NULL) it is its own code. */
void phrases_put(const struct phrases *p, struct str text, struct buf *out);
/* Appends the text of a code; false: it is no code of these phrases. */
bool phrases_take(const struct phrases *p, struct str coded,
		  struct buf *out) _must_check_;
