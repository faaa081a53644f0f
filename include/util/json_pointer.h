/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON pointers (RFC 6901), as json_diff.h has them. */

#include "util/arena.h"
#include "util/json.h"

/*
 * The member name that a part of a pointer stands for: "k8s.io~1role" is "k8s.io/role". The part itself
 * or in the arena. 0 or -ENOMEM.
 */
int json_pointer_member(struct arena *a, struct str part, struct str *ret) _must_check_;

/*
 * What the value that the pointer leads to stands in, be it there or not, borrowed from v; NULL: there
 * is no such thing. 0 or -ENOMEM.
 */
int json_pointer_holder(struct arena *a, const struct jv *v, struct str pointer,
			const struct jv **ret) _must_check_;
