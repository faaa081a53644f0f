/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For changes of what is told alone, with no table of theirs. A story that is gone on with trusts what
 * was told of the calls before (import/story_settled.c): told by other rules, they would be missed, or
 * stay. So where calls are judged otherwise than before, every story is made anew as a whole.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char anew[] =
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* clang-format on */

const char *const schema_anew[] = { anew, NULL };
