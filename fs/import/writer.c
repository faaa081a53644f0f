/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing. A source is entered in the ledger with its first chunk and finished with its last
 * one, so an import that is cut off leaves it unfinished and the next one reads it again; what
 * was written of it is then known already.
 */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "fact_answer.h"
#include "lines.h"
#include "tell.h"

#include "model/timestamp.h"
#include "store/coverage.h"
#include "store/metric.h"
#include "store/recorder.h"
#include "store/sync.h"
#include "util/clock.h"

#define COMMIT_ROWS 100000u /* a third less a row than with 20,000 */
#define COMMIT_MS   1000
#define HURRY_MS    200 /* when somebody waits */
#define READY_MS \
	500 /* when somebody may come who waits: a commit takes a time of its own */
#define FIRST_SLOTS 1024u

void import_writer_deinit(struct import_writer *w)
{
	buf_deinit(&w->resources);
	buf_deinit(&w->refusers);
	if (w->parser)
		worker_ops.worker_free(w->parser);
	w->parser = NULL;
	store_ousted_deinit(&w->ousted);
}

static int64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- resources touched ---------------------------------------------------------------------- */

static bool slot_take(uint64_t *slots, size_t n, uint64_t hash)
{
	size_t i = hash & (n - 1);

	while (slots[i] && slots[i] != hash)
		i = (i + 1) & (n - 1);
	if (slots[i])
		return false;
	slots[i] = hash;
	return true;
}

static int slots_grow(struct buf *set)
{
	_cleanup_(buf_deinit) struct buf grown = BUF_INIT;
	const uint64_t *old = (const uint64_t *)set->data;
	size_t n = set->len / sizeof(uint64_t), more = MAX(n * 2, (size_t)FIRST_SLOTS);

	if (!buf_reserve(&grown, more * sizeof(uint64_t)))
		return -ENOMEM;
	grown.len = more * sizeof(uint64_t);
	memset(grown.data, 0, grown.len);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			slot_take((uint64_t *)grown.data, more, old[i]);
	buf_deinit(set);
	*set = grown;
	grown = BUF_INIT;
	return 0;
}

static int touch(struct import_writer *w, uint64_t hash)
{
	size_t n = w->resources.len / sizeof(uint64_t);

	if (w->n_resources >= n / 2) {
		int r = slots_grow(&w->resources);

		if (r)
			return r;
		n = w->resources.len / sizeof(uint64_t);
	}
	if (slot_take((uint64_t *)w->resources.data, n, hash ? hash : 1))
		w->n_resources++;
	w->report->resources = w->n_resources;
	return 0;
}

/* --- facts --------------------------------------------------------------------------------- */

/* One after the other mostly has the same source. */
static int note_refuser(struct import_writer *w, int64_t source)
{
	const struct buf *all = &w->refusers;
	int64_t last;

	if (all->len) {
		memcpy(&last, all->data + all->len - sizeof(last), sizeof(last));
		if (last == source)
			return 0;
	}
	buf_put(&w->refusers, &source, sizeof(source));
	return buf_error(&w->refusers);
}

int import_writer_refused(struct import_writer *w, bool *ret)
{
	int r = 0;

	*ret = false;
	for (size_t at = 0; !r && !*ret && at < w->refusers.len; at += sizeof(int64_t)) {
		int64_t source;

		memcpy(&source, w->refusers.data + at, sizeof(source));
		r = store_has_refusal(w->store, source, ret);
	}
	return r;
}

static int put_refusal(struct import_writer *w, struct import_file *file,
		       const struct fault *fault, struct str bytes, uint64_t length)
{
	int r = store_put_refusal(w->store, file->source, fault, bytes, length);

	if (!r)
		r = note_refuser(w, file->source);
	if (r)
		return r;
	file->counts.refused++;
	if (w->options->refused)
		w->options->refused(w->options->ctx, file->shown, fault);
	return 0;
}

/*
 * Something met in a folder that cannot be read is one refusal among others. What its user named
 * is more: the import has failed of what it was asked, whatever else it took in.
 */
static int put_failure(struct import_writer *w, struct import_file *file,
		       const struct fact_refusal *f)
{
	if (!file->named)
		return put_refusal(w, file, &f->fault, f->bytes, f->length);
	w->report->sources_failed++;
	if (w->options->failed)
		w->options->failed(w->options->ctx, file->shown, &f->fault);
	return 0;
}

static void count(struct import_file *file, uint64_t *new, enum store_put put)
{
	if (put == STORE_PUT_NEW)
		++*new;
	else
		file->counts.duplicates++;
}

/* What was taken for the state until now is refused where it came from, maybe long ago. */
static int refuse_ousted(struct import_writer *w, struct import_file *file,
			 struct fault *fault)
{
	struct store_ousted *o = &w->ousted;
	struct str raw = buf_str(&o->raw);
	int r;

	fault->offset = FAULT_NO_OFFSET;
	if (o->source == file->source)
		return put_refusal(w, file, fault, raw, raw.n);
	r = store_put_refusal(w->store, o->source, fault, raw, raw.n);
	if (!r)
		r = note_refuser(w, o->source);
	if (r)
		return r;
	w->report->counts.refused++;
	buf_put_char(&o->source_name, '\0');
	r = buf_error(&o->source_name);
	if (!r && w->options->refused)
		w->options->refused(w->options->ctx, o->source_name.data, fault);
	return r;
}

/* The same words whichever copy came first. */
static int refuse_copy(struct import_writer *w, struct import_file *file,
		       const struct fact_item *f, enum store_put put)
{
	const struct item *item = &f->item;
	struct str raw = item->raw.n ? item->raw : item->body;
	char time[TIMESTAMP_ISO_SIZE];
	struct fault fault;

	timestamp_format(item->captured_ms, time);
	fault_set(&fault, f->fact.offset, "configuration",
		  "another content of %.*s %.*s at %s is in the history",
		  STR_ARGS(item->type), STR_ARGS(item->id), time);
	if (put == STORE_PUT_CONFLICT)
		return put_refusal(w, file, &fault, raw, raw.n);
	return refuse_ousted(w, file, &fault);
}

/* What there is no place for among the states of its resource. */
static int refuse_state(struct import_writer *w, struct import_file *file,
			const struct fact_item *f, enum store_put put)
{
	const struct item *item = &f->item;
	struct str raw = item->raw.n ? item->raw : item->body;
	struct fault fault;

	if (put == STORE_PUT_TOO_MANY)
		fault_set(&fault, f->fact.offset, "resourceId",
			  "%.*s %.*s has as many states as a resource can have",
			  STR_ARGS(item->type), STR_ARGS(item->id));
	else
		fault_set(&fault, f->fact.offset, "", "%s", store_message(w->store));
	return put_refusal(w, file, &fault, raw, raw.n);
}

/*
 * What is taken in as new, or known, is known from now on, until the history takes another content
 * for it: then which copies are refused is to be found out again.
 */
static void note_seen(struct import_writer *w, const struct fact_item *f,
		      enum store_put put)
{
	struct seen *seen = w->setup->seen;

	if (put == STORE_PUT_OUSTED)
		seen_forget(seen);
	if (f->alone && !store_put_is_refused(put))
		seen_put(seen, f->mark);
}

static int put_item(struct import_writer *w, struct import_file *file,
		    const struct fact_item *f)
{
	enum store_put put;
	int r = store_put_item(w->store, &f->item, file->source, &put, &w->ousted);

	if (r)
		return r;
	note_seen(w, f, put);
	if (put == STORE_PUT_CONFLICT || put == STORE_PUT_OUSTED)
		r = refuse_copy(w, file, f, put);
	else if (store_put_is_refused(put))
		r = refuse_state(w, file, f, put);
	else
		count(file, &file->counts.items, put);
	/* "N items of M resources": those the new items are of, no others. */
	return r || put != STORE_PUT_NEW ? r : touch(w, f->resource);
}

static int refuse_event(struct import_writer *w, struct import_file *file,
			const struct fact_event *f, enum store_put put)
{
	struct str raw = f->record.raw;
	struct fault fault;

	if (put == STORE_PUT_DAMAGED)
		fault_set(&fault, f->fact.offset, "", "%s", store_message(w->store));
	else
		fault_set(&fault, f->fact.offset, "eventID",
			  "%.*s is already there with another content",
			  STR_ARGS(f->record.identity));
	return put_refusal(w, file, &fault, raw, raw.n);
}

static int put_event(struct import_writer *w, struct import_file *file,
		     const struct fact_event *f)
{
	const struct mention_set *mentions = f->mentions.n ? &f->mentions : NULL;
	enum store_put put;
	int r = store_put_event(w->store, &f->event, &f->record, mentions, &f->told,
				file->source, &put);

	if (r)
		return r;
	if (store_put_is_refused(put))
		return refuse_event(w, file, f, put);
	count(file, &file->counts.events, put);
	return 0;
}

static int put_transition(struct import_writer *w, struct import_file *file,
			  const struct fact_transition *f)
{
	enum store_put put;
	int64_t row;
	int r = store_put_transition(w->store, &f->transition, &f->mentions, file->source,
				     &put, &row);

	if (!r && put != STORE_PUT_KNOWN)
		r = tell_of_transition(w->store, row);
	if (!r)
		count(file, &file->counts.transitions, put);
	return r;
}

static int put_key(struct import_writer *w, struct import_file *file,
		   const struct fact_key *f)
{
	bool new;
	int r = store_put_key(w->store, &f->key, file->source, &new);

	file->counts.duplicates += !r && !new;
	return r;
}

static int put_metric(struct import_writer *w, struct import_file *file,
		      const struct fact_metric *f)
{
	size_t new;
	int r = store_put_points(w->store, &f->data, f->tail, &f->mentions, &new);

	if (!r)
		file->counts.duplicates += f->data.n_points - new;
	w->rows += (unsigned)f->data.n_points;
	return r;
}

static bool has_records(const struct store_counts *c)
{
	return c->items || c->events || c->transitions || c->duplicates || c->notices ||
	       c->skipped;
}

/* A mail with a notification in it, a log with events: the text is not what it was sent for. */
static int put_framing(struct import_writer *w, struct import_file *file)
{
	file->counts.notices++;
	return store_count_notice(w->store, file->source, STR("text-around-json"), 1);
}

static int put_fact(struct import_writer *w, struct import_file *file,
		    const struct fact *f)
{
	switch (f->kind) {
	case FACT_COPY:
		return -EINVAL; /* its caller's */
	case FACT_ITEM:
		return put_item(w, file, (const struct fact_item *)f);
	case FACT_EVENT:
		return put_event(w, file, (const struct fact_event *)f);
	case FACT_SKIPPED:
		file->counts.skipped++;
		return store_skip_event(w->store, &((const struct fact_event *)f)->event,
					file->source);
	case FACT_TRANSITION:
		return put_transition(w, file, (const struct fact_transition *)f);
	case FACT_ALARM:
		return store_put_alarm(w->store, &((const struct fact_alarm *)f)->alarm,
				       &((const struct fact_alarm *)f)->mentions);
	case FACT_NOTICE: {
		const struct fact_notice *n = (const struct fact_notice *)f;

		file->counts.notices += n->n;
		return store_count_notice(w->store, file->source, str_of(n->what), n->n);
	}
	case FACT_SIGN:
		return store_put_sign(w->store, &((const struct fact_sign *)f)->sign);
	case FACT_RECORDER:
		return store_put_recorder(w->store,
					  &((const struct fact_recorder *)f)->recorder);
	case FACT_KEY:
		return put_key(w, file, (const struct fact_key *)f);
	case FACT_METRIC:
		return put_metric(w, file, (const struct fact_metric *)f);
	case FACT_REFUSAL: {
		const struct fact_refusal *refusal = (const struct fact_refusal *)f;

		if (refusal->failure)
			return put_failure(w, file, refusal);
		if (refusal->framing && has_records(&file->counts))
			return put_framing(w, file);
		return put_refusal(w, file, &refusal->fault, refusal->bytes,
				   refusal->length);
	}
	}
	return -EINVAL;
}

/* --- sources ------------------------------------------------------------------------------- */

static int start_source(struct import_writer *w, struct import_file *file)
{
	const struct store_source source = { .name = str_of(file->name),
					     .size = file->size,
					     .version = file->version,
					     .all_events = w->options->all_events,
					     .stream = file->continues };
	int r = store_source_start(w->store, &source, &file->source);

	file->started = r == 0;
	return r;
}

void import_counts_add(struct store_counts *sum, const struct store_counts *c)
{
	sum->items += c->items;
	sum->events += c->events;
	sum->transitions += c->transitions;
	sum->duplicates += c->duplicates;
	sum->notices += c->notices;
	sum->refused += c->refused;
	sum->skipped += c->skipped;
}

static int put_cursors(struct import_writer *w, const struct import_file *file)
{
	int r = 0;

	for (unsigned n = 0; !r && n < file->n_cursors; n++) {
		struct str name = str_of(file->cursors[n]);

		if (file->values[n] == IMPORT_CURSOR_FORGET)
			r = store_delete_cursors(w->store, name);
		else
			r = store_put_cursor(w->store, name, file->values[n]);
	}
	return r;
}

/*
 * A source that could not be read stays unfinished: the next import tries it again. One of which
 * nothing could be read may not even have been entered.
 */
static int end_source(struct import_writer *w, struct import_file *file)
{
	const struct store_counts *c = &file->counts;
	int r;

	import_counts_add(&w->report->counts, c);
	if (has_records(c))
		w->report->files++;
	if (file->failed)
		return 0;
	r = file->continues
		    ? store_source_finish_stream(w->store, file->source, c, wall_clock())
		    : store_source_finish(w->store, file->source, c, wall_clock());
	return r ? r : put_cursors(w, file);
}

int import_writer_begin(struct import_writer *w)
{
	int r = w->open ? 0 : store_begin(w->store, "import");

	if (r || w->open)
		return r;
	w->open = true;
	w->rows = 0;
	w->hurried = false;
	w->opened_ms = clock_ms();
	return 0;
}

/* Is there nothing to say of the source but that it could not be read, to who named it? */
static bool is_missing(const struct pipeline_taken *taken)
{
	const struct fact *f = taken->chunk ? taken->chunk->facts : NULL;

	if (!taken->file->named)
		return false;
	if (!f)
		return taken->ended && taken->file->failed;
	return f->kind == FACT_REFUSAL && ((const struct fact_refusal *)f)->failure &&
	       !f->next;
}

/*
 * A copy of what was seen, byte for byte, is known. Since it was looked at another content may have
 * been taken for its state: then it is parsed after all, here, where nothing can come between.
 */
static int put_copy(struct import_writer *w, const struct pipeline_taken *taken,
		    const struct fact_copy *f)
{
	struct chunk *chunk = taken->chunk;
	struct fact **end = chunk->last, *first = NULL;
	int r;

	if (seen_has(w->setup->seen, f->mark)) {
		taken->file->counts.duplicates++;
		return 0;
	}
	if (!w->parser)
		w->parser = worker_ops.worker_new(NULL, w->setup);
	if (!w->parser)
		return -ENOMEM;
	chunk->last = &first;
	r = worker_parse_copy(w->parser, chunk, f);
	chunk->last = end;
	for (; !r && first; first = first->next)
		r = put_fact(w, taken->file, first);
	return r;
}

static int put_all(struct import_writer *w, const struct pipeline_taken *taken)
{
	const struct fact *f = taken->chunk ? taken->chunk->facts : NULL;
	int r = import_writer_begin(w);

	if (!r && !taken->file->started && !is_missing(taken))
		r = start_source(w, taken->file);
	for (; !r && f; f = f->next) {
		r = f->kind == FACT_COPY ? put_copy(w, taken, (const struct fact_copy *)f)
					 : put_fact(w, taken->file, f);
		w->rows++;
	}
	if (!r && taken->ended) {
		r = end_source(w, taken->file);
		w->hurried |= taken->file->hurried;
		w->ready |= taken->file->hurried;
	}
	return r;
}

/* In SQLite's words, unless the code says it better. */
static int failed(struct import_writer *w, int code)
{
	const char *message = store_message(w->store);

	if (code == STORE_E_FULL)
		fault_set(
			w->fault, FAULT_NO_OFFSET, "",
			"the disk is full; what was imported until then is kept, import "
			"again when there is room");
	else
		fault_set(w->fault, FAULT_NO_OFFSET, "", "%s",
			  *message ? message : strerror(code < 0 ? -code : EIO));
	if (w->open)
		store_rollback(w->store);
	w->open = false;
	return code;
}

int import_writer_put(struct import_writer *w, const struct pipeline_taken *taken)
{
	int r = put_all(w, taken);

	return r ? failed(w, r) : 0;
}

static bool is_enough(const struct import_writer *w)
{
	int64_t most = w->hurried ? HURRY_MS : w->ready ? READY_MS : COMMIT_MS;

	return w->rows >= COMMIT_ROWS || clock_ms() - w->opened_ms >= most;
}

int import_writer_commit(struct import_writer *w, bool now)
{
	int r;

	if (!w->open || (!now && !is_enough(w)))
		return 0;
	r = lines_settle(w->store);
	if (!r)
		r = store_commit(w->store);
	if (r)
		return failed(w, r);
	w->open = false;
	return 0;
}
