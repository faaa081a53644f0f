/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two ways to ask AWS Config: for an account's history, and for an organisation's present. */

#include "api_source.h"

struct config_walk {
	struct api_source *s;
	struct aws_handle *h;
	int64_t round_ms; /* what was done since then need not be done again */
	int64_t since_ms;
	struct buf types; /* hashes of those seen */
	bool anew;        /* what was done before reaches not far enough back */
};

/* SELECT what, of states captured since; 0 or negative: of all. 0, -ENOMEM. */
int config_query(struct buf *out, const char *what, int64_t from_ms) _must_check_;
/* The current states of all that the aggregator named in the URL sees, changed since. */
int config_aggregator(struct config_walk *w, int64_t done, struct fault *f) _must_check_;
/* Was it among those of this round's listing? */
bool config_has_type(const struct config_walk *w, struct str type) _pure_;
/* What rules say of resources, after a listing; see source_compliance.c. */
int config_compliance(struct config_walk *w, struct fault *f) _must_check_;
/* How the recorder is set, and whether it records; see source_recorder.c. */
int config_recorders(struct config_walk *w, struct fault *f) _must_check_;
