/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The code of a row's places, one by one: see posting_code.c. Inlined, as rows are looked through. */

#include <stdbool.h>
#include <stdint.h>

#include "posting.h"
#include "util/varint.h"

#define POSTING_IN_MS   1u /* of two bits */
#define POSTING_NEW_KEY 3u

/* What would leave the numbers is damaged: nothing is later, or earlier, by so much. */
#define POSTING_FAR (UINT64_C(1) << 52)

static inline int64_t posting_plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline bool posting_take_key(uint64_t key, struct str *places, struct posting *p)
{
	uint64_t code;
	int64_t time, before = p->key;

	if (!key || !varint_take(places, &code))
		return false;
	time = unzigzag(code >> 1);
	if (time <= -(int64_t)POSTING_FAR || time >= (int64_t)POSTING_FAR)
		return false;
	p->key = posting_plus(p->key, (int64_t)key);
	p->time_ms = posting_plus(p->time_ms, code & 1 ? time : time * 1000);
	return p->key > before;
}

static inline bool posting_take_time(uint64_t time, struct posting *p)
{
	int64_t before = p->time_ms;

	if (time >= POSTING_FAR)
		return false;
	p->time_ms = posting_plus(p->time_ms, (int64_t)time);
	return p->time_ms >= before;
}

/* Makes the next one of p; false: the places are damaged. */
static inline bool _must_check_ posting_take(struct str *places, struct posting *p)
{
	uint64_t code, event;
	bool good;

	if (!varint_take(places, &code))
		return false;
	if (code & 1)
		good = (code & POSTING_NEW_KEY) == POSTING_NEW_KEY
			       ? posting_take_key(code >> 2, places, p)
			       : posting_take_time(code >> 2, p);
	else
		good = code >> 1 < POSTING_FAR &&
		       posting_take_time((code >> 1) * 1000, p);
	if (!good || !varint_take(places, &event))
		return false;
	/* Of one time they are in the order of their events. */
	if (code <= POSTING_IN_MS && unzigzag(event) < 0)
		return false;
	p->event = posting_plus(p->event, unzigzag(event));
	return p->event > 0;
}
