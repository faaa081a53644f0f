/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Moments: milliseconds since 1970-01-01T00:00:00Z, UTC. AWS writes them as ISO-8601 strings
 * (S3 files, messages) and as JSON numbers of epoch seconds with a fraction (API answers);
 * doubles such as 1414708529.9219999 stand for ...529.922, so fractions are rounded to the
 * nearest millisecond, never cut.
 */

#include <stdint.h>

#include "util/json.h"
#include "util/str.h"

#define TIMESTAMP_MIN INT64_C(0)             /* 1970: nothing of AWS is older */
#define TIMESTAMP_MAX INT64_C(4102444800000) /* 2100, exclusive */

enum {
	_TIMESTAMP_E_SUCCESS,
	TIMESTAMP_E_FORMAT, /* no time in any of the forms */
	TIMESTAMP_E_RANGE,  /* before 1970 or from 2100 on */
};

/*
 * RFC 3339 and ISO 8601, extended or basic, "T", "t" or a space between, any fraction, "Z",
 * +hh:mm, +hhmm, +hh or nothing (UTC); a date alone is its midnight; times without seconds.
 */
int timestamp_parse(struct str text, int64_t *ret_ms) _must_check_;
/* Digits of a JSON number: epoch seconds (fraction, exponent); 13 integer digits are milliseconds. */
int timestamp_parse_epoch(struct str digits, int64_t *ret_ms) _must_check_;
/*
 * A STRING in any form above (also epoch digits), a NUMBER, or the object that recordings of
 * boto3 answers hold ({"__class__":"datetime","year":...,"microsecond":...}).
 */
int timestamp_from_jv(const struct jv *v, int64_t *ret_ms) _must_check_;

#define TIMESTAMP_ISO_SIZE  25 /* 2024-05-01T10:15:00.123Z and NUL */
#define TIMESTAMP_NAME_SIZE 23 /* 2024-05-01T101500.123Z and NUL */
void timestamp_format(int64_t ms, char ret[TIMESTAMP_ISO_SIZE]);
/* The form of file names: no colons, fixed width. */
void timestamp_format_name(int64_t ms, char ret[TIMESTAMP_NAME_SIZE]);
