/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Why an operation or an input was turned down, in words for a person. Library code never
 * prints: it fills a fault and returns a code, and the caller decides what to do with it.
 *
 * The error contract of the whole program: 0 is success; a negative errno is fatal and passed
 * up unchanged; a positive PART_E_... is an outcome that the direct caller handles.
 */

#include <stdint.h>

#include "util/macro.h"

#define FAULT_NO_OFFSET UINT64_MAX

struct fault {
	uint64_t offset; /* byte offset in the decompressed source, or FAULT_NO_OFFSET */
	char field[128]; /* the field concerned, "" when none */
	char reason[256]; /* one line, no final newline; control characters escaped by the reader */
};

/* Fills every member; f may be NULL. Overlong texts are cut. */
void fault_set(struct fault *f, uint64_t offset, const char *field, const char *reason,
	       ...) _printf_(4, 5);
