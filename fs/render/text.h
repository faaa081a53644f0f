/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text out of the data, made fit for a terminal and for a line of its own.
 */

#include "util/buf.h"
#include "util/json.h"
#include "util/str.h"

/*
 * Appends s with everything escaped as \uXXXX that drives a terminal or breaks a line: C0, DEL,
 * C1, bidi marks and overrides, line and paragraph separators, and whatever is not UTF-8.
 */
void text_safe(struct buf *out, struct str s);
/* The same, cut before RENDER_BRIEF_BYTES at a whole character and ended with "...". */
void text_brief(struct buf *out, struct str s);
/* A JSON value in compact form, brief. */
void text_brief_json(struct buf *out, const struct jv *v);
/* Escapes the bytes of out from `from` on, in place: for JSON, where the escapes mean the same. */
void text_make_safe(struct buf *out, size_t from);
