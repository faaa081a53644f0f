/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import from its start to its end: the calling thread takes the sources as they are found
 * (walker.c), passes over those the ledger knows, and is the one writer; in between, and when all is
 * written, it commits. Then the stories are derived.
 */
#include "import/import.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "between.h"
#include "lanes.h"
#include "ledger.h"
#include "lines.h"
#include "sources.h"
#include "walker.h"
#include "worker.h"
#include "writer.h"

#include "store/sync.h"
#include "util/clock.h"

#define TICK_MS      100 /* between two reports of progress */
#define IDLE_MS      200 /* that a feed is waited for at once */
#define QUIET_MS     20 /* nothing for so long: it is no gap between two of its documents */
#define FEED_AT_ONCE 512 /* sources looked at before the writer goes on */
/*
 * A block so large goes back to the system as soon as it is freed, in the whole process. Else the heaps
 * of all threads keep what documents, sweeps and stories of any size leave behind, up to 32 MB each.
 */
#define LARGE_BLOCK (512 << 10)

struct import {
	const struct import_options *options;
	struct import_report *report;
	struct fault *fault;
	struct store *store;
	struct walker *walker;
	struct worker_setup setup;
	struct lanes *lanes;
	struct import_writer writer;
	bool fed;         /* no more sources */
	bool later;       /* the feed has nothing just now */
	int64_t quiet_ms; /* since then it has nothing; 0: it has */
	struct between between;
	struct buf ended;      /* struct ended each: written, not yet committed */
	uint64_t passed_bytes; /* of sources that are known */
	uint64_t files_done;
	int64_t told_ms;
	struct import_progress progress;
};

static void import_deinit(struct import *i)
{
	lanes_free(i->lanes);
	i->setup.seen = seen_free(i->setup.seen);
	walker_free(i->walker);
	buf_deinit(&i->ended);
	import_writer_deinit(&i->writer);
	between_deinit(&i->between);
	store_close(i->store);
}

static int fail(struct import *i, int code)
{
	const char *message = code > 0 ? store_message(i->store) : "";

	fault_set(i->fault, FAULT_NO_OFFSET, "", "%s",
		  *message ? message : strerror(code < 0 ? -code : EIO));
	return code;
}

/* --- progress ------------------------------------------------------------------------------ */

static void tell(struct import *i, const struct import_file *under_way)
{
	struct import_progress *p = &i->progress;
	int64_t now = clock_ms();

	if (!i->options->progress || now - i->told_ms < TICK_MS)
		return;
	i->told_ms = now;
	p->phase = IMPORT_READING;
	p->done = i->passed_bytes + lanes_read_bytes(i->lanes);
	p->counts = i->report->counts;
	if (under_way)
		import_counts_add(&p->counts, &under_way->counts);
	p->files_done = i->files_done;
	i->options->progress(i->options->ctx, p);
}

static int sources_open(const struct import *i, struct sources **ret)
{
	const struct sources_config config = { .paths = i->options->sources,
					       .n_paths = i->options->n_sources,
					       .history = i->options->history };

	return sources_new(&config, ret);
}

static void sources_freep(struct sources **s)
{
	*s = sources_free(*s);
}

/* How much is there? Only asked where somebody looks at the answer. */
static int measure(struct import *i)
{
	_cleanup_(sources_freep) struct sources *s = NULL;
	struct source_entry e;
	bool more = true;
	int r = sources_open(i, &s);

	while (!r) {
		r = sources_next(s, &e, &more);
		if (r || !more)
			break;
		i->progress.files_total++;
		if (e.kind == SOURCE_FILE)
			i->progress.total += e.size;
	}
	return r;
}

/* --- sources ------------------------------------------------------------------------------- */

int import_ledger_knows(struct import_ledger *ledger, const char *name, uint64_t size,
			int64_t version, bool *ret)
{
	struct store_source known;
	int r = store_source_find(ledger->store, str_of(name), &known);

	*ret = r == 0 && known.finished && known.size == size &&
	       known.version == version && (known.all_events || !ledger->all_events);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int import_ledger_begins(struct import_ledger *ledger, const char *prefix, bool *ret)
{
	return store_source_begins(ledger->store, str_of(prefix), ret);
}

bool import_ledger_is_even(const struct import_ledger *ledger)
{
	return ledger->even;
}

int import_ledger_cursor(struct import_ledger *ledger, const char *name, int64_t *ret)
{
	int r = store_cursor(ledger->store, str_of(name), ret);

	return r == STORE_E_NOT_FOUND ? IMPORT_E_LATER : r;
}

struct store *import_ledger_store(struct import_ledger *ledger)
{
	return ledger->store;
}

int import_ledger_health(struct import_ledger *ledger, const struct store_health *health)
{
	int r = import_writer_begin(ledger->writer);

	return r ? r : store_put_health(ledger->store, health);
}

static struct import_ledger ledger_of(struct import *i)
{
	return (struct import_ledger){ .store = i->store,
				       .writer = &i->writer,
				       .all_events = i->options->all_events,
				       .even = lanes_are_empty(i->lanes) };
}

static int is_known(struct import *i, const struct import_file *file, bool *ret)
{
	struct import_ledger ledger = ledger_of(i);

	*ret = false;
	if (file->stream || file->closed)
		return 0;
	return import_ledger_knows(&ledger, file->name, file->size, file->version, ret);
}

/* Takes the file over. */
static int add(struct import *i, struct import_file *file)
{
	int r = lanes_add(i->lanes, file);

	if (r)
		import_file_free(file);
	return r;
}

/* While something is under way, a file that has not been found yet is not waited for. */
static int feed_path(struct import *i)
{
	struct import_file *file = NULL;
	bool known;
	int r = walker_next(i->walker, lanes_are_empty(i->lanes), &file);

	i->fed = r == WALKER_E_END;
	i->later = r == WALKER_E_LATER;
	if (r)
		return i->fed || i->later ? 0 : r;
	r = is_known(i, file, &known);
	if (r || known) {
		i->report->files_known += !r;
		i->files_done += !r;
		i->passed_bytes += r ? 0 : file->size;
		import_file_free(file);
		return r;
	}
	return add(i, file);
}

/* --- a feed's documents --------------------------------------------------------------------- */

static int keep_cursors(const struct import_document *d, struct import_file *file)
{
	for (unsigned n = 0; n < d->n_cursors; n++) {
		file->cursors[n] = strdup(d->cursors[n].name);
		file->values[n] = d->cursors[n].value;
		if (!file->cursors[n])
			return -ENOMEM;
		file->n_cursors++;
	}
	return 0;
}

static int document_file(const struct import_document *d, struct import_file **ret)
{
	struct import_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->given = true;
	file->bytes = d->bytes;
	file->closed = !import_bytes_any(&d->bytes) && d->fault.reason[0];
	file->continues = d->stream;
	file->hurried = d->hurried;
	file->size = d->size;
	file->version = d->version;
	file->fault = d->fault;
	file->cookie = d->cookie;
	file->shown = strdup(d->shown);
	file->name = strdup(d->name);
	if (!file->shown || !file->name || keep_cursors(d, file)) {
		import_file_free(file);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

/* 0; IMPORT_E_LATER or IMPORT_E_END, as the feed says; negative errno. */
static int take_document(struct import *i,
			 int (*next)(void *ctx, struct import_ledger *ledger,
				     struct import_document *ret))
{
	struct import_ledger ledger = ledger_of(i);
	struct import_document d = { .bytes = IMPORT_NO_BYTES };
	struct import_file *file = NULL;
	int r = next(i->options->feed->ctx, &ledger, &d);

	if (r == 0)
		r = document_file(&d, &file);
	return r ? r : add(i, file);
}

static int feed_document(struct import *i)
{
	int r = take_document(i, i->options->feed->next);

	i->fed = r == IMPORT_E_END;
	i->later = r == IMPORT_E_LATER;
	if (!i->later)
		i->quiet_ms = 0;
	return i->fed || i->later ? 0 : r;
}

static int feed_hurried(struct import *i)
{
	const struct import_feed *feed = i->options->feed;
	int r = 0;

	if (!feed || !feed->next_hurried)
		return 0;
	while (!r && lanes_has_room(i->lanes, true)) {
		r = take_document(i, feed->next_hurried);
		if (!r)
			i->quiet_ms = 0;
	}
	return r == IMPORT_E_LATER ? 0 : r;
}

/* What was written, and whose owner is to be told once it is committed. */
struct ended {
	void *cookie;
	bool kept;
};

static int note_ended(struct import *i, const struct import_file *file)
{
	const struct ended e = { file->cookie, !file->failed };

	if (!i->options->feed || !i->options->feed->done)
		return 0;
	buf_put(&i->ended, &e, sizeof(e));
	return buf_error(&i->ended);
}

static int commit(struct import *i, bool now)
{
	const struct import_feed *feed = i->options->feed;
	int r = import_writer_commit(&i->writer, now);

	if (r || i->writer.open)
		return r;
	for (size_t at = 0; at < i->ended.len; at += sizeof(struct ended)) {
		struct ended e;

		memcpy(&e, i->ended.data + at, sizeof(e));
		feed->done(feed->ctx, e.cookie, e.kept);
	}
	buf_reset(&i->ended);
	return 0;
}

static int feed_one(struct import *i)
{
	return i->options->feed ? feed_document(i) : feed_path(i);
}

static int feed(struct import *i)
{
	int r = feed_hurried(i);

	i->later = false;
	for (unsigned n = 0; !r && !i->fed && !i->later && n < FEED_AT_ONCE; n++) {
		if (!lanes_has_room(i->lanes, false))
			break;
		r = feed_one(i);
	}
	return r ? fail(i, r) : 0;
}

/* --- the two halves ------------------------------------------------------------------------ */

static int put(struct import *i, struct pipeline_taken *taken)
{
	int r = import_writer_put(&i->writer, taken);

	lanes_give_back(i->lanes, taken);
	i->files_done += taken->ended;
	between_renew(&i->between);
	tell(i, taken->ended ? NULL : taken->file);
	if (!r && taken->ended)
		r = note_ended(i, taken->file);
	if (taken->ended)
		import_file_free(taken->file);
	return r;
}

static int take(struct import *i)
{
	struct pipeline_taken taken = { 0 };
	int r = lanes_take(i->lanes, TICK_MS, &taken);

	if (r < 0)
		return fail(i, r);
	/* Neither EMPTY (nothing but known sources so far) nor TIMEOUT are anything to act on. */
	r = r ? 0 : put(i, &taken);
	return r ? r : commit(i, false);
}

static unsigned workers_of(const struct import_options *options)
{
	long n =
		options->workers ? (long)options->workers : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)MIN(n, 64);
}

static void tell_derived(void *ctx, uint64_t done, uint64_t total)
{
	struct import *i = ctx;
	struct import_progress *p = &i->progress;

	p->phase = IMPORT_DERIVING;
	p->done = done;
	p->total = total;
	p->counts = i->report->counts;
	p->files_done = i->files_done;
	i->options->progress(i->options->ctx, p);
}

static int slice(struct import *i, bool idle)
{
	int r = commit(i, true);

	return r ? r : between_slice(&i->between, idle);
}

/*
 * A feed has nothing just now, and all that it gave is written. Who follows wants to see it: the
 * stories are made before anything else is waited for.
 */
static int idle(struct import *i)
{
	const struct import_feed *feed = i->options->feed;
	int64_t now = clock_ms();
	bool quiet = i->quiet_ms && now - i->quiet_ms >= QUIET_MS;

	if (!i->quiet_ms)
		i->quiet_ms = now;
	if (quiet && between_is_due(&i->between, true))
		return slice(i, true);
	feed->wait(feed->ctx, i->between.due ? QUIET_MS : IDLE_MS);
	return commit(i, false);
}

/* Something is under way. */
static int busy(struct import *i)
{
	int r = take(i);

	return !r && i->options->feed && between_is_due(&i->between, false)
		       ? slice(i, false)
		       : r;
}

static int read_sources(struct import *i)
{
	bool more = true;
	int r = 0;

	while (!r && more) {
		r = feed(i);
		if (r || !lanes_are_empty(i->lanes))
			r = r ? r : busy(i);
		else if (i->fed)
			more = false;
		else if (i->later)
			r = idle(i);
	}
	return r ? r : commit(i, true);
}

static int start(struct import *i)
{
	struct pipeline_ops ops = worker_ops;
	struct sources *sources = NULL;
	int r = i->options->feed ? 0 : sources_open(i, &sources);

	if (!r && sources)
		r = walker_new(sources, &i->walker);
	if (!r && i->options->progress && !i->options->feed)
		r = measure(i);
	i->setup = (struct worker_setup){ i->options, store_shapes(i->store),
					  store_coders(i->store), NULL };
	ops.ctx = &i->setup;
	if (!r)
		r = seen_new(&i->setup.seen);
	/* One of them is the writer, who parses, too; who reads is another. */
	if (!r)
		r = lanes_new(&ops, MAX(workers_of(i->options), 2u) - 1, &i->lanes);
	return r ? fail(i, r) : 0;
}

/* Where none of the sources is there, a word was mistyped, and no history is to be made. */
static bool none_is_there(const struct import_options *options)
{
	struct stat st;

	for (size_t n = 0; n < options->n_sources; n++)
		if (!strcmp(options->sources[n], "-") ||
		    !stat(options->sources[n], &st) || errno != ENOENT)
			return false;
	return options->n_sources > 0;
}

static void tell_missing(const struct import_options *options,
			 struct import_report *report)
{
	struct fault f;

	fault_set(&f, FAULT_NO_OFFSET, "", "cannot be read: %s", strerror(ENOENT));
	for (size_t n = 0; options->failed && n < options->n_sources; n++)
		options->failed(options->ctx, options->sources[n], &f);
	report->sources_failed = options->n_sources;
}

static bool is_hurried(const struct import *i)
{
	const struct import_feed *feed = i->options->feed;

	return feed && feed->stop && __atomic_load_n(feed->stop, __ATOMIC_RELAXED);
}

/* A feed may be asked to end while another import is waited for. */
static int open_history(struct import *i)
{
	const struct import_options *o = i->options;
	const struct timespec pause = { .tv_nsec = TICK_MS * 1000000 };
	enum store_mode mode = o->held ? STORE_WRITE_HELD : STORE_WRITE;
	int r = store_open(o->history, mode, o->wait && !o->feed, &i->store, i->fault);

	while (r == STORE_E_BUSY && o->wait && o->feed && !is_hurried(i)) {
		(void)nanosleep(&pause, NULL);
		r = store_open(o->history, mode, false, &i->store, i->fault);
	}
	return r;
}

int import_run(const struct import_options *options, struct import_report *ret,
	       struct fault *f)
{
	_cleanup_(import_deinit) struct import i = { .options = options,
						     .report = ret,
						     .fault = f };
	int r;

	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	*ret = (struct import_report){ 0 };
	if (!options->feed && none_is_there(options)) {
		tell_missing(options, ret);
		return 0;
	}
	r = open_history(&i);
	if (r)
		return is_hurried(&i) && r == STORE_E_BUSY ? 0 : r;
	i.writer = (struct import_writer){ .store = i.store,
					   .options = options,
					   .setup = &i.setup,
					   .report = ret,
					   .fault = f };
	i.between = (struct between){ .store = i.store,
				      .options = options,
				      .workers = workers_of(options),
				      .fault = f };
	between_begin(&i.between);
	r = start(&i);
	if (!r)
		r = read_sources(&i);
	if (r)
		return r;
	r = import_writer_refused(&i.writer, &ret->refused);
	if (!r)
		r = lines_settle_rest(
			i.store); /* of a history that an older program wrote */
	if (r)
		return fail(&i, r);
	/* The threads and what they hold are not needed any more; those to come hold as much. */
	i.lanes = lanes_free(i.lanes);
	i.setup.seen = seen_free(i.setup.seen);
	store_forget_bodies(i.store);
	malloc_trim(0);
	return between_end(&i.between, is_hurried(&i),
			   options->progress ? tell_derived : NULL, &i);
}
