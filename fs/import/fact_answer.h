/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Facts of a chunk that come of API answers, with all they point to. 0 or -ENOMEM. */

#include "chunk.h"
#include "model/metric.h"
#include "model/recorder.h"

struct fact_recorder {
	struct fact fact;
	struct recorder recorder;
};

struct fact_key {
	struct fact fact;
	struct public_key key;
};

struct fact_metric {
	struct fact fact;
	struct metric_data data;     /* without the dimensions: */
	struct str tail;             /* their text, and the statistic's */
	struct mention_set mentions; /* what they are of */
};

int fact_recorder_add(struct chunk *c, uint64_t offset,
		      const struct recorder *r) _must_check_;
int fact_key_add(struct chunk *c, uint64_t offset,
		 const struct public_key *key) _must_check_;
int fact_metric_add(struct chunk *c, uint64_t offset, struct arena *scratch,
		    const struct metric_data *data) _must_check_;
