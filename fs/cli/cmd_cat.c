/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs cat: the bytes that the mount would give, without a mount. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "tree/tree.h"
#include "util/macro.h"

#define STREAM_BYTES ((size_t)1 << 20)

static int put(struct str bytes)
{
	return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n ? 0 : -EIO;
}

/* A file that is too long to be held as a whole. */
static int print_streamed(struct tree *t, uint64_t node)
{
	_cleanup_(freep) char *piece = malloc(STREAM_BYTES);
	uint64_t offset = 0;
	size_t n = 0;
	int r = piece ? 0 : -ENOMEM;

	do {
		if (!r)
			r = tree_read(t, node, offset, STREAM_BYTES, piece, &n);
		if (!r)
			r = put((struct str){ piece, n });
		offset += n;
	} while (!r && n == STREAM_BYTES);
	return r;
}

static int print_content(struct tree *t, uint64_t node)
{
	const struct tree_content *content = NULL;
	int r = tree_content_get(t, node, &content);

	if (r == TREE_E_STREAMED)
		return print_streamed(t, node);
	if (!r && content->len)
		r = put((struct str){ content->data, content->len });
	tree_content_put(t, content);
	return r;
}

static int print_raw(struct tree *t, uint64_t node)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	int r = tree_raw(t, node, &raw);

	return r ? r : put(buf_str(&raw));
}

static int print_path(struct tree *t, const char *path, bool raw)
{
	struct tree_attr attr;
	int r = tree_walk_path(t, str_of(path), true, &attr);

	if (!r && cli_ends_in_slash(path) && attr.type != TREE_DIR)
		return cli_fail("%s: is not a directory", path);
	if (!r)
		r = raw ? print_raw(t, attr.node) : print_content(t, attr.node);
	if (r == TREE_E_IS_DIR)
		return cli_fail("%s: is a directory", path);
	if (r == TREE_E_NOT_STATE)
		return cli_fail("%s: only a state has a raw form", path);
	if (r > 0)
		return cli_missing(t, path);
	return r ? cli_fail("%s: %s", path, strerror(-r)) : EXIT_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { CLI_OPTIONS,
						 { "raw", no_argument, NULL, 'r' },
						 { 0 } };
	struct tree *t = NULL;
	struct fault f = { 0 };
	bool raw = false;
	int c, status = EXIT_DONE;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1)
		if (c == 'r')
			raw = true;
		else
			return cli_option(command, c);
	status = cli_check_words(command, argc - optind, 2, INT_MAX);
	if (status != EXIT_DONE)
		return status;
	if (tree_open(argv[optind], &t, &f))
		return cli_fault(argv[optind], &f);
	for (int i = optind + 1; i < argc; i++)
		if (print_path(t, argv[i], raw) != EXIT_DONE)
			status = EXIT_FAILED;
	tree_close(t);
	return status;
}

const struct command command_cat = {
	.name = "cat",
	.synopsis = "[--raw] HISTORY PATH...",
	.summary = "Prints files of the tree without a mount",
	.options = "      --raw      a state as it was received, byte for byte\n"
		   "  -h, --help     this text\n"
		   "  -V, --version  the version\n",
	.run = run,
};
