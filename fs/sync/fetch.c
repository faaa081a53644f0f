/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs form one list in the order they were added; the fetching thread takes the first that it
 * has not taken, the caller takes the first that is done. The list is short enough to be walked.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOOK_MS 1000u /* nothing is waited for longer without a look */

struct fetch {
	struct aws_gets *gets; /* the thread's, but for waking it */
	pthread_mutex_t lock;
	struct bell *bell;
	pthread_t thread;
	bool running;
	/* Under the lock. */
	struct fetch_job *first, **last;
	struct fetch_job *untaken; /* the first of them */
	bool hungry;               /* the thread has room for more */
	unsigned n_jobs, n_done;
	uint64_t n_ended;
	uint64_t memory, disk; /* bytes, as listed */
	bool stop;
};

struct fetch_job *fetch_job_new(const struct aws_object *object)
{
	struct fetch_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->bytes = IMPORT_NO_BYTES;
	job->size = object->size;
	job->key = str_dup(object->key);
	job->etag = str_dup(object->etag);
	return job->key && job->etag ? job : fetch_job_free(job);
}

struct fetch_job *fetch_job_free(struct fetch_job *job)
{
	if (!job)
		return NULL;
	import_bytes_deinit(&job->bytes);
	free(job->key);
	free(job->etag);
	free(job);
	return NULL;
}

/* --- one object ----------------------------------------------------------------------------- */

static bool is_held(const struct fetch_job *job)
{
	return job->size <= FETCH_HELD;
}

static int open_nameless(void)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* Some filesystems have no such files. */
	if (fd < 0)
		fd = memfd_create("driftfs-object", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Each try begins with nothing. */
static int on_begin(void *ctx)
{
	struct fetch_job *job = ctx;

	import_bytes_deinit(&job->bytes);
	job->got = 0;
	job->bytes.held = is_held(job);
	if (job->bytes.held)
		return buf_reserve(&job->bytes.memory, job->size) ? 0 : -ENOMEM;
	job->bytes.fd = open_nameless();
	return MIN(job->bytes.fd, 0);
}

static int on_put(void *ctx, const char *bytes, size_t n)
{
	struct fetch_job *job = ctx;

	/* The ETag says that it is the object listed: whoever sends more fills the memory. */
	job->got += n;
	if (job->got > job->size)
		return -EFBIG;
	if (job->bytes.held) {
		buf_put(&job->bytes.memory, bytes, n);
		return buf_error(&job->bytes.memory);
	}
	while (n) {
		ssize_t done = write(job->bytes.fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

/* What came of it. */
static void finish(struct fetch_job *job)
{
	if (job->result == 0 && !job->bytes.held && lseek(job->bytes.fd, 0, SEEK_SET) < 0)
		job->result = -errno;
	if (job->result == -EFBIG || (job->result == 0 && job->got != job->size)) {
		fault_set(&job->fault, FAULT_NO_OFFSET, "",
			  "is not as long as it was listed: sync again");
		job->result = AWS_E_UNREADABLE;
	}
	if (job->result < 0)
		fault_set(&job->fault, FAULT_NO_OFFSET, "", "%s", strerror(-job->result));
	if (job->result)
		import_bytes_deinit(&job->bytes);
}

static struct aws_sink sink_of(struct fetch_job *job)
{
	return (struct aws_sink){ .begin = on_begin, .put = on_put, .ctx = job };
}

void fetch_job_run(struct fetch_job *job, struct aws_handle *h,
		   const struct aws_bucket *bucket)
{
	const struct aws_sink sink = sink_of(job);

	job->result = aws_s3_get(h, bucket, str_of(job->key), str_of(job->etag), &sink,
				 &job->fault);
	finish(job);
}

/* --- the thread ----------------------------------------------------------------------------- */

/* The next job, if there is one and room for it. */
static struct fetch_job *next_job(struct fetch *f, bool *ret_stop)
{
	struct fetch_job *job = NULL;

	pthread_mutex_lock(&f->lock);
	*ret_stop = f->stop;
	f->hungry = aws_gets_has_room(f->gets);
	if (f->hungry && !f->stop)
		job = f->untaken;
	if (job) {
		job->taken = true;
		while (f->untaken && f->untaken->taken)
			f->untaken = f->untaken->next;
	}
	pthread_mutex_unlock(&f->lock);
	return job;
}

static void start(struct fetch *f, struct fetch_job *job)
{
	job->get = (struct aws_get){ .key = str_of(job->key),
				     .etag = str_of(job->etag),
				     .sink = sink_of(job) };
	aws_gets_add(f->gets, &job->get);
}

static void hand_in(struct fetch *f, struct fetch_job *job)
{
	job->result = job->get.result;
	job->fault = job->get.fault;
	finish(job);
	pthread_mutex_lock(&f->lock);
	job->done = true;
	job->nth = ++f->n_ended;
	f->n_done++;
	pthread_mutex_unlock(&f->lock);
}

static void *thread_main(void *arg)
{
	struct fetch *f = arg;
	bool stop = false;

	while (!stop) {
		struct fetch_job *job;
		struct aws_get *get;
		bool any = false;

		while ((job = next_job(f, &stop)))
			start(f, job);
		if (stop)
			break;
		aws_gets_run(f->gets, LOOK_MS);
		while ((get = aws_gets_take(f->gets))) {
			hand_in(f, (struct fetch_job *)get->sink.ctx);
			any = true;
		}
		if (any)
			bell_ring(f->bell);
	}
	return NULL;
}

/* --- the pool ------------------------------------------------------------------------------- */

static void end_thread(struct fetch *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_mutex_unlock(&f->lock);
	aws_gets_wake(f->gets);
	pthread_join(f->thread, NULL);
}

struct fetch *fetch_free(struct fetch *f)
{
	if (!f)
		return NULL;
	if (f->running)
		end_thread(f);
	aws_gets_free(f->gets);
	while (f->first) {
		struct fetch_job *job = f->first;

		f->first = job->next;
		fetch_job_free(job);
	}
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

int fetch_new(struct aws_client *client, const struct aws_bucket *bucket, unsigned most,
	      struct bell *bell, struct fetch **ret)
{
	struct fetch *f = calloc(1, sizeof(*f));
	int r;

	if (!f || pthread_mutex_init(&f->lock, NULL)) {
		free(f);
		return -ENOMEM;
	}
	f->last = &f->first;
	f->bell = bell;
	r = aws_gets_new(client, bucket, most, &f->gets);
	if (!r)
		r = -pthread_create(&f->thread, NULL, thread_main, f);
	if (r) {
		fetch_free(f);
		return r;
	}
	f->running = true;
	*ret = f;
	return 0;
}

static uint64_t *place_of(struct fetch *f, const struct fetch_job *job)
{
	return is_held(job) ? &f->memory : &f->disk;
}

bool fetch_has_room(struct fetch *f)
{
	bool room;

	pthread_mutex_lock(&f->lock);
	room = f->n_jobs < FETCH_JOBS &&
	       ((f->memory < FETCH_MEMORY && f->disk < FETCH_DISK) || !f->n_jobs);
	pthread_mutex_unlock(&f->lock);
	return room;
}

bool fetch_is_empty(struct fetch *f)
{
	bool empty;

	pthread_mutex_lock(&f->lock);
	empty = !f->first;
	pthread_mutex_unlock(&f->lock);
	return empty;
}

void fetch_add(struct fetch *f, struct fetch_job *job)
{
	bool hungry;

	pthread_mutex_lock(&f->lock);
	job->taken = job->done = job->result != 0;
	f->n_done += job->done;
	*f->last = job;
	f->last = &job->next;
	f->n_jobs++;
	*place_of(f, job) += job->size;
	if (!f->untaken && !job->taken)
		f->untaken = job;
	/* One that is full looks for the next by itself. */
	hungry = f->hungry && f->untaken;
	f->hungry &= !hungry;
	pthread_mutex_unlock(&f->lock);
	if (hungry)
		aws_gets_wake(f->gets);
}

/* Out of the list; under the lock. */
static struct fetch_job *remove_job(struct fetch *f, struct fetch_job **at)
{
	struct fetch_job *job = *at;

	*at = job->next;
	if (!job->next)
		f->last = at;
	job->next = NULL;
	f->n_jobs--;
	f->n_done--;
	*place_of(f, job) -= job->size;
	return job;
}

struct fetch_job *fetch_take(struct fetch *f)
{
	struct fetch_job *job = NULL, **at;

	pthread_mutex_lock(&f->lock);
	at = &f->first;
	while (f->n_done && !(*at)->done)
		at = &(*at)->next;
	if (f->n_done)
		job = remove_job(f, at);
	pthread_mutex_unlock(&f->lock);
	return job;
}
