/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a block tells of its events, and how their records are cut.
 *
 * Two GUIDs of a record are random and its own: the event's id and its request's. As text they
 * take 22 bytes each of what compression cannot shorten, and what is left packs better without;
 * so they stand beside the records as 16 bytes each. The members stay, empty, so that the places
 * are found again: each is the first of its name in the record, before as after.
 *
 * Of each event: the length of its record as it is coded, without what is apart; a byte of flags;
 * its source, by how much it differs from the one before, if it does; the hash of its identity,
 * least byte first, if that is not apart; the lengths of its lines.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "block.h"
#include "util/guid.h"
#include "util/phrase.h"
#include "util/varint.h"

#define SOURCE_FOLLOWS 64u
#define FLAGS_KNOWN    (SOURCE_FOLLOWS * 2 - 1)

void block_deinit(struct block *b)
{
	buf_deinit(&b->bytes);
	buf_deinit(&b->ids);
	b->first = 0;
	b->n = 0;
	b->phrases = NULL;
}

bool block_has(const struct block *b, int64_t event, unsigned *ret_i)
{
	if (!b->first || event < b->first || event - b->first >= (int64_t)b->n)
		return false;
	*ret_i = (unsigned)(event - b->first);
	return true;
}

static struct str coded(const struct block *b, unsigned i)
{
	size_t start = i ? b->ends[i - 1] : 0;

	return b->ends[i] > start
		       ? (struct str){ b->bytes.data + start, b->ends[i] - start }
		       : STR("");
}

int block_cut(const struct block *b, unsigned i, struct buf *out)
{
	struct str code = coded(b, i);

	/* Most records are less than three times as long: else they grow step by step. */
	if (!buf_reserve(out, 3 * code.n))
		return -ENOMEM;
	if (!phrases_take(b->phrases, code, out))
		return -EBADMSG;
	return buf_error(out);
}

static size_t ids_of(const struct block_row *row)
{
	return (size_t) !!(row->flags & EVENT_ID_APART) +
	       (size_t) !!(row->flags & EVENT_REQUEST_APART);
}

size_t block_ids_before(const struct block *b, unsigned i)
{
	size_t n = 0;

	for (unsigned k = 0; k < i; k++)
		n += ids_of(&b->rows[k]);
	return n;
}

static const unsigned char *id_at(const struct block *b, size_t i)
{
	return (const unsigned char *)b->ids.data + i * GUID_BYTES;
}

/* --- rows ---------------------------------------------------------------------------------- */

static void put_key(struct buf *out, uint64_t key)
{
	key = htole64(key);
	buf_put(out, &key, sizeof(key));
}

void block_rows_put(struct buf *out, const struct block *b, unsigned n)
{
	int64_t source = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct block_row *row = &b->rows[i];
		bool moves = row->source != source;

		varint_put(out, b->ends[i] - (i ? b->ends[i - 1] : 0));
		buf_put_char(out, (char)(row->flags | (moves ? SOURCE_FOLLOWS : 0)));
		if (moves)
			varint_put(out, zigzag((int64_t)((uint64_t)row->source -
							 (uint64_t)source)));
		if (!(row->flags & EVENT_ID_APART))
			put_key(out, row->key);
		varint_put(out, row->text_len);
		varint_put(out, row->jsonl_len);
		source = row->source;
	}
}

static bool take_length(struct str *in, uint32_t *ret)
{
	uint64_t n;

	if (!varint_take(in, &n) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool take_source(struct str *in, int64_t *source)
{
	uint64_t n;

	if (!varint_take(in, &n))
		return false;
	*source = (int64_t)((uint64_t)*source + (uint64_t)unzigzag(n));
	return true;
}

static bool take_key(struct str *in, uint64_t *ret)
{
	if (in->n < sizeof(*ret))
		return false;
	memcpy(ret, in->p, sizeof(*ret));
	*ret = le64toh(*ret);
	*in = str_from(*in, sizeof(*ret));
	return true;
}

static bool take_row(struct str *in, int64_t *source, struct block_row *ret)
{
	if (!in->n)
		return false;
	*ret = (struct block_row){ .flags = (unsigned char)in->p[0] };
	*in = str_from(*in, 1);
	if (ret->flags > FLAGS_KNOWN ||
	    (ret->flags & SOURCE_FOLLOWS && !take_source(in, source)) ||
	    (!(ret->flags & EVENT_ID_APART) && !take_key(in, &ret->key)))
		return false;
	ret->flags &= ~SOURCE_FOLLOWS;
	ret->source = *source;
	return take_length(in, &ret->text_len) && take_length(in, &ret->jsonl_len);
}

bool block_rows_take(struct str rows, struct str ids, struct block *b)
{
	int64_t source = 0;
	size_t end = 0, n_ids = 0;

	b->n = 0;
	while (rows.n) {
		uint32_t len;

		if (b->n == BLOCK_EVENTS || !take_length(&rows, &len) ||
		    !take_row(&rows, &source, &b->rows[b->n]))
			return false;
		end += len;
		n_ids += ids_of(&b->rows[b->n]);
		b->ends[b->n++] = end;
	}
	if (!b->n || ids.n != n_ids * GUID_BYTES)
		return false;
	buf_reset(&b->ids);
	buf_put_str(&b->ids, ids);
	return !buf_error(&b->ids);
}

/* --- records ------------------------------------------------------------------------------- */

/* Where the value of the first member of that name begins; NULL: nowhere. */
static const char *place_of(struct str record, struct str member)
{
	const char *at = record.n ? memmem(record.p, record.n, member.p, member.n) : NULL;

	return at ? at + member.n : NULL;
}

#define ID_MEMBER      STR("\"eventID\":\"")
#define REQUEST_MEMBER STR("\"requestID\":\"")

/* The GUID that is the member's value. */
static const char *guid_place(struct str record, struct str member,
			      unsigned char ret[GUID_BYTES])
{
	const char *at = place_of(record, member);
	struct str rest = at ? str_from(record, (size_t)(at - record.p)) : STR_NULL;

	return rest.n > GUID_TEXT && rest.p[GUID_TEXT] == '"' && guid_read(rest, ret)
		       ? at
		       : NULL;
}

/* Appends what is before and between and behind two places, without the GUIDs there. */
static void put_cut(struct buf *out, struct str record, const char *first,
		    const char *second)
{
	const char *places[] = { first, second };

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		size_t n = places[i] ? (size_t)(places[i] - record.p) : 0;

		if (!places[i])
			continue;
		buf_put(out, record.p, n);
		record = str_from(record, n + GUID_TEXT);
	}
	buf_put_str(out, record);
}

static int put_coded(const struct phrases *phrases, struct str record, const char *first,
		     const char *second, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf cut = BUF_INIT;

	if (!phrases) {
		put_cut(out, record, first, second);
	} else {
		put_cut(&cut, record, first, second);
		phrases_put(phrases, buf_str(&cut), out);
	}
	return buf_error(&cut) || buf_error(out) ? -ENOMEM : 0;
}

int block_code(const struct phrases *phrases, struct str record, struct str identity,
	       struct block_apart *ret, struct buf *out)
{
	unsigned char id[GUID_BYTES], request[GUID_BYTES];
	const char *id_at = guid_place(record, ID_MEMBER, id);
	const char *request_at = guid_place(record, REQUEST_MEMBER, request);
	unsigned char *end = ret->ids;
	bool id_first;

	/* What stands further up may be another's. */
	if (id_at && !str_eq((struct str){ id_at, GUID_TEXT }, identity))
		id_at = NULL;
	*ret = (struct block_apart){ 0 };
	if (id_at) {
		ret->flags |= EVENT_ID_APART;
		memcpy(end, id, sizeof(id));
		end += sizeof(id);
	}
	if (request_at) {
		ret->flags |= EVENT_REQUEST_APART;
		memcpy(end, request, sizeof(request));
	}
	id_first = id_at && request_at && id_at < request_at;
	return id_first ? put_coded(phrases, record, id_at, request_at, out)
			: put_coded(phrases, record, request_at, id_at, out);
}

/* The record's bytes are there. */
static int tell(struct block *b, const struct block_apart *apart,
		const struct block_row *row)
{
	struct block_row *next = &b->rows[b->n];

	*next = *row;
	next->flags |= apart->flags;
	if (apart->flags & EVENT_ID_APART)
		next->key = 0;
	b->ends[b->n++] = b->bytes.len;
	buf_put(&b->ids, apart->ids, GUID_BYTES * ids_of(next));
	return buf_error(&b->bytes) || buf_error(&b->ids) ? -ENOMEM : 0;
}

int block_put(struct block *b, struct str coded, const struct block_apart *apart,
	      const struct block_row *row)
{
	buf_put_str(&b->bytes, coded);
	return tell(b, apart, row);
}

int block_push(struct block *b, struct str record, struct str identity,
	       const struct block_row *row)
{
	struct block_apart apart;
	int r = block_code(b->phrases, record, identity, &apart, &b->bytes);

	return r ? r : tell(b, &apart, row);
}

int block_append(struct block *b, const struct block *from, unsigned i)
{
	_cleanup_(buf_deinit) struct buf cut = BUF_INIT;
	size_t before = block_ids_before(from, i);
	int r = block_cut(from, i, &cut);

	if (r)
		return r;
	phrases_put(b->phrases, buf_str(&cut), &b->bytes);
	buf_put(&b->ids, id_at(from, before), GUID_BYTES * ids_of(&from->rows[i]));
	b->rows[b->n] = from->rows[i];
	b->ends[b->n++] = b->bytes.len;
	return buf_error(&b->bytes) || buf_error(&b->ids) ? -ENOMEM : 0;
}

int block_recode(struct block *b, const struct phrases *phrases)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, cut = BUF_INIT;
	size_t ends[BLOCK_EVENTS];
	int r = 0;

	for (unsigned i = 0; i < b->n && !r; i++) {
		buf_reset(&cut);
		r = block_cut(b, i, &cut);
		phrases_put(phrases, buf_str(&cut), &bytes);
		ends[i] = bytes.len;
	}
	if (!r)
		r = buf_error(&bytes);
	if (r)
		return r;
	memcpy(b->ends, ends, b->n * sizeof(ends[0]));
	b->phrases = phrases;
	buf_reset(&b->bytes);
	buf_put_str(&b->bytes, buf_str(&bytes));
	return buf_error(&b->bytes);
}

/* Puts the text of a GUID into what was appended. */
static void insert(struct buf *out, size_t at, const unsigned char *id)
{
	if (!buf_reserve(out, GUID_TEXT))
		return;
	memmove(out->data + at + GUID_TEXT, out->data + at, out->len - at);
	guid_write(id, out->data + at);
	out->len += GUID_TEXT;
}

int block_record(const struct block *b, unsigned i, struct buf *out)
{
	unsigned flags = b->rows[i].flags;
	size_t start = out->len, first = block_ids_before(b, i);
	const unsigned char *id = NULL, *request = NULL;
	const char *place;
	size_t id_to = 0, request_to = 0;
	struct str record;
	int r = block_cut(b, i, out);

	if (r)
		return r;
	record = str_from(buf_str(out), start);
	if (flags & EVENT_ID_APART) {
		id = id_at(b, first);
		place = place_of(record, ID_MEMBER);
		if (!place)
			return -EBADMSG;
		id_to = (size_t)(place - out->data);
	}
	if (flags & EVENT_REQUEST_APART) {
		request = id_at(b, first + !!id);
		place = place_of(record, REQUEST_MEMBER);
		if (!place)
			return -EBADMSG;
		request_to = (size_t)(place - out->data);
	}
	/* What stands behind goes first: it moves nothing that is still to come. */
	if (id && id_to > request_to) {
		insert(out, id_to, id);
		id = NULL;
	}
	if (request)
		insert(out, request_to, request);
	if (id)
		insert(out, id_to, id);
	return buf_error(out);
}

uint64_t block_key(const struct block *b, unsigned i)
{
	char text[GUID_TEXT];

	if (!(b->rows[i].flags & EVENT_ID_APART))
		return b->rows[i].key;
	guid_write(id_at(b, block_ids_before(b, i)), text);
	return str_hash((struct str){ text, sizeof(text) });
}
