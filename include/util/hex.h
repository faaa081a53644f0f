/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bytes as hexadecimal digits. */

/* What a digit of either case stands for, 0 to 15; -1: it is none. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Of lower case alone: text that is made again of its bytes. */
static inline int hex_lower_value(char c)
{
	return c >= 'A' && c <= 'F' ? -1 : hex_value(c);
}

/* A byte as two digits, of lower case. */
static inline void hex_write(unsigned char byte, char ret[2])
{
	static const char digits[] = "0123456789abcdef";

	ret[0] = digits[byte >> 4];
	ret[1] = digits[byte & 15];
}
