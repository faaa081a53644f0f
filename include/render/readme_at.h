/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "util/buf.h"

/* The page in at/: how to name a moment, and what is beneath one. */
void render_readme_at(struct buf *out);
