/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for keys: what is told lies within the key, who wants all gets all, and whatever
 * begins a wanted key is wanted, too, or the listing would never come to it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "s3_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_within(struct str part, struct str key)
{
	if (part.n)
		require(part.p >= key.p && part.p + part.n <= key.p + key.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const accounts[] = { "111122223333" }, *const regions[] = {
		"x"
	};
	const struct s3_wish all = { .from_day = INT64_MIN, .to_day = INT64_MAX };
	const struct s3_wish some = { 19000, 20000, accounts, regions, 1, 1 };
	struct str key = { (const char *)data, size };
	struct s3_key k, begin;
	bool wanted;

	s3_key_read(key, &k);
	check_within(k.account, key);
	check_within(k.region, key);
	require(k.region_end <= size);
	require(s3_key_fits(&k, &all));
	wanted = s3_key_fits(&k, &some);
	for (size_t n = 0; wanted && n < size; n++) {
		if (data[n] != '/')
			continue;
		s3_key_read((struct str){ key.p, n + 1 }, &begin);
		require(s3_key_fits(&begin, &some));
	}
	return 0;
}
