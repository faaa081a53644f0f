/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import from end to end: find the files, leave out what the ledger has, write what the
 * pipeline brings, derive the stories.
 *
 * The calling thread is the one writer. It commits every so many operations, and closes a
 * file's ledger row in the same transaction as the file's last operations: a file is finished
 * or will be read again, and putting a thing twice does nothing.
 */
#include "import/import.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "derive.h"
#include "pipeline.h"

#define COMMIT_OPS 100000
#define COMMIT_MS  1000

struct run {
	const struct import_options *o;
	struct import_report *report;
	struct store *s;
	struct source_list list;
	struct source_state *sources; /* those to be read */
	size_t n;
	uint64_t bytes_total;
	struct pipeline *pipeline;
	size_t ops; /* in the transaction under way */
	int64_t began_ms;
	bool open;
	size_t files_done;
};

static void run_deinit(struct run *run)
{
	pipeline_free(run->pipeline);
	if (run->open)
		store_rollback(run->s);
	store_close(run->s);
	free(run->sources);
	source_list_deinit(&run->list);
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- transactions -------------------------------------------------------------------------- */

static int begin(struct run *run)
{
	int r;

	if (run->open)
		return 0;
	r = store_begin(run->s, "import");
	run->open = r == 0;
	run->ops = 0;
	run->began_ms = clock_ms(CLOCK_MONOTONIC);
	return r;
}

static int commit(struct run *run)
{
	int r = 0;

	if (run->open)
		r = store_commit(run->s);
	if (!r)
		run->open = false;
	return r;
}

static int commit_when_due(struct run *run)
{
	if (run->ops < COMMIT_OPS &&
	    clock_ms(CLOCK_MONOTONIC) - run->began_ms < COMMIT_MS)
		return 0;
	return commit(run);
}

/* --- operations ---------------------------------------------------------------------------- */

static int refuse(struct run *run, struct source_state *src, const struct fault *f,
		  struct str bytes)
{
	int r = store_put_refusal(run->s, src->id, f, bytes);

	src->counts.refused++;
	run->report->counts.refused++;
	if (!r && run->o->refused)
		run->o->refused(run->o->ctx, src->file->path, f);
	return r;
}

static void count(struct run *run, struct source_state *src, enum store_put put,
		  uint64_t *mine, uint64_t *all)
{
	if (put == STORE_PUT_NEW) {
		++*mine;
		++*all;
	} else {
		src->counts.duplicates++;
		run->report->counts.duplicates++;
	}
}

static int put_event(struct run *run, struct source_state *src, const struct op *op)
{
	struct store_counts *all = &run->report->counts;
	enum store_put put;
	int r = store_put_event(run->s, &op->event, op->identity, op->raw, &op->mentions,
				src->id, &put);

	if (!r && put == STORE_PUT_CONFLICT) {
		struct fault f;

		fault_set(&f, FAULT_NO_OFFSET, "eventID",
			  "%.*s is there already with another content",
			  (int)MIN(op->identity.n, (size_t)80), op->identity.p);
		return refuse(run, src, &f, op->raw);
	}
	if (!r)
		count(run, src, put, &src->counts.events, &all->events);
	return r;
}

static int put_op(struct run *run, struct source_state *src, const struct op *op)
{
	struct store_counts *all = &run->report->counts;
	enum store_put put = STORE_PUT_NEW;
	int r = 0;

	switch (op->kind) {
	case OP_ITEM:
		r = store_put_item(run->s, &op->item, src->id, &put);
		if (!r)
			count(run, src, put, &src->counts.items, &all->items);
		break;
	case OP_EVENT:
		r = put_event(run, src, op);
		break;
	case OP_TRANSITION:
		r = store_put_transition(run->s, &op->transition, &op->mentions, src->id,
					 &put);
		if (!r)
			count(run, src, put, &src->counts.transitions, &all->transitions);
		break;
	case OP_ALARM:
		r = store_put_alarm(run->s, &op->alarm, &op->mentions);
		break;
	case OP_NOTICE:
		r = store_count_notice(run->s, src->id, str_of(op->notice), 1);
		src->counts.notices++;
		all->notices++;
		break;
	case OP_REFUSAL:
		return refuse(run, src, &op->fault, op->bytes);
	}
	src->something = true;
	run->ops++;
	return r;
}

/* A source that held nothing at all (the writability check is empty) is a notice. */
static int finish_source(struct run *run, struct source_state *src)
{
	int r = 0;

	if (!src->something && !src->counts.refused) {
		r = store_count_notice(run->s, src->id, STR("empty"), 1);
		src->counts.notices++;
		run->report->counts.notices++;
	}
	if (!r)
		r = store_source_finish(run->s, src->id, &src->counts,
					clock_ms(CLOCK_REALTIME));
	run->report->files += src->something;
	run->files_done++;
	return r;
}

static int write_batch(struct run *run, const struct batch *b)
{
	struct source_state *src = b->source;
	int r = begin(run);

	for (const struct op *op = b->first; r == 0 && op; op = op->next)
		r = put_op(run, src, op);
	src->written++;
	if (b->final)
		src->expected = b->n_batches;
	if (!r && src->expected && src->written == src->expected)
		r = finish_source(run, src);
	return r ? r : commit_when_due(run);
}

/* --- phases -------------------------------------------------------------------------------- */

static void tell(struct run *run, enum import_phase phase, uint64_t done, uint64_t total)
{
	struct import_progress p = { .phase = phase,
				     .done = done,
				     .total = total,
				     .counts = run->report->counts,
				     .files_done = run->files_done,
				     .files_total = run->n };

	if (run->o->progress)
		run->o->progress(run->o->ctx, &p);
}

static int start_source(struct run *run, const struct source_file *file)
{
	struct source_state *src = &run->sources[run->n];
	struct store_source row = {
		.name = str_of(strcmp(file->path, "-") ? file->path : "standard input"),
		.size = file->size,
		.version = file->version,
	};
	int r = begin(run);

	if (r)
		return r;
	r = store_source_start(run->s, &row, &src->id);
	src->file = file;
	run->n++;
	run->bytes_total += file->size;
	run->ops++;
	return r ? r : commit_when_due(run);
}

/* Enters the files that are new or changed; the others are done already. */
static int choose_sources(struct run *run)
{
	run->sources = calloc(run->list.n + 1, sizeof(*run->sources));
	if (!run->sources)
		return -ENOMEM;
	for (size_t i = 0; i < run->list.n; i++) {
		const struct source_file *file = &run->list.files[i];
		struct store_source known;
		int r = STORE_E_NOT_FOUND;

		if (strcmp(file->path, "-"))
			r = store_source_find(run->s, str_of(file->path), &known);
		if (!r && known.finished && known.size == file->size &&
		    known.version == file->version) {
			run->report->files_known++;
			continue;
		}
		if (r && r != STORE_E_NOT_FOUND)
			return r;
		r = start_source(run, file);
		if (r)
			return r;
	}
	return commit(run);
}

static int read_all(struct run *run, unsigned workers)
{
	int r;

	if (run->n == 0)
		return 0;
	r = pipeline_new(run->sources, run->n, workers, &run->pipeline);
	while (!r) {
		struct batch *b = NULL;

		r = pipeline_next(run->pipeline, &b);
		if (r || !b)
			break;
		r = write_batch(run, b);
		batch_free(b);
		tell(run, IMPORT_READING, pipeline_consumed(run->pipeline),
		     run->bytes_total);
	}
	return r ? r : commit(run);
}

/* A source that cannot be walked into still gets its row and its refusal. */
static int on_unreadable(void *ctx, const char *path, const struct fault *f)
{
	struct run *run = ctx;
	const struct store_source row = { .name = str_of(path) };
	const struct source_file file = { .path = (char *)(uintptr_t)path };
	struct source_state src = { .file = &file };
	int r = begin(run);

	if (!r)
		r = store_source_start(run->s, &row, &src.id);
	if (!r)
		r = refuse(run, &src, f, STR_NULL);
	run->report->files_failed++;
	return r;
}

static void on_derived(void *ctx, uint64_t done, uint64_t total)
{
	struct run *run = ctx;

	run->report->resources = total;
	tell(run, IMPORT_DERIVING, done, total);
}

static int explain(struct run *run, int r, struct fault *f)
{
	if (r == STORE_E_FULL)
		fault_set(
			f, FAULT_NO_OFFSET, "",
			"the disk is full; what was taken in before is kept, and the same import "
			"goes on from there once there is room");
	else if (r && f && !*f->reason)
		fault_set(f, FAULT_NO_OFFSET, "", "%s",
			  *store_message(run->s) ? store_message(run->s)
						 : strerror(abs(r)));
	return r;
}

int import_run(const struct import_options *o, struct import_report *ret, struct fault *f)
{
	_cleanup_(run_deinit) struct run run = { .o = o, .report = ret };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned workers = o->workers ? o->workers : (unsigned)MAX(processors, 1L);
	struct derive_options derive = { .history = o->history,
					 .workers = workers,
					 .progress = on_derived,
					 .ctx = &run };
	int r;

	*ret = (struct import_report){ 0 };
	*f = (struct fault){ .offset = FAULT_NO_OFFSET };
	r = store_open(o->history, STORE_WRITE, o->wait, &run.s, f);
	if (r)
		return r;
	r = source_list_fill(&run.list, o->sources, o->n_sources, o->history,
			     on_unreadable, &run, f);
	if (!r)
		r = choose_sources(&run);
	if (!r)
		r = read_all(&run, workers);
	run.pipeline = pipeline_free(run.pipeline);
	if (!r)
		r = derive_run(run.s, &derive, f);
	return explain(&run, r, f);
}
