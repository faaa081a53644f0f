/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A text as phrases and values by turns: phrase_scan.c. Codes of phrases: phrase.c; which there
   are: phrase_learn.c. */

#include <stdbool.h>
#include <stddef.h>

#include "util/str.h"

#define PHRASE_MIN  3u
#define PHRASE_MAX  512u
#define PHRASES_MAX 3470u /* as many as there are codes */

struct phrase_scan {
	struct str text; /* what is left */
	bool in_string;  /* of a value, whose end is next */
};

/*
 * Takes a phrase and the value behind it off the text: together they are its next bytes. The value
 * is a string's inside or a number; either may be empty, not both. false: there is no more.
 */
bool phrase_next(struct phrase_scan *scan, struct str *ret_phrase, struct str *ret_value);
