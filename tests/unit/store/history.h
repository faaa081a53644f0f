/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the store's tests share: a history in a folder of its own, items and events made by
 * hand, and puts that are a transaction each.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack.h"
#include "posting.h"
#include "store/derive.h"

#define ACCOUNT "123456789012"
#define REGION  "us-east-1"
#define GROUP   "AWS::EC2::SecurityGroup"

/* The id of a resource's state, by its number from 1 on. */
#define STATE(resource, n) (state_first(resource) + (n)-1)

struct history {
	char dir[32];
	char path[64];
	struct store *s; /* open for writing, or NULL */
	struct arena a;  /* for whatever a test reads */
	struct fault fault;
	struct store_ousted ousted; /* by the last put_item(), if by that */
};

int history_setup(void **state);
int history_setup_closed(void **state); /* the folder only */
int history_teardown(void **state);
/* Opens h->s anew in the mode; fails the test unless it returns `expected`. */
void history_open(struct history *h, enum store_mode mode, int expected);
void history_close(struct history *h);
/* What the first driftfs of all would have left of an import of nothing; there is no file before. */
void history_make_first(struct history *h);

/*
 * A transaction; once it is committed, every folder says that it has changed in which a resource
 * has, since readers go by that.
 */
void begin(struct history *h);
void commit(struct history *h);
/* As an import ends: nothing is left. */
void sweep_all(struct history *h);

/* raw is the body, guise DELIVERY, status OK. */
struct item item_of(const char *type, const char *rid, int64_t ms, const char *state_id,
		    const char *body);
struct event event_of(const char *id, int64_t ms);

enum store_put put_item(struct history *h, const struct item *item);
enum store_put put_event(struct history *h, const struct event *e, const char *raw,
			 const uint64_t *tokens, size_t n);
struct event_told;
/* A new event that is told of, its id made of the number, in the caller's transaction. */
void history_put_told(struct history *h, int number, int64_t ms,
		      const struct event_told *told);
/* A transition to ALARM of an alarm of ACCOUNT and REGION; its row. */
int64_t history_put_alarm(struct history *h, const char *alarm, int64_t ms);
/* Packs its states as its story would. */
void pack_resource(struct history *h, int64_t resource);
/* How many packs that makes of so many, which are put one after the other and are not large. */
static inline int packs_of(int states)
{
	return (states + (int)PACK_STATES - 1) / (int)PACK_STATES;
}
/* The resource of ACCOUNT and REGION; fails the test when it is not there. */
struct store_resource resource_of(struct history *h, const char *type, const char *rid);
/* All states of the resource in order; at most 64. */
size_t states_of(struct history *h, int64_t resource, struct store_state ret[64]);
void assert_body(struct history *h, int64_t state, const char *body);
void assert_raw(struct history *h, int64_t state, const char *raw);
/* How many postings a list has of a key. */
int count_list(struct history *h, enum posting_list list, int64_t key);
/* Tokens that lists tell apart, and how many postings one has. */
#define TOKEN(i) ((uint64_t)(i) << 16)
int count_token(struct history *h, enum posting_list list, uint64_t token);
/* PRAGMA integrity_check, and one number asked in SQL beside the connection. */
void assert_sound(struct history *h);
int64_t ask(struct history *h, const char *sql);
/* Each of so many is 0; by one connection, which is the dear part. */
void assert_zeros(struct history *h, const char *const *sql, size_t n);
/* Has the history the frame of a state that stands alone, byte for byte? */
bool is_frame(struct history *h, int64_t state, struct str frame);
