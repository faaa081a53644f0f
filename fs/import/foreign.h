/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a source is that is not JSON. */

#include <stdbool.h>

#include "util/str.h"

/* By its first bytes: ", but a zip archive"; empty for what is not known. */
const char *foreign_kind(struct str head);
/* What CloudWatch Logs puts into a bucket to see whether it may export there. */
bool foreign_is_write_test(struct str head);
