/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, segment by segment. An organisation's id stands before AWSLogs for Config (it is the
 * delivery channel's prefix) and behind it for CloudTrail.
 */
#include "s3_key.h"

static bool is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n == 12;
}

/* Digits up to four; 0 for anything else. */
static int number(struct str s)
{
	int n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (s.p[i] - '0');
	}
	return s.n <= 4 ? n : 0;
}

/* The next segment that a slash ends; false when there is none any more. */
static bool next(struct str *rest, struct str *ret)
{
	ptrdiff_t slash = str_chr(*rest, '/');

	if (slash < 0)
		return false;
	*ret = (struct str){ rest->p, (size_t)slash };
	*rest = str_from(*rest, (size_t)slash + 1);
	return true;
}

static bool find_logs(struct str *rest)
{
	struct str segment;

	while (next(rest, &segment))
		if (str_is(segment, "AWSLogs"))
			return true;
	return false;
}

static enum s3_kind kind_of(struct str segment)
{
	if (str_is(segment, "Config"))
		return S3_CONFIG;
	return str_starts(segment, "CloudTrail") ? S3_CLOUDTRAIL : S3_UNKNOWN;
}

static void read_date(struct str rest, struct s3_key *key)
{
	struct str segment;
	int *const parts[] = { &key->year, &key->month, &key->day };
	static const int most[] = { 9999, 12, 31 };

	for (size_t i = 0; i < ARRAY_SIZE(parts) && next(&rest, &segment); i++) {
		int n = number(segment);

		/* Whose month is none lies in no month's folder, but in that of its year. */
		if (n < 1 || n > most[i])
			return;
		*parts[i] = n;
	}
}

void s3_key_read(struct str key, struct s3_key *ret)
{
	struct str rest = key, segment;

	*ret = (struct s3_key){ 0 };
	if (!find_logs(&rest) || !next(&rest, &segment))
		return;
	if (str_starts(segment, "o-") && !next(&rest, &segment))
		return;
	if (!is_account(segment))
		return;
	ret->account = segment;
	if (!next(&rest, &segment))
		return;
	ret->kind = kind_of(segment);
	if (ret->kind == S3_UNKNOWN || !next(&rest, &segment))
		return;
	ret->region = segment;
	ret->region_end = (size_t)(rest.p ? rest.p - key.p : (ptrdiff_t)key.n);
	read_date(rest, ret);
}

/* Howard Hinnant's "days from civil", for dates from 1970 on. */
int64_t s3_day(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_wanted(struct str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(s, list[i]))
			return true;
	return n == 0 || s.n == 0;
}

/* The days that a whole year, a month or a day of the key may hold. */
static bool date_fits(const struct s3_key *key, const struct s3_wish *wish)
{
	int64_t first, last;

	if (!key->year)
		return true;
	first = s3_day(key->year, key->month ? key->month : 1, key->day ? key->day : 1);
	last = s3_day(key->year, key->month ? key->month : 12, key->day ? key->day : 31);
	return last >= wish->from_day && first <= wish->to_day;
}

bool s3_key_fits(const struct s3_key *key, const struct s3_wish *wish)
{
	/* What Config puts under "global" belongs to whichever region. */
	return is_wanted(key->account, wish->accounts, wish->n_accounts) &&
	       (str_is(key->region, "global") ||
		is_wanted(key->region, wish->regions, wish->n_regions)) &&
	       date_fits(key, wish);
}
