/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bodies: round trips of all kinds, what a dictionary and a prefix save, damage. */
#include "util/zcodec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct zcodec *z;
	struct zdict *dict;
	struct buf dict_bytes;
	struct buf samples;
	size_t lengths[600];
};

/* A body as the store has them: much alike, with ids and times of its own. */
static void put_body(struct buf *b, unsigned i)
{
	buf_printf(
		b,
		"{\"ARN\":\"arn:aws:ec2:us-east-1:123456789012:security-group/sg-%08x\","
		"\"awsAccountId\":\"123456789012\",\"awsRegion\":\"us-east-1\",\"configuration\":"
		"{\"description\":\"group %u\",\"groupId\":\"sg-%08x\",\"groupName\":\"g%u\","
		"\"ipPermissions\":[{\"fromPort\":%u,\"ipProtocol\":\"tcp\",\"ipRanges\":"
		"[\"10.%u.0.0/16\"],\"toPort\":%u}],\"vpcId\":\"vpc-%08x\"},"
		"\"configurationItemCaptureTime\":\"2024-05-%02uT10:%02u:%02u.%03uZ\"}",
		i * 2654435761u, i, i * 2654435761u, i, i % 1000, i % 256, i % 1000,
		i * 40503u, i % 28 + 1, i % 60, i * 7 % 60, i * 13 % 1000);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (unsigned i = 0; i < ARRAY_SIZE(f->lengths); i++) {
		size_t before = f->samples.len;

		put_body(&f->samples, i);
		f->lengths[i] = f->samples.len - before;
	}
	assert_int_equal(buf_error(&f->samples), 0);
	assert_int_equal(zcodec_new(3, &f->z), 0);
	assert_int_equal(zdict_train(buf_str(&f->samples), f->lengths,
				     ARRAY_SIZE(f->lengths), 16384, &f->dict_bytes),
			 0);
	assert_true(f->dict_bytes.len > 0 && f->dict_bytes.len <= 16384);
	f->dict = zdict_new(buf_str(&f->dict_bytes), 3);
	assert_non_null(f->dict);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(zcodec_free(f->z));
	assert_null(zdict_free(f->dict));
	buf_deinit(&f->dict_bytes);
	buf_deinit(&f->samples);
	free(f);
	return 0;
}

/* Packs and unpacks behind bytes that are there already; the size of the frame is returned. */
static size_t round_trip(struct fixture *f, struct str body, const struct zdict *dict,
			 struct str prefix)
{
	_cleanup_(buf_deinit) struct buf frame = BUF_INIT;
	_cleanup_(buf_deinit) struct buf back = BUF_INIT;

	buf_put_text(&frame, "ab");
	buf_put_text(&back, "cd");
	assert_int_equal(zcodec_pack(f->z, body, dict, prefix, &frame), 0);
	assert_int_equal(zcodec_unpack(f->z, str_from(buf_str(&frame), 2), dict, prefix,
				       body.n, &back),
			 0);
	assert_memory_equal(frame.data, "ab", 2);
	assert_int_equal(back.len, body.n + 2);
	assert_memory_equal(back.data, "cd", 2);
	assert_true(str_eq(str_from(buf_str(&back), 2), body));
	return frame.len - 2;
}

static void test_round_trips(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	_cleanup_(buf_deinit) struct buf earlier = BUF_INIT;
	size_t alone, with_dict, with_prefix;

	put_body(&body, 5000);
	put_body(&earlier, 5001);
	alone = round_trip(f, buf_str(&body), NULL, STR_NULL);
	with_dict = round_trip(f, buf_str(&body), f->dict, STR_NULL);
	with_prefix = round_trip(f, buf_str(&body), NULL, buf_str(&earlier));
	assert_true(alone < body.len);
	assert_true(with_dict * 2 < alone);
	assert_true(with_prefix * 2 < alone);
	/* What went before leaves no trace: not the prefix, not the dictionary. */
	assert_int_equal(round_trip(f, buf_str(&body), NULL, STR_NULL), alone);
	assert_int_equal(round_trip(f, buf_str(&body), f->dict, STR_NULL), with_dict);
}

static void test_odd_bodies(void **state)
{
	static const char bytes[] = "\0\xff\x28\xb5\x2f\xfd";
	struct fixture *f = *state;

	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct str body = { bytes, n };

		round_trip(f, body, NULL, STR_NULL);
		round_trip(f, body, f->dict, STR_NULL);
		round_trip(f, body, NULL, STR("\xff\x28"));
		round_trip(f, body, NULL, body);
	}
	round_trip(f, STR_NULL, NULL, STR_NULL);
}

/* Of one block: without headers; with them, as histories have them from before, it is read, too. */
static void test_headers(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT, frame = BUF_INIT,
					 whole = BUF_INIT, back = BUF_INIT,
					 large = BUF_INIT;
	size_t block;

	put_body(&body, 5000);
	assert_int_equal(zcodec_pack(f->z, buf_str(&body), f->dict, STR_NULL, &frame), 0);
	assert_int_equal(frame.data[0], 0x08);
	block = (frame.len - 1) << 3 | 2 << 1 | 1;
	buf_put(&whole, "\0\x48", 2);
	for (unsigned i = 0; i < 3; i++)
		buf_put_char(&whole, (char)(block >> 8 * i));
	buf_put_str(&whole, str_from(buf_str(&frame), 1));
	assert_int_equal(zcodec_unpack(f->z, buf_str(&whole), f->dict, STR_NULL, body.len,
				       &back),
			 0);
	assert_true(str_eq(buf_str(&back), buf_str(&body)));
	/* What has more than a block, or one that is not compressed, keeps its headers. */
	buf_reset(&frame);
	assert_int_equal(zcodec_pack(f->z, STR("\x01\x7f"), NULL, STR_NULL, &frame), 0);
	assert_int_equal(frame.data[0], 0);
	for (unsigned i = 0; i < 1000; i++)
		put_body(&large, i);
	buf_reset(&frame);
	assert_int_equal(zcodec_pack(f->z, buf_str(&large), NULL, STR_NULL, &frame), 0);
	assert_int_equal(frame.data[0], 0);
	round_trip(f, buf_str(&large), NULL, STR_NULL);
	round_trip(f, (struct str){ large.data, 131072 }, NULL, STR_NULL);
	round_trip(f, (struct str){ large.data, 131072 }, NULL,
		   (struct str){ large.data + 131072, 200000 });
}

/* Further away than the level's window reaches: the prefix must serve even so. */
static void test_large_prefix(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	_cleanup_(buf_deinit) struct buf copy = BUF_INIT;
	uint64_t seed = 1;

	while (body.len < 5000000) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		buf_put(&body, &seed, sizeof(seed));
	}
	buf_put_str(&copy, buf_str(&body));
	assert_int_equal(buf_error(&body), 0);
	assert_int_equal(buf_error(&copy), 0);
	assert_true(round_trip(f, buf_str(&body), NULL, STR_NULL) > 4000000);
	assert_true(round_trip(f, buf_str(&body), NULL, buf_str(&copy)) < 50000);
}

static void assert_unpack_fails(struct fixture *f, struct str frame,
				const struct zdict *dict, struct str prefix,
				size_t length)
{
	_cleanup_(buf_deinit) struct buf back = BUF_INIT;

	buf_put_text(&back, "kept");
	assert_int_equal(zcodec_unpack(f->z, frame, dict, prefix, length, &back),
			 -EBADMSG);
	assert_int_equal(back.len, 4);
	assert_int_equal(buf_error(&back), 0);
}

static void test_damage(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	_cleanup_(buf_deinit) struct buf frame = BUF_INIT;
	struct str whole;

	put_body(&body, 6000);
	assert_int_equal(zcodec_pack(f->z, buf_str(&body), f->dict, STR_NULL, &frame), 0);
	whole = buf_str(&frame);
	assert_unpack_fails(f, whole, f->dict, STR_NULL, body.len - 1);
	assert_unpack_fails(f, whole, f->dict, STR_NULL, body.len + 1);
	assert_unpack_fails(f, whole, f->dict, STR_NULL, 0);
	/* Which is not asked of the system. */
	assert_unpack_fails(f, whole, f->dict, STR_NULL, SIZE_MAX / 4);
	for (size_t n = 0; n < whole.n; n++)
		assert_unpack_fails(f, (struct str){ whole.p, n }, f->dict, STR_NULL,
				    body.len);
	buf_put_char(&frame, 'x');
	assert_unpack_fails(f, buf_str(&frame), f->dict, STR_NULL, body.len);
	assert_unpack_fails(f, STR("no frame at all"), NULL, STR_NULL, body.len);
	/* It goes on working. */
	round_trip(f, buf_str(&body), f->dict, STR_NULL);
}

static void test_not_both(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	assert_int_equal(zcodec_pack(f->z, STR("x"), f->dict, STR("y"), &out), -EINVAL);
	assert_int_equal(zcodec_unpack(f->z, STR("x"), f->dict, STR("y"), 1, &out),
			 -EINVAL);
	assert_int_equal(out.len, 0);
}

static void test_too_few_samples(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	size_t one = 1;

	assert_int_equal(zdict_train(STR_NULL, NULL, 0, 16384, &out), 1);
	assert_int_equal(zdict_train(STR("x"), &one, 1, 16384, &out), 1);
	assert_int_equal(zdict_train(buf_str(&f->samples), f->lengths, 3, 16384, &out),
			 1);
	assert_int_equal(zdict_train(buf_str(&f->samples), f->lengths, 600, 10, &out), 1);
	assert_int_equal(out.len, 0);
	assert_int_equal(buf_error(&out), 0);
}

/* Bytes that are no trained dictionary serve as raw content. */
static void test_raw_dictionary(void **state)
{
	struct fixture *f = *state;
	struct zdict *d =
		zdict_new(STR("the quick brown fox jumps over the lazy dog"), 3);

	assert_non_null(d);
	round_trip(f, STR("a quick brown fox jumps over a lazy dog"), d, STR_NULL);
	zdict_free(d);
	assert_null(zdict_free(NULL));
	assert_null(zcodec_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_odd_bodies),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_large_prefix),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_not_both),
		cmocka_unit_test(test_too_few_samples),
		cmocka_unit_test(test_raw_dictionary),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
