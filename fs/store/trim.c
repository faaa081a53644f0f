/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture time and state id stand in a state's row, and are what every body has of its own: taken
 * out of it, a body packed against the state before took 49 bytes instead of 78. Their members
 * stay, empty, so that the places are found again. A body that would not come back byte for byte
 * (the time in another form, an empty member of that name further up) is left as it is; which it
 * is, its length tells.
 */
#include "trim.h"

#include <errno.h>
#include <string.h>

#include "model/timestamp.h"

#define TIME_MEMBER STR("\"configurationItemCaptureTime\":\"")
#define ID_MEMBER   STR("\"configurationStateId\":")

/* What follows the first place of `what`; NULL p: it is nowhere. */
static struct str behind(struct str text, struct str what)
{
	const char *at = text.n ? memmem(text.p, text.n, what.p, what.n) : NULL;

	if (!at)
		return STR_NULL;
	at += what.n;
	return (struct str){ at, (size_t)(text.p + text.n - at) };
}

static bool starts(struct str text, struct str with)
{
	return text.n >= with.n && (!with.n || !memcmp(text.p, with.p, with.n));
}

/* Up to where `rest`, its end, begins. */
static void put_until(struct buf *out, struct str text, struct str rest)
{
	buf_put(out, text.p, text.n - rest.n);
}

/* The value's place: behind the quote of a text. */
static struct str id_place(struct str text)
{
	struct str place = behind(text, ID_MEMBER);

	return place.n && place.p[0] == '"' ? str_from(place, 1) : place;
}

/* Is the value of a member, which began before, over here? */
static bool ends(struct str text)
{
	return text.n && strchr("\",}", text.p[0]);
}

static void cut(struct str body, const struct trimming *t, struct buf *out)
{
	char time[TIMESTAMP_ISO_SIZE];
	struct str place = behind(body, TIME_MEMBER);

	timestamp_format(t->capture_ms, time);
	if (place.p && starts(place, str_of(time)) &&
	    ends(str_from(place, strlen(time)))) {
		put_until(out, body, place);
		body = str_from(place, strlen(time));
	}
	place = id_place(body);
	if (place.p && starts(place, t->state_id) &&
	    ends(str_from(place, t->state_id.n))) {
		put_until(out, body, place);
		body = str_from(place, t->state_id.n);
	}
	buf_put_str(out, body);
}

static void mend(struct str trimmed, const struct trimming *t, struct buf *out)
{
	char time[TIMESTAMP_ISO_SIZE];
	struct str place = behind(trimmed, TIME_MEMBER);

	if (place.p && ends(place)) {
		timestamp_format(t->capture_ms, time);
		put_until(out, trimmed, place);
		buf_put_text(out, time);
		trimmed = place;
	}
	place = id_place(trimmed);
	if (place.p && ends(place)) {
		put_until(out, trimmed, place);
		buf_put_str(out, t->state_id);
		trimmed = place;
	}
	buf_put_str(out, trimmed);
}

bool trim_undo(struct str trimmed, const struct trimming *t, size_t length,
	       struct buf *out)
{
	size_t start = out->len;

	if (trimmed.n == length)
		buf_put_str(out, trimmed);
	else
		mend(trimmed, t, out);
	return !buf_error(out) && out->len - start == length;
}

int trim(struct str body, const struct trimming *t, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf again = BUF_INIT;
	size_t start = out->len;
	struct str trimmed;

	cut(body, t, out);
	if (buf_error(out))
		return -ENOMEM;
	trimmed = (struct str){ out->data + start, out->len - start };
	if (trimmed.n == body.n ||
	    (trim_undo(trimmed, t, body.n, &again) && str_eq(buf_str(&again), body)))
		return 0;
	if (buf_error(&again))
		return -ENOMEM;
	out->len = start;
	buf_put_str(out, body);
	return buf_error(out);
}
