/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* GUIDs (RFC 9562) of lower-case digits as the 16 bytes they stand for. */

#include <stdbool.h>

#include "util/str.h"

#define GUID_BYTES 16u
#define GUID_TEXT  36u /* 8-4-4-4-12 hex digits */

/* The bytes of the GUID that the text begins with; false: of none that comes back as it was. */
bool guid_read(struct str text, unsigned char ret[GUID_BYTES]) _must_check_;
/* Its text, not terminated. */
void guid_write(const unsigned char bytes[GUID_BYTES], char ret[GUID_TEXT]);
