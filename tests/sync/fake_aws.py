# SPDX-License-Identifier: Apache-2.0
"""An AWS of the project's own, on 127.0.0.1: S3, STS, the SSO portal, a container's agent and an
instance's metadata; other services by handlers that a test registers. It checks each signature,
scripts faults and keeps a log. Connections have a thread each; HTTP is read here, not by
http.server, which would be the bottleneck.

  with FakeAws() as aws:
      aws.bucket("logs").put("AWSLogs/...", b"...")
      aws.fault = every(10, status(500, "InternalError"), CUT, RESET)
      ... aws.url ... aws.environment() ...

A handler of a service: f(aws, request) -> Answer or bytes; Refused is answered in its protocol.
"""
import base64
import bisect
import dataclasses
import hashlib
import itertools
import json
import pathlib
import socket
import struct
import threading
import time
from email.utils import formatdate
from urllib.parse import parse_qs, quote, unquote
from xml.sax.saxutils import escape

from fake_sigv4 import Refused, check, scope_of

ACCOUNT = "123456789012"


@dataclasses.dataclass
class Identity:
    secret: str
    token: str = None
    expires: float = None
    name: str = "user/test"
    denied: bool = False  # whatever it asks for


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    type: str = "application/xml"
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Stored:
    body: bytes
    etag: str
    storage_class: str = "STANDARD"
    denied: bool = False


class Request:
    """One request as it came; `query` and `form` hold first values only."""

    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.raw_path, _, self.query_text = target.partition("?")
        self.path = unquote(self.raw_path)
        self.query = {k: v[0] for k, v in
                      parse_qs(self.query_text, keep_blank_values=True).items()}
        scope = scope_of(headers.get("authorization"))
        self.access_key, self.region, self.service = scope or (None, None, None)
        self.identity = None

    @property
    def form(self):
        return {k: v[0] for k, v in parse_qs(self.body.decode()).items()}

    @property
    def operation(self):
        """"GetObject", "ListObjectsV2", "AssumeRole", "ReceiveMessage" ..."""
        if self.service == "s3":
            return "ListObjectsV2" if "list-type" in self.query else "GetObject"
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        if self.method == "POST":
            return self.form.get("Action", "")
        return self.path


# --- faults: what a request gets instead of its answer, or done to it --------------------------

def status(code, name="", message="", **headers):
    """An error in the protocol of the service that was asked."""
    return lambda aws, rq: aws.refusal(rq, Refused(code, name, message, headers))


def raw(body, code=200, type_="application/xml", **headers):
    return lambda aws, rq: Answer(code, body, type_, {k.replace("_", "-"): v
                                                      for k, v in headers.items()})


def redirect(url, code=307):
    return lambda aws, rq: Answer(code, b"", headers={"Location": url})


CUT, RESET, STALL = "cut", "reset", "stall"  # half of the body; none at all; half, then silence


def every(nth, *faults, service="s3"):
    """Each nth request of the service fails, in one of these ways after the other."""
    count, ways = itertools.count(1), itertools.cycle(faults)

    def choose(rq):
        return next(ways) if rq.service == service and next(count) % nth == 0 else None
    return choose


def on(operation, *faults, times=None):
    """The first requests of an operation fail; with one fault and no `times`, all of them."""
    left = itertools.chain(*(itertools.repeat(f, times) if times else
                             itertools.repeat(f, 1) if len(faults) > 1 else itertools.repeat(f)
                             for f in faults))
    return lambda rq: next(left, None) if rq.operation == operation else None


# --- S3 ----------------------------------------------------------------------------------------

class Bucket:
    def __init__(self, name, region):
        self.name, self.region, self.moved_by = name, region, 400
        self.objects, self.keys = {}, []
        self.denied = False
        self.lock = threading.Lock()

    def put(self, key, body, **more):
        key = key if isinstance(key, str) else key.decode("utf-8", "surrogateescape")
        with self.lock:
            if key not in self.objects:
                bisect.insort(self.keys, key)
            self.objects[key] = Stored(body, f'"{hashlib.md5(body).hexdigest()}"', **more)
        return self

    def clear(self):
        with self.lock:
            self.objects, self.keys = {}, []

    def put_folder(self, folder):
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file():
                self.put(str(path.relative_to(folder)), path.read_bytes())
        return self

    def page(self, q):
        """(objects, prefixes, the next token or None) of one page."""
        prefix, delimiter = q.get("prefix", ""), q.get("delimiter", "")
        most = min(int(q.get("max-keys", 1000)), 1000)
        after = q.get("start-after", "")
        if "continuation-token" in q:
            after = base64.b64decode(q["continuation-token"]).decode("utf-8", "surrogateescape")
        objects, prefixes = [], []
        with self.lock:
            at = max(bisect.bisect_left(self.keys, prefix), bisect.bisect_right(self.keys, after))
            while at < len(self.keys) and self.keys[at].startswith(prefix):
                key = self.keys[at]
                end = key.find(delimiter, len(prefix)) if delimiter else -1
                if len(objects) + len(prefixes) == most:
                    last = after.encode("utf-8", "surrogateescape")
                    return objects, prefixes, base64.b64encode(last).decode()
                if end < 0:
                    objects.append((key, self.objects[key]))
                    after, at = key, at + 1
                    continue
                folder = key[:end + 1]
                after = folder + "\U0010ffff"
                at = bisect.bisect_left(self.keys, after)
                prefixes.append(folder)
        return objects, prefixes, None

    def list(self, q):
        def name(text):
            text = text.encode("utf-8", "surrogateescape")
            return quote(text, safe="/*") if q.get("encoding-type") == "url" else \
                escape(text.decode())
        objects, prefixes, token = self.page(q)
        out = ["<?xml version='1.0' encoding='UTF-8'?>\n<ListBucketResult xmlns='http://s3.amazonaws"
               f".com/doc/2006-03-01/'><Name>{self.name}</Name>"
               f"<Prefix>{name(q.get('prefix', ''))}</Prefix>"
               f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>"]
        if token:
            out.append(f"<NextContinuationToken>{token}</NextContinuationToken>")
        for key, o in objects:
            out.append(f"<Contents><Key>{name(key)}</Key><LastModified>2024-05-01T10:00:00.000Z"
                       f"</LastModified><ETag>{escape(o.etag)}</ETag><Size>{len(o.body)}</Size>"
                       f"<StorageClass>{o.storage_class}</StorageClass></Contents>")
        out += [f"<CommonPrefixes><Prefix>{name(p)}</Prefix></CommonPrefixes>" for p in prefixes]
        return Answer(body="".join(out + ["</ListBucketResult>"]).encode())


def s3(aws, rq):
    name, _, key = unquote(rq.raw_path[1:], errors="surrogateescape").partition("/")
    bucket = aws.buckets.get(name)
    if bucket is None:
        raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
    if bucket.denied:
        raise Refused(403, "AccessDenied", "Access Denied")
    if bucket.region != rq.region:
        where = {"x-amz-bucket-region": bucket.region}
        if bucket.moved_by == 301:
            raise Refused(301, "PermanentRedirect", "The bucket you are attempting to access must "
                          "be addressed using the specified endpoint.", where)
        raise Refused(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; "
                      f"the region '{rq.region}' is wrong", Region=bucket.region)
    if not key:
        return bucket.list(rq.query)
    stored = bucket.objects.get(key)
    if stored is None:
        raise Refused(404, "NoSuchKey", "The specified key does not exist.")
    if stored.denied:
        raise Refused(403, "AccessDenied", "Access Denied")
    if stored.storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        raise Refused(403, "InvalidObjectState",
                      "The operation is not valid for the object's storage class")
    if rq.headers.get("if-match", stored.etag) != stored.etag:
        raise Refused(412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
    return Answer(body=stored.body, type="application/octet-stream",
                  headers={"ETag": stored.etag})


# --- STS, and who hands out credentials near by ------------------------------------------------

def iso(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def credentials_xml(aws, action, identity, key):
    return Answer(body=(
        f"<{action}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{action}Result>"
        f"<Credentials><AccessKeyId>{key}</AccessKeyId>"
        f"<SecretAccessKey>{escape(identity.secret)}</SecretAccessKey>"
        f"<SessionToken>{escape(identity.token)}</SessionToken>"
        f"<Expiration>{iso(identity.expires)}</Expiration></Credentials>"
        f"</{action}Result></{action}Response>").encode(), type="text/xml")


def sts(aws, rq):
    form = rq.form
    action, arn = form.get("Action"), form.get("RoleArn")
    if action == "GetCallerIdentity" and rq.identity:
        return Answer(body=(
            f"<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
            f"<GetCallerIdentityResult><Arn>arn:aws:iam::{aws.account}:{rq.identity.name}</Arn>"
            f"<UserId>AIDAFAKE</UserId><Account>{aws.account}</Account>"
            f"</GetCallerIdentityResult></GetCallerIdentityResponse>").encode(), type="text/xml")
    role = aws.roles.get(arn)
    if role is None or role.get("external_id") != form.get("ExternalId") or \
            role.get("mfa") != form.get("SerialNumber"):
        raise Refused(403, "AccessDenied", f"not authorized to perform: sts:{action} on {arn}")
    if role.get("code", form.get("TokenCode")) != form.get("TokenCode"):
        raise Refused(403, "AccessDenied", "MultiFactorAuthentication failed with invalid code")
    if action == "AssumeRoleWithWebIdentity":
        if form.get("WebIdentityToken") != role.get("web_token"):
            raise Refused(400, "InvalidIdentityToken", "the token is none of ours")
    elif rq.identity is None or role.get("trusts") not in (None, rq.identity.name):
        raise Refused(403, "AccessDenied", f"not authorized to perform: sts:{action} on {arn}")
    key, identity = aws.issue(name=arn, lifetime=role.get("lifetime", 3600))
    aws.sessions.append((arn, form.get("RoleSessionName"), form.get("DurationSeconds")))
    return credentials_xml(aws, action, identity, key)


def as_json(aws, names, when=iso, **more):
    key, identity = aws.issue(name="near", lifetime=aws.near_lifetime)
    values = (key, identity.secret, identity.token, when(identity.expires))
    return dict(zip(names, values), **more)


def near(aws, rq):
    """The metadata service (version 2 only), a container's agent, the SSO portal."""
    names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
    if rq.path == "/latest/api/token" and rq.method == "PUT":
        if "x-aws-ec2-metadata-token-ttl-seconds" not in rq.headers:
            raise Refused(400, "BadRequest")
        return Answer(body=b"imds-token", type="text/plain")
    if rq.path.startswith("/latest/meta-data/iam/security-credentials/"):
        if rq.headers.get("x-aws-ec2-metadata-token") != "imds-token":
            raise Refused(401, "Unauthorized")
        if rq.path.endswith("/"):
            return Answer(body=b"machine-role", type="text/plain")
        body = as_json(aws, names, Code="Success")
    elif rq.path == "/container":
        if rq.headers.get("authorization") != aws.container_token:
            raise Refused(401, "Unauthorized")
        body = as_json(aws, names)
    elif rq.path == "/federation/credentials":
        if rq.headers.get("x-amz-sso_bearer_token") != aws.sso_token:
            raise Refused(401, "UnauthorizedException", "Session token not found or invalid")
        body = {"roleCredentials": as_json(
            aws, ("accessKeyId", "secretAccessKey", "sessionToken", "expiration"),
            lambda t: int(t * 1000))}
    else:
        raise Refused(404, "NotFound", rq.path)
    return Answer(body=json.dumps(body).encode(), type="application/json")


# --- the server --------------------------------------------------------------------------------

class FakeAws:
    KEY, SECRET = "AKIAFAKEFAKEFAKE0001", "fake/Secret+0123456789abcdefghijABCDEFGH"

    def __init__(self, region="us-east-1", tls=None):
        self.region, self.clock_offset, self.account = region, 0, ACCOUNT
        self.buckets, self.roles, self.handlers = {}, {}, {"s3": s3, "sts": sts}
        self.identities = {self.KEY: Identity(self.SECRET)}
        self.issued, self.near_lifetime = itertools.count(1), 3600
        self.container_token, self.sso_token = "container-secret-token", "sso-secret-token"
        self.sessions, self.log, self.keep_log = [], [], True
        self.fault = None  # rq -> a fault or None; asked before anything is checked
        self.lock, self.threads = threading.Lock(), []
        self.open, self.ended = set(), False
        self.connections = 0  # made, all in all
        self.tls = tls
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(256)
        self.port = self.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with self.lock:
            for c in self.open:
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def bucket(self, name, region=None):
        return self.buckets.setdefault(name, Bucket(name, region or self.region))

    def environment(self):
        """Of a process that finds this server and nothing else of AWS's."""
        return {"AWS_ACCESS_KEY_ID": self.KEY, "AWS_SECRET_ACCESS_KEY": self.SECRET,
                "AWS_REGION": self.region}

    def issue(self, name, lifetime):
        """New temporary credentials: (access key, identity)."""
        n = next(self.issued)
        identity = Identity(f"issued/Secret+{n:026}", f"issued-token-{n:08}//+=",
                            self.now() + lifetime, name)
        key = f"ASIAFAKEFAKE{n:08}"
        self.identities[key] = identity
        return key, identity

    def secrets(self):
        """All that must never be seen anywhere else."""
        found = {self.container_token, self.sso_token, "imds-token"}
        for i in list(self.identities.values()):
            found |= {i.secret, i.token}
        found |= {r["web_token"] for r in self.roles.values() if "web_token" in r}
        return found - {None}

    def now(self):
        return time.time() + self.clock_offset

    def count(self, operation):
        return sum(o == operation for o, _ in self.log)

    # -- connections

    def accept(self):
        while not self.ended:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.open.add(connection)
            self.connections += 1
        plain = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb", 65536)
            while (rq := self.read(reader)) is not None and self.answer(connection, rq):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
            connection.close()

    @staticmethod
    def read(reader):
        line = reader.readline()
        if not line:
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Request(method, target, headers, reader.read(int(headers.get("content-length", 0))))

    def answer(self, connection, rq):
        """Does the connection go on?"""
        if self.keep_log:
            self.log.append((rq.operation, rq))
        with self.lock:
            fault = self.fault(rq) if self.fault else None
        if fault == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        answer = fault(self, rq) if callable(fault) else self.handle(rq)
        head = [f"HTTP/1.1 {answer.status} x\r\nServer: fake\r\nContent-Type: {answer.type}\r\n"
                f"Date: {formatdate(self.now(), usegmt=True)}\r\nContent-Length: "
                f"{len(answer.body)}\r\n"]
        head += [f"{name}: {value}\r\n" for name, value in answer.headers.items()]
        data = "".join(head + ["\r\n"]).encode("latin-1")
        if fault in (CUT, STALL):
            connection.sendall(data + answer.body[:len(answer.body) // 2])
            if fault == STALL:
                connection.recv(1)  # until the other side has had enough
            return False
        connection.sendall(data + answer.body)
        return answer.headers.get("Connection") != "close"

    def handle(self, rq):
        try:
            if rq.service is None and "/" == rq.path and rq.method == "POST":
                return sts(self, rq)
            if rq.service is None:
                return near(self, rq)
            rq.identity = check(rq, self.identities.get, self.now())
            handler = self.handlers.get(rq.service)
            if handler is None:
                raise Refused(400, "UnknownOperationException", rq.service)
            if rq.identity.denied:
                raise Refused(403, "AccessDenied", f"{rq.identity.name} is not authorized")
            answer = handler(self, rq)
            return answer if isinstance(answer, Answer) else \
                Answer(body=answer, type="application/x-amz-json-1.1")
        except Refused as refused:
            return self.refusal(rq, refused)

    @staticmethod
    def refusal(rq, e):
        if rq.service in ("s3", "sts", None) and "x-amz-target" not in rq.headers:
            inside = f"<Code>{e.code}</Code><Message>{escape(e.message)}</Message>" + "".join(
                f"<{k}>{escape(v)}</{k}>" for k, v in e.more.items())
            body = f"<Error>{inside}</Error>" if rq.service == "s3" else \
                f"<ErrorResponse><Error>{inside}</Error></ErrorResponse>"
            return Answer(e.status, body.encode(), headers=e.headers)
        body = json.dumps({"__type": e.code, "message": e.message}).encode()
        return Answer(e.status, body, "application/x-amz-json-1.1", e.headers)
