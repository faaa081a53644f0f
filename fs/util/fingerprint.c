/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XXH3 with a secret of its own. It is no cryptographic hash, but without the secret there is
 * nothing to aim at.
 */
#include "util/fingerprint.h"

#include <errno.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(struct fingerprint_key) >= XXH3_SECRET_SIZE_MIN,
	       "a secret that the hash takes");

int fingerprint_key_new(struct fingerprint_key *ret)
{
	ssize_t n = getrandom(ret->secret, sizeof(ret->secret), 0);

	if (n < 0)
		return -errno;
	return n == sizeof(ret->secret) ? 0 : -EIO;
}

struct fingerprint fingerprint_of(const struct fingerprint_key *key, struct str text)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(text.n ? text.p : "", text.n,
						  key->secret, sizeof(key->secret));

	return (struct fingerprint){ h.low64, h.high64 };
}
