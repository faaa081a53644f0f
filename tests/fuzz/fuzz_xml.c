/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for XML answers and error answers: paths are as deep as their slashes say and within
 * bounds, what is refused has a reason, and an error's texts end within their room.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "error.h"
#include "xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int on_element(void *ctx, const char *path, struct str text)
{
	size_t *size = ctx;
	size_t depth = 1;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	require(path[0] && depth <= XML_MAX_DEPTH);
	require(text.n <= *size);
	return 0;
}

static void check_error(struct str body)
{
	_cleanup_(http_answer_deinit) struct http_answer answer = { .status = 400 };
	struct aws_error e;

	buf_put_str(&answer.body, body);
	aws_error_read(&answer, &e);
	require(strnlen(e.code, sizeof(e.code)) < sizeof(e.code));
	require(strnlen(e.message, sizeof(e.message)) < sizeof(e.message));
	require(strnlen(e.region, sizeof(e.region)) < sizeof(e.region));
	require(e.status == 400);
	require(aws_error_kind(&e) <= AWS_ERROR_REGION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct fault f = { 0 };
	int r = xml_parse(text, on_element, &size, &f);

	require(r == 0 || r == XML_E_SYNTAX);
	if (r)
		require(f.reason[0]);
	check_error(text);
	return 0;
}
