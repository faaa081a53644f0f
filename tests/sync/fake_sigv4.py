# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4 as the receiving side sees it, from AWS's description alone ("Create a signed
AWS API request", IAM user guide): it shares nothing with the program it checks."""
import calendar
import functools
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

SKEW_S = 900
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$")


class Refused(Exception):
    """What AWS would answer: a status, a code and a message; more goes into the answer."""

    def __init__(self, status, code, message="", headers=(), **more):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.headers, self.more = dict(headers), more


def _hmac(key, text):
    return hmac.digest(key, text.encode(), "sha256")


@functools.lru_cache(256)
def signing_key(secret, day, region, service):
    key = _hmac(b"AWS4" + secret.encode(), day)
    return _hmac(_hmac(_hmac(key, region), service), "aws4_request")


def _encoded(text, safe=""):
    return quote(unquote(text), safe=safe + "-_.~")


def canonical_request(rq, signed):
    pairs = [pair.partition("=") for pair in rq.query_text.split("&") if pair]
    query = "&".join(f"{name}={value}" for name, value in
                     sorted((_encoded(p[0]), _encoded(p[2])) for p in pairs))
    path = _encoded(rq.raw_path, "/")
    if rq.service != "s3":
        path = quote(path, safe="/-_.~")
    headers = "".join(f"{name}:{' '.join(rq.headers.get(name, '').split())}\n" for name in signed)
    payload = rq.headers.get("x-amz-content-sha256") or hashlib.sha256(rq.body).hexdigest()
    return "\n".join([rq.method, path, query, headers, ";".join(signed), payload])


def scope_of(authorization):
    """(access key, region, service) of a request's header; None for one without a signature."""
    match = AUTHORIZATION.match(authorization or "")
    return (match[1], match[3], match[4]) if match else None


def _check_time(rq, now):
    try:
        then = calendar.timegm(time.strptime(rq.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refused(403, "AccessDenied", "no X-Amz-Date") from None
    if abs(then - now) <= SKEW_S:
        return
    if rq.service == "s3":
        raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and "
                      "the current time is too large.")
    code = "SignatureDoesNotMatch" if rq.service == "sts" else "InvalidSignatureException"
    raise Refused(403, code, "Signature expired: it is now another time")


def check(rq, secret_of, now):
    """Who asks, or Refused. secret_of(access key) gives an identity with secret, token, expires."""
    match = AUTHORIZATION.match(rq.headers.get("authorization", ""))
    if not match:
        raise Refused(403, "AccessDenied", "the request has no signature")
    access_key, day, region, service, names, signature = match.groups()
    signed = names.split(";")
    wanted = {"host", "x-amz-date"} | {n for n in rq.headers if n.startswith("x-amz-")}
    if signed != sorted(signed) or not wanted <= set(signed):
        raise Refused(403, "AccessDenied", "There were headers present in the request which were "
                      "not signed")
    identity = secret_of(access_key)
    if identity is None:
        raise Refused(403, "InvalidAccessKeyId" if service == "s3" else "InvalidClientTokenId",
                      "The AWS Access Key Id you provided does not exist in our records.")
    _check_time(rq, now)
    claimed = rq.headers.get("x-amz-content-sha256")
    if service == "s3" and claimed is None:
        raise Refused(400, "InvalidRequest", "Missing required header x-amz-content-sha256")
    if claimed not in (None, "UNSIGNED-PAYLOAD") and \
            claimed != hashlib.sha256(rq.body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch", "the payload is another one")
    date = rq.headers["x-amz-date"]
    if not date.startswith(day):
        raise Refused(403, "SignatureDoesNotMatch", "the scope is of another day")
    text = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request",
                      hashlib.sha256(canonical_request(rq, signed).encode()).hexdigest()])
    key = signing_key(identity.secret, day, region, service)
    if not hmac.compare_digest(_hmac(key, text).hex(), signature):
        raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not "
                      "match the signature you provided. Check your key and signing method.")
    if (identity.token or "") != rq.headers.get("x-amz-security-token", ""):
        raise Refused(403, "InvalidToken" if service == "s3" else "InvalidClientTokenId",
                      "The provided token is malformed or otherwise invalid.")
    if identity.expires is not None and identity.expires <= now:
        raise Refused(400 if service == "s3" else 403, "ExpiredToken" if service == "s3" else
                      "ExpiredTokenException", "The provided token has expired.")
    return identity
