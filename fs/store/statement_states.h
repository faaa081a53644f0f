/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of states: a part of statement_list.h, included by it alone. */
/* clang-format off */

X(COPIES,
  "SELECT n.state, n.told FROM shown n WHERE n.resource = ?1 AND n.capture_ms = ?2 UNION ALL "
  "SELECT n.state, n.told FROM unlisted n WHERE n.resource = ?1 AND n.capture_ms = ?2")
/* those that are alone; see loose_row() */
#define LOOSE_COLUMNS \
  "id, capture_ms, state_id, source, kind, dictionary, body_len, body, raw"
X(STATE, "SELECT " LOOSE_COLUMNS " FROM state WHERE id = ?1")
X(STATE_INSERT,
  "INSERT INTO state(" LOOSE_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
/* A row that is there, be it one of a pack that is dissolved, goes; the new one has another place. */
X(STATE_PUT_BACK,
  "INSERT OR REPLACE INTO state(" LOOSE_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
X(STATES_OF, "SELECT id, body_len, seq FROM state WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
X(STATES_BETWEEN, "SELECT count(*), total(seq) FROM state WHERE id BETWEEN ?1 AND ?2")
X(STATES_IDS, "SELECT id, seq FROM state WHERE id > 0 ORDER BY id")
X(STATES_CLEAR, "DELETE FROM state")
X(STATE_DELETE, "DELETE FROM state WHERE id = ?1")
/* packs */
X(PACK_OF,
  "SELECT id, dictionary, bytes FROM state_pack WHERE id <= ?1 ORDER BY id DESC LIMIT 1")
X(PACK_PUT, "INSERT OR REPLACE INTO state_pack(id, dictionary, bytes) VALUES(?1, ?2, ?3)")
X(PACK_DELETE, "DELETE FROM state_pack WHERE id = ?1")
X(PACKS_FIRST, "SELECT id FROM state_pack WHERE id > ?1 ORDER BY id LIMIT ?2")
X(SHAPE, "SELECT len, text FROM shape WHERE id = ?1")
X(SHAPE_NEWEST, "SELECT id, n FROM shape WHERE kind = ?1 ORDER BY id DESC LIMIT 1")
X(SHAPE_INSERT, "INSERT INTO shape(kind, n, len, text) VALUES(?1, ?2, ?3, ?4)")
X(KEYFRAMES_FIRST,
  "SELECT id FROM state WHERE id > ?1 AND id & 15 = 1 ORDER BY id LIMIT ?2")

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
