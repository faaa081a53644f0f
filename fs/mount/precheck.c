/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Checks before mounting. The kernel and fusermount3 would refuse most of this, too, but with
 * an errno; the person who mounts should read what to do. The one thing they would not refuse
 * is a mount that hides its own history file: its next read would wait for itself.
 */

#include "precheck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/str.h"

static int fail(struct fault *f, const char *field, const char *reason)
{
	fault_set(f, FAULT_NO_OFFSET, field, "%s", reason);
	return MOUNT_E_FAILED;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* --- the mountpoint ----------------------------------------------------------------------- */

static int check_mountpoint(const char *path, struct mount_place *ret, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		switch (errno) {
		case ENOENT:
			return fail(f, "mountpoint", "no such directory; make it first");
		case ENOTCONN:
			return fail(
				f, "mountpoint",
				"what was mounted here has ended without being unmounted; clear it "
				"with: fusermount3 -u MOUNTPOINT (or umount MOUNTPOINT)");
		default:
			return fail(f, "mountpoint", strerror(errno));
		}
	}
	if (!S_ISDIR(st.st_mode))
		return fail(f, "mountpoint", "is not a directory");
	if (!realpath(path, ret->mountpoint))
		return fail(f, "mountpoint", strerror(errno));
	return 0;
}

static int check_empty(const struct mount_place *place, struct fault *f)
{
	_cleanup_(closedirp) DIR *dir = opendir(place->mountpoint);
	const struct dirent *entry;

	if (!dir)
		return fail(f, "mountpoint", strerror(errno));
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return fail(
				f, "mountpoint",
				"is not empty; -o nonempty mounts over what is in it");
	return 0;
}

/* Undoes mountinfo's \ooo escapes, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		unsigned byte;

		if (p[0] == '\\' && sscanf(p + 1, "%3o", &byte) == 1) {
			*to = (char)byte;
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

/* Is this line of mountinfo a driftfs mounted at the path? */
static bool is_our_mount(char *line, const char *path)
{
	const char *type = strstr(line, " - fuse.driftfs ");
	char *save = NULL;
	char *word = strtok_r(line, " ", &save);

	/* The fifth word is the mountpoint. */
	for (unsigned i = 0; word && i < 4; i++)
		word = strtok_r(NULL, " ", &save);
	if (!type || !word)
		return false;
	unescape(word);
	return strcmp(word, path) == 0;
}

static int check_unmounted(const struct mount_place *place, struct fault *f)
{
	_cleanup_(fclosep) FILE *mounts = fopen("/proc/self/mountinfo", "re");
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;

	/* Without /proc this is not known; a mounted driftfs is at least not empty. */
	while (mounts && getline(&line, &size, mounts) > 0)
		if (is_our_mount(line, place->mountpoint))
			return fail(f, "mountpoint",
				    "a driftfs is mounted here already; unmount it with: "
				    "fusermount3 -u MOUNTPOINT (or umount MOUNTPOINT)");
	return 0;
}

/* --- the history -------------------------------------------------------------------------- */

static int check_history(const char *path, struct mount_place *ret, struct fault *f)
{
	struct stat st;

	if (!realpath(path, ret->history))
		return fail(f, "history",
			    errno == ENOENT ? "no such file; driftfs import makes one"
					    : strerror(errno));
	if (stat(ret->history, &st) < 0)
		return fail(f, "history", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(f, "history", "is a directory, not a history");
	return 0;
}

/* Would the mount hide the history? */
static bool is_beneath(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* --- what FUSE needs ---------------------------------------------------------------------- */

static int check_device(struct fault *f)
{
	_cleanup_(closep) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return fail(
			f, "",
			"/dev/fuse is missing: load the kernel's fuse module (modprobe fuse), or "
			"give the container the device (--device /dev/fuse)");
	case EACCES:
	case EPERM:
		return fail(
			f, "",
			"/dev/fuse may not be opened by this user; its owner is root, its mode "
			"should be 0666");
	default:
		fault_set(f, FAULT_NO_OFFSET, "", "/dev/fuse: %s", strerror(errno));
		return MOUNT_E_FAILED;
	}
}

static bool has_fusermount(void)
{
	static const char fallback[] = "/usr/local/bin:/usr/bin:/bin";
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	for (const char *p = path ? path : fallback; *p;) {
		size_t n = strcspn(p, ":");

		(void)snprintf(file, sizeof(file), "%.*s/fusermount3", (int)MIN(n, 4000),
			       p);
		if (access(file, X_OK) == 0)
			return true;
		p += n + (p[n] == ':');
	}
	return access("/usr/bin/fusermount3", X_OK) == 0;
}

int precheck(const struct mount_options *o, struct mount_place *ret, struct fault *f)
{
	int r = check_history(o->history, ret, f);

	if (r == 0)
		r = check_mountpoint(o->mountpoint, ret, f);
	if (r == 0)
		r = check_unmounted(ret, f);
	if (r == 0 && is_beneath(ret->history, ret->mountpoint))
		r = fail(
			f, "mountpoint",
			"holds the history file itself, which the mount would hide; choose another");
	if (r == 0 && !o->nonempty)
		r = check_empty(ret, f);
	if (r == 0)
		r = check_device(f);
	/* Root mounts by itself. */
	if (r == 0 && geteuid() != 0 && !has_fusermount())
		r = fail(f, "",
			 "fusermount3 is missing; it comes with the package fuse3");
	return r;
}
