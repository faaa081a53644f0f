/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files for tests: whole, unpacked if they are gzip, cut into records and parsed. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collect.h"
#include "util/gunzip.h"
#include "util/json_split.h"

#define SKIPPED 77

/* The folder of the data of others, or NULL. The caller frees. */
static inline char *data_folder(void)
{
	const char *set = getenv("DRIFTFS_DATA");
	const char *source = getenv("DRIFTFS_SOURCE");
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	char *found;

	if (set)
		buf_put_text(&path, set);
	else
		buf_printf(&path, "%s/../shared/data", source ? source : ".");
	found = str_dup(buf_str(&path));
	if (found && access(found, R_OK | X_OK) == 0)
		return found;
	free(found);
	return NULL;
}

static inline void file_read(const char *path, struct buf *ret)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_deinit) struct buf packed = BUF_INIT;
	char bytes[16384];
	ssize_t n;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_put(&packed, bytes, (size_t)n);
	assert_int_equal(n, 0);
	if (gunzip_is(buf_str(&packed)))
		assert_int_equal(gunzip(ret, buf_str(&packed), (size_t)1 << 30), 0);
	else
		buf_put_str(ret, buf_str(&packed));
	assert_int_equal(buf_error(ret), 0);
}

/* What came of a file's records besides what the collector has. */
struct file_counts {
	struct collect *collect;
	const char *path;
	struct buf faults; /* "name@offset field: reason" */
	unsigned refused, unknown, damaged;
};

static inline int file_record(void *ctx, const struct json_record *record)
{
	struct file_counts *n = ctx;
	const char *name = strrchr(n->path, '/');
	const struct fault *f = &n->collect->fault;
	int r = PARSE_E_REFUSED;

	if (record->damage) {
		f = record->damage;
		n->damaged++;
	} else {
		r = collect_record(n->collect, record->text, record->container,
				   record->offset);
		assert_true(r >= 0);
		n->refused += r == PARSE_E_REFUSED;
		n->unknown += r == PARSE_E_UNKNOWN;
	}
	if (r != 0)
		buf_printf(&n->faults, "%s@%llu %s: %s\n", name ? name + 1 : n->path,
			   (unsigned long long)f->offset, f->field, f->reason);
	return 0;
}

static inline void file_parse(struct file_counts *n, const char *path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct json_split_config config = {
		.containers = parse_containers,
		.wrappers = parse_wrappers,
		.max_record = PARSE_MAX_RECORD,
		.record = file_record,
		.ctx = n,
	};
	struct json_split *split = json_split_new(&config);

	assert_non_null(split);
	n->path = path;
	file_read(path, &text);
	assert_int_equal(json_split_feed(split, text.data, text.len), 0);
	assert_int_equal(json_split_finish(split), 0);
	json_split_free(split);
}

static inline bool has_suffix(const char *path)
{
	return str_ends(str_of(path), ".json") || str_ends(str_of(path), ".jsonl") ||
	       str_ends(str_of(path), ".gz");
}

/* Every JSON file below a folder. Folders of tests nest a few levels only. */
static inline void folder_parse(struct file_counts *n, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		_cleanup_(buf_deinit) struct buf path = BUF_INIT;

		if (entry->d_name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s%c", folder, entry->d_name, 0);
		if (entry->d_type == DT_DIR)
			folder_parse(n, path.data);
		else if (has_suffix(entry->d_name))
			file_parse(n, path.data);
	}
	closedir(dir);
}

static inline size_t count_lines(const struct buf *lines, const char *prefix)
{
	struct str rest = buf_str(lines);
	size_t n = 0;

	while (rest.n > 0) {
		ptrdiff_t end = str_chr(rest, '\n');

		n += str_starts(rest, prefix);
		rest = str_from(rest, end < 0 ? rest.n : (size_t)end + 1);
	}
	return n;
}
