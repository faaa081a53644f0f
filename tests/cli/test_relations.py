# SPDX-License-Identifier: Apache-2.0
"""Relationships in both directions and blame, against an oracle that reads the files themselves."""
import collections
import datetime
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

from support import ACCOUNT, REGION, Case, event, history_file, item, trail_file

DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_history"
HEADER = "relation\tdirection\ttype\tid\tname\tsince\tuntil\tpath"
BLAME = "pointer\tvalue\tsince\tprincipal\tevent\tevent_id\tevent_time\treason"
AT = "source_type\tsource_id\trelation\ttarget_type\ttarget_id\ttarget_name\tsince\ttarget"
ACCOUNT_OF_DEMO = "111122223333"
UNTOLD = ("relationships", "tags", "supplementaryConfiguration")
RECORDING = {"configurationItemCaptureTime", "configurationItemDeliveryTime",
             "configurationItemVersion", "configurationStateId", "configurationStateMd5Hash",
             "recordingFrequency", "relatedEvents", "configurationItemStatus"}


def milliseconds(text):
    """ISO with milliseconds, from whatever precision the item has."""
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def resource_path(account, region, type_, rid):
    return "/".join(["resources", account, region, *type_.split("::"),
                     rid.replace("%", "%25").replace("/", "%2F")])


def find_items(value):
    """Every configuration item in a document, whatever it came in."""
    if isinstance(value, dict):
        if "configurationItemCaptureTime" in value and "resourceType" in value:
            yield value
            return
        for inner in value.values():
            yield from find_items(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_items(inner)
    elif isinstance(value, str) and "configurationItemCaptureTime" in value:
        yield from find_items(json.loads(value))


def read_items(folder):
    """{(account, region, type, id): {(time, state id): item}}, the telling copy of each state."""
    estate = collections.defaultdict(dict)
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "/Config" not in str(path) or path.stat().st_size == 0:
            continue
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
        documents = [json.loads(text)] if not path.name.endswith("jsonl.gz") else [
            json.loads(line) for line in text.splitlines()]
        for found in find_items(documents):
            key = (found["awsAccountId"], found["awsRegion"], found["resourceType"],
                   found["resourceId"])
            state = (milliseconds(found["configurationItemCaptureTime"]),
                     str(found.get("configurationStateId")))
            kept = estate[key].get(state)
            if not kept or len(json.dumps(found)) > len(json.dumps(kept)):
                estate[key][state] = found
    return estate


def spans(states):
    """What a resource's states name: [(what, type, id, name, since, until)]."""
    done, open_ = [], {}
    for (time, _), state in sorted(states.items()):
        gone = state["configurationItemStatus"].startswith("ResourceDeleted")
        named = state.get("relationships")
        if named is None and not gone:
            continue
        now = {}
        for r in [] if gone else named:
            rid, name = r.get("resourceId") or "", r.get("resourceName") or ""
            if rid or name:
                what = (r.get("relationshipName") or r.get("name")).strip()
                now[what, r["resourceType"], rid, "" if rid else name] = name
        for key in [k for k in open_ if k not in now]:
            name, since = open_.pop(key)
            done.append((*key[:3], name, since, time))
        for key, name in now.items():
            before, since = open_.get(key, ("", time))
            open_[key] = (name or before, since)
    return done + [(*key[:3], name, since, "-") for key, (name, since) in open_.items()]


class Oracle:
    def __init__(self, folder):
        self.estate = read_items(folder)
        self.called = collections.defaultdict(set)
        for key, states in self.estate.items():
            for state in states.values():
                for text in (key[3], state.get("resourceName"), state.get("ARN")):
                    if text:
                        self.called[key[0], key[2], text].add(key)

    def target(self, source, type_, reference):
        """The resource meant: that of the id before one of the name, the region before global."""
        fit = [k for k in self.called[source[0], type_, reference]
               if k[1] in (source[1], "global") or reference.startswith("arn:")]
        fit.sort(key=lambda k: (k[3] != reference, k[1] != source[1], k[1] != "global", k[3]))
        return fit[0] if fit else None

    def lines(self):
        """{path of a resource: its lines, in no order}."""
        lines = {resource_path(*key): [] for key in self.estate}
        for source, states in self.estate.items():
            own = [s.get("resourceName") for _, s in sorted(states.items())]
            own = ([n for n in own if n] or ["-"])[-1]
            for what, type_, rid, name, since, until in spans(states):
                target = self.target(source, type_, rid or name)
                path = resource_path(*target) if target else "- dangling"
                lines[resource_path(*source)].append(
                    "\t".join((what, "out", type_, rid or "-", name or "-", since, until, path)))
                if target:
                    lines[path].append("\t".join((what, "in", source[2], source[3], own, since,
                                                  until, resource_path(*source))))
        return lines

    def at(self, account, region, time):
        """The lines of a region's file at a moment, in their order."""
        lines = []
        for source, states in sorted(self.estate.items(), key=lambda kv: (kv[0][2], kv[0][3])):
            own = [s for s in sorted(spans(states), key=lambda s: (s[4], *s[:4]))
                   if s[4] <= time and (s[5] == "-" or s[5] > time)]
            for what, type_, rid, name, since, _ in own if source[:2] == (account, region) else []:
                known = "known" if self.target(source, type_, rid or name) else "dangling"
                lines.append("\t".join((source[2], source[3], what, type_, rid or "-", name or "-",
                                        since, known)))
        return lines


class Files(Case):
    def files(self, paths, header):
        """The lines of several files below their headers."""
        text = ""
        for at in range(0, len(paths), 200):
            text += self.cat(*paths[at:at + 200])
        parts = text.split(header + "\n")
        self.assertEqual(parts[0], "")
        self.assertEqual(len(parts) - 1, len(paths))
        return {path: part.splitlines() for path, part in zip(paths, parts[1:])}

    def assert_sizes(self):
        """What ls says of the length of each of our files is how much cat gives."""
        lines = self.run_program("ls", "-lR", self.history, "/resources")[0].splitlines()
        sizes = {}
        for line in lines:
            kind, size, _, path = line.split(None, 3)
            if kind == "-" and path.endswith(("/blame", "/relationships.tsv")):
                sizes[path] = int(size)
        self.assertGreater(len(sizes), 1)
        paths = sorted(sizes)
        for header, ending in ((HEADER, "/relationships.tsv"), (BLAME, "/blame")):
            ours = [p for p in paths if p.endswith(ending)]
            for path, rows in self.files(ours, header).items():
                length = len((header + "\n").encode()) + sum(len(r.encode()) + 1 for r in rows)
                self.assertEqual(sizes[path], length, path)

    def relations(self, path):
        return self.files([path + "/relationships.tsv"], HEADER)[path + "/relationships.tsv"]

    def blame(self, path):
        rows = self.files([path + "/blame"], BLAME)[path + "/blame"]
        return {row.split("\t")[0]: row.split("\t")[1:] for row in rows}


class Demo(Files):
    """One history for all, which each only reads."""

    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory(prefix="driftfs-cli-")
        cls.addClassCleanup(home.cleanup)
        cls.demo, cls.imported = pathlib.Path(home.name, "demo"), pathlib.Path(home.name, "h.db")
        subprocess.run([sys.executable, DEMO, "--out", cls.demo, "--seed", "11", "--months", "2",
                        "--items", "1200", "--events", "2500", "--accounts", "2", "--regions",
                        "2"], check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        self.history = self.imported
        if not self.history.exists():
            self.import_(self.demo)

    def resources(self):
        out = self.run_program("ls", "-R", self.history, "/resources")[0].splitlines()
        return sorted({p.rpartition("/")[0].lstrip("/") for p in out if p.endswith("/blame")})

    def of_each(self, paths):
        """What files() has of the relationships and the blame of each."""
        return [self.files([f"{p}/{name}" for p in paths], header)
                for name, header in (("relationships.tsv", HEADER), ("blame", BLAME))]

    def check_relations(self, paths):
        expected = Oracle(self.demo).lines()
        self.assertEqual(set(expected), set(paths))
        files = self.files([p + "/relationships.tsv" for p in paths], HEADER)
        for path in paths:
            rows = files[path + "/relationships.tsv"]
            self.assertEqual(collections.Counter(rows), collections.Counter(expected[path]), path)
            order = [(r[5], r[0], r[2], r[3]) for r in (row.split("\t") for row in rows)]
            self.assertEqual(order, sorted(order), path)
        both = sum(len(rows) for rows in expected.values())
        self.assertGreater(both, 200)

    def test_the_oracle_agrees(self):
        paths = self.resources()
        self.check_relations(paths)
        self.assert_sizes()
        self.check_blame(paths)

    def test_the_order_of_arrival_tells_nothing(self):
        paths = self.resources()[::7]
        forward = self.of_each(paths)
        self.history = self.folder / "backward.db"
        files = sorted((p for p in self.demo.rglob("*") if p.is_file()), reverse=True)
        for at in range(0, len(files), len(files) // 6):
            self.import_(*files[at:at + len(files) // 6])
        self.assertEqual(forward, self.of_each(paths))
        self.assert_sizes()

    def test_a_region_at_a_moment(self):
        oracle, seen = Oracle(self.demo), 0
        for account, region in sorted({key[:2] for key in oracle.estate}):
            for time in ("2024-03-01T12:00:00.000Z", "2024-03-15T10:40:00.000Z",
                         "2024-04-07T03:00:00.000Z", "2024-12-31T00:00:00.000Z"):
                folder = f"at/{time}/{account}/{region}"
                expected = oracle.at(account, region, time)
                files = self.run_program("ls", "-l", self.history, folder, status=None)[0]
                if not files:
                    self.assertEqual(expected, [], folder)
                    continue
                size = [line.split()[1] for line in files.splitlines()
                        if line.endswith(" relationships.tsv")]
                text = self.cat(f"{folder}/relationships.tsv")
                self.assertEqual(size, [str(len(text.encode()))], folder)
                self.assertEqual(text.splitlines()[1:], expected, folder)
                self.assertEqual(text.splitlines()[0], AT)
                seen += len(expected)
        self.assertGreater(seen, 200)
        self.assertNotIn("relationships.tsv", self.ls(f"at/2024-04-07/{ACCOUNT_OF_DEMO}"))

    # --- blame ---------------------------------------------------------------------------------

    def trees(self, paths):
        """All states of each, oldest first: {path: [tree]}."""
        names = {path: [] for path in paths}
        for line in self.ls_all(paths):
            path, _, name = line.rpartition("/")
            if path in names and name[:1].isdigit():
                names[path].append(line)
        decoder = json.JSONDecoder()
        text, at = self.cat(*(name for path in paths for name in names[path])), 0
        for path in paths:
            for i in range(len(names[path])):
                names[path][i], at = decoder.raw_decode(text, at)
                at += len(text) > at  # behind its newline
        self.assertEqual(at, len(text))
        return names

    def ls_all(self, paths):
        return self.run_program("ls", "-R", self.history, *paths)[0].splitlines()

    def life(self, trees):
        """The states of the present life, oldest first: [(time, tree)]; [] when it is deleted."""
        life, told, tree = [], {}, None
        for tree in trees:
            if tree["configurationItemStatus"].startswith("ResourceDeleted"):
                life, told = [], {}
                continue
            for key in UNTOLD:
                told[key] = tree[key] if tree[key] is not None else told.get(key)
                tree[key] = told[key]
            life.append((tree["configurationItemCaptureTime"], prune(tree)))
        return life if tree is not None and not tree["configurationItemStatus"].startswith(
            "ResourceDeleted") else []

    def check_blame(self, paths):
        files = self.files([p + "/blame" for p in paths], BLAME)
        changed, trees = 0, self.trees(paths[::5])
        for path in paths[::5]:
            rows = [r.split("\t") for r in files[path + "/blame"]]
            life = self.life(trees[path])
            if not life:
                self.assertEqual([r[0] for r in rows], ["/configurationItemStatus"], path)
                continue
            newest = life[-1][1]
            leaves = list(leaves_of(newest, ()))
            self.assertEqual([r[0] for r in rows], [pointer(keys) for keys, _ in leaves], path)
            for row, (keys, _) in zip(rows, leaves):
                low, high = bounds(life, keys)
                self.assertTrue(low <= row[2] <= high, (path, row, low, high))
                changed += row[2] > life[0][0]
        self.assertGreater(changed, 100)


def prune(value):
    """Without null members, which are as good as none, and what tells of the recording."""
    tree = without_nulls(value)
    return {k: v for k, v in tree.items() if k not in RECORDING}


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(v) for v in value]
    return value


def leaves_of(value, keys):
    if isinstance(value, dict) and value:
        for key in sorted(value, key=str.encode):
            yield from leaves_of(value[key], (*keys, key))
    elif isinstance(value, list) and value:
        for i, inner in enumerate(value):
            yield from leaves_of(inner, (*keys, i))
    else:
        yield keys, value


def pointer(keys):
    return "".join("/" + str(k).replace("~", "~0").replace("/", "~1") for k in keys)


def reach(value, keys):
    """All values there, with any index for that of a list: where elements stand says nothing."""
    found = [value]
    for key in keys:
        if isinstance(key, int):
            found = [inner for v in found if isinstance(v, list) for inner in v]
        else:
            found = [v[key] for v in found if isinstance(v, dict) and key in v]
    return found


def sorted_text(value):
    """Lists in any order are equal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{sorted_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted(map(sorted_text, value))) + "]"
    return json.dumps(value)


def run_start(life, keys):
    """Since when, without a gap, something like the newest value is there."""
    at = life[-1][1]
    for key in keys:
        at = at[key]
    wanted, since = sorted_text(at), life[-1][0]
    for time, tree in reversed(life):
        if wanted not in map(sorted_text, reach(tree, keys)):
            break
        since = time
    return since


def bounds(life, keys):
    """
    The leaf is at most as old as its value is there, and at least as old as the element of the
    outermost list it is in is there as a whole. Outside lists both are one.
    """
    outer = min((i for i, k in enumerate(keys) if isinstance(k, int)), default=None)
    low = run_start(life, keys)
    return low, low if outer is None else run_start(life, keys[:outer + 1])


def relation(rid, type_="AWS::EC2::VPC", what="Is contained in Vpc", **more):
    return {"resourceType": type_, "resourceId": rid, "name": what, **more}


def place(rid, type_="AWS::EC2::SecurityGroup", region=REGION):
    return resource_path(ACCOUNT, region, type_, rid)


DAY = ["2024-05-%02dT10:00:00.000Z" % day for day in range(1, 20)]


class Crafted(Files):
    def take_in(self, *items):
        self.import_(self.write(f"in/{len(list(self.folder.rglob('*')))}.json",
                                history_file(items)))
        self.assert_sizes()

    def test_a_dangling_one_finds_its_target_later(self):
        self.take_in(item("sg-1", DAY[1], relationships=[relation("vpc-9")]))
        self.assertEqual(self.relations(place("sg-1")), [
            f"Is contained in Vpc\tout\tAWS::EC2::VPC\tvpc-9\t-\t{DAY[1]}\t-\t- dangling"])
        self.take_in(item("vpc-9", DAY[4], "AWS::EC2::VPC"))
        self.assertEqual(self.relations(place("sg-1")), [
            f"Is contained in Vpc\tout\tAWS::EC2::VPC\tvpc-9\t-\t{DAY[1]}\t-\t"
            + place("vpc-9", "AWS::EC2::VPC")])
        self.assertEqual(self.relations(place("vpc-9", "AWS::EC2::VPC")), [
            f"Is contained in Vpc\tin\tAWS::EC2::SecurityGroup\tsg-1\t-\t{DAY[1]}\t-\t"
            + place("sg-1")])

    def test_by_name_by_arn_and_not_abroad(self):
        arn = f"arn:aws:iam::{ACCOUNT}:role/app"
        role = item("AROA1", DAY[1], "AWS::IAM::Role", resourceName="app", ARN=arn,
                    awsRegion="global")
        self.take_in(
            item("fn", DAY[2], "AWS::Lambda::Function", resourceName="the fn", relationships=[
                relation(None, "AWS::IAM::Role", "Is associated with ", resourceName="app"),
                relation(arn, "AWS::IAM::Role", "Assumes"), relation("vpc-1")]),
            item("vpc-1", DAY[1], "AWS::EC2::VPC", awsRegion="eu-west-1"))
        paths = [row.split("\t")[-1] for row in self.relations(place("fn", "AWS::Lambda::Function"))]
        self.assertEqual(paths, ["- dangling"] * 3)
        self.take_in(role)
        role_path = place("AROA1", "AWS::IAM::Role", "global")
        paths = [row.split("\t")[-1] for row in self.relations(place("fn", "AWS::Lambda::Function"))]
        self.assertEqual(paths, [role_path, role_path, "- dangling"])
        rows = [row.split("\t") for row in self.relations(role_path)]
        self.assertEqual([r[:5] for r in rows], [
            ["Assumes", "in", "AWS::Lambda::Function", "fn", "the fn"],
            ["Is associated with", "in", "AWS::Lambda::Function", "fn", "the fn"]])
        # Its name goes to another; the id before the name, the region before global.
        self.take_in(item("app", DAY[3], "AWS::IAM::Role", awsRegion="global"))
        self.assertEqual(len(self.relations(role_path)), 1)
        self.assertEqual(len(self.relations(place("app", "AWS::IAM::Role", "global"))), 1)

    def test_spans(self):
        one, two = relation("vpc-1"), relation("vpc-2", resourceName="two")
        own = "AWS::EC2::SecurityGroup"
        self.take_in(
            item("sg-1", DAY[1], relationships=[one, one]), item("sg-1", DAY[2], relationships=None),
            item("sg-1", DAY[3], relationships=[two, one]), item("sg-1", DAY[4], relationships=[two]),
            item("sg-1", DAY[6], relationships=[one, relation("sg-1", own, "Refers to")]),
            item("sg-1", DAY[9], relationships=[], configuration=None,
                 configurationItemStatus="ResourceDeleted"))
        expected = [("Is contained in Vpc", "out", "vpc-1", "-", DAY[1], DAY[4]),
                    ("Is contained in Vpc", "out", "vpc-2", "two", DAY[3], DAY[6]),
                    ("Is contained in Vpc", "out", "vpc-1", "-", DAY[6], DAY[9]),
                    ("Refers to", "out", "sg-1", "-", DAY[6], DAY[9]),
                    ("Refers to", "in", "sg-1", "-", DAY[6], DAY[9])]
        rows = [row.split("\t") for row in self.relations(place("sg-1"))]
        self.assertEqual([(r[0], r[1], r[3], r[4], r[5], r[6]) for r in rows], expected)
        # An older file says that it was so before, and that it was not so in between.
        self.take_in(item("sg-1", DAY[0], relationships=[one]),
                     item("sg-1", DAY[5], relationships=[]))
        rows = [row.split("\t") for row in self.relations(place("sg-1"))]
        self.assertEqual(rows[0][5], DAY[0])
        self.assertEqual(rows[1][5:7], [DAY[3], DAY[5]])

    def test_what_is_in_the_data_stays_in_its_field(self):
        self.take_in(item("sg\t1", DAY[1], relationships=[
            relation("a\tb\nc\x1b[2J", resourceName="\u202eevil", what="x\ty")],
            tags={"a\tb": "c\nd"}))
        rows = self.relations(place("sg%091").replace("%2509", "%09"))
        self.assertEqual(rows, [f"x\\u0009y\tout\tAWS::EC2::VPC\ta\\u0009b\\u000ac\\u001b[2J\t"
                                f"\\u202eevil\t{DAY[1]}\t-\t- dangling"])
        blame = self.blame(place("sg%091").replace("%2509", "%09"))
        self.assertEqual(blame["/tags/a\\u0009b"][0], '"c\\nd"')

    def test_a_file_name_that_changes(self):
        """A type's folder takes the name of a resource, which gets another one."""
        self.take_in(item("Thing", DAY[1], "AWS::EC2", relationships=[
            relation("sg-1", "AWS::EC2::SecurityGroup", "Has")]), item("sg-1", DAY[1]),
            item("sg-2", DAY[1], relationships=[relation("Thing", "AWS::EC2", "Is in")]))
        self.assertEqual(self.relations(place("sg-1"))[0].split("\t")[-1], place("Thing", "AWS::EC2"))
        self.take_in(item("t-1", DAY[2], "AWS::EC2::Thing"))
        for group in ("sg-1", "sg-2"):
            path = self.relations(place(group))[0].split("\t")[-1]
            self.assertTrue(path.startswith(place("Thing", "AWS::EC2") + "~"), path)
            self.assertEqual(len(self.relations(path)), 2)

    # --- blame ---------------------------------------------------------------------------------

    def rule(self, port, **more):
        return {"ipProtocol": "tcp", "fromPort": port, "toPort": port, **more}

    def test_an_element_keeps_its_own(self):
        def group(day, *rules, **more):
            return item("sg-1", DAY[day], configuration={"groupId": "sg-1", "ipPermissions": rules},
                        **more)
        self.write("trail.json", trail_file([
            event(1, "AuthorizeSecurityGroupIngress", DAY[2][:10] + "T09:58:00Z",
                  requestParameters={"groupId": "sg-1", "fromPort": 22})]))
        self.import_("trail.json")
        self.take_in(
            group(1, self.rule(443)), group(2, self.rule(22), self.rule(443)),
            group(3, self.rule(443), self.rule(22), tags=None),
            group(4, self.rule(80), self.rule(443), self.rule(22, note="late"), tags={"a": "b"}))
        blame = self.blame(place("sg-1"))
        at = {name: row[1] for name, row in blame.items()}
        rules = "/configuration/ipPermissions/"
        self.assertEqual(at[rules + "0/fromPort"], DAY[4])
        self.assertEqual(at[rules + "1/fromPort"], DAY[1])
        self.assertEqual(at[rules + "2/fromPort"], DAY[2])
        self.assertEqual(at[rules + "2/note"], DAY[4])
        self.assertEqual(at["/tags/a"], DAY[4])
        self.assertEqual(at["/configuration/groupId"], DAY[1])
        self.assertEqual(blame[rules + "2/fromPort"],
                         ["22", DAY[2], "user/alice", "AuthorizeSecurityGroupIngress",
                          event(1)["eventID"], DAY[2][:10] + "T09:58:00.000Z", "-"])
        self.assertIn("no CloudTrail events", blame["/configuration/groupId"][-1])
        self.assertFalse(RECORDING & {name[1:] for name in blame})

    def test_a_list_that_was_emptied_and_a_new_life(self):
        self.take_in(item("sg-1", DAY[1], configuration={"list": [1, 2], "same": True}),
                     item("sg-1", DAY[2], configuration={"list": [1], "same": True}),
                     item("sg-1", DAY[3], configuration={"list": [], "same": True}))
        blame = self.blame(place("sg-1"))
        self.assertEqual(blame["/configuration/list"][:2], ["[]", DAY[3]])
        self.assertEqual(blame["/configuration/same"][:2], ["true", DAY[1]])
        self.write("trail.json", trail_file([
            event(7, "DeleteSecurityGroup", DAY[4][:10] + "T09:59:00Z")]))
        self.import_("trail.json")
        self.take_in(item("sg-1", DAY[4], configuration=None,
                          configurationItemStatus="ResourceDeleted"))
        blame = self.blame(place("sg-1"))
        self.assertEqual(list(blame), ["/configurationItemStatus"])
        self.assertEqual(blame["/configurationItemStatus"][:4],
                         ['"ResourceDeleted"', DAY[4], "user/alice", "DeleteSecurityGroup"])
        self.take_in(item("sg-1", DAY[6], configuration={"list": [], "same": True}))
        self.assertEqual({row[1] for row in self.blame(place("sg-1")).values()}, {DAY[6]})
