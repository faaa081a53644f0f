/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of states: a part of statement_list.h, included by it alone. */
/* clang-format off */

/* As it was told: a number is kept less the capture time. */
#define STATE_ID \
  "CASE typeof(s.state_id) WHEN 'integer' THEN s.state_id + s.capture_ms ELSE s.state_id END"
/* Parts of `kind`; see schema/states.c. */
#define STATE_GUISE "(s.kind & 7)"
#define STATE_STATUS "(s.kind >> 3 & 7)"
#define STATE_SHAPE "(s.kind >> 6)"
#define COPY_COLUMNS "s.id, " STATE_ID ", " STATE_GUISE ", " STATE_STATUS ", s.source"
X(COPIES,
  "SELECT " COPY_COLUMNS ", n.told FROM shown n CROSS JOIN state s ON s.id = n.state "
  "WHERE n.resource = ?1 AND n.capture_ms = ?2 UNION ALL "
  "SELECT " COPY_COLUMNS ", n.told FROM unlisted n CROSS JOIN state s ON s.id = n.state "
  "WHERE n.resource = ?1 AND n.capture_ms = ?2")
X(STATE_INSERT,
  "INSERT INTO state(resource, capture_ms, state_id, source, kind, base, body_len, body, raw) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
X(STATE_REPLACE,
  "UPDATE state SET source = ?2, kind = ?3, base = ?4, body_len = ?5, body = ?6, raw = ?7 "
  "WHERE id = ?1")
#define BODY_COLUMNS "s.id, s.base, s.body_len, s.body, s.capture_ms, " STATE_ID " "
X(STATE_BODY, "SELECT " BODY_COLUMNS "FROM state s WHERE s.id = ?1")
X(BASE_BODY, "SELECT " BODY_COLUMNS "FROM state s WHERE s.id = ?1")
X(STATE_RAW, "SELECT " STATE_SHAPE ", raw FROM state s WHERE id = ?1")
X(SHAPE, "SELECT len, text FROM shape WHERE id = ?1")
X(SHAPE_NEWEST, "SELECT id, n FROM shape WHERE kind = ?1 ORDER BY id DESC LIMIT 1")
X(SHAPE_INSERT, "INSERT INTO shape(kind, n, len, text) VALUES(?1, ?2, ?3, ?4)")
X(STATE_ENCODING, "SELECT base FROM state WHERE id = ?1")
X(STATES_BEHIND,
  "SELECT state FROM shown WHERE resource = ?1 AND state > ?2 UNION ALL "
  "SELECT state FROM unlisted WHERE resource = ?1 AND state > ?2")
X(STATE_REENCODE, "UPDATE state SET base = ?2, body = ?3 WHERE id = ?1")
#define STATE_COLUMNS \
  "id, resource, capture_ms, state_id, source, kind, base, body_len, body, raw"
X(STATES_FROM, "SELECT " STATE_COLUMNS " FROM state WHERE id >= ?1 ORDER BY id")
X(STATES_DELETE_FROM, "DELETE FROM state WHERE id >= ?1")
X(STATE_PUT_BACK,
  "INSERT INTO state(" STATE_COLUMNS ") "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
X(KEYFRAMES_FIRST,
  "SELECT id FROM state WHERE id > ?1 AND base <= 0 ORDER BY id LIMIT ?2")

/* listing rows */
X(SHOWN_INSERT,
  "INSERT INTO shown(resource, capture_ms, twin, state, size, status, hidden, name, arn, told) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, NULL, NULL, ?7)")
X(SHOWN_DELETE_MOMENT, "DELETE FROM shown WHERE resource = ?1 AND capture_ms = ?2")
X(UNLISTED_INSERT, "INSERT INTO unlisted(resource, capture_ms, state, told) VALUES(?1, ?2, ?3, ?4)")
X(UNLISTED_TOLD,
  "SELECT capture_ms, state, told FROM unlisted "
  "WHERE resource = ?1 AND capture_ms >= ?2 AND told IS NOT NULL ORDER BY capture_ms")
X(UNLISTED_FORGET,
  "UPDATE unlisted SET told = NULL WHERE resource = ?1 AND capture_ms >= ?2 AND told IS NOT NULL")
X(UNLISTED_DELETE_MOMENT, "DELETE FROM unlisted WHERE resource = ?1 AND capture_ms = ?2")
X(SHOWN_DELETE, "DELETE FROM shown WHERE resource = ?1 AND capture_ms = ?2 AND twin = ?3")
X(SHOWN_FROM,
  "SELECT capture_ms, twin, state, size, hidden, name, arn, told FROM shown "
  "WHERE resource = ?1 AND capture_ms >= ?2 ORDER BY capture_ms, twin")
X(SHOWN_TELL,
  "UPDATE shown SET size = ?4, hidden = ?5, name = ?6, arn = ?7, told = ?8 "
  "WHERE resource = ?1 AND capture_ms = ?2 AND twin = ?3")
X(SHOWN_AT_MOMENT,
  "SELECT state, twin, size, status, hidden FROM shown WHERE resource = ?1 AND capture_ms = ?2 "
  "ORDER BY twin")
X(SHOWN_FIRST,
  "SELECT capture_ms, state FROM shown WHERE resource = ?1 AND hidden = 0 "
  "ORDER BY capture_ms, twin LIMIT 1")
X(SHOWN_NEWEST,
  "SELECT capture_ms, state FROM shown WHERE resource = ?1 AND hidden = 0 "
  "ORDER BY capture_ms DESC, twin DESC LIMIT 1")
X(SHOWN_PUT,
  "INSERT INTO shown(resource, capture_ms, twin, state, size, status, hidden, name, arn, told) "
  "SELECT ?1, ?2, ?3, id, ?5, " STATE_STATUS ", ?6, ?7, ?8, ?9 FROM state s WHERE id = ?4")
/* What is told of states: those that are not listed any more until the next story is put */
X(TOLD_BETWEEN,
  "SELECT capture_ms, state, told FROM shown "
  "WHERE resource = ?1 AND capture_ms BETWEEN ?2 AND ?3 AND told IS NOT NULL UNION ALL "
  "SELECT capture_ms, state, told FROM unlisted "
  "WHERE resource = ?1 AND capture_ms BETWEEN ?2 AND ?3 AND told IS NOT NULL ORDER BY 1")
X(TOLD_DOWN,
  "SELECT state, told FROM shown WHERE resource = ?1 AND capture_ms < ?2 "
  "ORDER BY capture_ms DESC, twin DESC")
#define CHANGE_OF_STATE(table) \
  "SELECT s.resource, s.capture_ms, n.told FROM state s JOIN " table " n " \
  "ON n.resource = s.resource AND n.capture_ms = s.capture_ms AND n.state = s.id " \
  "WHERE s.id = ?1 AND n.told IS NOT NULL"
X(CHANGE_OF_STATE, CHANGE_OF_STATE("shown") " UNION ALL " CHANGE_OF_STATE("unlisted"))
#define CHANGES_OF_EVENT(table) \
  "SELECT c.time_ms, n.state, c.seq, n.told, " \
  "f.account || '/' || f.region || '/' || f.type || '/' || r.rid " \
  "FROM cause c JOIN " table " n ON n.resource = c.resource AND n.capture_ms = c.time_ms " \
  "JOIN resource r ON r.id = c.resource JOIN folder f ON f.id = r.folder " \
  "WHERE c.event = ?1 AND n.told IS NOT NULL"
X(CHANGES_OF_EVENT, CHANGES_OF_EVENT("shown") " UNION ALL " CHANGES_OF_EVENT("unlisted"))
X(SHOWN_OF_STATE,
  "SELECT n.state, n.resource, n.capture_ms, n.twin, n.size, n.status, n.hidden, n.name, n.arn "
  "FROM state s JOIN shown n ON n.resource = s.resource AND n.capture_ms = s.capture_ms "
  "AND n.state = s.id WHERE s.id = ?1")
X(SHOWN_BY_TIME,
  "SELECT state, resource, capture_ms, twin, size, status, hidden FROM shown "
  "WHERE resource = ?1 AND capture_ms = ?2 AND twin = ?3")
X(SHOWN_AS_OF,
  "SELECT state, resource, capture_ms, twin, size, status, hidden FROM shown "
  "WHERE resource = ?1 AND capture_ms <= ?2 AND hidden <= ?3 "
  "ORDER BY capture_ms DESC, twin DESC LIMIT 1")
X(SHOWN_AFTER,
  "SELECT state, resource, capture_ms, twin, size, status, hidden FROM shown "
  "WHERE resource = ?1 AND (capture_ms, twin) > (?2, ?3) AND hidden <= ?4 "
  "ORDER BY capture_ms, twin")
