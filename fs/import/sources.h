/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is to be imported, one file after the other: the arguments in their order, folders
 * walked depth-first with their entries by name, numbers in them by what they are, so that every
 * import of the same input sees the same sequence. Names only are held, those of the folders on
 * the way down.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/fault.h"

struct sources;

enum source_kind {
	SOURCE_FILE,    /* a regular file */
	SOURCE_STREAM,  /* standard input ("-"), or a pipe named as an argument */
	SOURCE_REFUSED, /* cannot or must not be read: the fault says why */
};

struct source_entry {
	enum source_kind kind;
	bool named;        /* an argument itself, not something met in a folder */
	const char *shown; /* the path as its user would name it; until the next step */
	const char *name;  /* the absolute path, for the ledger; until the next step */
	uint64_t size;
	int64_t version; /* mtime in ns */
	struct fault fault;
};

/* A file that is never a source: the history itself. */
struct sources_config {
	const char *const *paths; /* borrowed */
	size_t n_paths;
	const char *history; /* it and its log are passed over; NULL: none */
};

int sources_new(const struct sources_config *config, struct sources **ret) _must_check_;
struct sources *sources_free(struct sources *s); /* returns NULL */
/* The next one; *ret_more is false at the end. 0 or negative errno (-ENOMEM). */
int sources_next(struct sources *s, struct source_entry *ret,
		 bool *ret_more) _must_check_;
