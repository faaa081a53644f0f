# SPDX-License-Identifier: Apache-2.0
"""by-id, by-name, by-arn, by-tag against a plain scan of the files that were imported."""
import gzip
import json
import os
import pathlib
import subprocess
import sys

from support import Case, history_file, item

DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_history"
WAYS = ("by-id", "by-name", "by-arn", "by-tag")


def escape(text):
    """A file name of an id; none here is too long for one."""
    out = "".join(f"%{ord(c):02X}" if ord(c) < 0x20 or c in "/%\x7f" else c for c in text)
    return "%" if not out else "%2E" + out[1:] if out[0] == "." else out


def documents(value):
    """The value and the JSON that is in its strings, such as a notification's message."""
    yield value
    for text in ([value.get(key) for key in ("Message", "body", "Body")]
                 if isinstance(value, dict) else []):
        if isinstance(text, str) and text.startswith("{"):
            yield from documents(json.loads(text))


def items_in(value):
    """Every configuration item, in whatever stands around it."""
    if isinstance(value, list):
        for one in value:
            yield from items_in(one)
    elif isinstance(value, dict):
        if "configurationItemCaptureTime" in value and "resourceId" in value:
            yield value
            return
        for key, one in value.items():
            if key == "Records" and isinstance(one, list) and one and "eventName" in one[0]:
                return
            yield from items_in(one)


def raw_items(folder):
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
        try:
            values = [json.loads(text)]
        except ValueError:
            values = []
            for line in text.splitlines():
                try:
                    values.append(json.loads(line))
                except ValueError:
                    break
        for value in values:
            for document in documents(value):
                yield from items_in(document)


def expected(items):
    """{way/NAME: the paths of the resources that were ever called so}"""
    found = {}
    for one in items:
        region = "global" if one["resourceType"].startswith("AWS::IAM::") else one["awsRegion"]
        path = "/".join(["resources", one["awsAccountId"], region,
                         *map(escape, one["resourceType"].split("::")), escape(one["resourceId"])])
        tags = one.get("tags") or {}
        names = {"by-id/" + escape(one["resourceId"])}
        names |= {f"{way}/{escape(one[key])}" for way, key in (("by-name", "resourceName"),
                                                              ("by-arn", "ARN")) if one.get(key)}
        names |= {f"by-tag/{escape(key)}/{escape(value)}" for key, value in tags.items()}
        for name in names:
            found.setdefault(name, set()).add(path)
    return found


class Names(Case):
    def links(self):
        """{way/NAME: the paths its links lead to}, and the links' own paths."""
        found, places = {}, []
        for way in WAYS:
            for line in self.run_program("ls", "-lR", self.history, way)[0].split("\n")[:-1]:
                kind, size, _, rest = line.split(maxsplit=3)
                if kind != "l":
                    continue
                path, target = rest.split(" -> ")
                self.assertEqual(int(size), len(target.encode()), line)
                parts = path.split("/")
                name = "/".join(parts[:3] if way == "by-tag" else parts[:2])
                leads = os.path.normpath(os.path.join(os.path.dirname(path), target))
                self.assertNotIn(leads, found.setdefault(name, set()), line)
                found[name].add(leads)
                places.append(path)
                if len(parts) == (4 if way == "by-tag" else 3):
                    self.assertEqual("resources/" + parts[-1].replace(",", "/").replace("%2C", ","),
                                     leads)
        return found, places

    def check(self, folder):
        want = expected(raw_items(folder))
        got, places = self.links()
        self.assertEqual(sorted(got), sorted(want))
        for name, paths in want.items():
            self.assertEqual(got[name], paths, name)
        self.assertEqual(len(set(places)), len(places))
        there = set(self.run_program("ls", "-R", self.history, "resources")[0].split("\n"))
        self.assertLessEqual(set().union(*got.values()), there)
        return want

    def test_generated(self):
        subprocess.run([sys.executable, DEMO, "--out", "demo", "--items", "600", "--events", "600"],
                       cwd=self.folder, check=True, capture_output=True, timeout=300)
        self.import_("demo", status=None)
        want = self.check(self.folder / "demo")
        self.assertGreater(sum(len(paths) > 1 for paths in want.values()), 5)
        self.assertGreater(len(want), 200)

    def names_of(self, *items):
        folder = self.folder / "made"
        self.write(f"made/{len(list(folder.glob('*')))}.json", history_file(items))
        self.import_("made")
        return self.check(folder)

    def test_what_was_and_is(self):
        """Renamed, tagged anew, deleted: found by all it was called; in any order of import."""
        arn = "arn:aws:iam::123456789012:role/"
        self.names_of(item("sg-1", resourceName="old", tags={"env": "dev", "a/b": "", ".x": "%"}),
                      item("AROA1", type_="AWS::IAM::Role", awsRegion="global", ARN=arn + "path/Admin"),
                      item("AROA2", type_="AWS::IAM::Role", awsRegion="global", ARN=arn + "Reader"))
        self.names_of(item("sg-1", time="2024-05-02T00:00:00.000Z", resourceName="new",
                           tags={"env": "prod"}, ARN=f"{arn}moved"),
                      item("sg-2", resourceName="old", tags={"env": "prod"}),
                      item("sg-1", type_="AWS::EC2::Other,Type", resourceName="a,b"))
        want = self.names_of(item("sg-1", time="2024-05-03T00:00:00.000Z", resourceName=None, ARN=None,
                                  configuration=None, configurationItemStatus="ResourceDeleted"),
                             item("x,y", resourceName="a,b"))
        self.assertEqual(len(want["by-name/old"]), 2)
        self.assertEqual(len(want["by-tag/env/prod"]), 2)
        self.assertEqual(len(want["by-id/sg-1"]), 2)

    def test_spellings(self):
        role = "arn:aws:iam::123456789012:role/path/Admin"
        self.write("in.json", history_file([
            item("AROA1", type_="AWS::IAM::Role", awsRegion="global", ARN=role, tags={"a%b": "c/d"}),
            item("/aws/lambda/x", type_="AWS::Logs::LogGroup", resourceName="/aws/lambda/x"),
            item("x" * 3000, ARN="arn:" + "y/" * 300 + "z", resourceName="n" * 250 + "/%")]))
        self.import_("in.json")
        there = f"{self.ls('resources/123456789012/global/AWS/IAM/Role/AROA1')}"
        for path in (f"by-arn/{role}", "by-arn/" + role.replace("/", "%2F"),
                     "by-arn/" + role.replace("/", "%2f"), "by-arn/" + role.replace(":", "%3A"),
                     "by-arn/arn:aws:iam::123456789012:role/path%2FAdmin", "by-id/%41ROA1",
                     "by-tag/a%b/c%2fd/123456789012,global,AWS,IAM,Role,AROA1",
                     "by-tag/a%25b/c%2Fd/123456789012,global,AWS,IAM,Role,AROA1"):
            self.assertEqual(f"{self.ls(path + '/.')}", there, path)
        group = self.ls("resources/123456789012/us-east-1/AWS/Logs/LogGroup/%2Faws%2Flambda%2Fx")
        for way in ("by-id", "by-name"):
            for name in ("%2Faws%2Flambda%2Fx", "/aws/lambda/x", "aws/lambda/x", "aws%2Flambda%2Fx",
                         "aws/lambda%2Fx"):
                self.assertEqual(self.ls(f"{way}/{name}/."), group, name)
        for way in WAYS[:3]:
            for name in self.ls(way):
                self.assertIn("latest.json", self.ls(f"{way}/{name}/."), name)
        for path in ("by-arn/arn:aws:iam::123456789012:role/Admin", "by-arn/arn:aws:iam",
                     "by-arn/arn:aws:iam::123456789012:role/pat", "by-id/aws/lambda/y", "by-id/%",
                     "by-id/sg-1%zz", "by-tag/a/b", "by-name/" + "m" * 250, "by-arn/" + "y" * 255):
            self.ls(path, status=1)
        self.assertEqual(self.ls("by-arn/arn:aws:iam::123456789012:role/path"), [])
