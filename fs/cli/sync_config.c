/* SPDX-License-Identifier: Apache-2.0 */
/* The text is cut up where it stands: a value is a string in it. */
#include "sync_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MOST (1 << 20)

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static const char *set_line(char *line,
			    const char *(*set)(void *ctx, const char *key, char *value),
			    void *ctx)
{
	char *equals;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';' || !strcmp(line, "[sync]"))
		return NULL;
	if (*line == '[')
		return "the only section is [sync]";
	equals = strchr(line, '=');
	if (!equals)
		return "is not KEY = VALUE";
	*equals = '\0';
	return set(ctx, trim(line), trim(equals + 1));
}

static int read_text(const char *path, char **ret)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t n;

	if (!file)
		return -errno;
	text = malloc(SIZE_MOST + 1);
	n = text ? fread(text, 1, SIZE_MOST + 1, file) : 0;
	if (!text || ferror(file) || n > SIZE_MOST || memchr(text, '\0', n)) {
		int r = !text ? -ENOMEM : ferror(file) ? -EIO : -EINVAL;

		free(text);
		(void)fclose(file);
		return r;
	}
	(void)fclose(file);
	text[n] = '\0';
	*ret = text;
	return 0;
}

int sync_config_read(const char *path,
		     const char *(*set)(void *ctx, const char *key, char *value),
		     void *ctx, char **ret_text, struct fault *f)
{
	char *next = NULL;
	unsigned number = 0;
	int r = read_text(path, ret_text);

	if (r) {
		fault_set(f, FAULT_NO_OFFSET, "", "%s: %s", path, strerror(-r));
		return 1;
	}
	for (char *line = *ret_text; line; line = next) {
		const char *wrong;

		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		wrong = set_line(line, set, ctx);
		if (!wrong)
			continue;
		fault_set(f, FAULT_NO_OFFSET, "", "%s:%u: %s", path, number, wrong);
		return 1;
	}
	return 0;
}
