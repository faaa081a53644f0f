/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files in, chunks of facts out: the queues between one writer, who adds files and takes
 * parsed chunks, and the workers, who read and parse. Files go in and chunks come out in one
 * order, whoever was quicker, so that the history does not depend on the threads. The writer
 * parses, too, when it would have to wait. What is in flight is bounded by its bytes: so much that
 * workers do not stand still while the writer commits.
 */

#include <stdbool.h>
#include <stdint.h>

#include "chunk.h"
#include "import/import.h"
#include "store/write.h"

/*
 * In flight, as a rule, and as many chunks as have so much text; a single bigger one still passes.
 * Most deliveries are files of some ten records, each a chunk; no more of those, as what was parsed
 * long ago is in no processor's cache any more.
 */
#define PIPELINE_BYTES ((size_t)32 << 20)
#define PIPELINE_CHUNK (CHUNK_TEXT / 2)
#define PIPELINE_FILES 256u /* added and not yet written */
#define PIPELINE_BODIES \
	((size_t)4 << 20) /* of files in memory, added and not yet read; likewise */

struct pipeline;

struct import_file {
	struct import_file *next;
	bool stream;
	bool named; /* an argument itself, not something met in a folder */
	bool closed; /* the refusal it has from the start is all there is: not to be opened */
	char *shown;               /* the path as its user would name it */
	char *path;                /* to open; NULL: standard input */
	bool given;                /* there is no path, but its bytes: */
	struct import_bytes bytes; /* the reader's from when it begins, gone when it ends */
	void *cookie;              /* of the feed it came from */
	bool continues;            /* more of what the ledger has by its name */
	bool hurried;              /* somebody waits to see it */
	char *cursors[IMPORT_CURSORS]; /* names */
	int64_t values[IMPORT_CURSORS];
	unsigned n_cursors;
	char *name; /* for the ledger; a reader may replace it before its first chunk */
	uint64_t size;
	int64_t version;
	struct fault fault; /* of a closed file */

	/* Under the pipeline's lock. */
	struct chunk *chunks, **last; /* not yet taken by the writer */
	bool ended;                   /* there will be no more of them */
	size_t waiting;               /* bytes of the body, counted as not yet read */
	bool failed; /* could not be read: to be tried again another time */

	/* The writer's. */
	bool started;
	int64_t source;
	struct store_counts counts;
};

struct import_file *import_file_free(struct import_file *file); /* returns NULL */

/* What a worker does; the context is a worker's own. Negative errno ends it all. */
struct pipeline_ops {
	const void *ctx;                                          /* of all workers */
	void *(*worker_new)(struct pipeline *p, const void *ctx); /* NULL: no memory */
	void (*worker_free)(void *worker);
	int (*read)(void *worker, struct import_file *file);
	int (*parse)(void *worker, struct chunk *chunk);
};

/* Starts the workers; `most` bytes may be in flight. 0 or negative errno. */
int pipeline_new(const struct pipeline_ops *ops, unsigned workers, size_t most,
		 struct pipeline **ret) _must_check_;
/* Stops the workers wherever they are and waits for them; returns NULL. */
struct pipeline *pipeline_free(struct pipeline *p);

/* --- for the writer ------------------------------------------------------------------------ */

/* May a file be added now? (Else take first.) */
bool pipeline_has_room(struct pipeline *p);
/* Has everything that was added been taken? */
bool pipeline_is_empty(struct pipeline *p);
/* Takes the file over. */
void pipeline_add(struct pipeline *p, struct import_file *file);

struct pipeline_taken {
	struct import_file *file; /* the writer's when `ended`, else the pipeline's */
	struct chunk *chunk;      /* NULL: none, just the file's end; to be given back */
	bool ended;               /* that was the last of the file */
};

enum {
	_PIPELINE_E_SUCCESS,
	PIPELINE_E_EMPTY,   /* no file is under way */
	PIPELINE_E_TIMEOUT, /* nothing was ready in time */
};

/*
 * The next in order, waiting for it at most timeout_ms and the parsing of one chunk. 0,
 * PIPELINE_E_..., or what parsing or reading failed with.
 */
int pipeline_take(struct pipeline *p, unsigned timeout_ms,
		  struct pipeline_taken *ret) _must_check_;
void pipeline_give_back(struct pipeline *p, struct chunk *chunk); /* NULL is fine */
/* Bytes of the sources read so far. */
uint64_t pipeline_read_bytes(struct pipeline *p);

/* --- for the workers ----------------------------------------------------------------------- */

/* An empty chunk; NULL: no memory. */
struct chunk *pipeline_chunk(struct pipeline *p) _must_check_;
/*
 * Hands over a filled chunk, when there is room for it; parses others meanwhile. The chunk is
 * taken in any case. 0, or -ECANCELED when all is to stop.
 */
int pipeline_push(struct pipeline *p, void *worker, struct import_file *file,
		  struct chunk *chunk) _must_check_;
void pipeline_progress(struct pipeline *p, uint64_t bytes);
/* Readable once all is to stop: to be polled together with what may block. */
int pipeline_stop_fd(const struct pipeline *p);
bool pipeline_stopped(struct pipeline *p);
