/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One JSON record of AWS's, in whatever guise, to what the model knows. What a record is, is
 * told from its content alone. It may hold several things (a log record with many messages, an
 * envelope around a message around a configuration item): each is handed to the sink.
 *
 * The guises: configuration items of S3 files, messages, EventBridge, custom rules' events, API
 * and batch answers, query rows, of schema 1.0 to 1.3; CloudTrail records of any version, alone
 * or in EventBridge, LookupEvents, CloudWatch Logs; alarm transitions of EventBridge, SNS,
 * Lambda, DescribeAlarmHistory, and alarm definitions; all of it in SNS, SQS and Lambda
 * envelopes, Message and Body as strings or objects; recorders as AWS Config describes them,
 * CloudTrail's public keys, points of metrics.
 */

#include "model/alarm.h"
#include "model/coverage.h"
#include "model/event.h"
#include "model/item.h"
#include "model/metric.h"
#include "model/recorder.h"
#include "util/fault.h"
#include "util/json.h"
#include "util/str.h"

/* For json_split: arrays whose elements are records, and what such documents are wrapped in. */
extern const char *const parse_containers[]; /* NULL-terminated */
extern const char *const parse_wrappers[];   /* NULL-terminated */

#define PARSE_MAX_RECORD \
	(64u << 20) /* bytes of one record worth reading, for json_split */

enum {
	_PARSE_E_SUCCESS,
	PARSE_E_REFUSED, /* broken or mistyped: the fault has the field, the reason and the offset */
	PARSE_E_UNKNOWN, /* JSON, but nothing known of AWS's; the fault says so */
};

/*
 * What was found, in order. A callback returns 0, or a negative errno that ends the record and
 * is passed up. Everything handed over is borrowed until the callback returns; what is called
 * "raw" are the bytes of the item or record itself, without its envelopes. No member is NULL but
 * `sign` and those behind it, which may be.
 */
struct parse_sink {
	/* body: item->body as a tree, the members in any order (of two with one name the last) */
	int (*item)(void *ctx, const struct item *item, const struct jv *body);
	int (*event)(void *ctx, const struct event *event, struct str raw);
	int (*transition)(void *ctx, const struct transition *transition);
	int (*alarm)(void *ctx, const struct alarm *alarm);
	/*
	 * Recognised, with nothing to keep. `what` is a static, short name in lower case:
	 * "cloudtrail-digest", "config-delivery", "config-compliance", "metric-statistics" ...
	 */
	int (*notice)(void *ctx, const char *what);
	/* Besides a notice: of a digest, or of a delivery of AWS Config's. */
	int (*sign)(void *ctx, const struct coverage_sign *sign);
	/* Where they are NULL, what they would get is a notice. */
	int (*recorder)(void *ctx, const struct recorder *recorder);
	int (*key)(void *ctx, const struct public_key *key);
	int (*metric)(void *ctx, const struct metric_data *data);
	void *ctx;
};

struct parser; /* memory that is reused from record to record; one per thread */

struct parser *parser_new(void) _must_check_; /* NULL: no memory */
struct parser *parser_free(struct parser *p); /* returns NULL */

/*
 * Parses the record `text` that stands at `offset` of its source; `container` as json_split
 * told it. 0, PARSE_E_..., or a negative errno (-ENOMEM, or what the sink returned).
 *
 * Of a record with several parts the sound ones are handed over even when another makes the
 * whole PARSE_E_REFUSED; the fault is then that of the first bad one. The fault's offset is the
 * source's; inside strings that hold JSON it is that of the outermost string.
 *
 * Names in an object should be unique (RFC 8259, section 4), but a record in which one is doubled
 * is taken, as most readers do: the last counts, at every level, and the raw bytes keep all. Where
 * an item's guise may leave a member out, a null is one left out and does not count.
 */
int parse_record(struct parser *p, struct str text, struct str container, uint64_t offset,
		 const struct parse_sink *sink, struct fault *f) _must_check_;
