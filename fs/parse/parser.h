/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of parse share: the parser, where a tree's text came from, and a function for
 * each guise. Every guise_...() takes an object that looks like it and returns 0, PARSE_E_...
 * (the fault is set by then) or a negative errno.
 */

#include "parse/parse.h"
#include "util/arena.h"
#include "util/buf.h"

/* Envelopes within envelopes; AWS's own deliveries have four at most. */
#define PARSE_MAX_ENVELOPES 8

struct parser {
	struct arena arena; /* of the record at hand */
	struct buf body;    /* canonical text of the item at hand */
	const struct parse_sink *sink;
	struct fault *fault; /* never NULL */
	struct fault spare;  /* where the caller wants none */
	int worst;           /* the outcome the fault tells of */
};

/* The text a tree was parsed from: positions, and the bytes of its parts. */
struct parse_source {
	struct str text;
	uint64_t offset; /* of the text in the source, or of the string it was in */
	bool inside;     /* in a string: positions in the text are none of the source */
	unsigned envelopes;    /* around it */
	struct str container;  /* the array it was in, empty when unknown */
	const struct jv *root; /* the whole text's value */
};

/* parser.c */
/* Arrays of records in what is parsed whole; NULL-terminated. */
extern const char *const parse_inner_containers[];
int parse_refuse(struct parser *p, const struct parse_source *src, const struct jv *at,
		 const char *field, const char *reason, ...) _printf_(5, 6);
int parse_unknown(struct parser *p, const struct parse_source *src, const struct jv *at,
		  const char *reason);
int parse_notice(struct parser *p, const char *what);
/* The value's own bytes. */
struct str parse_raw(const struct parse_source *src, const struct jv *v);
/* Whatever it is: an object of a known guise, an array of such, a string that holds one. */
int parse_value(struct parser *p, const struct parse_source *src, const struct jv *v);
/* The same, one envelope further in. `field` is what the envelope calls it. */
int parse_inner(struct parser *p, const struct parse_source *src, const struct jv *v,
		const char *field);
/* The same of a text that was taken out of the string v (decoded, unpacked). */
int parse_inner_text(struct parser *p, const struct parse_source *src, const struct jv *v,
		     const char *field, struct str text);
/* Parses each element; the worst outcome counts, but unknown ones only when all are. */
int parse_each(struct parser *p, const struct parse_source *src, const struct jv *array);

/* Is there a member that is neither missing nor null? */
bool parse_has(const struct jv *v, const char *key);
/* The first of two spellings that is there, or NULL. */
const struct jv *parse_either(const struct jv *v, const char *key, const char *other);
struct str parse_trim(struct str s);
/* Part `n` (from 0: "arn") of an ARN; empty when there is none. The last part is the rest. */
struct str parse_arn_part(struct str arn, unsigned n);

/* open.c */
/*
 * Replaces strings that hold a JSON object or array by what they hold, at any depth, up to three
 * times over. `depth`: at which nesting v will stand. PARSE_E_REFUSED: it would be too deep.
 */
int parse_open(struct parser *p, const struct jv *v, unsigned depth,
	       struct jv *ret) _must_check_;
/* The value of a text as JSON, whatever it is. false: it is none. -ENOMEM sets *ret_error. */
bool parse_open_text(struct parser *p, struct str text, struct jv *ret, int *ret_error);

/* item.c */
int guise_item(struct parser *p, const struct parse_source *src, const struct jv *v);
/* Parses the configuration item that v is, whose guise is known. */
int parse_item(struct parser *p, const struct parse_source *src, const struct jv *v,
	       enum item_guise guise);

/* event.c */
int guise_event(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_digest(struct parser *p, const struct parse_source *src, const struct jv *v);
/* Besides its notice: a notice of Config's that files were delivered. */
int parse_config_delivery(struct parser *p, const struct jv *v);
int guise_lookup_event(struct parser *p, const struct parse_source *src,
		       const struct jv *v);

/* envelope.c */
int guise_sns(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_sqs(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_lambda_record(struct parser *p, const struct parse_source *src,
			const struct jv *v);
int guise_eventbridge(struct parser *p, const struct parse_source *src,
		      const struct jv *v);
int guise_lake_rows(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_lake_row(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_lake_record(struct parser *p, const struct parse_source *src,
		      const struct jv *v);
int guise_rule_event(struct parser *p, const struct parse_source *src,
		     const struct jv *v);
int guise_awslogs(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_log_event(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_containers(struct parser *p, const struct parse_source *src,
		     const struct jv *v);
int guise_wrapper(struct parser *p, const struct parse_source *src, const struct jv *v);

/* message.c */
int guise_config_message(struct parser *p, const struct parse_source *src,
			 const struct jv *v);
int guise_summary(struct parser *p, const struct parse_source *src, const struct jv *v);

/* alarm.c */
int guise_alarm(struct parser *p, const struct parse_source *src, const struct jv *v);
/* The definition in an alarm's configuration item, if it has one. */
int parse_alarm_item(struct parser *p, const struct item *item,
		     const struct jv *configuration);
/* Fills name, ARN, account, region, metric and dimensions from an alarm in any spelling. */
int parse_alarm(struct parser *p, const struct jv *v, struct alarm *ret) _must_check_;

/* alarm_rule.c */
/* The names of the alarms that a composite one's rule rests on, each once. 0 or -ENOMEM. */
int parse_alarm_rule(struct arena *a, struct str text, const struct str **ret,
		     size_t *ret_n) _must_check_;

/* dimension.c */
/* The dimensions, the (first) metric and the children of an alarm, in any spelling. 0 or -ENOMEM. */
int parse_dimensions(struct parser *p, const struct jv *alarm,
		     struct alarm *ret) _must_check_;

/* answer.c */
int guise_recorder(struct parser *p, const struct parse_source *src, const struct jv *v);
int guise_public_key(struct parser *p, const struct parse_source *src,
		     const struct jv *v);
int guise_metric_data(struct parser *p, const struct parse_source *src,
		      const struct jv *v);

/* transition.c */
int guise_alarm_payload(struct parser *p, const struct parse_source *src,
			const struct jv *v);
int guise_alarm_history(struct parser *p, const struct parse_source *src,
			const struct jv *v);
int guise_alarm_lambda(struct parser *p, const struct parse_source *src,
		       const struct jv *v);
int guise_alarm_event(struct parser *p, const struct parse_source *src,
		      const struct jv *v);
