# SPDX-License-Identifier: Apache-2.0
"""What the program says of itself, and of words it does not understand."""
import subprocess

from support import DONE, FAILED, USAGE, Case, driftfs, event

COMMANDS = ("import", "sync", "mount", "ls", "cat", "status")


class Usage(Case):
    def assert_usage(self, command, *args, says):
        """One line that says what is wrong in the command's name, then how it is used."""
        out, err = self.run_program(command, *args, status=USAGE)
        self.assertEqual(out, "")
        lines = err.splitlines()
        self.assertEqual(lines[0], f"driftfs {command}: {says}")
        self.assertTrue(lines[1].startswith(f"usage: driftfs {command} "), err)
        self.assertEqual(lines[2:], [f"try: driftfs {command} --help"])

    def test_options_nobody_knows(self):
        for command in COMMANDS:
            with self.subTest(command):
                self.assert_usage(command, "--nonsense", "h.db", "x",
                                  says="unrecognized option '--nonsense'")
                self.assert_usage(command, "h.db", "-y", says="invalid option -- 'y'")
                self.assert_usage(command, "--help=x",
                                  says="option '--help' doesn't allow an argument")
        self.assert_usage("import", "-j", says="option requires an argument -- 'j'")
        self.assert_usage("mount", "-o", says="option requires an argument -- 'o'")
        self.assertFalse(self.history.exists())

    def test_values_that_will_not_do(self):
        for jobs in ("0", "65", "-1", "many", "4x", ""):
            self.assert_usage("import", "-j", jobs, "h.db", "x",
                              says="-j takes a number from 1 to 64")
        self.assert_usage("mount", "-o", "ro,rw", "h.db", "m",
                          says='"rw" cannot be had: a history is mounted read-only')
        self.assert_usage("mount", "-o", "nonsense", "h.db", "m",
                          says='unknown mount option "nonsense"')
        self.assertFalse(self.history.exists())

    def test_too_few_and_too_many(self):
        for command in COMMANDS:
            self.assert_usage(command, says="no history was named")
        for command in ("import", "mount", "cat"):  # sync alone reads the region's APIs
            self.assert_usage(command, "h.db", says="there is nothing behind the history")
        self.assert_usage("mount", "h.db", "m", "n", says="too many words")
        self.assert_usage("status", "h.db", "x", says="too many words")

    def test_help_and_version_everywhere(self):
        version, _ = self.run_program("--version")
        self.assertRegex(version, r"^driftfs \d+\.\d+\.\d+\n$")
        whole, _ = self.run_program("--help")
        for command in COMMANDS:
            with self.subTest(command):
                self.assertIn(f"  {command} ", whole)
                out, err = self.run_program(command, "--help")
                self.assertTrue(out.startswith(f"usage: driftfs {command} "), out)
                self.assertIn("-V, --version", out)
                self.assertEqual(err, "")
                self.assertEqual(self.run_program("help", command), (out, ""))
                self.assertEqual(self.run_program(command, "h.db", "-h"), (out, ""))
                for word in ("--version", "-V"):
                    self.assertEqual(self.run_program(command, "h.db", word), (version, ""))

    def test_no_command(self):
        out, err = self.run_program(status=USAGE)
        self.assertEqual(out, "")
        self.assertEqual(err, self.run_program("--help")[0])
        for args, says in ((["imprt"], "'imprt' is no command"),
                           (["\x1b[2J"], "'\\x1b[2J' is no command"),
                           (["--what", "x", "y"], "'--what' is no command"),
                           (["no.db", "mnt"],
                            "'no.db' is no command, nor is there a history of that name")):
            err = self.run_program(*args, status=USAGE)[1]
            self.assertEqual(err.splitlines()[0], f"driftfs: {says}")

    def test_the_name_it_was_called_by_does_not_matter(self):
        done = subprocess.run(["another name", "import", "--nonsense"], executable=driftfs(),
                              capture_output=True, check=False)
        self.assertTrue(done.stderr.startswith(b"driftfs import: unrecognized"), done.stderr)


class Paths(Case):
    def setUp(self):
        super().setUp()
        self.write("e.json", event())
        self.import_("e.json")

    def test_paths_that_are_not_there(self):
        for command, args, says in (
                ("ls", ["no"], "no: no such file or directory in the history"),
                ("ls", ["/no/"], "/no/: no such file or directory in the history"),
                ("cat", ["no/such"],
                 "no/such: no such file or directory in the history, nor is there no"),
                ("ls", ["activity//principals/x/y"], "activity//principals/x/y: no such file or "
                 "directory in the history, nor is there activity//principals"),
                ("cat", ["README/x"], "README/x: no such file or directory in the history"),
                ("cat", ["activity/error/.log"],
                 "activity/error/.log: no such file or directory in the history"),
                ("ls", ["at/2024-02-30"],
                 "at/2024-02-30: there is no such moment; at/README tells how one is named"),
                ("cat", ["/at//foo/inventory.csv"], "/at//foo/inventory.csv: there is no such "
                 "moment; at/README tells how one is named"),
                ("cat", ["at/now/inventory"],
                 "at/now/inventory: no such file or directory in the history"),
                ("cat", ["resources"], "resources: is a directory"),
                ("cat", ["README/"], "README/: is not a directory"),
                ("ls", ["README/"], "README/: is not a directory"),
                ("cat", ["--raw", "README"], "README: only a state has a raw form")):
            out, err = self.run_program(command, self.history, *args, status=FAILED)
            self.assertEqual((out, err), ("", f"driftfs: {says}\n"))
        # The others are printed all the same.
        out = self.run_program("cat", self.history, "no", "README", status=FAILED)[0]
        self.assertEqual(out, self.run_program("cat", self.history, "/README", status=DONE)[0])

    def test_empty_words(self):
        for args in (["ls", ""], ["cat", "", "README"], ["status", ""], ["import", "", "e.json"],
                     ["import", self.history, ""]):
            err = self.run_program(*args, status=FAILED)[1]
            self.assertRegex(err, r"^driftfs: '': .*\n$")
