/* SPDX-License-Identifier: Apache-2.0 */
/* What is a gap and what is only quiet, rule by rule; D is a day, times are hours from 1970 on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/coverage.h"

#define HOUR INT64_C(3600000)

struct table {
	struct coverage_day days[200];
	size_t n;
	struct coverage_control controls[8];
	size_t n_controls;
	struct str unknown[8]; /* of a control's one setting */
};

/* Days first..last of a source, each with n records. */
static void put(struct table *t, enum coverage_source source, const char *region,
		int64_t first, int64_t last, uint64_t n, uint64_t writes)
{
	for (int64_t day = first; day <= last; day++)
		t->days[t->n++] =
			(struct coverage_day){ .account = STR("1"),
					       .region = str_of(region),
					       .source = source,
					       .day = day,
					       .n = n,
					       .first_ms = (day * 24 + 2) * HOUR,
					       .hours = 1 << 2 | 1 << 4,
					       .writes = writes };
}

static void call(struct table *t, enum coverage_source source, const char *region,
		 int64_t hour, bool starts)
{
	t->controls[t->n_controls++] =
		(struct coverage_control){ .account = STR("1"),
					   .region = str_of(region),
					   .source = source,
					   .time_ms = hour * HOUR,
					   .act = starts ? COVERAGE_STARTS
							 : COVERAGE_STOPS,
					   .call = STR("C"),
					   .principal = STR("P"),
					   .event_id = STR("E") };
}

/* One line a span and a gap. */
static void check(struct table *t, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT,
					 text = BUF_INIT;
	const struct coverage_span *s;
	const struct coverage_gap *g;

	assert_int_equal(coverage_make(&a, t->days, t->n, t->controls, t->n_controls,
				       &spans, &gaps),
			 0);
	s = (const void *)spans.data;
	g = (const void *)gaps.data;
	for (size_t i = 0; i < spans.len / sizeof(*s); i++)
		buf_printf(&text, "%s %.*s %lld-%lld %llu+%llu %llu\n",
			   coverage_source_name(s[i].source), STR_ARGS(s[i].region),
			   (long long)s[i].first_day, (long long)s[i].last_day,
			   (unsigned long long)s[i].days, (unsigned long long)s[i].quiet,
			   (unsigned long long)s[i].records);
	for (size_t i = 0; i < gaps.len / sizeof(*g); i++)
		buf_printf(&text, "! %s %.*s %s %lldh-%lldh%s\n",
			   coverage_source_name(g[i].source), STR_ARGS(g[i].region),
			   coverage_gap_name(g[i].kind), (long long)(g[i].from_ms / HOUR),
			   (long long)(g[i].to_ms < 0 ? -1 : g[i].to_ms / HOUR),
			   g[i].stop ? " by" : "");
	buf_put_char(&text, '\0');
	assert_string_equal(text.data, want);
}

static void test_quiet_regions(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 2, 3, 0);
	put(&t, COVERAGE_CONFIG, "a", 9, 9, 1, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 9, 2, 1);
	put(&t, COVERAGE_TRAIL, "b", 2, 2, 2, 1);
	put(&t, COVERAGE_TRAIL, "b", 8, 8, 0, 0);
	put(&t, COVERAGE_ALARM, "a", 1, 1, 1, 0);
	put(&t, COVERAGE_ALARM, "a", 90, 90, 1, 0);
	check(&t, "config a 1-9 3+6 7\n"
		  "cloudtrail a 1-9 9+0 18\n"
		  "cloudtrail b 2-8 2+5 2\n"
		  "cloudwatch a 1-90 2+88 2\n");
}

static void test_nothing_came(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 3, 1, 0);
	put(&t, COVERAGE_CONFIG, "a", 6, 9, 1, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 3, 1, 1);
	put(&t, COVERAGE_TRAIL, "a", 5, 9, 1, 1);
	check(&t, "config a 1-3 3+0 3\n"
		  "config a 6-9 4+0 4\n"
		  "cloudtrail a 1-3 3+0 3\n"
		  "cloudtrail a 5-9 5+0 5\n"
		  "! config a no delivery 96h-120h\n"
		  "! cloudtrail * no delivery 96h-120h\n");
}

static void test_long_silence(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 1, 1, 0);
	put(&t, COVERAGE_CONFIG, "a", 30, 30, 1, 0);
	put(&t, COVERAGE_CONFIG, "b", 1, 1, 1, 0);
	put(&t, COVERAGE_CONFIG, "b", 30, 30, 1, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 30, 1, 1);
	put(&t, COVERAGE_TRAIL, "b", 1, 1, 1, 1);
	check(&t, "config a 1-1 1+0 1\n"
		  "config a 30-30 1+0 1\n"
		  "config b 1-30 2+28 2\n"
		  "cloudtrail a 1-30 30+0 30\n"
		  "cloudtrail b 1-1 1+0 1\n"
		  "! config a no delivery 48h-720h\n");
}

/* Global items come by a region's recorder: while that has something they are only few. */
static void test_long_silence_of_global(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "global", 1, 1, 1, 0);
	put(&t, COVERAGE_CONFIG, "global", 30, 30, 1, 0);
	put(&t, COVERAGE_CONFIG, "us-east-1", 1, 1, 1, 0);
	put(&t, COVERAGE_TRAIL, "us-east-1", 1, 30, 1, 1);
	check(&t, "config global 1-1 1+0 1\nconfig global 30-30 1+0 1\n"
		  "config us-east-1 1-1 1+0 1\ncloudtrail us-east-1 1-30 30+0 30\n"
		  "! config global no delivery 48h-720h\n");
	t.days[2].day = 9;
	check(&t, "config global 1-30 2+28 2\nconfig us-east-1 9-9 1+0 1\n"
		  "cloudtrail us-east-1 1-30 30+0 30\n");
}

static void test_stops(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 2, 1, 0);
	put(&t, COVERAGE_CONFIG, "a", 5, 6, 1, 0);
	put(&t, COVERAGE_CONFIG, "b", 1, 6, 1, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 6, 1, 1);
	/* Not in order; a second stop and a start of what runs change nothing. */
	call(&t, COVERAGE_CONFIG, "a", 110, true);
	call(&t, COVERAGE_CONFIG, "a", 60, false);
	call(&t, COVERAGE_CONFIG, "a", 70, false);
	call(&t, COVERAGE_CONFIG, "a", 130, true);
	call(&t, COVERAGE_CONFIG, "b", 150, false);
	check(&t, "config a 1-2 2+0 2\n"
		  "config a 5-6 2+0 2\n"
		  "config b 1-6 6+0 6\n"
		  "cloudtrail a 1-6 6+0 6\n"
		  "! config a recorder stopped 60h-110h by\n"
		  "! config b recorder stopped 150h--1h by\n");
}

static void test_trail(void **state)
{
	struct table none = { 0 }, part = { 0 }, stopped = { 0 };

	(void)state;
	put(&none, COVERAGE_CONFIG, "a", 1, 2, 1, 0);
	check(&none, "config a 1-2 2+0 2\n! cloudtrail * no trail 24h-72h\n");
	put(&part, COVERAGE_CONFIG, "a", 1, 9, 1, 0);
	put(&part, COVERAGE_TRAIL, "a", 4, 5, 1, 0);
	check(&part,
	      "config a 1-9 9+0 9\ncloudtrail a 4-5 2+0 2\n"
	      "! cloudtrail * no trail 24h-96h\n! cloudtrail * no trail 144h-240h\n");
	put(&stopped, COVERAGE_CONFIG, "a", 4, 9, 1, 0);
	put(&stopped, COVERAGE_TRAIL, "a", 4, 5, 1, 0);
	call(&stopped, COVERAGE_TRAIL, "a", 130, false);
	check(&stopped, "config a 4-9 6+0 6\ncloudtrail a 4-5 2+0 2\n"
			"! cloudtrail * trail stopped 130h--1h by\n");
}

/* An account may have several trails: what keeps coming shows that it is not blind. */
static void test_trail_goes_on(void **state)
{
	struct table on = { 0 }, blind = { 0 }, pair = { 0 }, region = { 0 };

	(void)state;
	put(&on, COVERAGE_TRAIL, "a", 1, 9, 1, 1);
	call(&on, COVERAGE_TRAIL, "a", 2 * 24 + 3, false);
	call(&on, COVERAGE_TRAIL, "a", 4 * 24 + 12, false);
	call(&on, COVERAGE_TRAIL, "a", 9 * 24 + 2, false);
	check(&on, "cloudtrail a 1-9 9+0 9\n");
	put(&blind, COVERAGE_TRAIL, "a", 1, 2, 1, 1);
	put(&blind, COVERAGE_TRAIL, "b", 5, 6, 1, 1);
	call(&blind, COVERAGE_TRAIL, "a", 2 * 24 + 10, false);
	call(&blind, COVERAGE_TRAIL, "a", 2 * 24 + 11, false);
	check(&blind, "cloudtrail a 1-2 2+0 2\ncloudtrail b 5-6 2+0 2\n"
		      "! cloudtrail * trail stopped 58h-122h by\n");
	/* Started again: an hour of silence shows it. */
	put(&pair, COVERAGE_TRAIL, "a", 1, 5, 1, 1);
	call(&pair, COVERAGE_TRAIL, "a", 2 * 24 + 10, false);
	call(&pair, COVERAGE_TRAIL, "a", 2 * 24 + 13, true);
	call(&pair, COVERAGE_TRAIL, "a", 3 * 24 + 10, false);
	call(&pair, COVERAGE_TRAIL, "a", 3 * 24 + 11, true);
	check(&pair, "cloudtrail a 1-5 5+0 5\n! cloudtrail * trail stopped 58h-61h by\n");
	/* One region falls silent, another does not. */
	put(&region, COVERAGE_TRAIL, "a", 1, 3, 1, 1);
	put(&region, COVERAGE_TRAIL, "a", 6, 6, 1, 1);
	put(&region, COVERAGE_TRAIL, "b", 1, 7, 1, 1);
	call(&region, COVERAGE_TRAIL, "a", 3 * 24 + 10, false);
	call(&region, COVERAGE_TRAIL, "b", 7 * 24 + 10, false);
	check(&region,
	      "cloudtrail a 1-3 3+0 3\ncloudtrail a 6-6 1+0 1\ncloudtrail b 1-7 7+0 7\n"
	      "! cloudtrail * trail stopped 178h--1h by\n"
	      "! cloudtrail a trail stopped 82h-146h by\n");
}

/* Items that were captured later end it; on the same day, there was none. */
static void test_recorder_goes_on(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 2, 1, 0);
	put(&t, COVERAGE_CONFIG, "a", 5, 6, 1, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 6, 1, 1);
	call(&t, COVERAGE_CONFIG, "a", 24, false);
	call(&t, COVERAGE_CONFIG, "a", 2 * 24 + 5, false);
	call(&t, COVERAGE_CONFIG, "a", 6 * 24, false);
	call(&t, COVERAGE_CONFIG, "a", 6 * 24 + 1, true);
	check(&t, "config a 1-2 2+0 2\nconfig a 5-6 2+0 2\ncloudtrail a 1-6 6+0 6\n"
		  "! config a recorder stopped 53h-122h by\n"
		  "! config a recorder stopped 144h-145h by\n");
}

/* What comes in the hour of the stop, but after it, shows that it goes on. */
static void test_trail_goes_on_in_the_hour(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_TRAIL, "a", 1, 1, 9, 1);
	t.days[0].last_ms = (24 + 4) * HOUR + HOUR / 2;
	call(&t, COVERAGE_TRAIL, "a", 24 + 4, false);
	check(&t, "cloudtrail a 1-1 1+0 9\n");
	t.days[0].last_ms = (24 + 4) * HOUR + HOUR / 5;
	check(&t, "cloudtrail a 1-1 1+0 9\n! cloudtrail * trail stopped 28h--1h by\n");
}

/* unknown: what it leaves out, NULL: nothing. */
static void narrow(struct table *t, enum coverage_source source, const char *region,
		   int64_t hour, enum coverage_aspect aspect, const char *unknown)
{
	struct coverage_control *c = &t->controls[t->n_controls];

	call(t, source, region, hour, false);
	c->act = COVERAGE_SETS;
	c->set[aspect] = (struct coverage_setting){ .said = true, .n = unknown != NULL };
	t->unknown[t->n_controls - 1] = str_of(unknown ? unknown : "");
	c->set[aspect].unknown = &t->unknown[t->n_controls - 1];
}

/* Without writes: for whole days only; what comes all the same, or by another trail, ends it. */
static void test_without_writes(void **state)
{
	struct table on = { 0 }, off = { 0 }, short_one = { 0 }, open = { 0 };

	(void)state;
	put(&on, COVERAGE_TRAIL, "a", 1, 9, 5, 1);
	narrow(&on, COVERAGE_TRAIL, "a", 50, COVERAGE_WRITES, "");
	check(&on, "cloudtrail a 1-9 9+0 45\n");
	put(&off, COVERAGE_TRAIL, "a", 1, 2, 5, 1);
	put(&off, COVERAGE_TRAIL, "a", 3, 5, 5, 0);
	put(&off, COVERAGE_TRAIL, "a", 6, 7, 5, 2);
	narrow(&off, COVERAGE_TRAIL, "a", 50, COVERAGE_WRITES, "");
	narrow(&off, COVERAGE_TRAIL, "a", 53, COVERAGE_WRITES, "");
	check(&off, "cloudtrail a 1-7 7+0 35\n"
		    "! cloudtrail * trail narrowed 50h-146h by\n");
	narrow(&off, COVERAGE_TRAIL, "a", 6 * 24 + 20, COVERAGE_WRITES, NULL);
	check(&off, "cloudtrail a 1-7 7+0 35\n"
		    "! cloudtrail * trail narrowed 50h-164h by\n");
	/* Another trail is another matter. */
	off.controls[2].trail = STR("other");
	check(&off, "cloudtrail a 1-7 7+0 35\n"
		    "! cloudtrail * trail narrowed 50h-146h by\n");
	put(&short_one, COVERAGE_TRAIL, "a", 1, 3, 5, 1);
	narrow(&short_one, COVERAGE_TRAIL, "a", 50, COVERAGE_WRITES, "");
	narrow(&short_one, COVERAGE_TRAIL, "a", 55, COVERAGE_WRITES, NULL);
	check(&short_one, "cloudtrail a 1-3 3+0 15\n");
	put(&open, COVERAGE_TRAIL, "a", 1, 2, 5, 1);
	put(&open, COVERAGE_TRAIL, "a", 3, 4, 5, 0);
	narrow(&open, COVERAGE_TRAIL, "a", 50, COVERAGE_WRITES, "");
	check(&open, "cloudtrail a 1-4 4+0 20\n"
		     "! cloudtrail * trail narrowed 50h--1h by\n");
}

static void test_without_regions(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_TRAIL, "a", 1, 9, 5, 1);
	put(&t, COVERAGE_TRAIL, "b", 1, 2, 5, 1);
	put(&t, COVERAGE_TRAIL, "b", 7, 7, 5, 1);
	put(&t, COVERAGE_TRAIL, "c", 1, 9, 5, 1);
	put(&t, COVERAGE_TRAIL, "d", 6, 9, 5, 1);
	put(&t, COVERAGE_TRAIL, "e", 1, 1, 5, 1);
	narrow(&t, COVERAGE_TRAIL, "a", 53, COVERAGE_REGIONS, "");
	check(&t, "cloudtrail a 1-9 9+0 45\ncloudtrail b 1-7 3+4 15\n"
		  "cloudtrail c 1-9 9+0 45\ncloudtrail d 6-9 4+0 20\n"
		  "cloudtrail e 1-1 1+0 5\n"
		  "! cloudtrail b trail narrowed 53h-170h by\n"
		  "! cloudtrail e trail narrowed 53h--1h by\n");
}

/* Types and services are said to be left out; the last word counts, repeated or not. */
static void test_without_types(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 9, 5, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 9, 5, 1);
	narrow(&t, COVERAGE_CONFIG, "a", 30, COVERAGE_TYPES, "what changed of X");
	narrow(&t, COVERAGE_CONFIG, "a", 40, COVERAGE_TYPES, "what changed of X");
	narrow(&t, COVERAGE_CONFIG, "b", 45, COVERAGE_TYPES, NULL);
	narrow(&t, COVERAGE_CONFIG, "a", 50, COVERAGE_TYPES, "what changed of Y");
	narrow(&t, COVERAGE_CONFIG, "a", 60, COVERAGE_TYPES, NULL);
	narrow(&t, COVERAGE_TRAIL, "a", 70, COVERAGE_SERVICES, "who changed what of kms");
	call(&t, COVERAGE_TRAIL, "a", 80, false);
	t.controls[t.n_controls - 1].call = STR("DeleteTrail");
	check(&t, "config a 1-9 9+0 45\ncloudtrail a 1-9 9+0 45\n"
		  "! config a recorder narrowed 30h-50h by\n"
		  "! config a recorder narrowed 50h-60h by\n"
		  "! cloudtrail * trail narrowed 70h-80h by\n");
}

/* The types of IAM: whether any region's recorder has them, or may. */
static void test_without_iam(void **state)
{
	static const char role[] = "what changed of AWS::IAM::Role";
	static const enum coverage_aspect global = COVERAGE_GLOBAL;
	struct table one = { 0 }, two = { 0 }, known = { 0 };

	(void)state;
	/* The only recorder: so it is, whatever else is global; said twice is said once. */
	put(&one, COVERAGE_CONFIG, "a", 1, 9, 5, 0);
	put(&one, COVERAGE_CONFIG, "global", 1, 9, 1, 0);
	narrow(&one, COVERAGE_CONFIG, "a", 30, global, role);
	narrow(&one, COVERAGE_CONFIG, "a", 40, global, role);
	narrow(&one, COVERAGE_CONFIG, "a", 90, global, NULL);
	check(&one, "config a 1-9 9+0 45\nconfig global 1-9 9+0 9\n"
		    "! config global recorder narrowed 30h-90h by\n"
		    "! cloudtrail * no trail 24h-240h\n");
	/* Another region's, of which nothing is said, may have them, and has. */
	put(&two, COVERAGE_CONFIG, "a", 1, 9, 5, 0);
	put(&two, COVERAGE_CONFIG, "b", 1, 9, 5, 0);
	put(&two, COVERAGE_CONFIG, "global", 1, 9, 1, 0);
	narrow(&two, COVERAGE_CONFIG, "a", 30, global, role);
	check(&two, "config a 1-9 9+0 45\nconfig b 1-9 9+0 45\nconfig global 1-9 9+0 9\n"
		    "! cloudtrail * no trail 24h-240h\n");
	/* Of the other it is said: from when neither has them until one does. */
	put(&known, COVERAGE_CONFIG, "a", 1, 9, 5, 0);
	put(&known, COVERAGE_CONFIG, "b", 1, 9, 5, 0);
	put(&known, COVERAGE_CONFIG, "global", 1, 9, 1, 0);
	narrow(&known, COVERAGE_CONFIG, "b", 26, global, NULL);
	narrow(&known, COVERAGE_CONFIG, "a", 30, global, role);
	narrow(&known, COVERAGE_CONFIG, "b", 50, global, role);
	narrow(&known, COVERAGE_CONFIG, "a", 60, COVERAGE_TYPES, NULL);
	narrow(&known, COVERAGE_CONFIG, "a", 70, global, NULL);
	narrow(&known, COVERAGE_CONFIG, "b", 80, global, role);
	check(&known,
	      "config a 1-9 9+0 45\nconfig b 1-9 9+0 45\nconfig global 1-9 9+0 9\n"
	      "! config global recorder narrowed 50h-70h by\n"
	      "! cloudtrail * no trail 24h-240h\n");
}

/* A call that sets where deliveries go. */
static void move(struct table *t, enum coverage_source source, const char *region,
		 int64_t hour, const char *bucket)
{
	call(t, source, region, hour, false);
	t->controls[t->n_controls - 1].act = COVERAGE_SETS;
	t->controls[t->n_controls - 1].bucket = str_of(bucket);
}

static void test_moved_trails(void **state)
{
	struct table known = { 0 }, last = { 0 }, on = { 0 };

	(void)state;
	/* Nothing of two days, by whom; the days are not told of again. */
	put(&known, COVERAGE_TRAIL, "a", 1, 2, 5, 1);
	put(&known, COVERAGE_TRAIL, "a", 6, 9, 5, 1);
	move(&known, COVERAGE_TRAIL, "a", 24, "x");
	move(&known, COVERAGE_TRAIL, "a", 53, "y");
	check(&known, "cloudtrail a 1-2 2+0 10\ncloudtrail a 6-9 4+0 20\n"
		      "! cloudtrail * delivery moved 53h-146h by\n");
	/* To the same bucket: that is no reason. */
	known.controls[1].bucket = STR("x");
	check(&known, "cloudtrail a 1-2 2+0 10\ncloudtrail a 6-9 4+0 20\n"
		      "! cloudtrail * no delivery 72h-144h\n");
	/* The end of the history is silence only where another bucket is known. */
	put(&last, COVERAGE_TRAIL, "a", 1, 2, 5, 1);
	move(&last, COVERAGE_TRAIL, "a", 53, "y");
	check(&last, "cloudtrail a 1-2 2+0 10\n");
	move(&last, COVERAGE_TRAIL, "a", 54, "z");
	check(&last, "cloudtrail a 1-2 2+0 10\n"
		     "! cloudtrail * delivery moved 54h--1h by\n");
	/* What comes all the same is there. */
	put(&on, COVERAGE_TRAIL, "a", 1, 9, 5, 1);
	move(&on, COVERAGE_TRAIL, "a", 24, "x");
	move(&on, COVERAGE_TRAIL, "a", 53, "y");
	check(&on, "cloudtrail a 1-9 9+0 45\n");
}

static void test_moved_recorders(void **state)
{
	struct table t = { 0 };

	(void)state;
	put(&t, COVERAGE_CONFIG, "a", 1, 2, 5, 0);
	put(&t, COVERAGE_CONFIG, "a", 6, 9, 5, 0);
	put(&t, COVERAGE_TRAIL, "a", 1, 9, 5, 1);
	move(&t, COVERAGE_CONFIG, "a", 24, "x");
	move(&t, COVERAGE_CONFIG, "a", 53, "y");
	check(&t, "config a 1-2 2+0 10\nconfig a 6-9 4+0 20\ncloudtrail a 1-9 9+0 45\n"
		  "! config a delivery moved 53h-146h by\n");
	/* It is silent where nobody changes anything. */
	for (size_t i = 0; i < t.n; i++)
		t.days[i].writes = 0;
	check(&t, "config a 1-9 6+3 30\ncloudtrail a 1-9 9+0 45\n");
}

static void test_unknown(void **state)
{
	const struct coverage_control who = { .principal = STR("user/x"),
					      .call = STR("PutEventSelectors") };
	struct coverage_gap g = { .source = COVERAGE_CONFIG };
	_cleanup_(buf_deinit) struct buf why = BUF_INIT;

	(void)state;
	assert_true(str_is(coverage_gap_unknown(&g), "what changed"));
	g.source = COVERAGE_TRAIL;
	assert_true(str_is(coverage_gap_unknown(&g), "who changed what"));
	g.unknown = STR("what changed of X");
	assert_true(str_is(coverage_gap_unknown(&g), "what changed of X"));
	coverage_gap_why(&why, &g);
	assert_int_equal(why.len, 0);
	g.kind = COVERAGE_DELIVERY_MOVED;
	g.stop = &who;
	coverage_gap_why(&why, &g);
	assert_true(str_is(buf_str(&why), "no trail: it was set to another bucket "
					  "1970-01-01T00:00:00.000Z by user/x "
					  "(PutEventSelectors)"));
	buf_reset(&why);
	g.kind = COVERAGE_TRAIL_NARROWED;
	g.stop = &who;
	coverage_gap_why(&why, &g);
	assert_true(str_is(buf_str(&why),
			   "no trail: it was narrowed 1970-01-01T00:00:00.000Z "
			   "by user/x (PutEventSelectors)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet_regions),
		cmocka_unit_test(test_nothing_came),
		cmocka_unit_test(test_long_silence),
		cmocka_unit_test(test_long_silence_of_global),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_trail),
		cmocka_unit_test(test_trail_goes_on),
		cmocka_unit_test(test_recorder_goes_on),
		cmocka_unit_test(test_trail_goes_on_in_the_hour),
		cmocka_unit_test(test_without_writes),
		cmocka_unit_test(test_without_regions),
		cmocka_unit_test(test_without_types),
		cmocka_unit_test(test_without_iam),
		cmocka_unit_test(test_moved_trails),
		cmocka_unit_test(test_moved_recorders),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
