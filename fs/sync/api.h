/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One call of a JSON service, with its answer read.
 */

#include "aws/client.h"
#include "util/json.h"
#include "util/json_build.h"

struct api_answer {
	struct buf text;
	struct arena arena;
	struct jv value; /* an object */
};
void api_answer_deinit(struct api_answer *a);

int api_call_text(struct aws_handle *h, enum aws_service service, const char *region,
		  const char *operation, struct str body, struct api_answer *ret,
		  struct fault *f) _must_check_;
/* The body is taken over. 0, AWS_E_..., negative errno; the fault names the operation. */
int api_call(struct aws_handle *h, enum aws_service service, const char *region,
	     const char *operation, struct json_build *body, struct api_answer *ret,
	     struct fault *f) _must_check_;
