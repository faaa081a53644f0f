/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * driftfs.ini: lines of KEY = VALUE, empty ones and comments (# or ;), and the one section [sync],
 * which may be left out.
 */

#include "util/fault.h"

/*
 * Calls set() for each line, in order, which gives NULL or what is wrong with it. *ret_text holds the values, to be freed by the caller. 0, or
 * 1 with a fault that begins with the file's name and the line's number.
 */
int sync_config_read(const char *path,
		     const char *(*set)(void *ctx, const char *key, char *value),
		     void *ctx, char **ret_text, struct fault *f) _must_check_;
