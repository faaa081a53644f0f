# SPDX-License-Identifier: Apache-2.0
"""What holds for every view at the top of the tree, found by listing it: a new one is covered."""

import json
import os
import subprocess
import uuid

from harness import ACCOUNT, REGION, check, equal, has, item, within

MOMENTS = ("2024-05-01T12:00Z", "2024-05-03T12:00Z")


def event(number, when, name, user="alice", **more):
    """A CloudTrail record."""
    return dict({
        "eventVersion": "1.08", "userIdentity": {
            "type": "IAMUser", "principalId": "AIDA1", "accountId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}", "userName": user,
            "accessKeyId": "AKIAEXAMPLEEXAMPLE00"},
        "eventTime": when, "eventSource": "ec2.amazonaws.com", "eventName": name,
        "awsRegion": REGION, "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15.0",
        "requestParameters": {"groupId": "sg-1"}, "responseElements": {"_return": True},
        "requestID": str(uuid.UUID(int=number + (1 << 100))), "eventID": str(uuid.UUID(int=number)),
        "readOnly": False, "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": ACCOUNT}, **more)


def alarm(when, state, before):
    """A transition of an alarm that watches sg-1, as EventBridge delivers it."""
    times = {"timestamp": when[:-1] + ".000+0000"}
    return {
        "version": "0", "id": str(uuid.uuid5(uuid.NAMESPACE_URL, when)), "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change", "account": ACCOUNT, "time": when,
        "region": REGION, "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:api-5xx"],
        "detail": {
            "alarmName": "api-5xx", "state": {"value": state, "reason": "Threshold crossed", **times},
            "previousState": {"value": before, "reason": "", **times},
            "configuration": {"metrics": [{"id": "m1", "returnData": True, "metricStat": {
                "metric": {"namespace": "AWS/EC2", "name": "NetworkIn",
                           "dimensions": {"GroupId": "sg-1"}}, "period": 60, "stat": "Sum"}}]}}}


def tagged(made, **tags):
    made["tags"] = tags
    return made


def estate(world):
    """Something for every view: relations, tags, deletions, attempts, alarms, a refusal."""
    related = item("i-1", "2024-05-01T10:20:00.000Z", kind="AWS::EC2::Instance", name="web")
    related["relationships"] = [{"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1",
                                 "name": "Is associated with SecurityGroup"}]
    world.take_in(
        tagged(item("sg-1", "2024-05-01T10:15:00.123Z", name="web", open=True), env="prod"),
        tagged(item("sg-1", "2024-05-02T11:30:12.000Z", name="web", open=False), env="dev"),
        tagged(item("sg-2", "2024-05-01T10:15:00.000Z", name="db"), env="prod"),
        item("sg-2", "2024-05-04T00:00:00.000Z", status="ResourceDeleted"),
        item("AIDA1", "2024-04-01T00:00:00.000Z", kind="AWS::IAM::User", region="global", name="al"),
        item("/aws/lambda/x", "2024-04-01T00:00:00.000Z", kind="AWS::Logs::LogGroup"),
        item("x" * 3000, "2024-04-01T00:00:00.000Z", name="long id", text="ü€𝄞" * 5000), related)
    world.take_file({"Records": [
        event(1, "2024-05-02T11:29:00Z", "RevokeSecurityGroupIngress"),
        event(2, "2024-05-02T11:40:00Z", "AuthorizeSecurityGroupIngress", user="bob",
              errorCode="Client.UnauthorizedOperation", errorMessage="no"),
        event(3, "2024-05-05T00:00:00Z", "CreateTags", sourceIPAddress="ec2.amazonaws.com")]})
    for when, state, before in (("2024-05-02T11:50:00Z", "ALARM", "OK"),
                                ("2024-05-02T12:10:00Z", "OK", "ALARM")):
        world.take_file(alarm(when, state, before))
    world.take_file({"accountId": ACCOUNT, "awsRegion": REGION, "MetricDataQueries": [
        {"Id": "m", "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {
            "Namespace": "AWS/EC2", "MetricName": "Packets",
            "Dimensions": [{"Name": "GroupId", "Value": "sg-9"}]}}}],
        "MetricDataResults": [{"Id": "m", "Timestamps": [1714650600, 1714650660],
                               "Values": [1, 2.5]}]})
    world.take_file({"Records": [event(9, "never", "RunInstances")]}, status=3)


def counted(world):
    """Files that find sees, and files that status states."""
    line = subprocess.run("find . -type f | wc -l", shell=True, cwd=world.mountpoint, check=True,
                          capture_output=True, timeout=60)
    stated = json.loads(world.run("status", "--json", world.history).stdout)["files"]
    return int(line.stdout), stated


def case_files_counted(world):
    """The sum that status states is what find counts, before and after an import."""
    world.take_in(item("sg-9", "2024-03-01T00:00:00.000Z"))
    world.mount()
    equal(*counted(world), "files of one resource")
    estate(world)
    want = json.loads(world.run("status", "--json", world.history).stdout)["files"]
    check(want > 20, "the history is not that small")
    within(2, f"find counts {want} files", lambda: counted(world) == (want, want))
    shown = world.run("status", world.history).stdout.decode().splitlines()
    check(["files", f"{want:,}"] in [line.split() for line in shown], "status for people")
    equal(os.statvfs(world.mountpoint).f_files, want, "files as df -i states them")


def parts(world):
    """Every directory to try: those at the top, at/ by two moments."""
    found = []
    for name in sorted(os.listdir(world.mountpoint)):
        if name == "at":
            found += [os.path.join(name, moment) for moment in MOMENTS]
        elif os.path.isdir(world.path(name)):
            found.append(name)
    check("resources" in found, "resources is there")
    return found


def case_tools_everywhere(world):
    """The programs people use, on every part of the mount and on a copy of it."""
    for tool in ("rsync", "rg"):
        check(has(tool), f"{tool} is installed (scripts/install_deps --tests)")
    estate(world)
    world.mount()
    for part in parts(world):
        try_tools(world, part)


def try_tools(world, part):
    root = world.path(part)
    place = os.path.join(world.folder, "try-" + part.replace("/", "-").replace(":", ""))
    os.mkdir(place)

    def sh(line, status=0):
        done = subprocess.run(line, shell=True, check=False, cwd=place, timeout=60,
                              capture_output=True)
        equal((done.returncode, done.stderr), (status, b""), f"{part}: {line}")
        return done.stdout

    entries = "-printf '%P %s %y %T@ %l\\n' | sort | grep -v ' d '"
    sh(f"cp -a '{root}' copy && diff -r --no-dereference '{root}' copy")
    listed = sh(f"cd '{root}' && find . {entries}")
    equal(listed, sh(f"cd copy && find . {entries}"), f"{part}: find")
    check(listed.count(b"\n") > 0, f"{part} is not empty")
    sh(f"mkdir untar && tar cf - -C '{root}' . | tar xf - -C untar && "
       "diff -r --no-dereference untar copy")
    sh(f"rsync -a '{root}/' synced/ && diff -r --no-dereference synced copy")
    equal(sh(f"rsync -ain '{root}/' synced/"), b"", f"{part}: a second rsync")
    if b" f " in listed:
        for search in ("rg -uuu --sort path -c ''", "grep -rc '' . | sort"):
            equal(sh(f"cd '{root}' && {search}"), sh(f"cd copy && {search}"), f"{part}: {search}")
    else:  # nothing but links, which lead out of a copy
        check(sh(f"cd '{root}' && rg -uuuL -c ''").count(b"latest.json:"), f"{part}: rg -L")
    sizes = "-type f -printf '%s\\n'"
    total = sum(map(int, sh(f"find '{root}' {sizes}").split()))
    disk = int(sh(f"du -s --apparent-size -B1 '{root}'").split()[0])
    check(disk >= total, f"{part}: du {disk}, files {total}")
    sh(f"ls -lR '{root}'")
    times = "-newermt 2024-05-02 ! -newermt 2024-05-03 ! -type d"
    equal(sh(f"cd '{root}' && find . {times} | sort"), sh(f"cd copy && find . {times} | sort"),
          f"{part}: find by time")
    sh(f"chmod -R u+w '{place}'")
