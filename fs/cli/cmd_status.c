/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs status: what is in a history, from when to when, and what was refused. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "model/timestamp.h"
#include "store/read.h"

#define PAGE          128
#define REFUSED_SHOWN 10

static void store_closep(struct store **s)
{
	store_close(*s);
}

static const char *time_text(int64_t ms, char ret[TIMESTAMP_ISO_SIZE])
{
	if (ms < 0)
		return "-";
	timestamp_format(ms, ret);
	return ret;
}

static void print_line(const char *what, uint64_t n, int64_t first, int64_t last)
{
	char count[CLI_COUNT_SIZE], a[TIMESTAMP_ISO_SIZE], b[TIMESTAMP_ISO_SIZE];

	printf("%-18s %12s", what, cli_count(n, count));
	if (n && first >= 0)
		printf("   %s to %s", time_text(first, a), time_text(last, b));
	putchar('\n');
}

static int print_totals(struct store *s)
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
	print_line("sources", t.sources, -1, -1);
	print_line("notices", t.notices, -1, -1);
	print_line("refused", t.refused, -1, -1);
	print_line("bytes", t.bytes, -1, -1);
	return 0;
}

static int print_tallies(struct store *s)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_tally *tallies;
	size_t n;
	int r = store_tallies(s, &a, &tallies, &n);

	if (r || n == 0)
		return r;
	printf("\n%-7s %-13s %-15s %-44s %10s %10s  %-24s  %s\n", "what", "account",
	       "region", "type or source", "count", "resources", "first", "last");
	for (size_t i = 0; i < n; i++) {
		const struct store_tally *t = &tallies[i];
		char count[CLI_COUNT_SIZE], resources[CLI_COUNT_SIZE];
		char first[TIMESTAMP_ISO_SIZE], last[TIMESTAMP_ISO_SIZE];

		printf("%-7.*s %-13.*s %-15.*s %-44.*s %10s %10s  %-24s  %s\n",
		       STR_ARGS(t->what), STR_ARGS(t->account), STR_ARGS(t->region),
		       STR_ARGS(t->type), cli_count(t->n, count),
		       t->resources ? cli_count(t->resources, resources) : "-",
		       time_text(t->first_ms, first), time_text(t->last_ms, last));
	}
	return 0;
}

static void print_refusal(const struct store_refusal *f)
{
	_cleanup_(freep) char *source = str_dup(f->source);
	_cleanup_(freep) char *field = str_dup(f->field);
	_cleanup_(freep) char *reason = str_dup(f->reason);
	_cleanup_(freep) char *a = source ? cli_printable(source) : NULL;
	_cleanup_(freep) char *b = field ? cli_printable(field) : NULL;
	_cleanup_(freep) char *c = reason ? cli_printable(reason) : NULL;

	if (!a || !b || !c)
		return;
	if (f->offset == FAULT_NO_OFFSET)
		printf("%s: ", a);
	else
		printf("%s:%llu: ", a, (unsigned long long)f->offset);
	printf("%s%s%s (%llu bytes kept)\n", b, *b ? ": " : "", c,
	       (unsigned long long)f->length);
}

static int print_refusals(struct store *s, bool all)
{
	struct store_refusal page[PAGE];
	int64_t after = 0;
	size_t n = 0, shown = 0;

	do {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		int r = store_refusals(s, after, &a, page, PAGE, &n);

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			after = page[i].id;
			if (!all && shown == REFUSED_SHOWN) {
				puts("... --refused lists all");
				return 0;
			}
			if (shown++ == 0 && !all)
				puts("\nrefused:");
			print_refusal(&page[i]);
		}
	} while (n == PAGE);
	return 0;
}

static void json_text(struct buf *out, const char *key, struct str value)
{
	buf_printf(out, "\"%s\":", key);
	jv_write_string(out, value);
}

static void json_totals(struct buf *out, const struct store_totals *t)
{
	buf_printf(
		out,
		"{\"resources\":%llu,\"items\":%llu,\"states\":%llu,\"events\":%llu,"
		"\"transitions\":%llu,\"refused\":%llu,\"sources\":%llu,\"notices\":%llu,"
		"\"bytes\":%llu,\"itemFirst\":%lld,\"itemLast\":%lld,\"eventFirst\":%lld,"
		"\"eventLast\":%lld,\"tallies\":[",
		(unsigned long long)t->resources, (unsigned long long)t->items,
		(unsigned long long)t->states, (unsigned long long)t->events,
		(unsigned long long)t->transitions, (unsigned long long)t->refused,
		(unsigned long long)t->sources, (unsigned long long)t->notices,
		(unsigned long long)t->bytes, (long long)t->item_first_ms,
		(long long)t->item_last_ms, (long long)t->event_first_ms,
		(long long)t->event_last_ms);
}

static int print_json(struct store *s)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct store_tally *tallies;
	struct store_totals totals;
	size_t n;
	int r = store_totals(s, &totals);

	if (!r)
		r = store_tallies(s, &a, &tallies, &n);
	if (r)
		return r;
	json_totals(&out, &totals);
	for (size_t i = 0; i < n; i++) {
		buf_put_text(&out, i ? ",{" : "{");
		json_text(&out, "what", tallies[i].what);
		buf_put_char(&out, ',');
		json_text(&out, "account", tallies[i].account);
		buf_put_char(&out, ',');
		json_text(&out, "region", tallies[i].region);
		buf_put_char(&out, ',');
		json_text(&out, "type", tallies[i].type);
		buf_printf(&out,
			   ",\"n\":%llu,\"resources\":%llu,\"first\":%lld,\"last\":%lld}",
			   (unsigned long long)tallies[i].n,
			   (unsigned long long)tallies[i].resources,
			   (long long)tallies[i].first_ms, (long long)tallies[i].last_ms);
	}
	buf_put_text(&out, "]}\n");
	r = buf_error(&out);
	if (!r)
		fwrite(out.data, 1, out.len, stdout);
	return r;
}

static int show(const char *history, bool json, bool refused)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct fault f = { 0 };
	int r = store_open(history, STORE_READ, false, &s, &f);

	if (r)
		return cli_fault(history, &f);
	r = store_read_begin(s);
	if (!r && json)
		r = print_json(s);
	else if (!r && refused)
		r = print_refusals(s, true);
	else if (!r) {
		r = print_totals(s);
		if (!r)
			r = print_tallies(s);
		if (!r)
			r = print_refusals(s, false);
	}
	if (r)
		return cli_fail("%s: %s", history, store_message(s));
	store_read_end(s);
	return EXIT_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
						 { "json", no_argument, NULL, 'j' },
						 { "refused", no_argument, NULL, 'r' },
						 { 0 } };
	bool json = false, refused = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		if (c == 'h')
			return cli_help(command);
		else if (c == 'j')
			json = true;
		else if (c == 'r')
			refused = true;
		else
			return cli_usage(command);
	if (argc - optind != 1)
		return cli_usage(command);
	return show(argv[optind], json, refused);
}

const struct command command_status = {
	.name = "status",
	.synopsis = "[OPTION]... HISTORY",
	.summary = "Tells what is in a history, from when to when, and what was refused",
	.options =
		"      --json      the same as one JSON object, times in milliseconds\n"
		"      --refused   every refusal: file, byte offset, field, reason\n"
		"  -h, --help      this text\n",
	.run = run,
};
