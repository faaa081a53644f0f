/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a fault. Texts are cut to the room there is, on a character boundary, so that a
 * reason quoting the input never ends in half a UTF-8 sequence.
 */
#include "util/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drop an unfinished UTF-8 sequence from the end of a text that was cut at its last byte. */
static void drop_half_character(char *text)
{
	size_t n = strlen(text);
	size_t i = n;

	while (i > 0 && n - i < 3 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
		i--;
	if (i == 0)
		return;

	unsigned char lead = (unsigned char)text[i - 1];
	size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

	if (lead >= 0xc0 && n - (i - 1) < want)
		text[i - 1] = '\0';
}

void fault_set(struct fault *f, uint64_t offset, const char *field, const char *reason,
	       ...)
{
	va_list args;
	int n;

	if (!f)
		return;
	f->offset = offset;
	n = snprintf(f->field, sizeof(f->field), "%s", field ? field : "");
	if (n >= (int)sizeof(f->field))
		drop_half_character(f->field);

	va_start(args, reason);
	n = vsnprintf(f->reason, sizeof(f->reason), reason, args);
	va_end(args);
	if (n < 0)
		f->reason[0] = '\0';
	else if (n >= (int)sizeof(f->reason))
		drop_half_character(f->reason);
}
