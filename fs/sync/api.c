/* SPDX-License-Identifier: Apache-2.0 */
/* Building, calling, reading: what every operation has in common. */
#include "api.h"

#include <errno.h>

void api_answer_deinit(struct api_answer *a)
{
	buf_deinit(&a->text);
	arena_deinit(&a->arena);
}

static int read_answer(const char *operation, struct api_answer *ret, struct fault *f)
{
	struct fault why = { 0 };
	int r = jv_parse(&ret->arena, buf_str(&ret->text), &ret->value, &why);

	if (r < 0)
		return r;
	if (r == 0 && ret->value.type == JV_OBJECT)
		return 0;
	fault_set(f, FAULT_NO_OFFSET, operation,
		  "%s: the answer is not what it should be%s%.150s; check --endpoint-url "
		  "and the proxy",
		  operation, r ? ": " : "", why.reason);
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
