/* SPDX-License-Identifier: Apache-2.0 */

/* The lists of posting.c, which are alike: a part of the list of statements. */
/* clang-format off */

#define POSTINGS(NAME, table, key, time_ms, event) \
X(NAME##_LAST, \
  "SELECT " time_ms ", " event ", places FROM " table " WHERE " key " = ?1 " \
  "ORDER BY " time_ms " DESC, " event " DESC LIMIT 1") \
X(NAME##_AT, \
  "SELECT " time_ms ", " event ", places FROM " table " WHERE " key " = ?1 " \
  "AND (" time_ms ", " event ") <= (?2, ?3) ORDER BY " time_ms " DESC, " event " DESC LIMIT 1") \
X(NAME##_BEHIND, \
  "SELECT " time_ms ", " event ", places FROM " table " WHERE " key " = ?1 " \
  "AND (" time_ms ", " event ") > (?2, ?3) ORDER BY " time_ms ", " event " LIMIT 1") \
X(NAME##_INSERT, \
  "INSERT INTO " table "(" key ", " time_ms ", " event ", places) VALUES(?1, ?2, ?3, ?4)") \
X(NAME##_UPDATE, \
  "UPDATE " table " SET places = ?4 WHERE " key " = ?1 AND " time_ms " = ?2 AND " event " = ?3") \
X(NAME##_DELETE, \
  "DELETE FROM " table " WHERE " key " = ?1 AND " time_ms " = ?2 AND " event " = ?3") \
/* from the last row that begins before the span: it may reach into it */ \
X(NAME##_EACH, \
  "SELECT " time_ms ", " event ", places FROM " table " WHERE " key " = ?1 AND " time_ms " >= coalesce(" \
  "(SELECT max(" time_ms ") FROM " table " WHERE " key " = ?1 AND " time_ms " < ?2), ?2) " \
  "AND " time_ms " <= ?3 ORDER BY " time_ms ", " event)

POSTINGS(MENTION, "mention", "token", "time_ms", "event")
POSTINGS(ACTOR, "actor", "token", "time_ms", "event")
POSTINGS(ACTIVITY, "activity", "value", "time_ms", "event")
POSTINGS(EVENT_KEY, "event_key", "part", "hash", "event")
POSTINGS(ALIAS, "alias", "part", "hash", "resource")

#undef POSTINGS
