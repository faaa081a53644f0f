#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An S3 that is not what is measured: one bucket, keep-alive, every answer ready before it is asked
for or made from its key alone. It checks nothing (tests/sync/fake_aws.py does), and answers some
tens of thousands of requests a second with one processor; what it took of it is to be told beside
each figure, since a client on the same machine has that much less.

  s3.py FOLDER      serves the files of a folder
  s3.py --made N    serves N objects that nobody had to store: one event each, and of every fourth
                    one state of a resource of ten
  s3.py --made N --records R   ... of R events or states each, and packed; these are stored

Prints its URL and ends with its standard input. --processes N: others on the same port. A line of
standard input that is JSON is sent as a message to the one queue there is (of the first process);
"?" is answered by how many answers it has given.
"""

import argparse
import bisect
import collections
import contextlib
import datetime
import gzip
import json
import os
import pathlib
import re
import select
import socket
import sys
import threading
import time
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

BUCKET, PAGE = "logs", 1000
ACCOUNT, REGION = "123456789012", "us-east-1"
START = datetime.datetime(2024, 1, 1)
STEP = datetime.timedelta(seconds=30)


class Folder:
    """Keys in order, and a body for each."""

    def __init__(self, folder):
        self.bodies = {str(p.relative_to(folder)): p.read_bytes()
                       for p in pathlib.Path(folder).rglob("*") if p.is_file()}
        self.keys = sorted(self.bodies)

    def after(self, key):
        """The next page of (key, size)."""
        at = bisect.bisect_right(self.keys, key)
        return [(k, len(self.bodies[k])) for k in self.keys[at:at + PAGE]]

    def body(self, key):
        return self.bodies.get(key)


EVENT = """{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","principalId":\
"AIDAFAKE0000000000{user:02}","arn":"arn:aws:iam::{account}:user/u{user:02}","accountId":"{account}",\
"accessKeyId":"AKIAFAKE0000000000{user:02}","userName":"u{user:02}"}},"eventTime":"{time}Z",\
"eventSource":"s3.amazonaws.com","eventName":"PutBucketTagging","awsRegion":"{region}",\
"sourceIPAddress":"192.0.2.{user:03}","userAgent":"bench","requestParameters":{{"bucketName":\
"bucket-{resource:07}","Tagging":{{"TagSet":{{"Tag":{{"Key":"turn","Value":"{n:07}"}}}}}}}},\
"responseElements":null,"requestID":"REQ{n:013}","eventID":"00000000-0000-4000-8000-{n:012}",\
"readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}",\
"eventCategory":"Management"}}"""
ITEM = """{{"configurationItemVersion":"1.3",\
"configurationItemCaptureTime":"{time}.000Z","configurationStateId":1{n:011},"awsAccountId":"{account}",\
"configurationItemStatus":"OK","resourceType":"AWS::S3::Bucket","resourceId":"bucket-{resource:07}",\
"resourceName":"bucket-{resource:07}","ARN":"arn:aws:s3:::bucket-{resource:07}","awsRegion":\
"{region}","availabilityZone":"Regional","configurationStateMd5Hash":"","resourceCreationTime":\
"2023-12-01T00:00:00.000Z","tags":{{"turn":"{n:07}"}},"relatedEvents":[],"relationships":[],\
"configuration":{{"name":"bucket-{resource:07}","owner":{{"id":"0123456789abcdef"}},\
"creationDate":"2023-12-01T00:00:00.000Z"}},"supplementaryConfiguration":\
{{"BucketTaggingConfiguration":{{"tagSets":[{{"tags":{{"turn":"{n:07}"}}}}]}}}}}}"""


class Made:
    """Event n is of turn n; every fourth is followed by a state that shows it. Key and body follow
    from n, and all bodies of one sort are of one size."""

    def __init__(self, count, records=1):
        self.records = records
        self.events = count * 4 // 5
        self.items = count - self.events
        self.resources = max(1, self.items * records // 10)

    def fields(self, n, late=0):
        time = (START + n * STEP + datetime.timedelta(seconds=late)).isoformat()
        return dict(n=n, time=time, account=ACCOUNT, region=REGION, user=n % 50,
                    resource=n // 4 % self.resources)

    def turn(self, at):
        return at if at < self.events else (at - self.events) * 4

    def key(self, at):
        day = START + self.turn(at) * self.records * STEP
        if at < self.events:
            return (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day:%Y/%m/%d}/{ACCOUNT}_CloudTrail_"
                    f"{REGION}_{day:%Y%m%dT%H%M}Z_{at:08}.json")
        # Padded, as AWS does not: so they are in order.
        return (f"AWSLogs/{ACCOUNT}/Config/{REGION}/{day:%Y/%m/%d}/ConfigHistory/{ACCOUNT}_Config_"
                f"{REGION}_ConfigHistory_AWS::S3::Bucket_{day:%Y%m%dT%H%M%SZ}_{at:08}.json")

    @staticmethod
    def place(key):
        return int(key[-13:-5])

    def made(self, at):
        if at < self.events:
            texts = [EVENT.format(**self.fields(at * self.records + i))
                     for i in range(self.records)]
            return f'{{"Records":[{",".join(texts)}]}}'.encode()
        turns = [((at - self.events) * self.records + i) * 4 for i in range(self.records)]
        texts = [ITEM.format(**dict(self.fields(n, late=10), n=n + 1)) for n in turns]
        return f'{{"fileVersion":"1.0","configurationItems":[{",".join(texts)}]}}'.encode()

    def after(self, key):
        at = self.place(key) + 1 if key else 0
        end = min(at + PAGE, self.events + self.items)
        sizes = [len(self.made(0)), len(self.made(self.events))]
        return [(self.key(i), sizes[i >= self.events]) for i in range(at, end)]

    def body(self, key):
        return self.made(self.place(key))


class Packed(Folder):
    """What is made, once and for all; listed in order of time, so events and states take turns."""

    def __init__(self, made):
        self.bodies = {f"{made.turn(at):08}/{made.key(at)}": gzip.compress(made.made(at), 1)
                       for at in range(made.events + made.items)}
        self.keys = sorted(self.bodies)


def answer(body, more=""):
    return (f"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/octet-stream\r\n"
            f"{more}Content-Length: {len(body)}\r\n\r\n").encode() + body


class Queue:
    """Hands each message out once; who asks when there is none waits."""

    def __init__(self):
        self.messages, self.waiting = collections.deque(), []  # (until, who)
        self.wake, self.bell = os.pipe()

    def send(self, body):
        self.messages.append(body)
        os.write(self.bell, b"x")

    def take(self):
        out = []
        while self.messages and len(out) < 10:
            body, name = self.messages.popleft(), str(time.time_ns())
            out.append({"MessageId": name, "ReceiptHandle": name, "Body": body,
                        "Attributes": {"SentTimestamp": name[:-6]}})
        return {"Messages": out} if out else {}

    def ask(self, head, body, who):
        """An answer, or None: later."""
        operation, asked = re.search(rb"(?i)x-amz-target: *\w+\.(\w+)", head)[1], json.loads(body)
        if operation == b"GetQueueUrl":
            host = re.search(rb"(?i)\r\nhost: *([^\r]+)", head)[1].decode()
            return {"QueueUrl": f"http://{host}/{ACCOUNT}/{asked['QueueName']}"}
        if operation == b"DeleteMessageBatch":
            return {"Successful": [{"Id": e["Id"]} for e in asked["Entries"]], "Failed": []}
        if not self.messages and asked.get("WaitTimeSeconds"):
            self.waiting.append((time.monotonic() + asked["WaitTimeSeconds"], who))
            return None
        return self.take()

    def due(self):
        """Those who have an answer now."""
        now = time.monotonic()
        while self.waiting and (self.messages or self.waiting[0][0] <= now):
            yield self.waiting.pop(0)[1], self.take()

    def patience(self):
        return max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None


class Server:
    def __init__(self, objects, port=0):
        self.objects, self.answers, self.queue, self.served = objects, {}, Queue(), 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(256)
        self.port = self.socket.getsockname()[1]

    def prepare(self):
        """What is small enough to be kept; what is made is made when it is asked for."""
        if isinstance(self.objects, Folder):
            for key, body in self.objects.bodies.items():
                self.answers[f"/{BUCKET}/{quote(key, safe='/-_.~')}".encode()] = answer(
                    body, f'ETag: "{len(body)}"\r\n')
            last = ""
            while True:
                found = self.list(last)
                page = self.objects.after(last)
                self.answers[last] = found
                if len(page) < PAGE:
                    return
                last = page[-1][0]

    def list(self, after):
        page = self.objects.after(after)
        more = len(page) == PAGE
        out = ["<?xml version='1.0' encoding='UTF-8'?>\n<ListBucketResult><IsTruncated>",
               "true" if more else "false", "</IsTruncated>"]
        if more:
            out.append(f"<NextContinuationToken>{quote(page[-1][0])}</NextContinuationToken>")
        out += [f"<Contents><Key>{quote(key)}</Key><LastModified>2024-05-01T10:00:00.000Z"
                f"</LastModified><ETag>{escape(chr(34) + str(size) + chr(34))}</ETag><Size>{size}"
                "</Size><StorageClass>STANDARD</StorageClass></Contents>" for key, size in page]
        return answer("".join(out + ["</ListBucketResult>"]).encode())

    def respond(self, target):
        found = self.answers.get(target)
        if found:
            return found
        path, _, query = target.decode().partition("?")
        if query:
            asked = parse_qs(query)
            last = asked.get("continuation-token", asked.get("start-after", [""]))[0]
            last = last.replace("%2F", "/").replace("%3A", ":")
            return self.answers.get(last) or self.list(last)
        body = self.objects.body(path.removeprefix(f"/{BUCKET}/").replace("%3A", ":"))
        return answer(body, f'ETag: "{len(body)}"\r\n')

    def serve(self):
        poll, open_ = select.epoll(), {}
        listener, wake = self.socket.fileno(), self.queue.wake
        poll.register(listener, select.EPOLLIN)
        poll.register(wake, select.EPOLLIN)
        while True:
            for fd, _ in poll.poll(self.queue.patience()):
                if fd == listener:
                    connection, _ = self.socket.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    open_[connection.fileno()] = connection
                    poll.register(connection.fileno(), select.EPOLLIN)
                elif fd == wake:
                    os.read(wake, 4096)
                elif not self.answer(open_[fd]):
                    poll.unregister(fd)
                    open_.pop(fd).close()
            for connection, found in self.queue.due():
                with contextlib.suppress(OSError):
                    connection.sendall(answer(json.dumps(found).encode()))

    def answer(self, connection):
        """One request; False: the connection has ended."""
        try:
            data = connection.recv(65536)
            while data and b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            if not data:
                return False
            self.served += 1
            if data.startswith(b"POST "):
                found = self.queue.ask(*self.whole(connection, data), connection)
                found = found if found is None else answer(json.dumps(found).encode())
            else:
                found = self.respond(data.split(b" ", 2)[1])
            if found is not None:
                connection.sendall(found)
            return True
        except OSError:
            return False

    @staticmethod
    def whole(connection, data):
        """(head, body)"""
        head, _, body = data.partition(b"\r\n\r\n")
        while len(body) < int(re.search(rb"(?i)content-length: *(\d+)", head)[1]):
            body += connection.recv(65536)
        return head, body


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--made", type=int)
    parser.add_argument("--records", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    made = Made(args.made, args.records) if args.made else None
    server = Server(Folder(args.folder) if made is None else
                    made if args.records == 1 else Packed(made))
    server.prepare()
    children = []
    for _ in range(args.processes - 1):
        child = os.fork()
        if child == 0:
            other = Server(server.objects, server.port)
            other.answers = server.answers
            server.socket.close()
            other.serve()
        children.append(child)
    threading.Thread(target=server.serve, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    for line in sys.stdin:
        if line == "?\n":
            print(server.served, flush=True)
        else:
            server.queue.send(line.rstrip("\n"))
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
