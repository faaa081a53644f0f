# SPDX-License-Identifier: Apache-2.0
"""A whole bucket, with a server that fails; and what of a bucket is asked for at all."""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
from urllib.parse import unquote

from fake_aws import CUT, RESET, STALL, every, status
from support import ACCOUNT, event, trail_file, text_of
from sync_support import SyncCase, config_key, small

OBJECTS = 10000
DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_history"


class Backfill(SyncCase):
    def make_bucket(self):
        """The folder of all objects, in the bucket as well."""
        folder = self.folder / "in"
        subprocess.run([sys.executable, DEMO, "--out", folder, "--items", "1000", "--events",
                        "6000", "--months", "1"], check=True, stdout=subprocess.DEVNULL)
        there = sum(p.is_file() for p in folder.rglob("*"))
        self.assertGreater(there, 1000)
        for n in range(OBJECTS - there):
            path = folder / config_key(n)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(small(n))
        bucket = self.aws.bucket("logs").put_folder(folder)
        self.assertEqual(len(bucket.keys), OBJECTS)
        return folder

    def test_every_tenth_request_fails(self):
        folder = self.make_bucket()
        ways = {"500": status(500, "InternalError"), "SlowDown": status(503, "SlowDown"),
                "cut": CUT, "reset": RESET, "stall": STALL}
        choose, met = every(10, *ways), collections.Counter()

        def fault(rq):
            way = choose(rq)
            met[way, rq.operation] += 1
            return ways.get(way)
        self.aws.fault = fault
        line, err = self.sync("s3://logs/", options=["--timeout", 1])
        self.assertEqual(err, [])
        self.assertIn(f" in {OBJECTS:,} files", line)
        self.assertGreater(self.aws.count("GetObject"), OBJECTS * 1.05)
        for way in ways:
            self.assertGreater(met[way, "GetObject"], OBJECTS // 100, met)
        self.assert_same_as_import(folder)
        self.aws.fault = None
        self.aws.log.clear()
        line, err = self.sync("s3://logs/")
        self.assertEqual((line, err), (f"nothing new, {OBJECTS:,} files unchanged, 0 refused", []))
        self.assertEqual(self.aws.count("GetObject"), 0)


class Connections(SyncCase):
    """They are kept: a handshake for each object would be most of the time."""
    AT_ONCE = 64  # objects under way

    def test_one_for_each_under_way(self):
        for n in range(400):
            self.aws.bucket("logs").put(config_key(n), small(n))
        self.assertEqual(self.sync("s3://logs/")[1], [])
        self.assertEqual(self.aws.count("GetObject"), 400)
        self.assertLessEqual(self.aws.connections, 1 + self.AT_ONCE)

    def test_after_an_error_too(self):
        """An answer of any status leaves one that can be used."""
        for n in range(200):
            self.aws.bucket("logs").put(config_key(n), small(n))
        self.aws.fault = every(4, status(500, "InternalError"))
        self.assertEqual(self.sync("s3://logs/")[1], [])
        self.assertLessEqual(self.aws.connections, 1 + self.AT_ONCE)


class Chosen(SyncCase):
    """Only what is wanted is listed and fetched."""

    def fetched(self):
        return sorted(unquote(rq.raw_path) for what, rq in self.aws.log if what == "GetObject")

    def put_trail(self, day, n):
        key = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{day}/{n}.json.gz"
        self.aws.bucket("logs").put(key, gzip.compress(text_of(trail_file([event(n)]))))
        return "/logs/" + key

    def test_days(self):
        b = self.aws.bucket("logs")
        for n, day in enumerate(("2023/12/31", "2024/4/9", "2024/4/10", "2024/4/30", "2024/5/1")):
            b.put(config_key(n, day=day), small(n))
        old, new = self.put_trail("2024/04/09", 1), self.put_trail("2024/04/10", 2)
        self.sync("s3://logs", options=["--since", "2024-04-10", "--until", "2024-04-30"])
        self.assertEqual(self.fetched(), [new, "/logs/" + config_key(2, day="2024/4/10"),
                                          "/logs/" + config_key(3, day="2024/4/30")])
        after = [rq.query.get("start-after") for what, rq in self.aws.log]
        self.assertIn(old.rpartition("/")[0][6:-2] + "10/", after)
        listed = [rq.query["prefix"] for what, rq in self.aws.log if what == "ListObjectsV2"]
        self.assertFalse([p for p in listed if "/2023/" in p or "2024/4/9" in p], listed)

    def test_accounts_and_regions(self):
        b = self.aws.bucket("logs")
        wanted = []
        for n, (account, region) in enumerate((a, r) for a in ("111111111111", "222222222222")
                                              for r in ("us-east-1", "eu-west-1", "global")):
            key = "o-abc/" + config_key(n, account, region)
            b.put(key, small(n, account))
            if account.startswith("2") and region != "us-east-1":
                wanted.append("/logs/" + key)
        self.sync("s3://logs/o-abc/", options=["--accounts", "222222222222,333333333333",
                                               "--regions", "eu-west-1"])
        self.assertEqual(self.fetched(), sorted(wanted))

    def test_keys_of_every_kind(self):
        b = self.aws.bucket("logs")
        names = ["a b+c%20d", "ünïcode ☃", "tab\tnewline\nend", "q?x=1&y#z", "quote'\"<&>",
                 "dots/../and/./..", "//twice//", "~tilde*(paren)!", "%41%zz%"]
        for n, name in enumerate(names):
            b.put(f"deep/{name}.json", small(n))
        b.put("deep/folder/", b"")
        line, err = self.sync("s3://logs/deep/")
        self.assertEqual(err, [])
        self.assertEqual(self.items(), len(names))
        self.assertEqual(self.sync("s3://logs/deep/")[0],
                         f"nothing new, {len(names)} files unchanged, 0 refused")

    def test_a_changed_object_is_fetched_again(self):
        b = self.aws.bucket("logs")
        b.put("a.json", small(1))
        self.sync("s3://logs")
        b.put("a.json", small(2))
        self.sync("s3://logs")
        self.assertEqual(self.items(), 2)

    def test_the_requester_pays(self):
        self.aws.bucket("logs").put("a.json", small(1))
        self.sync("s3://logs", options=["--request-payer"])
        self.assertEqual({rq.headers.get("x-amz-request-payer") for _, rq in self.aws.log},
                         {"requester"})

    def test_stored_as_gzip_whatever_its_headers_say(self):
        self.aws.bucket("logs").put("a", gzip.compress(small(1))).put("b", b"").put("c.json", small(2))
        self.sync("s3://logs")
        self.assertEqual(self.items(), 2)
        self.assertEqual(json.loads(self.run_program("status", "--json", self.history)[0])["items"], 2)
