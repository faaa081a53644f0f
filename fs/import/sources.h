/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What there is to read: the files behind the arguments of an import. */

#include <stddef.h>
#include <stdint.h>

#include "util/fault.h"

struct source_file {
	char *path; /* absolute; "-" for standard input */
	uint64_t size;
	int64_t version; /* modification time in nanoseconds */
};

struct source_list {
	struct source_file *files;
	size_t n, cap;
};

typedef int (*source_refuse_fn)(void *ctx, const char *path, const struct fault *f);

/*
 * Folders are walked in order of names; links found on the way are not followed, those given
 * are. The history itself and its companions are left out. What cannot be read or is no file
 * is handed to refuse. -ENOENT with f filled when a source given is not there.
 */
int source_list_fill(struct source_list *list, const char *const *given, size_t n,
		     const char *history, source_refuse_fn refuse, void *ctx,
		     struct fault *f) _must_check_;
void source_list_deinit(struct source_list *list);
