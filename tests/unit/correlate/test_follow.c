/* SPDX-License-Identifier: Apache-2.0 */
#include "correlate/correlate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)

/* A subject recorded at 10 and 300 minutes; events 0 and 1 led to the first, 2 to the second. */
static void follow(const int64_t *captured_ms, size_t n,
		   struct correlate_verdict *verdicts, enum reason *reasons)
{
	struct correlate_step subject[2] = { { .captured_ms = 10 * MINUTE },
					     { .captured_ms = 300 * MINUTE } };
	struct correlate_step steps[4] = { 0 };
	const enum reason theirs[2] = { REASON_NONE, REASON_NONE };
	struct correlate_verdict found[3] = {
		{ CORRELATE_CAUSE, 0, SIZE_MAX, 1u << EVIDENCE_RELATION,
		  CONFIDENCE_POSSIBLE },
		{ CORRELATE_CAUSE, 0, SIZE_MAX, 1u << EVIDENCE_VERB, CONFIDENCE_CERTAIN },
		{ CORRELATE_CAUSE, 1, SIZE_MAX, 1u << EVIDENCE_VALUE,
		  CONFIDENCE_CERTAIN },
	};
	struct correlate_input in = { .steps = subject, .n_steps = 2, .n_events = 3 };

	for (size_t i = 0; i < n; i++)
		steps[i].captured_ms = captured_ms[i];
	correlate_follow(steps, n, &in, found, theirs, verdicts, reasons);
}

static void test_what_made_the_state_evaluated(void **state)
{
	const int64_t times[] = { 11 * MINUTE, 302 * MINUTE };
	struct correlate_verdict v[3];
	enum reason reasons[2];

	(void)state;
	follow(times, 2, v, reasons);
	assert_int_equal(v[0].role, CORRELATE_NONE);
	assert_int_equal(v[1].role, CORRELATE_CAUSE);
	assert_int_equal(v[1].step, 0);
	assert_int_equal(v[1].confidence, CONFIDENCE_LIKELY);
	assert_true(v[1].evidence & 1u << EVIDENCE_RELATION);
	assert_int_equal(v[2].step, 1);
	assert_int_equal(reasons[1], REASON_NONE);
}

static void test_two_rules_evaluate_one_state(void **state)
{
	const int64_t times[] = { 11 * MINUTE, 12 * MINUTE };
	struct correlate_verdict v[3];
	enum reason reasons[2];

	(void)state;
	follow(times, 2, v, reasons);
	assert_int_equal(v[1].step, 0);
	assert_int_equal(v[1].also_step, 1);
}

static void test_rules_by_the_clock_have_no_cause(void **state)
{
	const int64_t times[] = { 5 * MINUTE, 200 * MINUTE };
	struct correlate_verdict v[3];
	enum reason reasons[2];

	(void)state;
	follow(times, 2, v, reasons);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v[i].role, CORRELATE_NONE);
	assert_int_equal(reasons[0], REASON_NO_EVENT);
	assert_int_equal(reasons[1], REASON_NO_EVENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_made_the_state_evaluated),
		cmocka_unit_test(test_two_rules_evaluate_one_state),
		cmocka_unit_test(test_rules_by_the_clock_have_no_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
