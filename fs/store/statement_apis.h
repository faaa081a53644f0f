/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of what the APIs tell: a part of statement_list.h, included by it alone. */
/* clang-format off */

/* recorders */
X(RECORDER_LAST,
  "SELECT id, last_ms, hash, body FROM recorder WHERE account = ?1 AND region = ?2 AND name = ?3 "
  "ORDER BY seen_ms DESC LIMIT 1")
X(RECORDER_PUT,
  "INSERT INTO recorder(account, region, name, seen_ms, last_ms, hash, body) "
  "VALUES(?1, ?2, ?3, ?4, ?4, ?5, ?6)")
X(RECORDER_AGAIN, "UPDATE recorder SET last_ms = ?2, body = ?3 WHERE id = ?1")
X(RECORDERS,
  "SELECT seen_ms, last_ms, body FROM recorder WHERE account >= '' "
  "ORDER BY account, region, name, seen_ms")
X(RECORDERS_OF_ACCOUNT,
  "SELECT seen_ms, last_ms, body FROM recorder WHERE account = ?1 "
  "ORDER BY region, name, seen_ms")
X(DESCRIBED_ACCOUNT,
  "SELECT account FROM recorder WHERE account >= ?1 ORDER BY account LIMIT 1")
X(RECORDERS_OF_REGION,
  "SELECT seen_ms, last_ms, body FROM recorder WHERE account = ?1 AND region = ?2 "
  "ORDER BY name, seen_ms")
X(DIRTY_OF_REGION,
  "INSERT INTO dirty(resource, from_ms) SELECT r.id, ?3 FROM folder f "
  "CROSS JOIN resource r ON r.folder = f.id WHERE f.account = ?1 AND f.region = ?2 "
  "AND f.type IS NOT NULL ON CONFLICT DO UPDATE SET from_ms = min(from_ms, excluded.from_ms)")

/* keys */
X(KEY_PUT,
  "INSERT INTO public_key(fingerprint, der, from_ms, to_ms, source) VALUES(?1, ?2, ?3, ?4, ?5) "
  "ON CONFLICT DO NOTHING")
X(KEY, "SELECT der FROM public_key WHERE fingerprint = ?1")

/* metrics */
X(SERIES_PUT,
  "INSERT INTO series(account, region, namespace, metric, tail, points, value_bytes, newest_ms) "
  "VALUES(?1, ?2, ?3, ?4, ?5, 0, 0, 0) ON CONFLICT DO NOTHING")
X(SERIES,
  "SELECT id FROM series WHERE account = ?1 AND region = ?2 AND namespace = ?3 AND metric = ?4 "
  "AND tail = ?5")
X(SERIES_MENTION,
  "INSERT INTO series_mention(series, token) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(POINT, "SELECT value FROM point WHERE series = ?1 AND time_ms = ?2")
X(POINT_PUT,
  "INSERT INTO point(series, time_ms, value) VALUES(?1, ?2, ?3) "
  "ON CONFLICT DO UPDATE SET value = excluded.value")
X(SERIES_ADD,
  "UPDATE series SET points = points + ?2, value_bytes = value_bytes + ?3, "
  "newest_ms = max(newest_ms, ?4) WHERE id = ?1")
X(SERIES_DUE, "INSERT INTO series_due(series) VALUES(?1) ON CONFLICT DO NOTHING")
X(SERIES_DONE, "DELETE FROM series_due WHERE series = ?1")
X(SERIES_OF_DUE,
  "SELECT s.id, s.namespace, s.metric FROM series_due d JOIN series s ON s.id = d.series "
  "WHERE d.series > ?1 ORDER BY d.series LIMIT ?2")
X(SERIES_TOKENS, "SELECT token FROM series_mention WHERE series = ?1")
X(METRIC_FILE_PUT,
  "INSERT INTO metric_file(resource, namespace, metric, name, bytes, newest_ms) "
  "VALUES(?1, ?2, ?3, ?4, 0, 0) ON CONFLICT DO NOTHING")
X(METRIC_FILE, "SELECT id, resource, name, bytes, newest_ms FROM metric_file WHERE id = ?1")
X(METRIC_FILE_BY_NAME,
  "SELECT id, resource, name, bytes, newest_ms FROM metric_file WHERE resource = ?1 AND name = ?2")
X(METRIC_FILES,
  "SELECT id, resource, name, bytes, newest_ms FROM metric_file INDEXED BY metric_file_of "
  "WHERE resource = ?1 AND id > ?2 ORDER BY id")
X(METRIC_SERIES_PUT,
  "INSERT INTO metric_series(file, series) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
X(METRIC_FILE_SUM,
  "UPDATE metric_file SET (bytes, newest_ms) = (SELECT "
  "sum(s.points * (?2 + length(CAST(s.tail AS BLOB))) + s.value_bytes), max(s.newest_ms) "
  "FROM metric_series m JOIN series s ON s.id = m.series WHERE m.file = ?1) WHERE id = ?1")
X(METRIC_VIEW,
  "UPDATE resource_view SET changed_ms = max(changed_ms + 1, ?2) WHERE resource = ?1")
X(STATES_CAME,
  "SELECT c.id, c.state, f.account, f.region, f.type FROM arrival c "
  "CROSS JOIN resource r ON r.id = c.state >> ?3 CROSS JOIN folder f ON f.id = r.folder "
  "WHERE c.id > ?1 ORDER BY c.id LIMIT ?2")
X(ARRIVAL_ADD, "INSERT INTO arrival(state) VALUES(?1)")
X(ARRIVALS_OF_BEFORE,
  "INSERT INTO arrival(state) SELECT n.state FROM resource_view v "
  "CROSS JOIN shown n ON n.resource = v.resource AND n.capture_ms >= ?1 "
  "WHERE v.resource > 0 AND v.newest_ms >= ?1")
X(METRIC_POINTS,
  "SELECT p.time_ms, p.value, s.tail FROM metric_series m CROSS JOIN series s ON s.id = m.series "
  "CROSS JOIN point p ON p.series = m.series WHERE m.file = ?1")
