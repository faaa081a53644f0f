/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs status: what is in a history, from when to when, and what was refused. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model/timestamp.h"
#include "store/read.h"
#include "tree/tree.h"
#include "util/json_build.h"

#define PAGE          128
#define REFUSED_SHOWN 10
#define COLUMNS       8

static void store_closep(struct store **s)
{
	store_close(*s);
}

static void json_build_freep(struct json_build **b)
{
	json_build_free(*b);
}

static const char *time_text(int64_t ms, char ret[TIMESTAMP_ISO_SIZE])
{
	if (ms < 0)
		return "-";
	timestamp_format(ms, ret);
	return ret;
}

/* For a terminal; malloc'ed. */
static char *printable(struct str s)
{
	_cleanup_(freep) char *text = str_dup(s);

	return text ? cli_printable(text) : NULL;
}

/* --- for people ---------------------------------------------------------------------------- */

static void print_line(const char *what, uint64_t n, int64_t first, int64_t last)
{
	char count[CLI_COUNT_SIZE], a[TIMESTAMP_ISO_SIZE], b[TIMESTAMP_ISO_SIZE];

	printf("%-18s %12s", what, cli_count(n, count));
	if (n && first >= 0)
		printf("   %s to %s", time_text(first, a), time_text(last, b));
	putchar('\n');
}

static int print_totals(struct store *s, uint64_t files)
{
	struct store_totals t;
	int r = store_totals(s, &t);

	if (r)
		return r;
	print_line("resources", t.resources, -1, -1);
	print_line("items", t.items, t.item_first_ms, t.item_last_ms);
	print_line("states", t.states, -1, -1);
	print_line("events", t.events, t.event_first_ms, t.event_last_ms);
	print_line("alarm transitions", t.transitions, -1, -1);
	if (t.points)
		print_line("metric points", t.points, -1, -1);
	if (t.keys)
		print_line("public keys", t.keys, -1, -1);
	print_line("sources", t.sources, -1, -1);
	print_line("notices", t.notices, -1, -1);
	print_line("calls skipped", t.skipped, -1, -1);
	print_line("refused", t.refused, -1, -1);
	if (t.remade)
		print_line("lists remade", t.remade, -1, -1);
	print_line("bytes", t.bytes, -1, -1);
	print_line("files", files, -1, -1);
	return 0;
}

/* The cells of a row of the table, from the left; malloc'ed. */
static int tally_cells(const struct store_tally *t, char *cells[COLUMNS])
{
	char count[CLI_COUNT_SIZE], resources[CLI_COUNT_SIZE];
	char first[TIMESTAMP_ISO_SIZE], last[TIMESTAMP_ISO_SIZE];
	const struct str texts[COLUMNS] = {
		t->what,
		t->account,
		t->region,
		t->type,
		str_of(cli_count(t->n, count)),
		str_of(t->resources ? cli_count(t->resources, resources) : "-"),
		str_of(time_text(t->first_ms, first)),
		str_of(time_text(t->last_ms, last)),
	};

	for (size_t c = 0; c < COLUMNS; c++) {
		cells[c] = printable(texts[c]);
		if (!cells[c])
			return -ENOMEM;
	}
	return 0;
}

static void print_row(char *const cells[COLUMNS], const size_t widths[COLUMNS])
{
	for (size_t c = 0; c < COLUMNS; c++) {
		bool number = c == 4 || c == 5;
		/* No spaces at the end of a line. */
		int width = c + 1 < COLUMNS ? (int)widths[c] : 0;

		printf("%*s%s", number ? width : -width, cells[c],
		       c + 1 < COLUMNS ? "  " : "\n");
	}
}

/* `cells` has the heading and n rows. */
static void print_table(char *const *cells, size_t n)
{
	size_t widths[COLUMNS] = { 0 };

	for (size_t i = 0; i < (n + 1) * COLUMNS; i++)
		widths[i % COLUMNS] = MAX(widths[i % COLUMNS], strlen(cells[i]));
	putchar('\n');
	for (size_t i = 0; i <= n; i++)
		print_row(cells + i * COLUMNS, widths);
}

static int print_tallies(struct store *s)
{
	static const char *const heading[COLUMNS] = { "what",   "account",
						      "region", "type or source",
						      "count",  "resources",
						      "first",  "last" };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_tally *tallies;
	char **cells;
	size_t n;
	int r = store_tallies(s, &a, &tallies, &n);

	if (r || !n)
		return r;
	cells = calloc((n + 1) * COLUMNS, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	for (size_t c = 0; c < COLUMNS && !r; c++) {
		cells[c] = strdup(heading[c]);
		r = cells[c] ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < n && !r; i++)
		r = tally_cells(&tallies[i], cells + (i + 1) * COLUMNS);
	if (!r)
		print_table(cells, n);
	for (size_t i = 0; i < (n + 1) * COLUMNS; i++)
		free(cells[i]);
	free(cells);
	return r;
}

static int print_refusal(void *ctx _unused_, const struct store_refusal *f)
{
	_cleanup_(freep) char *source = printable(f->source);
	_cleanup_(freep) char *field = printable(f->field);
	_cleanup_(freep) char *reason = printable(f->reason);
	char length[CLI_COUNT_SIZE];

	if (!source || !field || !reason)
		return -ENOMEM;
	if (f->offset == FAULT_NO_OFFSET)
		printf("%s: ", source);
	else
		printf("%s:%llu: ", source, (unsigned long long)f->offset);
	printf("%s%s%s (%s bytes)\n", field, *field ? ": " : "", reason,
	       cli_count(f->length, length));
	return 0;
}

/* Calls back with all refusals, or the first `most` of them; *ret_more: there are others. */
static int each_refusal(struct store *s, size_t most,
			int (*each)(void *ctx, const struct store_refusal *f), void *ctx,
			bool *ret_more)
{
	struct store_refusal page[PAGE];
	int64_t after = 0;
	size_t n = 0;

	*ret_more = false;
	do {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		int r = store_refusals(s, after, &a, page, PAGE, &n);

		for (size_t i = 0; i < n && !r; i++) {
			after = page[i].id;
			*ret_more = most-- == 0;
			if (*ret_more)
				return 0;
			r = each(ctx, &page[i]);
		}
		if (r)
			return r;
	} while (n == PAGE);
	return 0;
}

static int print_refusals(struct store *s, bool all)
{
	struct store_totals t;
	bool more = false;
	int r = store_totals(s, &t);

	if (!r && !all && t.refused)
		puts("\nrefused");
	if (!r)
		r = each_refusal(s, all ? SIZE_MAX : REFUSED_SHOWN, print_refusal, NULL,
				 &more);
	if (!r && more)
		puts("... --refused lists all");
	return r;
}

static int each_skipped(struct store *s,
			int (*each)(void *ctx, const struct store_skipped *k), void *ctx)
{
	struct store_skipped page[PAGE];
	int64_t after = 0;
	size_t n = 0;

	do {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		int r = store_skipped_calls(s, after, &a, page, PAGE, &n);

		for (size_t i = 0; i < n && !r; i++) {
			after = page[i].id;
			if (page[i].n)
				r = each(ctx, &page[i]);
		}
		if (r)
			return r;
	} while (n == PAGE);
	return 0;
}

static int print_skipped(void *ctx _unused_, const struct store_skipped *k)
{
	_cleanup_(freep) char *service = printable(k->service);
	_cleanup_(freep) char *name = printable(k->name);
	char count[CLI_COUNT_SIZE];

	if (!service || !name)
		return -ENOMEM;
	printf("%12s  %s %s\n", cli_count(k->n, count), service, name);
	return 0;
}

/* --- for programs -------------------------------------------------------------------------- */

static void build_time(struct json_build *b, const char *key, int64_t ms)
{
	char text[TIMESTAMP_ISO_SIZE];

	if (ms < 0)
		json_build_null(b, key);
	else
		json_build_text(b, key, str_of(time_text(ms, text)));
}

static void build_totals(struct json_build *b, const struct store_totals *t)
{
	json_build_integer(b, "resources", (int64_t)t->resources);
	json_build_integer(b, "items", (int64_t)t->items);
	json_build_integer(b, "states", (int64_t)t->states);
	json_build_integer(b, "events", (int64_t)t->events);
	json_build_integer(b, "transitions", (int64_t)t->transitions);
	json_build_integer(b, "metricPoints", (int64_t)t->points);
	json_build_integer(b, "publicKeys", (int64_t)t->keys);
	json_build_integer(b, "sources", (int64_t)t->sources);
	json_build_integer(b, "notices", (int64_t)t->notices);
	json_build_integer(b, "skipped", (int64_t)t->skipped);
	json_build_integer(b, "refused", (int64_t)t->refused);
	json_build_integer(b, "listsRemade", (int64_t)t->remade);
	json_build_integer(b, "bytes", (int64_t)t->bytes);
	build_time(b, "itemFirst", t->item_first_ms);
	build_time(b, "itemLast", t->item_last_ms);
	build_time(b, "eventFirst", t->event_first_ms);
	build_time(b, "eventLast", t->event_last_ms);
}

static void build_tally(struct json_build *b, const struct store_tally *t)
{
	json_build_object(b, NULL);
	json_build_text(b, "what", t->what);
	json_build_text(b, "account", t->account);
	json_build_text(b, "region", t->region);
	json_build_text(b, "type", t->type);
	json_build_integer(b, "count", (int64_t)t->n);
	json_build_integer(b, "resources", (int64_t)t->resources);
	build_time(b, "first", t->first_ms);
	build_time(b, "last", t->last_ms);
	json_build_end(b);
}

static int build_refusal(void *ctx, const struct store_refusal *f)
{
	struct json_build *b = ctx;

	json_build_object(b, NULL);
	json_build_text(b, "source", f->source);
	if (f->offset == FAULT_NO_OFFSET)
		json_build_null(b, "offset");
	else
		json_build_integer(b, "offset", (int64_t)f->offset);
	json_build_text(b, "field", f->field);
	json_build_text(b, "reason", f->reason);
	json_build_integer(b, "length", (int64_t)f->length);
	json_build_end(b);
	return 0;
}

static int build_skipped(void *ctx, const struct store_skipped *k)
{
	struct json_build *b = ctx;

	json_build_object(b, NULL);
	json_build_text(b, "eventSource", k->service);
	json_build_text(b, "eventName", k->name);
	json_build_integer(b, "count", (int64_t)k->n);
	json_build_end(b);
	return 0;
}

static int print_json(struct store *s, uint64_t files, bool all)
{
	_cleanup_(json_build_freep) struct json_build *b = json_build_new();
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct store_tally *tallies;
	struct store_totals totals;
	bool more;
	size_t n;
	int r = b ? store_totals(s, &totals) : -ENOMEM;

	if (!r)
		r = store_tallies(s, &a, &tallies, &n);
	if (r)
		return r;
	build_totals(b, &totals);
	json_build_integer(b, "files", (int64_t)files);
	json_build_array(b, "tallies");
	for (size_t i = 0; i < n; i++)
		build_tally(b, &tallies[i]);
	json_build_end(b);
	json_build_array(b, "refusals");
	r = each_refusal(s, all ? SIZE_MAX : REFUSED_SHOWN, build_refusal, b, &more);
	json_build_end(b);
	json_build_array(b, "skippedCalls");
	if (!r)
		r = each_skipped(s, build_skipped, b);
	json_build_end(b);
	if (!r)
		r = json_build_write(b, &out);
	if (!r)
		fwrite(out.data, 1, out.len, stdout);
	return r;
}

/* ------------------------------------------------------------------------------------------- */

/* How many regular files a mount has: what find -type f counts. */
static int count_files(const char *history, uint64_t *ret)
{
	struct tree_totals totals;
	struct tree *t = NULL;
	struct fault f;
	int r = tree_open(history, &t, &f);

	if (!r)
		r = tree_totals(t, &totals);
	if (!r)
		*ret = totals.files;
	tree_close(t);
	return r > 0 ? -EIO : r;
}

enum what { ALL, SKIPPED, REFUSED };

static int print(struct store *s, uint64_t files, bool json, enum what what)
{
	bool refused = what == REFUSED;
	int r;

	if (json)
		return print_json(s, files, refused);
	if (refused)
		return print_refusals(s, true);
	if (what == SKIPPED)
		return each_skipped(s, print_skipped, NULL);
	r = print_totals(s, files);
	if (!r)
		r = print_tallies(s);
	if (!r)
		r = cli_print_gaps(s);
	if (!r)
		r = cli_print_sources(s);
	return r ? r : print_refusals(s, false);
}

static int show(const char *history, bool json, enum what what)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct fault f = { 0 };
	uint64_t files = 0;
	int r = store_open(history, STORE_READ, false, &s, &f);

	if (r)
		return cli_fault(history, &f);
	r = count_files(history, &files);
	if (r)
		return cli_fail("%s: %s", history, strerror(-r));
	r = store_read_begin(s);
	if (!r) {
		r = print(s, files, json, what);
		store_read_end(s);
	}
	if (r)
		return cli_fail("%s: %s", history,
				r == -ENOMEM ? strerror(ENOMEM) : store_message(s));
	if (fflush(stdout) || ferror(stdout))
		return cli_fail("standard output: %s", strerror(errno));
	return EXIT_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { CLI_OPTIONS,
						 { "json", no_argument, NULL, 'j' },
						 { "refused", no_argument, NULL, 'r' },
						 { "skipped", no_argument, NULL, 's' },
						 { 0 } };
	enum what what = ALL;
	bool json = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1)
		if (c == 'j')
			json = true;
		else if (c == 'r')
			what = REFUSED;
		else if (c == 's')
			what = SKIPPED;
		else
			return cli_option(command, c);
	status = cli_check_words(command, argc - optind, 1, 1);
	if (status != EXIT_DONE)
		return status;
	return show(argv[optind], json, what);
}

const struct command command_status = {
	.name = "status",
	.synopsis = "[OPTION]... HISTORY",
	.summary = "Tells what is in a history, from when to when, and what was refused",
	.options =
		"      --json      as one JSON object; with --refused, with every refusal\n"
		"      --refused   every refusal: file, byte offset, field, reason, length\n"
		"      --skipped   read-only calls that were not taken in, by service and name\n"
		"  -h, --help      this text\n"
		"  -V, --version   the version\n",
	.run = run,
};
