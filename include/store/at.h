/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The estate at a moment: for each resource the newest state shown that was captured at or before
 * it, unless that is a deletion. One seek a resource, whatever the length of its history, and no
 * body is read.
 */

#include "store/read.h"

/* A folder with what tells whether it has to be looked into. */
struct store_at_folder {
	int64_t id;
	int64_t parent;    /* STORE_ROOT for an account */
	unsigned level;    /* 1: an account, 2: a region, 3: a type or part of one */
	struct str name;   /* escaped, as listed in resources/ */
	int64_t newest_ms; /* newest capture time beneath it */
	int64_t first_ms;  /* nothing beneath it is older */
	uint64_t changed; /* differs once anything beneath it has changed in any way seen here */
};

int store_at_folder_get(struct store *s, int64_t id, struct arena *a,
			struct store_at_folder *ret) _must_check_;
int store_at_folder_find(struct store *s, int64_t parent, struct str name,
			 struct arena *a, struct store_at_folder *ret) _must_check_;
/* By id above `after`, those that have nothing as old as time_ms left out. */
int store_at_folders(struct store *s, int64_t parent, int64_t time_ms, int64_t after,
		     struct arena *a, struct store_at_folder *ret, size_t n,
		     size_t *ret_n) _must_check_;

/* The next one by name behind that of the row `after` (0: the first), which is in the same folder.
   STORE_E_NOT_FOUND: it was the last. */
int store_at_folder_behind(struct store *s, int64_t parent, int64_t time_ms,
			   int64_t after, struct arena *a,
			   struct store_at_folder *ret) _must_check_;

/* Is there a resource beneath the folder (STORE_ROOT: anywhere)? Stops at the first one. */
int store_at_any(struct store *s, int64_t folder, int64_t time_ms,
		 bool *ret) _must_check_;

/* A resource that existed, and its state then. */
struct store_at_state {
	int64_t resource;
	int64_t state;
	int64_t time_ms; /* captured */
	uint32_t size;   /* of its file */
	/* Bytes in inventory.csv, inventory.jsonl, snapshot.json; a state whose story is not made
	   yet has none of them (`measured` is false). */
	bool measured;
	uint32_t csv_len, jsonl_len, item_len;
	struct str fname,
		rid; /* store_at_each(): good during the visit only. Else empty */
	bool damaged; /* of store_at_each() alone: it cannot be read, and nothing else is told */
};

/* STORE_E_NOT_FOUND: it did not exist. */
int store_at_get(struct store *s, int64_t resource, int64_t time_ms,
		 struct store_at_state *ret) _must_check_;
/*
 * Visits the resources of just this folder behind that of the row `after` (0: from the start), until
 * false is returned, by row id: what is added comes last. visit() may read from the store, but
 * not call this function again.
 */
int store_at_each(struct store *s, int64_t folder, int64_t time_ms, int64_t after,
		  bool (*visit)(void *ctx, const struct store_at_state *st),
		  void *ctx) _must_check_;

/* A resource of a roster: less than store_at_state, since there are many of them at once. */
struct store_at_row {
	int64_t resource;
	int64_t state;
	int64_t time_ms; /* captured */
	/* As in store_at_state; where `measured` is false they are 0. */
	bool measured;
	uint32_t csv_len, jsonl_len, item_len;
};

/*
 * Goes through the next `max` resources of just this folder by name, behind that of the row
 * `after` (0: from the start), and sets *ret to those that existed, in that order, for the
 * caller to free. The states are looked up in the order of their rows, where their pages lie one
 * behind the other. *ret_last: the last resource gone through; 0: there are none behind these.
 */
int store_at_roster(struct store *s, int64_t folder, int64_t time_ms, int64_t after,
		    size_t max, struct store_at_row **ret, size_t *ret_n,
		    int64_t *ret_last) _must_check_;
/*
 * Visits the rows of all resources that existed, with the folder of the account each is in, in no order
 * that matters: a fraction of what folder by folder takes. visit() may read from the store; what it
 * returns but 0 ends it.
 */
int store_at_estate(struct store *s, int64_t time_ms,
		    int (*visit)(void *ctx, int64_t account,
				 const struct store_at_row *row),
		    void *ctx) _must_check_;
/* The resource whose file below at/ has this name (name_at_state()), at any time. */
int store_at_find(struct store *s, int64_t folder, struct str name,
		  int64_t *ret_resource) _must_check_;
/* The folder's resources (not those beneath) whose rows were written at changed_ms or later. */
int store_at_changed(struct store *s, int64_t folder, int64_t changed_ms,
		     bool (*visit)(void *ctx, int64_t resource), void *ctx) _must_check_;
