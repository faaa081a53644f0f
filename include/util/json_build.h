/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building JSON documents of our own, piece by piece: containers are opened and closed, values
 * go into the container that is open, under a key (in an object) or without one (NULL, in an
 * array). Errors are sticky and told once, at the end. Not for AWS's documents: these keep
 * their numbers as they came (util/json.h).
 */

#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

#define JSON_BUILD_DEPTH 16

struct json_build;

/* The document is an object, and open. NULL: no memory. */
struct json_build *json_build_new(void) _must_check_;
struct json_build *json_build_free(struct json_build *b); /* returns NULL */

void json_build_object(struct json_build *b, const char *key);
void json_build_array(struct json_build *b, const char *key);
/* Closes what was opened last; the document itself stays open. */
void json_build_end(struct json_build *b);
/* Bytes that are no UTF-8 become U+FFFD: a document must be readable, whatever a file's name. */
void json_build_text(struct json_build *b, const char *key, struct str text);
void json_build_integer(struct json_build *b, const char *key, int64_t n);
void json_build_boolean(struct json_build *b, const char *key, bool value);
void json_build_null(struct json_build *b, const char *key);

/*
 * Appends the document, indented by two spaces and with a final newline. 0, -ENOMEM, or
 * -EINVAL for misuse: too deep, a key missing or too many.
 */
int json_build_write(const struct json_build *b, struct buf *out) _must_check_;
