/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workers of an import code records and pack states as goes into the history: of two facts
 * that were parsed each is given the code of the other, and the history has these.
 */
#include "code_shared.h"
#include "importing.h"
#include "private.h"

#define TRAINING 480 /* records that a dictionary is there behind, and shared */

/* Text that repeats, and some that does not. */
#define ITEM                                                                               \
	"{\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\","                  \
	"\"configurationStateId\":1714558500123,\"awsAccountId\":\"123456789012\","        \
	"\"configurationItemStatus\":\"OK\",\"resourceType\":\"AWS::EC2::SecurityGroup\"," \
	"\"resourceId\":\"sg-%016llx\",\"awsRegion\":\"us-east-1\",\"relationships\":[],"  \
	"\"configuration\":{\"description\":\"a group of number %016llx\",\"ownerId\":"    \
	"\"123456789012\",\"ipPermissions\":[{\"ipProtocol\":\"tcp\",\"fromPort\":%llu}]}}"
#define EVENT                                                                               \
	"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\","            \
	"\"principalId\":\"AROA%016llX:session\",\"accountId\":\"123456789012\"},"          \
	"\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"ec2.amazonaws.com\","     \
	"\"eventName\":\"RunInstances\",\"awsRegion\":\"us-east-1\",\"requestParameters\":" \
	"{\"groupId\":\"sg-%016llx\",\"cidrIp\":\"10.0.0.0/8\"},\"responseElements\":null," \
	"\"eventID\":\"event-%020llu\",\"recipientAccountId\":\"123456789012\"}"

/* So many items or events, from a number on, parsed. */
static struct chunk *parsed_some(struct importing *i, enum fact_kind kind, unsigned from,
				 unsigned n)
{
	char(*texts)[1024] = calloc(n, sizeof(*texts));
	const char **all = calloc(n, sizeof(*all));
	bool is_item = kind == FACT_ITEM;
	struct chunk *c;

	assert_true(texts && all);
	for (unsigned k = 0; k < n; k++) {
		unsigned long long x = (from + k + 1) * UINT64_C(0x9E3779B97F4A7C15);

		(void)(is_item ? snprintf(texts[k], sizeof(texts[k]), ITEM, x, x * 77,
					  x % 1000)
			       : snprintf(texts[k], sizeof(texts[k]), EVENT, x, x * 77,
					  x));
		all[k] = texts[k];
	}
	c = parsed(i, is_item ? "configurationItems" : "Records", all, n);
	free(all);
	free(texts);
	return c;
}

static void swap(struct str *a, struct str *b)
{
	struct str c = *a;

	*a = *b;
	*b = c;
}

/* The two facts of a chunk. */
static void two_of(const struct chunk *c, enum fact_kind kind, struct fact *ret[2])
{
	ret[0] = c->facts;
	assert_non_null(ret[0]);
	ret[1] = ret[0]->next;
	assert_non_null(ret[1]);
	assert_null(ret[1]->next);
	assert_int_equal(ret[0]->kind, kind);
	assert_int_equal(ret[1]->kind, kind);
}

static void states_go_in_as_they_were_packed(void **state)
{
	_cleanup_(buf_deinit) struct buf kept = BUF_INIT;
	struct history *h = *state;
	struct importing i;
	struct fact *facts[2];
	struct str *codes[2], frames[2];
	struct chunk *c;
	size_t first;

	importing_begin(&i, h);
	assert_int_equal(put(&i, parsed_some(&i, FACT_ITEM, 0, TRAINING)).items,
			 TRAINING);
	c = parsed_some(&i, FACT_ITEM, TRAINING, 2);
	two_of(c, FACT_ITEM, facts);
	for (unsigned k = 0; k < 2; k++) {
		codes[k] = &((struct fact_item *)facts[k])->item.code;
		assert_true(shared_frame_take(*codes[k], 1, &frames[k]));
		buf_put_str(&kept, frames[k]);
	}
	first = frames[0].n;
	assert_false(str_eq(frames[0], frames[1]));
	swap(codes[0], codes[1]);
	assert_int_equal(put(&i, c).items, 2);
	importing_end(&i);
	assert_true(
		is_frame(h, state_first(TRAINING + 1), str_from(buf_str(&kept), first)));
	assert_true(
		is_frame(h, state_first(TRAINING + 2), (struct str){ kept.data, first }));
}

static void events_go_in_as_they_were_coded(void **state)
{
	_cleanup_(buf_deinit) struct buf kept = BUF_INIT;
	struct history *h = *state;
	struct importing i;
	struct fact_event *events[2];
	struct fact *facts[2];
	struct chunk *c;
	size_t first;

	importing_begin(&i, h);
	for (unsigned n = 0; n < TRAINING; n += TRAINING / 2)
		assert_int_equal(
			put(&i, parsed_some(&i, FACT_EVENT, n, TRAINING / 2)).events,
			TRAINING / 2);
	/* The block that was begun before is written, and the next one shares the phrases. */
	assert_int_equal(import_writer_commit(&i.writer, true), 0);
	assert_int_equal(put(&i, parsed_some(&i, FACT_EVENT, TRAINING, 1)).events, 1);
	c = parsed_some(&i, FACT_EVENT, TRAINING + 1, 2);
	two_of(c, FACT_EVENT, facts);
	for (unsigned k = 0; k < 2; k++) {
		events[k] = (struct fact_event *)facts[k];
		assert_true(events[k]->record.code.n > 0);
		buf_put_str(&kept, events[k]->record.raw);
	}
	first = events[0]->record.raw.n;
	swap(&events[0]->record.code, &events[1]->record.code);
	assert_int_equal(put(&i, c).events, 2);
	importing_end(&i);
	for (unsigned k = 0; k < 2; k++) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		struct str expected = k ? (struct str){ kept.data, first }
					: str_from(buf_str(&kept), first);

		assert_int_equal(store_event_body(h->s, TRAINING + 2 + k, &got), 0);
		assert_true(str_eq(buf_str(&got), expected));
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)
	const struct CMUnitTest tests[] = {
		TEST(states_go_in_as_they_were_packed),
		TEST(events_go_in_as_they_were_coded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
