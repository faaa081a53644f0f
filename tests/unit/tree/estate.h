/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the tree's tests share: a history in a folder of its own, filled through the store's
 * write side as an import fills it, and the tree over it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tree/tree.h"

#define ACCOUNT "123456789012"
#define REGION  "us-east-1"
#define GROUP   "AWS::EC2::SecurityGroup"
#define GROUPS  "resources/123456789012/us-east-1/AWS/EC2/SecurityGroup"

#define T0  INT64_C(1714558500123) /* 2024-05-01T10:15:00.123Z */
#define DAY INT64_C(86400000)

struct store;

struct estate {
	char dir[32];
	char path[64];
	struct store *s;     /* open for writing */
	struct tree *t;      /* NULL until estate_open() */
	int64_t count;       /* of states put */
	const char *account; /* what is put is of; NULL: ACCOUNT */
	bool named;          /* give resources names, too; see estate_commit() */
	bool named_apart;    /* ... and each the one that is its id */
};

int estate_setup(void **state); /* the history, empty */
int estate_teardown(void **state);
void estate_open(struct estate *e);

/*
 * What is put is there after estate_commit(), which also makes the stories; with `named` the
 * resource X is called X, "name", arn:X, and has the tag env/x: "p q".
 */
void estate_begin(struct estate *e);
void estate_put(struct estate *e, const char *type, const char *rid, int64_t ms);
void estate_put_deletion(struct estate *e, const char *type, const char *rid, int64_t ms);
void estate_commit(struct estate *e);
/* One state in a transaction of its own. */
void estate_add(struct estate *e, const char *rid, int64_t ms);

/* These fail the test when there is no such path. */
struct tree_attr estate_at(struct estate *e, const char *path);
int estate_lookup(struct estate *e, const char *path, struct tree_attr *ret);

/* A directory's names, each with a newline; at most `max` entries, *cookie is moved on. */
size_t estate_list(struct estate *e, uint64_t node, uint64_t *cookie, size_t max,
		   struct buf *out);
