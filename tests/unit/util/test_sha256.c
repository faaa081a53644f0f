/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against the examples of FIPS 180-4, at once and in pieces of every size. */
#include "util/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *hash;
} examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void assert_hash(const uint8_t *hash, const char *hex)
{
	char text[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(text, hex);
}

static void test_at_once(void **state)
{
	uint8_t hash[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		sha256(str_of(examples[i].text), hash);
		assert_hash(hash, examples[i].hash);
	}
	sha256(STR_NULL, hash);
	assert_hash(hash, examples[0].hash);
}

static void test_in_pieces(void **state)
{
	struct str text = str_of(examples[2].text);

	(void)state;
	for (size_t piece = 1; piece <= text.n; piece++) {
		struct sha256_state *s = sha256_new();
		uint8_t hash[SHA256_SIZE];

		assert_non_null(s);
		for (size_t at = 0; at < text.n; at += piece)
			sha256_update(s, (struct str){ text.p + at,
						       MIN(piece, text.n - at) });
		sha256_update(s, STR_NULL);
		assert_int_equal(sha256_final(s, hash), 0);
		assert_hash(hash, examples[2].hash);
		assert_null(sha256_free(s));
	}
	assert_null(sha256_free(NULL));
}

static void test_million(void **state)
{
	struct sha256_state *s = sha256_new();
	char thousand[1000];
	uint8_t hash[SHA256_SIZE];

	(void)state;
	assert_non_null(s);
	memset(thousand, 'a', sizeof(thousand));
	for (int i = 0; i < 1000; i++)
		sha256_update(s, (struct str){ thousand, sizeof(thousand) });
	assert_int_equal(sha256_final(s, hash), 0);
	assert_hash(hash,
		    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	sha256_free(s);
}

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
static void test_hmac(void **state)
{
	char long_key[131];
	uint8_t mac[SHA256_SIZE];

	(void)state;
	hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), mac);
	assert_hash(mac,
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(long_key, 0xaa, sizeof(long_key));
	hmac_sha256((struct str){ long_key, sizeof(long_key) },
		    STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	assert_hash(mac,
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_hex(void **state)
{
	uint8_t mac[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	(void)state;
	sha256(STR("abc"), mac);
	sha256_hex(mac, hex);
	assert_string_equal(hex, examples[1].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once), cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_million), cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
