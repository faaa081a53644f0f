# SPDX-License-Identifier: Apache-2.0
"""Instances of one region with as many states each, in the form AWS Config delivers."""

import datetime
import gzip
import json
import os

ACCOUNT, REGION = "123456789012", "us-east-1"
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
FILE_ITEMS = 50000


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def template():
    """An item of about the size that real instances have, in pieces to join."""
    item = {
        "relatedEvents": [], "relationships": [
            {"resourceType": "AWS::EC2::Subnet", "resourceId": "subnet-0123456789abcdef0",
             "name": "Is contained in Subnet"},
            {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-0123456789abcdef0",
             "name": "Is associated with SecurityGroup"}],
        "configuration": {
            "instanceId": "@ID@", "instanceType": "m5.large", "imageId": "ami-0abcdef0123456789",
            "state": {"code": 16, "name": "running"}, "launchTime": "2023-12-01T00:00:00.000Z",
            "privateIpAddress": "@IP@", "architecture": "x86_64", "ebsOptimized": True,
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {
                "volumeId": "@VOL@", "deleteOnTermination": True, "status": "attached"}}],
            "placement": {"availabilityZone": "us-east-1a", "tenancy": "default"},
            "monitoring": {"state": "disabled"}, "cpuOptions": {"coreCount": 1,
                                                                "threadsPerCore": 2}},
        "supplementaryConfiguration": {}, "tags": {"Name": "web-@N@", "revision": "@REV@"},
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "@TIME@",
        "configurationStateId": "@STATE@", "awsAccountId": ACCOUNT,
        "configurationItemStatus": "OK", "resourceType": "AWS::EC2::Instance",
        "resourceId": "@ID@", "resourceName": None,
        "ARN": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/@ID@", "awsRegion": REGION,
        "availabilityZone": "us-east-1a", "configurationStateMd5Hash": "",
        "resourceCreationTime": "2023-12-01T00:00:00.000Z"}
    text = json.dumps(item, separators=(",", ":"))
    for mark, field in (("@ID@", "{rid}"), ("@IP@", "{ip}"), ("@VOL@", "{vol}"), ("@N@", "{n}"),
                        ("@REV@", "{rev}"), ("@TIME@", "{time}"), ('"@STATE@"', "{state}")):
        text = text.replace(mark, "\0" + field[1:-1] + "\0")
    text = text.replace("{", "{{").replace("}", "}}").split("\0")
    return "".join(part if i % 2 == 0 else "{" + part + "}" for i, part in enumerate(text))


def write(folder, resources, k):
    """State k of every resource i: k days after the start, and i seconds into that day."""
    form = template().format
    for first in range(0, resources, FILE_ITEMS):
        items = []
        for i in range(first, min(first + FILE_ITEMS, resources)):
            when = START + datetime.timedelta(days=k, seconds=i * 86000 // resources)
            items.append(form(rid=f"i-{i * 2654435761 % 2**64:017x}", n=i, rev=k, time=iso(when),
                              ip=f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", vol=f"vol-{i:017x}",
                              state=int(when.timestamp()) * 1000))
        path = os.path.join(folder, f"history-{k:03}-{first:07}.json.gz")
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as file:
            file.write(('{"fileVersion":"1.0","configurationItems":[' + ",".join(items) +
                        "]}").encode())
