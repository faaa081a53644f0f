# SPDX-License-Identifier: Apache-2.0
"""Can the fake's check fail? One that cannot would prove nothing about the program."""
import unittest

import fake_sigv4
from fake_aws import Identity, Request

# From AWS's description of Signature Version 4, its example of GetObject with a range (Amazon S3
# API reference, "Authenticating Requests: Using the Authorization Header").
NOW = 1369353600
IDENTITY = Identity("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SIGNATURE = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def request(target="/test.txt", signature=SIGNATURE, body=b"", **headers):
    return Request("GET", target, {
        "host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
        "aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature="
        + signature, **{k.replace("_", "-"): v for k, v in headers.items()}}, body)


class Signature(unittest.TestCase):
    def check(self, rq, now=NOW, secret_of=lambda key: IDENTITY):
        return fake_sigv4.check(rq, secret_of, now)

    def refused(self, code, *args, **more):
        with self.assertRaises(fake_sigv4.Refused) as caught:
            self.check(*args, **more)
        self.assertEqual(caught.exception.code, code)

    def test_published_example(self):
        self.assertIs(self.check(request()), IDENTITY)

    def test_whatever_is_changed(self):
        self.refused("SignatureDoesNotMatch", request("/test.txU"))
        self.refused("SignatureDoesNotMatch", request("/test.txt?a=b"))
        self.refused("SignatureDoesNotMatch", request(range="bytes=0-8"))
        self.refused("SignatureDoesNotMatch", request(signature="0" * 64))
        self.refused("AccessDenied", request(x_amz_more="not signed"))
        self.refused("XAmzContentSHA256Mismatch", request(body=b"x"))
        self.refused("RequestTimeTooSkewed", request(), NOW + 901)
        self.refused("RequestTimeTooSkewed", request(), NOW - 901)
        self.refused("InvalidAccessKeyId", request(), secret_of=lambda key: None)
        self.refused("ExpiredToken", request(),
                     secret_of=lambda key: Identity(IDENTITY.secret, expires=NOW))
        self.refused("InvalidToken", request(),
                     secret_of=lambda key: Identity(IDENTITY.secret, token="t"))
