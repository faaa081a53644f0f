/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What sync asks of its process. Signals are a process's, and so are the flags they set.
 */

#include <stdbool.h>

/* Not 0: what is under way is to end. */
const volatile int *sync_stop_flag(void);
/* Both may be called by a signal's handler. */
void sync_end(void);
void sync_reload(void);
bool sync_is_ended(void);
/* Was it to end only to begin anew? Then the flag is taken back. */
bool sync_begins_anew(void);

/* SIGTERM and SIGINT end it. */
void sync_catch_signals(void);
/* SIGHUP begins it anew. */
void sync_catch_reload(void);
void sync_forbid_core_dumps(void);
/* A code from the terminal, not shown while it is typed. 0, or -1: there is nobody. */
int sync_ask_mfa(void *ctx, const char *serial, char ret[16]);
