/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the files of an import: a walk over folders in order of names, so that two runs read
 * in the same order and progress means something.
 */
#include "sources.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
	struct source_list *list;
	char history[PATH_MAX];
	source_refuse_fn refuse;
	void *ctx;
};

void source_list_deinit(struct source_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->files[i].path);
	free(list->files);
	*list = (struct source_list){ 0 };
}

static int add(struct source_list *list, const char *path, const struct stat *st)
{
	char *copy;

	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 256;
		struct source_file *grown =
			reallocarray(list->files, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->files = grown;
		list->cap = cap;
	}
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	list->files[list->n++] = (struct source_file){
		.path = copy,
		.size = (uint64_t)st->st_size,
		.version = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
	};
	return 0;
}

/* HISTORY, HISTORY-wal, HISTORY-shm, HISTORY-journal: never a source. */
static bool is_history(const struct walk *w, const char *path)
{
	size_t n = strlen(w->history);

	return n > 0 && !strncmp(path, w->history, n) &&
	       (!path[n] || !strcmp(path + n, "-wal") || !strcmp(path + n, "-shm") ||
		!strcmp(path + n, "-journal"));
}

static int refuse(struct walk *w, const char *path, const char *reason)
{
	struct fault f;

	fault_set(&f, FAULT_NO_OFFSET, "", "%s", reason);
	return w->refuse(w->ctx, path, &f);
}

static int visit(struct walk *w, const FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_F:
		return is_history(w, e->fts_path)
			       ? 0
			       : add(w->list, e->fts_path, e->fts_statp);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return refuse(w, e->fts_path, strerror(e->fts_errno));
	case FTS_DEFAULT:
		return refuse(w, e->fts_path, "neither a file nor a folder");
	case FTS_DC:
		return refuse(w, e->fts_path, "the folder contains itself");
	default:
		return 0; /* folders themselves, and links, which are not followed */
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk_one(struct walk *w, const char *given, struct fault *f)
{
	char root[PATH_MAX];
	char *roots[] = { root, NULL };
	FTS *fts;
	FTSENT *e;
	int r = 0;

	if (!realpath(given, root)) {
		r = -errno;
		fault_set(f, FAULT_NO_OFFSET, "", "%s: %s", given, strerror(-r));
		return r;
	}
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return -errno;
	while (r == 0 && (errno = 0, e = fts_read(fts)))
		r = visit(w, e);
	if (r == 0 && errno)
		r = -errno;
	fts_close(fts);
	return r;
}

int source_list_fill(struct source_list *list, const char *const *given, size_t n,
		     const char *history, source_refuse_fn refuse_fn, void *ctx,
		     struct fault *f)
{
	struct walk w = { .list = list, .refuse = refuse_fn, .ctx = ctx };
	const struct stat none = { 0 };
	int r = 0;

	if (!realpath(history, w.history))
		w.history[0] = '\0';
	for (size_t i = 0; r == 0 && i < n; i++)
		r = strcmp(given[i], "-") ? walk_one(&w, given[i], f)
					  : add(list, "-", &none);
	return r;
}
