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
X(STATES_OF,
  "SELECT state FROM shown WHERE resource = ?1 UNION ALL "
  "SELECT state FROM unlisted WHERE resource = ?1")
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
X(RUNS_DOWN,
  "SELECT first_ms, states FROM shown_run WHERE resource = ?1 AND first_ms <= ?2 "
  "ORDER BY first_ms DESC")
X(RUNS_UP,
  "SELECT first_ms, states FROM shown_run WHERE resource = ?1 AND first_ms >= ?2 "
  "ORDER BY first_ms")
X(RUN_INSERT, "INSERT INTO shown_run(resource, first_ms, states) VALUES(?1, ?2, ?3)")
X(RUN_UPDATE, "UPDATE shown_run SET states = ?3 WHERE resource = ?1 AND first_ms = ?2")
X(RUN_DELETE, "DELETE FROM shown_run WHERE resource = ?1 AND first_ms = ?2")
X(STATE_MOMENT, "SELECT resource, capture_ms FROM state WHERE id = ?1")
X(STATE_STATUS_OF, "SELECT " STATE_STATUS " FROM state s WHERE id = ?1")
X(UNLISTED_INSERT, "INSERT INTO unlisted(resource, capture_ms, state, told) VALUES(?1, ?2, ?3, ?4)")
X(UNLISTED_TOLD,
  "SELECT capture_ms, state, told FROM unlisted "
  "WHERE resource = ?1 AND capture_ms >= ?2 AND told IS NOT NULL ORDER BY capture_ms")
X(UNLISTED_FORGET,
  "UPDATE unlisted SET told = NULL WHERE resource = ?1 AND capture_ms >= ?2 AND told IS NOT NULL")
X(UNLISTED_DELETE_MOMENT, "DELETE FROM unlisted WHERE resource = ?1 AND capture_ms = ?2")
X(SHOWN_FIRST,
  "SELECT capture_ms, state FROM shown WHERE resource = ?1 AND hidden = 0 "
  "ORDER BY capture_ms, twin LIMIT 1")
X(SHOWN_NEWEST,
  "SELECT capture_ms, state FROM shown WHERE resource = ?1 AND hidden = 0 "
  "ORDER BY capture_ms DESC, twin DESC LIMIT 1")
/* What is told of states: those that are not listed any more until the next story is put */
X(TOLD_BETWEEN,
  "SELECT capture_ms, state, told FROM shown "
  "WHERE resource = ?1 AND capture_ms BETWEEN ?2 AND ?3 AND told IS NOT NULL UNION ALL "
  "SELECT capture_ms, state, told FROM unlisted "
  "WHERE resource = ?1 AND capture_ms BETWEEN ?2 AND ?3 AND told IS NOT NULL ORDER BY 1")
#define CHANGES_OF_EVENT(table) \
  "SELECT c.time_ms, n.state, c.seq, n.told, " \
  "f.account || '/' || f.region || '/' || f.type || '/' || r.rid " \
  "FROM cause c JOIN " table " n ON n.resource = c.resource AND n.capture_ms = c.time_ms " \
  "JOIN resource r ON r.id = c.resource JOIN folder f ON f.id = r.folder " \
  "WHERE c.event = ?1 AND n.told IS NOT NULL"
X(CHANGES_OF_EVENT, CHANGES_OF_EVENT("shown") " UNION ALL " CHANGES_OF_EVENT("unlisted"))
