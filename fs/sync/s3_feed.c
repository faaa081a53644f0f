/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listing runs ahead of the fetching by some thousand names, so that a page's round trip is
 * never waited for. Where nothing but some days, accounts or regions is wanted, it goes down
 * folder by folder and passes over what cannot fit: CloudTrail's keys of a region are in order of
 * time and are listed from the first day on; Config's are not, and are listed day by day.
 */
#include "s3_feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fetch.h"

#define NAMES_MAX  8192u
#define DEPTH_MAX  16u
#define CHUNK_NEXT 256u /* names looked up before the caller goes on */
#define GIVE_UP    32u  /* objects in a row that S3 was not there for */

struct s3_feed {
	struct s3_feed_options options;
	struct aws_bucket bucket; /* the listing's, until it has ended */
	struct aws_handle *handle;
	struct fetch *fetch; /* once the first page has said where the bucket is */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	struct fetch_job *first, **last; /* listed, not yet looked up */
	unsigned n_names;
	bool listed; /* all of it */
	bool whole;  /* nothing under the prefix was passed over unseen ... */
	bool seen;   /* ... and there is something; atomic */
	bool stop, given_up;
	struct s3_feed_report report;
	/* The importing thread's. */
	struct buf name; /* of the document handed out last */
	struct fetch_job *out;
	/* Those S3 was not there for, since it was there last; once it is again, they are asked for
	   again, and then told of. */
	struct fetch_job *held;
	unsigned n_held;
	bool releasing;
};

/* --- the listing ---------------------------------------------------------------------------- */

static bool is_wanted(const struct s3_feed *s, struct str key)
{
	struct s3_key k;

	s3_key_read(key, &k);
	return s3_key_fits(&k, &s->options.wish);
}

static void note_seen(struct s3_feed *s)
{
	__atomic_store_n(&s->seen, true, __ATOMIC_RELAXED);
}

static int on_object(void *ctx, const struct aws_object *o)
{
	struct s3_feed *s = ctx;
	struct fetch_job *job;
	bool stop;

	note_seen(s);
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
static int list_flat(struct s3_feed *s, struct str prefix, struct str after,
		     struct fault *f)
{
	const struct aws_listing listing = {
		.prefix = prefix, .start_after = after, .object = on_object, .ctx = s
	};

	return aws_s3_list(s->handle, &s->bucket, &listing, f);
}

/* Folders still to be gone into, the next one last. */
struct folders {
	struct s3_feed *s;
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

	note_seen(d->s);
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
static int list_trail(struct s3_feed *s, struct str prefix, struct fault *f)
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
static bool is_all_listed(const struct s3_feed *s)
{
	struct s3_key key;

	s3_key_read(s->options.prefix, &key);
	return wants_all(&s->options.wish) || !is_trail(s->options.prefix, &key);
}

static int list_wanted(struct s3_feed *s, struct fault *f)
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
	struct s3_feed *s = arg;
	struct fault f = { 0 };
	int r = wants_all(&s->options.wish)
			? list_flat(s, s->options.prefix, STR_NULL, &f)
			: list_wanted(s, &f);

	if (r < 0 && !f.reason[0])
		fault_set(&f, FAULT_NO_OFFSET, "", "%s", strerror(-r));
	pthread_mutex_lock(&s->lock);
	s->listed = true;
	s->whole = is_all_listed(s);
	if (r && !s->given_up) {
		s->report.result = r;
		s->report.fault = f;
	}
	pthread_mutex_unlock(&s->lock);
	bell_ring(s->options.bell);
	return NULL;
}

/* --- making and ending ---------------------------------------------------------------------- */

static struct fetch_job *take_held(struct s3_feed *s)
{
	struct fetch_job *job = s->held;

	s->held = job->next;
	s->n_held--;
	job->next = NULL;
	return job;
}

struct s3_feed *s3_feed_free(struct s3_feed *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	fetch_free(s->fetch);
	while (s->first) {
		struct fetch_job *job = s->first;

		s->first = job->next;
		fetch_job_free(job);
	}
	fetch_job_free(s->out);
	while (s->held)
		fetch_job_free(take_held(s));
	aws_handle_free(s->handle);
	buf_deinit(&s->name);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

static int s3_feed_alloc(struct s3_feed **ret)
{
	struct s3_feed *s = calloc(1, sizeof(*s));

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

static void s3_feed_freep(struct s3_feed **s)
{
	*s = s3_feed_free(*s);
}

int s3_feed_new(const struct s3_feed_options *options, struct s3_feed **ret,
		struct fault *f)
{
	_cleanup_(s3_feed_freep) struct s3_feed *s = NULL;
	int r = s3_feed_alloc(&s);

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
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

/* --- handing out ---------------------------------------------------------------------------- */

/* The next name; NULL when none is listed just now. *ret_end: none will come. */
static struct fetch_job *next_name(struct s3_feed *s, bool *ret_end)
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

/* s3://bucket/key, as the ledger knows it. */
static int make_name(struct s3_feed *s, const char *key)
{
	buf_reset(&s->name);
	buf_put_text(&s->name, "s3://");
	buf_put_str(&s->name, s->options.bucket);
	buf_put_char(&s->name, '/');
	buf_put_text(&s->name, key);
	buf_put_char(&s->name, '\0');
	return buf_error(&s->name);
}

static int64_t version_of(const struct fetch_job *job)
{
	return (int64_t)str_hash(str_of(job->etag));
}

static int start_fetching(struct s3_feed *s)
{
	struct aws_bucket bucket;

	if (s->fetch)
		return 0;
	/* The first page is in: nobody changes the region any more. */
	pthread_mutex_lock(&s->lock);
	bucket = s->bucket;
	pthread_mutex_unlock(&s->lock);
	return fetch_new(s->options.client, &bucket,
			 s->options.at_once ? s->options.at_once : FETCH_AT_ONCE,
			 s->options.bell, &s->fetch);
}

static int look_up(struct s3_feed *s, struct import_ledger *ledger, struct fetch_job *job)
{
	bool known = false;
	int r = make_name(s, job->key);

	if (r == 0)
		r = import_ledger_knows(ledger, s->name.data, job->size, version_of(job),
					&known);
	if (r == 0 && !known)
		r = start_fetching(s);
	if (r || known) {
		pthread_mutex_lock(&s->lock);
		s->report.known += known;
		pthread_mutex_unlock(&s->lock);
		fetch_job_free(job);
		return r;
	}
	fetch_add(s->fetch, job);
	return 0;
}

static int look_ahead(struct s3_feed *s, struct import_ledger *ledger, bool *ret_end)
{
	*ret_end = false;
	for (unsigned i = 0; i < CHUNK_NEXT; i++) {
		struct fetch_job *job;
		int r;

		if (s->fetch && !fetch_has_room(s->fetch))
			return 0;
		job = next_name(s, ret_end);
		if (!job)
			return 0;
		r = look_up(s, ledger, job);
		if (r)
			return r;
	}
	return 0;
}

/* Another time it may be there, or be what it was listed as. */
static bool is_for_later(int result)
{
	return result < 0 || result == AWS_E_UNAVAILABLE || result == AWS_E_UNREADABLE;
}

static int hand_out(struct s3_feed *s, struct fetch_job *job, struct import_document *ret)
{
	int r = make_name(s, job->key);

	fetch_job_free(s->out);
	s->out = job;
	if (r)
		return r;
	*ret = (struct import_document){ .name = s->name.data,
					 .shown = s->name.data,
					 .size = job->size,
					 .version = version_of(job),
					 .bytes = import_bytes_take(&job->bytes),
					 .fault = job->fault };
	pthread_mutex_lock(&s->lock);
	s->report.fetched += job->result == 0;
	s->report.failed += job->result != 0;
	if (is_for_later(job->result)) {
		s->report.partial = true;
		if (!s->report.result)
			fault_set(&s->report.fault, FAULT_NO_OFFSET, "",
				  "some objects could not be had: %s", job->fault.reason);
	}
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* Nothing else of this source can be had, either: that is to be said once. */
static int give_up(struct s3_feed *s, struct fetch_job *job)
{
	pthread_mutex_lock(&s->lock);
	s->given_up = true;
	s->report.result = job->result;
	s->report.fault = job->fault;
	pthread_mutex_unlock(&s->lock);
	fetch_job_free(job);
	return IMPORT_E_END;
}

/*
 * Nothing more is asked for when a key is none; or when S3 did not answer for many objects in a
 * row, with all tries of each: the thousands behind them would take hours, and each be told as
 * refused. One of which all else is well is told.
 */
static bool is_hopeless(struct s3_feed *s, struct fetch_job *job)
{
	return job->result == -ECANCELED || job->result == AWS_E_CREDENTIALS ||
	       (job->result == AWS_E_UNAVAILABLE && s->n_held + 1 >= GIVE_UP);
}

static void hold(struct s3_feed *s, struct fetch_job *job)
{
	job->next = s->held;
	s->held = job;
	s->n_held++;
}

/* One that had its second chance; NULL: none. Of thousands, some meet a fault with each try. */
static struct fetch_job *release(struct s3_feed *s)
{
	while (s->held) {
		struct fetch_job *job = take_held(s);

		if (job->again)
			return job;
		job->again = true;
		job->result = 0;
		job->fault = (struct fault){ 0 };
		fetch_add(s->fetch, job);
	}
	return NULL;
}

/* A word was mistyped, unless there was something once. */
static int tell_nothing(struct s3_feed *s, struct import_ledger *ledger)
{
	_cleanup_(freep) char *prefix = str_dup(s->options.prefix);
	bool nothing, known = true;
	int r = prefix ? make_name(s, prefix) : -ENOMEM;

	pthread_mutex_lock(&s->lock);
	nothing = s->whole && !__atomic_load_n(&s->seen, __ATOMIC_RELAXED) &&
		  s->options.prefix.n && !s->report.result;
	pthread_mutex_unlock(&s->lock);
	if (!r && nothing)
		r = import_ledger_begins(ledger, s->name.data, &known);
	if (r || known)
		return r;
	pthread_mutex_lock(&s->lock);
	s->report.result = AWS_E_NOT_FOUND;
	fault_set(&s->report.fault, FAULT_NO_OFFSET, "",
		  "nothing is there under this prefix; check the name");
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int s3_feed_next(void *feed, struct import_ledger *ledger, struct import_document *ret)
{
	struct s3_feed *s = feed;
	struct fetch_job *job;
	bool end;
	int r = look_ahead(s, ledger, &end);

	if (r)
		return r;
	job = s->releasing ? release(s) : NULL;
	if (job)
		return hand_out(s, job, ret);
	s->releasing = false;
	while ((job = s->fetch ? fetch_take(s->fetch) : NULL)) {
		if (is_hopeless(s, job))
			return give_up(s, job);
		if (job->result != AWS_E_UNAVAILABLE) {
			s->releasing = true;
			return hand_out(s, job, ret);
		}
		hold(s, job);
	}
	if (!end || (s->fetch && !fetch_is_empty(s->fetch)))
		return IMPORT_E_LATER;
	s->releasing = s->held != NULL;
	job = release(s);
	if (job)
		return hand_out(s, job, ret);
	if (s->fetch && !fetch_is_empty(s->fetch))
		return IMPORT_E_LATER;
	r = tell_nothing(s, ledger);
	return r ? r : IMPORT_E_END;
}

void s3_feed_report(struct s3_feed *s, struct s3_feed_report *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->report;
	pthread_mutex_unlock(&s->lock);
}
