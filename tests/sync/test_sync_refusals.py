# SPDX-License-Identifier: Apache-2.0
"""What goes wrong is said in one line a source, with what to do about it; the others go on."""
import itertools
import shutil
import ssl
import subprocess
import unittest

from fake_aws import FakeAws, Identity, on, raw, redirect, status
from support import FAILED, REFUSED, USAGE, driftfs, item, history_file, text_of
from sync_support import SyncCase, config_key, small

HUGE = b"<ListBucketResult>" + b"<x>" + b"y" * (17 << 20) + b"</x></ListBucketResult>"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><ListBucketResult><Contents><Key>&c;</Key></Contents>
</ListBucketResult>"""
FILES = b'<!DOCTYPE l SYSTEM "file:///etc/passwd"><ListBucketResult/>'
DEEP = b"<ListBucketResult>" + b"<a>" * 100000 + b"</a>" * 100000 + b"</ListBucketResult>"
WHO = "arn:aws:sts::123456789012:assumed-role/audit/me"
DENIED = (f"User: {WHO} is not authorized to perform: s3:ListBucket on resource: "
          '"arn:aws:s3:::bad" because no identity-based policy allows the s3:ListBucket action')
ENDLESS = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"


class Sources(SyncCase):
    """One of two sources fails, the first."""

    def setUp(self):
        super().setUp()
        self.aws.bucket("bad").put(config_key(1), small(1))
        self.aws.bucket("good").put(config_key(2), small(2))

    def assert_bad(self, *says, count=1, status_=FAILED, source="s3://bad/"):
        line, err = self.sync(source, "s3://good/", status=status_)
        self.assertEqual(len(err), count, err)
        self.assertTrue(err[0].startswith(f"driftfs: {source}"), err)
        for text in says:
            self.assertIn(text, err[0])
        self.assertIn("1 item of 1 resource in 1 file, ", line)
        self.assertEqual(self.items(), 1)
        return err[0]

    def fail_listing(self, fault):
        listing = on("ListObjectsV2", fault)
        self.aws.fault = lambda rq: listing(rq) if rq.path.startswith("/bad") else None

    def test_what_aws_says(self):
        for fault, says in (
                (status(400, "ExpiredToken", "The provided token has expired."),
                 ("ExpiredToken: The provided token has expired.", "sign in again")),
                (status(403, "InvalidAccessKeyId", "does not exist"), ("check the keys",)),
                (status(403, "SignatureDoesNotMatch", "It does not match."), ("check the keys",)),
                (status(403, "AccessDenied", "Access Denied"),
                 ("AccessDenied: Access Denied (HTTP 403), asked by the environment's keys; its "
                  "policy, and the bucket's, must allow this",)),
                (status(403, "AccessDenied", DENIED),
                 (f"/: AccessDenied: {WHO} is not authorized to perform: s3:ListBucket on resource: "
                  '"arn:aws:s3:::bad" because',
                  " (HTTP 403); its policy, and the bucket's, must allow this")),
                (status(301, "PermanentRedirect", "elsewhere", **{
                    "x-amz-bucket-region": "eu-west-9"}), ("PermanentRedirect", "check --region")),
                (status(301, "PermanentRedirect", "elsewhere", **{
                    "x-amz-bucket-region": "evil.example.com/"}), ("check --region",)),
                (status(501, "NotImplemented", "No."), ("NotImplemented",)),
                (status(418, "", ""), ("refused (HTTP 418)",)),
                (status(403, "Odd\u009b2J", "x" * 5000), ("Odd\\x9b2J: xxx",))):
            with self.subTest(says=says):
                self.fail_listing(fault)
                self.history.unlink(missing_ok=True)
                line = self.assert_bad(*says)
                self.assertTrue(line.isprintable(), line)

    def test_answers_that_are_no_lists(self):
        for body, says in ((b"<ListBucketResult><Contents>", "cannot be read"), (b"", "cannot be"),
                           (b"\x00\xff\xfe", "cannot be read"), (b'{"a":1}', "cannot be read"),
                           (HUGE, "longer than it may be"), (BOMB, "document type"),
                           (FILES, "document type"), (DEEP, "too deep"),
                           (ENDLESS, "does not say where"),
                           (b"<html><body>Welcome</body></html>", "check --endpoint-url")):
            with self.subTest(body=body[:30]):
                self.fail_listing(raw(body))
                self.history.unlink(missing_ok=True)
                self.assert_bad(says)

    def test_no_bucket(self):
        self.assert_bad("NoSuchBucket", "check the name", source="s3://nobody/")
        self.history.unlink()
        self.assert_bad("cannot be a bucket's name", source="s3://b@d/")

    def test_nothing_under_a_prefix(self):
        """A word was mistyped; not where there was something once, nor when no day fits."""
        for options in ([], ["--since", "2024-06-01"]):
            err = self.sync("s3://good/AWSLog/", status=FAILED, options=options)[1]
            self.assertEqual(err, ["driftfs: s3://good/AWSLog/: nothing is there under this prefix; "
                                   "check the name"])
        self.assertEqual(self.sync("s3://good/AWSLogs/", options=["--since", "2024-06-01"]),
                         ("nothing new, 0 refused", []))
        self.sync("s3://good/AWSLogs/")
        self.aws.bucket("good").clear()
        for source in ("s3://good/AWSLogs/", "s3://good/" + config_key(2), "s3://good/"):
            self.assertEqual(self.sync(source), ("nothing new, 0 refused", []))

    def test_two_fail_in_the_same_words(self):
        err = self.sync("s3://one/", "s3://two/", status=FAILED)[1]
        self.assertEqual(sorted(line[:19] for line in err),
                         ["driftfs: s3://one/:", "driftfs: s3://two/:"], err)

    def test_a_redirect_is_not_followed(self):
        with FakeAws() as other:
            self.fail_listing(redirect(other.url + "/bad?list-type=2"))
            self.assert_bad("redirects are not followed: check --endpoint-url")
            self.assertEqual(other.log, [])

    def test_no_answers(self):
        """What stays wrong after all tries."""
        for fault, says in (("reset", "check the network"), ("cut", "check the network"),
                            (status(503, "SlowDown", "Reduce your rate."), "try again later"),
                            (status(500, "InternalError"), "try again later")):
            with self.subTest(fault=fault):
                self.fail_listing(fault)
                self.history.unlink(missing_ok=True)
                self.aws.log.clear()
                self.assert_bad(says)
                tries = sum(rq.path == "/bad/" for _, rq in self.aws.log)
                self.assertEqual(tries, 5)

    def test_the_bucket_is_elsewhere(self):
        for moved_by in (301, 400):
            bucket = self.aws.bucket(f"far{moved_by}", region="eu-west-1")
            bucket.moved_by = moved_by
            bucket.put(config_key(moved_by), small(moved_by))
            self.assertEqual(self.sync(f"s3://far{moved_by}/")[1], [])
        self.assertEqual(self.items(), 2)

    def test_access_denied_on_one_of_many_accounts(self):
        bucket = self.aws.bucket("good")
        for n in range(10, 40):
            account = f"{n}1111111111"
            bucket.put(config_key(n, account), small(n, account), denied=n == 20)
        line, err = self.sync("s3://good/", status=REFUSED)
        self.assertEqual(len(err), 1, err)
        self.assertIn("/201111111111/", err[0])
        self.assertIn("must allow this", err[0])
        self.assertEqual(self.items(), 30)
        bucket.objects[config_key(20, "201111111111")].denied = False
        line, err = self.sync("s3://good/")
        self.assertEqual((err, self.items()), ([], 31))
        self.assertEqual(self.refusals(), [])

    def test_objects_that_cannot_be_had(self):
        bucket = self.aws.bucket("good")
        for n, class_ in enumerate(("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA")):
            bucket.put(config_key(100 + n), small(100 + n), storage_class=class_)
        line, err = self.sync("s3://good/", status=REFUSED)
        self.assertEqual(len(err), 2, err)
        for text in err:
            self.assertRegex(text, r"^driftfs: s3://good/AWSLogs.*: is archived \((GLACIER|DEEP_"
                             r"ARCHIVE)\): restore it, then sync again$")
        self.assertEqual(self.items(), 3)

    def test_s3_goes_away_in_a_backfill(self):
        """One line, not one for each of the objects that are left; the next run has them."""
        for n in range(300):
            self.aws.bucket("many").put(config_key(n), small(n))
        gone = itertools.count()
        self.aws.fault = lambda rq: status(503, "ServiceUnavailable") if \
            rq.operation == "GetObject" and next(gone) >= 100 else None
        line, err = self.sync("s3://many/", status=FAILED)
        self.assertEqual(len(err), 1, err)
        self.assertRegex(err[0], r"^driftfs: s3://many/: .*ServiceUnavailable.*try again later$")
        self.assertEqual(self.refusals(), [])
        # All tries of the 64 under way, and of those begun before 16 tries in a row were in vain.
        tries, at_once, trouble = 5, 64, 16
        self.assertLessEqual(next(gone), 100 + tries * (at_once + trouble // tries),
                             "it went on asking")
        self.aws.fault = None
        self.assertEqual(self.sync("s3://many/")[1], [])
        self.assertEqual(self.items(), 300)

    def test_objects_that_are_not_what_was_listed(self):
        for fault, says in ((raw(small(5) + b" " * (1 << 20)), "not as long as"),
                            (raw(small(5)[:-5]), "not as long as"),
                            (raw(b"<Error>" + b"x" * (8 << 20), 404), "longer than it may be"),
                            (status(412, "PreconditionFailed", "changed"), "PreconditionFailed"),
                            (status(404, "NoSuchKey", "gone"), "NoSuchKey")):
            with self.subTest(says=says):
                get = on("GetObject", fault)
                self.aws.fault = lambda rq: get(rq) if rq.path.startswith("/bad") else None
                self.history.unlink(missing_ok=True)
                self.assert_bad(says, status_=REFUSED,
                                source="s3://bad/" + config_key(1))

    def test_credentials_that_end_under_way(self):
        """One line, however many objects there are."""
        bucket = self.aws.bucket("bad")
        for n in range(300):
            bucket.put(config_key(1000 + n), small(n))
        get = on("GetObject", status(400, "ExpiredToken", "The provided token has expired."))
        self.aws.fault = lambda rq: get(rq) if rq.path.startswith("/bad") else None
        self.assert_bad("ExpiredToken", "sign in again")

    def test_words_that_are_no_sources(self):
        for source in ("http://x", "s3:/x/y", "s3://", "s3:///prefix", "bucket"):
            line, err = self.sync(source, "s3://good/", status=FAILED)
            self.assertEqual((line, len(err)), ("", 1), err)
            self.assertIn("s3://BUCKET/PREFIX", err[0])
        for option in (["--timeout", "0"], ["--interval", "x"], ["--since", "soon"],
                       ["--events", "some"], ["-j", "65"]):
            self.sync("s3://good/", status=USAGE, options=option)
        self.assertFalse(self.history.exists())

    def test_what_is_in_them_is_refused_as_ever(self):
        self.aws.bucket("good").put("broken.json", b'{"Records":[{"a":1},,]')
        bad = history_file([item("sg-9", configurationItemCaptureTime="yesterday")])
        self.aws.bucket("good").put("bad.json", text_of(bad))
        line, err = self.sync("s3://good/", status=REFUSED)
        self.assertTrue(all(text.startswith("driftfs: s3://good/b") for text in err), err)
        self.assertIn("1 item of 1 resource", line)


class Clock(SyncCase):
    def test_an_hour_off(self):
        self.aws.bucket("logs").put(config_key(1), small(1))
        self.aws.roles["arn:aws:iam::123456789012:role/R"] = {}
        role = ["--role-arn", "arn:aws:iam::123456789012:role/R"]
        for hours in (1, -1):
            self.aws.clock_offset = 3600 * hours
            self.history.unlink(missing_ok=True)
            self.assertEqual(self.sync("s3://logs")[1], [])
            self.aws.log.clear()
            self.assertEqual(self.sync("s3://logs", options=role)[1], [])
            self.assertEqual(self.aws.count("AssumeRole"), 2)

    def test_and_nobody_says_by_how_much(self):
        self.aws.fault = on("ListObjectsV2", status(403, "RequestTimeTooSkewed", "too large"))
        err = self.sync("s3://logs", status=FAILED)[1]
        self.assertEqual(len(err), 1)
        self.assertIn("set the clock of this machine", err[0])


class Server(SyncCase):
    def test_a_region_that_is_none(self):
        """Its names do not resolve."""
        command = [driftfs(), "sync", "-q", str(self.history), "config://eu-nowhere-9"]
        self.env["RES_OPTIONS"] = "attempts:1 timeout:1"
        done = subprocess.run(command, check=False, env=self.env, cwd=self.folder,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (FAILED, 1), done.stderr)
        self.assertIn("check the region", done.stderr)

    def test_nobody_there(self):
        with FakeAws() as gone:
            url = gone.url
        done = subprocess.run(self.command("s3://logs", options=["--endpoint-url", url]), check=False,
                              env=self.env, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("check the network, the proxy and --endpoint-url", done.stderr)

    def test_endpoints_that_are_none(self):
        for url in ("ftp://127.0.0.1", "127.0.0.1:1", "http://", "http://127.0.0.1/path/x"):
            done = subprocess.run(self.command("s3://logs", options=["--endpoint-url", url]),
                                  check=False, env=self.env, cwd=self.folder, capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, FAILED, url)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn("endpoint", done.stderr)

    def test_a_wrong_secret(self):
        self.aws.identities[self.aws.KEY] = Identity("another one")
        err = self.sync("s3://logs/", status=FAILED)[1]
        self.assertEqual(len(err), 1)
        self.assertIn("SignatureDoesNotMatch", err[0])


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(SyncCase):
    def setUp(self):
        super().setUp()
        pair = self.folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        pair, "-out", self.folder / "only.pem"], check=True, capture_output=True)
        pair.write_bytes(pair.read_bytes() + (self.folder / "only.pem").read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self.aws = self.enterContext(FakeAws(tls=context))
        self.aws.bucket("logs").put(config_key(1), small(1))

    def test_a_certificate_nobody_knows(self):
        err = self.sync("s3://logs", status=FAILED)[1]
        self.assertEqual(len(err), 1, err)
        self.assertIn("certificate", err[0])
        self.assertIn("--ca-bundle or AWS_CA_BUNDLE", err[0])
        self.assertEqual(self.aws.log, [])

    def test_one_of_another_server(self):
        """It is trusted, but of no use here: no more certificates would help."""
        url = self.aws.url.replace("127.0.0.1", "localhost")
        err = self.sync("s3://logs", status=FAILED, options=[
            "--ca-bundle", self.folder / "only.pem", "--endpoint-url", url])[1]
        self.assertEqual(len(err), 1, err)
        self.assertIn("subject name", err[0])
        self.assertIn("check --endpoint-url", err[0])

    def test_who_speaks_no_tls(self):
        with FakeAws() as plain:
            url = plain.url.replace("http:", "https:")
            err = self.sync("s3://logs", status=FAILED, options=["--endpoint-url", url])[1]
        self.assertEqual(len(err), 1, err)
        self.assertIn("check --endpoint-url", err[0])

    def test_one_that_is_named(self):
        self.sync("s3://logs", options=["--ca-bundle", self.folder / "only.pem"])
        self.history.unlink()
        self.env["AWS_CA_BUNDLE"] = str(self.folder / "only.pem")
        self.sync("s3://logs")
        self.assertEqual(self.items(), 1)
