/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs sync: takes deliveries from where AWS keeps them. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "aws/client.h"
#include "cli.h"
#include "import/sync.h"
#include "model/timestamp.h"
#include "show.h"
#include "sync_config.h"

#define LIST_MAX 1024

/* Set by signals; the only variables that a handler can reach. */
static volatile int stopped;
static volatile sig_atomic_t
	reload; /* to begin anew, with the configuration as it is then */

static void on_signal(int number)
{
	reload = number == SIGHUP && (reload || !stopped);
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
}

static void catch_signals(bool reloads)
{
	const struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	if (reloads)
		(void)sigaction(SIGHUP, &stop, NULL);
}

/* What is in memory here may sign requests. The limit does not bind a program that the kernel
   hands dumps to; the second setting does. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A line that is not shown while it is typed; a signal ends the waiting. */
static char *read_hidden(FILE *terminal, char ret[16])
{
	const struct sigaction stop = { .sa_handler = on_signal };
	struct termios shown, hidden;
	bool hides = tcgetattr(fileno(terminal), &shown) == 0;
	char *line;

	if (hides) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
	}
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	line = fgets(ret, 16, terminal);
	catch_signals(false);
	if (hides)
		(void)tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
	return line;
}

static int ask_mfa(void *ctx, const char *serial, char ret[16])
{
	FILE *terminal = fopen("/dev/tty", "r+");
	char *line;

	(void)ctx;
	if (!terminal)
		return -1;
	fprintf(terminal, "MFA code of %s: ", serial);
	fflush(terminal);
	line = read_hidden(terminal, ret);
	fputc('\n', terminal);
	(void)fclose(terminal);
	if (!line)
		return -1;
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

/* --- options -------------------------------------------------------------------------------- */

struct words {
	const char *all[LIST_MAX];
	size_t n;
	char *text; /* owned; what they are cut out of */
};

/* a,b,c */
static bool read_list(const char *list, struct words *ret)
{
	char *text = strdup(list);

	free(ret->text);
	ret->text = text;
	ret->n = 0;
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		if (ret->n == LIST_MAX)
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
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "print-policy", no_argument, NULL, OPT_POLICY },
	{ "events", required_argument, NULL, OPT_EVENTS },
	{ "jobs", required_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

struct arguments {
	struct sync_options sync;
	struct words accounts, regions, roles;
	bool reading, roles_are_read; /* the configuration; it gave them */
	struct show show;
	unsigned interval_s, timeout_s;
	struct words sources; /* of the configuration */
	char *config;         /* its text */
	bool configured, check, policy;
	struct fault fault; /* of the configuration */
	const char *wrong;  /* what is wrong with an option's value */
};

static bool read_time(const char *text, int64_t *ret)
{
	return timestamp_parse(str_of(text), ret) == 0;
}

static void read_value(struct arguments *a, int c)
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

static bool read_option(struct arguments *a, int c);

/* Those of the command line stand instead of the file's. */
static void add_role(struct arguments *a, const char *arn)
{
	if (a->roles_are_read && !a->reading)
		a->roles.n = 0;
	a->roles_are_read = a->reading;
	if (sync_check_role(arn, &a->fault))
		a->wrong = a->fault.reason;
	else if (a->roles.n == LIST_MAX)
		a->wrong = "--role-arn is given too often";
	else
		a->roles.all[a->roles.n++] = arn;
}

/* An option of the command line without its dashes; one without a value is yes or no. */
static const char *set_option(struct arguments *a, const struct option *o, char *value)
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
	struct arguments *a = ctx;

	if (!strcmp(key, "source")) {
		if (sync_check_source(value, &a->fault))
			return a->fault.reason;
		if (a->sources.n == LIST_MAX)
			return "too many sources";
		a->sources.all[a->sources.n++] = value;
		return NULL;
	}
	for (const struct option *o = options; o->name; o++)
		if (!strcmp(o->name, key))
			return set_option(a, o, value);
	return "no such key";
}

static void read_config(struct arguments *a, const char *path)
{
	struct fault f = { 0 };
	int r;

	free(a->config);
	a->config = NULL;
	a->sources.n = 0;
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
static bool read_option(struct arguments *a, int c)
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

/* --- the command ---------------------------------------------------------------------------- */

static int run_sync(struct arguments *a)
{
	struct sync_report report = { 0 };
	struct fault f = { 0 };
	int r;

	show_begin(&a->show);
	r = sync_run(&a->sync, &report, &f);
	if (r == SYNC_E_SOURCE || r == SYNC_E_AWS)
		return cli_fail("%s", f.reason);
	report.import.files_known += report.objects_known;
	return show_end(&a->show, a->sync.import.history, r, &report.import, &f);
}

static int put_out(const struct buf *out)
{
	fwrite(out->data, 1, out->len, stdout);
	return fflush(stdout) ? cli_fail("standard output: %s", strerror(errno))
			      : EXIT_DONE;
}

static int print_policy(const struct arguments *a)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct fault f = { 0 };
	int r = sync_policy(&a->sync, &out, &f);

	if (r)
		return cli_fail("%s", r > 0 ? f.reason : strerror(-r));
	return put_out(&out);
}

/* Without a call: are there sources, and are all of them some? */
static int check_sources(const struct arguments *a)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct fault f = { 0 };
	int r = sync_list(&a->sync, &out, &f);

	if (r)
		return cli_fail("%s", r > 0 ? f.reason : strerror(-r));
	return put_out(&out);
}

static void arguments_deinit(struct arguments *a)
{
	free(a->accounts.text);
	free(a->regions.text);
	free(a->config);
}

static void arguments_begin(struct arguments *a)
{
	*a = (struct arguments){
		.sync = { .import = { .wait = true,
				      .progress = show_progress,
				      .refused = show_refused,
				      .failed = show_failed,
				      .ctx = &a->show },
			  .aws = { .ask_mfa = ask_mfa, .stop = &stopped },
			  .since_ms = INT64_MIN,
			  .until_ms = INT64_MAX,
			  .stop = &stopped },
	};
}

/* The sources of the command line, or those of the configuration. */
static void set_sources(struct arguments *a, char **words, size_t n)
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
	o->interval_ms = a->interval_s * 1000;
	o->aws.stall_ms = a->timeout_s * 1000;
}

/* < 0: go on; else the exit status. */
static int read_words(const struct command *command, int argc, char **argv,
		      struct arguments *a)
{
	int c;

	arguments_begin(a);
	optind = 0; /* anew, also a second time */
	while ((c = getopt_long(argc, argv, "hVj:qv", options, NULL)) != -1) {
		if (!read_option(a, c))
			return cli_option(command, c);
		if (a->wrong && a->wrong == a->fault.reason)
			return cli_fail("%s", a->wrong);
		if (a->wrong)
			return cli_usage(command, "%s", a->wrong);
	}
	set_sources(a, argv + optind, (size_t)(argc - optind));
	if (a->policy || a->check || a->sync.import.history)
		return -1;
	return cli_usage(command, "no history was named");
}

/* What was wrong with it now is told, and it goes on as it was. */
static void read_anew(const struct command *command, int argc, char **argv,
		      struct arguments *a)
{
	struct arguments anew;

	reload = 0;
	__atomic_store_n(&stopped, 0, __ATOMIC_RELAXED);
	if (read_words(command, argc, argv, &anew) >= 0) {
		arguments_deinit(&anew);
		return;
	}
	arguments_deinit(a);
	*a = anew;
	a->sync.import.ctx = &a->show;
	set_sources(a, argv + optind, (size_t)(argc - optind));
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_(arguments_deinit) struct arguments a;
	int status = read_words(command, argc, argv, &a);

	if (status >= 0)
		return status;
	if (a.policy)
		return print_policy(&a);
	if (a.check)
		return check_sources(&a);
	forbid_core_dumps();
	catch_signals(a.configured);
	if (aws_library_init())
		return cli_fail("out of memory");
	status = run_sync(&a);
	while (reload) {
		read_anew(command, argc, argv, &a);
		status = run_sync(&a);
	}
	return status;
}

const struct command command_sync = {
	.name = "sync",
	.synopsis = "[OPTION]... HISTORY [SOURCE...]",
	.summary = "Takes in what AWS has: from buckets, queues and its APIs",
	.options =
		"SOURCE is one of\n"
		"  s3://BUCKET/PREFIX          deliveries of AWS Config and CloudTrail, in any layout\n"
		"  sqs://ACCOUNT/QUEUE         notifications of AWS Config, CloudWatch, S3, EventBridge\n"
		"  config://REGION             AWS Config's API: every resource, deleted ones too\n"
		"  config://REGION/AGGREGATOR  the present state of all that an aggregator sees\n"
		"  cloudtrail://REGION         LookupEvents, of the last 90 days\n"
		"  cloudwatch://REGION         alarms, and what they did in the last two weeks\n"
		"or none: the last three of the region. What is in HISTORY already is not fetched; a run\n"
		"that was cut off goes on. Credentials are found as AWS's own tools find them.\n\n"
		"      --profile NAME       a profile of ~/.aws (else AWS_PROFILE, or the default one)\n"
		"      --region REGION      whose APIs and queues\n"
		"      --aggregator NAME    without a SOURCE: ask this aggregator of AWS Config\n"
		"      --config FILE        options and sources of a file (driftfs.ini); options behind it\n"
		"                           count over it; read anew on SIGHUP\n"
		"      --check              only tell the sources, or what is wrong\n"
		"      --print-policy       only print the IAM policy that the sources need\n"
		"      --role-arn ARN       a role to assume first; given several times, or with {account}\n"
		"                           in it for each of --accounts, one for each account's APIs\n"
		"      --external-id ID     what the roles ask for\n"
		"      --endpoint-url URL   instead of AWS's own endpoints\n"
		"      --ca-bundle FILE     certificates to trust (else AWS_CA_BUNDLE, or the system's)\n"
		"      --since, --until T   only deliveries of these days, events since\n"
		"      --accounts A,B...    only of these accounts\n"
		"      --regions R,S...     only of these regions\n"
		"      --request-payer      the bucket's requests are paid by who makes them\n"
		"      --follow             look for new ones until stopped by SIGINT or SIGTERM\n"
		"      --interval N         seconds between two looks (60)\n"
		"      --timeout N          seconds without a byte before a request is made anew (60)\n"
		"      --events=write|all   as with driftfs import\n"
		"  -j, --jobs N             worker threads (1 to 64; one per processor)\n"
		"  -q, --quiet              no progress\n"
		"  -v, --verbose            name every refusal, not only the first twenty\n"
		"  -h, --help               this text\n"
		"  -V, --version            the version\n",
	.run = run,
};
