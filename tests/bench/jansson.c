/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long jansson alone takes to parse what AWS Config delivers: the yardstick of an import of it.
 * Reads the names of gzip files from standard input, one a line, and prints how many items they hold
 * and the seconds that json_loadb() took, which is nearly all that one processor can do of them.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "util/buf.h"
#include "util/macro.h"

#define PIECE 65536u

static int read_whole(const char *path, struct buf *ret)
{
	gzFile in = gzopen(path, "rb");
	int n = -1;

	buf_reset(ret);
	while (in && buf_reserve(ret, PIECE) &&
	       (n = gzread(in, ret->data + ret->len, PIECE)) > 0)
		ret->len += (size_t)n;
	if (in && gzclose(in) != Z_OK)
		n = -1;
	return n;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Adds the file's items, and the seconds of their parsing; both 0 of what is no file of items. */
static int parse(struct str text, size_t *items, double *seconds)
{
	double start = now();
	json_t *root = json_loadb(text.p, text.n, 0, NULL);

	if (!root)
		return -1;
	if (json_object_get(root, "configurationItems")) {
		*seconds += now() - start;
		*items += json_array_size(json_object_get(root, "configurationItems"));
	}
	json_decref(root);
	return 0;
}

int main(void)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char path[4096];
	double seconds = 0;
	size_t items = 0;

	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		if (read_whole(path, &text) != 0 ||
		    parse(buf_str(&text), &items, &seconds)) {
			(void)fprintf(stderr, "%s: cannot be read or parsed\n", path);
			return EXIT_FAILURE;
		}
	}
	(void)printf("{\"items\": %zu, \"seconds\": %.6f}\n", items, seconds);
	return EXIT_SUCCESS;
}
