/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File names made of AWS's identifiers, reversibly where they fit. In an id `/`, `%`, control
 * bytes (and DEL) and a leading `.` become %XX (upper-case hex); the rest is kept; an empty id
 * is `%`. Invalid UTF-8 is escaped byte by byte. What comes out longer than NAME_MAX_BYTES, or
 * looks like a shortened name already, becomes its first bytes (whole UTF-8 sequences and whole
 * escapes, at most 200), `~` and 16 hex digits of the id's SHA-256: two ids never share a name.
 */

#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

#define NAME_MAX_BYTES 255
#define NAME_CUT_BYTES 200

/* Appends the name of one id (or account, region, alarm name, tag ...). */
void name_escape(struct buf *out, struct str id);
/* Appends the shortened form, whether or not the id would fit. */
void name_shorten(struct buf *out, struct str id);
/* Does it look like a shortened name? */
bool name_is_shortened(struct str name) _pure_;
/* The same for a name of at most `max` bytes (NAME_CUT_BYTES + 17 or more): a suffix follows. */
void name_escape_within(struct buf *out, struct str id, size_t max);
/*
 * Appends the id a name was made of. false when the name is shortened (the id cannot be had
 * from it) or when name_escape() would not have made it.
 */
bool name_unescape(struct buf *out, struct str name);

/*
 * A resource type as path segments: "AWS::EC2::Instance" is AWS, EC2, Instance. Gives their
 * number, at most NAME_TYPE_DEPTH (the rest of a longer type stays in the last segment, colons
 * and all). The segments are slices of type, as they stand: name_escape() makes the file name
 * of each, `%` of an empty one.
 */
#define NAME_TYPE_DEPTH 8
size_t name_type_segments(struct str type, struct str ret[NAME_TYPE_DEPTH]);

/*
 * Below at/ a resource is a file: its name in resources/ (fname) and ".json", and where that is
 * longer than NAME_MAX_BYTES the shortened name of its id. There it stands among folders, which
 * come from anybody's type names: one that ends as files of ours do gets %2E for its last dot.
 * So no file of ours is ever met by a folder.
 */
void name_at_state(struct buf *out, struct str fname, struct str id);
/* The part before ".json", which is fname unless that is too long; false: no such name. */
bool name_at_state_base(struct str name, struct str *ret);
/* The folder's name below at/ of its name in resources/, and the other way round. What has no
   such name (because it would be another's, or too long) is false. */
void name_at_folder(struct buf *out, struct str name);
bool name_at_folder_parse(struct buf *out, struct str name);
/* Appends the path of a resource's directory; fname is its own name there, escaped already. */
void name_resource_path(struct buf *out, struct str account, struct str region,
			struct str type, struct str fname);

#define NAME_STATE_SIZE 48
/* "2024-05-01T101500.123Z.json", with "-1" before the suffix for twin 1, and so on. */
void name_state(int64_t captured_ms, unsigned twin, char ret[NAME_STATE_SIZE]);
/*
 * The state a looked-up name means: the canonical form, and leniently any time that
 * timestamp_parse() or epoch digits allow, with or without ".json", with "-N" for a twin in
 * the canonical form only. `*ret_canonical` says which it was. false: not a state's name.
 */
bool name_state_parse(struct str name, int64_t *ret_ms, unsigned *ret_twin,
		      bool *ret_canonical);
