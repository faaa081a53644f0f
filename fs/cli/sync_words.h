/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What sync is told, by its command line and by driftfs.ini; `driftfs mount --sync` has the same
 * words behind its mount point.
 */

#include "cli.h"
#include "show.h"
#include "sync/sync.h"

#define SYNC_LIST_MAX 1024

struct sync_list {
	const char *all[SYNC_LIST_MAX];
	size_t n;
	char *text; /* owned; what they are cut out of */
};

struct sync_words {
	struct sync_options sync; /* points into what stands below: not to be moved */
	struct sync_list accounts, regions, roles;
	bool reading, roles_are_read; /* the configuration; it gave them */
	struct show show;
	unsigned interval_s, timeout_s;
	struct sync_list metrics;
	struct sync_list sources; /* of the configuration */
	char *config;             /* its text */
	bool configured, check, policy;
	struct fault fault; /* of the configuration */
	const char *wrong;  /* what is wrong with an option's value */
};

/* < 0: go on; else the exit status, all being said. To be freed in any case. */
int sync_words_read(const struct command *command, int argc, char **argv,
		    struct sync_words *a) _must_check_;
void sync_words_deinit(struct sync_words *a);
