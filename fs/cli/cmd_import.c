/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs import: takes deliveries in, and says in one line what came of it. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "import/import.h"
#include "model/change.h"
#include "util/buf.h"

#define REFUSED_SHOWN 20
#define BAR_WIDTH     30

struct show {
	bool terminal, quiet, verbose, drawn;
	uint64_t refused;
	struct timespec last;
};

/* Not oftener than ten times a second on a terminal, every ten seconds elsewhere. */
static bool due(struct show *show)
{
	struct timespec now;
	double since;

	clock_gettime(CLOCK_MONOTONIC, &now);
	since = (double)(now.tv_sec - show->last.tv_sec) +
		(double)(now.tv_nsec - show->last.tv_nsec) / 1e9;
	if (since < (show->terminal ? 0.1 : 10))
		return false;
	show->last = now;
	return true;
}

static void on_progress(void *ctx, const struct import_progress *p)
{
	struct show *show = ctx;
	const char *what = p->phase == IMPORT_READING ? "reading" : "finding causes";
	double part = p->total ? (double)p->done / (double)p->total : 1;
	char events[CLI_COUNT_SIZE], items[CLI_COUNT_SIZE];

	if (show->quiet || !due(show))
		return;
	part = MIN(part, 1.0);
	cli_count(p->counts.events, events);
	cli_count(p->counts.items, items);
	if (show->terminal) {
		int full = (int)(part * BAR_WIDTH);

		fprintf(stderr, "\r\033[K%-14s [%.*s%*s] %3.0f %%  %s events, %s items",
			what, full, "##############################", BAR_WIDTH - full,
			"", part * 100, events, items);
		show->drawn = true;
	} else {
		fprintf(stderr, "%s: %.0f %%, %s events, %s items\n", what, part * 100,
			events, items);
	}
}

static void clear_bar(struct show *show)
{
	if (show->drawn)
		fputs("\r\033[K", stderr);
	show->drawn = false;
}

static void on_refused(void *ctx, const char *source, const struct fault *f)
{
	struct show *show = ctx;
	_cleanup_(freep) char *name = cli_printable(source);
	_cleanup_(freep) char *field = cli_printable(f->field);
	_cleanup_(freep) char *reason = cli_printable(f->reason);

	if (++show->refused > REFUSED_SHOWN && !show->verbose)
		return;
	clear_bar(show);
	if (!name || !field || !reason)
		return;
	fprintf(stderr, "driftfs: %s", name);
	if (f->offset != FAULT_NO_OFFSET)
		fprintf(stderr, ":%llu", (unsigned long long)f->offset);
	fprintf(stderr, ": %s%s%s\n", field, *field ? ": " : "", reason);
}

/* However many of them: each was asked for by its name. */
static void on_failed(void *ctx, const char *source, const struct fault *f)
{
	struct show *show = ctx;

	clear_bar(show);
	(void)cli_fault(source, f);
}

/* ", 12 things" behind the first part; nothing of what there is none of. */
static void add_part(struct buf *line, uint64_t n, const char *one, const char *many)
{
	char text[CLI_COUNT_SIZE];

	if (n)
		buf_printf(line, "%s%s %s", line->len ? ", " : "", cli_count(n, text),
			   n == 1 ? one : many);
}

/* 816 events, 234 items of 122 resources in 77 files, 2,084 read-only calls skipped, 0 refused */
static int summarize(const struct import_report *r)
{
	_cleanup_(buf_deinit) struct buf line = BUF_INIT;
	char text[CLI_COUNT_SIZE];

	add_part(&line, r->counts.events, "event", "events");
	add_part(&line, r->counts.items, "item", "items");
	if (r->counts.items)
		buf_printf(&line, " of %s %s", cli_count(r->resources, text),
			   r->resources == 1 ? "resource" : "resources");
	add_part(&line, r->counts.transitions, "alarm transition", "alarm transitions");
	if (!line.len && !r->files && !r->files_known && !r->counts.refused &&
	    r->sources_failed)
		return EXIT_FAILED; /* all that there is to say was said */
	if (!line.len)
		buf_put_text(&line, "nothing new");
	if (r->files)
		buf_printf(&line, " in %s %s", cli_count(r->files, text),
			   r->files == 1 ? "file" : "files");
	add_part(&line, r->counts.duplicates, "already known", "already known");
	add_part(&line, r->files_known, "file unchanged", "files unchanged");
	add_part(&line, r->counts.notices, "notice", "notices");
	add_part(&line, r->counts.skipped, "read-only call skipped",
		 "read-only calls skipped");
	buf_printf(&line, ", %s refused", cli_count(r->counts.refused, text));
	add_part(&line, r->sources_failed, "source not read", "sources not read");
	buf_put_char(&line, '\n');
	if (buf_error(&line))
		return cli_fail("%s", strerror(ENOMEM));
	if (fwrite(line.data, 1, line.len, stdout) != line.len || fflush(stdout))
		return cli_fail("standard output: %s", strerror(errno));
	if (r->sources_failed)
		return EXIT_FAILED;
	return r->counts.refused ? EXIT_REFUSED : EXIT_DONE;
}

static int run_import(struct import_options *o, struct show *show)
{
	struct import_report report;
	struct fault f = { 0 };
	bool wait = o->wait;
	int r;

	/* The first try does not wait, so that there is something to say before waiting. */
	o->wait = false;
	r = import_run(o, &report, &f);
	if (r == STORE_E_BUSY && wait) {
		fprintf(stderr, "driftfs: another import is writing to %s; waiting\n",
			o->history);
		o->wait = true;
		r = import_run(o, &report, &f);
	}
	clear_bar(show);
	if (r)
		return cli_fault(o->history, &f);
	if (show->refused > REFUSED_SHOWN && !show->verbose)
		fprintf(stderr,
			"driftfs: and %llu more; `driftfs status --refused %s` lists all\n",
			(unsigned long long)(show->refused - REFUSED_SHOWN), o->history);
	return summarize(&report);
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
		{ 0 }
	};
	struct show show = { .terminal = isatty(STDERR_FILENO) };
	struct import_options o = { .wait = true,
				    .progress = on_progress,
				    .refused = on_refused,
				    .failed = on_failed,
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
		default:
			return cli_option(command, c);
		}
	status = cli_check_words(command, argc - optind, 2, INT_MAX);
	if (status != EXIT_DONE)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &show.last);
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
		"imported); 2 wrong usage; 3 done, but some input was refused.\n\n"
		"      --events=write|all   which CloudTrail records are taken in: those that may change\n"
		"                           something, those that open a session, and those that were\n"
		"                           refused (write, the default), or read-only calls as well\n"
		"                           (all), those skipped by an earlier import, too\n"
		"  -j, --jobs N             worker threads (1 to 64; one per processor)\n"
		"  -q, --quiet              no progress\n"
		"  -v, --verbose            name every refusal, not only the first twenty\n"
		"      --no-wait            fail when another import is writing, instead of waiting\n"
		"      --without-evidence=NAME  look for causes without this piece of evidence, to\n"
		"                           measure its worth\n"
		"  -h, --help               this text\n"
		"  -V, --version            the version\n",
	.run = run,
};
