/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places of a row: its postings but for the first, which is in the row's key, each as the
 * difference to the one before: numbers as util/varint.h has them. Of the same key
 *
 *   time   in seconds, doubled, where that is exact, else in milliseconds, four times, and one
 *   event  by how much it differs, signed
 *
 * and of another one
 *
 *   key    by how much it is greater, four times, and three
 *   time   by how much it differs, signed: in seconds, doubled, or in milliseconds, doubled, and one
 *   event  as above
 *
 * So what is between two that stay is as it was, whatever came before them or behind.
 */
#include "posting_code.h"

#include <errno.h>

#define PLACE_MAX (3 * VARINT_MAX) /* bytes */

static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* Which of two, doubled; and one for the second. */
static uint64_t time_code(int64_t time)
{
	return time % 1000 ? zigzag(time) << 1 | 1 : zigzag(time / 1000) << 1;
}

static void put(struct buf *out, const struct posting *before, const struct posting *p)
{
	int64_t time = minus(p->time_ms, before->time_ms);
	uint64_t key = (uint64_t)minus(p->key, before->key);
	unsigned char *bytes;
	size_t len;

	if (!buf_reserve(out, PLACE_MAX))
		return;
	bytes = (unsigned char *)out->data + out->len;
	if (key) {
		len = varint_write(bytes, key << 2 | POSTING_NEW_KEY);
		len += varint_write(bytes + len, time_code(time));
	} else {
		len = varint_write(bytes, time % 1000
						  ? (uint64_t)time << 2 | POSTING_IN_MS
						  : (uint64_t)time / 1000 << 1);
	}
	len += varint_write(bytes + len, zigzag(minus(p->event, before->event)));
	out->len += len;
}

void posting_encode(struct buf *out, const struct posting *rows, size_t n)
{
	for (size_t i = 1; i < n; i++)
		put(out, &rows[i - 1], &rows[i]);
}

int posting_decode(const struct posting *first, struct str places, struct buf *out)
{
	struct posting p = *first;

	buf_put(out, &p, sizeof(p));
	while (places.n > 0) {
		if (!posting_take(&places, &p))
			return -EBADMSG;
		buf_put(out, &p, sizeof(p));
	}
	return buf_error(out);
}

/* --- new ones among them ------------------------------------------------------------------- */

struct splicing {
	const struct posting *rows; /* the new ones */
	size_t n, at, most;         /* those before `at` are done with */
	struct buf *out;
	struct posting_splice *told;
};

/* Those up to `to` (NULL: all), behind *before, which is the last of them then. Were there any? */
static bool put_new(struct splicing *s, struct posting *before, const struct posting *to)
{
	struct posting_splice *told = s->told;
	size_t n = told->n_added;

	for (; s->at < s->n && told->n_before + told->n_added <= s->most; s->at++) {
		const struct posting *p = &s->rows[s->at];
		int order = to ? posting_order(p, to) : -1;

		if (order > 0)
			return told->n_added > n;
		if (order == 0 || posting_order(p, before) == 0)
			continue;
		put(s->out, before, p);
		*before = *p;
		told->n_added++;
	}
	/* All are there, or they are too many: what is left of the row is decoded, and no more. */
	s->at = s->n;
	return told->n_added > n;
}

/* Bytes of those that stay side by side are copied, from `kept` on. */
int posting_splice(const struct posting *first, struct str places,
		   const struct posting *rows, size_t n, size_t most, struct buf *out,
		   struct posting_splice *ret)
{
	struct splicing s = { rows, n, 0, most, out, ret };
	struct posting p = *first;
	const char *kept = places.p, *end = places.p + places.n;

	*ret = (struct posting_splice){ .n_before = 1 };
	while (places.n) {
		struct posting before = p;
		const char *from = end - places.n;

		if (!posting_take(&places, &p))
			return -EBADMSG;
		ret->n_before++;
		if (s.at == n || posting_order(&rows[s.at], &p) > 0)
			continue;
		buf_put(out, kept, (size_t)(from - kept));
		kept = from;
		if (put_new(&s, &before, &p)) {
			put(out, &before, &p);
			kept = end - places.n;
		}
	}
	ret->last = p;
	buf_put(out, kept, (size_t)(end - kept));
	(void)put_new(&s, &p, NULL);
	return buf_error(out);
}
