/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are looked up in the ledger as they are listed, and the objects of those that it does not
 * know are fetched, ahead of who reads them. One that S3 was not there for has a second chance once
 * it is there again, or at the end.
 */
#include "s3_feed.h"

#include <errno.h>
#include <stdlib.h>

#include "fetch.h"
#include "s3_names.h"

#define CHUNK_NEXT 256u /* names looked up before the caller goes on */
#define GIVE_UP    32u  /* objects in a row that S3 was not there for */

struct s3_feed {
	struct s3_feed_options options;
	struct s3_names *names;
	struct fetch *fetch; /* once there is a name, and with it where the bucket is */
	struct s3_feed_report report; /* without what the names have to say */
	struct buf name;              /* of the document handed out last */
	struct fetch_job *out;
	/* Those S3 was not there for, since it was there last; once it is again, they are asked for
	   again, and then told of. */
	struct fetch_job *held;
	unsigned n_held;
	uint64_t held_nth; /* the last of them to end */
	bool releasing;
};

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
	s3_names_free(s->names);
	fetch_free(s->fetch);
	fetch_job_free(s->out);
	while (s->held)
		fetch_job_free(take_held(s));
	buf_deinit(&s->name);
	free(s);
	return NULL;
}

static void s3_feed_freep(struct s3_feed **s)
{
	*s = s3_feed_free(*s);
}

int s3_feed_new(const struct s3_feed_options *options, struct s3_feed **ret,
		struct fault *f)
{
	_cleanup_(s3_feed_freep) struct s3_feed *s = calloc(1, sizeof(*s));
	int r;

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	if (!s)
		return -ENOMEM;
	s->options = *options;
	r = s3_names_new(options, &s->names, f);
	if (r)
		return r;
	*ret = take_ptr(s);
	return 0;
}

/* --- handing out ---------------------------------------------------------------------------- */

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
	s3_names_bucket(s->names, &bucket);
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
		s->report.known += known;
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
		job = s3_names_take(s->names, ret_end);
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
	s->report.fetched += job->result == 0;
	s->report.failed += job->result != 0;
	if (is_for_later(job->result)) {
		s->report.partial = true;
		if (!s->report.result)
			fault_set(&s->report.fault, FAULT_NO_OFFSET, "",
				  "some objects could not be had: %s", job->fault.reason);
	}
	return 0;
}

/* Nothing else of this source can be had, either: that is to be said once. */
static int give_up(struct s3_feed *s, struct fetch_job *job)
{
	s->report.result = job->result;
	s->report.fault = job->fault;
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
	s->held_nth = MAX(s->held_nth, job->nth);
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
	struct s3_names_report names;
	bool known = true;
	int r = prefix ? make_name(s, prefix) : -ENOMEM;

	s3_names_report(s->names, &names);
	if (!r && names.nothing && s->options.prefix.n)
		r = import_ledger_begins(ledger, s->name.data, &known);
	if (r || known)
		return r;
	s->report.result = AWS_E_NOT_FOUND;
	fault_set(&s->report.fault, FAULT_NO_OFFSET, "",
		  "nothing is there under this prefix; check the name");
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
		if (job->result == AWS_E_UNAVAILABLE) {
			hold(s, job);
			continue;
		}
		/* What was answered before, or nobody asked for, does not say that S3 is there. */
		s->releasing = job->nth > s->held_nth;
		return hand_out(s, job, ret);
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
	struct s3_names_report names;

	s3_names_report(s->names, &names);
	*ret = s->report;
	ret->listed = names.listed;
	if (names.result && !ret->result) {
		ret->result = names.result;
		ret->fault = names.fault;
	}
}
