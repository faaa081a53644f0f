#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of one file: run.py DRIFTFS NAME [unittest's options, such as -k PATTERN].

Exits 77, which meson takes for "skipped", when no case could be run.
"""
import os
import signal
import sys
import unittest


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    # Whoever runs this in the background has these ignored, and what is started would have, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ["DRIFTFS"] = os.path.abspath(sys.argv[1])
    program = unittest.main(module=f"test_{sys.argv[2]}", argv=[sys.argv[0], "-v", *sys.argv[3:]],
                            exit=False)
    result = program.result
    for case, reason in result.skipped:
        print(f"skipped: {case.id()}: {reason}")
    if not result.wasSuccessful():
        return 1
    if result.testsRun == 0:
        return 1
    return 77 if len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
