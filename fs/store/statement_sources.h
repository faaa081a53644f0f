/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of the ledger of sources: a part of statement_list.h, included by it alone. */
/* clang-format off */

#define SOURCE_PARTS \
  "CROSS JOIN source_part sf ON sf.id = s.folder CROSS JOIN source_part st ON st.id = s.stem "
#define SOURCE_NAME_TEXT "sf.text || st.text || s.tail"
X(SOURCE_BY_NAME,
  "SELECT s.id, s.size, s.version, s.finished, s.all_events FROM source s " SOURCE_PARTS
  "WHERE s.key = ?1 AND s.tail = ?2 AND " SOURCE_NAME_TEXT " = ?3")
X(SOURCE_NAME, "SELECT " SOURCE_NAME_TEXT " FROM source s " SOURCE_PARTS "WHERE s.id = ?1")
X(SOURCE_PART_FROM, "SELECT text FROM source_part WHERE text >= ?1 ORDER BY text LIMIT 1")
X(SOURCE_INSERT,
  "INSERT INTO source(key, folder, stem, tail, size, version, finished, all_events) "
  "SELECT ?1, f.id, t.id, ?4, ?5, ?6, 0, ?7 FROM source_part f CROSS JOIN source_part t "
  "WHERE f.text = ?2 AND t.text = ?3")
X(SOURCE_PART_INSERT, "INSERT INTO source_part(text) VALUES(?1) ON CONFLICT DO NOTHING")
X(SOURCE_RENEW,
  "UPDATE source SET size = ?2, version = ?3, finished = 0, all_events = ?4, skipped = 0 "
  "WHERE id = ?1")
X(SOURCE_FINISH,
  "UPDATE source SET finished = 1, finished_ms = ?2, items = items + ?3, events = events + ?4, "
  "transitions = transitions + ?5, duplicates = ?6, notices = ?7, refused = ?8, skipped = ?9, "
  "all_events = max(all_events, ?9 = 0) WHERE id = ?1")
/* a stream is never whole: each time there is more of it */
X(SOURCE_CONTINUE,
  "UPDATE source SET size = size + ?2, version = ?3, finished = 0, "
  "all_events = min(all_events, ?4) WHERE id = ?1")
X(SOURCE_FINISH_STREAM,
  "UPDATE source SET finished = 1, finished_ms = ?2, items = items + ?3, events = events + ?4, "
  "transitions = transitions + ?5, duplicates = duplicates + ?6, notices = notices + ?7, "
  "refused = refused + ?8, skipped = skipped + ?9 WHERE id = ?1")
