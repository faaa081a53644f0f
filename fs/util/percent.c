/* SPDX-License-Identifier: Apache-2.0 */
#include "util/percent.h"

#include "util/hex.h"

int percent_byte(struct str s)
{
	int high = s.n > 2 && s.p[0] == '%' ? hex_value(s.p[1]) : -1;
	int low = high < 0 ? -1 : hex_value(s.p[2]);

	return low < 0 ? -1 : high * 16 + low;
}

static struct str decode(struct arena *a, struct str s, bool form)
{
	char *to = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (!to)
		return STR_NULL;
	while (s.n) {
		int byte = percent_byte(s);

		if (byte >= 0)
			to[n++] = (char)byte;
		else
			to[n++] = form && s.p[0] == '+' ? ' ' : s.p[0];
		s = str_from(s, byte < 0 ? 1 : 3);
	}
	return (struct str){ to, n };
}

struct str percent_decode(struct arena *a, struct str s)
{
	return decode(a, s, false);
}

struct str percent_decode_form(struct arena *a, struct str s)
{
	return decode(a, s, true);
}
