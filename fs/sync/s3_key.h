/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the key of a delivery, or the beginning of one, says: whose it is, from where and of
 * which day ([prefix/]AWSLogs/[o-id/]ACCOUNT/Config|CloudTrail.../REGION/Y/M/D/; the AWS Config
 * and CloudTrail developer guides on log file locations). It only ever saves work: a key that
 * says nothing is fetched, and what it holds is told from its content.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

enum s3_kind {
	S3_UNKNOWN,
	S3_CONFIG,     /* months and days not padded: no order of time within a year */
	S3_CLOUDTRAIL, /* padded: in order of time */
};

struct s3_key {
	enum s3_kind kind;
	struct str account, region; /* empty as far as the key does not go */
	int year, month, day;       /* 0 likewise */
	size_t region_end; /* bytes of the key up to the slash behind its region; 0: none */
};

void s3_key_read(struct str key, struct s3_key *ret);

/* What is wanted. Days are counted from 1970. */
struct s3_wish {
	int64_t from_day, to_day; /* both included; INT64_MIN, INT64_MAX: any */
	const char *const *accounts, *const *regions; /* of none: any */
	size_t n_accounts, n_regions;
};
/* Could a key that begins so be one of them? */
bool s3_key_fits(const struct s3_key *key, const struct s3_wish *wish) _pure_;
/* Days since 1970 of a date. */
int64_t s3_day(int year, int month, int day) _pure_;
