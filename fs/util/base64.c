/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of base64. Both alphabets at once: the digits in which they differ mean nothing in
 * the other one.
 */
#include "util/base64.h"

/* The six bits a digit stands for, or -1. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Is the rest, from the first padding on, one or two of it and white space? */
static bool is_padding(struct str rest, size_t digits)
{
	size_t n = 0;

	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '=')
			n++;
		else if (!is_space(rest.p[i]))
			return false;
	}
	return n <= 2 && digits % 4 != 0 && (digits + n) % 4 == 0;
}

static bool decode(struct buf *out, struct str text)
{
	uint32_t bits = 0;
	size_t digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = digit_value(text.p[i]);

		if (is_space(text.p[i]))
			continue;
		if (text.p[i] == '=') {
			if (!is_padding(str_from(text, i), digits))
				return false;
			break;
		}
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		/* Each digit but the first of four completes a byte. */
		if (digits++ % 4 != 0)
			buf_put_char(out, (char)(bits >> (6 - 2 * ((digits - 1) % 4))));
	}
	/* A single digit over has not even one byte in it. */
	return digits % 4 != 1;
}

bool base64_decode(struct buf *out, struct str text)
{
	size_t start = out->len;

	if (!buf_reserve(out, text.n / 4 * 3 + 3))
		return true;
	if (decode(out, text))
		return true;
	out->len = start;
	return false;
}
