/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Times in and out. Everything is integer arithmetic on decimal digits: a double cannot hold
 * the milliseconds of an epoch with a fraction exactly, and the same state must get the same
 * millisecond whether an API answer told it in seconds or a file in ISO-8601. Fractions are
 * rounded half up to the millisecond.
 */

#include "model/timestamp.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* What is left to read of a text. */
struct cursor {
	const char *p;
	const char *end;
};

/* No arithmetic on the NULL of an empty text. */
static struct cursor cursor_of(struct str text)
{
	return (struct cursor){ text.p, text.n > 0 ? text.p + text.n : text.p };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool at_digit(const struct cursor *c)
{
	return c->p < c->end && is_digit(*c->p);
}

/* Just n digits; false leaves the cursor where it was. */
static bool take_digits(struct cursor *c, unsigned n, int64_t *ret)
{
	int64_t value = 0;

	if ((size_t)(c->end - c->p) < n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!is_digit(c->p[i]))
			return false;
		value = value * 10 + (c->p[i] - '0');
	}
	c->p += n;
	*ret = value;
	return true;
}

static bool take_char(struct cursor *c, const char *any_of)
{
	if (c->p == c->end || *c->p == '\0' || !strchr(any_of, *c->p))
		return false;
	c->p++;
	return true;
}

/* Digits after a decimal point as milliseconds, 0 to 1000 (rounded up to the next second). */
static int64_t take_fraction(struct cursor *c)
{
	int64_t value = 0;
	unsigned n = 0;

	for (; at_digit(c); c->p++, n++) {
		if (n < 3)
			value = value * 10 + (*c->p - '0');
		else if (n == 3 && *c->p >= '5')
			value++;
	}
	for (; n < 3; n++)
		value *= 10;
	return value;
}

/* Days since 1970-01-01 in the Gregorian calendar, after H. Hinnant's days_from_civil. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool date_is_valid(int64_t year, int64_t month, int64_t day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

/* YYYY-MM-DD or YYYYMMDD, as milliseconds of its midnight. */
static bool take_date(struct cursor *c, int64_t *ret_ms)
{
	int64_t year, month, day;
	bool extended;

	if (!take_digits(c, 4, &year))
		return false;
	extended = take_char(c, "-");
	if (!take_digits(c, 2, &month) || (extended && !take_char(c, "-")) ||
	    !take_digits(c, 2, &day) || !date_is_valid(year, month, day))
		return false;
	*ret_ms = days_of(year, month, day) * DAY_MS;
	return true;
}

/* hh, hh:mm, hh:mm:ss, hhmm, hhmmss, the seconds with any fraction. */
static bool take_time(struct cursor *c, int64_t *ret_ms)
{
	int64_t hour, minute = 0, second = 0, ms = 0;
	bool extended;

	if (!take_digits(c, 2, &hour))
		return false;
	extended = take_char(c, ":");
	if (extended || at_digit(c)) {
		if (!take_digits(c, 2, &minute))
			return false;
		if (extended ? take_char(c, ":") : at_digit(c)) {
			if (!take_digits(c, 2, &second))
				return false;
			if (take_char(c, ".,")) {
				if (!at_digit(c))
					return false;
				ms = take_fraction(c);
			}
		}
	}
	/* 60: a leap second, which is the first one of the next minute here. */
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_ms = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
	return true;
}

/* Z, +hh:mm, +hhmm, +hh or nothing; what to take off the local time. */
static bool take_zone(struct cursor *c, int64_t *ret_ms)
{
	int64_t hour, minute = 0;
	bool west;

	*ret_ms = 0;
	if (take_char(c, "Zz") || c->p == c->end)
		return true;
	west = *c->p == '-';
	if (!take_char(c, "+-") || !take_digits(c, 2, &hour))
		return false;
	if ((take_char(c, ":") || at_digit(c)) && !take_digits(c, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*ret_ms = (hour * 60 + minute) * 60 * 1000 * (west ? -1 : 1);
	return true;
}

static int checked(int64_t ms, int64_t *ret_ms)
{
	if (ms < TIMESTAMP_MIN || ms >= TIMESTAMP_MAX)
		return TIMESTAMP_E_RANGE;
	*ret_ms = ms;
	return 0;
}

int timestamp_parse(struct str text, int64_t *ret_ms)
{
	struct cursor c = cursor_of(text);
	int64_t date, time = 0, zone = 0;

	if (text.n == 0 || !take_date(&c, &date))
		return TIMESTAMP_E_FORMAT;
	if (c.p < c.end &&
	    (!take_char(&c, "Tt ") || !take_time(&c, &time) || !take_zone(&c, &zone)))
		return TIMESTAMP_E_FORMAT;
	if (c.p != c.end)
		return TIMESTAMP_E_FORMAT;
	return checked(date + time - zone, ret_ms);
}

/* A decimal number taken apart: 0.d1d2d3... times ten to the power of `point`. */
struct decimal {
	char digits[24]; /* significant ones; what is behind them cannot change a millisecond */
	unsigned n;
	int64_t point;
	bool negative;
};

static void decimal_add(struct decimal *d, char digit, bool integral)
{
	if (d->n == 0 && digit == '0') {
		d->point -= integral ? 0 : 1;
		return;
	}
	d->point += integral ? 1 : 0;
	if (d->n < sizeof(d->digits))
		d->digits[d->n++] = digit;
}

static bool take_exponent(struct cursor *c, int64_t *ret)
{
	bool negative;
	int64_t value = 0;

	negative = c->p < c->end && *c->p == '-';
	(void)take_char(c, "+-");
	if (!at_digit(c))
		return false;
	for (; at_digit(c); c->p++)
		value = MIN(value * 10 + (*c->p - '0'), INT64_C(1000000));
	*ret = negative ? -value : value;
	return true;
}

static bool decimal_parse(struct str text, struct decimal *ret)
{
	struct cursor c = cursor_of(text);
	int64_t exponent = 0;

	*ret = (struct decimal){ 0 };
	ret->negative = take_char(&c, "-");
	if (!at_digit(&c))
		return false;
	for (; at_digit(&c); c.p++)
		decimal_add(ret, *c.p, true);
	if (take_char(&c, ".")) {
		if (!at_digit(&c))
			return false;
		for (; at_digit(&c); c.p++)
			decimal_add(ret, *c.p, false);
	}
	if (take_char(&c, "eE") && !take_exponent(&c, &exponent))
		return false;
	ret->point += exponent;
	return c.p == c.end;
}

int timestamp_parse_epoch(struct str digits, int64_t *ret_ms)
{
	struct decimal d;
	int64_t ms = 0, places;

	if (digits.n == 0 || !decimal_parse(digits, &d))
		return TIMESTAMP_E_FORMAT;
	if (d.n == 0)
		return checked(0, ret_ms);
	if (d.negative || d.point > 13)
		return TIMESTAMP_E_RANGE;
	/* Thirteen digits before the point are milliseconds already, fewer are seconds. */
	places = d.point == 13 ? 13 : d.point + 3;
	for (int64_t i = 0; i < places; i++)
		ms = ms * 10 + (i < d.n ? d.digits[i] - '0' : 0);
	if (places >= 0 && places < d.n && d.digits[places] >= '5')
		ms++;
	return checked(ms, ret_ms);
}

/* A small whole number among the members of a recorded datetime; absent is 0. */
static bool member_number(const struct jv *v, const char *key, unsigned max_digits,
			  int64_t *ret)
{
	const struct jv *member = jv_get(v, key);
	struct str text = jv_str(member);
	struct cursor c = cursor_of(text);

	*ret = 0;
	if (!member)
		return true;
	return text.n > 0 && text.n <= max_digits &&
	       take_digits(&c, (unsigned)text.n, ret);
}

static int parse_recorded(const struct jv *v, int64_t *ret_ms)
{
	int64_t year, month, day, hour, minute, second, us;

	if (!str_is(jv_get_text(v, "__class__"), "datetime"))
		return TIMESTAMP_E_FORMAT;
	if (!member_number(v, "year", 4, &year) ||
	    !member_number(v, "month", 2, &month) || !member_number(v, "day", 2, &day) ||
	    !member_number(v, "hour", 2, &hour) ||
	    !member_number(v, "minute", 2, &minute) ||
	    !member_number(v, "second", 2, &second) ||
	    !member_number(v, "microsecond", 6, &us))
		return TIMESTAMP_E_FORMAT;
	if (!date_is_valid(year, month, day) || hour > 23 || minute > 59 || second > 60)
		return TIMESTAMP_E_FORMAT;
	return checked(days_of(year, month, day) * DAY_MS +
			       ((hour * 60 + minute) * 60 + second) * 1000 +
			       (us + 500) / 1000,
		       ret_ms);
}

int timestamp_from_jv(const struct jv *v, int64_t *ret_ms)
{
	int r;

	if (jv_is(v, JV_NUMBER))
		return timestamp_parse_epoch(jv_str(v), ret_ms);
	if (jv_is(v, JV_OBJECT))
		return parse_recorded(v, ret_ms);
	if (!jv_is(v, JV_STRING))
		return TIMESTAMP_E_FORMAT;
	r = timestamp_parse(jv_str(v), ret_ms);
	return r == TIMESTAMP_E_FORMAT ? timestamp_parse_epoch(jv_str(v), ret_ms) : r;
}

static char *put_digits(char *p, int64_t value, unsigned n, char after)
{
	for (unsigned i = n; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	p[n] = after;
	return p + n + 1;
}

/* Both forms differ in the colons only. Times out of range are shown as the nearest in it. */
static void format_time(int64_t ms, bool colons, char *p)
{
	int64_t days, rest, z, era, day_of_era, year_of_era, day_of_year, m, month;

	ms = MIN(MAX(ms, TIMESTAMP_MIN), TIMESTAMP_MAX - 1);
	days = ms / DAY_MS;
	rest = ms % DAY_MS;
	/* The inverse of days_of(): years start in March, so the leap day is the last. */
	z = days + 719468;
	era = z / 146097;
	day_of_era = z - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
		       day_of_era / 146096) /
		      365;
	day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	m = (5 * day_of_year + 2) / 153;
	month = m < 10 ? m + 3 : m - 9;

	p = put_digits(p, year_of_era + era * 400 + (month <= 2 ? 1 : 0), 4, '-');
	p = put_digits(p, month, 2, '-');
	p = put_digits(p, day_of_year - (153 * m + 2) / 5 + 1, 2, 'T');
	p = put_digits(p, rest / 3600000, 2, ':') - (colons ? 0 : 1);
	p = put_digits(p, rest / 60000 % 60, 2, ':') - (colons ? 0 : 1);
	p = put_digits(p, rest / 1000 % 60, 2, '.');
	p = put_digits(p, rest % 1000, 3, 'Z');
	*p = '\0';
}

void timestamp_format(int64_t ms, char ret[TIMESTAMP_ISO_SIZE])
{
	format_time(ms, true, ret);
}

void timestamp_format_name(int64_t ms, char ret[TIMESTAMP_NAME_SIZE])
{
	format_time(ms, false, ret);
}
