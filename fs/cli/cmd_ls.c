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
	bool failed; /* on the way: something could not be looked at, and was told of */
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

/* Of what is listed, or to be; the rest goes on. */
static void fail(struct listing *l, const char *path, int error)
{
	l->failed = true;
	if (error > 0)
		(void)cli_missing(l->tree, path);
	else
		(void)cli_fail("%s: %s", path, strerror(-error));
}

/* attr NULL: all that is known is what it is. */
static void print_details(enum tree_type type, const struct tree_attr *attr)
{
	static const char letters[] = {
		[TREE_DIR] = 'd', [TREE_FILE] = '-', [TREE_LINK] = 'l'
	};
	char time[TIMESTAMP_ISO_SIZE];

	if (!attr) {
		printf("%c %10s %*s ", letters[type], "?", TIMESTAMP_ISO_SIZE - 1, "?");
		return;
	}
	timestamp_format(attr->mtime_ms, time);
	printf("%c %10llu %s ", letters[type], (unsigned long long)attr->size, time);
}

/* path: whole, of which `shown` is the end. */
static void print(struct listing *l, const char *path, const char *shown,
		  const struct tree_attr *attr)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	struct tree_attr all = *attr;
	int r = 0;

	/* A listing leaves out what costs more. */
	if (l->details && attr->unsized)
		r = tree_getattr(l->tree, attr->node, &all);
	else if (l->details && attr->type == TREE_LINK)
		r = tree_readlink(l->tree, attr->node, &target);
	if (r)
		fail(l, path, r);
	if (l->details)
		print_details(attr->type, r && attr->unsized ? NULL : &all);
	fputs(shown, stdout);
	if (target.len && !r)
		printf(" -> %.*s", STR_ARGS(buf_str(&target)));
	putchar('\n');
}

static void list(struct listing *l, const char *path, uint64_t node);

static void list_name(struct listing *l, const char *path, const struct name *name)
{
	_cleanup_(freep) char *full = NULL;

	if (asprintf(&full, "%s%s%s", path, *path ? "/" : "", name->text) < 0) {
		full = NULL;
		fail(l, name->text, -ENOMEM);
		return;
	}
	print(l, full, l->recurse ? full : name->text, &name->attr);
	if (l->recurse && name->attr.type == TREE_DIR)
		list(l, full, name->attr.node);
}

/* Depth is the tree's own: a few levels, and no cycles, since links are not followed. */
static void list(struct listing *l, const char *path, uint64_t node)
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
	/* Those before one that cannot be listed are there. */
	for (size_t i = 0; i < names.n; i++)
		list_name(l, path, &names.names[i]);
	if (r)
		fail(l, *path ? path : "/", r);
}

static void list_path(struct listing *l, const char *path)
{
	_cleanup_(freep) char *prefix = NULL;
	struct tree_attr attr;
	struct str name = str_of(path);
	int r;

	while (name.n && name.p[name.n - 1] == '/')
		name.n--;
	r = tree_walk_path(l->tree, name, false, &attr);
	prefix = r ? NULL : str_dup(name);
	if (r || !prefix) {
		fail(l, path, r ? r : -ENOMEM);
	} else if (attr.type == TREE_DIR) {
		list(l, prefix, attr.node);
	} else if (cli_ends_in_slash(path)) {
		l->failed = true;
		(void)cli_fail("%s: is not a directory", path);
	} else {
		print(l, path, path, &attr);
	}
}

static int run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = { CLI_OPTIONS,
						 { "long", no_argument, NULL, 'l' },
						 { "recursive", no_argument, NULL, 'R' },
						 { 0 } };
	struct listing l = { 0 };
	struct fault f = { 0 };
	int c, status;

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
		list_path(&l, "");
	for (int i = optind + 1; i < argc; i++)
		list_path(&l, argv[i]);
	tree_close(l.tree);
	return l.failed ? EXIT_FAILED : EXIT_DONE;
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
