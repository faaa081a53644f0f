/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs form one list in the order they were added; threads take the first that nobody has
 * taken, the caller takes the first that is done. The list is short enough to be walked.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct fetch {
	struct aws_client *client;
	struct aws_bucket bucket; /* as the listing found it; never changed */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct bell *bell;
	pthread_t *threads;
	unsigned n_threads;
	/* Under the lock. */
	struct fetch_job *first, **last;
	unsigned n_jobs, n_done;
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

void fetch_job_run(struct fetch_job *job, struct aws_handle *h,
		   const struct aws_bucket *bucket)
{
	const struct aws_sink sink = { .begin = on_begin, .put = on_put, .ctx = job };

	job->result = aws_s3_get(h, bucket, str_of(job->key), str_of(job->etag), &sink,
				 &job->fault);
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

static void refuse_job(struct fetch_job *job, int r)
{
	job->result = r;
	fault_set(&job->fault, FAULT_NO_OFFSET, "", "%s", strerror(-r));
}

/* --- threads -------------------------------------------------------------------------------- */

/* The next job nobody has taken; NULL: the pool ends. */
static struct fetch_job *next_job(struct fetch *f)
{
	struct fetch_job *job = NULL;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		job = f->first;
		while (job && job->taken)
			job = job->next;
		if (job)
			break;
		pthread_cond_wait(&f->work, &f->lock);
	}
	if (f->stop)
		job = NULL;
	if (job)
		job->taken = true;
	pthread_mutex_unlock(&f->lock);
	return job;
}

static void *thread_main(void *arg)
{
	struct fetch *f = arg;
	struct aws_handle *h = NULL;
	struct fetch_job *job;
	int r = aws_handle_new(f->client, &h);

	while ((job = next_job(f))) {
		if (h)
			fetch_job_run(job, h, &f->bucket);
		else
			refuse_job(job, r);
		pthread_mutex_lock(&f->lock);
		job->done = true;
		f->n_done++;
		pthread_mutex_unlock(&f->lock);
		bell_ring(f->bell);
	}
	aws_handle_free(h);
	return NULL;
}

/* --- the pool ------------------------------------------------------------------------------- */

static void wake_all(struct fetch *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->work);
	pthread_mutex_unlock(&f->lock);
}

struct fetch *fetch_free(struct fetch *f)
{
	if (!f)
		return NULL;
	wake_all(f);
	for (unsigned i = 0; i < f->n_threads; i++)
		pthread_join(f->threads[i], NULL);
	while (f->first) {
		struct fetch_job *job = f->first;

		f->first = job->next;
		fetch_job_free(job);
	}
	pthread_cond_destroy(&f->work);
	pthread_mutex_destroy(&f->lock);
	free(f->threads);
	free(f);
	return NULL;
}

static int init(struct fetch *f)
{
	if (pthread_mutex_init(&f->lock, NULL))
		return -ENOMEM;
	if (pthread_cond_init(&f->work, NULL)) {
		pthread_mutex_destroy(&f->lock);
		return -ENOMEM;
	}
	f->last = &f->first;
	return 0;
}

int fetch_new(struct aws_client *client, const struct aws_bucket *bucket,
	      unsigned threads, struct bell *bell, struct fetch **ret)
{
	struct fetch *f = calloc(1, sizeof(*f));
	int r = f ? init(f) : -ENOMEM;

	if (r) {
		free(f);
		return r;
	}
	f->client = client;
	f->bell = bell;
	f->bucket = *bucket;
	f->threads = calloc(threads, sizeof(*f->threads));
	while (f->threads && f->n_threads < threads) {
		if (pthread_create(&f->threads[f->n_threads], NULL, thread_main, f))
			break;
		f->n_threads++;
	}
	/* Fewer than asked for are slower, none is an error. */
	if (!f->n_threads) {
		fetch_free(f);
		return -EAGAIN;
	}
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
	pthread_mutex_lock(&f->lock);
	job->taken = job->done = job->result != 0;
	f->n_done += job->done;
	*f->last = job;
	f->last = &job->next;
	f->n_jobs++;
	*place_of(f, job) += job->size;
	pthread_cond_signal(&f->work);
	pthread_mutex_unlock(&f->lock);
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
