/* SPDX-License-Identifier: Apache-2.0 */
/* driftfs ls: the names that the mount would list, without a mount. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "model/timestamp.h"
#include "tree/tree.h"
#include "util/array.h"

struct listing {
	struct tree *tree;
	bool details, recurse;
};

struct name {
	char *text;
	struct tree_attr attr;
};

struct names {
	struct name *names;
	size_t n, cap;
	bool failed;
};

static void names_deinit(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->names[i].text);
	free(n->names);
}

static bool collect(void *ctx, const struct tree_entry *e)
{
	struct names *n = ctx;

	n->failed = array_room(n->names, n->n, n->cap, 64) != 0;
	if (n->failed)
		return false;
	n->names[n->n].text = str_dup(e->name);
	n->names[n->n].attr = *e->attr;
	n->failed = !n->names[n->n].text;
	n->n += !n->failed;
	return !n->failed;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* What a listing leaves out. */
static int complete(const struct listing *l, struct tree_attr *attr)
{
	return l->details && attr->unsized ? tree_getattr(l->tree, attr->node, attr) : 0;
}

static void print(const struct listing *l, const char *path, const struct tree_attr *attr)
{
	static const char letters[] = {
		[TREE_DIR] = 'd', [TREE_FILE] = '-', [TREE_LINK] = 'l'
	};
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	char time[TIMESTAMP_ISO_SIZE];

	if (l->details) {
		timestamp_format(attr->mtime_ms, time);
		printf("%c %10llu %s ", letters[attr->type],
		       (unsigned long long)attr->size, time);
	}
	fputs(path, stdout);
	if (l->details && attr->type == TREE_LINK &&
	    !tree_readlink(l->tree, attr->node, &target))
		printf(" -> %.*s", STR_ARGS(buf_str(&target)));
	putchar('\n');
}

/* Depth is the tree's own: a few levels, and no cycles, since links are not followed. */
static int list(const struct listing *l, const char *path, uint64_t node)
{
	_cleanup_(names_deinit) struct names names = { 0 };
	const struct tree_lister lister = { .entry = collect,
					    .ctx = &names,
					    .names = !l->details };
	int r = tree_readdir(l->tree, node, 0, &lister);

	if (!r && names.failed)
		r = -ENOMEM;
	if (names.n > 1)
		qsort(names.names, names.n, sizeof(*names.names), by_text);
	for (size_t i = 0; !r && i < names.n; i++) {
		_cleanup_(freep) char *full = NULL;

		if (asprintf(&full, "%s%s%s", l->recurse ? path : "",
			     l->recurse && *path ? "/" : "", names.names[i].text) < 0)
			return -ENOMEM;
		r = complete(l, &names.names[i].attr);
		if (r)
			return r;
		print(l, full, &names.names[i].attr);
		if (l->recurse && names.names[i].attr.type == TREE_DIR)
			r = list(l, full, names.names[i].attr.node);
	}
	return r;
}

static int list_path(const struct listing *l, const char *path)
{
	struct tree_attr attr;
	struct str name = str_of(path);
	int r;

	while (name.n && name.p[name.n - 1] == '/')
		name.n--;
	r = tree_walk_path(l->tree, name, false, &attr);
	if (!r && attr.type != TREE_DIR && cli_ends_in_slash(path))
		return cli_fail("%s: is not a directory", path);
	if (!r && attr.type != TREE_DIR) {
		print(l, path, &attr);
	} else if (!r) {
		_cleanup_(freep) char *prefix = str_dup(name);

		r = prefix ? list(l, prefix, attr.node) : -ENOMEM;
	}
	if (r > 0)
		return cli_fail("%s: no such file or directory in the history", path);
	return r ? cli_fail("%s: %s", path, strerror(-r)) : EXIT_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { CLI_OPTIONS,
						 { "long", no_argument, NULL, 'l' },
						 { "recursive", no_argument, NULL, 'R' },
						 { 0 } };
	struct listing l = { 0 };
	struct fault f = { 0 };
	int c, status = EXIT_DONE;

	while ((c = getopt_long(argc, argv, "hVlR", options, NULL)) != -1)
		if (c == 'l')
			l.details = true;
		else if (c == 'R')
			l.recurse = true;
		else
			return cli_option(command, c);
	status = cli_check_words(command, argc - optind, 1, INT_MAX);
	if (status != EXIT_DONE)
		return status;
	if (tree_open(argv[optind], &l.tree, &f))
		return cli_fault(argv[optind], &f);
	if (optind + 1 == argc)
		status = list_path(&l, "");
	for (int i = optind + 1; i < argc; i++)
		if (list_path(&l, argv[i]) != EXIT_DONE)
			status = EXIT_FAILED;
	tree_close(l.tree);
	return status;
}

const struct command command_ls = {
	.name = "ls",
	.synopsis = "[OPTION]... HISTORY [PATH]...",
	.summary = "Lists paths of the tree without a mount",
	.options = "  -l, --long        with kind, size and time\n"
		   "  -R, --recursive   everything beneath, each with its path\n"
		   "  -h, --help        this text\n"
		   "  -V, --version     the version\n",
	.run = run,
};
