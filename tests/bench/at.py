#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times the estate at a moment: at.py DRIFTFS [--work DIR] [--resources N] [--states N] [--keep]

Makes a history of N instances of one region with as many states each, in the form AWS Config
delivers, imports it, mounts it anew before each measurement, and measures against what has to
be reached (100,000 resources of 20 states each):

  ls of a type at a moment, cold                                     0.5 s
  stat of the inventories of a region, cold                          0.5 s
  the first line of diff -r of two moments, cold                     1 s
  diff -r of two moments, against the same over two plain copies     2 times
  memory of the daemon                                               200 MB

For a release build and a quiet machine. The history is made once and kept in DIR with --keep.
Exit status: 0 all reached, 1 not, 77 no FUSE.
"""

import argparse
import datetime
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

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


class Mount:
    """Mounted anew: nothing is known to the kernel."""

    def __init__(self, driftfs, history, place):
        self.driftfs, self.history, self.place = driftfs, history, place

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        self.process = subprocess.Popen([self.driftfs, "mount", "-f", self.history, self.place])
        end = time.monotonic() + 30
        while not os.path.ismount(self.place):
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("the mount did not come up")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount" if os.geteuid() == 0 else "fusermount3",
                        *([] if os.geteuid() == 0 else ["-u"]), self.place], check=True)
        self.process.wait(30)

    def memory_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return max(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def timed(*command):
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return time.monotonic() - start, done.stdout


def first_line(*command):
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        took = time.monotonic() - start
        process.kill()
    return took


class Report:
    def __init__(self):
        self.missed = 0

    def line(self, what, got, limit, unit):
        ok = got <= limit
        self.missed += not ok
        print(f"{what:<52} {got:9.2f} {unit:<6} at most {limit:g}{'' if ok else '   MISSED'}",
              flush=True)


def measure(options, work, history):
    report = Report()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    place = os.path.join(work, "mnt")
    region = f"{ACCOUNT}/{REGION}"
    instances = f"{region}/AWS/EC2/Instance"
    day = START + datetime.timedelta(days=options.states // 2)
    moments = [f"at/{iso(day + datetime.timedelta(minutes=m))}" for m in (720, 735)]

    def mount():
        return Mount(options.driftfs, history, place)

    with mount():
        took, out = timed("ls", os.path.join(place, moments[0], instances))
        report.line(f"ls of {len(out.split())} resources at a moment", took, 0.5, "s")
        took, out = timed("ls", os.path.join(place, "at/now", instances))
        report.line(f"ls of {len(out.split())} resources at now", took, 0.5, "s")
    with mount():
        took, _ = timed("stat", *(os.path.join(place, moments[0], region, name) for name in
                                  ("inventory.csv", "inventory.jsonl", "snapshot.json")))
        report.line("stat of the inventories of a region", took, 0.5, "s")
    with mount():
        took = first_line("diff", "-r", *(os.path.join(place, m, instances) for m in moments))
        report.line("first line of diff -r", took, 1.0, "s")
    copies = [os.path.join(work, f"copy-{i}") for i in range(2)]
    for part, what in ((instances, "diff -r of a type"), ("", "diff -r of all, inventories too")):
        with mount() as m:
            ours, lines = timed("diff", "-r", *(os.path.join(place, m, part) for m in moments))
            for moment, copy in zip(moments, copies):
                shutil.rmtree(copy, ignore_errors=True)
                subprocess.run(["cp", "-a", os.path.join(place, moment, part), copy], check=True)
            timed("diff", "-r", *copies)
            plain, other = timed("diff", "-r", *copies)
            if lines.count(b"\n") != other.count(b"\n"):
                raise SystemExit(f"{what}: not the same as of the copies")
            print(f"  {what}: {ours:.2f} s, plain {plain:.2f} s, {lines.count(10)} lines")
            report.line(what, ours / plain, 2.0, "times")
            report.line("memory of the daemon", m.memory_mb(), 200, "MB")
    return report.missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("driftfs")
    parser.add_argument("--work")
    parser.add_argument("--resources", type=int, default=100000)
    parser.add_argument("--states", type=int, default=20)
    parser.add_argument("--keep", action="store_true", help="leave the history in --work")
    options = parser.parse_args()
    options.driftfs = os.path.abspath(options.driftfs)
    if not os.path.exists("/dev/fuse"):
        print("no FUSE here")
        return 77
    work = options.work or tempfile.mkdtemp(prefix="driftfs-at-")
    os.makedirs(work, exist_ok=True)
    history = os.path.join(work, f"history-{options.resources}-{options.states}.db")
    try:
        if not os.path.exists(history):
            deliveries = os.path.join(work, "deliveries")
            os.makedirs(deliveries, exist_ok=True)
            for k in range(options.states):
                write(deliveries, options.resources, k)
            took, _ = timed(options.driftfs, "import", history, deliveries)
            items = options.resources * options.states
            print(f"import: {items} items in {took:.1f} s, {items / took:,.0f} a second", flush=True)
            shutil.rmtree(deliveries)
        return 1 if measure(options, work, history) else 0
    finally:
        for name in ("copy-0", "copy-1"):
            shutil.rmtree(os.path.join(work, name), ignore_errors=True)
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
