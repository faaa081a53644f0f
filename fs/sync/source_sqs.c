/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqs://account/queue as a source: several threads poll it, long, and take in what the messages
 * hold or fetch what they point at. A message is deleted by another thread, once everything of
 * it is committed: killed at any instant, it comes again, and what is known then is passed over.
 * One whose object cannot be had is left to come again, and to the queue's own redrive policy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api.h"
#include "fetch.h"
#include "plan.h"
#include "pump.h"
#include "sqs_message.h"
#include "util/cond.h"

#define RECEIVERS    4u
#define AT_ONCE      10u  /* messages in one answer, the most there is */
#define OUT_MAX      500u /* received, not yet committed */
#define POLL_S       20u  /* the longest there is */
#define DRAIN_S      1u   /* who does not follow asks until nothing comes for so long */
#define VISIBILITY_S 120  /* until a message comes again that was not deleted */
#define LOOK_MS      200u

struct message {
	struct sync_cookie head;
	struct message *next, *previous; /* of all */
	struct message *next_dead;       /* of those to be deleted */
	char *receipt;
	unsigned pending; /* documents of it that are not yet committed */
	bool lost;        /* one of them could not be had: it must come again */
};

struct sqs {
	struct aws_client *client;
	struct pump *pump;
	char *url; /* as its user gave it */
	char *account, *queue, *region;
	bool follow, requester_pays;
	unsigned poll_s; /* how long an answer may take when there is nothing */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	char *queue_url; /* once AWS has told it */
	int failure;     /* or why it has not; asked once, whoever waits for it */
	struct fault fault;
	struct message *all, *dead;
	unsigned out;       /* not yet committed */
	unsigned receivers; /* that go on */
	bool deleter;       /* there is one */
};

/* --- messages, under the lock --------------------------------------------------------------- */

static struct message *message_add(struct sqs *q, struct str receipt, unsigned pending)
{
	struct message *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->receipt = str_dup(receipt);
	m->pending = pending;
	if (!m->receipt) {
		free(m);
		return NULL;
	}
	pthread_mutex_lock(&q->lock);
	m->next = q->all;
	if (q->all)
		q->all->previous = m;
	q->all = m;
	q->out++;
	pthread_mutex_unlock(&q->lock);
	return m;
}

static void message_free(struct sqs *q, struct message *m)
{
	if (m->next)
		m->next->previous = m->previous;
	if (m->previous)
		m->previous->next = m->next;
	else
		q->all = m->next;
	free(m->receipt);
	free(m);
}

static void settle(struct sqs *q, struct message *m, bool kept)
{
	pthread_mutex_lock(&q->lock);
	m->lost |= !kept;
	if (--m->pending == 0) {
		q->out--;
		if (m->lost) {
			message_free(q, m);
		} else {
			m->next_dead = q->dead;
			q->dead = m;
		}
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
}

/* --- the queue's own calls ------------------------------------------------------------------ */

static int find_queue(struct sqs *q, struct aws_handle *h, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	struct json_build *b = json_build_new();
	int r;

	if (!b)
		return -ENOMEM;
	json_build_text(b, "QueueName", str_of(q->queue));
	json_build_text(b, "QueueOwnerAWSAccountId", str_of(q->account));
	r = api_call(h, AWS_SQS, q->region, "GetQueueUrl", b, &answer, f);
	if (r)
		return r;
	if (!jv_get_text(&answer.value, "QueueUrl").n) {
		fault_set(f, FAULT_NO_OFFSET, "QueueUrl",
			  "GetQueueUrl: the answer names no queue; check --endpoint-url "
			  "and the proxy");
		return AWS_E_UNREADABLE;
	}
	q->queue_url = str_dup(jv_get_text(&answer.value, "QueueUrl"));
	return q->queue_url ? 0 : -ENOMEM;
}

static int find_queue_once(struct sqs *q, struct aws_handle *h, struct fault *f)
{
	int r;

	pthread_mutex_lock(&q->lock);
	if (!q->queue_url && !q->failure)
		q->failure = find_queue(q, h, &q->fault);
	r = q->failure;
	if (r)
		*f = q->fault;
	pthread_mutex_unlock(&q->lock);
	return r;
}

static int receive(struct sqs *q, struct aws_handle *h, struct api_answer *ret,
		   struct fault *f)
{
	struct json_build *b = json_build_new();

	if (!b)
		return -ENOMEM;
	json_build_text(b, "QueueUrl", str_of(q->queue_url));
	json_build_integer(b, "MaxNumberOfMessages", AT_ONCE);
	json_build_integer(b, "WaitTimeSeconds", q->poll_s);
	json_build_integer(b, "VisibilityTimeout", VISIBILITY_S);
	json_build_array(b, "MessageSystemAttributeNames");
	json_build_text(b, NULL, STR("SentTimestamp"));
	json_build_end(b);
	return api_call(h, AWS_SQS, q->region, "ReceiveMessage", b, ret, f);
}

/* What AWS says it could not delete comes again; nothing is lost by it. */
static int delete (struct sqs *q, struct aws_handle *h, struct message *const *messages,
		   size_t n, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	struct json_build *b = json_build_new();
	char id[32];

	if (!b)
		return -ENOMEM;
	json_build_text(b, "QueueUrl", str_of(q->queue_url));
	json_build_array(b, "Entries");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(id, sizeof(id), "%zu", i);
		json_build_object(b, NULL);
		json_build_text(b, "Id", str_of(id));
		json_build_text(b, "ReceiptHandle", str_of(messages[i]->receipt));
		json_build_end(b);
	}
	json_build_end(b);
	return api_call(h, AWS_SQS, q->region, "DeleteMessageBatch", b, &answer, f);
}

/* --- the deleting thread -------------------------------------------------------------------- */

/* Up to AT_ONCE of them; false: there will be no more. */
static bool take_dead(struct sqs *q, struct message **ret, size_t *ret_n)
{
	bool more = true;

	*ret_n = 0;
	pthread_mutex_lock(&q->lock);
	while (!q->dead && !pump_stopped(q->pump) && (q->receivers || q->out))
		(void)cond_wait_ms(&q->changed, &q->lock, LOOK_MS);
	while (q->dead && *ret_n < AT_ONCE) {
		ret[(*ret_n)++] = q->dead;
		q->dead = q->dead->next_dead;
	}
	more = *ret_n > 0;
	pthread_mutex_unlock(&q->lock);
	return more;
}

static int run_deleter(struct sqs *q, struct aws_handle *h, struct fault *f)
{
	struct message *messages[AT_ONCE];
	size_t n;
	int r = 0;

	while (!r && take_dead(q, messages, &n)) {
		r = delete (q, h, messages, n, f);
		pthread_mutex_lock(&q->lock);
		for (size_t i = 0; i < n; i++)
			message_free(q, messages[i]);
		pthread_mutex_unlock(&q->lock);
	}
	return r;
}

/* --- objects that messages name ------------------------------------------------------------- */

/* The listing knows its size and ETag as the ledger does; and where the bucket is. */
struct look {
	struct str key;
	struct fetch_job *job;
};

static int on_object(void *ctx, const struct aws_object *o)
{
	struct look *l = ctx;

	if (!str_eq(o->key, l->key))
		return -ECANCELED;
	l->job = fetch_job_new(o);
	return l->job ? -ECANCELED : -ENOMEM;
}

/* 0: the job is there, and says what came of it; or there is none, and the fault says why. */
static int fetch_object(struct aws_handle *h, struct aws_bucket *bucket,
			struct look *look, struct fault *f)
{
	const struct aws_listing listing = { .prefix = look->key,
					     .object = on_object,
					     .ctx = look };
	int r = aws_s3_list(h, bucket, &listing, f);

	if (look->job)
		fetch_job_run(look->job, h, bucket);
	else if (r <= 0)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "is named by a message, but is not there");
	return r == -ENOMEM ? r : 0;
}

static int push_object(struct sqs *q, struct aws_handle *h, const struct sqs_pointer *p,
		       struct message *m)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct pump_document *d = pump_document_new();
	struct look look = { .key = p->key };
	struct aws_bucket bucket;
	int r = d ? 0 : -ENOMEM;

	buf_printf(&name, "s3://%.*s/%.*s", STR_ARGS(p->bucket), STR_ARGS(p->key));
	if (!r)
		r = buf_error(&name);
	if (!r)
		d->name = str_dup(buf_str(&name));
	if (!r && !d->name)
		r = -ENOMEM;
	if (!r && aws_bucket_init(&bucket, q->client, p->bucket, q->requester_pays,
				  &d->fault) == 0)
		r = fetch_object(h, &bucket, &look, &d->fault);
	if (!r && look.job) {
		d->size = look.job->size;
		d->version = (int64_t)str_hash(str_of(look.job->etag));
		d->look_up = true;
		d->fault = look.job->fault;
		d->bytes = import_bytes_take(&look.job->bytes);
	}
	fetch_job_free(look.job);
	if (r) {
		pump_document_free(d);
		return r;
	}
	d->cookie = &m->head;
	return pump_push(q->pump, d);
}

/* --- the receiving threads ------------------------------------------------------------------ */

static int push_body(struct sqs *q, struct str body, struct message *m)
{
	struct pump_document *d = pump_document_new();
	int r = d ? pump_document_fill(d, body) : -ENOMEM;

	if (r) {
		pump_document_free(d);
		return r;
	}
	d->cookie = &m->head;
	return pump_push(q->pump, d);
}

static int take_message(struct sqs *q, struct aws_handle *h, const struct jv *v)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str body = jv_get_text(v, "Body");
	struct sqs_content content;
	struct message *m;
	int r = sqs_message_read(&a, body, &content);

	if (r)
		return r;
	m = message_add(q, jv_get_text(v, "ReceiptHandle"),
			(unsigned)MAX(content.n_pointers, (size_t)1));
	if (!m)
		return -ENOMEM;
	if (content.ignored) {
		settle(q, m, true);
		return 0;
	}
	if (!content.n_pointers)
		r = push_body(q, body, m);
	for (size_t i = 0; i < content.n_pointers; i++)
		if (r)
			settle(q, m, false); /* nobody else will */
		else
			r = push_object(q, h, &content.pointers[i], m);
	if (r)
		settle(q, m, false);
	return r;
}

static int64_t sent_ms(const struct jv *v)
{
	struct str text = jv_str(jv_path(v, "Attributes.SentTimestamp"));
	int64_t ms = 0;

	for (size_t i = 0; i < text.n && i < 15; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		ms = ms * 10 + (text.p[i] - '0');
	}
	return ms;
}

static int take_answer(struct sqs *q, struct aws_handle *h,
		       const struct api_answer *answer, size_t *ret_n)
{
	const struct jv *messages = jv_get(&answer->value, "Messages");
	int64_t newest = 0;
	int r = 0;

	*ret_n = jv_is(messages, JV_ARRAY) ? messages->len : 0;
	for (size_t i = 0; !r && i < *ret_n; i++) {
		r = take_message(q, h, &messages->items[i]);
		newest = MAX(newest, sent_ms(&messages->items[i]));
	}
	pump_well(q->pump, newest);
	return r;
}

/* So that not more is held than can be committed before it comes again. */
static bool wait_for_room(struct sqs *q)
{
	pthread_mutex_lock(&q->lock);
	while (q->out >= OUT_MAX && !pump_stopped(q->pump))
		(void)cond_wait_ms(&q->changed, &q->lock, LOOK_MS);
	pthread_mutex_unlock(&q->lock);
	return !pump_stopped(q->pump);
}

static int run_receiver(struct sqs *q, struct aws_handle *h, struct fault *f)
{
	size_t n = 1;
	int r = 0;

	while (!r && (n || q->follow) && wait_for_room(q)) {
		_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };

		r = receive(q, h, &answer, f);
		if (!r)
			r = take_answer(q, h, &answer, &n);
	}
	pthread_mutex_lock(&q->lock);
	q->receivers--;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return r;
}

static int run(struct pump *p, struct aws_handle *h, void *ctx, struct fault *f)
{
	struct sqs *q = ctx;
	bool deletes;
	int r;

	(void)p;
	pthread_mutex_lock(&q->lock);
	deletes = !q->deleter;
	q->deleter = true;
	pthread_mutex_unlock(&q->lock);
	r = find_queue_once(q, h, f);
	if (r)
		return r;
	return deletes ? run_deleter(q, h, f) : run_receiver(q, h, f);
}

/* --- the kind ------------------------------------------------------------------------------- */

/* account/queue, or region/account/queue. */
static bool split(struct str rest, struct str *ret_region, struct str *ret_account,
		  struct str *ret_queue)
{
	ptrdiff_t slash = str_chr(rest, '/'), second;
	struct str first, tail;

	if (slash < 1)
		return false;
	first = (struct str){ rest.p, (size_t)slash };
	tail = str_from(rest, (size_t)slash + 1);
	second = str_chr(tail, '/');
	*ret_region = second < 0 ? STR_NULL : first;
	*ret_account = second < 0 ? first : (struct str){ tail.p, (size_t)second };
	*ret_queue = second < 0 ? tail : str_from(tail, (size_t)second + 1);
	for (size_t i = 0; i < ret_account->n; i++)
		if (ret_account->p[i] < '0' || ret_account->p[i] > '9')
			return false;
	return ret_account->n == 12 && ret_queue->n && str_chr(*ret_queue, '/') < 0;
}

static bool check(struct str rest)
{
	struct str region, account, queue;

	return split(rest, &region, &account, &queue);
}

static struct str account_of(struct str rest)
{
	struct str region, account = STR_NULL, queue;

	return split(rest, &region, &account, &queue) ? account : STR_NULL;
}

static void end(void *round)
{
	struct sqs *q = round;

	q->pump = pump_free(q->pump);
	while (q->all)
		message_free(q, q->all);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->url);
	free(q->region);
	free(q->account);
	free(q->queue);
	free(q->queue_url);
	free(q);
}

static void known(void *ctx, struct sync_cookie *cookie)
{
	settle(ctx, (struct message *)cookie, true);
}

static int fill(struct sqs *q, const char *url)
{
	struct str region, account, queue;

	if (!split(sync_place(url), &region, &account, &queue))
		return -EINVAL;
	q->url = strdup(url);
	q->region = region.n ? str_dup(region) : NULL;
	q->account = str_dup(account);
	q->queue = str_dup(queue);
	return q->url && q->account && q->queue && (q->region || !region.n) ? 0 : -ENOMEM;
}

/* Waiting is not to be taken for a connection that has died. */
static unsigned poll_of(const struct sync_options *o)
{
	unsigned stall_s = o->aws.stall_ms / 1000;

	if (!o->follow)
		return DRAIN_S;
	return stall_s ? MIN(POLL_S, MAX(stall_s / 2, 1u)) : POLL_S;
}

static int begin(const struct sync_begin *b, void **ret, struct fault *f)
{
	struct sqs *q = calloc(1, sizeof(*q));
	struct pump_options options = { .client = b->client,
					.bell = b->bell,
					.stop = b->options->stop,
					.threads = RECEIVERS + 1,
					.run = run,
					.known = known,
					.ctx = q };
	int r;

	(void)f;
	if (!q)
		return -ENOMEM;
	if (pthread_mutex_init(&q->lock, NULL)) {
		free(q);
		return -ENOMEM;
	}
	if (pthread_cond_init(&q->changed, NULL)) {
		pthread_mutex_destroy(&q->lock);
		free(q);
		return -ENOMEM;
	}
	q->client = b->client;
	q->follow = b->options->follow;
	q->requester_pays = b->options->requester_pays;
	q->poll_s = poll_of(b->options);
	q->receivers = RECEIVERS;
	r = fill(q, b->url);
	options.name = q->url;
	if (!r)
		r = pump_new(&options, &q->pump);
	if (r)
		end(q);
	else
		*ret = q;
	return r;
}

static int next(void *round, struct import_ledger *ledger, struct import_document *ret)
{
	struct sqs *q = round;
	int r = pump_next(q->pump, ledger, ret);

	if (r != IMPORT_E_END)
		return r;
	pthread_mutex_lock(&q->lock);
	if (q->out) /* handed out, not yet committed */
		r = IMPORT_E_LATER;
	pthread_mutex_unlock(&q->lock);
	return r;
}

static void done(void *round, struct sync_cookie *cookie, bool kept)
{
	settle(round, (struct message *)cookie, kept);
}

static void report(void *round, struct sync_round *ret)
{
	struct sqs *q = round;

	pump_report(q->pump, ret);
}

const struct sync_kind sync_kind_sqs = {
	.scheme = "sqs://",
	.form = "sqs://ACCOUNT/QUEUE",
	.hurried = true,
	.stays = true,
	.check = check,
	.account = account_of,
	.begin = begin,
	.next = next,
	.done = done,
	.report = report,
	.free = end,
};
