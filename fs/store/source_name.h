/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How the name of a source is kept; see source_name.c. */

#include "util/str.h"

/* End to end they are the name. */
struct source_name {
	struct str folder; /* with its slash */
	struct str stem;   /* what files of one kind begin with */
	struct str tail;
};

struct source_name source_name_cut(struct str name);
/* What it is found by. */
int64_t source_name_key(struct str name);
