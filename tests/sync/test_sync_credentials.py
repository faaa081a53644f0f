# SPDX-License-Identifier: Apache-2.0
"""Every place that credentials come from, in botocore's order, and what is said when they fail."""
import hashlib
import json
import os
import pty
import select
import signal
import sys
import termios
import time

from fake_aws import Answer, Identity, iso, on, raw, status
from support import ACCOUNT, FAILED, driftfs
from sync_support import SyncCase, config_key, small

ROLE = "arn:aws:iam::123456789012:role/Auditor"
OUTER = "arn:aws:iam::210987654321:role/Outer"


class Chain(SyncCase):
    """Each case names one place; the server says whose requests it then got."""

    def setUp(self):
        super().setUp()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del self.env[name]
        self.aws.bucket("logs").put(config_key(1), small(1))
        self.url = self.aws.url
        (self.folder / ".aws").mkdir()

    def config(self, text, name="config"):
        (self.folder / ".aws" / name).write_text(text)

    def keys(self, name):
        """A user's, as lines of a file."""
        key, secret = f"AKIA{name.upper():0>16}", f"secret-of-{name}-0123456789/+"
        self.aws.identities[key] = Identity(secret, name=f"user/{name}")
        return f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n"

    def assert_asked_by(self, name, *options):
        self.history.unlink(missing_ok=True)
        self.aws.log.clear()
        self.sync("s3://logs/", options=options)
        asked = {rq.identity.name for what, rq in self.aws.log if rq.service == "s3"}
        self.assertEqual(asked, {name})
        self.assertEqual(self.items(), 1)

    def assert_fails(self, *says, options=()):
        """One line, and nobody asked S3."""
        self.aws.log.clear()
        err = self.sync("s3://logs/", options=options, status=FAILED)[1]
        self.assertEqual(len(err), 1, err)
        for text in says:
            self.assertIn(text, err[0])
        self.assertFalse([rq for _, rq in self.aws.log if rq.service == "s3"])

    def environment(self, name):
        for line in self.keys(name).split("\n")[:2]:
            variable, _, value = line.partition(" = ")
            self.env[variable.upper()] = value

    def test_none(self):
        self.assert_fails("no AWS credentials found: set AWS_PROFILE or give --profile")

    def test_environment(self):
        self.environment("env")
        self.assert_asked_by("user/env")
        key, identity = self.aws.issue("session", 900)
        self.env |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": identity.secret,
                     "AWS_SESSION_TOKEN": identity.token}
        self.assert_asked_by("session")
        del self.env["AWS_SECRET_ACCESS_KEY"]
        self.assert_fails("the environment", "incomplete")

    def test_profiles(self):
        self.config("[default]\n" + self.keys("one") + "# [profile x]\n[profile two]\n"
                    "s3 =\n  max_concurrent_requests = 20\n  role_arn = nested\n"
                    + self.keys("two"))
        self.assert_asked_by("user/one")
        self.assert_asked_by("user/two", "--profile", "two")
        self.env["AWS_PROFILE"] = "two"
        self.assert_asked_by("user/two")
        self.config("[two]\n" + self.keys("three"), "credentials")
        self.assert_asked_by("user/three")
        self.assert_fails("there is no profile four", options=["--profile", "four"])
        # Of many profiles, in lines of any length, the last is found.
        many = "".join(f"[many-{n}]\n{self.keys(f'm{n}')}" for n in range(400))
        self.config(many + f"[long]\n# {'x' * 70000}\n" + self.keys("long"), "credentials")
        self.assert_asked_by("user/long", "--profile", "long")
        self.assert_asked_by("user/m399", "--profile", "many-399")

    def test_the_environment_before_a_profile_it_names_but_not_before_an_option(self):
        self.config("[profile two]\n" + self.keys("two"))
        self.environment("env")
        self.env["AWS_PROFILE"] = "two"
        self.assert_asked_by("user/env")
        self.assert_asked_by("user/two", "--profile", "two")

    def test_role_with_source_profile_and_external_id(self):
        self.config("[profile base]\n" + self.keys("base") + f"[profile audit]\nrole_arn = {ROLE}\n"
                    "source_profile = base\nexternal_id = ext-42\nrole_session_name = me\n"
                    f"duration_seconds = 900\n[profile outer]\nrole_arn = {OUTER}\n"
                    "source_profile = audit\n")
        self.aws.roles[ROLE] = {"external_id": "ext-42", "trusts": "user/base"}
        self.aws.roles[OUTER] = {"trusts": ROLE}
        self.assert_asked_by(ROLE, "--profile", "audit")
        self.assertEqual(self.aws.sessions, [(ROLE, "me", "900")])
        self.assert_asked_by(OUTER, "--profile", "outer")
        self.aws.roles[ROLE]["external_id"] = "another"
        self.assert_fails(f"{ROLE} cannot be assumed", "AccessDenied", "trust policy",
                          options=["--profile", "audit"])

    def test_a_role_upon_whatever_is_there(self):
        self.environment("env")
        self.aws.roles[ROLE] = {"trusts": "user/env"}
        self.assert_asked_by(ROLE, "--role-arn", ROLE)

    def test_who_is_denied(self):
        """It says who asked, where AWS does not."""
        self.environment("env")
        self.config("[profile two]\n" + self.keys("two"))
        self.aws.roles[ROLE] = {}
        self.aws.bucket("logs").denied = True
        for options, who in (((), "the environment's keys"),
                             (("--profile", "two"), "the profile two"),
                             (("--role-arn", ROLE), f"the role {ROLE}")):
            err = self.sync("s3://logs/", options=options, status=FAILED)[1]
            self.assertEqual(len(err), 1, err)
            self.assertIn(f"Access Denied (HTTP 403), asked by {who}; its policy", err[0])

    def test_sts_fails_for_a_while(self):
        self.environment("env")
        self.aws.roles[ROLE] = {}
        self.aws.fault = on("AssumeRole", status(500, "InternalFailure"), "reset", "cut",
                            status(400, "Throttling", "Rate exceeded"))
        self.assert_asked_by(ROLE, "--role-arn", ROLE)
        self.assertEqual(self.aws.count("AssumeRole"), 5)

    def test_roles_in_a_circle(self):
        self.config(f"[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n"
                    f"[profile b]\nrole_arn = {OUTER}\nsource_profile = a\n")
        self.assert_fails("circle", options=["--profile", "a"])
        self.config(f"[profile a]\nrole_arn = {ROLE}\nsource_profile = gone\n")
        self.assert_fails("there is no profile gone", options=["--profile", "a"])
        self.config(f"[profile a]\nrole_arn = {ROLE}\n")
        self.assert_fails("no source of credentials", options=["--profile", "a"])

    def test_role_with_credential_source(self):
        self.environment("env")
        self.config(f"[profile a]\nrole_arn = {ROLE}\ncredential_source = Environment\n"
                    f"[profile b]\nrole_arn = {ROLE}\ncredential_source = Nonsense\n")
        self.aws.roles[ROLE] = {"trusts": "user/env"}
        self.assert_asked_by(ROLE, "--profile", "a")
        self.assert_fails("Nonsense", options=["--profile", "b"])

    def test_a_role_that_wants_mfa_without_a_terminal(self):
        self.config("[profile base]\n" + self.keys("base") + f"[profile a]\nrole_arn = {ROLE}\n"
                    "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n")
        # The session of a test may have a terminal; its child must not.
        import subprocess
        done = subprocess.run(self.command("s3://logs/", options=["--profile", "a"]), check=False,
                              env=self.env, capture_output=True, text=True, cwd=self.folder,
                              stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("run this on a terminal", done.stderr)

    def on_a_terminal(self, type_, *sources):
        """Runs it with a terminal of its own, types this at each prompt: (status, all it wrote)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(driftfs(), self.command(*sources, options=["--profile", "a"]), self.env)
        out = b""
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                if select.select([fd], [], [], 0.1)[0]:
                    try:
                        out += os.read(fd, 4096)
                    except OSError:  # nobody has the other end open any more
                        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode()
                echo = termios.tcgetattr(fd)[3] & termios.ECHO
                if out.count(b"MFA code of") > out.count(b"MFA code of arn:aws:iam::1:mfa/me: \r\n") \
                        and not echo and type_:
                    os.write(fd, type_)
                    time.sleep(0.2)
        finally:
            os.close(fd)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return self.fail(f"it does not end: {out}")

    def test_a_role_that_wants_mfa_on_a_terminal(self):
        self.config("[profile base]\n" + self.keys("base") + f"[profile a]\nrole_arn = {ROLE}\n"
                    "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n")
        many = ["s3://logs/", "s3://logs/b", "cloudtrail://us-east-1", "sqs://123456789012/q"]
        self.aws.roles[ROLE] = {"mfa": "arn:aws:iam::1:mfa/me", "code": "123456"}
        # A wrong code is asked for once, whoever waits for it.
        code, out = self.on_a_terminal(b"000000\n", *many)
        self.assertEqual(code, FAILED, out)
        self.assertEqual(out.count("MFA code of"), 1, out)
        self.assertEqual(out.count("cannot be assumed"), 1, out)
        # Somebody has second thoughts.
        self.aws.log.clear()
        code, out = self.on_a_terminal(b"\x03", "s3://logs/")
        self.assertEqual(self.aws.count("AssumeRole"), 0)
        self.assertNotIn("terminal", out)
        code, out = self.on_a_terminal(b"123456\n", "s3://logs/")
        self.assertEqual(code, 0, out)
        self.assertNotIn("123456", out.replace(ACCOUNT, ""))
        self.assertEqual(self.aws.count("AssumeRole"), 1)

    def test_web_identity(self):
        token = self.folder / "token"
        token.write_text("web-identity-secret-token\n")
        self.aws.roles[ROLE] = {"web_token": "web-identity-secret-token"}
        self.env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE}
        self.assert_asked_by(ROLE)
        self.aws.roles[ROLE] = {"web_token": "it-was-renewed"}
        self.assert_fails(f"{ROLE} cannot be assumed", "InvalidIdentityToken")
        token.unlink()
        self.assert_fails("token", "No such file")
        del self.env["AWS_ROLE_ARN"], self.env["AWS_WEB_IDENTITY_TOKEN_FILE"]
        token.write_text("it-was-renewed")
        self.config(f"[profile w]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n")
        self.assert_asked_by(ROLE, "--profile", "w")

    def process(self, code):
        script = self.folder / "a process.py"
        script.write_text(code)
        self.config(f"[profile p]\ncredential_process = {sys.executable} \"{script}\" 'x y'\n")
        return ["--profile", "p"]

    def test_credential_process(self):
        key, identity = self.aws.issue("process", 900)
        answer = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": identity.secret,
                  "SessionToken": identity.token, "Expiration": iso(time.time() + 900)}
        option = self.process(f"import sys\nassert sys.argv[1:] == ['x y']\nprint('''"
                              f"{json.dumps(answer)}''')")
        self.assert_asked_by("process", *option)
        for code, says in (("import sys; sys.exit(3)", "it failed"), ("print('{')", "not JSON"),
                           ("print('[' * 60000)", "not JSON"), ("print('{}')", "incomplete"),
                           ("print('x' * 100000)", "large")):
            self.assert_fails("credential_process", says, options=self.process(code))
        self.config("[profile p]\ncredential_process = /nowhere/at/all\n")
        self.assert_fails("credential_process", "No such file", options=option)

    def test_a_process_that_stays(self):
        """It is not waited for when all is to end; nor one that has closed its output and stays."""
        for code in ("import time; time.sleep(600)",
                     "import os, time; os.close(1); time.sleep(600)"):
            pid = self.folder / "pid"
            pid.unlink(missing_ok=True)
            option = self.process(f"import os\nopen({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')"
                                  f"\n{code}")
            with self.running("s3://logs/", options=option) as process:
                self.wait_for(lambda: pid.exists() and pid.read_text().endswith("\n"))
                started = time.monotonic()
                process.terminate()
                out, err = process.communicate(timeout=60)
            self.assertLess(time.monotonic() - started, 10)
            self.assertEqual((process.returncode, err), (0, b""), out)
            with self.assertRaises(ProcessLookupError):
                os.kill(int(pid.read_text()), 0)

    def test_a_process_has_no_signals_of_ours(self):
        """None is ignored, none blocked: as when a shell starts it."""
        script, signals = self.folder / "script", self.folder / "signals"
        script.write_text(f"grep -E '^Sig(Blk|Ign)' /proc/self/status > {signals}\nexit 1\n")
        self.config(f"[profile p]\ncredential_process = sh {script}\n")
        self.assert_fails("credential_process", options=["--profile", "p"])
        found = dict(line.split(":") for line in signals.read_text().splitlines())
        self.assertEqual({n: int(mask, 16) & (1 << 31) - 1 for n, mask in found.items()},
                         {"SigBlk": 0, "SigIgn": 0})

    def test_sso(self):
        self.config("[sso-session corp]\nsso_start_url = https://corp.example/start\n"
                    "sso_region = eu-west-1\n[profile s]\nsso_session = corp\n"
                    "sso_account_id = 123456789012\nsso_role_name = Audit\n"
                    "[profile old]\nsso_start_url = https://corp.example/start\n"
                    "sso_region = eu-west-1\nsso_account_id = 123456789012\n"
                    "sso_role_name = Audit\n")
        self.assert_fails("run `aws sso login`", options=["--profile", "s"])
        cache = self.folder / ".aws/sso/cache"
        cache.mkdir(parents=True)

        def put(name, token=self.aws.sso_token, until=3600):
            path = cache / (hashlib.sha1(name.encode()).hexdigest() + ".json")
            path.write_text(json.dumps({"accessToken": token, "expiresAt":
                                        iso(time.time() + until)}))
        put("corp")
        self.assert_asked_by("near", "--profile", "s")
        self.assertEqual([rq.query for what, rq in self.aws.log if "federation" in what],
                         [{"account_id": "123456789012", "role_name": "Audit"}])
        put("https://corp.example/start")
        self.assert_asked_by("near", "--profile", "old")
        put("corp", until=-1)
        self.assert_fails("run `aws sso login`", options=["--profile", "s"])
        put("corp", token="another")
        self.assert_fails("run `aws sso login`", options=["--profile", "s"])

    def test_container(self):
        token = self.folder / "auth"
        token.write_text(self.aws.container_token + "\n")
        self.env |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + "/container",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.aws.container_token}
        self.assert_asked_by("near")
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "stale"
        self.assert_fails("the container's agent gives no credentials (HTTP 401)")
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(token)
        self.assert_asked_by("near")
        # No proxy is asked for what is near by, or it would see them.
        self.env["http_proxy"] = "http://127.0.0.1:1"
        self.env["no_proxy"] = ""
        self.assert_fails_at_s3()
        for url in ("http://example.com/x", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/",
                    "http://127.0.0.1@example.com/"):
            self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
            self.assert_fails("a place that credentials must not come from")

    def assert_fails_at_s3(self):
        self.aws.log.clear()
        err = self.sync("s3://logs/", status=FAILED)[1]
        self.assertEqual([what for what, _ in self.aws.log], ["/container"])
        self.assertIn("check the network, the proxy", err[0])

    def test_hostile_answers(self):
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.url + "/container"
        key = {"AccessKeyId": "A" * 500, "SecretAccessKey": "s"}
        for body, says in ((b"{", "not JSON"), (b"", "not JSON"), (b"[" * 100000, "not JSON"),
                           (b'"' + b"x" * (2 << 20) + b'"', "longer than it may be"),
                           (b"[]", "incomplete"), (b'{"AccessKeyId":7}', "incomplete"),
                           (json.dumps(key).encode(), "too long"),
                           (b'{"AccessKeyId":"a\\u0000b","SecretAccessKey":"s"}', "too long")):
            self.aws.fault = on("/container", raw(body, type_="application/json"))
            self.assert_fails(says)

    def test_instance(self):
        del self.env["AWS_EC2_METADATA_DISABLED"]
        self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = self.url
        self.assert_asked_by("near")
        self.assertEqual([what for what, _ in self.aws.log][:3], [
            "/latest/api/token", "/latest/meta-data/iam/security-credentials/",
            "/latest/meta-data/iam/security-credentials/machine-role"])
        self.aws.fault = on("/latest/api/token", lambda aws, rq: Answer(403, b""))
        self.assert_fails("no AWS credentials found")
        self.aws.fault = on("/latest/api/token", "stall")
        self.assert_fails("no AWS credentials found")
