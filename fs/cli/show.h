/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What import and sync show of their work; the callbacks are those of struct import_options. */

#include <stdbool.h>
#include <time.h>

#include "import/import.h"

struct show {
	bool terminal, quiet, verbose, drawn;
	uint64_t refused;
	struct timespec last;
};

void show_begin(struct show *show);
void show_progress(void *ctx, const struct import_progress *p);
void show_refused(void *ctx, const char *source, const struct fault *f);
void show_failed(void *ctx, const char *source, const struct fault *f);
/* The summary on standard output, or why it failed; gives the exit status. */
int show_end(struct show *show, const char *history, int result,
	     const struct import_report *report, const struct fault *f);
