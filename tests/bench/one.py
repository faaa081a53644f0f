#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One resource of very many states, with calls on it: the worst there is for whoever makes its story.

    one.py FOLDER STATES BYTES CALLS [beside|between|behind]

A security group whose rules are opened and closed one by one, each by a call some minutes before
("beside"); or whose calls all come between two of its states, or behind the last one. A state has
about BYTES of JSON, in rules. Made by numbers alone: the same each time.
"""
import gzip
import json
import pathlib
import sys
import time
import uuid

ACCOUNT, REGION, GROUP = "123456789012", "us-east-1", "sg-0123456789abcdef0"
START = 1_600_000_000
STEP = 600  # seconds from state to state
RULE = 180  # bytes of a rule in a state
A_FILE = 2000


def iso(seconds, fraction=""):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"


def range_of(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/32"


def rule(number):
    return {"fromPort": 1024 + number % 60000, "ipProtocol": "tcp", "ipv4Ranges": [
        {"cidrIp": range_of(number), "description": f"opened for job {number}"}],
        "ipv6Ranges": [], "prefixListIds": [], "toPort": 1024 + number % 60000,
        "userIdGroupPairs": []}


def rules_of(state, width):
    """Each state has one rule more and one less than that before, but every fifth is as it was."""
    state -= state // 5
    return [rule(n) for n in range(state, state + width)]


def item(state, width):
    instances = [f"i-{state // 50 + n:017x}" for n in range(4)]
    return {
        "relatedEvents": [], "relationships": [
            {"name": "Is associated with Instance", "resourceType": "AWS::EC2::Instance",
             "resourceId": i} for i in instances],
        "configuration": {"groupId": GROUP, "groupName": "jobs", "description": "opened by jobs",
                          "vpcId": "vpc-0123456789abcdef0", "ipPermissions": rules_of(state, width)},
        "supplementaryConfiguration": {}, "tags": {"round": str(state // 1000)},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": iso(START + STEP * state, f".{state % 1000:03}"),
        "configurationStateId": 10_000_000 + state, "awsAccountId": ACCOUNT,
        "configurationItemStatus": "OK", "resourceType": "AWS::EC2::SecurityGroup",
        "resourceId": GROUP, "resourceName": "jobs", "awsRegion": REGION, "availabilityZone": None,
        "ARN": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{GROUP}",
        "configurationStateMd5Hash": "", "resourceCreationTime": None,
    }


def call_time(number, states, calls, where):
    if where == "beside":
        return START + STEP * (number * states // calls) - 180 + number % 60
    if where == "between":
        return START + STEP * (states // 2) - STEP + 1 + number % (STEP - 2)
    return START + STEP * states + 300 + number * 2


def event(number, states, width, calls, where):
    state = number * states // calls
    failed = number % 7 == 3
    taken = number % 3 == 2
    port = rule(max(state - state // 5 - (1 if taken else -width + 1), 0))
    return {
        "eventVersion": "1.08", "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/alice", "userName": "alice",
            "accessKeyId": "AKIAEXAMPLEEXAMPLE00"},
        "eventTime": iso(call_time(number, states, calls, where)),
        "eventSource": "ec2.amazonaws.com",
        "eventName": ("Revoke" if taken else "Authorize") + "SecurityGroupIngress",
        "awsRegion": REGION, "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15.0",
        "requestParameters": {"groupId": GROUP, "ipPermissions": {"items": [{
            "ipProtocol": "tcp", "fromPort": port["fromPort"], "toPort": port["toPort"],
            "groups": {}, "ipv6Ranges": {}, "prefixListIds": {},
            "ipRanges": {"items": [{"cidrIp": port["ipv4Ranges"][0]["cidrIp"]}]}}]}},
        "responseElements": None if failed else {"requestId": str(uuid.UUID(int=number)),
                                                 "_return": True},
        **({"errorCode": "Client.UnauthorizedOperation"} if failed else {}),
        "requestID": str(uuid.UUID(int=number + (1 << 100))),
        "eventID": str(uuid.UUID(int=(number * 0x9e3779b97f4a7c15 << 40) % (1 << 127))),
        "readOnly": False, "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": ACCOUNT,
    }


def write(folder, what, count, head, make):
    for first in range(0, count, A_FILE):
        with gzip.open(folder / f"{what}-{first:08}.json.gz", "wt", compresslevel=1) as file:
            file.write(head + "[" + ",".join(json.dumps(make(n), separators=(",", ":")) for n in
                                             range(first, min(first + A_FILE, count))) + "]}")


def generate(folder, states, size, calls, where="beside"):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    width = max(size // RULE, 1)
    write(folder, "items", states, '{"fileVersion":"1.0","configurationItems":',
          lambda n: item(n, width))
    write(folder, "calls", calls, '{"Records":',
          lambda n: event(n, states, width, calls, where))


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    generate(sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:])
