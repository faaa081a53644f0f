/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Hashes of 128 bits under a key that is drawn at random and never shown: whoever writes the bytes
 * cannot choose two texts that have one. For tables in memory; they mean nothing to another process.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/str.h"

struct fingerprint {
	uint64_t low, high;
};

struct fingerprint_key {
	uint8_t secret[192];
};

/* Draws a key. 0 or negative errno. */
int fingerprint_key_new(struct fingerprint_key *ret) _must_check_;
struct fingerprint fingerprint_of(const struct fingerprint_key *key,
				  struct str text) _pure_;

static inline bool fingerprint_eq(struct fingerprint a, struct fingerprint b)
{
	return a.low == b.low && a.high == b.high;
}
