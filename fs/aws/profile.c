/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An INI dialect of AWS's own: sections in brackets, "key = value", comments that begin a line
 * with # or ; (or follow a blank and #), and indented lines that belong to the key above. In the
 * config file a profile is [profile NAME], but the default one [default].
 */
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"

#define FILE_MAX ((off_t)4 << 20)

enum section {
	SECTION_NONE, /* of no use here */
	SECTION_PROFILE,
	SECTION_SSO,
};

struct setting {
	enum section section;
	char *name, *key, *value;
};

struct profiles {
	struct setting *settings; /* those of the credentials file first */
	size_t n, cap;
};

struct profiles *profiles_free(struct profiles *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n; i++) {
		struct setting *s = &p->settings[i];

		if (s->value)
			explicit_bzero(s->value, strlen(s->value));
		free(s->name);
		free(s->key);
		free(s->value);
	}
	free(p->settings);
	free(p);
	return NULL;
}

/* --- reading -------------------------------------------------------------------------------- */

static struct str trim(struct str s)
{
	while (s.n && strchr(" \t\r", s.p[0]))
		s = str_from(s, 1);
	while (s.n && strchr(" \t\r", s.p[s.n - 1]))
		s.n--;
	return s;
}

static int add(struct profiles *p, enum section section, struct str name, struct str key,
	       struct str value)
{
	int r = array_room(p->settings, p->n, p->cap, 32);
	struct setting *s;

	if (r)
		return r;
	s = &p->settings[p->n++];
	*s = (struct setting){ .section = section,
			       .name = str_dup(name),
			       .key = str_dup(key),
			       .value = str_dup(value) };
	return s->name && s->key && s->value ? 0 : -ENOMEM;
}

/* [profile x], [sso-session x], [default]; in the credentials file [x]. */
static enum section read_section(struct str line, bool is_config, struct str *ret_name)
{
	ptrdiff_t end = str_chr(line, ']');
	struct str inside;

	if (end < 0)
		return SECTION_NONE;
	inside = trim((struct str){ line.p + 1, (size_t)end - 1 });
	*ret_name = inside;
	if (!is_config || str_is(inside, "default"))
		return SECTION_PROFILE;
	if (str_starts(inside, "profile ") || str_starts(inside, "profile\t")) {
		*ret_name = trim(str_from(inside, sizeof("profile")));
		return SECTION_PROFILE;
	}
	if (str_starts(inside, "sso-session ") || str_starts(inside, "sso-session\t")) {
		*ret_name = trim(str_from(inside, sizeof("sso-session")));
		return SECTION_SSO;
	}
	return SECTION_NONE;
}

/* A comment may follow a value, behind a blank. */
static struct str without_comment(struct str value)
{
	for (size_t i = 1; i < value.n; i++)
		if ((value.p[i] == '#' || value.p[i] == ';') &&
		    strchr(" \t", value.p[i - 1]))
			return (struct str){ value.p, i };
	return value;
}

static int read_setting(struct profiles *p, enum section section, struct str name,
			struct str line)
{
	ptrdiff_t equals = str_chr(line, '=');

	if (equals <= 0 || section == SECTION_NONE)
		return 0;
	return add(p, section, name, trim((struct str){ line.p, (size_t)equals }),
		   trim(without_comment(trim(str_from(line, (size_t)equals + 1)))));
}

static int read_text(struct profiles *p, struct str text, bool is_config)
{
	enum section section = SECTION_NONE;
	struct str name = STR_NULL;
	int r = 0;

	while (r == 0 && text.n) {
		ptrdiff_t end = str_chr(text, '\n');
		struct str line = { text.p, end < 0 ? text.n : (size_t)end };

		text = end < 0 ? STR_NULL : str_from(text, (size_t)end + 1);
		if (!line.n || memchr(line.p, '\0', line.n) ||
		    strchr("#; \t\r", line.p[0]))
			continue;
		if (line.p[0] == '[')
			section = read_section(line, is_config, &name);
		else
			r = read_setting(p, section, name, line);
	}
	return r;
}

int profiles_parse(struct str config, struct str credentials, struct profiles **ret)
{
	struct profiles *p = calloc(1, sizeof(*p));
	int r = p ? read_text(p, credentials, false) : -ENOMEM;

	if (r == 0)
		r = read_text(p, config, true);
	if (r) {
		profiles_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

/* --- files ---------------------------------------------------------------------------------- */

/* The variable's value, or a file below the home folder; false: neither is to be had. */
static bool path_of(const char *variable, const char *below_home, struct buf *ret)
{
	const char *path = getenv(variable), *home = getenv("HOME");

	if (path && *path) {
		if (path[0] == '~' && path[1] == '/' && home) {
			buf_put_text(ret, home);
			path++;
		}
		buf_put_text(ret, path);
	} else if (home && *home) {
		buf_printf(ret, "%s/%s", home, below_home);
	} else {
		return false;
	}
	buf_put_char(ret, '\0');
	return true;
}

static int read_whole(int fd, struct buf *ret)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size > FILE_MAX)
		return -EFBIG;
	do {
		if (!buf_reserve(ret, 4096))
			return -ENOMEM;
		n = read(fd, ret->data + ret->len, 4096);
		if (n > 0)
			ret->len += (size_t)n;
	} while (n > 0 && ret->len <= (size_t)FILE_MAX);
	return n < 0 ? -errno : 0;
}

static int read_file(const char *variable, const char *below_home, struct buf *ret,
		     struct fault *f)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(closep) int fd = -1;
	int r;

	if (!path_of(variable, below_home, &path))
		return 0;
	if (buf_error(&path))
		return -ENOMEM;
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_whole(fd, ret);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "%s: %s", path.data, strerror(-r));
	return r;
}

int profiles_read(struct profiles **ret, struct fault *f)
{
	_cleanup_(buf_wipe) struct buf config = BUF_SECRET, credentials = BUF_SECRET;
	int r = read_file("AWS_CONFIG_FILE", ".aws/config", &config, f);

	if (r == 0)
		r = read_file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
			      &credentials, f);
	return r ? r : profiles_parse(buf_str(&config), buf_str(&credentials), ret);
}

/* --- asking --------------------------------------------------------------------------------- */

static const char *find(const struct profiles *p, enum section section, const char *name,
			const char *key)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct setting *s = &p->settings[i];

		if (s->section == section && !strcmp(s->name, name) &&
		    (!key || !strcmp(s->key, key)))
			return s->value;
	}
	return NULL;
}

bool profiles_has(const struct profiles *p, const char *profile)
{
	return find(p, SECTION_PROFILE, profile, NULL);
}

const char *profiles_get(const struct profiles *p, const char *profile, const char *key)
{
	return find(p, SECTION_PROFILE, profile, key);
}

const char *profiles_sso(const struct profiles *p, const char *session, const char *key)
{
	return find(p, SECTION_SSO, session, key);
}
