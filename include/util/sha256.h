/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SHA-256, of bytes at hand or of a stream. A wrong hash would name the wrong source for
 * good, so a failure (there is no memory left, or libcrypto has no SHA-256) is never silent.
 */

#include "util/str.h"

#define SHA256_SIZE 32

/* Aborts when libcrypto cannot do it: callers have no hash to go on with. */
void sha256(struct str data, uint8_t ret[SHA256_SIZE]);
/* HMAC (RFC 2104) with it. Aborts likewise. */
void hmac_sha256(struct str key, struct str data, uint8_t ret[SHA256_SIZE]);
/* Lower-case digits and a NUL. */
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1)
void sha256_hex(const uint8_t hash[SHA256_SIZE], char ret[SHA256_HEX_SIZE]);

/* SHA-1 in lower-case digits and a NUL: for names that others have chosen so, nothing else. */
#define SHA1_HEX_SIZE 41
void sha1_hex(struct str data, char ret[SHA1_HEX_SIZE]);

struct sha256_state;

/* NULL when out of memory. */
struct sha256_state *sha256_new(void) _must_check_;
struct sha256_state *sha256_free(struct sha256_state *s); /* returns NULL */
/* Takes the next bytes; a failure is kept and told by sha256_final(). */
void sha256_update(struct sha256_state *s, struct str data);
/* The hash of all that was taken; afterwards only sha256_free(). 0 or -EIO. */
int sha256_final(struct sha256_state *s, uint8_t ret[SHA256_SIZE]) _must_check_;
