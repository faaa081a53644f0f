/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether the rules that a call authorised or revoked came or went between two states. */

#include "model/event.h"

enum rules_effect {
	RULES_UNKNOWN, /* no such call, or it names its rules by another means */
	RULES_SHOWN,
	RULES_HIDDEN,
};

/* Is it such a call? Of all others the effect is unknown. */
bool rules_are_named(struct str event_name);
/* Canonical bodies; `before` may be NULL. */
enum rules_effect rules_effect(const struct event *e, const struct jv *before,
			       const struct jv *after);
