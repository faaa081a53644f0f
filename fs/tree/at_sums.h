/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What all resources beneath a folder come to at a moment: the sizes of its inventories. A sum
 * takes a seek for each resource, so sums are kept, folder by folder, and good as long as
 * nothing beneath the folder has changed; an import elsewhere costs nothing. Folders mostly hold a
 * few resources, and to look into one takes longer than they do: so those of all accounts are made
 * in one pass over the resources.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/at.h"

struct request;

struct at_sums {
	uint64_t n; /* resources */
	uint64_t csv_len, jsonl_len, item_len;
	int64_t newest_ms; /* of their states; 0: none */
	/* Of times and lengths of the states, in any order: what tells two estates apart. */
	uint64_t mark;
};

struct at_slot {
	int64_t folder, time_ms;
	uint64_t changed;
	bool has_any, any;
	bool has_sums;
	struct at_sums own, all;
};

#define AT_SLOTS 16384

struct at_sums_cache {
	pthread_mutex_t lock;
	struct at_slot *slots; /* under lock: the one of a (folder, moment), or another's */
};

int at_sums_init(struct at_sums_cache *c) _must_check_; /* 0 or -ENOMEM */
void at_sums_deinit(struct at_sums_cache *c);

/* Of a folder's own resources (ret_own may be NULL), and of all beneath it. */
int at_sums_get(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		struct at_sums *ret_own, struct at_sums *ret_all) _must_check_;
/* Is there any resource beneath it? Much cheaper than the sum where there is one. */
int at_any(struct request *q, const struct store_at_folder *f, int64_t time_ms,
	   bool *ret) _must_check_;
/* The folder; for STORE_ROOT one that stands for all accounts. */
int at_folder(struct request *q, int64_t id, struct store_at_folder *ret) _must_check_;
void at_sums_add(struct at_sums *to, const struct at_sums *more);
/* A state's lengths, reckoned where the history does not have them yet. */
int at_measure(struct request *q, const struct store_at_row *row,
	       struct at_sums *ret) _must_check_;
