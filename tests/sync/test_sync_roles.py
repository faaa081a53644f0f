# SPDX-License-Identifier: Apache-2.0
"""--role-arn for many accounts: each account's APIs are asked with its own credentials."""
import collections
import json
import signal
import subprocess

from fake_apis import FakeAlarms, FakeConfig
from fake_aws import on, status
from fake_sqs import FakeSqs
from support import ACCOUNT, FAILED, driftfs
from sync_support import SyncCase, config_key, small
from test_sync_sqs import change

OTHERS = ("111111111111", "222222222222", "333333333333")


def role(account):
    return f"arn:aws:iam::{account}:role/Audit"


class OfAccount:
    """Answers with what the role's account has, and notes who asked."""

    def __init__(self, make):
        self.of, self.asked = collections.defaultdict(make), []

    def __call__(self, aws, rq):
        account = rq.identity.name.split(":")[4] if rq.identity.name.startswith("arn:") else None
        self.asked.append(account)
        return self.of[account](aws, rq)


class Roles(SyncCase):
    def setUp(self):
        super().setUp()
        self.config = self.aws.handlers["config"] = OfAccount(FakeConfig)
        self.alarms = self.aws.handlers["monitoring"] = OfAccount(FakeAlarms)
        for account in OTHERS:
            self.aws.roles[role(account)] = {}

    def health(self):
        done = subprocess.run([driftfs(), "cat", self.history, "status/sources.tsv"],
                              capture_output=True, check=True)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]}

    def options(self, *accounts):
        return [word for a in accounts for word in ("--role-arn", role(a))]

    def assumed(self):
        return sorted(arn.split(":")[4] for arn, _, _ in self.aws.sessions)

    def test_each_account_is_asked_with_its_own(self):
        self.sync("config://us-east-1", "cloudwatch://us-east-1",
                  options=self.options(*OTHERS))
        self.assertEqual(sorted(set(self.config.asked)), list(OTHERS))
        self.assertEqual(sorted(set(self.alarms.asked)), list(OTHERS))
        self.assertEqual(self.assumed(), list(OTHERS), "a role is assumed once for all its sources")
        self.assertEqual(sorted(self.health()), sorted(
            f"{kind}://{a}@us-east-1" for kind in ("config", "cloudwatch") for a in OTHERS))

    def test_access_denied_on_one_of_them(self):
        """One line, however many sources; status and sources.tsv say so; the others go on."""
        del self.aws.roles[role(OTHERS[1])]
        _, err = self.sync("config://us-east-1", "cloudwatch://us-east-1", status=FAILED,
                           options=self.options(*OTHERS))
        self.assertEqual(len(err), 1, err)
        self.assertIn(OTHERS[1], err[0])
        self.assertIn("AccessDenied", err[0])
        health = self.health()
        self.assertEqual([h["failures"] for h in health.values()].count("1"), 2, health)
        for name, h in health.items():
            self.assertEqual(h["failures"] != "0", OTHERS[1] in name, h)
        out = subprocess.run([driftfs(), "status", self.history], capture_output=True,
                             check=False).stdout.decode()
        self.assertIn(f"config://{OTHERS[1]}@us-east-1", out)
        self.assertIn("AccessDenied", out)

    def test_a_template_and_an_external_id(self):
        for account in OTHERS[:2]:
            self.aws.roles[role(account)] = {"external_id": "ours"}
        path = self.folder / "driftfs.ini"
        path.write_text(f"endpoint-url = {self.aws.url}\nrole-arn = {role('{account}')}\n"
                        f"accounts = {','.join(OTHERS[:2])}\nexternal-id = ours\n"
                        f"source = config://us-east-1\nsource = s3://logs/\n")
        self.aws.bucket("logs").put(config_key(1, OTHERS[0]), small(1, OTHERS[0]))
        out, err = self.words("--check", "--config", path)
        self.assertEqual(out.splitlines(), [
            *(f"config://{a}@us-east-1 as {role(a)}" for a in OTHERS[:2]), "s3://logs/"], err)
        policy = json.loads(self.words("--print-policy", "--config", path)[0])["Statement"]
        self.assertEqual(policy[-1]["Resource"], [role(a) for a in OTHERS[:2]])
        self.assertEqual(policy[-1]["Action"], ["sts:AssumeRole"])
        self.words("--config", path, self.history)
        self.assertEqual(sorted(set(self.config.asked)), list(OTHERS[:2]))
        self.assertEqual(self.items(), 1)
        # those of the command line stand instead of the file's
        self.aws.sessions.clear()
        self.words("--config", path, "--external-id", "", *self.options(OTHERS[2]), self.history)
        self.assertEqual(set(self.assumed()), {OTHERS[2]})

    def words(self, *words):
        done = subprocess.run([driftfs(), "sync", *map(str, words)], capture_output=True,
                              env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def test_whose_credentials(self):
        """A queue: its account's; a bucket: one's own among many; else what the URL says."""
        options = self.options(*OTHERS)
        out = self.words("--check", *options, f"sqs://{OTHERS[1]}/q", f"sqs://{ACCOUNT}/q",
                         "s3://logs/", f"s3://{OTHERS[0]}@logs/x", f"config://{OTHERS[2]}@eu-west-1/org")
        self.assertEqual(out[0].splitlines(), [
            f"sqs://{OTHERS[1]}/q as {role(OTHERS[1])}", f"sqs://{ACCOUNT}/q", "s3://logs/",
            f"s3://{OTHERS[0]}@logs/x as {role(OTHERS[0])}",
            f"config://{OTHERS[2]}@eu-west-1/org as {role(OTHERS[2])}"])
        for words, reason in (([*options, f"config://{ACCOUNT}@eu-west-1"], "no --role-arn"),
                              (["--role-arn", "Audit", "s3://logs/"], "no role"),
                              (["--role-arn", role("{account}"), "s3://logs/"], "--accounts")):
            done = subprocess.run([driftfs(), "sync", "--check", *words], capture_output=True,
                                  env=self.env, check=False)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn(reason, done.stderr.decode())
        sqs = self.aws.handlers["sqs"] = FakeSqs()
        sqs.queue("q").send(change())
        self.aws.bucket("logs").put(f"x/{config_key(2)}", small(2))
        self.sync(f"sqs://{ACCOUNT}/q", f"s3://{OTHERS[0]}@logs/x", options=options)
        self.assertEqual(self.assumed(), [OTHERS[0]])
        names = {rq.identity.name for what, rq in self.aws.log if what == "GetObject"}
        self.assertEqual(names, {role(OTHERS[0])})
        # the ledger knows objects by their own name, whoever asked
        out, _ = self.sync("s3://logs/x", options=self.options(OTHERS[1]))
        self.assertIn("nothing new", out)

    def test_each_is_renewed(self):
        """Followed, with roles that last minutes; one that is denied for a while comes back."""
        for account in OTHERS:
            self.aws.roles[role(account)] = {"lifetime": 302}
        self.aws.fault = on("AssumeRole", status(403, "AccessDenied"), times=1)
        with self.running("config://us-east-1",
                          options=["--follow", "--interval", 1, *self.options(*OTHERS)]) as process:
            for account in OTHERS:
                self.wait_for(lambda: self.assumed().count(account) > 1)
            self.wait_for(lambda: set(self.config.asked) >= set(OTHERS))
            self.wait_for(lambda: len(self.health()) == 3 and
                          {h["failures"] for h in self.health().values()} == {"0"})
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(err.count(b"AccessDenied"), 1, err)

    def test_many_accounts(self):
        """A few at a time, but all of them."""
        accounts = [f"{n:012}" for n in range(1, 13)]
        for account in accounts:
            self.aws.roles[role(account)] = {}
        self.sync(options=["--role-arn", role("{account}"), "--accounts", ",".join(accounts)],
                  *("config://us-east-1", "cloudwatch://us-east-1"))
        self.assertEqual(sorted(set(self.config.asked)), accounts)
        self.assertEqual(sorted(set(self.alarms.asked)), accounts)
        self.assertEqual(self.assumed(), accounts)
        out = subprocess.run([driftfs(), "status", self.history], capture_output=True,
                             check=False).stdout.decode()
        self.assertIn("... 0 of 24 fail", out)
