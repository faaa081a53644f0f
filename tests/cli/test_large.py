# SPDX-License-Identifier: Apache-2.0
"""A snapshot of 200,000 items on one line: read in a stream, in little memory."""
import json
import os
import subprocess
import time

from support import DONE, Case, driftfs, item, sanitized

ITEMS = 200000
MEMORY = 150 << 20


class Large(Case):
    def snapshot(self):
        path = self.folder / "snapshot.json"
        text = json.dumps(item("@id@", configuration={
            "groupId": "@id@", "description": "x" * 300, "ipPermissions": [
                {"fromPort": 443, "toPort": 443, "ipRanges": ["10.0.0.0/8"]}]}))
        with path.open("w", encoding="ascii") as file:
            file.write('{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":[')
            for n in range(ITEMS):
                file.write(("," if n else "") + text.replace("@id@", f"sg-{n:06}"))
            file.write("]}")
        return path

    def test_memory_is_flat(self):
        if sanitized():
            self.skipTest("a sanitizer's own memory would be measured")
        path = self.snapshot()
        started = time.monotonic()
        with subprocess.Popen([driftfs(), "import", "--quiet", self.history, path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            out = p.stdout.read()
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        print(f"{ITEMS / seconds:,.0f} items/s, {usage.ru_maxrss / 1024:.0f} MiB", flush=True)
        self.assertEqual(p.returncode, DONE)
        self.assertEqual(out.decode(),
                         f"{ITEMS:,} items of {ITEMS:,} resources in 1 file, 0 refused\n")
        self.assertLess(usage.ru_maxrss * 1024, MEMORY)
        started = time.monotonic()
        self.assertEqual(self.import_(path)[0], "nothing new, 1 file unchanged, 0 refused")
        self.assertLess(time.monotonic() - started, seconds / 20)
