/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import as its user sees it: a bar or lines while it runs, refusals as they come, and in one
 * line what came of it.
 */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "util/buf.h"

#define REFUSED_SHOWN 20
#define BAR_WIDTH     30

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

void show_progress(void *ctx, const struct import_progress *p)
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

void show_refused(void *ctx, const char *source, const struct fault *f)
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
void show_failed(void *ctx, const char *source, const struct fault *f)
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
	return r->refused ? EXIT_REFUSED : EXIT_DONE;
}

void show_begin(struct show *show)
{
	show->terminal = isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &show->last);
}

int show_end(struct show *show, const char *history, int result,
	     const struct import_report *report, const struct fault *f)
{
	clear_bar(show);
	if (result)
		return cli_fault(history, f);
	if (show->refused > REFUSED_SHOWN && !show->verbose)
		fprintf(stderr,
			"driftfs: and %llu more; `driftfs status --refused %s` lists all\n",
			(unsigned long long)(show->refused - REFUSED_SHOWN), history);
	return summarize(report);
}
