/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Objects of a bucket, many at once fetched by one thread ahead of who reads them, handed out as
 * they are done: one that AWS makes wait keeps no other waiting. Each is whole, as long as it was
 * listed, or it failed: a body that was cut off is fetched again. Its bytes are kept in memory or,
 * when they are many, on disk in a file without a name.
 */

#include <stdbool.h>
#include <stdint.h>

#include "bell.h"

#include "aws/s3_many.h"
#include "import/import.h"

#define FETCH_AT_ONCE 64u
#define FETCH_JOBS    256u /* asked for and not yet handed out */
/* Likewise, bytes in memory and on disk; a single bigger object still passes. */
#define FETCH_MEMORY ((uint64_t)16 << 20)
#define FETCH_DISK   ((uint64_t)256 << 20)
#define FETCH_HELD   ((uint64_t)1 << 20) /* a bigger object goes to disk */

struct fetch;

struct fetch_job {
	struct fetch_job *next;
	char *key, *etag;
	uint64_t size;             /* as listed */
	uint64_t got;              /* by this try */
	struct import_bytes bytes; /* none when it failed */
	int result; /* 0, AWS_E_..., negative errno; from the start: not to be fetched */
	struct fault fault; /* when it failed */
	uint64_t nth;       /* that ended, from 1; 0: never was asked for */
	bool taken, done;   /* under the pool's lock */
	bool again;         /* it failed before; its owner's */
	struct aws_get get; /* while it is under way */
};

/* NULL: no memory. The job's strings are copies. */
struct fetch_job *fetch_job_new(const struct aws_object *object) _must_check_;
struct fetch_job *fetch_job_free(struct fetch_job *job); /* returns NULL */

/* Fetches it here and now. */
void fetch_job_run(struct fetch_job *job, struct aws_handle *h,
		   const struct aws_bucket *bucket);

/* At most so many at once. The bell is rung when a job is done. */
int fetch_new(struct aws_client *client, const struct aws_bucket *bucket, unsigned most,
	      struct bell *bell, struct fetch **ret) _must_check_;
/* Forgets what is under way, and the rest. */
struct fetch *fetch_free(struct fetch *f);
bool fetch_has_room(struct fetch *f);
void fetch_add(struct fetch *f, struct fetch_job *job); /* takes it over */
bool fetch_is_empty(struct fetch *f);
/* The oldest of those that are done. NULL: none is. */
struct fetch_job *fetch_take(struct fetch *f) _must_check_;
