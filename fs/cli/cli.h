/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The program's face: one file a subcommand, each ending in its descriptor. Only this part
 * prints. Exit statuses are those of DESIGN: 0 done, 1 failed, 2 wrong usage, 3 done with
 * refusals.
 */

#include <stdint.h>

#include "util/fault.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

struct command {
	const char *name;
	const char *synopsis; /* behind "driftfs NAME " */
	const char *summary;  /* one line */
	const char *options; /* the --help text's list, lines indented by two; may be "" */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_import;
extern const struct command command_mount;
extern const struct command command_ls;
extern const struct command command_cat;
extern const struct command command_status;

/* For a command's option loop: --help on standard output, a usage error on standard error. */
int cli_help(const struct command *command);
int cli_usage(const struct command *command);
/* "driftfs: " and the message, on standard error; gives EXIT_FAILED. */
int cli_fail(const char *format, ...) _printf_(1, 2);
/* The fault of an operation on a thing: "driftfs: THING: REASON". */
int cli_fault(const char *thing, const struct fault *f);
/* 1234567 as 1,234,567; the text lives in ret. */
#define CLI_COUNT_SIZE 32
const char *cli_count(uint64_t n, char ret[CLI_COUNT_SIZE]);
/* Copies text with control bytes as \xXX, for a terminal; malloc'ed. */
char *cli_printable(const char *text);
