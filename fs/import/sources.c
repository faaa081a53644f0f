/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the sources. Each folder on the way down is a frame: its sorted names and the place
 * reached among them. Symbolic links inside of folders are not followed, so that there is no
 * cycle; what one within the same argument points to is met anyway, one that leads elsewhere
 * is refused, not lost. A link that is named as an argument is followed: its user meant it.
 */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY_FILES 4 /* the file, its log, the log's index, a rollback journal */

struct frame {
	struct buf text;  /* the names, each NUL-terminated */
	struct buf names; /* size_t offsets into text, sorted */
	size_t next;
	size_t shown, name; /* lengths of the two paths of the folder itself */
};

struct sources {
	struct sources_config config;
	size_t next_path;
	struct buf frames;      /* struct frame: the folders on the way down */
	struct buf shown, name; /* the two paths of the entry at hand */
	char *root;             /* real path of the argument being walked */
	struct stat history[HISTORY_FILES];
	unsigned n_history;
};

static size_t depth(const struct sources *s)
{
	return s->frames.len / sizeof(struct frame);
}

static struct frame *top(struct sources *s)
{
	return (struct frame *)s->frames.data + depth(s) - 1;
}

static void frame_deinit(struct frame *f)
{
	buf_deinit(&f->text);
	buf_deinit(&f->names);
}

static void find_history(struct sources *s)
{
	static const char *const suffixes[HISTORY_FILES] = { "", "-wal", "-shm",
							     "-journal" };

	for (size_t i = 0; i < HISTORY_FILES; i++) {
		_cleanup_(buf_deinit) struct buf path = BUF_INIT;

		buf_printf(&path, "%s%s", s->config.history, suffixes[i]);
		if (!buf_error(&path) && !stat(path.data, &s->history[s->n_history]))
			s->n_history++;
	}
}

int sources_new(const struct sources_config *config, struct sources **ret)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->config = *config;
	if (config->history)
		find_history(s);
	*ret = s;
	return 0;
}

struct sources *sources_free(struct sources *s)
{
	if (!s)
		return NULL;
	while (depth(s)) {
		frame_deinit(top(s));
		s->frames.len -= sizeof(struct frame);
	}
	buf_deinit(&s->frames);
	buf_deinit(&s->shown);
	buf_deinit(&s->name);
	free(s->root);
	free(s);
	return NULL;
}

/*
 * By what it is, not by what it is called: also a hard link of it must stay closed, since
 * closing a file drops the locks that this process has on it.
 */
static bool is_history(const struct sources *s, const struct stat *st)
{
	for (unsigned i = 0; i < s->n_history; i++)
		if (s->history[i].st_dev == st->st_dev &&
		    s->history[i].st_ino == st->st_ino)
			return true;
	return false;
}

/* --- folders ------------------------------------------------------------------------------- */

/*
 * Numbers by what they are: Config's folders are /2024/3/15/, and what is put in the order of time
 * takes less room, since a state is most like the one before it.
 */
static int by_name(const void *a, const void *b, void *text)
{
	const char *t = text;

	return strverscmp(t + *(const size_t *)a, t + *(const size_t *)b);
}

static int read_names(DIR *dir, struct frame *f)
{
	const struct dirent *d;

	for (errno = 0; (d = readdir(dir)); errno = 0) {
		size_t at = f->text.len;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		buf_put(&f->text, d->d_name, strlen(d->d_name) + 1);
		buf_put(&f->names, &at, sizeof(at));
	}
	if (errno)
		return -errno;
	if (buf_error(&f->text) || buf_error(&f->names))
		return -ENOMEM;
	if (f->names.len)
		qsort_r(f->names.data, f->names.len / sizeof(size_t), sizeof(size_t),
			by_name, f->text.data);
	return 0;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Goes down into the folder at hand. A folder that cannot be read is no failure but a refusal. */
static int enter(struct sources *s, bool follow, struct fault *f, bool *ret_refused)
{
	_cleanup_(frame_deinit) struct frame frame = { .shown = s->shown.len,
						       .name = s->name.len };
	_cleanup_(closep) int fd = open(s->name.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
							      (follow ? 0 : O_NOFOLLOW));
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = -errno;

	if (dir) {
		fd = -1;
		r = read_names(dir, &frame);
	}
	if (r == -ENOMEM)
		return r;
	if (r) {
		fault_set(f, FAULT_NO_OFFSET, "", "cannot be read: %s", strerror(-r));
		*ret_refused = true;
		return 0;
	}
	buf_put(&s->frames, &frame, sizeof(frame));
	if (buf_error(&s->frames))
		return -ENOMEM;
	frame = (struct frame){ 0 };
	return 0;
}

/* Sets a path to its first `keep` bytes and, behind a slash, a name; NUL-terminated. */
static int set_path(struct buf *path, size_t keep, const char *name)
{
	path->len = keep;
	if (keep && path->data[keep - 1] != '/')
		buf_put_char(path, '/');
	buf_put_text(path, name);
	buf_put_char(path, '\0');
	path->len--;
	return path->failed ? -ENOMEM : 0;
}

/* --- entries ------------------------------------------------------------------------------- */

enum verdict {
	TAKE,
	PASS_OVER, /* nothing to be said of it */
	DESCEND,
};

static enum verdict refuse(struct source_entry *e, const char *reason)
{
	e->kind = SOURCE_REFUSED;
	fault_set(&e->fault, FAULT_NO_OFFSET, "", "%s", reason);
	return TAKE;
}

static enum verdict refuse_errno(struct source_entry *e, int err)
{
	e->kind = SOURCE_REFUSED;
	fault_set(&e->fault, FAULT_NO_OFFSET, "", "cannot be read: %s", strerror(err));
	return TAKE;
}

static enum verdict judge_link(const struct sources *s, struct source_entry *e)
{
	_cleanup_(freep) char *target = realpath(s->name.data, NULL);
	size_t n = strlen(s->root);

	if (!target)
		return errno == ENOENT ? refuse(e, "is a symbolic link to nothing")
				       : refuse_errno(e, errno);
	if (!strncmp(target, s->root, n) && (!target[n] || target[n] == '/' || n == 1))
		return PASS_OVER;
	return refuse(e, "is a symbolic link that leads out of the folder; not followed");
}

static enum verdict judge(const struct sources *s, const struct stat *st, bool named,
			  struct source_entry *e)
{
	e->size = (uint64_t)st->st_size;
	e->version = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		if (!is_history(s, st))
			return TAKE;
		return named ? refuse(e, "is the history itself") : PASS_OVER;
	case S_IFDIR:
		return DESCEND;
	case S_IFLNK:
		return judge_link(s, e);
	case S_IFIFO:
		if (!named)
			return refuse(e, "is a pipe, not a file");
		e->kind = SOURCE_STREAM;
		return TAKE;
	case S_IFSOCK:
		return refuse(e, "is a socket, not a file");
	default:
		return refuse(e, "is a device, not a file");
	}
}

/* *ret_found: there is something to hand over. */
static int look_at(struct sources *s, bool named, struct source_entry *e, bool *ret_found)
{
	enum verdict verdict;
	struct stat st;

	*e = (struct source_entry){ .named = named,
				    .shown = s->shown.data,
				    .name = s->name.data };
	if (named ? stat(s->shown.data, &st) : lstat(s->name.data, &st))
		verdict = refuse_errno(e, errno);
	else
		verdict = judge(s, &st, named, e);
	*ret_found = verdict == TAKE;
	if (verdict != DESCEND)
		return 0;
	e->kind = SOURCE_REFUSED;
	return enter(s, named, &e->fault, ret_found);
}

static int absolute(const char *path, char **ret)
{
	_cleanup_(freep) char *cwd = NULL;

	*ret = realpath(path, NULL);
	if (*ret || errno == ENOMEM)
		return *ret ? 0 : -ENOMEM;
	/* It is not there, or not to be reached: the name will do for the refusal. */
	cwd = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
	if (!cwd || asprintf(ret, "%s%s%s", cwd, path[0] == '/' ? "" : "/", path) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int next_argument(struct sources *s, struct source_entry *e, bool *ret_found)
{
	const char *path = s->config.paths[s->next_path++];
	int r = set_path(&s->shown, 0, path);

	if (r)
		return r;
	if (!strcmp(path, "-")) {
		*e = (struct source_entry){ .kind = SOURCE_STREAM,
					    .named = true,
					    .shown = s->shown.data,
					    .name = s->shown.data };
		*ret_found = true;
		return 0;
	}
	free(s->root);
	s->root = NULL;
	r = absolute(path, &s->root);
	if (!r)
		r = set_path(&s->name, 0, s->root);
	return r ? r : look_at(s, true, e, ret_found);
}

static int next_inside(struct sources *s, struct source_entry *e, bool *ret_found)
{
	struct frame *f = top(s);
	const char *name;
	int r;

	if (f->next == f->names.len / sizeof(size_t)) {
		frame_deinit(f);
		s->frames.len -= sizeof(*f);
		return 0;
	}
	name = f->text.data + ((const size_t *)f->names.data)[f->next++];
	r = set_path(&s->shown, f->shown, name);
	if (!r)
		r = set_path(&s->name, f->name, name);
	return r ? r : look_at(s, false, e, ret_found);
}

int sources_next(struct sources *s, struct source_entry *ret, bool *ret_more)
{
	bool found = false;
	int r = 0;

	while (!r && !found && (depth(s) || s->next_path < s->config.n_paths))
		r = depth(s) ? next_inside(s, ret, &found)
			     : next_argument(s, ret, &found);
	*ret_more = found;
	return r;
}
