/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one source: bytes through gzip_reader and json_split into chunks. Whatever is wrong
 * with the source becomes a record that is refused, in its place among the others.
 *
 * A file that is not JSON at all - a licence, a script, a picture in a folder of deliveries -
 * is one refusal with its first bytes, not one for each of its shreds. Yet it is read to its
 * end: a mail may hold a notification behind its text, which is then a notice only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foreign.h"
#include "util/gzip.h"
#include "util/json_split.h"
#include "util/str.h"
#include "worker.h"

#define RECORDS_MAX 4096u             /* of a chunk: there may be empty ones */
#define HEAD_MAX    ((size_t)1 << 20) /* bytes kept of a source that is not JSON */

struct reading {
	struct worker *worker;
	struct import_file *file;
	struct gzip_reader *gzip;
	struct json_split *split;
	struct chunk *chunk; /* being filled, or NULL */
	struct buf head;     /* of a source that is not JSON */
	uint64_t size;       /* bytes after decompression */
	uint64_t handed;     /* records */
	uint64_t consumed;   /* bytes before decompression, told to the pipeline */
	struct fault fault;  /* what ended it early */
	bool broken;         /* something did */
	bool suspect;        /* does not look like JSON */
};

static void reading_deinit(struct reading *r)
{
	gzip_reader_free(r->gzip);
	json_split_free(r->split);
	chunk_free(r->chunk);
	buf_deinit(&r->head);
}

/* --- chunks -------------------------------------------------------------------------------- */

static int flush(struct reading *r)
{
	struct chunk *chunk = take_ptr(r->chunk);

	if (!chunk)
		return 0;
	return pipeline_push(r->worker->pipeline, r->worker, r->file, chunk);
}

static int add(struct reading *r, const struct chunk_record *record, struct str text)
{
	int ret;

	if (!r->chunk)
		r->chunk = pipeline_chunk(r->worker->pipeline);
	if (!r->chunk)
		return -ENOMEM;
	ret = chunk_add(r->chunk, record, text);
	if (ret)
		return ret;
	if (r->chunk->text.len < CHUNK_TEXT && chunk_count(r->chunk) < RECORDS_MAX)
		return 0;
	return flush(r);
}

static int add_refusal(struct reading *r, const struct fault *fault, struct str bytes,
		       uint64_t whole, bool framing)
{
	struct chunk_record record = {
		.offset = fault->offset == FAULT_NO_OFFSET ? 0 : fault->offset,
		.whole = whole,
		.damage = fault,
		.failure = r->file->failed,
		.framing = framing,
	};

	return add(r, &record, bytes);
}

static int add_notice(struct reading *r, const char *what, uint64_t n)
{
	struct chunk_record record = { .notice = what, .count = n };

	return add(r, &record, STR_NULL);
}

/* What the splitter found. Of a source that broke off, the rest is refused for that reason. */
static int on_record(void *ctx, const struct json_record *found)
{
	struct reading *r = ctx;
	struct chunk_record record = {
		.offset = found->offset,
		.container = found->container, /* one of parse_containers, or "" */
		.damage = found->damage,
		.whole = found->length,
		.lenient = r->suspect,
	};

	r->handed++;
	if (r->suspect && found->damage)
		return 0;
	if (r->broken && found->damage) {
		struct fault cut = r->fault;

		cut.offset = found->offset;
		record.damage = &cut;
		r->broken = false;
		return add(r, &record, found->text);
	}
	return add(r, &record, found->text);
}

/* --- what the source is -------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str skip_space(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_from(s, 1);
	return s;
}

bool reader_looks_like_json(struct str head)
{
	const char *follow;

	if (str_starts(head, "\xef\xbb\xbf"))
		head = str_from(head, 3);
	head = skip_space(head);
	if (!head.n)
		return true;
	if (head.p[0] != '{' && head.p[0] != '[')
		return false;
	follow = head.p[0] == '{' ? "\"}" : "{[\"]-0123456789tfn";
	head = skip_space(str_from(head, 1));
	return !head.n || (head.p[0] && strchr(follow, head.p[0]));
}

/*
 * Streams are told apart by how they begin: the same input again is the same source, and
 * another one does not take its place in the ledger.
 */
static int name_stream(struct import_file *file, struct str head)
{
	char *name;

	if (asprintf(&name, "%s#%016llx", file->path ? file->path : "-",
		     (unsigned long long)str_hash(head)) < 0)
		return -ENOMEM;
	freep(&file->name);
	file->name = name;
	return 0;
}

static int look_at_head(struct reading *r, struct str head)
{
	r->suspect = !reader_looks_like_json(head);
	return r->file->stream ? name_stream(r->file, head) : 0;
}

static int keep_head(struct reading *r, struct str bytes)
{
	if (!r->suspect || r->head.len >= HEAD_MAX)
		return 0;
	buf_put(&r->head, bytes.p, MIN(bytes.n, HEAD_MAX - r->head.len));
	return buf_error(&r->head);
}

/* --- reading ------------------------------------------------------------------------------- */

static void broken(struct reading *r, const char *reason)
{
	fault_set(&r->fault, FAULT_NO_OFFSET, "", "cannot be read: %s", reason);
	r->broken = true;
	r->file->failed = true;
}

/* A stream may be silent for hours; all may have to stop meanwhile. */
static int wait_readable(const struct reading *r, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
				{ .fd = pipeline_stop_fd(r->worker->pipeline),
				  .events = POLLIN } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return 0; /* read() will tell */
	return fds[1].revents ? -ECANCELED : 0;
}

/* Up to size bytes; *ret_n == 0: the source has come to its end, or is broken. */
static int read_some(struct reading *r, int fd, char *bytes, size_t size, size_t *ret_n)
{
	int ret = r->file->stream ? wait_readable(r, fd) : 0;
	uint64_t consumed;

	*ret_n = 0;
	if (ret)
		return ret;
	ret = gzip_read(r->gzip, bytes, size, ret_n, &r->fault);
	consumed = gzip_consumed(r->gzip);
	pipeline_progress(r->worker->pipeline, consumed - r->consumed);
	r->consumed = consumed;
	if (!ret || ret == -ENOMEM)
		return ret;
	*ret_n = 0;
	if (ret < 0)
		broken(r, strerror(-ret));
	r->broken = true;
	return 0;
}

/* The first bytes, as many as there is room for: what the source is depends on no timing. */
static int read_head(struct reading *r, int fd, size_t *ret_n)
{
	size_t n = 1, total = 0;
	int ret = 0;

	while (!ret && n && total < READ_BYTES) {
		ret = read_some(r, fd, r->worker->buffer + total, READ_BYTES - total, &n);
		total += n;
	}
	*ret_n = total;
	return ret;
}

static int feed(struct reading *r, struct str bytes)
{
	int ret = keep_head(r, bytes);

	if (!ret)
		ret = json_split_feed(r->split, bytes.p, bytes.n);
	r->size += bytes.n;
	return ret;
}

static int read_all(struct reading *r, int fd)
{
	struct str bytes = { r->worker->buffer, 0 };
	int ret = read_head(r, fd, &bytes.n);

	if (!ret)
		ret = look_at_head(r, bytes);
	/* Binary data: no JSON of any sort will follow. */
	if (!ret && r->suspect && memchr(bytes.p, '\0', bytes.n)) {
		r->size = bytes.n;
		return keep_head(r, bytes);
	}
	while (!ret && bytes.n) {
		ret = feed(r, bytes);
		if (!ret && pipeline_stopped(r->worker->pipeline))
			ret = -ECANCELED;
		if (!ret && r->broken)
			break;
		if (!ret)
			ret = read_some(r, fd, r->worker->buffer, READ_BYTES, &bytes.n);
	}
	return ret ? ret : json_split_finish(r->split);
}

/* What is to be said of the source as a whole. */
static int sum_up(struct reading *r)
{
	struct fault not_json;

	if (r->broken)
		return add_refusal(r, &r->fault, buf_str(&r->head), r->head.len, false);
	if (r->suspect && foreign_is_write_test(buf_str(&r->head)))
		return add_notice(r, "logs-write-test", 1);
	if (r->suspect) {
		fault_set(&not_json, 0, "", "is not JSON%s%s",
			  foreign_kind(buf_str(&r->head)),
			  r->size > r->head.len ? "; its first 1,048,576 bytes are kept"
						: "");
		return add_refusal(r, &not_json, buf_str(&r->head), r->size, true);
	}
	if (!r->size)
		return add_notice(r, "empty-file", 1);
	if (json_split_empty(r->split))
		return add_notice(r, "empty-document", json_split_empty(r->split));
	return r->handed ? 0 : add_notice(r, "empty-file", 1);
}

static int start(struct reading *r, int fd)
{
	const struct json_split_config config = {
		.containers = parse_containers,
		.wrappers = parse_wrappers,
		.max_record = PARSE_MAX_RECORD,
		.record = on_record,
		.ctx = r,
	};

	r->split = json_split_new(&config);
	if (!r->split)
		return -ENOMEM;
	return r->file->bytes.held
		       ? gzip_reader_new_bytes(buf_str(&r->file->bytes.memory), &r->gzip)
		       : gzip_reader_new(fd, &r->gzip);
}

/* What the ledger will know the file by is what it was when it was opened. */
static int check(struct reading *r, int fd)
{
	struct import_file *file = r->file;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (file->stream)
		return 0;
	if (!S_ISREG(st.st_mode)) {
		broken(r, "it is no regular file any more");
		return 0;
	}
	file->size = (uint64_t)st.st_size;
	file->version = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

static int open_source(struct reading *r, int *ret_fd)
{
	const struct import_file *file = r->file;
	int ret;

	*ret_fd = -1;
	if (file->closed) {
		r->fault = file->fault;
		r->broken = true;
		r->file->failed = true;
		return 0;
	}
	if (file->given) {
		*ret_fd = file->bytes.fd;
		r->file->bytes.fd = -1;
		return 0;
	}
	/* A copy: whoever gave us standard input keeps it. */
	*ret_fd = file->path ? open(file->path,
				    O_RDONLY | O_CLOEXEC | O_NOCTTY |
					    (file->stream ? 0 : O_NOFOLLOW | O_NONBLOCK))
			     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	ret = *ret_fd < 0 ? -errno : check(r, *ret_fd);
	if (ret < 0)
		broken(r, strerror(-ret));
	return 0;
}

int reader_run(struct worker *w, struct import_file *file)
{
	_cleanup_(reading_deinit) struct reading r = { .worker = w, .file = file };
	_cleanup_(closep) int fd = -1;
	int ret = 0;

	/* A document without bytes: there is nothing to read, and nothing to say. */
	if (file->given && !file->closed && !import_bytes_any(&file->bytes))
		return 0;
	ret = open_source(&r, &fd);
	if (!ret && !r.broken)
		ret = start(&r, fd);
	if (!ret && !r.broken)
		ret = read_all(&r, fd);
	/* Without a head there is no name yet. */
	if (!ret && file->stream && !file->name)
		ret = name_stream(file, STR_NULL);
	if (!ret)
		ret = sum_up(&r);
	if (!ret)
		ret = flush(&r);
	r.gzip = gzip_reader_free(r.gzip);
	import_bytes_deinit(&file->bytes);
	return ret;
}
