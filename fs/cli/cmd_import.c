/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs import: takes deliveries in, and says in one line what came of it. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "import/import.h"
#include "model/change.h"
#include "show.h"

/*
 * An import takes all processors for as long as it lasts: whoever reads meanwhile, in a mount or
 * otherwise, goes first. Where nobody does, it is as fast as ever.
 */
#define NICE 10

static int run_import(struct import_options *o, struct show *show)
{
	struct import_report report;
	struct fault f = { 0 };
	bool wait = o->wait;
	int r;

	(void)!nice(
		NICE); /* it cannot be refused; at the end of the range it changes nothing */
	/* The first try does not wait, so that there is something to say before waiting. */
	o->wait = false;
	r = import_run(o, &report, &f);
	if (r == STORE_E_BUSY && wait) {
		fprintf(stderr, "driftfs: another import is writing to %s; waiting\n",
			o->history);
		o->wait = true;
		r = import_run(o, &report, &f);
	}
	return show_end(show, o->history, r, &report, &f);
}

static bool read_jobs(const char *text, unsigned *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > 64)
		return false;
	*ret = (unsigned)n;
	return true;
}

/* Twelve digits. */
static bool is_account(const char *text)
{
	return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* As in eu-west-1: what a name of a directory can be made of as it is. */
static bool is_region(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* By the name it has in the output. */
static bool add_evidence(const char *name, uint32_t *bits)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++)
		if (!strcmp(name, evidence_name((enum evidence)e))) {
			*bits |= 1u << e;
			return true;
		}
	return false;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		CLI_OPTIONS,
		{ "events", required_argument, NULL, 'e' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ "without-evidence", required_argument, NULL, 'w' },
		{ "account", required_argument, NULL, 'A' },
		{ "region", required_argument, NULL, 'R' },
		{ 0 }
	};
	struct show show = { 0 };
	struct import_options o = { .wait = true,
				    .progress = show_progress,
				    .refused = show_refused,
				    .failed = show_failed,
				    .ctx = &show };
	int c, status;

	while ((c = getopt_long(argc, argv, "hVj:qv", options, NULL)) != -1)
		switch (c) {
		case 'e':
			o.all_events = !strcmp(optarg, "all");
			if (!o.all_events && strcmp(optarg, "write") != 0)
				return cli_usage(command, "--events takes write or all");
			break;
		case 'j':
			if (!read_jobs(optarg, &o.workers))
				return cli_usage(command,
						 "-j takes a number from 1 to 64");
			break;
		case 'q':
			show.quiet = true;
			break;
		case 'v':
			show.verbose = true;
			break;
		case 'n':
			o.wait = false;
			break;
		case 'w':
			if (!add_evidence(optarg, &o.without_evidence))
				return cli_usage(
					command,
					"--without-evidence takes a name of evidence");
			break;
		case 'A':
			if (!is_account(optarg))
				return cli_usage(command,
						 "--account takes twelve digits");
			o.account = optarg;
			break;
		case 'R':
			if (!is_region(optarg))
				return cli_usage(
					command,
					"--region takes a region such as us-east-1");
			o.region = optarg;
			break;
		default:
			return cli_option(command, c);
		}
	if (!o.account != !o.region)
		return cli_usage(command, "--account and --region go together");
	status = cli_check_words(command, argc - optind, 2, INT_MAX);
	if (status != EXIT_DONE)
		return status;
	if (show.quiet)
		o.progress =
			NULL; /* nor are the sources looked through to know how much there is */
	show_begin(&show);
	o.history = argv[optind];
	o.sources = (const char *const *)(argv + optind + 1);
	o.n_sources = (size_t)(argc - optind - 1);
	return run_import(&o, &show);
}

const struct command command_import = {
	.name = "import",
	.synopsis = "[OPTION]... HISTORY SOURCE...",
	.summary = "Takes in what AWS Config, CloudTrail and CloudWatch deliver",
	.options =
		"SOURCE is a file, a folder, or - for standard input; what a file is, is told from its\n"
		"content. What is in HISTORY already is skipped.\n"
		"Exit status: 0 done; 1 failed, or a SOURCE could not be read (the others are\n"
		"imported); 2 wrong usage; 3 done, but some input was refused.\n"
		"It runs at a lower priority than what started it (by 10, see nice(1)).\n"
		"Refused is JSON nested deeper than 512, a record of more than 64 MiB, and\n"
		"what gzip made of a source beyond 64 GiB or 200 times its size; see driftfs(1), LIMITS.\n\n"
		"      --events=write|all   which CloudTrail records are taken in: those that may change\n"
		"                           something, those that open a session, and those that were\n"
		"                           refused (write, the default), or read-only calls as well\n"
		"                           (all), those skipped by an earlier import, too\n"
		"      --account=ID --region=R  whose alarms those are whose source names neither account\n"
		"                           nor region (answers of describe-alarm-history)\n"
		"  -j, --jobs N             threads, one of which writes (1 to 64; one per processor)\n"
		"  -q, --quiet              no progress\n"
		"  -v, --verbose            name every refusal, not only the first twenty\n"
		"      --no-wait            fail when another import is writing, instead of waiting\n"
		"      --without-evidence=NAME  look for causes without this piece of evidence, to\n"
		"                           measure its worth\n"
		"  -h, --help               this text\n"
		"  -V, --version            the version\n",
	.run = run,
};
