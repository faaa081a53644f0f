/* SPDX-License-Identifier: Apache-2.0 */
/* The words and options of sync, from the command line and from driftfs.ini. */
#include "sync_words.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "model/timestamp.h"
#include "sync_config.h"
#include "sync_process.h"

/* a,b,c */
static bool read_list(const char *list, struct sync_list *ret)
{
	char *text = strdup(list);

	free(ret->text);
	ret->text = text;
	ret->n = 0;
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		if (ret->n == SYNC_LIST_MAX)
			return false;
		ret->all[ret->n++] = word;
	}
	return true;
}

static bool read_number(const char *text, long most, unsigned *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > most)
		return false;
	*ret = (unsigned)n;
	return true;
}

enum {
	OPT_PROFILE = 256,
	OPT_REGION,
	OPT_ROLE,
	OPT_EXTERNAL_ID,
	OPT_ENDPOINT,
	OPT_CA,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_ACCOUNTS,
	OPT_REGIONS,
	OPT_PAYER,
	OPT_FOLLOW,
	OPT_INTERVAL,
	OPT_TIMEOUT,
	OPT_AGGREGATOR,
	OPT_METRIC,
	OPT_CONFIG,
	OPT_CHECK,
	OPT_POLICY,
	OPT_EVENTS,
};

static const struct option options[] = {
	CLI_OPTIONS,
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "region", required_argument, NULL, OPT_REGION },
	{ "role-arn", required_argument, NULL, OPT_ROLE },
	{ "external-id", required_argument, NULL, OPT_EXTERNAL_ID },
	{ "endpoint-url", required_argument, NULL, OPT_ENDPOINT },
	{ "ca-bundle", required_argument, NULL, OPT_CA },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "accounts", required_argument, NULL, OPT_ACCOUNTS },
	{ "regions", required_argument, NULL, OPT_REGIONS },
	{ "request-payer", no_argument, NULL, OPT_PAYER },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "aggregator", required_argument, NULL, OPT_AGGREGATOR },
	{ "metric", required_argument, NULL, OPT_METRIC },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "print-policy", no_argument, NULL, OPT_POLICY },
	{ "events", required_argument, NULL, OPT_EVENTS },
	{ "jobs", required_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

static bool read_time(const char *text, int64_t *ret)
{
	return timestamp_parse(str_of(text), ret) == 0;
}

static void add_metric(struct sync_words *a, const char *text)
{
	if (sync_check_metric(text, &a->fault))
		a->wrong = a->fault.reason;
	else if (a->metrics.n == SYNC_LIST_MAX)
		a->wrong = "--metric is given too often";
	else
		a->metrics.all[a->metrics.n++] = text;
}

static void read_value(struct sync_words *a, int c)
{
	struct sync_options *o = &a->sync;

	switch (c) {
	case OPT_SINCE:
		if (!read_time(optarg, &o->since_ms))
			a->wrong = "--since takes a time, such as 2024-05-01";
		break;
	case OPT_UNTIL:
		if (!read_time(optarg, &o->until_ms))
			a->wrong = "--until takes a time, such as 2024-05-01";
		break;
	case OPT_ACCOUNTS:
		if (!read_list(optarg, &a->accounts))
			a->wrong = "--accounts has too many";
		break;
	case OPT_REGIONS:
		if (!read_list(optarg, &a->regions))
			a->wrong = "--regions has too many";
		break;
	case OPT_METRIC:
		add_metric(a, optarg);
		break;
	case OPT_INTERVAL:
		if (!read_number(optarg, 86400, &a->interval_s))
			a->wrong = "--interval takes seconds, from 1 to 86400";
		break;
	case OPT_TIMEOUT:
		if (!read_number(optarg, 3600, &a->timeout_s))
			a->wrong = "--timeout takes seconds, from 1 to 3600";
		break;
	case OPT_EVENTS:
		o->import.all_events = !strcmp(optarg, "all");
		if (!o->import.all_events && strcmp(optarg, "write") != 0)
			a->wrong = "--events takes write or all";
		break;
	case 'j':
		if (!read_number(optarg, 64, &o->import.workers))
			a->wrong = "-j takes a number from 1 to 64";
		break;
	default:
		break;
	}
}

static bool read_option(struct sync_words *a, int c);

/* Those of the command line stand instead of the file's. */
static void add_role(struct sync_words *a, const char *arn)
{
	if (a->roles_are_read && !a->reading)
		a->roles.n = 0;
	a->roles_are_read = a->reading;
	if (sync_check_role(arn, &a->fault))
		a->wrong = a->fault.reason;
	else if (a->roles.n == SYNC_LIST_MAX)
		a->wrong = "--role-arn is given too often";
	else
		a->roles.all[a->roles.n++] = arn;
}

/* An option of the command line without its dashes; one without a value is yes or no. */
static const char *set_option(struct sync_words *a, const struct option *o, char *value)
{
	bool yes = !strcmp(value, "yes");

	if (o->val == OPT_CONFIG || o->val == OPT_CHECK || o->val == OPT_POLICY ||
	    o->val == 'h' || o->val == 'V')
		return "is for the command line only";
	if (o->has_arg == no_argument && !yes)
		return strcmp(value, "no") ? "is yes or no" : NULL;
	optarg = value;
	(void)read_option(a, o->val);
	return a->wrong;
}

static const char *set(void *ctx, const char *key, char *value)
{
	struct sync_words *a = ctx;

	if (!strcmp(key, "source")) {
		if (sync_check_source(value, &a->fault))
			return a->fault.reason;
		if (a->sources.n == SYNC_LIST_MAX)
			return "too many sources";
		a->sources.all[a->sources.n++] = value;
		return NULL;
	}
	for (const struct option *o = options; o->name; o++)
		if (!strcmp(o->name, key))
			return set_option(a, o, value);
	return "no such key";
}

static void read_config(struct sync_words *a, const char *path)
{
	struct fault f = { 0 };
	int r;

	free(a->config);
	a->config = NULL;
	a->sources.n = 0;
	a->metrics.n = 0;
	a->roles.n = 0;
	a->reading = true;
	r = sync_config_read(path, set, a, &a->config, &f);
	a->reading = false;
	if (r == 0)
		return;
	a->fault = f;
	a->wrong = a->fault.reason;
}

/* true: it was one of ours. */
static bool read_option(struct sync_words *a, int c)
{
	struct sync_options *o = &a->sync;

	switch (c) {
	case OPT_PROFILE:
		o->aws.profile = optarg;
		return true;
	case OPT_REGION:
		o->aws.region = optarg;
		return true;
	case OPT_ROLE:
		add_role(a, optarg);
		return true;
	case OPT_EXTERNAL_ID:
		o->aws.external_id = optarg;
		return true;
	case OPT_ENDPOINT:
		o->aws.endpoint_url = optarg;
		return true;
	case OPT_CA:
		o->aws.ca_file = optarg;
		return true;
	case OPT_CONFIG:
		a->configured = true;
		read_config(a, optarg);
		return true;
	case OPT_CHECK:
		a->check = true;
		return true;
	case OPT_POLICY:
		a->policy = true;
		return true;
	case OPT_AGGREGATOR:
		o->aggregator = optarg;
		return true;
	case OPT_PAYER:
		o->requester_pays = true;
		return true;
	case OPT_FOLLOW:
		o->follow = true;
		return true;
	case 'q':
		a->show.quiet = true;
		return true;
	case 'v':
		a->show.verbose = true;
		return true;
	default:
		read_value(a, c);
		return c == 'j' || (c >= OPT_PROFILE && c <= OPT_EVENTS);
	}
}

void sync_words_deinit(struct sync_words *a)
{
	free(a->accounts.text);
	free(a->regions.text);
	free(a->config);
}

static void words_begin(struct sync_words *a)
{
	*a = (struct sync_words){
		.sync = { .import = { .wait = true,
				      .progress = show_progress,
				      .refused = show_refused,
				      .failed = show_failed,
				      .ctx = &a->show },
			  .aws = { .ask_mfa = sync_ask_mfa, .stop = sync_stop_flag() },
			  .since_ms = INT64_MIN,
			  .until_ms = INT64_MAX,
			  .stop = sync_stop_flag() },
	};
}

static void place_words(struct sync_words *a, char **words, size_t n)
{
	struct sync_options *o = &a->sync;
	bool history = n && !strstr(words[0], "://");

	if (history) {
		o->import.history = words[0];
		words++;
		n--;
	}
	o->import.sources = n ? (const char *const *)words : a->sources.all;
	o->import.n_sources = n ? n : a->sources.n;
	o->accounts = a->accounts.all;
	o->n_accounts = a->accounts.n;
	o->roles = a->roles.all;
	o->n_roles = a->roles.n;
	o->regions = a->regions.all;
	o->n_regions = a->regions.n;
	o->metrics = a->metrics.all;
	o->n_metrics = a->metrics.n;
	o->interval_ms = a->interval_s * 1000;
	o->aws.stall_ms = a->timeout_s * 1000;
}

int sync_words_read(const struct command *command, int argc, char **argv,
		    struct sync_words *a)
{
	int c;

	words_begin(a);
	optind = 0; /* anew, also a second time */
	while ((c = getopt_long(argc, argv, "hVj:qv", options, NULL)) != -1) {
		if (!read_option(a, c))
			return cli_option(command, c);
		if (a->wrong && a->wrong == a->fault.reason)
			return cli_fail("%s", a->wrong);
		if (a->wrong)
			return cli_usage(command, "%s", a->wrong);
	}
	place_words(a, argv + optind, (size_t)(argc - optind));
	if (a->policy || a->check || a->sync.import.history)
		return -1;
	return cli_usage(command, "no history was named");
}
