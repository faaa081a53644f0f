/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Points of metrics, and CloudTrail's public keys: facts that only the APIs tell. A series is a
 * metric with its dimensions, by one statistic over one period; a resource has a file for each
 * metric whose dimensions mean it, with all series of that.
 */

#include "model/mention.h"
#include "model/metric.h"
#include "store/store.h"

/* --- taking in: within a transaction -------------------------------------------------------- */

/*
 * tail: what tells the series from others of the metric, as it stands in its lines; mentions: what
 * the dimensions mean. A point that is there is given the new value: CloudWatch adds to its last
 * periods. *ret_new: points that were not there.
 */
int store_put_points(struct store *s, const struct metric_data *m, struct str tail,
		     const struct mention_set *mentions, size_t *ret_new) _must_check_;
int store_put_key(struct store *s, const struct public_key *key, int64_t source_id,
		  bool *ret_new) _must_check_;
/* DER of the key of that fingerprint, appended. STORE_E_NOT_FOUND. */
int store_key(struct store *s, struct str fingerprint, struct buf *der) _must_check_;

/* --- what to ask for ------------------------------------------------------------------------ */

struct store_came {
	int64_t place;                    /* in that order */
	int64_t state, time_ms;           /* row and capture time */
	struct str account, region, type; /* in the arena */
};
/*
 * States in the order they came in, behind the place `after`, for who writes. That order is noted
 * from the first call on: which gives those before in another order, captured at since_ms or later.
 */
int store_states_came(struct store *s, int64_t since_ms, int64_t after, struct arena *a,
		      struct store_came *ret, size_t n, size_t *ret_n) _must_check_;

/* --- the files of resources ----------------------------------------------------------------- */

struct store_series {
	int64_t id;
	struct str namespace, metric;
};
/* Those with new points or without a resource, by row above `after`; text in the arena. */
int store_series_due(struct store *s, int64_t after, struct arena *a,
		     struct store_series *ret, size_t n, size_t *ret_n) _must_check_;
/* The resources that its dimensions mean. */
int store_series_resources(struct store *s, int64_t series, struct arena *a,
			   int64_t **ret, size_t *ret_n) _must_check_;
/*
 * Within a transaction. name: of the file, without its suffix. fixed: bytes of a line besides its
 * value and its tail.
 */
int store_put_metric_file(struct store *s, const struct store_series *series,
			  int64_t resource, struct str name, size_t fixed) _must_check_;
/* It stands wherever it is to stand. */
int store_series_done(struct store *s, int64_t series) _must_check_;

struct store_metric_file {
	int64_t id, resource;
	struct str name; /* without its suffix */
	uint64_t bytes;  /* of its lines */
	int64_t newest_ms;
};
int store_metric_file_get(struct store *s, int64_t id, struct arena *a,
			  struct store_metric_file *ret) _must_check_;
int store_metric_file_find(struct store *s, int64_t resource, struct str name,
			   struct arena *a, struct store_metric_file *ret) _must_check_;
/* In order of their rows, above `after`. */
int store_metric_files(struct store *s, int64_t resource, int64_t after, struct arena *a,
		       struct store_metric_file *ret, size_t n,
		       size_t *ret_n) _must_check_;

struct store_point {
	int64_t time_ms;
	struct str value, tail; /* in the arena */
};
/* By time, then tail. */
int store_metric_points(struct store *s, int64_t file, struct arena *a,
			struct store_point **ret, size_t *ret_n) _must_check_;
