/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs mount: serves the tree as a filesystem. Also what mount(8) calls as its helper. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "cli.h"
#include "mount/mount.h"
#include "sync_service.h"

/* The reason, with the path that it is about. */
static int failed(const struct mount_options *o, const struct fault *f)
{
	if (str_is(str_of(f->field), "history"))
		return cli_fault(o->history, f);
	if (str_is(str_of(f->field), "mountpoint"))
		return cli_fault(o->mountpoint, f);
	return cli_fail("%s", f->reason);
}

/* In the background there is no one to read standard error. */
static void notice(const struct mount_options *o, const char *text)
{
	if (o->foreground)
		fprintf(stderr, "driftfs: %s: %s\n", o->history, text);
	else
		syslog(LOG_DAEMON | LOG_WARNING, "driftfs: %s: %s", o->history, text);
}

static int take_options(const struct command *command, struct mount_options *o,
			const char *list)
{
	struct fault f = { 0 };

	if (!mount_options_add(o, list, &f))
		return EXIT_DONE;
	return cli_usage(command, "%s", f.reason);
}

/* --- with sync ------------------------------------------------------------------------------ */

static void sync_notice(void *ctx, const char *text)
{
	notice(ctx, text);
}

static int begin_sync(void *ctx)
{
	return sync_service_start(ctx);
}

static void end_sync(void *ctx)
{
	sync_service_stop(ctx);
}

/*
 * In the background the folder is another one: what is read again later is named from the root. A
 * history that is to be made has no real path yet.
 */
static char *from_root(const char *path)
{
	_cleanup_(freep) char *cwd = NULL;
	char *real = realpath(path, NULL);

	if (real || path[0] == '/')
		return real ? real : strdup(path);
	cwd = realpath(".", NULL);
	return cwd && asprintf(&real, "%s/%s", cwd, path) >= 0 ? real : NULL;
}

/* Mounts with the words of sync: driftfs sync --follow [--config FILE] HISTORY [SOURCE...]. */
static int run_with_sync(struct mount_options *o, const char *config, char **sources,
			 int n_sources)
{
	_cleanup_(freep) char *history = from_root(o->history);
	_cleanup_(freep) char *file = config ? from_root(config) : NULL;
	_cleanup_(freep) char **words = calloc((size_t)n_sources + 8, sizeof(*words));
	_cleanup_(freep) struct sync_service *s = calloc(1, sizeof(*s));
	char name[] = "driftfs mount", follow[] = "--follow", from[] = "--config";
	struct fault f = { 0 };
	int n = 0, status;

	if (!history || (config && !file) || !words || !s)
		return cli_fail("out of memory");
	words[n++] = name;
	if (config) {
		words[n++] = from;
		words[n++] = file;
	}
	words[n++] = follow; /* whatever the file says */
	words[n++] = history;
	for (int i = 0; i < n_sources; i++)
		words[n++] = sources[i];
	*s = (struct sync_service){ .command = &command_mount,
				    .argc = n,
				    .argv = words,
				    .notice = sync_notice,
				    .ctx = o };
	status = sync_service_prepare(s);
	if (status < 0) {
		o->begin = begin_sync;
		o->end = end_sync;
		o->ctx = s;
		status = mount_run(o, &f) ? failed(o, &f) : EXIT_DONE;
	}
	sync_service_deinit(s);
	return status;
}

/* --- the command ---------------------------------------------------------------------------- */

enum { OPT_SYNC = 256, OPT_CONFIG };

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		CLI_OPTIONS,
		{ "foreground", no_argument, NULL, 'f' },
		{ "options", required_argument, NULL, 'o' },
		{ "sync", no_argument, NULL, OPT_SYNC },
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ 0 }
	};
	_cleanup_(mount_options_deinit) struct mount_options o = {
		.helper = command == &command_mount_helper, .notice = notice
	};
	const char *config = NULL;
	struct fault f = { 0 };
	bool sync = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "hVfo:", options, NULL)) != -1)
		if (c == 'f')
			o.foreground = true;
		else if (c == OPT_SYNC)
			sync = true;
		else if (c == OPT_CONFIG)
			config = optarg;
		else if (c != 'o')
			return cli_option(command, c);
		else if (take_options(command, &o, optarg) != EXIT_DONE)
			return EXIT_USAGE;
	if (o.sync_config) {
		if (config && strcmp(config, o.sync_config) != 0)
			return cli_usage(command,
					 "--config and sync_config name two files");
		config = o.sync_config;
		sync = true;
	}
	status = cli_check_words(command, argc - optind, 2, sync ? argc : 2);
	if (status != EXIT_DONE)
		return status;
	if (config && !sync)
		return cli_usage(command, "--config is for --sync");
	o.history = argv[optind];
	o.mountpoint = argv[optind + 1];
	if (sync)
		return run_with_sync(&o, config, argv + optind + 2, argc - optind - 2);
	return mount_run(&o, &f) ? failed(&o, &f) : EXIT_DONE;
}

const struct command command_mount = {
	.name = "mount",
	.synopsis =
		"[-f] [-o OPTION[,OPTION]...] [--sync [--config FILE]] HISTORY MOUNTPOINT "
		"[SOURCE...]",
	.summary = "Serves a history as a read-only filesystem",
	.options =
		"  -f, --foreground       stay, and serve until unmounted or interrupted\n"
		"  -o, --options=LIST     mount options, among them:\n"
		"        allow_other      let other users read, too\n"
		"        auto_unmount     unmount even if the program is killed\n"
		"        nonempty         mount over a directory with something in it\n"
		"        sync_config=FILE as --sync --config=FILE; for fstab\n"
		"      --sync             follow the SOURCEs meanwhile, as driftfs sync does; a history\n"
		"                         that is not there is made\n"
		"      --config=FILE      sources and options of sync (driftfs.ini); again on SIGHUP\n"
		"  -h, --help             this text\n"
		"  -V, --version          the version\n"
		"\n"
		"Unmount with fusermount3 -u MOUNTPOINT, or umount MOUNTPOINT as root.\n"
		"As mount(8) and fstab have it: mount -t fuse.driftfs HISTORY MOUNTPOINT\n",
	.run = run,
};

const struct command command_mount_helper = {
	.name = "mount",
	.synopsis = "[-f] [-o OPTION[,OPTION]...] HISTORY MOUNTPOINT",
	.summary = "Serves a history as a read-only filesystem",
	.options = "",
	.run = run,
};
