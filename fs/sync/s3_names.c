/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listing runs ahead by some thousand names, so that a page's round trip is never waited for.
 * Where nothing but some days, accounts or regions is wanted, it goes down folder by folder and
 * passes over what cannot fit: CloudTrail's keys of a region are in order of time and are listed
 * from the first day on; Config's are not, and are listed day by day.
 */
#include "s3_names.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define NAMES_MAX 8192u
#define DEPTH_MAX 16u

struct s3_names {
	struct s3_feed_options options;
	/* The listing thread's. */
	struct aws_bucket bucket;
	struct aws_handle *handle;
	bool seen; /* something, wanted or not */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	struct fetch_job *first, **last; /* listed, not yet taken */
	unsigned n_names;
	struct aws_bucket at; /* as it was found with the first of them */
	bool listed;          /* all of it */
	bool stop;
	struct s3_names_report report;
};

/* --- the listing ---------------------------------------------------------------------------- */

static bool is_wanted(const struct s3_names *s, struct str key)
{
	struct s3_key k;

	s3_key_read(key, &k);
	return s3_key_fits(&k, &s->options.wish);
}

static int on_object(void *ctx, const struct aws_object *o)
{
	struct s3_names *s = ctx;
	struct fetch_job *job;
	bool stop;

	s->seen = true;
	/* A key that ends in a slash is what the console makes for an empty folder. */
	if (!is_wanted(s, o->key) || (o->key.n && o->key.p[o->key.n - 1] == '/'))
		return 0;
	job = fetch_job_new(o);
	if (!job)
		return -ENOMEM;
	if (str_is(o->storage_class, "GLACIER") ||
	    str_is(o->storage_class, "DEEP_ARCHIVE")) {
		job->result = AWS_E_ARCHIVED;
		fault_set(&job->fault, FAULT_NO_OFFSET, "",
			  "is archived (%.*s): restore it, then sync again",
			  STR_ARGS(o->storage_class));
	}
	pthread_mutex_lock(&s->lock);
	while (s->n_names >= NAMES_MAX && !s->stop)
		pthread_cond_wait(&s->changed, &s->lock);
	stop = s->stop;
	if (!stop) {
		if (!s->report.listed)
			s->at = s->bucket;
		*s->last = job;
		s->last = &job->next;
		s->n_names++;
		s->report.listed++;
		bell_ring(s->options.bell);
	}
	pthread_mutex_unlock(&s->lock);
	if (stop)
		fetch_job_free(job);
	return stop ? -ECANCELED : 0;
}

/* Everything that begins so, from a key on. */
static int list_flat(struct s3_names *s, struct str prefix, struct str after,
		     struct fault *f)
{
	const struct aws_listing listing = {
		.prefix = prefix, .start_after = after, .object = on_object, .ctx = s
	};

	return aws_s3_list(s->handle, &s->bucket, &listing, f);
}

/* Folders still to be gone into, the next one last. */
struct folders {
	struct s3_names *s;
	struct buf all;      /* char * each, owned */
	size_t level_begins; /* of those a listing has just added */
};

static void folders_deinit(struct folders *d)
{
	char *const *paths = (char *const *)d->all.data;

	for (size_t i = 0; i < d->all.len / sizeof(char *); i++)
		free(paths[i]);
	buf_deinit(&d->all);
}

static int on_folder(void *ctx, struct str prefix)
{
	struct folders *d = ctx;
	char *copy;

	d->s->seen = true;
	if (!is_wanted(d->s, prefix))
		return 0;
	copy = str_dup(prefix);
	if (!copy)
		return -ENOMEM;
	buf_put(&d->all, &copy, sizeof(copy));
	if (!buf_error(&d->all))
		return 0;
	free(copy);
	return -ENOMEM;
}

static int on_object_between(void *ctx, const struct aws_object *o)
{
	const struct folders *d = ctx;

	return on_object(d->s, o);
}

/* They came in order and are taken from the end. */
static void reverse_level(struct folders *d)
{
	char **paths = (char **)d->all.data;
	size_t low = d->level_begins, high = d->all.len / sizeof(char *);

	while (low + 1 < high) {
		char *path = paths[low];

		paths[low++] = paths[--high];
		paths[high] = path;
	}
}

static int list_level(struct folders *d, struct str prefix, struct fault *f)
{
	const struct aws_listing listing = { .prefix = prefix,
					     .folders = true,
					     .object = on_object_between,
					     .folder = on_folder,
					     .ctx = d };
	int r;

	d->level_begins = d->all.len / sizeof(char *);
	r = aws_s3_list(d->s->handle, &d->s->bucket, &listing, f);
	if (r == 0)
		reverse_level(d);
	return r;
}

/* A region's CloudTrail from the first day wanted on. */
static int list_trail(struct s3_names *s, struct str prefix, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf after = BUF_INIT;
	int64_t day = s->options.wish.from_day;
	time_t t = (time_t)(day * 86400);
	struct tm tm;

	if (day > 0 && gmtime_r(&t, &tm)) {
		buf_put_str(&after, prefix);
		buf_printf(&after, "%04d/%02d/%02d/", tm.tm_year + 1900, tm.tm_mon + 1,
			   tm.tm_mday);
	}
	if (buf_error(&after))
		return -ENOMEM;
	return list_flat(s, prefix, buf_str(&after), f);
}

static bool wants_all(const struct s3_wish *w)
{
	return w->from_day == INT64_MIN && w->to_day == INT64_MAX && !w->n_accounts &&
	       !w->n_regions;
}

static bool is_trail(struct str prefix, const struct s3_key *key)
{
	return key->kind == S3_CLOUDTRAIL && key->region_end == prefix.n;
}

static int list_folder(struct folders *d, struct str prefix, struct fault *f)
{
	size_t depth = 0;
	struct s3_key key;

	for (size_t i = 0; i < prefix.n; i++)
		depth += prefix.p[i] == '/';
	s3_key_read(prefix, &key);
	if (is_trail(prefix, &key))
		return list_trail(d->s, prefix, f);
	if (key.day || depth >= DEPTH_MAX)
		return list_flat(d->s, prefix, STR_NULL, f);
	return list_level(d, prefix, f);
}

/* Is it listed from its beginning, whatever days are wanted? */
static bool is_all_listed(const struct s3_names *s)
{
	struct s3_key key;

	s3_key_read(s->options.prefix, &key);
	return wants_all(&s->options.wish) || !is_trail(s->options.prefix, &key);
}

static int list_wanted(struct s3_names *s, struct fault *f)
{
	_cleanup_(folders_deinit) struct folders d = { .s = s };
	int r = list_folder(&d, s->options.prefix, f);

	while (r == 0 && d.all.len) {
		char *path;

		d.all.len -= sizeof(path);
		memcpy(&path, d.all.data + d.all.len, sizeof(path));
		r = list_folder(&d, str_of(path), f);
		free(path);
	}
	return r;
}

static void *list_main(void *arg)
{
	struct s3_names *s = arg;
	struct fault f = { 0 };
	int r = wants_all(&s->options.wish)
			? list_flat(s, s->options.prefix, STR_NULL, &f)
			: list_wanted(s, &f);

	if (r < 0 && !f.reason[0])
		fault_set(&f, FAULT_NO_OFFSET, "", "%s", strerror(-r));
	pthread_mutex_lock(&s->lock);
	s->listed = true;
	s->report.nothing = !r && !s->seen && is_all_listed(s);
	s->report.result = r;
	if (r)
		s->report.fault = f;
	pthread_mutex_unlock(&s->lock);
	bell_ring(s->options.bell);
	return NULL;
}

/* --- making and ending ---------------------------------------------------------------------- */

struct s3_names *s3_names_free(struct s3_names *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	while (s->first) {
		struct fetch_job *job = s->first;

		s->first = job->next;
		fetch_job_free(job);
	}
	aws_handle_free(s->handle);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

static int s3_names_alloc(struct s3_names **ret)
{
	struct s3_names *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->last = &s->first;
	if (pthread_mutex_init(&s->lock, NULL)) {
		free(s);
		return -ENOMEM;
	}
	if (pthread_cond_init(&s->changed, NULL)) {
		pthread_mutex_destroy(&s->lock);
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

static void s3_names_freep(struct s3_names **s)
{
	*s = s3_names_free(*s);
}

int s3_names_new(const struct s3_feed_options *options, struct s3_names **ret,
		 struct fault *f)
{
	_cleanup_(s3_names_freep) struct s3_names *s = NULL;
	int r = s3_names_alloc(&s);

	if (r)
		return r;
	s->options = *options;
	r = aws_bucket_init(&s->bucket, options->client, options->bucket,
			    options->requester_pays, f);
	if (r == 0)
		r = aws_handle_new(options->client, &s->handle);
	if (r == 0)
		r = -pthread_create(&s->thread, NULL, list_main, s);
	if (r)
		return r;
	s->running = true;
	*ret = take_ptr(s);
	return 0;
}

/* --- who takes them ------------------------------------------------------------------------- */

struct fetch_job *s3_names_take(struct s3_names *s, bool *ret_end)
{
	struct fetch_job *job;

	pthread_mutex_lock(&s->lock);
	job = s->first;
	if (job) {
		s->first = job->next;
		if (!s->first)
			s->last = &s->first;
		job->next = NULL;
		s->n_names--;
		pthread_cond_broadcast(&s->changed);
	}
	*ret_end = !job && s->listed;
	pthread_mutex_unlock(&s->lock);
	return job;
}

void s3_names_bucket(struct s3_names *s, struct aws_bucket *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->at;
	pthread_mutex_unlock(&s->lock);
}

void s3_names_report(struct s3_names *s, struct s3_names_report *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->report;
	pthread_mutex_unlock(&s->lock);
}
