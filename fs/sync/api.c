/* SPDX-License-Identifier: Apache-2.0 */
/* Building, calling, reading: what every operation has in common. */
#include "api.h"

#include <errno.h>

void api_answer_deinit(struct api_answer *a)
{
	buf_deinit(&a->text);
	arena_deinit(&a->arena);
}

/*
 * What is read as a list may be left out, but when it is something else the answer is none of
 * AWS's: taken for an empty one, all up to now would be noted as had.
 */
static const char *wrong_list(const struct jv *answer)
{
	static const char *const lists[] = {
		"AlarmHistoryItems",
		"BaseConfigurationItems",
		"CompositeAlarms",
		"ComplianceByResources",
		"ConfigurationRecorders",
		"ConfigurationRecordersStatus",
		"DeliveryChannels",
		"DeliveryChannelsStatus",
		"EvaluationResults",
		"Events",
		"Messages",
		"MetricAlarms",
		"PublicKeyList",
		"Results",
		"configurationItems",
		"resourceCounts",
		"resourceIdentifiers",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct jv *v = jv_get(answer, lists[i]);

		if (v && !jv_is(v, JV_ARRAY) && !jv_is(v, JV_NULL))
			return lists[i];
	}
	return NULL;
}

static int read_answer(const char *operation, struct api_answer *ret, struct fault *f)
{
	struct fault why = { 0 };
	int r = jv_parse(&ret->arena, buf_str(&ret->text), &ret->value, &why);
	const char *wrong = NULL;

	if (r < 0)
		return r;
	if (r == 0 && ret->value.type == JV_OBJECT)
		wrong = wrong_list(&ret->value);
	if (r == 0 && ret->value.type == JV_OBJECT && !wrong)
		return 0;
	if (wrong)
		fault_set(&why, FAULT_NO_OFFSET, "", "%s is no list", wrong);
	fault_set(f, FAULT_NO_OFFSET, operation,
		  "%s: the answer is not what it should be%s%.150s; check --endpoint-url "
		  "and the proxy",
		  operation, why.reason[0] ? ": " : "", why.reason);
	return AWS_E_UNREADABLE;
}

int api_call_text(struct aws_handle *h, enum aws_service service, const char *region,
		  const char *operation, struct str body, struct api_answer *ret,
		  struct fault *f)
{
	int r;

	buf_reset(&ret->text);
	arena_reset(&ret->arena);
	r = aws_call(h, service, region, operation, body, &ret->text, f);
	return r ? r : read_answer(operation, ret, f);
}

int api_call(struct aws_handle *h, enum aws_service service, const char *region,
	     const char *operation, struct json_build *body, struct api_answer *ret,
	     struct fault *f)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r = json_build_write(body, &text);

	json_build_free(body);
	return r ? r
		 : api_call_text(h, service, region, operation, buf_str(&text), ret, f);
}
