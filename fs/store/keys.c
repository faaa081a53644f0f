/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "posting.h"

#define FIRST_SLOTS 4096u

static void place(struct event_key *slots, size_t cap, uint64_t key, int64_t event)
{
	size_t i = (size_t)key & (cap - 1);

	while (slots[i].event)
		i = (i + 1) & (cap - 1);
	slots[i] = (struct event_key){ key, event };
}

static int grow(struct keys *k)
{
	size_t cap = MAX(k->cap * 2, (size_t)FIRST_SLOTS);
	struct event_key *slots = calloc(cap, sizeof(slots[0]));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < k->cap; i++)
		if (k->slots[i].event)
			place(slots, cap, k->slots[i].key, k->slots[i].event);
	free(k->slots);
	k->slots = slots;
	k->cap = cap;
	return 0;
}

int keys_add(struct keys *k, uint64_t key, int64_t event)
{
	if (k->n >= k->cap / 4 * 3) {
		int r = grow(k);

		if (r)
			return r;
	}
	place(k->slots, k->cap, key, event);
	k->n++;
	return 0;
}

bool keys_next(const struct keys *k, uint64_t key, int64_t *event)
{
	bool behind = *event == 0;

	if (!k->cap)
		return false;
	for (size_t i = (size_t)key & (k->cap - 1); k->slots[i].event;
	     i = (i + 1) & (k->cap - 1)) {
		if (k->slots[i].key != key)
			continue;
		if (behind) {
			*event = k->slots[i].event;
			return true;
		}
		behind = k->slots[i].event == *event;
	}
	return false;
}

/* The list is in the order of their upper bits. */
int keys_postings(const struct keys *k, unsigned part, struct buf *out)
{
	for (size_t i = 0; i < k->cap; i++) {
		const struct event_key *slot = &k->slots[i];
		struct posting p = posting_of_hash(slot->key, slot->event);

		if (slot->event && slot->key / (UINT64_MAX / KEYS_PARTS + 1) == part)
			buf_put(out, &p, sizeof(p));
	}
	if (buf_error(out))
		return -ENOMEM;
	if (out->len)
		postings_sort((struct posting *)out->data,
			      out->len / sizeof(struct posting));
	return 0;
}

void keys_clear(struct keys *k)
{
	if (k->cap)
		memset(k->slots, 0, k->cap * sizeof(k->slots[0]));
	k->n = 0;
}

void keys_deinit(struct keys *k)
{
	free(k->slots);
	*k = (struct keys){ 0 };
}
