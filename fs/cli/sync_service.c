/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of sync that follows ends when it is told to, or because it could not even begin: no
 * profile of that name, a source that needs a region. Then it is tried again, later and later: a
 * laptop comes back to its network, and somebody signs in.
 */
#include "sync_service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/sync.h"
#include "sync_process.h"

#define BACKOFF_MS  5000u
#define BACKOFF_MAX 300000u
#define LOOK_MS     100u

/* --- what went wrong ------------------------------------------------------------------------ */

static void tell(struct sync_service *s, const char *source, const struct fault *f)
{
	_cleanup_(buf_deinit) struct buf line = BUF_INIT;
	_cleanup_(freep) char *shown = NULL;

	buf_printf(&line, "sync: %s%s%s", source, *source ? ": " : "", f->reason);
	buf_put_char(&line, '\0');
	shown = buf_error(&line) ? NULL : cli_printable(line.data);
	if (shown)
		s->notice(s->ctx, shown);
}

static void on_failed(void *ctx, const char *source, const struct fault *f)
{
	tell(ctx, source, f);
}

static int put_health(struct store *store, struct str sources, unsigned failures,
		      const struct fault *f)
{
	struct store_health health = { .tried_ms = (int64_t)time(NULL) * 1000,
				       .failures = failures,
				       .errors = 1,
				       .reason = str_of(f->reason) };
	int r = 0;

	/* Lines of sync_list(): URL, and perhaps " as ROLE". */
	while (!r && sources.n) {
		ptrdiff_t end = str_chr(sources, '\n'), space;

		health.source =
			(struct str){ sources.p, end < 0 ? sources.n : (size_t)end };
		sources = end < 0 ? STR_NULL : str_from(sources, (size_t)end + 1);
		space = str_chr(health.source, ' ');
		if (space >= 0)
			health.source.n = (size_t)space;
		r = store_put_health(store, &health);
	}
	return r;
}

/* For status: the sources are as badly off as the run. What fails here was told already. */
static void note_failure(struct sync_service *s, unsigned failures, const struct fault *f)
{
	_cleanup_(buf_deinit) struct buf sources = BUF_INIT;
	struct store *store = NULL;
	struct fault unused = { 0 };
	int r;

	if (sync_list(&s->words.sync, &sources, &unused)) {
		buf_reset(&sources);
		buf_put_text(&sources, "sync");
	}
	r = buf_error(&sources);
	if (!r)
		r = store_open(s->words.sync.import.history, STORE_WRITE_HELD, false,
			       &store, &unused);
	if (r)
		return;
	r = store_begin(store, "health");
	if (!r)
		r = put_health(store, buf_str(&sources), failures, f);
	if (!r)
		r = store_commit(store);
	if (r)
		store_rollback(store);
	store_close(store);
}

/* --- the thread ----------------------------------------------------------------------------- */

static void wait_ms(unsigned ms)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000 };

	for (; ms >= LOOK_MS; ms -= LOOK_MS) {
		if (__atomic_load_n(sync_stop_flag(), __ATOMIC_RELAXED))
			return;
		(void)nanosleep(&look, NULL);
	}
}

static void set_options(struct sync_service *s)
{
	struct import_options *o = &s->words.sync.import;

	o->held = true;
	o->progress = NULL;
	o->refused = NULL;
	o->failed = on_failed;
	o->ctx = s;
}

/* A configuration that is wrong now was told of, and it goes on as it was. */
static void read_anew(struct sync_service *s)
{
	struct sync_words *anew = calloc(1, sizeof(*anew));
	struct fault wrong;

	if (!anew)
		return;
	if (sync_words_read(s->command, s->argc, s->argv, anew) >= 0) {
		wrong = anew->fault;
		if (wrong.reason[0])
			tell(s, "", &wrong);
		sync_words_deinit(anew);
	} else {
		sync_words_deinit(&s->words);
		/* What it points to in itself is placed again. */
		if (sync_words_read(s->command, s->argc, s->argv, &s->words) >= 0)
			sync_end();
		sync_words_deinit(anew);
		set_options(s);
	}
	free(anew);
}

static void *thread_main(void *arg)
{
	struct sync_service *s = arg;
	unsigned failures = 0;

	while (!sync_is_ended()) {
		struct sync_report report = { 0 };
		struct fault f = { 0 };
		int r = sync_run(&s->words.sync, &report, &f);

		failures = r ? failures + 1 : 0;
		if (r && !sync_is_ended()) {
			tell(s, "", &f);
			note_failure(s, failures, &f);
			wait_ms(MIN(BACKOFF_MS << MIN(failures - 1, 6u), BACKOFF_MAX));
		}
		if (sync_begins_anew())
			read_anew(s);
		else if (!r && !sync_is_ended())
			wait_ms(BACKOFF_MS);
	}
	return NULL;
}

/* --- beginning and ending ------------------------------------------------------------------- */

int sync_service_prepare(struct sync_service *s)
{
	struct import_options *o = &s->words.sync.import;
	_cleanup_(buf_deinit) struct buf sources = BUF_INIT;
	struct store *store = NULL;
	struct fault f = { 0 };
	int status, r;

	s->lock_fd = -1;
	status = sync_words_read(s->command, s->argc, s->argv, &s->words);
	if (status >= 0)
		return status;
	set_options(s);
	if (sync_list(&s->words.sync, &sources, &f) > 0)
		return cli_fail("%s", f.reason);
	r = store_lock(o->history, &s->lock_fd, &f);
	/* The mount wants a history, be it an empty one. */
	if (!r)
		r = store_open(o->history, STORE_WRITE_HELD, false, &store, &f);
	store_close(store);
	if (r)
		return cli_fault(o->history, &f);
	sync_forbid_core_dumps();
	if (s->words.configured)
		sync_catch_reload();
	return -1;
}

int sync_service_start(struct sync_service *s)
{
	sigset_t all, before;
	int r = aws_library_init();

	if (r)
		return r;
	/* Signals are for the thread that serves. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&s->thread, NULL, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->running = r == 0;
	return r;
}

void sync_service_stop(struct sync_service *s)
{
	sync_end();
	if (s->running)
		pthread_join(s->thread, NULL);
	s->running = false;
}

void sync_service_deinit(struct sync_service *s)
{
	sync_words_deinit(&s->words);
	closep(&s->lock_fd);
}
