/* SPDX-License-Identifier: Apache-2.0 */

/* The lists of posting.c, which are alike: a part of the list of statements. */
/* clang-format off */

/* of each the rows up to a place, the last one first, and those behind it */
#define POSTINGS(NAME, table, key, time_ms, event) \
X(NAME##_AT, \
  "SELECT " key ", " time_ms ", " event ", places FROM " table " " \
  "WHERE (" key ", " time_ms ", " event ") <= (?1, ?2, ?3) " \
  "ORDER BY " key " DESC, " time_ms " DESC, " event " DESC LIMIT ?4") \
X(NAME##_BEHIND, \
  "SELECT " key ", " time_ms ", " event ", places FROM " table " " \
  "WHERE (" key ", " time_ms ", " event ") > (?1, ?2, ?3) " \
  "ORDER BY " key ", " time_ms ", " event " LIMIT ?4") \
X(NAME##_INSERT, \
  "INSERT INTO " table "(" key ", " time_ms ", " event ", places) VALUES(?1, ?2, ?3, ?4)") \
X(NAME##_UPDATE, \
  "UPDATE " table " SET places = ?4 WHERE " key " = ?1 AND " time_ms " = ?2 AND " event " = ?3") \
X(NAME##_DELETE, \
  "DELETE FROM " table " WHERE " key " = ?1 AND " time_ms " = ?2 AND " event " = ?3")

POSTINGS(MENTION, "mention", "token", "time_ms", "event")
POSTINGS(ACTOR, "actor", "token", "time_ms", "event")
POSTINGS(ACTIVITY, "activity", "value", "time_ms", "event")
POSTINGS(LATE, "activity_late", "value", "time_ms", "event")
POSTINGS(EVENT_KEY, "event_key", "part", "hash", "event")
POSTINGS(SESSION, "session", "token", "time_ms", "event")
POSTINGS(UNIT_TOKEN, "unit_token", "token", "time_ms", "unit")
POSTINGS(PERSON, "person", "person", "time_ms", "unit")
POSTINGS(BEHIND, "person_behind", "unit", "time_ms", "person")
POSTINGS(VALUE_NAME, "value_name", "part", "hash", "value")
POSTINGS(EDGE_TOKEN, "edge_token", "part", "hash", "source")
POSTINGS(ALIAS, "alias", "part", "hash", "resource")
POSTINGS(BEARER, "bearer", "name", "resource", "one")

/* all rows of a list */
X(MENTIONS,
  "SELECT token, time_ms, event, places FROM mention WHERE token >= ?1 "
  "ORDER BY token, time_ms, event")

X(LATE_ANY, "SELECT 1 FROM activity_late WHERE value >= 0 LIMIT 1")
X(LATE_CLEAR, "DELETE FROM activity_late")
X(LATE_CLEAR_TO, "DELETE FROM activity_late WHERE (value, time_ms, event) <= (?1, ?2, ?3)")

#undef POSTINGS
