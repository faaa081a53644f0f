/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of sources are long, and alike: a delivered object is called by its account, service,
 * region and type, which thousands share, and by times of its own. So a name is cut in three, of
 * which two are kept once for all that have them, and found by its hash.
 */
#include "source_name.h"

#include <stdbool.h>

#define DATE_DIGITS 8u /* 20240110T014641Z */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the first date begins that has an underscore before it; 0: there is none. */
static size_t stem_length(struct str file)
{
	size_t digits = 0;

	for (size_t i = 0; i < file.n; i++) {
		digits = is_digit(file.p[i]) ? digits + 1 : 0;
		if (digits == DATE_DIGITS && i >= DATE_DIGITS &&
		    file.p[i - DATE_DIGITS] == '_')
			return i + 1 - DATE_DIGITS;
	}
	return 0;
}

struct source_name source_name_cut(struct str name)
{
	ptrdiff_t slash = str_rchr(name, '/');
	size_t folder = slash < 0 ? 0 : (size_t)slash + 1;
	struct str file = str_from(name, folder);
	size_t stem = stem_length(file);

	return (struct source_name){ { name.p, folder },
				     { file.p, stem },
				     str_from(file, stem) };
}

int64_t source_name_key(struct str name)
{
	return (int64_t)str_hash(name);
}
