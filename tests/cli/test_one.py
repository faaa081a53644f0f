# SPDX-License-Identifier: Apache-2.0
"""One resource of very many states and calls: in little memory, and the same in any order."""
import importlib.util
import os
import pathlib
import subprocess

from support import DONE, Case, driftfs, dump, sanitized

MEMORY = 120 << 20
# More than is kept of either at one time: it is read again, and what was read before is gone.
STATES, STATE_BYTES, CALLS = 400, 24000, 2400


def generate(*args):
    path = pathlib.Path(__file__).resolve().parents[1] / "bench" / "one.py"
    spec = importlib.util.spec_from_file_location("one", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.generate(*args)


class One(Case):
    def test_in_little_memory(self):
        if sanitized():
            self.skipTest("a sanitizer's own memory would be measured")
        generate(self.folder / "in", 3000, 9000, 3000)
        with subprocess.Popen([driftfs(), "import", "--quiet", "--jobs=2", self.history,
                               self.folder / "in"], stdout=subprocess.DEVNULL) as p:
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        print(f"{usage.ru_maxrss / 1024:.0f} MiB", flush=True)
        self.assertEqual(p.returncode, DONE)
        # With all of it at hand it took some 450 MiB.
        self.assertLess(usage.ru_maxrss * 1024, MEMORY)

    def test_in_any_order(self):
        generate(self.folder / "in", STATES, STATE_BYTES, CALLS)
        self.import_(self.folder / "in")
        whole = dump(self.history)
        causes = self.query("SELECT count(DISTINCT time_ms) FROM cause")[0][0]
        self.assertGreater(causes, STATES // 2)
        for order in (sorted, lambda files: sorted(files, reverse=True)):
            self.history.unlink()
            for file in order((self.folder / "in").iterdir()):
                self.import_(file)
            parts = dump(self.history)
            for table in ("shown", "view", "entry", "cause", "name", "edge", "timeline",
                          "activity"):
                self.assertEqual(parts[table], whole[table], table)
