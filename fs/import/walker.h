/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walks the sources on a thread of its own, some files ahead of the one that writes: a folder that
 * has not been read for long is waited for, and each of its files is looked at, while that one has
 * better to do. The calls are one thread's.
 */

#include <stdbool.h>

#include "pipeline.h"
#include "sources.h"

struct walker;

enum {
	_WALKER_E_SUCCESS,
	WALKER_E_END,   /* there are no more files */
	WALKER_E_LATER, /* none has been found just now */
};

/* Takes the sources over, also where it fails. 0 or negative errno. */
int walker_new(struct sources *sources, struct walker **ret) _must_check_;
/* Stops wherever it is; returns NULL. */
struct walker *walker_free(struct walker *w);
/* The next file, which is the caller's then; waited for if `wait`. 0, WALKER_E_..., negative errno. */
int walker_next(struct walker *w, bool wait, struct import_file **ret) _must_check_;
