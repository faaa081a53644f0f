# SPDX-License-Identifier: Apache-2.0
"""Queues for fake_aws: at least once, in no order, with visibility that can be made to pass."""
import hashlib
import itertools
import json
import random
import threading
import time

from fake_aws import ACCOUNT, Answer, Refused


class Message:
    def __init__(self, number, body):
        self.id, self.body, self.sent = f"m-{number}", body, time.time()
        self.visible, self.receipts, self.receives = 0.0, set(), 0


class Queue:
    """`visibility`: seconds that a message received is hidden; else as the receiver wants it."""

    def __init__(self, name, visibility=None):
        self.name, self.visibility = name, visibility
        self.messages, self.deleted = {}, []
        self.numbers, self.receipts = itertools.count(1), itertools.count(1)
        self.changed = threading.Condition()

    def send(self, body):
        with self.changed:
            m = Message(next(self.numbers), body if isinstance(body, str) else json.dumps(body))
            self.messages[m.id] = m
            self.changed.notify_all()
        return m

    def show_all(self):
        """As when every visibility timeout had passed."""
        with self.changed:
            for m in self.messages.values():
                m.visible = 0.0
            self.changed.notify_all()

    def receive(self, most, wait, hide, ended):
        until = time.monotonic() + wait
        with self.changed:
            while True:
                now = time.monotonic()
                found = [m for m in self.messages.values() if m.visible <= now]
                if found or now >= until or ended():
                    break
                self.changed.wait(min(until - now, 0.1))
            random.shuffle(found)
            return [self.hand_out(m, hide) for m in found[:most]]

    def hand_out(self, m, hide):
        m.visible = time.monotonic() + (hide if self.visibility is None else self.visibility)
        m.receives += 1
        receipt = f"receipt/{next(self.receipts)}+=="
        m.receipts.add(receipt)
        return {"MessageId": m.id, "ReceiptHandle": receipt, "Body": m.body,
                "MD5OfBody": hashlib.md5(m.body.encode()).hexdigest(),
                "Attributes": {"SentTimestamp": str(int(m.sent * 1000))}}

    def delete(self, receipt):
        with self.changed:
            for m in self.messages.values():
                if receipt in m.receipts:
                    self.deleted.append(m.id)
                    del self.messages[m.id]
                    return True
        return False


class FakeSqs:
    """aws.handlers["sqs"] = FakeSqs()"""

    def __init__(self):
        self.queues = {}

    def queue(self, name, **more):
        return self.queues.setdefault(name, Queue(name, **more))

    def __call__(self, aws, rq):
        asked = json.loads(rq.body)
        answer = getattr(self, rq.operation)(aws, rq, asked)
        return Answer(body=json.dumps(answer).encode(), type="application/x-amz-json-1.0")

    def find(self, name):
        if name not in self.queues:
            raise Refused(400, "com.amazonaws.sqs#QueueDoesNotExist",
                          "The specified queue does not exist.")
        return self.queues[name]

    def GetQueueUrl(self, aws, rq, asked):
        self.find(asked["QueueName"])
        account = asked.get("QueueOwnerAWSAccountId", ACCOUNT)
        return {"QueueUrl": f"{aws.url}/{account}/{asked['QueueName']}"}

    def ReceiveMessage(self, aws, rq, asked):
        queue = self.find(asked["QueueUrl"].rpartition("/")[2])
        assert 1 <= asked.get("MaxNumberOfMessages", 1) <= 10
        assert 0 <= asked.get("WaitTimeSeconds", 0) <= 20
        messages = queue.receive(asked.get("MaxNumberOfMessages", 1),
                                 asked.get("WaitTimeSeconds", 0),
                                 asked.get("VisibilityTimeout", 30), lambda: aws.ended)
        return {"Messages": messages} if messages else {}

    def DeleteMessageBatch(self, aws, rq, asked):
        queue = self.find(asked["QueueUrl"].rpartition("/")[2])
        assert 1 <= len(asked["Entries"]) <= 10
        for entry in asked["Entries"]:
            queue.delete(entry["ReceiptHandle"])
        return {"Successful": [{"Id": e["Id"]} for e in asked["Entries"]], "Failed": []}
