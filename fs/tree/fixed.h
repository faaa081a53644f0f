/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is always there: directories with a fixed list of entries, and pages that are rendered to
 * learn their size, which costs little, and kept.
 */

#include "view.h"

struct fixed_entry {
	struct str name;
	uint64_t node; /* its view tells its attributes */
	bool unsized;  /* a file whose size costs something: a listing does without */
};

/* The operations of a directory with these entries. */
int fixed_lookup(struct request *q, const struct fixed_entry *entries, size_t n,
		 struct str name, struct tree_attr *ret) _must_check_;
int fixed_readdir(struct request *q, const struct fixed_entry *entries, size_t n,
		  uint64_t cookie, const struct tree_lister *lister) _must_check_;

/* A page's attributes, all but its time. */
int fixed_page_attr(struct request *q, uint64_t node, struct tree_attr *ret) _must_check_;
/* The `files` of a view that is one file. */
int fixed_one_file(struct request *q, uint64_t node, uint64_t *ret);
