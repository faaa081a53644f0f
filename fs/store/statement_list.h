/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every statement of the store, named for what it returns or does: X(NAME, SQL). No #pragma
 * once: the list is included where it is wanted as an enum, and as a table. A test reads the
 * query plan of each and fails on a scan of a table that grows.
 */
/* clang-format off */

/* the connection */
X(DATA_VERSION, "PRAGMA data_version")
X(BEGIN_WRITE, "BEGIN IMMEDIATE")
X(BEGIN_READ, "BEGIN")
X(COMMIT, "COMMIT")
X(PAGES, "PRAGMA page_count")
X(PAGES_FREE, "PRAGMA freelist_count")
X(PAGES_GIVE_BACK, "PRAGMA incremental_vacuum(4096)")

/* the ledger */
#include "statement_sources.h"
/* sync */
X(CURSOR, "SELECT value FROM cursor WHERE name = ?1")
X(CURSOR_PUT,
  "INSERT INTO cursor(name, value) VALUES(?1, ?2) "
  "ON CONFLICT DO UPDATE SET value = excluded.value")
X(CURSOR_NAMES, "SELECT name FROM cursor WHERE name > ?1 AND name < ?2 ORDER BY name")
X(CURSORS_DELETE, "DELETE FROM cursor WHERE name >= ?1 AND name < ?2")
X(HEALTH_PUT,
  "INSERT INTO health(source, tried_ms, success_ms, newest_ms, failures, errors, reason) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET tried_ms = excluded.tried_ms, "
  "success_ms = max(success_ms, excluded.success_ms), "
  "newest_ms = max(newest_ms, excluded.newest_ms), failures = excluded.failures, "
  "errors = errors + excluded.errors, reason = excluded.reason")
X(HEALTHS,
  "SELECT source, tried_ms, success_ms, newest_ms, failures, errors, reason FROM health "
  "WHERE source > ?1 ORDER BY source")
X(REFUSAL_INSERT,
  "INSERT INTO refusal(source, offset, field, reason, length, hash, bytes, bytes_len) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING")
X(REFUSALS_DELETE, "DELETE FROM refusal WHERE source = ?1")
X(NOTICE_ADD,
  "INSERT INTO notice(source, what, n) VALUES(?1, ?2, ?3) "
  "ON CONFLICT DO UPDATE SET n = n + excluded.n")
X(NOTICES_OF_SOURCE, "SELECT coalesce(sum(n), 0) FROM notice WHERE source = ?1")
X(NOTICES_DELETE, "DELETE FROM notice WHERE source = ?1")
X(SKIPPED_CALL_ADD,
  "INSERT INTO skipped_call(service, name, n) VALUES(?1, ?2, ?3) "
  "ON CONFLICT DO UPDATE SET n = n + excluded.n")
X(SKIPPED_CALL_TAKE, "UPDATE skipped_call SET n = n - ?2 WHERE id = ?1")
X(SKIPPED_ADD,
  "INSERT INTO skipped(source, call, n) SELECT ?1, id, ?4 FROM skipped_call "
  "WHERE service = ?2 AND name = ?3 ON CONFLICT DO UPDATE SET n = n + excluded.n")
X(SKIPPED_OF_SOURCE, "SELECT call, n FROM skipped WHERE source = ?1")
X(SKIPPED_DELETE, "DELETE FROM skipped WHERE source = ?1")
X(SKIPPED_CALLS,
  "SELECT id, service, name, n FROM skipped_call WHERE id > ?1 ORDER BY id LIMIT ?2")

/* sums */
X(COUNTER_ADD,
  "INSERT INTO counter(name, n) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET n = n + excluded.n")
X(COUNTER_RAISE,
  "INSERT INTO counter(name, n) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET n = max(n, excluded.n)")
X(COUNTER, "SELECT n FROM counter WHERE name = ?1")
X(TALLY_ADD,
  "INSERT INTO tally(what, account, region, type, n, resources, first_ms, last_ms) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET n = n + excluded.n, "
  "resources = resources + excluded.resources, first_ms = min(first_ms, excluded.first_ms), "
  "last_ms = max(last_ms, excluded.last_ms)")
X(TALLIES, "SELECT what, account, region, type, n, resources, first_ms, last_ms FROM tally "
  "ORDER BY what, account, region, type")
X(TALLIES_OF, "SELECT what, account, region, type, n, resources, first_ms, last_ms FROM tally "
  "WHERE what = ?1 ORDER BY account, region, type")
X(TRAIL_ADD,
  "INSERT INTO trail(account, first_ms, last_ms) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
  "first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)")
X(TRAIL, "SELECT first_ms, last_ms FROM trail WHERE account = ?1")
X(TRAILS_GROWN,
  "SELECT account, first_ms, last_ms, spread_first_ms, spread_last_ms FROM trail "
  "WHERE spread_first_ms IS NOT first_ms OR spread_last_ms IS NOT last_ms")
X(TRAILS_SPREAD,
  "UPDATE trail SET spread_first_ms = first_ms, spread_last_ms = last_ms "
  "WHERE spread_first_ms IS NOT first_ms OR spread_last_ms IS NOT last_ms")

/* folders and resources */
X(FOLDER, "SELECT id, parent, name, newest_ms, changed FROM folder WHERE id = ?1")
X(FOLDER_BY_NAME,
  "SELECT id, parent, name, newest_ms, changed FROM folder "
  "WHERE parent = ?1 AND name = ?2")
X(FOLDERS,
  "SELECT id, parent, name, newest_ms, changed FROM folder "
  "WHERE parent = ?1 AND id > ?2 ORDER BY id")
X(ACCOUNTS, "SELECT account FROM folder WHERE parent = 0")
X(FOLDER_INSERT,
  "INSERT INTO folder(parent, name, account, region, newest_ms, first_ms) "
  "VALUES(?1, ?2, ?3, ?4, 0, 9223372036854775807)")
X(FOLDER_TYPE, "UPDATE folder SET type = ?2 WHERE id = ?1 AND type IS NULL")
X(FOLDER_TOUCH,
  "UPDATE folder SET newest_ms = max(newest_ms, ?2), first_ms = min(first_ms, ?3), "
  "changed = changed + 1 WHERE id = ?1")
X(RESOURCE_IDENTITY,
  "SELECT f.account, f.region, f.type, r.rid "
  "FROM resource r CROSS JOIN folder f ON f.id = r.folder WHERE r.id = ?1")
X(FOLDER_OF_RESOURCE, "SELECT folder FROM resource WHERE id = ?1")
X(FOLDER_NEWEST,
  "UPDATE folder SET newest_ms = max("
  "coalesce((SELECT max(v.newest_ms) FROM resource r JOIN resource_view v ON v.resource = r.id "
  "WHERE r.folder = ?1), 0), "
  "coalesce((SELECT max(newest_ms) FROM folder WHERE parent = ?1), 0)), "
  "changed = changed + 1 WHERE id = ?1")
X(FOLDERS_TOUCH_ABOVE,
  "WITH RECURSIVE up(id) AS (SELECT ?1 UNION ALL "
  "SELECT f.parent FROM up JOIN folder f ON f.id = up.id WHERE f.parent > 0) "
  "UPDATE folder SET changed = changed + 1 WHERE id IN (SELECT id FROM up)")
X(RESOURCE_BY_RID, "SELECT id, last FROM resource WHERE folder = ?1 AND rid = ?2")
X(RESOURCE_BY_IDENTITY,
  "SELECT r.id FROM folder f INDEXED BY folder_by_leaf CROSS JOIN resource r ON r.folder = f.id "
  "AND r.rid = ?4 WHERE f.account = ?1 AND f.region = ?2 AND f.type = ?3")
/* The name that a resource is listed as, and the one that has a name. */
#define FNAME "coalesce(r.fname, r.rid)"
#define ID_BY_FNAME(folder, name) \
  "(SELECT id FROM resource WHERE folder = " folder " AND rid = " name " AND fname IS NULL UNION ALL " \
  "SELECT id FROM resource WHERE folder = " folder " AND fname = " name " LIMIT 1)"
X(RESOURCE_RID_BY_FNAME, "SELECT id, rid FROM resource WHERE id = " ID_BY_FNAME("?1", "?2"))
X(RESOURCE_INSERT,
  "INSERT INTO resource(folder, rid, fname, last) VALUES(?1, ?2, nullif(?3, ?2), 0)")
X(RESOURCE_RENAME, "UPDATE resource SET fname = nullif(?2, rid) WHERE id = ?1")
X(RESOURCE_PUT,
  "UPDATE resource SET last = ?2, items = items + ?3 WHERE id = ?1")
X(VIEW,
  "SELECT first_ms, newest_ms, latest, states, text_len, jsonl_len, changed_ms "
  "FROM resource_view WHERE resource = ?1")
X(VIEW_PUT,
  "INSERT INTO resource_view(resource, first_ms, newest_ms, latest, states, text_len, "
  "jsonl_len, changed_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
  "first_ms = excluded.first_ms, newest_ms = excluded.newest_ms, latest = excluded.latest, "
  "states = excluded.states, text_len = excluded.text_len, jsonl_len = excluded.jsonl_len, "
  "changed_ms = excluded.changed_ms")
X(VIEW_AND_FOLDER,
  "SELECT v.first_ms, v.newest_ms, v.latest, v.states, v.text_len, v.jsonl_len, v.changed_ms, "
  "r.folder FROM resource_view v CROSS JOIN resource r ON r.id = v.resource WHERE v.resource = ?1")
X(VIEW_STORY,
  "UPDATE resource_view SET first_ms = ?2, newest_ms = ?3, latest = ?4, states = ?5, text_len = ?6, "
  "jsonl_len = ?7, blame_len = ?8, changed_ms = max(changed_ms + 1, ?9) WHERE resource = ?1")
X(VIEW_ENTRIES,
  "UPDATE resource_view SET text_len = ?2, jsonl_len = ?3, changed_ms = max(changed_ms + 1, ?4) "
  "WHERE resource = ?1")
X(RESOURCE,
  "SELECT r.id, r.folder, " FNAME ", v.first_ms, v.newest_ms, v.latest, v.states, v.text_len, "
  "v.jsonl_len, v.changed_ms, v.blame_len, v.rel_len, f.account, f.region, f.type, r.rid "
  "FROM resource r "
  "JOIN resource_view v ON v.resource = r.id JOIN folder f ON f.id = r.folder WHERE r.id = ?1")
X(RESOURCE_BY_FNAME,
  "SELECT r.id, r.folder, " FNAME ", v.first_ms, v.newest_ms, v.latest, v.states, v.text_len, "
  "v.jsonl_len, v.changed_ms, v.blame_len, v.rel_len FROM resource r "
  "JOIN resource_view v ON v.resource = r.id WHERE r.id = " ID_BY_FNAME("?1", "?2"))
X(RESOURCES,
  "SELECT r.id, r.folder, " FNAME ", v.first_ms, v.newest_ms, v.latest, v.states, v.text_len, "
  "v.jsonl_len, v.changed_ms, v.blame_len, v.rel_len FROM resource r "
  "JOIN resource_view v ON v.resource = r.id WHERE r.folder = ?1 AND r.id > ?2 ORDER BY r.id")
X(RESOURCE_NAMES,
  "SELECT r.id, r.folder, " FNAME " FROM resource r WHERE r.folder = ?1 AND r.id > ?2 ORDER BY r.id")
X(RESOURCE_NTH, "SELECT id FROM resource WHERE folder = ?1 LIMIT 1 OFFSET ?2")

/* states, and their listing rows */
#include "statement_states.h"

/* all states of a resource (see state_row()) */
X(DOSSIER,
  "SELECT n.state, n.resource, n.capture_ms, n.twin, n.size, n.status, n.hidden, n.name, n.arn "
  "FROM shown n WHERE n.resource = ?1 ORDER BY n.capture_ms, n.twin")

/* the estate at a moment */
X(AT_FOLDER,
  "SELECT f.id, f.parent, f.name, f.newest_ms, f.first_ms, f.changed, p.parent FROM folder f "
  "LEFT JOIN folder p ON p.id = f.parent WHERE f.id = ?1")
X(AT_FOLDER_BY_NAME,
  "SELECT f.id, f.parent, f.name, f.newest_ms, f.first_ms, f.changed, p.parent FROM folder f "
  "LEFT JOIN folder p ON p.id = f.parent WHERE f.parent = ?1 AND f.name = ?2")
X(AT_FOLDERS,
  "SELECT f.id, f.parent, f.name, f.newest_ms, f.first_ms, f.changed, p.parent FROM folder f "
  "LEFT JOIN folder p ON p.id = f.parent WHERE f.parent = ?1 AND f.id > ?2 AND f.first_ms <= ?3 "
  "ORDER BY f.id")
X(AT_FOLDER_BEHIND,
  "SELECT f.id, f.parent, f.name, f.newest_ms, f.first_ms, f.changed, p.parent FROM folder f "
  "LEFT JOIN folder p ON p.id = f.parent WHERE f.parent = ?1 "
  "AND f.name > coalesce((SELECT b.name FROM folder b WHERE b.id = ?2), '') "
  "AND f.first_ms <= ?3 ORDER BY f.name LIMIT 1")
/* The names' indexes alone are read. */
#define NAME_BEFORE "coalesce((SELECT " FNAME " FROM resource r WHERE r.id = ?2), '') "
X(AT_ROSTER,
  "SELECT id, rid FROM resource WHERE folder = ?1 AND fname IS NULL AND rid > " NAME_BEFORE "UNION ALL "
  "SELECT id, fname FROM resource WHERE folder = ?1 AND fname > " NAME_BEFORE "ORDER BY 2 LIMIT ?3")
X(AT_PARENTS, "SELECT id, parent FROM folder WHERE id > 0 ORDER BY id")
X(AT_ESTATE, "SELECT id, folder FROM resource WHERE id > 0 ORDER BY id")
X(AT_RESOURCES,
  "SELECT r.id, " FNAME ", r.rid FROM resource r WHERE r.folder = ?1 AND r.id > ?2 ORDER BY r.id")
X(AT_RESOURCE_NAME,
  "SELECT r.id, " FNAME ", r.rid FROM resource r WHERE r.id = " ID_BY_FNAME("?1", "?2"))
X(AT_RESOURCE_NAMES,
  "SELECT id, rid, rid FROM resource WHERE folder = ?1 AND fname IS NULL AND rid >= ?2 AND rid < ?3 "
  "UNION ALL SELECT id, fname, rid FROM resource WHERE folder = ?1 AND fname >= ?2 AND fname < ?3 "
  "ORDER BY 2")
X(AT_RESOURCES_CHANGED,
  "SELECT r.id FROM resource r JOIN resource_view v ON v.resource = r.id "
  "WHERE r.folder = ?1 AND v.changed_ms >= ?2")
/* Folder by folder. */
X(AT_BENEATH,
  "WITH RECURSIVE beneath(id) AS (SELECT ?1 UNION ALL SELECT f.id FROM beneath "
  "JOIN folder f ON f.parent = beneath.id WHERE f.first_ms <= ?2) "
  "SELECT r.id FROM beneath JOIN resource r ON r.folder = beneath.id")

/* events */
X(EVENT_BLOCK,
  "SELECT id, dictionary, rows, ids, body FROM event_block WHERE id <= ?1 "
  "ORDER BY id DESC LIMIT 1")
X(EVENT_HEAD,
  "SELECT id, rows, ids FROM event_block WHERE id <= ?1 ORDER BY id DESC LIMIT 1")
X(EVENT_BLOCKS_FIRST, "SELECT id FROM event_block WHERE id > ?1 ORDER BY id LIMIT ?2")
X(EVENT_BLOCK_INSERT,
  "INSERT INTO event_block(id, dictionary, rows, ids, body) VALUES(?1, ?2, ?3, ?4, ?5)")
X(EVENT_BLOCK_DELETE, "DELETE FROM event_block WHERE id = ?1")
X(EVENT_BLOCK_TELL, "UPDATE event_block SET rows = ?2 WHERE id = ?1")
#include "statement_postings.h"

/* alarms */
X(TRANSITION_ANY, "SELECT 1 FROM transition WHERE id > 0 LIMIT 1")
X(ALARM_PUT,
  "INSERT INTO alarm(name, account, region, arn, namespace, metric) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
  "arn = max(arn, excluded.arn), namespace = max(namespace, excluded.namespace), "
  "metric = max(metric, excluded.metric) WHERE excluded.arn > arn "
  "OR excluded.namespace > namespace OR excluded.metric > metric")
X(ALARM_BY_NAME, "SELECT id FROM alarm WHERE name = ?1 AND account = ?2 AND region = ?3")
X(ALARM_MENTION_ANY, "SELECT 1 FROM alarm_mention WHERE token >= -9223372036854775808 LIMIT 1")
X(ALARM_MENTION_TOKENS,
  "SELECT DISTINCT token FROM alarm_mention WHERE token >= -9223372036854775808 "
  "ORDER BY token LIMIT ?1")
X(ALARM_MENTION_INSERT,
  "INSERT INTO alarm_mention(token, alarm) VALUES(?1, ?2) ON CONFLICT DO NOTHING")
/*
 * One alarm a and what is told of it by others: b is the same, or one of the two lacks the account.
 * Not by their name alone: a thousand accounts may have an alarm of one name.
 */
#define OF_NAME \
  "(SELECT a.id UNION ALL SELECT n.id FROM alarm n WHERE n.name = a.name AND n.account = '' " \
  "UNION ALL SELECT n.id FROM alarm n WHERE a.account = '' AND n.name = a.name)"
X(ALARM_TOKENS,
  "SELECT DISTINCT m.token FROM alarm a JOIN alarm b ON b.id IN " OF_NAME " "
  "JOIN alarm_mention m ON m.alarm = b.id WHERE a.id = ?1")
X(ALARM_EARLIEST,
  "SELECT min(t.time_ms) FROM alarm a JOIN alarm b ON b.id IN " OF_NAME " "
  "JOIN transition t ON t.alarm = b.id WHERE a.id = ?1")
X(TRANSITION_INSERT,
  "INSERT INTO transition(alarm, time_ms, state, previous_state, reason, source, raw_len, raw) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING")
X(TRANSITION_BY_IDENTITY,
  "SELECT id, previous_state, reason FROM transition "
  "WHERE alarm = ?1 AND time_ms = ?2 AND state = ?3")
X(TRANSITION_FILL,
  "UPDATE transition SET previous_state = ?2, reason = ?3 WHERE id = ?1")
X(TRANSITION,
  "SELECT t.id, t.time_ms, a.name, a.account, a.region, t.state, t.previous_state, t.reason "
  "FROM transition t JOIN alarm a ON a.id = t.alarm WHERE t.id = ?1")
/* Are there several alarms of x's name, in accounts or regions apart? */
#define SEVERAL_OF_NAME(x) \
  "(SELECT 1 FROM alarm c WHERE c.name = " x ".name AND c.account <> '' " \
  "AND (c.region <> '' OR NOT EXISTS(SELECT 1 FROM alarm d WHERE d.name = c.name " \
  "AND d.account = c.account AND d.region <> '')) LIMIT 1 OFFSET 1) IS NOT NULL"
/*
 * ... but what lacks the account is of no one when several have the name; and of one transition
 * told with and without the account only the former.
 */
X(TRANSITIONS_OF_TOKEN,
  "SELECT t.id, t.time_ms FROM alarm_mention m JOIN alarm a ON a.id = m.alarm "
  "JOIN alarm b ON b.id IN " OF_NAME " "
  "JOIN transition t ON t.alarm = b.id WHERE m.token = ?1 "
  "AND ((a.account <> '' AND b.account <> '') OR NOT (" SEVERAL_OF_NAME("b") ")) "
  "AND (b.account <> '' OR NOT EXISTS("
  "SELECT 1 FROM alarm c JOIN transition u ON u.alarm = c.id WHERE c.name = b.name "
  "AND c.account <> '' AND u.time_ms = t.time_ms AND u.state = t.state))")

/* dictionaries */
X(DICTIONARY, "SELECT kind, bytes, phrases FROM dictionary WHERE id = ?1")
X(DICTIONARY_NEWEST,
  "SELECT id, samples, phrases IS NULL FROM dictionary WHERE kind = ?1 ORDER BY id DESC LIMIT 1")
X(DICTIONARIES_DELETE, "DELETE FROM dictionary WHERE kind = ?1 AND id < ?2")
X(DICTIONARY_INSERT, 
  "INSERT INTO dictionary(kind, samples, bytes, phrases) VALUES(?1, ?2, ?3, ?4)")

/* dirt */
X(DIRTY_ADD,
  "INSERT INTO dirty(resource, from_ms) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET "
  "from_ms = min(from_ms, excluded.from_ms)")
X(DIRTY_NEXT,
  "SELECT d.resource, d.from_ms, f.account FROM dirty d "
  "LEFT JOIN resource r ON r.id = d.resource LEFT JOIN folder f ON f.id = r.folder "
  "WHERE d.resource > ?1 ORDER BY d.resource LIMIT ?2")
X(DIRTY_CLEAR, "DELETE FROM dirty WHERE resource = ?1 AND from_ms >= ?2")
X(SPREAD_INSERT, "INSERT INTO spread(kind, time_ms, tokens) VALUES(?1, ?2, ?3)")
X(SPREAD_NEXT, "SELECT id, kind, time_ms, tokens FROM spread WHERE id > 0 ORDER BY id LIMIT ?1")
X(SPREAD_DELETE, "DELETE FROM spread WHERE id <= ?1")
X(GATHERED, "SELECT id, list, postings FROM gathered ORDER BY id")
X(GATHERED_INSERT, "INSERT INTO gathered(list, postings) VALUES(?1, ?2)")
X(GATHERED_DELETE, "DELETE FROM gathered")
X(ALIAS_ANY, "SELECT 1 FROM alias WHERE part >= 0 LIMIT 1")
X(STORIES_OF_EVENT,
  "SELECT resource, time_ms FROM cause WHERE event = ?1 UNION ALL "
  "SELECT resource, time_ms FROM entry WHERE ref = ?1 AND kind IN (1, 2)")
X(RESOURCES_OF_ACCOUNT,
  "SELECT r.id FROM folder f CROSS JOIN resource r ON r.folder = f.id "
  "WHERE f.account = ?1 AND f.type IS NOT NULL")

/* stories */
X(ENTRY_INSERT,
  "INSERT INTO entry(resource, time_ms, seq, kind, ref, text_len, jsonl_len) "
  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
/* its last two: how many there are, and how many of them are transitions */
X(ENTRY_SUMS_FROM,
  "SELECT coalesce(sum(text_len), 0), coalesce(sum(jsonl_len), 0), count(*), coalesce(sum(kind = 3), 0) "
  "FROM entry WHERE resource = ?1 AND time_ms >= ?2")
X(ENTRIES_DELETE_FROM, "DELETE FROM entry WHERE resource = ?1 AND time_ms >= ?2")
X(ENTRIES,
  "SELECT time_ms, seq, kind, ref, text_len, jsonl_len FROM entry "
  "WHERE resource = ?1 AND time_ms BETWEEN ?2 AND ?3 ORDER BY time_ms, seq")
X(CAUSE_INSERT,
  "INSERT INTO cause(resource, time_ms, seq, n, event, evidence, label, line_len, "
  "line_jsonl_len) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7 | (?10 << 2), ?8, ?9)")
X(CAUSES_DELETE_FROM, "DELETE FROM cause WHERE resource = ?1 AND time_ms >= ?2")
X(CAUSES,
  "SELECT time_ms, seq, event, evidence, label & 3, label >> 2 FROM cause WHERE resource = ?1 "
  "AND time_ms BETWEEN ?2 AND ?3 ORDER BY time_ms, seq, n")
X(ALIASES_OF_RESOURCE, "SELECT tokens, own, given FROM alias_set WHERE resource = ?1")
X(ALIASES_PUT,
  "INSERT INTO alias_set(resource, tokens, own, given) VALUES(?1, ?2, ?3, ?4) "
  "ON CONFLICT DO UPDATE SET tokens = excluded.tokens, own = excluded.own, given = excluded.given")

/* names */
X(STEM_FIND, "SELECT id FROM stem WHERE kind = ?1 AND text = ?2")
X(STEM, "SELECT id, kind, text, n, newest_ms FROM stem WHERE id = ?1")
X(STEM_INSERT, "INSERT INTO stem(kind, text, n, newest_ms) VALUES(?1, ?2, 0, 0)")
X(STEM_COUNT, "UPDATE stem SET n = n + ?2 WHERE id = ?1")
X(STEM_DELETE, "DELETE FROM stem WHERE id = ?1")
X(STEM_NEWER, "UPDATE stem SET newest_ms = ?2 WHERE id = ?1 AND newest_ms < ?2")
X(STEM_RECKON,
  "UPDATE stem SET newest_ms = (SELECT coalesce(max(newest_ms), 0) FROM name WHERE space = ?1) "
  "WHERE id = ?1")
X(STEM_BY_TEXT,
  "SELECT id, kind, text, n, newest_ms FROM stem WHERE kind = ?1 AND text = ?2")
X(STEMS_FROM,
  "SELECT id, kind, text, n, newest_ms FROM stem WHERE kind = ?1 AND text >= ?2 ORDER BY text")
X(TAG_KEYS,
  "SELECT id, kind, text, n, newest_ms FROM stem INDEXED BY stem_of_tag "
  "WHERE kind = 0 AND id > ?1 ORDER BY id")
/* Many ARNs end with the id of their resource. */
#define NAME_TAIL "coalesce(tail, (SELECT r.rid FROM resource r WHERE r.id = name.resource), '') "
X(NAME_FIND,
  "SELECT id, n, resource FROM name "
  "WHERE space = ?1 AND hash = ?2 AND stem = ?3 AND " NAME_TAIL "= ?4")
X(NAME_INSERT,
  "INSERT INTO name(space, hash, stem, tail, n, newest_ms, resource) "
  "VALUES(?1, ?2, ?3, nullif(?4, (SELECT rid FROM resource WHERE id = ?6)), 1, max(0, ?5), ?6)")
X(NAME_JOIN,
  "UPDATE name SET n = n + 1, newest_ms = max(newest_ms, ?2), resource = min(resource, ?3), "
  "tail = iif(resource > ?3, " NAME_TAIL ", tail) WHERE id = ?1")
X(NAME_LEAVE,
  "UPDATE name SET n = n - 1, newest_ms = ?2, resource = ?3, "
  "tail = iif(resource <> ?3, " NAME_TAIL ", tail) WHERE id = ?1")
X(NAME_NEWER, "UPDATE name SET newest_ms = ?2 WHERE id = ?1")
X(NAME_DELETE, "DELETE FROM name WHERE id = ?1")
X(NAME_BEARING, "SELECT n, resource FROM name WHERE id = ?1")
/* What came in and is not told of yet may be hidden when it is. */
X(NEWEST_TOLD,
  "SELECT n.capture_ms FROM shown n WHERE n.resource = ?1 "
  "AND n.hidden = 0 AND n.told IS NOT NULL ORDER BY n.capture_ms DESC, n.twin DESC LIMIT 1")
#define TAIL_OF_N "coalesce(n.tail, (SELECT r.rid FROM resource r WHERE r.id = n.resource), '')"
X(NAME_BORNE,
  "SELECT n.id, n.space, n.stem, n.n, n.newest_ms, s.text, " TAIL_OF_N ", k.text, k.newest_ms, "
  "n.resource FROM name n LEFT JOIN stem s ON s.id = n.stem LEFT JOIN stem k ON k.id = n.space "
  "WHERE n.id = ?1")
X(CALLED_NAMES, "SELECT names FROM alias_set WHERE resource = ?1")
X(CALLED_NAMES_PUT,
  "INSERT INTO alias_set(resource, names) VALUES(?1, ?2) "
  "ON CONFLICT DO UPDATE SET names = excluded.names")
X(CALLED_TOKENS, "SELECT refs FROM alias_set WHERE resource = ?1 AND refs IS NOT NULL")
X(CALLED_TOKENS_PUT,
  "INSERT INTO alias_set(resource, refs) VALUES(?1, ?2) "
  "ON CONFLICT DO UPDATE SET refs = excluded.refs")
X(NAME,
  "SELECT n.id, n.space, n.hash, s.text, " TAIL_OF_N ", n.n, n.newest_ms, n.resource "
  "FROM name n LEFT JOIN stem s ON s.id = n.stem WHERE n.id = ?1")
X(NAMES_OF_HASH,
  "SELECT n.id, n.space, n.hash, s.text, " TAIL_OF_N ", n.n, n.newest_ms, n.resource "
  "FROM name n LEFT JOIN stem s ON s.id = n.stem WHERE n.space = ?1 AND n.hash = ?2")
X(NAMES,
  "SELECT n.id, n.space, n.hash, s.text, " TAIL_OF_N ", n.n, n.newest_ms, n.resource "
  "FROM name n LEFT JOIN stem s ON s.id = n.stem "
  "WHERE n.space = ?1 AND (n.hash, n.id) > (?2, ?3) ORDER BY n.hash, n.id")
/* In the order of their rows; ?2: as many as there may be. */
X(NAMES_ALL,
  "SELECT n.id, n.space, n.hash, CASE n.stem WHEN 0 THEN NULL ELSE "
  "(SELECT s.text FROM stem s WHERE s.id = n.stem) END, " TAIL_OF_N ", n.n, n.newest_ms, n.resource "
  "FROM name n WHERE n.id IN (SELECT id FROM name INDEXED BY name_by_hash WHERE space = ?1 LIMIT ?2) "
  "ORDER BY n.id")
X(NAME_NTH, "SELECT id FROM name INDEXED BY name_by_hash WHERE space = ?1 LIMIT 1 OFFSET ?2")
X(ID_NTH, "SELECT id FROM resource WHERE id > 0 LIMIT 1 OFFSET ?1")
/* Ids in the shape of names: the first resource of an id stands for it. */
X(ID,
  "SELECT min(r.id), -3, 0, NULL, r.rid, count(*), max(v.newest_ms), min(r.id) "
  "FROM resource r JOIN resource_view v ON v.resource = r.id WHERE r.rid = ?1 GROUP BY r.rid")
X(ID_OF_RESOURCE, "SELECT rid FROM resource WHERE id = ?1")
/* One or several: those are to be counted by ID. An id may have thousands. */
X(IDS,
  "SELECT r.id, -3, 0, NULL, r.rid, "
  "1 + EXISTS(SELECT 1 FROM resource e WHERE e.rid = r.rid AND e.id > r.id), 0, r.id "
  "FROM resource r WHERE r.id > ?1 "
  "AND NOT EXISTS(SELECT 1 FROM resource e WHERE e.rid = r.rid AND e.id < r.id) ORDER BY r.id")
/* Nearly half of all names: gone through in their order, where the index would jump about. */
X(ARNS,
  "SELECT n.id, n.space, 0, s.text, " TAIL_OF_N ", n.n, n.newest_ms, n.resource "
  "FROM name n LEFT JOIN stem s ON s.id = n.stem WHERE n.id > ?1 AND +n.space = -2 ORDER BY n.id")
X(IDS_FROM, "SELECT DISTINCT rid FROM resource WHERE rid >= ?1 ORDER BY rid")
X(RESOURCES_OF_ID,
  "SELECT r.id, r.folder, " FNAME ", v.first_ms, v.newest_ms, v.latest, v.states, v.text_len, "
  "v.jsonl_len, v.changed_ms, v.blame_len, v.rel_len, f.account, f.region, f.type, r.rid "
  "FROM resource r "
  "JOIN resource_view v ON v.resource = r.id JOIN folder f ON f.id = r.folder "
  "WHERE r.rid = ?1 AND r.id > ?2 ORDER BY r.id")
/* relationships */
#include "statement_relations.h"

/* refusals */
X(REFUSAL,
  "SELECT r.id, " SOURCE_NAME_TEXT ", r.field, r.reason, r.offset, r.length, r.bytes_len, "
  "s.finished_ms FROM refusal r CROSS JOIN source s ON s.id = r.source " SOURCE_PARTS "WHERE r.id = ?1")
X(REFUSALS,
  "SELECT r.id, " SOURCE_NAME_TEXT ", r.field, r.reason, r.offset, r.length, r.bytes_len, "
  "s.finished_ms FROM refusal r CROSS JOIN source s ON s.id = r.source " SOURCE_PARTS "WHERE r.id > ?1 ORDER BY r.id")
X(REFUSAL_LINES,
  "SELECT r.id, " SOURCE_NAME_TEXT ", r.field, r.reason, r.offset, r.length, r.bytes_len, "
  "s.finished_ms "
  "FROM line l CROSS JOIN refusal r ON r.id = l.id CROSS JOIN source s ON s.id = r.source "
  SOURCE_PARTS
  "WHERE l.file = 2 AND l.id > ?1 ORDER BY l.id")
X(REFUSAL_OF, "SELECT 1 FROM refusal WHERE source = ?1 LIMIT 1")
X(REFUSAL_BYTES, "SELECT bytes_len, bytes FROM refusal WHERE id = ?1")

/* lines */
X(COUNTER_SET, "INSERT INTO counter(name, n) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET n = ?2")
X(TIMELINE_ROW,
  "SELECT first, lines FROM timeline WHERE first <= ?1 ORDER BY first DESC LIMIT 1")
X(TIMELINE_BEFORE,
  "SELECT first, lines FROM timeline WHERE first < ?1 ORDER BY first DESC LIMIT 1")
X(TIMELINE_NEXT, "SELECT first, lines FROM timeline WHERE first > ?1 ORDER BY first LIMIT 1")
X(TIMELINE_ROWS,
  "SELECT first, lines FROM timeline WHERE first >= ?1 AND first < ?2 ORDER BY first")
X(TIMELINE_PUT, "INSERT OR REPLACE INTO timeline(first, lines) VALUES(?1, ?2)")
X(TIMELINE_DELETE, "DELETE FROM timeline WHERE first = ?1")
X(TIMELINE_HOUR_ADD,
  "INSERT INTO timeline_hour(hour, text_len, jsonl_len) VALUES(?1, ?2, ?3) "
  "ON CONFLICT DO UPDATE SET text_len = text_len + excluded.text_len, "
  "jsonl_len = jsonl_len + excluded.jsonl_len")
X(TIMELINE_HOURS,
  "SELECT hour, text_len, jsonl_len FROM timeline_hour WHERE hour BETWEEN ?1 AND ?2 "
  "ORDER BY hour")
X(TIMELINE_DAY_ADD,
  "INSERT INTO timeline_day(day, text_len, jsonl_len, n) VALUES(?1, ?2, ?3, ?4) "
  "ON CONFLICT DO UPDATE SET text_len = text_len + excluded.text_len, "
  "jsonl_len = jsonl_len + excluded.jsonl_len, n = n + excluded.n RETURNING n")
X(TIMELINE_DAY_DELETE, "DELETE FROM timeline_day WHERE day = ?1")
X(TIMELINE_DAY, "SELECT day, text_len, jsonl_len FROM timeline_day WHERE day = ?1")
X(TIMELINE_DAYS,
  "SELECT day, text_len, jsonl_len FROM timeline_day WHERE day >= ?1 AND day < ?2 ORDER BY day "
  "LIMIT ?3")
X(CAUSE_LINES_FROM,
  "SELECT event, line_len, line_jsonl_len FROM cause WHERE resource = ?1 AND time_ms >= ?2")
X(CAUSES_OF_CHANGE,
  "SELECT event, evidence, label & 3 FROM cause WHERE resource = ?1 AND time_ms = ?2 "
  "AND seq = ?3 ORDER BY n")
X(TRANSITION_TWINS,
  "SELECT b.id, u.id, b.account FROM transition t JOIN alarm a ON a.id = t.alarm "
  "JOIN alarm b ON b.id IN " OF_NAME " AND b.id <> a.id "
  "JOIN transition u ON u.alarm = b.id AND u.time_ms = t.time_ms AND u.state = t.state "
  "WHERE t.id = ?1")

/* values */
X(VALUE, "SELECT id, kind, name, text_len, jsonl_len, newest_ms FROM value WHERE id = ?1")
X(VALUES,
  "SELECT id, kind, name, text_len, jsonl_len, newest_ms FROM value "
  "WHERE kind = ?1 AND id > ?2 AND text_len > 0 ORDER BY id LIMIT ?3")
X(VALUES_CHANGED,
  "SELECT id, changed FROM value WHERE kind = ?1 AND changed > ?2 ORDER BY changed")
X(VALUE_CHANGED_LAST,
  "SELECT changed FROM value WHERE kind = ?1 ORDER BY changed DESC LIMIT 1")
X(VALUE_INSERT,
  "INSERT INTO value(kind, name, text_len, jsonl_len, newest_ms, changed) "
  "VALUES(?1, ?2, 0, 0, 0, 0)")
X(VALUE_ADD,
  "UPDATE value SET text_len = text_len + ?2, jsonl_len = jsonl_len + ?3, "
  "newest_ms = max(newest_ms, ?4), changed = ?5 WHERE id = ?1 RETURNING text_len, kind")
X(VALUE_DAY_ADD,
  "INSERT INTO value_day(value, day, text_len, jsonl_len) VALUES(?1, ?2, ?3, ?4) "
  "ON CONFLICT DO UPDATE SET text_len = text_len + excluded.text_len, "
  "jsonl_len = jsonl_len + excluded.jsonl_len")
X(VALUE_DAYS,
  "SELECT day, text_len, jsonl_len FROM value_day WHERE value = ?1 ORDER BY day")
X(CAUSED_LENGTHS,
  "SELECT coalesce(sum(line_len), 0), coalesce(sum(line_jsonl_len), 0) FROM cause WHERE event = ?1")
X(TRANSITIONS_DOWN, "SELECT id FROM transition WHERE id <= ?1 ORDER BY id DESC LIMIT ?2")

/* persons behind sessions */
X(UNIT,
  "SELECT key_token, arn_token, first_ms, principal, role, opener, opener_role, parent FROM unit "
  "WHERE value = ?1")
X(UNIT_ADD,
  "INSERT INTO unit(value, key_token, arn_token, first_ms, principal, role, opener, opener_role, "
  "parent) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0) ON CONFLICT DO UPDATE SET "
  "first_ms = min(first_ms, excluded.first_ms)")
X(OPENING, "SELECT opener, opener_role, parent FROM opening WHERE event = ?1")
X(OPENING_INSERT,
  "INSERT INTO opening(event, opener, opener_role, parent) VALUES(?1, ?2, ?3, ?4) "
  "ON CONFLICT DO NOTHING")
X(UNIT_OPENED, "UPDATE unit SET opener = ?2, opener_role = ?3, parent = ?4 WHERE value = ?1")
X(UNIT_DIRTY, "INSERT INTO unit_dirty(unit) VALUES(?1) ON CONFLICT DO NOTHING")
X(UNITS_DIRTY_BY_PARENT,
  "INSERT INTO unit_dirty(unit) SELECT value FROM unit WHERE parent = ?1 AND parent > 0 "
  "ON CONFLICT DO NOTHING")
X(UNITS_DIRTY, "SELECT unit FROM unit_dirty WHERE unit > 0 ORDER BY unit LIMIT ?1")
X(UNIT_CLEAN, "DELETE FROM unit_dirty WHERE unit = ?1")
X(SESSION_NEWS_ADD,
  "INSERT INTO session_news(token, from_ms) VALUES(?1, ?2) "
  "ON CONFLICT DO UPDATE SET from_ms = min(from_ms, excluded.from_ms)")
X(SESSION_NEWS,
  "SELECT token, from_ms FROM session_news WHERE token >= -9223372036854775808 ORDER BY token LIMIT ?1")
X(SESSION_NEWS_DELETE, "DELETE FROM session_news WHERE token = ?1")

/* about the history itself, and alarms/ */
#include "statement_apis.h"
#include "statement_list_status.h"
