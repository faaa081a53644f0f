/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a path that is not there. A long one that somebody guessed is wrong somewhere:
 * the part of it that is not there is told. Moments are not listed, so where they are is told of them.
 */
#include <string.h>

#include "cli.h"
#include "tree/tree.h"

/* The first part of the path that leads nowhere, from its beginning on; all of it if none does. */
static struct str first_missing(struct tree *t, struct str path)
{
	struct str part = { path.p, 0 };

	while (part.n < path.n) {
		struct tree_attr attr;

		while (part.n < path.n && path.p[part.n] == '/')
			part.n++;
		while (part.n < path.n && path.p[part.n] != '/')
			part.n++;
		if (tree_walk_path(t, part, true, &attr))
			break;
	}
	return part;
}

static struct str without_slashes(struct str s)
{
	while (str_starts(s, "/"))
		s = str_from(s, 1);
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

/* Is it at/ANYTHING? */
static bool is_moment(struct str part)
{
	part = without_slashes(part);
	return str_starts(part, "at/") &&
	       str_chr(without_slashes(str_from(part, strlen("at/"))), '/') < 0;
}

int cli_missing(struct tree *t, const char *path)
{
	struct str whole = without_slashes(str_of(path));
	struct str part = first_missing(t, whole);

	if (is_moment(part))
		return cli_fail(
			"%s: there is no such moment; at/README tells how one is named",
			path);
	if (part.n < whole.n)
		return cli_fail(
			"%s: no such file or directory in the history, nor is there %.*s",
			path, STR_ARGS(part));
	return cli_fail("%s: no such file or directory in the history", path);
}
