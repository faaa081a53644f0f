/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs sync: takes deliveries from where AWS keeps them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync_process.h"
#include "sync_words.h"

static int run_sync(struct sync_words *a)
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

static int print_policy(const struct sync_words *a)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct fault f = { 0 };
	int r = sync_policy(&a->sync, &out, &f);

	if (r)
		return cli_fail("%s", r > 0 ? f.reason : strerror(-r));
	return put_out(&out);
}

/* Without a call: are there sources, and are all of them some? */
static int check_sources(const struct sync_words *a)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct fault f = { 0 };
	int r = sync_list(&a->sync, &out, &f);

	if (r)
		return cli_fail("%s", r > 0 ? f.reason : strerror(-r));
	return put_out(&out);
}

/* What is wrong with it now is told, and it goes on as it was. */
static void read_anew(const struct command *command, int argc, char **argv,
		      struct sync_words **words)
{
	struct sync_words *anew = malloc(sizeof(*anew));

	if (!anew || sync_words_read(command, argc, argv, anew) >= 0) {
		if (anew)
			sync_words_deinit(anew);
		free(anew);
		return;
	}
	sync_words_deinit(*words);
	free(*words);
	*words = anew;
}

static int run_words(const struct command *command, int argc, char **argv,
		     struct sync_words **words)
{
	int status = sync_words_read(command, argc, argv, *words);

	if (status >= 0)
		return status;
	if ((*words)->policy)
		return print_policy(*words);
	if ((*words)->check)
		return check_sources(*words);
	sync_forbid_core_dumps();
	sync_catch_signals();
	if ((*words)->configured)
		sync_catch_reload();
	if (aws_library_init())
		return cli_fail("out of memory");
	status = run_sync(*words);
	while (sync_begins_anew()) {
		read_anew(command, argc, argv, words);
		status = run_sync(*words);
	}
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct sync_words *words = calloc(1, sizeof(*words));
	int status;

	if (!words)
		return cli_fail("out of memory");
	status = run_words(command, argc, argv, &words);
	sync_words_deinit(words);
	free(words);
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
		"  cloudwatch://REGION         alarms, what they did in the last two weeks, and what they\n"
		"                              measured around that\n"
		"or none: the last three of the region. What is in HISTORY already is not fetched; a run\n"
		"that was cut off goes on. Credentials are found as AWS's own tools find them.\n\n"
		"      --profile NAME       a profile of ~/.aws (else AWS_PROFILE, or the default one)\n"
		"      --region REGION      whose APIs and queues\n"
		"      --aggregator NAME    without a SOURCE: ask this aggregator of AWS Config\n"
		"      --metric WORDS       points of a metric around changes of what it is of, such as\n"
		"                           'AWS/EC2 CPUUtilization InstanceId Maximum 300'; again for more\n"
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
		"  -j, --jobs N             threads, one of which writes (1 to 64; one per processor)\n"
		"  -q, --quiet              no progress\n"
		"  -v, --verbose            name every refusal, not only the first twenty\n"
		"  -h, --help               this text\n"
		"  -V, --version            the version\n",
	.run = run,
};
