/* SPDX-License-Identifier: Apache-2.0 */
#include "util/guid.h"

#include "util/hex.h"

/* Is there a dash before the byte? */
static bool dashed(unsigned byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool guid_read(struct str text, unsigned char ret[GUID_BYTES])
{
	const char *p = text.p;

	if (text.n < GUID_TEXT)
		return false;
	for (unsigned i = 0; i < GUID_BYTES; i++, p += 2) {
		int high, low;

		if (dashed(i) && *p++ != '-')
			return false;
		high = hex_lower_value(p[0]);
		low = hex_lower_value(p[1]);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void guid_write(const unsigned char bytes[GUID_BYTES], char ret[GUID_TEXT])
{
	for (unsigned i = 0; i < GUID_BYTES; i++) {
		if (dashed(i))
			*ret++ = '-';
		hex_write(bytes[i], ret);
		ret += 2;
	}
}
