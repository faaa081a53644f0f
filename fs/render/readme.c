/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The mount's one page. Its readers are a person at 3 a.m. and agents that know ls, cat and
 * grep: so first what there is, then lines to copy that work as they stand, then the exact
 * meaning of each name and key. Only what exists in the tree is spoken of.
 */

#include "render/readme.h"

#include <inttypes.h>

#include "model/timestamp.h"

static const char intro[] =
	"driftfs: the configuration history of cloud resources, as files\n"
	"\n"
	"Each resource is a directory. Each state it was ever recorded in is a JSON file named\n"
	"by its time (UTC). A file `changes` beside them tells what changed, who did it, from\n"
	"where, with which request, and what alarmed. All is read-only and made from one history\n"
	"file; what is imported into that shows here within a second.\n";

static const char layout[] =
	"\n"
	"WHAT IS WHERE\n"
	"\n"
	"  README                                  this page\n"
	"  resources/ACCOUNT/REGION/TYPE/ID/       a resource; AWS::EC2::SecurityGroup is\n"
	"                                          AWS/EC2/SecurityGroup\n"
	"      2024-05-01T101500.123Z.json         a recorded state, by its capture time\n"
	"      latest.json                         symlink to the newest state\n"
	"      changes                             the story, for people\n"
	"      changes.jsonl                       the same, one JSON object a line\n"
	"      relationships.tsv                   what it is related to, both ways, since, until\n"
	"      blame                               each leaf of the newest state: since, by whom\n"
	"      metrics/NAMESPACE~METRIC.tsv        what CloudWatch measured around its changes, if\n"
	"                                          there is anything\n"
	"  at/TIME/ACCOUNT/REGION/TYPE/ID.json     all that existed at a moment, as it was then;\n"
	"                                          TIME is 2024-05-01T10:15Z, now, -2h ...: see\n"
	"                                          at/README. at/ lists no moments, but has all\n"
	"      inventory.csv inventory.jsonl       one line a resource; also in each account, region\n"
	"      snapshot.json                       AWS Config's ConfigSnapshot of it; likewise\n"
	"      ACCOUNT/REGION/relationships.tsv    every relationship of a region then\n"
	"  by-id/ by-name/ by-arn/                 symlinks to resources, by what they were ever called\n"
	"  by-tag/KEY/VALUE/                       symlinks to all that ever had the tag\n"
	"  timeline/2024/05/02.log, 02.jsonl       a line for each change, each failed call that\n"
	"                                          would have changed something, each alarm\n"
	"  activity/principal/NAME.log, .jsonl     the calls of one person, role, session or service,\n"
	"                                          behind each the changes it caused\n"
	"  activity/address/ access-key/ event-name/ error/    likewise by these\n"
	"  alarms/ACCOUNT/REGION/NAME/TIME         an alarm's transition, and what changed or was\n"
	"                                          tried on what it watches in the hour before\n"
	"  status/                                 about the history itself\n"
	"      churn.tsv                           items by type and resource, the most first\n"
	"      coverage.tsv, gaps.tsv              for which days it knows what happened; what not\n"
	"      imports.tsv                         every source object that was imported\n"
	"      refused.tsv, refused/               what was turned down and why; its bytes\n"
	"      sources.tsv                         how the sources are that sync reads\n";

/*
 * Of a resource of the history: @R its directory, @I its id; @D the day of its newest state, @P the
 * day as a path, @H the hour of it, @F that hour as a moment and @T the hour two hours later.
 */
static const char sessions[] =
	"\n"
	"SESSIONS TO COPY   (from the directory this page is in)\n"
	"\n"
	"  What does it look like, what did it look like?\n"
	"      R='@R'\n"
	"      cat \"$R/latest.json\"\n"
	"      ls \"$R\"\n"
	"\n"
	"  What changed between its last two states?\n"
	"      ls -d \"$R\"/[0-9]*.json | tail -n 2 | tr '\\n' '\\0' | xargs -0 diff\n"
	"\n"
	"  Who did that, when, from where?\n"
	"      cat \"$R/changes\"\n"
	"      tail -n 40 \"$R/changes\"\n"
	"\n"
	"  What else did they touch? (a person, a role, an address, an access key)\n"
	"      ls activity/principal activity/address activity/access-key\n"
	"      W=$(ls activity/principal/*.log | head -n 1)      # or any other of them\n"
	"      tail -n 20 \"$W\"\n"
	"      cut -f 2,5-8 \"$W\" | sort | uniq -c\n"
	"\n"
	"  What changed on that day, in that hour? (every line begins with its time)\n"
	"      grep ^@H: timeline/@P.log\n"
	"      tail -f timeline/@P.log\n"
	"      find resources -name '@D*.json'\n"
	"\n"
	"  What was different everywhere, two hours later?\n"
	"      diff -r at/@F at/@T\n"
	"\n"
	"  Since when is that setting so, and who set it?\n"
	"      cut -f 1-5 \"$R/blame\"\n"
	"\n"
	"  What is attached to it, and what was?\n"
	"      cut -f 1-7 \"$R/relationships.tsv\"\n"
	"      awk -F '\\t' '$7 == \"-\" { print $8 }' \"$R/relationships.tsv\"   # still, and where\n"
	"\n"
	"  What was refused to whom?\n"
	"      cat activity/error/AccessDenied.log\n"
	"      grep -r --include=changes ' ATTEMPT ' resources\n"
	"\n"
	"  What is open to the world now?\n"
	"      find resources -name latest.json -exec grep -l '0\\.0\\.0\\.0/0' {} +\n"
	"\n"
	"  I have an id, an ARN, a name, a tag: where is it? (deleted and renamed ones are found, too)\n"
	"      ls -l 'by-id/@I'\n"
	"      ls -l by-arn | head\n"
	"      ls by-tag\n"
	"\n"
	"  What fills the bill of the recorder?\n"
	"      head -n 20 status/churn.tsv\n"
	"\n"
	"  Changes that no known call explains\n"
	"      grep -rh --include=changes ' no cause: ' resources | cut -c 28- | sort | uniq -c\n";

static const char names[] =
	"\n"
	"NAMES\n"
	"\n"
	"  Times are UTC with milliseconds. Two states of one millisecond: the later gets -1, -2.\n"
	"  To open a state, RFC 3339 with colons, any offset, or epoch seconds do as well.\n"
	"  In ids / % control bytes and a leading . are written %XX; a type segment or a tag's value that\n"
	"  is empty is %. Ids too long for a name end in ~ and 16 hex digits; the full id is in the JSON.\n"
	"  by-...: a name of several resources is a directory of links, each named by the resource's\n"
	"  path with commas for slashes (a comma in it is %2C). Names are listed escaped, as ids are, and\n"
	"  found as they are copied, too: slashes and all, an id or name without its leading slash. (In\n"
	"  by-tag, where a slash might end the key, it is always %2F.)\n"
	"  A file's time is its capture time, a directory's that of its newest state; the directories at\n"
	"  the top of by-... and activity/ are as new as the newest of all.\n"
	"  ls sorts states by time, but -1 and -2 before the state they follow. inotify does not fire;\n"
	"  tail -f polls, and shows what is appended.\n"
	"  But a late delivery also changes entries before the end, which no tail shows again: what\n"
	"  `changes` says now is what a new `cat` of it says.\n";

static const char formats[] =
	"\n"
	"A STATE   is AWS Config's configuration item, always in one form: keys sorted, policies and\n"
	"other JSON in strings shown as JSON. A deletion has \"configuration\": null and the\n"
	"configurationItemStatus ResourceDeleted. `driftfs cat --raw` gives an item as received.\n"
	"\n"
	"changes   One block an entry, oldest first, an empty line behind each. First line:\n"
	"    TIME CREATE|UPDATE|DELETE FILE      a new state; then PATH: OLD -> NEW, and each cause:\n"
	"                                        its time, call, person (via role sessions), address,\n"
	"                                        confidence and evidence, client, request, response;\n"
	"                                        or `no cause:` and why\n"
	"    TIME ATTEMPT CALL by WHO ...        a call on the resource that failed\n"
	"    TIME ACTIVITY CALL by WHO ...       a call on it that belongs to no recorded change\n"
	"    TIME ALARM NAME: OLD -> NEW         an alarm that watches it\n"
	"  Every line begins with its entry's time. Long values are cut here, never in the JSON.\n"
	"\n"
	"changes.jsonl   One object a line, in the same order. Keys:\n"
	"    time, kind                          kind: change, attempt, activity, alarm\n"
	"    accountId, awsRegion, resourceType, resourceId\n"
	"  change:\n"
	"    changeType                          CREATE, UPDATE, DELETE\n"
	"    snapshot, previous                  file names of this state and the one before (or null)\n"
	"    changedProperties                   {JSON Pointer: {changeType, previousValue,\n"
	"                                        updatedValue}}. Elements are told by what they are:\n"
	"                                        their index is that in the new list, of a DELETE in\n"
	"                                        the old one, or behind both if that is taken\n"
	"    causes                              [{the event's keys, evidence, confidence}]\n"
	"    reason                              why there is no cause, else null\n"
	"  attempt, activity, and each cause - the event's keys:\n"
	"    eventID, eventTime, eventSource, eventName\n"
	"    principal                           who: user/NAME, assumed-role/ROLE/SESSION, root ...;\n"
	"                                        the person behind a session where that is known\n"
	"    via                                 the sessions between person and call, if any\n"
	"    sourceIPAddress, userAgent, accessKeyId, requestParameters, responseElements\n"
	"    errorCode, errorMessage             attempt and activity only\n"
	"  alarm:\n"
	"    alarmName, state, previousState, reason\n"
	"timeline/, activity/   One line each, oldest first; .log has ten columns with TABs between, - where\n"
	"there is nothing:\n"
	"    time, what                          CREATE, UPDATE, DELETE; a call's name; an alarm's state\n"
	"    account, region, type, id           of a call: what it names as its object; no id where\n"
	"                                        that is not named as the call is (CreateTags)\n"
	"    principal, address                  of a change: the person and address of its first\n"
	"                                        cause; of a call: who made it, be it a session\n"
	"    detail                              a change: the call; a call: its error code; an alarm:\n"
	"                                        the state before\n"
	"    confidence                          of the cause\n"
	"  .jsonl: time, kind (change, event, alarm), and the keys above; path is the state's file.\n"
	"  In activity/ a change stands behind the call that caused it, whenever it was recorded. The\n"
	"  file of a person holds what was done in sessions the person opened, through any number of\n"
	"  roles; that of a role all its sessions. Read-only calls that succeeded are in activity/ only,\n"
	"  and only if imported with --events=all. Names are escaped as ids are: / is %2F.\n"
	"\n"
	"  confidence: certain, likely, possible. evidence: what speaks for the cause - the call names\n"
	"  the resource (request-id, request-name, response-id, resources, owned-id), fits its type\n"
	"  (service, noun) and the kind of change (verb, time), set what changed (value), changed what\n"
	"  it belongs or relates to (parent, relation), or is the only one that fits (only).\n"
	"\n"
	"relationships.tsv   A header line, then by time: relation (as AWS words it), direction (out:\n"
	"  this resource names the other; in: the other names this one), type, id and name of the\n"
	"  other, since (first state with it), until (first without it, or the deletion; - still),\n"
	"  path of the other from the top, or `- dangling` when this history has no such resource.\n"
	"  What both sides record stands twice, once out, once in.\n"
	"\n"
	"blame   A header line, then each leaf of the newest state: pointer (JSON Pointer), value (a long\n"
	"  one is cut), since (capture time of the first state with it, or with it again after a\n"
	"  deletion), principal, event, event_id, event_time of the call that set it, reason when no\n"
	"  call is known. An element of a list keeps its own when others are put before it. Of several\n"
	"  causes of one change the one that speaks of the leaf is named. Members that are null are\n"
	"  none. A deleted resource has one line: its end. Tabs and control characters in data are\n"
	"  written \\uXXXX, - stands for nothing.\n";

static const char tables[] =
	"\n"
	"metrics/*.tsv   A header line, then by time: time (the period begins), value, statistic, period\n"
	"  in seconds, dimensions as Name=Value,Name=Value; in these % , = are %XX.\n"
	"\n"
	"alarms/.../TIME   The transition, its reason, its metric, the resources it concerns and those\n"
	"  related to them then; then lines of TABs of the hour before it on all of these, nearest\n"
	"  in time first: time, CREATE|UPDATE|DELETE|ATTEMPT, account, region,\n"
	"  type, id, principal, address, call (and error), path. Of a change the first cause's. Where\n"
	"  the source names no account or region: unknown. A composite alarm names its children and\n"
	"  watches what these watch.\n"
	"\n"
	"status/*.tsv   A header line, then a line a row, cells apart by TABs.\n"
	"  churn.tsv     First each account, region and type (what: type), then resources (what:\n"
	"                resource), at most 100 of one type and 10,000 in all, then what the others of\n"
	"                a type have together (what: rest); by number of items, the most first.\n"
	"                share is of all items. Copies of an item count once.\n"
	"  coverage.tsv  Days (UTC), first and last, that a source is there for: days with a record\n"
	"                or a sign that it ran (a digest, a delivery), and quiet days between. A trail\n"
	"                is quiet in a region while it has something of another one; a recorder\n"
	"                tells of changes only, so it may be quiet for up to 14 days, and longer\n"
	"                where the trail shows that nobody did anything.\n"
	"  gaps.tsv      What is not known. kind: recorder stopped, trail stopped (from that call, by\n"
	"                whom, to the next record or the call that starts it; none while records keep\n"
	"                coming), no delivery (nothing of the account came on that day, or nothing for\n"
	"                long), no trail (items of days without events), trail narrowed, recorder\n"
	"                narrowed (a call left something out: UpdateTrail other regions or global\n"
	"                services, PutEventSelectors calls that change something or some services,\n"
	"                PutConfigurationRecorder some types; until it is set otherwise, or comes all\n"
	"                the same), recorded daily, delivery moved (silence after PutDeliveryChannel or\n"
	"                UpdateTrail named another bucket); also by AWS Config's own word, from when\n"
	"                that was asked for (call: Describe...): these, recorder fails, delivery fails.\n"
	"                The types of IAM (region global) are narrowed when no region's recorder has\n"
	"                them. Region *: all. No end: still so. unknown: what is not known, a row each.\n"
	"  imports.tsv   In the order of import. items, events, transitions: new ones; duplicates:\n"
	"                known already; notices: nothing to keep; skipped: calls that only read.\n"
	"                No time: not finished.\n"
	"  refused.tsv   file: its name in refused/, where at most 1 MiB of it is kept.\n"
	"  sources.tsv   looked: when this was noted. success: when AWS last gave what was asked for;\n"
	"                lagSeconds from there to looked. failures: in a row, reason: of the last;\n"
	"                errors: ever. newest: when the newest of what came of it was made.\n";

static void put_span(struct buf *out, const char *what, int64_t first_ms, int64_t last_ms)
{
	char first[TIMESTAMP_ISO_SIZE];
	char last[TIMESTAMP_ISO_SIZE];

	if (first_ms < 0 || last_ms < 0)
		return;
	timestamp_format(first_ms, first);
	timestamp_format(last_ms, last);
	buf_printf(out, "  %s from %s to %s\n", what, first, last);
}

static void put_totals(struct buf *out, const struct render_readme *r)
{
	buf_put_text(out, "\nIN THIS HISTORY\n\n");
	buf_printf(out,
		   "  %" PRIu64 " resources, %" PRIu64 " states, %" PRIu64
		   " events, %" PRIu64 " alarm transitions\n",
		   r->resources, r->states, r->events, r->transitions);
	put_span(out, "states", r->item_first_ms, r->item_last_ms);
	put_span(out, "events", r->event_first_ms, r->event_last_ms);
}

/* The path between single quotes: a quote in it is written as '\''. */
static void put_quoted(struct buf *out, struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '\'')
			buf_put_text(out, "'\\''");
		else
			buf_put_char(out, path.p[i]);
	}
}

/* The names of its time that the sessions use. */
struct example_time {
	char day[TIMESTAMP_ISO_SIZE], path[TIMESTAMP_ISO_SIZE], hour[TIMESTAMP_ISO_SIZE];
	char from[TIMESTAMP_ISO_SIZE], to[TIMESTAMP_ISO_SIZE];
};

#define HOUR_MS INT64_C(3600000)

static void name_times(int64_t ms, struct example_time *ret)
{
	timestamp_format(ms, ret->day);
	timestamp_format(ms, ret->hour);
	timestamp_format(ms, ret->from);
	timestamp_format(ms + 2 * HOUR_MS, ret->to);
	ret->day[strlen("2024-05-02")] = '\0';
	memcpy(ret->path, ret->day, sizeof(ret->path));
	ret->path[strlen("2024")] = ret->path[strlen("2024-05")] = '/';
	ret->hour[strlen("2024-05-02T11")] = '\0';
	memcpy(ret->from + strlen("2024-05-02T11"), ":00Z", sizeof(":00Z"));
	memcpy(ret->to + strlen("2024-05-02T11"), ":00Z", sizeof(":00Z"));
}

static void put_sessions(struct buf *out, const struct render_readme *r)
{
	bool any = r->example.n > 0;
	struct str path = any ? r->example : STR("resources/ACCOUNT/REGION/TYPE/ID");
	struct example_time t;

	name_times(any ? r->example_ms : INT64_C(1714649412000), &t);
	for (const char *c = sessions; *c; c++) {
		if (*c != '@') {
			buf_put_char(out, *c);
			continue;
		}
		switch (*++c) {
		case 'R':
			put_quoted(out, path);
			break;
		case 'I':
			put_quoted(out, any ? r->example_id : STR("ID"));
			break;
		case 'D':
			buf_put_text(out, t.day);
			break;
		case 'P':
			buf_put_text(out, t.path);
			break;
		case 'H':
			buf_put_text(out, t.hour);
			break;
		case 'F':
			buf_put_text(out, t.from);
			break;
		default:
			buf_put_text(out, t.to);
			break;
		}
	}
}

void render_readme(struct buf *out, const struct render_readme *r)
{
	buf_put_text(out, intro);
	if (r->moved)
		buf_printf(out, "\nTHIS IS NOT THE HISTORY FILE ANY MORE: %s.\n",
			   r->moved);
	put_totals(out, r);
	buf_put_text(out, layout);
	put_sessions(out, r);
	buf_put_text(out, names);
	buf_put_text(out, formats);
	buf_put_text(out, tables);
}
