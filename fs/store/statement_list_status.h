/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of status/ and alarms/: a part of statement_list.h, which includes it.
 */
/* clang-format off */

/* lines of the ledger's tables */
X(LINE_DUE, "INSERT INTO line_due(file, id) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(LINE_DELETE, "DELETE FROM line WHERE file = ?1 AND id = ?2")
X(LINE_INSERT, "INSERT INTO line(file, id, len) VALUES(?1, ?2, ?3)")
X(LINE_DONE, "DELETE FROM line_due WHERE file = ?1 AND id = ?2")
X(LINES_DUE, "SELECT id FROM line_due WHERE file = ?1 ORDER BY id LIMIT ?2")
X(REFUSAL_LINES_DELETE,
  "DELETE FROM line WHERE file = 2 AND id IN (SELECT id FROM refusal WHERE source = ?1)")
X(REFUSAL_LINES_UNDUE,
  "DELETE FROM line_due WHERE file = 2 AND id IN (SELECT id FROM refusal WHERE source = ?1)")
X(LINES_SIZE, "SELECT coalesce(sum(bytes), 0) FROM line_page WHERE file = ?1")
X(LINE_PAGES, "SELECT page, bytes FROM line_page WHERE file = ?1 ORDER BY page")
X(IMPORT,
  "SELECT s.id, " SOURCE_NAME_TEXT ", s.size, s.finished, s.finished_ms, s.items, s.events, "
  "s.transitions, s.duplicates, s.notices, s.refused, s.skipped FROM source s " SOURCE_PARTS
  "WHERE s.id = ?1")
X(IMPORT_LINES,
  "SELECT s.id, " SOURCE_NAME_TEXT ", s.size, s.finished, s.finished_ms, s.items, s.events, s.transitions, "
  "s.duplicates, s.notices, s.refused, s.skipped FROM line l CROSS JOIN source s ON s.id = l.id "
  SOURCE_PARTS
  "WHERE l.file = 1 AND l.id > ?1 ORDER BY l.id")

/* churn */
X(CHURN_FOLDERS,
  "SELECT id, region, type FROM folder INDEXED BY folder_by_leaf "
  "WHERE account = ?1 AND type IS NOT NULL ORDER BY region, type")
/* Above CHURN_FEW. */
X(CHURN_BUSY,
  "SELECT id, items, rid FROM resource INDEXED BY resource_by_items "
  "WHERE folder = ?1 AND items > 16 AND items > ?3 ORDER BY items DESC, rid LIMIT ?2")
X(CHURN_OTHERS,
  "SELECT id, items, rid, folder FROM resource WHERE id > ?1 AND items >= ?2 AND items <= 16 "
  "ORDER BY id")
X(CHURN_TIMES, "SELECT first_ms, newest_ms FROM resource_view WHERE resource = ?1")

/* coverage */
/* Along the table's key, so that an account's days are in order: see coverage_days.c. */
#define DAYS_OF_EACH \
  "SELECT account, coverage_days(source, region, day, n, writes, first_ms, hours, last_ms) " \
  "FROM day_coverage "
X(DAY_ADD,
  "INSERT INTO day_coverage(account, source, region, day, n, writes, first_ms, hours, "
  "last_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET n = n + excluded.n, "
  "writes = writes + excluded.writes, first_ms = min(first_ms, excluded.first_ms), "
  "hours = hours | excluded.hours, last_ms = max(last_ms, excluded.last_ms)")
X(DAYS,
  DAYS_OF_EACH "WHERE account >= '' GROUP BY account ORDER BY account")
X(DAYS_OF_ACCOUNT,
  DAYS_OF_EACH "WHERE account = ?1")
X(COVERED_ACCOUNT,
  "SELECT account FROM day_coverage WHERE account >= ?1 ORDER BY account LIMIT 1")
X(CONTROL_INSERT,
  "INSERT INTO control(event, account, source, region, time_ms, starts) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
X(CONTROLS,
  "SELECT event, account, source, region, time_ms, starts FROM control "
  "WHERE event > 0 ORDER BY event")
X(DAYS_OF_TRAIL,
  DAYS_OF_EACH "WHERE account = ?1 AND source = 2")
X(CONTROLS_OF_ACCOUNT,
  "SELECT event, account, source, region, time_ms, starts FROM control "
  "WHERE account = ?1 ORDER BY event")
X(TRAIL_DUE, "INSERT INTO trail_due(account) VALUES(?1) ON CONFLICT DO NOTHING")
X(TRAILS_DUE, "SELECT account FROM trail_due WHERE account >= '' ORDER BY account")
X(TRAILS_STOPPED_DUE,
  "INSERT INTO trail_due SELECT DISTINCT account FROM trail_gap WHERE account >= '' AND why != '' "
  "ON CONFLICT DO NOTHING")
X(TRAILS_DONE, "DELETE FROM trail_due")
X(TRAIL_GAPS,
  "SELECT from_ms, to_ms, why, region FROM trail_gap WHERE account = ?1 "
  "ORDER BY region, from_ms")
X(TRAIL_GAPS_OF_REGION,
  "SELECT from_ms, to_ms, why, region FROM trail_gap WHERE account = ?1 AND region IN ('*', ?2) "
  "ORDER BY region, from_ms")
X(TRAIL_GAPS_DELETE, "DELETE FROM trail_gap WHERE account = ?1")
X(TRAIL_GAP_PUT,
  "INSERT INTO trail_gap(account, region, from_ms, to_ms, why) VALUES(?1, ?2, ?3, ?4, ?5)")
X(DIRTY_OF_STATE,
  "INSERT INTO dirty(resource, from_ms) SELECT r.id, ?3 FROM resource r "
  "CROSS JOIN folder f ON f.id = r.folder WHERE r.id = ?1 AND f.account = ?2 ON CONFLICT DO UPDATE SET "
  "from_ms = min(from_ms, excluded.from_ms)")

/* alarms/ */
X(TRANSITION_DUE, "INSERT INTO transition_due(transition) VALUES(?1) ON CONFLICT DO NOTHING")
X(TRANSITIONS_DUE_OF_ALARM,
  "INSERT INTO transition_due SELECT id FROM transition WHERE alarm = ?1 ON CONFLICT DO NOTHING")
X(TRANSITIONS_DUE_OF_STORY,
  "INSERT INTO transition_due SELECT ref FROM entry WHERE resource = ?1 AND time_ms >= ?2 "
  "AND kind = 3 ON CONFLICT DO NOTHING")
X(TRANSITIONS_DUE_OF_WATCHED,
  "INSERT INTO transition_due SELECT ref FROM entry INDEXED BY entry_of_transition "
  "WHERE resource = ?1 AND kind = 3 AND time_ms >= ?2 ON CONFLICT DO NOTHING")
X(TRANSITIONS_DUE_OF_RELATED,
  "INSERT INTO transition_due SELECT transition FROM transition_related r "
  "JOIN transition t ON t.id = r.transition WHERE r.resource = ?1 AND t.time_ms >= ?2 "
  "ON CONFLICT DO NOTHING")
X(TRANSITION_TELLS_OF,
  "SELECT EXISTS(SELECT 1 FROM entry INDEXED BY entry_of_transition "
  "WHERE resource = ?1 AND kind = 3 AND time_ms >= ?2 AND time_ms < ?3) "
  "OR EXISTS(SELECT 1 FROM transition_related r JOIN transition t ON t.id = r.transition "
  "WHERE r.resource = ?1 AND t.time_ms >= ?2 AND t.time_ms < ?3)")
X(TRANSITION_RELATED_DELETE, "DELETE FROM transition_related WHERE transition = ?1")
X(TRANSITION_RELATED_PUT,
  "INSERT INTO transition_related(resource, transition) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(ALARM_DIMENSION_PUT,
  "INSERT INTO alarm_dimension(alarm, name, value) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")
X(ALARM_DIMENSIONS,
  "SELECT name, value FROM alarm_dimension WHERE alarm = ?1 ORDER BY name, value")
X(ALARM_CHILD_PUT,
  "INSERT INTO alarm_child(alarm, child) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(ALARM_CHILDREN, "SELECT child FROM alarm_child WHERE alarm = ?1 ORDER BY child")
X(ALARM_PARENTS,
  "SELECT p.id FROM alarm x JOIN alarm_child c ON c.child = x.name JOIN alarm p ON p.id = c.alarm "
  "AND p.account = x.account AND p.region = x.region WHERE x.id = ?1 AND p.id <> x.id")
X(ALARM_DIMENSIONS_ADOPT,
  "INSERT INTO alarm_dimension SELECT ?1, name, value FROM alarm_dimension WHERE alarm = ?2 "
  "ON CONFLICT DO NOTHING")
X(ALARM_MENTIONS, "SELECT token FROM alarm_mention WHERE alarm = ?1")
X(TRANSITIONS_DUE,
  "SELECT transition FROM transition_due WHERE transition > ?1 ORDER BY transition LIMIT ?2")
X(TRANSITION_DONE, "DELETE FROM transition_due WHERE transition = ?1")
X(TRANSITION_TEXT_PUT,
  "INSERT INTO transition_text(transition, len, bytes) VALUES(?1, ?2, ?3) "
  "ON CONFLICT DO UPDATE SET len = excluded.len, bytes = excluded.bytes")
X(TRANSITION_TEXT, "SELECT len, bytes FROM transition_text WHERE transition = ?1")
X(TRANSITION_WHOLE,
  "SELECT t.alarm, t.time_ms, a.name, a.account, a.region, a.arn, a.namespace, a.metric, t.state, "
  "t.previous_state, t.reason, a.account = '' AND " SEVERAL_OF_NAME("a") " "
  "FROM transition t JOIN alarm a ON a.id = t.alarm WHERE t.id = ?1")
X(RESOURCES_OF_TRANSITION,
  "SELECT DISTINCT resource FROM entry INDEXED BY entry_by_transition WHERE ref = ?1 AND kind = 3")
X(ALARM_FOLDER_PUT,
  "INSERT INTO alarm_folder(parent, name, newest_ms) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
  "newest_ms = max(newest_ms, excluded.newest_ms)")
X(ALARM_FOLDER_BY_NAME,
  "SELECT id, parent, name, newest_ms FROM alarm_folder WHERE parent = ?1 AND name = ?2")
X(ALARM_FOLDER, "SELECT id, parent, name, newest_ms FROM alarm_folder WHERE id = ?1")
X(ALARM_FOLDERS,
  "SELECT id, parent, name, newest_ms FROM alarm_folder WHERE parent = ?1 AND id > ?2 ORDER BY id")
X(ALARM_PLACE_PUT,
  "INSERT INTO alarm_place(alarm, folder, name, newest_ms) VALUES(?1, ?2, ?3, ?4) "
  "ON CONFLICT DO UPDATE SET newest_ms = max(newest_ms, excluded.newest_ms)")
X(ALARM_PLACE, "SELECT alarm, folder, name, newest_ms FROM alarm_place WHERE alarm = ?1")
X(ALARM_PLACE_BY_NAME,
  "SELECT alarm, folder, name, newest_ms FROM alarm_place WHERE folder = ?1 AND name = ?2")
X(ALARM_PLACES,
  "SELECT alarm, folder, name, newest_ms FROM alarm_place WHERE folder = ?1 AND alarm > ?2 "
  "ORDER BY alarm")
X(TRANSITIONS_OF_ALARM,
  "SELECT t.id, t.time_ms, x.len FROM transition t CROSS JOIN transition_text x "
  "ON x.transition = t.id WHERE t.alarm = ?1 AND t.time_ms >= ?2 ORDER BY t.time_ms, t.state")
X(TRANSITION_FILE,
  "SELECT t.id, t.time_ms, x.len FROM transition t JOIN transition_text x ON x.transition = t.id "
  "WHERE t.id = ?1")
