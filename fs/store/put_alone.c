/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing a state that comes in. It is alone until its resource's story is made; as who parsed it has
 * packed it, if that is how it would be.
 */
#include "code_shared.h"
#include "pack_put.h"
#include "private.h"
#include "util/varint.h"

/* The frame is borrowed from the item or the writer. */
static int pack_body_alone(struct store *s, const struct item *item,
			   int64_t *ret_dictionary, struct str *ret)
{
	struct buf *body = &s->writer->trimmed;
	int r;

	*ret_dictionary = s->bodies.current[DICTIONARY_STATE - 1];
	if (shared_frame_take(item->code, *ret_dictionary, ret))
		return 0;
	r = shared_coders_put(s, DICTIONARY_STATE, *ret_dictionary);
	if (!r)
		r = state_trim(item, body);
	if (!r)
		r = body_pack(s, DICTIONARY_STATE, buf_str(body), &s->writer->pack,
			      ret_dictionary);
	*ret = buf_str(&s->writer->pack);
	return r;
}

/* How raw bytes are packed: the body in a shape (0: as it is), and a frame against that behind its
   length (p NULL: they are that). */
static int pack_raw(struct store *s, const struct item *item, int64_t *ret_shape,
		    struct str *ret)
{
	struct buf *raw = &s->writer->raw, *guess = &s->writer->guess;
	int r;

	*ret_shape = 0;
	*ret = STR_NULL;
	if (!item->raw.n || str_eq(item->raw, item->body))
		return 0;
	*ret_shape = shared_shape_id(item);
	if (*ret_shape)
		return 0;
	r = shape_guess(s, item, guess, ret_shape);
	if (r || (*ret_shape && str_eq(item->raw, buf_str(guess))))
		return r;
	r = body_pack_prefix(s, item->raw, *ret_shape ? buf_str(guess) : item->body, raw);
	if (r)
		return r;
	buf_reset(guess);
	varint_put(guess, item->raw.n);
	buf_put_str(guess, buf_str(raw));
	*ret = buf_str(guess);
	return buf_error(guess);
}

int state_describe(struct store *s, const struct item *item, int64_t source_id,
		   struct packed_state *ret)
{
	struct str raw;
	int64_t shape;
	int r = pack_raw(s, item, &shape, &raw);

	*ret = (struct packed_state){
		.capture_ms = item->captured_ms,
		.source = source_id,
		.kind = item->guise | (int64_t)item->status << 3 | shape << 6,
		.body_len = (int64_t)item->body.n,
		.name = state_name_of(item->state_id, item->captured_ms),
		.has_raw = raw.p != NULL,
		.raw = raw,
	};
	return r;
}

int state_put_alone(struct store *s, enum statement put, int64_t id,
		    const struct packed_state *state, const struct item *item)
{
	int64_t dictionary;
	struct str frame;
	int r = pack_body_alone(s, item, &dictionary, &frame);

	return r ? r : loose_put(s, put, id, state, dictionary, frame);
}
