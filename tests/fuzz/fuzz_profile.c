/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for AWS's configuration files: the same text read as either file, and times as
 * credentials have them. No value holds the end of a line, or a blank at either end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "chain.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct profiles *p)
{
	const char *value = profiles_get(p, "a", "b");

	if (!value)
		return;
	require(profiles_has(p, "a"));
	require(!strchr(value, '\n'));
	if (*value)
		require(!strchr(" \t\r", value[0]) &&
			!strchr(" \t\r", value[strlen(value) - 1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct profiles *p = NULL;

	require(profiles_parse(text, STR_NULL, &p) == 0);
	check(p);
	profiles_free(p);
	require(profiles_parse(STR_NULL, text, &p) == 0);
	check(p);
	profiles_free(p);
	(void)chain_time(text);
	return 0;
}
