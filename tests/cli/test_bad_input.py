# SPDX-License-Identifier: Apache-2.0
"""Input that is broken, hostile or odd: the rest goes in, and what does not is named and kept."""
import gzip
import json
import os
import sqlite3
import subprocess
import zlib

from support import (ACCOUNT, DONE, FAILED, REFUSED, REGION, Case, driftfs, event, history_file, item,
                     trail_file)

GROUPS = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


def bomb(before, filler, size):
    """A gzip file of `before` and as many times `filler` as make `size`."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = filler * (1 << 20)
    parts = [packer.compress(before)]
    parts += [packer.compress(block) for _ in range(size >> 20)]
    return b"".join(parts) + packer.flush()


class Streams(Case):
    def test_truncated_gzip(self):
        data = json.dumps(trail_file([event(n) for n in range(400)])).encode()
        packed = gzip.compress(data)
        self.write("cut.gz", packed[:len(packed) * 2 // 3], packed=False)
        self.write("whole.gz", trail_file([event(n) for n in range(1000, 1010)]))
        line, err = self.import_("cut.gz", "whole.gz", status=REFUSED)
        self.assertEqual(len(self.refusals()), 1, self.refusals())
        self.assertIn("ends", self.refusals()[0][3])
        events = self.status()["events"]
        self.assertGreater(events, 10 + 100, "what could be unpacked is in")
        self.assertLess(events, 10 + 400)
        self.assertTrue(line.endswith("1 refused"), line)
        # When the whole of it has arrived, all is well.
        self.write("cut.gz", data)
        self.import_("cut.gz", "whole.gz")
        self.assert_totals(events=410, refused=0)

    def test_damaged_gzip(self):
        packed = bytearray(gzip.compress(json.dumps(trail_file(
            [event(n) for n in range(400)])).encode()))
        packed[len(packed) // 2] ^= 0xff
        self.write("damaged.gz", bytes(packed), packed=False)
        self.import_("damaged.gz", status=REFUSED)
        self.assertGreaterEqual(len(self.refusals()), 1)

    def test_gzip_of_the_head_only(self):
        self.write("head.gz", b"\x1f\x8b", packed=False)
        self.write("one.gz", b"\x1f", packed=False)
        self.import_("head.gz", "one.gz", status=REFUSED)
        self.assert_totals(refused=2)

    def test_gzip_bombs(self):
        start = json.dumps(trail_file([event(1)])).encode()
        self.write("space.gz", bomb(start, b" ", 300 << 20), packed=False)
        self.write("one-string.gz", bomb(b'{"Records":["', b"a", 300 << 20), packed=False)
        self.write("nested.gz", bomb(b'{"Records":[', b"[", 300 << 20), packed=False)
        self.write("e.json", event(2))
        self.import_(self.folder, status=REFUSED)
        named = {name for name, *_ in self.refusals()}
        self.assertEqual(named, {"space.gz", "one-string.gz", "nested.gz"})
        self.assert_totals(events=2)
        # What is kept of them is bounded, and not much larger than they are.
        self.assertLess(self.status()["bytes"], 8 << 20)

    def test_not_json_is_one_refusal_a_file(self):
        files = {
            "LICENSE": b"MIT License\n\nPermission is {hereby} granted [to] \"you\"\n",
            "README.md": b"[![badge](x)](y)\n# {\"a\": 1}\n",
            "rule.py": b"import json\nX = {\"a\": [1, 2]}\nY = [{\"b\": 1}]\n",
            "settings.ini": b"[core]\n\tbare = false\n",
            "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100,
            "wide.json": json.dumps(event()).encode("utf-16"),
            "config.yaml": b"a: {b: c}\nd: [1, 2]\n",
        }
        for name, data in files.items():
            self.write("in/" + name, data)
        line, err = self.import_("in", status=REFUSED)
        self.assertEqual(line, f"nothing new, {len(files)} refused")
        self.assertEqual(sorted(self.refusals()),
                         sorted((name, 0, "", "is not JSON" +
                                 (", but text in UTF-16" if name == "wide.json" else ""))
                                for name in files))
        lengths = {r["source"].rpartition("/")[2]: r["length"]
                   for r in self.status("--refused")["refusals"]}
        self.assertEqual(lengths, {name: len(data) for name, data in files.items()})

    def test_a_large_file_that_is_not_json(self):
        self.write("log.txt", b"a line of text, [1] and {more}\n" * 200000)
        self.import_("log.txt", status=REFUSED)
        (_, offset, _, reason), = self.refusals()
        self.assertEqual(offset, 0)
        self.assertIn("its first 1,048,576 bytes are kept", reason)

    def test_json_behind_text(self):
        mail = b"View the timeline: https://console/\n\nNew state:\n\n"
        self.write("mail.txt", mail + json.dumps(event(5), indent=2).encode())
        self.write("label.txt", b"New State and Change Record: " + json.dumps(event(6)).encode())
        self.write("log.txt", b"2024-05-01 got: " + json.dumps(event(7)).encode() + b"\n"
                   b"2024-05-02 bye [1] {none}\n")
        for name in ("mail.txt", "label.txt", "log.txt"):
            line, _ = self.import_(name)
            self.assertEqual(line, "1 event in 1 file, 1 notice, 0 refused", name)
        # A text with objects of others in it is no more than a text.
        self.write("other.txt", b"see: {\"a\": 1}\n")
        self.assertEqual(self.import_("other.txt", status=REFUSED)[0], "nothing new, 1 refused")

    def test_what_it_is_instead(self):
        deliveries = json.dumps(event(1)).encode()
        kinds = {"zip": b"PK\x03\x04", "tar": b"a.json".ljust(257, b"\0") + b"ustar",
                 "gzip": gzip.compress(gzip.compress(deliveries)), "UTF-16": b"\xff\xfe" +
                 deliveries.decode().encode("utf-16-le"), "xz": b"\xfd7zXZ\0", "zstd": b"\x28\xb5\x2f\xfd"}
        for kind, head in kinds.items():
            self.write("in", head)
            _, errors = self.import_("in", status=REFUSED)
            self.assertRegex(errors, f"^driftfs: in:0: is not JSON, but .*\\b{kind}\\b")

    def test_a_bucket_of_logs(self):
        self.write("aws-logs-write-test", b"Permission Check Successful")
        line, _ = self.import_("aws-logs-write-test")
        self.assertEqual(line, "nothing new in 1 file, 1 notice, 0 refused")

    def test_json_of_others(self):
        self.write("package.json", {"name": "x", "version": "1.0"})
        self.write("numbers.json", [1, 2, 3])
        self.write("list.json", [{"a": 1}, {"b": 2}])
        self.import_(self.folder, status=REFUSED)
        names = sorted(name for name, *_ in self.refusals())
        self.assertIn("package.json", names)
        self.assertEqual(set(names), {"package.json", "numbers.json", "list.json"})

    def test_unreadable(self):
        self.write("in/locked.json", event(1)).chmod(0)
        self.write("in/open.json", event(2)).chmod(0o444)
        folder = self.folder / "in/shut"
        folder.mkdir(mode=0)
        self.folder.chmod(0o777)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if user and not reachable(driftfs()):
            self.skipTest("the program cannot be run as another user")
        line, err = self.import_("in", status=REFUSED, **user)
        self.assertEqual(line, "1 event in 1 file, 2 refused")
        self.assertEqual(err.splitlines(), [
            "driftfs: in/locked.json: cannot be read: Permission denied",
            "driftfs: in/shut: cannot be read: Permission denied"])
        # Named, they are what was asked for: then it failed.
        line, err = self.import_("in/locked.json", "in/open.json", "in/shut", status=FAILED, **user)
        self.assertEqual(line, "nothing new, 1 file unchanged, 0 refused, 2 sources not read")
        self.assertEqual(err.splitlines(), [
            "driftfs: in/locked.json: cannot be read: Permission denied",
            "driftfs: in/shut: cannot be read: Permission denied"])
        # Only its mode changes, and with that nothing the ledger looks at.
        (self.folder / "in/locked.json").chmod(0o444)
        folder.chmod(0o755)
        self.assertEqual(self.import_("in", **user)[0],
                         "1 event in 1 file, 1 file unchanged, 0 refused")


def reachable(program):
    """May somebody else run it? Every folder above must be open to them."""
    path = os.path.dirname(os.path.abspath(program))
    while path != "/":
        if not os.stat(path).st_mode & 1:
            return False
        path = os.path.dirname(path)
    return bool(os.stat(program).st_mode & 1)


class Records(Case):
    def refused(self, data, **totals):
        """What is refused of one file with these bytes."""
        self.write("in.json", data)
        self.import_("in.json", status=REFUSED)
        self.assert_totals(**totals)
        return [refusal[1:] for refusal in self.refusals()]

    def test_one_broken_record_among_others(self):
        records = [json.dumps(event(n)) for n in range(1, 7)]
        for name, broken in (("comma", records[2].replace('":', '"', 1)),
                             ("quote", records[2].replace('"eventVersion', '"eventVer"sion', 1)),
                             ("literal", records[2].replace("false", "fals", 1)),
                             ("number", records[2].replace('"1.08"', "1.0.8", 1)),
                             ("control", records[2].replace("alice", "al\nice", 1))):
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                data = '{"Records":[' + ",".join(records[:2] + [broken] + records[3:]) + "]}"
                refusals = self.refused(data.encode(), events=5)
                self.assertEqual(len(refusals), 1, refusals)
                start = data.index(broken)
                self.assertIn(refusals[0][0], range(start, start + len(broken)))

    def test_a_file_that_ends_too_soon(self):
        data = json.dumps(trail_file([event(n) for n in range(1, 4)])).encode()
        refusals = self.refused(data[:-200], events=2)
        self.assertEqual(len(refusals), 1, refusals)

    def test_invalid_utf8(self):
        data = json.dumps(trail_file([event(1), event(2, userAgent="@"), event(3)])).encode()
        for name, bad in (("stray", b"\xff"), ("overlong", b"\xc0\xaf"),
                          ("surrogate", b"\xed\xa0\x80"), ("cut", b"\xe2\x82")):
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                refusals = self.refused(data.replace(b"@", bad), events=2)
                self.assertEqual(len(refusals), 1, refusals)
                self.assertIn("UTF-8", refusals[0][2])

    def test_deep_nesting(self):
        deep = "[" * 100000 + "]" * 100000
        data = json.dumps(trail_file([event(1), event(2, requestParameters="@"), event(3)]))
        refusals = self.refused(data.replace('"@"', deep).encode(), events=2)
        self.assertEqual(len(refusals), 1, refusals)
        self.assertIn("deep", refusals[0][2])
        self.history.unlink()
        self.assertEqual(len(self.refused(deep.encode())), 1)

    def test_numbers_beyond_64_bits_stay_as_they_came(self):
        numbers = ["1208925819614629174706176", "-9223372036854775809", "1.10", "1e400",
                   "0.1000000000000000055511151231257827", "1E+2"]
        data = json.dumps(history_file([item(configuration={"n": "@"})]))
        self.write("in.json", data.replace('"@"', "[" + ",".join(numbers) + "]").encode())
        self.import_("in.json")
        state = self.cat(f"{GROUPS}/sg-1/latest.json")
        for number in numbers:
            self.assertIn(f"      {number}", state)

    def test_missing_fields(self):
        for name in ("resourceType", "resourceId", "configurationItemCaptureTime"):
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                bad = item("sg-2")
                del bad[name]
                refusals = self.refused(history_file([item(), bad, item("sg-3")]), items=2)
                self.assertEqual([r[1] for r in refusals], [name])
        for name in ("eventTime", "eventSource", "eventName"):
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                bad = event(2)
                del bad[name]
                refusals = self.refused(trail_file([event(1), bad, event(3)]), events=2)
                self.assertEqual([r[1] for r in refusals], [name])

    def test_mistyped_fields(self):
        wrong = [17, None, True, [], {}, ""]
        for name in ("resourceType", "resourceId", "configurationItemCaptureTime"):
            # A number may be an id, and a time: API answers have it as seconds.
            values = [v for v in wrong if v != 17 or name == "resourceType"]
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                bad = [item(f"sg-{n}", **{name: v}) for n, v in enumerate(values)]
                refusals = self.refused(history_file(bad + [item("sg-x")]), items=1)
                self.assertEqual({r[1] for r in refusals}, {name})
                self.assertEqual(len(refusals), len(values))
        for name in ("eventTime", "eventSource", "eventName"):
            values = [v for v in wrong if v != 17 or name != "eventTime"]
            with self.subTest(name):
                self.history.unlink(missing_ok=True)
                bad = [event(n, **{name: v}) for n, v in enumerate(values)]
                refusals = self.refused(trail_file(bad + [event(99)]), events=1)
                self.assertEqual({r[1] for r in refusals}, {name})
                self.assertEqual(len(refusals), len(values))

    def test_odd_types_elsewhere_do_no_harm(self):
        odd = [17, None, True, [], [[]], {}, {"a": None}, "", "x" * 5000]
        names = ("userIdentity", "requestParameters", "responseElements", "resources",
                 "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "readOnly",
                 "recipientAccountId", "eventID", "serviceEventDetails")
        events = [event(n * 100 + k, **{name: v})
                  for n, name in enumerate(names) for k, v in enumerate(odd)]
        self.write("trail.json", trail_file(events))
        names = ("configuration", "tags", "relationships", "supplementaryConfiguration", "ARN",
                 "awsRegion", "resourceName", "configurationItemStatus", "availabilityZone",
                 "configurationStateId", "relatedEvents", "resourceCreationTime")
        items = [item(f"sg-{n}-{k}", **{name: v})
                 for n, name in enumerate(names) for k, v in enumerate(odd)]
        self.write("items.json", history_file(items))
        self.import_("trail.json", "items.json", status=None)
        status = self.status()
        self.assertEqual(status["events"] + status["skipped"] + status["items"]
                         + status["refused"], len(events) + len(items))
        self.assertGreater(status["events"], len(events) * 0.9)

    def test_times_out_of_range(self):
        times = ["1969-12-31T23:59:59.999Z", "2100-01-01T00:00:00.000Z", "0000-00-00T00:00:00Z",
                 "9999-12-31T23:59:59Z", "2024-02-30T00:00:00Z", "2024-05-01T25:00:00Z"]
        bad = [item(f"sg-{n}", time=t) for n, t in enumerate(times)]
        edge = [item("sg-a", time="1970-01-01T00:00:00.000Z"),
                item("sg-b", time="2099-12-31T23:59:59.999Z")]
        refusals = self.refused(history_file(bad + edge), items=2)
        self.assertEqual([r[1] for r in refusals], ["configurationItemCaptureTime"] * len(times))
        self.history.unlink()
        refusals = self.refused(trail_file([event(n, time=t) for n, t in enumerate(times)]))
        self.assertEqual([r[1] for r in refusals], ["eventTime"] * len(times))

    def test_ids_of_any_shape(self):
        ids = {"/": "%2F", "..": "%2E.", ".": "%2E", "a/b": "a%2Fb", "a\nb": "a%0Ab",
               "%": "%25", "a\u0000b": "a%00b", "\u001b[31m": "%1B[31m", ".git": "%2Egit",
               "arn:aws:x/y z": "arn:aws:x%2Fy z", "\u00fc\u4e2d": "\u00fc\u4e2d", "-rf": "-rf"}
        self.write("in.json", history_file([item(rid) for rid in ids]))
        self.import_("in.json")
        self.assertEqual(sorted(self.ls(GROUPS)), sorted(ids.values()))
        for rid, name in ids.items():
            state = json.loads(self.cat(f"{GROUPS}/{name}/latest.json"))
            self.assertEqual(state["resourceId"], rid)

    def test_long_ids(self):
        ids = ["x" * n for n in (254, 255, 256, 768)] + ["/" * 768, "\u4e2d" * 256]
        self.write("in.json", history_file([item(rid) for rid in ids]))
        self.import_("in.json")
        names = self.ls(GROUPS)
        self.assertEqual(len(set(names)), len(ids))
        found = set()
        for name in names:
            self.assertLessEqual(len(name.encode()), 255)
            found.add(json.loads(self.cat(f"{GROUPS}/{name}/latest.json"))["resourceId"])
        self.assertEqual(found, set(ids))

    def test_more_states_than_a_resource_can_have(self):
        self.write("in.json", history_file([item("sg-1"), item("sg-2")]))
        self.import_("in.json")
        with sqlite3.connect(self.history) as db:
            db.execute("UPDATE resource SET last = 1048575 WHERE rid = 'sg-1'")
        db.close()
        late = "2024-05-03T10:15:00.123Z"
        self.write("late.json", history_file([item("sg-1", late), item("sg-2", late)]))
        self.import_("late.json", status=REFUSED)
        (_, _, field, reason), = self.refusals()
        self.assertEqual(field, "resourceId")
        self.assertEqual(reason, "AWS::EC2::SecurityGroup sg-1 has as many states as a resource can have")
        self.assertEqual(len(self.ls(f"{GROUPS}/sg-1")), len(self.ls(f"{GROUPS}/sg-2")) - 1)

    def test_two_contents_of_one_event(self):
        data = trail_file([event(1), event(1, userAgent="another"), event(1)])
        refusals = self.refused(data, events=1)
        self.assertEqual(len(refusals), 1)
        offset, field, reason = refusals[0]
        self.assertEqual(field, "eventID")
        self.assertIn("already there with another content", reason)
        text = json.dumps(data)
        self.assertEqual(offset, text.index("{", text.index("[") + 2 + len(json.dumps(event(1)))))
        with sqlite3.connect(self.history) as db:
            kept = db.execute("SELECT bytes_len FROM refusal").fetchone()[0]
        db.close()
        self.assertEqual(kept, len(json.dumps(event(1, userAgent="another"))))

    def test_a_record_longer_than_any(self):
        head = '{"Records":[' + json.dumps(event(1)) + ","
        huge = '{"a":"' + "x" * (65 << 20) + '"}'
        self.write("in.json", (head + huge + "," + json.dumps(event(2)) + "]}").encode())
        line, _ = self.import_("in.json", status=REFUSED)
        self.assertEqual(line, "2 events in 1 file, 1 refused")
        (refusal,) = self.status("--refused")["refusals"]
        self.assertEqual(refusal["offset"], len(head))
        self.assertEqual(refusal["length"], len(huge))
        self.assertEqual(refusal["reason"], "longer than the largest record allowed")
        with sqlite3.connect(self.history) as db:
            kept = db.execute("SELECT bytes_len FROM refusal").fetchone()[0]
        db.close()
        self.assertEqual(kept, 1 << 20)

    def test_members_of_one_name(self):
        data = json.dumps(event(1))[:-1] + ',"eventName":"Other"}'
        self.write("in.json", data.encode())
        self.assertEqual(self.import_("in.json")[0], "1 event in 1 file, 0 refused")

    def test_ends_of_streams(self):
        # At every place a file can be cut off, the program ends as it should.
        data = json.dumps(trail_file([event(1), event(2)])).encode()
        for n in range(0, len(data), 37):
            done = subprocess.run([driftfs(), "import", str(self.history), "-"],
                                  input=data[:n], capture_output=True, check=False)
            self.assertIn(done.returncode, (DONE, REFUSED), done.stderr)
            self.assertEqual(done.returncode == DONE, n == 0)
