#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the mount tests: run.py DRIFTFS [--list] [--group tree|ahead|live|mount|timeline|views] [CASE...]

Each case has a folder and a mountpoint of its own and a bound on its time; what it leaves
running or mounted is cleared, and a sanitizer's finding fails it though all else went well.
Exit status: 0 passed, 1 failed, 77 skipped since there is no FUSE here.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import cases_ahead
import cases_live
import cases_mount
import cases_timeline
import cases_tree
import cases_views
from harness import Failed, World

SECONDS = 60


class TooLong(BaseException):
    """Not an Exception: no case may catch it by chance."""


def out_of_time(_signal, _frame):
    raise TooLong(f"took longer than {SECONDS} s")


def run(driftfs, case):
    folder = tempfile.mkdtemp(prefix="driftfs-mount-")
    world = World(driftfs, folder)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(SECONDS)
    try:
        case(world)
        signal.alarm(0)
        world.clear()
        findings = world.findings()
        if findings:
            raise Failed(findings)
        return True
    except (Exception, TooLong) as error:  # pylint: disable=broad-except
        signal.alarm(0)
        if isinstance(error, Failed):
            print(f"  {error}")
        else:
            traceback.print_exc(file=sys.stdout)
        return False
    finally:
        signal.alarm(0)
        world.clear()
        shutil.rmtree(folder, ignore_errors=True)


def fuse_missing():
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        return "no fusermount3"
    return None


def main():
    words = sys.argv[1:]
    group = None
    if "--group" in words:
        at = words.index("--group")
        group = words[at + 1]
        del words[at:at + 2]
    cases = {}
    for module in (cases_tree, cases_ahead, cases_live, cases_mount, cases_timeline, cases_views):
        if group in (None, module.__name__[len("cases_"):]):
            cases.update({name[len("case_"):]: value for name, value in vars(module).items()
                          if name.startswith("case_")})
    if "--list" in words:
        print("\n".join(cases))
        return 0
    if not words:
        print(__doc__)
        return 2
    reason = fuse_missing()
    if reason:
        print(f"skipped: {reason}")
        return 77
    # Whoever runs this in the background has these ignored, and what is mounted would have, too.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    driftfs = os.path.abspath(words[0])
    failures = 0
    for name in words[1:] or cases:
        start = time.monotonic()
        passed = run(driftfs, cases[name])
        failures += not passed
        print(f"{'ok  ' if passed else 'FAIL'} {time.monotonic() - start:6.2f} s  {name}", flush=True)
    print(f"{failures} failed" if failures else "all passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
