/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sync beside a mount, in one process: a thread that follows the sources for as long as the mount
 * is served. Nothing that fails in it ends the mount.
 */

#include <pthread.h>

#include "sync_words.h"

struct sync_service {
	const struct command *command;
	int argc;
	char **argv;             /* as of sync; read again when it begins anew */
	struct sync_words words; /* under way */
	int lock_fd;             /* the history's writer lock, until the process ends */
	pthread_t thread;
	bool running;
	void (*notice)(void *ctx, const char *text); /* what its user should know */
	void *ctx;
};

/*
 * Reads the words, takes the history's lock and makes it if there is none; before a fork, and
 * without a thread. < 0: go on; else the exit status, all being said.
 */
int sync_service_prepare(struct sync_service *s) _must_check_;
/* Starts it, in the process that stays. 0 or negative errno. */
int sync_service_start(struct sync_service *s) _must_check_;
/* Ends it and waits: what came in is committed. */
void sync_service_stop(struct sync_service *s);
void sync_service_deinit(struct sync_service *s);
