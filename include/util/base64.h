/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Base64 (RFC 4648, the standard and the URL alphabet), for payloads that travel in JSON.
 */

#include "util/buf.h"
#include "util/str.h"

/*
 * Appends the decoded bytes. White space between the digits and missing padding are accepted;
 * false, and nothing appended, when the text is anything else. Memory: see buf_error().
 */
bool base64_decode(struct buf *out, struct str text);
