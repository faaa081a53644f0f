/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of moments. They come from whoever types a path, so everything is checked: a name that
 * is nearly one of these must not be taken for another moment.
 */

#include "model/moment.h"

#include "model/timestamp.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define SECONDS_DIGITS 10 /* from 2001 to 2286 */
#define MILLIS_DIGITS  13

static size_t count_digits(struct str text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return n;
}

static int64_t unit_ms(char letter)
{
	switch (letter) {
	case 's':
		return SECOND_MS;
	case 'm':
		return MINUTE_MS;
	case 'h':
		return HOUR_MS;
	case 'd':
		return DAY_MS;
	case 'w':
		return 7 * DAY_MS;
	default:
		return 0;
	}
}

/* So long before the present, from the start of its minute (or second) on. */
static bool ago(int64_t now_ms, int64_t n, int64_t unit, struct moment *ret)
{
	int64_t grain = unit < MINUTE_MS ? SECOND_MS : MINUTE_MS;

	if (now_ms < TIMESTAMP_MIN || now_ms >= TIMESTAMP_MAX || n > now_ms / unit)
		return false;
	*ret = (struct moment){ .ms = now_ms / grain * grain - n * unit,
				.relative = true };
	return ret->ms >= TIMESTAMP_MIN;
}

/* -2h */
static bool parse_ago(struct str text, int64_t now_ms, struct moment *ret)
{
	size_t digits = count_digits(str_from(text, 1));
	int64_t n = 0, unit;

	if (digits == 0 || digits > MILLIS_DIGITS || text.n != digits + 2)
		return false;
	for (size_t i = 1; i <= digits; i++)
		n = n * 10 + (text.p[i] - '0');
	unit = unit_ms(text.p[text.n - 1]);
	return unit > 0 && ago(now_ms, n, unit, ret);
}

/* Fewer digits would be a moment of the seventies, and more likely a slip. */
static bool parse_epoch(struct str text, struct moment *ret)
{
	size_t digits = count_digits(text);
	bool fraction = digits < text.n && text.p[digits] == '.' &&
			count_digits(str_from(text, digits + 1)) == text.n - digits - 1;

	if (digits != SECONDS_DIGITS && digits != MILLIS_DIGITS)
		return false;
	if (digits != text.n && (digits != SECONDS_DIGITS || !fraction))
		return false;
	return timestamp_parse_epoch(text, &ret->ms) == 0;
}

/*
 * A 60th second is the next minute's first elsewhere, where clocks wrote it down; who types one
 * made a slip.
 */
static bool has_leap_second(struct str text)
{
	char digits[6];
	size_t n = 0, i = 0;

	while (i < text.n && text.p[i] != 'T' && text.p[i] != 't' && text.p[i] != ' ')
		i++;
	for (i++; i < text.n && n < sizeof(digits); i++) {
		if (text.p[i] == ':')
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		digits[n++] = text.p[i];
	}
	return n == sizeof(digits) && digits[4] == '6';
}

bool moment_parse(struct str text, int64_t now_ms, struct moment *ret)
{
	struct moment m = { 0 };
	bool known;

	if (str_is(text, "now")) {
		m.ms = MOMENT_NOW;
		known = true;
	} else if (str_is(text, "yesterday")) {
		known = ago(now_ms, 1, DAY_MS, &m);
	} else if (str_starts(text, "-")) {
		known = parse_ago(text, now_ms, &m);
	} else {
		known = (timestamp_parse(text, &m.ms) == 0 && !has_leap_second(text)) ||
			parse_epoch(text, &m);
	}
	if (known)
		*ret = m;
	return known;
}
