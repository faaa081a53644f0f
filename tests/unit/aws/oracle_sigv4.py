#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our signatures with botocore's over some hundred random requests."""
import datetime
import random
import subprocess
import sys
import unittest.mock
import urllib.parse

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
except ImportError:
    print("skipped: botocore is not installed")
    sys.exit(77)

ALPHABET = "abcXYZ019-._~ /:+=%&*'(),;@!$é漢"


def word(rng, low, high, alphabet=ALPHABET):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def make(rng):
    service = rng.choice(["s3", "s3", "config", "sqs", "sts", "monitoring"])
    return {
        "date": datetime.datetime(2026, 1, 2, 3, 4, 5)
        + datetime.timedelta(seconds=rng.randrange(10**8)),
        "region": rng.choice(["us-east-1", "eu-central-1", "us-gov-west-1"]),
        "service": service,
        "key": word(rng, 16, 20, "ABCDEF0123456789"),
        "secret": word(rng, 40, 40, "abcDEF012/+"),
        "token": word(rng, 50, 90, "abcDEF012/+=") if rng.random() < 0.5 else "",
        "method": rng.choice(["GET", "POST"]),
        "host": rng.choice(["logs.s3.eu-central-1.amazonaws.com", "127.0.0.1:8080"]),
        "path": "/" + (word(rng, 0, 60) if service == "s3" else ""),
        "body": word(rng, 0, 80),
        "query": {word(rng, 1, 8): word(rng, 0, 12) for _ in range(rng.randint(0, 6))},
        "headers": {f"x-amz-{word(rng, 1, 6, 'abcdef')}": " " + word(rng, 1, 9, "a b,c") + "z"
                    for _ in range(rng.randint(0, 4))},
    }


def line(c):
    fields = [c["date"].strftime("%Y%m%dT%H%M%SZ"), c["region"], c["service"], c["key"],
              c["secret"], c["token"], c["method"], c["host"], c["path"], c["body"],
              str(len(c["query"])), str(len(c["headers"]))]
    for pairs in (c["query"], c["headers"]):
        for name, value in pairs.items():
            fields += [name, value]
    return "\t".join(fields)


def botocore_says(c):
    quote = urllib.parse.quote
    query = "&".join(f"{quote(k, safe='-._~')}={quote(v, safe='-._~')}"
                     for k, v in c["query"].items())
    url = f"http://{c['host']}{quote(c['path'], safe='/-._~')}" + ("?" + query if query else "")
    request = botocore.awsrequest.AWSRequest(
        method=c["method"], url=url, data=c["body"].encode(),
        headers={**c["headers"], "Host": c["host"]})
    credentials = botocore.credentials.Credentials(c["key"], c["secret"], c["token"] or None)
    kind = botocore.auth.S3SigV4Auth if c["service"] == "s3" else botocore.auth.SigV4Auth
    signer = kind(credentials, c["service"], c["region"])
    # S3 over plain HTTP has its payload signed, as we always do.
    request.context["client_config"] = None
    with unittest.mock.patch("botocore.auth.get_current_datetime",
                             return_value=c["date"], create=True), \
            unittest.mock.patch("botocore.auth.datetime", create=True) as clock:
        clock.datetime.utcnow.return_value = c["date"]
        signer.add_auth(request)
    return request.headers["Authorization"]


def main():
    rng = random.Random(7)
    cases = [make(rng) for _ in range(400)]
    ours = subprocess.run([sys.argv[1]], input="\n".join(map(line, cases)) + "\n",
                          capture_output=True, text=True, check=True).stdout.splitlines()
    bad = 0
    for case, got in zip(cases, ours, strict=True):
        want = botocore_says(case)
        if got != want:
            bad += 1
            print(f"differs: {case}\n  ours {got}\n  theirs {want}")
    print(f"{len(cases)} requests signed, {bad} differ")
    return 1 if bad else 0


sys.exit(main())
