/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The page in at/, which seems empty but for it. It must say so first, and then let one copy.
 */

#include "render/readme_at.h"

static const char page[] =
	"at/TIME/ is the whole estate as it was at that moment\n"
	"\n"
	"Moments are not listed here: there is one for every millisecond. Name the one you want.\n"
	"\n"
	"  at/2024-05-01                 its midnight, UTC; 20240501 is the same\n"
	"  at/2024-05-01T10:15Z          also with seconds, a fraction, any offset (+02:00),\n"
	"                                without colons (20240501T101500Z)\n"
	"  at/2024-05-01T101500.123Z     as the states in resources/ are named\n"
	"  at/1714558500                 seconds since 1970; 13 digits are milliseconds\n"
	"  at/now                        the newest state of everything; follows each import\n"
	"  at/yesterday                  24 hours ago\n"
	"  at/-2h                        so long ago: s, m, h, d, w\n"
	"\n"
	"Anything else does not exist. What counts from the present begins with its minute (-45s with\n"
	"its second): in a walk that may last longer, name the time itself.\n"
	"\n"
	"BENEATH A MOMENT\n"
	"\n"
	"  ACCOUNT/REGION/TYPE/ID.json   each resource that existed then: the newest state that was\n"
	"                                recorded at or before TIME, the same bytes as in resources/\n"
	"  inventory.csv                 one line a resource: accountId, awsRegion, resourceType,\n"
	"                                resourceId, resourceName, ARN, captureTime, status,\n"
	"                                createdTime, tags (as JSON)\n"
	"  inventory.jsonl               the same, one JSON object a line\n"
	"  snapshot.json                 AWS Config's ConfigSnapshot file; `driftfs import` takes it;\n"
	"                                its id follows from what is in it\n"
	"  ACCOUNT/REGION/relationships.tsv   every relationship of a region then; target: known, or\n"
	"                                dangling when this history has no such resource at all\n"
	"\n"
	"Inventories and snapshot are at the moment itself and in each ACCOUNT and REGION. What was\n"
	"deleted by then is not there, what was rediscovered later is there again, what was never\n"
	"recorded is unknown. A file's time is that of its state; a directory's that of the newest state\n"
	"beneath it, or TIME if there are newer ones. There are no symbolic links. A directory whose\n"
	"name ends in .json, .jsonl, .csv or .tsv has %2E for that dot.\n"
	"\n"
	"SESSIONS TO COPY   (from the directory above this one)\n"
	"\n"
	"  What changed in two hours, everywhere?\n"
	"      diff -r at/2024-05-01T09:00Z at/2024-05-01T11:00Z\n"
	"\n"
	"  The same, each change once: without the inventories, which tell it again\n"
	"      diff -r -x 'inventory.*' -x snapshot.json at/2024-05-01T09:00Z at/2024-05-01T11:00Z\n"
	"\n"
	"  What was open to the world yesterday?\n"
	"      grep -rl '0\\.0\\.0\\.0/0' at/yesterday/*/*/AWS/EC2/SecurityGroup\n"
	"\n"
	"  How many of what?\n"
	"      cut -d, -f3 at/now/inventory.csv | sort | uniq -c | sort -rn\n"
	"\n"
	"  What was new?\n"
	"      diff <(cut -d, -f1-4 at/-7d/inventory.csv) <(cut -d, -f1-4 at/now/inventory.csv)\n";

void render_readme_at(struct buf *out)
{
	buf_put_text(out, page);
}
