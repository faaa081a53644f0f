/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 over libcrypto's EVP interface. The state remembers a failed step, so that a reader
 * that hashes on the side has one place where it looks for errors.
 */
#include "util/sha256.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "util/hex.h"

struct sha256_state {
	EVP_MD_CTX *md;
	bool failed;
};

void sha256(struct str data, uint8_t ret[SHA256_SIZE])
{
	if (EVP_Digest(data.n ? data.p : "", data.n, ret, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void hmac_sha256(struct str key, struct str data, uint8_t ret[SHA256_SIZE])
{
	unsigned n = SHA256_SIZE;

	if (key.n > INT_MAX ||
	    !HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n,
		  (const unsigned char *)(data.n ? data.p : ""), data.n, ret, &n))
		abort();
}

static void put_hex(const uint8_t *hash, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		hex_write(hash[i], ret + 2 * i);
	ret[2 * n] = '\0';
}

void sha256_hex(const uint8_t hash[SHA256_SIZE], char ret[SHA256_HEX_SIZE])
{
	put_hex(hash, SHA256_SIZE, ret);
}

void sha1_hex(struct str data, char ret[SHA1_HEX_SIZE])
{
	uint8_t hash[(SHA1_HEX_SIZE - 1) / 2];

	if (EVP_Digest(data.n ? data.p : "", data.n, hash, NULL, EVP_sha1(), NULL) != 1)
		abort();
	put_hex(hash, sizeof(hash), ret);
}

struct sha256_state *sha256_new(void)
{
	struct sha256_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->md = EVP_MD_CTX_new();
	if (!s->md || EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1)
		return sha256_free(s);
	return s;
}

struct sha256_state *sha256_free(struct sha256_state *s)
{
	if (s) {
		EVP_MD_CTX_free(s->md);
		free(s);
	}
	return NULL;
}

void sha256_update(struct sha256_state *s, struct str data)
{
	if (data.n && !s->failed)
		s->failed = EVP_DigestUpdate(s->md, data.p, data.n) != 1;
}

int sha256_final(struct sha256_state *s, uint8_t ret[SHA256_SIZE])
{
	if (s->failed || EVP_DigestFinal_ex(s->md, ret, NULL) != 1)
		return -EIO;
	return 0;
}
