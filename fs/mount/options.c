/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mount options. mount(8), fstab and systemd add words of their own, which mean nothing here;
 * FUSE's and the kernel's are handed on; a word nobody knows is refused, for a misspelt
 * allow_other must not pass in silence.
 */

#include "mount/mount.h"

#include <errno.h>
#include <stdlib.h>

#include "util/str.h"

enum meaning {
	PASS_OVER,
	HAND_ON,
	ALLOW_OTHER,
	ALLOW_ROOT,
	NONEMPTY,
	DEBUG,
	WRITABLE,
	AUTO_UNMOUNT,
	SYNC_CONFIG,
};

static const struct {
	const char *word;
	enum meaning meaning;
} words[] = {
	{ "allow_other", ALLOW_OTHER },
	{ "allow_root", ALLOW_ROOT },
	{ "nonempty", NONEMPTY },
	{ "debug", DEBUG },
	{ "auto_unmount", AUTO_UNMOUNT },
	{ "default_permissions", HAND_ON },
	{ "dirsync", HAND_ON },
	{ "noatime", HAND_ON },
	{ "nodiratime", HAND_ON },
	{ "relatime", PASS_OVER },
	{ "atime", PASS_OVER },
	/* Always ro,nosuid,nodev,noexec, whatever was said. */
	{ "ro", PASS_OVER },
	{ "rw", WRITABLE },
	{ "suid", PASS_OVER },
	{ "nosuid", PASS_OVER },
	{ "dev", PASS_OVER },
	{ "nodev", PASS_OVER },
	{ "exec", PASS_OVER },
	{ "noexec", PASS_OVER },
	{ "sync", PASS_OVER },
	{ "async", PASS_OVER },
	/* mount(8) and fstab speak to themselves. */
	{ "defaults", PASS_OVER },
	{ "auto", PASS_OVER },
	{ "noauto", PASS_OVER },
	{ "user", PASS_OVER },
	{ "nouser", PASS_OVER },
	{ "users", PASS_OVER },
	{ "owner", PASS_OVER },
	{ "group", PASS_OVER },
	{ "nofail", PASS_OVER },
	{ "_netdev", PASS_OVER },
};

/* Options with a value, or with whatever follows. */
static const struct {
	const char *prefix;
	enum meaning meaning;
} prefixes[] = {
	{ "x-", PASS_OVER },
	{ "X-", PASS_OVER },
	{ "comment=", PASS_OVER },
	{ "user=", PASS_OVER },
	{ "max_read=", HAND_ON },
	{ "fsname=", HAND_ON },
	{ "context=", HAND_ON },
	{ "fscontext=", HAND_ON },
	{ "defcontext=", HAND_ON },
	{ "rootcontext=", HAND_ON },
	{ "sync_config=", SYNC_CONFIG },
};

static bool find_meaning(struct str word, enum meaning *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (str_is(word, words[i].word)) {
			*ret = words[i].meaning;
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (str_starts(word, prefixes[i].prefix)) {
			*ret = prefixes[i].meaning;
			return true;
		}
	}
	return false;
}

static void hand_on(struct mount_options *o, struct str word)
{
	buf_put_char(&o->fuse, ',');
	buf_put_str(&o->fuse, word);
}

/* The last one counts, as of every option. Its commas have backslashes before them. */
static int keep_sync_config(struct mount_options *o, struct str word, struct fault *f)
{
	struct str path = str_from(word, strlen("sync_config="));
	char *copy = path.n ? str_dup(path) : NULL;
	char *to = copy;

	if (!copy) {
		fault_set(f, FAULT_NO_OFFSET, "", "%s",
			  path.n ? "out of memory" : "\"sync_config=\" names no file");
		return path.n ? -ENOMEM : MOUNT_E_OPTION;
	}
	for (const char *from = copy; *from; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
	free(o->sync_config);
	o->sync_config = copy;
	return 0;
}

static int add_word(struct mount_options *o, struct str word, struct fault *f)
{
	enum meaning meaning;

	if (!find_meaning(word, &meaning)) {
		fault_set(f, FAULT_NO_OFFSET, "", "unknown mount option \"%.*s\"",
			  (int)MIN(word.n, 100), word.p);
		return MOUNT_E_OPTION;
	}
	switch (meaning) {
	case PASS_OVER:
		break;
	case ALLOW_OTHER:
		o->allow_other = true;
		hand_on(o, word);
		break;
	case ALLOW_ROOT:
		/* libfuse turns others away who ask, and only the modes those who do not have to. */
		hand_on(o, word);
		hand_on(o, str_of("default_permissions"));
		break;
	case NONEMPTY:
		o->nonempty = true;
		break;
	case AUTO_UNMOUNT:
		o->auto_unmount = true;
		break;
	case DEBUG:
		o->foreground = true;
		hand_on(o, word);
		break;
	case HAND_ON:
		hand_on(o, word);
		break;
	case SYNC_CONFIG:
		return keep_sync_config(o, word, f);
	case WRITABLE:
		if (o->helper)
			break;
		fault_set(f, FAULT_NO_OFFSET, "",
			  "\"rw\" cannot be had: a history is mounted read-only");
		return MOUNT_E_OPTION;
	}
	return 0;
}

/* Length of the first word: up to a comma that no backslash escapes. */
static size_t word_len(struct str list)
{
	size_t i = 0;

	while (i < list.n && list.p[i] != ',')
		i += list.p[i] == '\\' ? 2 : 1;
	return MIN(i, list.n);
}

int mount_options_add(struct mount_options *o, const char *list, struct fault *f)
{
	struct str rest = str_of(list);

	while (rest.n > 0) {
		struct str word = { rest.p, word_len(rest) };
		int r = word.n ? add_word(o, word, f) : 0;

		if (r)
			return r;
		rest = str_from(rest, word.n + 1);
	}
	if (buf_error(&o->fuse) < 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
		return -ENOMEM;
	}
	return 0;
}

void mount_options_deinit(struct mount_options *o)
{
	buf_deinit(&o->fuse);
	free(o->sync_config);
	o->sync_config = NULL;
}
