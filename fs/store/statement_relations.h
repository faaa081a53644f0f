/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of relationships and blame: a part of statement_list.h, included by it alone. */
/* clang-format off */

X(VIEW_RELATIONS,
  "UPDATE resource_view SET rel_len = rel_len + ?2, changed_ms = max(changed_ms + 1, ?3) "
  "WHERE resource = ?1")
X(VIEW_RELATIONS_ARE,
  "UPDATE resource_view SET rel_len = ?2, changed_ms = max(changed_ms + 1, ?3) WHERE resource = ?1")
X(EDGE_SOURCE,
  "SELECT f.account, f.region, f.type, r.rid, r.folder, length(CAST(" FNAME " AS BLOB)) "
  "FROM resource r JOIN folder f ON f.id = r.folder WHERE r.id = ?1")
X(RELATION_FIND, "SELECT id FROM relation WHERE what = ?1 AND type = ?2")
X(RELATION_INSERT, "INSERT INTO relation(what, type) VALUES(?1, ?2)")
X(RELATION, "SELECT what, type FROM relation WHERE id = ?1")
#define EDGES \
  "SELECT e.first, e.edges, r.folder, f.account, f.region, f.type, r.rid, " FNAME ", e.source " \
  "FROM edge_run e CROSS JOIN resource r ON r.id = e.source CROSS JOIN folder f ON f.id = r.folder "
X(EDGES, EDGES "WHERE e.source = ?1 ORDER BY e.first")
X(EDGES_FROM, EDGES "WHERE e.source >= ?1 ORDER BY e.source, e.first")
#undef EDGES
X(EDGES_INSERT, "INSERT INTO edge_run(source, first, edges) VALUES(?1, ?2, ?3)")
X(EDGES_UPDATE, "UPDATE edge_run SET edges = ?3 WHERE source = ?1 AND first = ?2")
X(EDGES_DELETE, "DELETE FROM edge_run WHERE source = ?1 AND first = ?2")
X(EDGES_OF_FOLDER,
  "SELECT r.id, r.rid, e.first, e.edges FROM resource r CROSS JOIN edge_run e ON e.source = r.id "
  "WHERE r.folder = ?1 AND r.rid >= ?2 ORDER BY r.rid, r.fname, r.id, e.first")
X(RID, "SELECT rid FROM resource WHERE id = ?1")
X(PATH_STEP, "SELECT r.folder, " FNAME " FROM resource r WHERE r.id = ?1")
X(FOLDER_TYPES, "SELECT id, type FROM folder WHERE parent = ?1")
X(REFERENCE_INSERT, "INSERT INTO reference(token, resource) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(REFERENCE_DELETE, "DELETE FROM reference WHERE token = ?1 AND resource = ?2")
X(RESOURCES_OF_REFERENCE,
  "SELECT r.id, r.rid, f.region FROM reference k JOIN resource r ON r.id = k.resource "
  "JOIN folder f ON f.id = r.folder WHERE k.token = ?1")
