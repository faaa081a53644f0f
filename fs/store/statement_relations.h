/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of relationships and blame: a part of statement_list.h, included by it alone. */
/* clang-format off */

X(VIEW_RELATIONS,
  "UPDATE resource_view SET rel_len = rel_len + ?2, changed_ms = max(changed_ms + 1, ?3) "
  "WHERE resource = ?1")
X(EDGE_SOURCE,
  "SELECT f.account, f.region, f.type, r.rid, r.folder, length(CAST(" FNAME " AS BLOB)) "
  "FROM resource r JOIN folder f ON f.id = r.folder WHERE r.id = ?1")
X(RELATION_FIND, "SELECT id FROM relation WHERE what = ?1 AND type = ?2")
X(RELATION_INSERT, "INSERT INTO relation(what, type) VALUES(?1, ?2)")
X(EDGES_OF_SOURCE,
  "SELECT k.what, k.type, e.id, e.name, e.since_ms, e.until_ms, e.source_name, e.token, e.target, "
  "e.out_len, e.in_len, e.at_len FROM edge e CROSS JOIN relation k ON k.id = e.relation "
  "WHERE e.source = ?1 ORDER BY e.seq")
X(EDGE_PUT,
  "INSERT OR REPLACE INTO edge(source, seq, relation, id, name, since_ms, until_ms, "
  "source_name, token, target, out_len, in_len, at_len) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
X(EDGES_DELETE_FROM, "DELETE FROM edge WHERE source = ?1 AND seq >= ?2")
X(EDGE_TARGET, "UPDATE edge SET target = ?3 WHERE source = ?1 AND seq = ?2")
/* Without the plus SQLite puts ?1 for the token everywhere, and finds no index. */
X(EDGES_OF_TOKEN,
  "SELECT e.source, e.seq, e.target, e.out_len, e.in_len, e.id, e.name, f.region, "
  "e.since_ms FROM edge e JOIN resource r ON r.id = e.source "
  "JOIN folder f ON f.id = r.folder WHERE e.token >> 32 = ?1 >> 32 AND +e.token = ?1")
X(EDGES_OF_TARGET,
  "SELECT k.what, f.type, r.rid, e.source_name, e.since_ms, e.until_ms, r.id "
  "FROM edge e CROSS JOIN relation k ON k.id = e.relation JOIN resource r ON r.id = e.source JOIN folder f ON f.id = r.folder "
  "WHERE e.target = ?1")
X(EDGES_AT,
  "SELECT r.id, e.seq, r.rid, k.what, k.type, e.id, e.name, e.since_ms, e.target FROM resource r "
  "CROSS JOIN edge e ON e.source = r.id CROSS JOIN relation k ON k.id = e.relation "
  "WHERE r.folder = ?1 AND r.rid >= ?2 AND (r.rid > ?2 OR e.seq > ?3) AND e.since_ms <= ?4 "
  "AND (e.until_ms > ?4 OR e.until_ms = 0) "
  "ORDER BY r.rid, r.fname, r.id, e.seq LIMIT ?5")
X(EDGES_AT_LEN,
  "SELECT coalesce(sum(e.at_len), 0), count(*), count(e.target) FROM resource r "
  "CROSS JOIN edge e ON e.source = r.id WHERE r.folder = ?1 AND e.since_ms <= ?2 "
  "AND (e.until_ms > ?2 OR e.until_ms = 0)")
X(RID, "SELECT rid FROM resource WHERE id = ?1")
X(PATH_STEP, "SELECT r.folder, " FNAME " FROM resource r WHERE r.id = ?1")
X(FOLDER_TYPES, "SELECT id, type FROM folder WHERE parent = ?1")
X(FOLDERS_RELATED,
  "SELECT r.folder FROM edge e CROSS JOIN resource r ON r.id = e.source WHERE e.target = ?1 UNION "
  "SELECT r.folder FROM edge e CROSS JOIN resource r ON r.id = e.target WHERE e.source = ?1")
X(REFERENCE_INSERT, "INSERT INTO reference(token, resource) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(REFERENCE_DELETE, "DELETE FROM reference WHERE token = ?1 AND resource = ?2")
X(RESOURCES_OF_REFERENCE,
  "SELECT r.id, r.rid, f.region FROM reference k JOIN resource r ON r.id = k.resource "
  "JOIN folder f ON f.id = r.folder WHERE k.token = ?1")
X(RENAMED_SOURCES,
  "UPDATE resource_view SET changed_ms = max(changed_ms + 1, ?3), rel_len = rel_len + ?2 * "
  "(SELECT count(*) FROM edge e WHERE e.source = resource_view.resource AND e.target = ?1) "
  "WHERE resource IN (SELECT source FROM edge WHERE target = ?1)")
X(RENAMED_TARGETS,
  "UPDATE resource_view SET changed_ms = max(changed_ms + 1, ?3), rel_len = rel_len + ?2 * "
  "(SELECT count(*) FROM edge e WHERE e.source = ?1 AND e.target = resource_view.resource) "
  "WHERE resource IN (SELECT target FROM edge WHERE source = ?1 AND target IS NOT NULL)")
