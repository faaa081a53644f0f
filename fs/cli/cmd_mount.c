/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs mount: serves the tree as a filesystem. Also what mount(8) calls as its helper. */
#include <getopt.h>
#include <stdio.h>
#include <syslog.h>

#include "cli.h"
#include "mount/mount.h"

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

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { CLI_OPTIONS,
						 { "foreground", no_argument, NULL, 'f' },
						 { "options", required_argument, NULL,
						   'o' },
						 { 0 } };
	_cleanup_(mount_options_deinit) struct mount_options o = {
		.helper = command == &command_mount_helper, .notice = notice
	};
	struct fault f = { 0 };
	int c, status;

	while ((c = getopt_long(argc, argv, "hVfo:", options, NULL)) != -1)
		if (c == 'f')
			o.foreground = true;
		else if (c != 'o')
			return cli_option(command, c);
		else if (take_options(command, &o, optarg) != EXIT_DONE)
			return EXIT_USAGE;
	status = cli_check_words(command, argc - optind, 2, 2);
	if (status != EXIT_DONE)
		return status;
	o.history = argv[optind];
	o.mountpoint = argv[optind + 1];
	return mount_run(&o, &f) ? failed(&o, &f) : EXIT_DONE;
}

const struct command command_mount = {
	.name = "mount",
	.synopsis = "[-f] [-o OPTION[,OPTION]...] HISTORY MOUNTPOINT",
	.summary = "Serves a history as a read-only filesystem",
	.options =
		"  -f, --foreground       stay, and serve until unmounted or interrupted\n"
		"  -o, --options=LIST     mount options, among them:\n"
		"        allow_other      let other users read, too\n"
		"        auto_unmount     unmount even if the program is killed\n"
		"        nonempty         mount over a directory with something in it\n"
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
