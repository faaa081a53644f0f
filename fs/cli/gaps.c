/* SPDX-License-Identifier: Apache-2.0 */
/* The part of driftfs status that tells how far what it knows can be relied upon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "model/timestamp.h"
#include "store/coverage.h"
#include "store/recorder.h"
#include "store/sync.h"

#define GAPS_SHOWN    10
#define SOURCES_SHOWN 20

static void print_text(struct str text)
{
	_cleanup_(freep) char *copy = str_dup(text);
	_cleanup_(freep) char *shown = copy ? cli_printable(copy) : NULL;

	fputs(shown ? shown : "?", stdout);
}

static void print_gap(const struct coverage_gap *g)
{
	char time[TIMESTAMP_ISO_SIZE];

	printf("  ");
	print_text(g->account);
	putchar(' ');
	print_text(g->region);
	timestamp_format(g->from_ms, time);
	printf(" %s: %s from %s", coverage_source_name(g->source),
	       coverage_gap_name(g->kind), time);
	if (g->to_ms >= 0) {
		timestamp_format(g->to_ms, time);
		printf(" to %s", time);
	}
	if (g->unknown.n) {
		printf(": ");
		print_text(g->unknown);
	} else if (g->stop) {
		printf(": ");
		print_text(g->stop->call);
		if (g->stop->principal.n)
			printf(" by ");
		print_text(g->stop->principal);
	}
	if (g->unknown.n) {
		printf(": not known is ");
		print_text(g->unknown);
	}
	putchar('\n');
}

int cli_print_gaps(struct store *s)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT;
	struct coverage_control *controls;
	struct recorder_seen *seen;
	struct coverage_day *days;
	size_t n_controls, n_days, n_seen, n;
	int r = store_coverage_days(s, &a, &days, &n_days);

	if (!r)
		r = store_coverage_controls(s, &a, &controls, &n_controls);
	if (!r)
		r = store_recorders(s, &a, &seen, &n_seen);
	if (!r)
		r = recorder_coverage(&a, days, n_days, controls, n_controls, seen,
				      n_seen, &spans, &gaps);
	if (r)
		return r;
	n = gaps.len / sizeof(struct coverage_gap);
	if (n)
		puts("\ngaps");
	for (size_t i = 0; i < MIN(n, (size_t)GAPS_SHOWN); i++)
		print_gap((const struct coverage_gap *)gaps.data + i);
	if (n > GAPS_SHOWN)
		printf("  ... %zu more in status/gaps.tsv\n", n - GAPS_SHOWN);
	return 0;
}

static void print_source(const struct store_health *h)
{
	char time[TIMESTAMP_ISO_SIZE] = "never";

	if (h->success_ms > 0)
		timestamp_format(h->success_ms, time);
	printf("  ");
	print_text(h->source);
	printf(": last success %s", time);
	if (h->failures) {
		printf("; failed %llu time%s since: ", (unsigned long long)h->failures,
		       h->failures == 1 ? "" : "s");
		print_text(h->reason);
	}
	putchar('\n');
}

/* Counts those that are well, or are not; *left is how many may still be printed. */
static int print_sources(struct store *s, bool well, size_t *left, size_t *ret_n)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf after = BUF_INIT;
	struct store_health page[SOURCES_SHOWN];
	size_t n = ARRAY_SIZE(page);
	int r = 0;

	*ret_n = 0;
	while (!r && n == ARRAY_SIZE(page)) {
		arena_reset(&a);
		r = store_healths(s, buf_str(&after), &a, page, ARRAY_SIZE(page), &n);
		for (size_t i = 0; !r && i < n; i++) {
			if (well != !page[i].failures)
				continue;
			if (++*ret_n == 1 && *left == SOURCES_SHOWN)
				puts("\nsources");
			if (*left) {
				print_source(&page[i]);
				--*left;
			}
		}
		buf_reset(&after);
		if (!r && n)
			buf_put_str(&after, page[n - 1].source);
		r = r ? r : buf_error(&after);
	}
	return r;
}

/* Those that fail first: of hundreds of accounts, they are what somebody must look after. */
int cli_print_sources(struct store *s)
{
	size_t left = SOURCES_SHOWN, failing, well = 0;
	int r = print_sources(s, false, &left, &failing);

	if (!r)
		r = print_sources(s, true, &left, &well);
	if (!r && failing + well > SOURCES_SHOWN)
		printf("  ... %zu of %zu fail; all are in status/sources.tsv\n", failing,
		       failing + well);
	return r;
}
