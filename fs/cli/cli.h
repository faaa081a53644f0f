/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The program's face: one file a subcommand, each ending in its descriptor. Only this part
 * prints. Exit statuses are those of DESIGN: 0 done, 1 failed, 2 wrong usage, 3 done with
 * refusals.
 */

#include <stdbool.h>
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
extern const struct command command_sync;

/* As `command_mount`, but called by mount(8), which adds words of its own to the options. */
extern const struct command command_mount_helper;

/* What every command has among its long options; getopt_long(3) gives 'h' and 'V'. */
#define CLI_OPTIONS                               \
	{ "help", no_argument, NULL, 'h' },       \
	{                                         \
		"version", no_argument, NULL, 'V' \
	}
/*
 * For a command's option loop, c being none of its own: --help and --version on standard output,
 * or how it is used on standard error, where getopt has said what is wrong.
 */
int cli_option(const struct command *command, int c);
int cli_help(const struct command *command);
/* "driftfs NAME: " and what is wrong, then how it is used; gives EXIT_USAGE. */
int cli_usage(const struct command *command, const char *format, ...) _printf_(2, 3);
/* The same for words that are missing, or too many: there are n, from least to most. */
int cli_check_words(const struct command *command, int n, int least, int most);
/* "driftfs: " and the message, on standard error; gives EXIT_FAILED. */
int cli_fail(const char *format, ...) _printf_(1, 2);
/* The fault of an operation on a thing: "driftfs: THING: REASON". */
int cli_fault(const char *thing, const struct fault *f);
/* 1234567 as 1,234,567; the text lives in ret. */
#define CLI_COUNT_SIZE 32
const char *cli_count(uint64_t n, char ret[CLI_COUNT_SIZE]);
/* A path that does must name a directory. */
bool cli_ends_in_slash(const char *path) _pure_;
/* Copies text with control bytes as \xXX, for a terminal; malloc'ed. */
char *cli_printable(const char *text);

struct tree;
/* Of a path that leads nowhere: from where on; gives EXIT_FAILED. */
int cli_missing(struct tree *t, const char *path);

struct store;
/* The gaps in what the history knows, the first of them; nothing where there is none. */
int cli_print_gaps(struct store *s) _must_check_;
/* How the sources of sync are; nothing where there is none. */
int cli_print_sources(struct store *s) _must_check_;
