/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Configuration recorders as AWS Config described them: a row for each time that something which
 * matters had changed.
 */

#include "model/recorder.h"
#include "store/store.h"

/*
 * Within a transaction. That it ran since it was described last is a sign of these days; where
 * recording is daily now and was not, or the other way round, its region's stories are dirty.
 * One that is older than the last is passed over.
 */
int store_put_recorder(struct store *s, const struct recorder *r) _must_check_;
/* All, in order of account, region, name, time; in the arena. */
int store_recorders(struct store *s, struct arena *a, struct recorder_seen **ret,
		    size_t *ret_n) _must_check_;
/* Of an account; of one of its regions unless that is NULL. */
int store_recorders_of(struct store *s, struct str account, struct str region,
		       struct arena *a, struct recorder_seen **ret,
		       size_t *ret_n) _must_check_;
