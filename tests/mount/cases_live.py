# SPDX-License-Identifier: Apache-2.0
"""What an import shows in a mount that is there already, and when."""

import json
import os
import stat
import subprocess
import time

from cases_views import alarm, estate, event
from harness import ACCOUNT, GROUPS, REGION, check, equal, item, read, wait_mounts, within

SOON = 1.0


def case_live_state(world):
    """A new state: listing, latest.json, changes; all were in the kernel's cache before."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z", name="web", open=True))
    world.mount()
    group = world.path(GROUPS, "sg-1")
    new = "2024-05-02T113012.000Z.json"
    for _ in range(2):
        names, story = os.listdir(group), read(f"{group}/changes")
        lines, latest = read(f"{group}/changes.jsonl"), read(f"{group}/latest.json")
    check(not os.path.exists(f"{group}/{new}"), "not there yet")
    world.take_in(item("sg-1", "2024-05-02T11:30:12.000Z", name="web", open=False))
    start = time.monotonic()
    within(SOON, "listed", lambda: new in os.listdir(group))
    within(SOON, "found", lambda: os.path.exists(f"{group}/{new}"))
    within(SOON, "latest", lambda: os.readlink(f"{group}/latest.json") == new)
    within(SOON, "story", lambda: len(read(f"{group}/changes")) > len(story))
    check(time.monotonic() - start < SOON, "all within a second")
    grown = read(f"{group}/changes")
    check(grown.startswith(story), "what was told before stays as it was")
    equal(os.stat(f"{group}/changes").st_size, len(grown), "size")
    check(read(f"{group}/changes.jsonl").startswith(lines), "lines stay as they were")
    check(read(f"{group}/latest.json") != latest, "latest reads anew")
    equal(len(os.listdir(group)), len(names) + 1, "entries")


def case_live_repeated(world):
    """An earlier record of a global item from another region: what was listed can still be read."""
    def role(region, second):
        return {**item("AROA1", f"2024-05-01T10:15:{second}.000Z", name="worker"),
                "resourceType": "AWS::IAM::Role", "awsRegion": region}
    folder = world.path("resources", ACCOUNT, "global", "AWS", "IAM", "Role", "AROA1")
    early, late = (f"{folder}/2024-05-01T1015{second}.000Z.json" for second in ("01", "02"))
    world.take_in(role("eu-west-1", "02"))
    world.mount()
    before = read(late)
    with open(late, "rb", buffering=0) as file:
        world.take_in(role("us-east-1", "01"))
        within(SOON, "listed", lambda: os.path.basename(early) in os.listdir(folder))
        check(os.path.basename(late) not in os.listdir(folder), "a content is listed once")
        equal(file.read(), before, "open while it came")
    equal(read(late), before, "noted before it came")
    equal(os.stat(late).st_size, len(before), "size")


def case_live_history_moved(world):
    """Another file in the history's place is not mixed with the one that is mounted."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.000Z", name="web"))
    with open(os.path.join(world.folder, "err"), "wb") as err:
        server = subprocess.Popen([world.driftfs, "mount", "-f", world.history, world.mountpoint],
                                  stderr=err, env=world.env)
    wait_mounts(world.mountpoint, True)
    readme = world.path("README")
    check(b"NOT THE HISTORY FILE" not in read(readme), "nothing to say at first")
    names = os.listdir(world.path(GROUPS))
    old = world.history + ".old"
    os.rename(world.history, old)
    within(SOON, "removed", lambda: b"removed or renamed" in read(readme))
    mounted, world.history = world.history, world.history + ".new"
    world.take_in(item("sg-2", "2024-05-02T10:15:00.000Z", name="db"))
    os.rename(world.history, mounted)
    within(SOON, "replaced", lambda: b"another file has taken its place" in read(readme))
    equal(os.listdir(world.path(GROUPS)), names, "what was mounted")
    check(not os.path.exists(world.path(GROUPS, "sg-2")), "nothing of the other")
    os.rename(old, mounted)
    within(SOON, "back", lambda: b"NOT THE HISTORY FILE" not in read(readme))
    server.terminate()
    equal(server.wait(10), 0, "ends")
    text = read(os.path.join(world.folder, "err")).decode()
    equal([line.partition(": it was")[1] or line.partition(": another")[1]
           for line in text.splitlines()], [": it was", ": another"], "said once each")


def case_live_shared_name(world):
    """A name that a second resource gets turns from a link into a directory of links."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.000Z", name="web"))
    world.mount()
    path = world.path("by-name/web")
    equal(os.readlink(path), f"../{GROUPS}/sg-1", "a link at first")
    check("sg-1" in os.path.realpath(path), "that leads to it")
    equal(os.listdir(world.path("by-name")), ["web"], "listing")
    world.take_in(item("sg-2", "2024-05-02T10:15:00.000Z", name="web"),
                  item("sg-3", "2024-05-02T10:15:00.000Z", name="db"))
    start = time.monotonic()
    within(SOON, "a directory", lambda: stat.S_ISDIR(os.lstat(path).st_mode))
    within(SOON, "both in it", lambda: len(os.listdir(path)) == 2)
    within(SOON, "another name", lambda: sorted(os.listdir(world.path("by-name"))) == ["db", "web"])
    within(SOON, "another id", lambda: len(os.listdir(world.path("by-id"))) == 3)
    check(time.monotonic() - start < SOON, "all within a second")
    for link in os.listdir(path):
        check(os.path.exists(os.path.join(path, link, "latest.json")), f"{link} leads there")
    before = os.lstat(world.path("by-name/db")).st_mtime
    world.take_in(item("sg-3", "2024-05-03T10:15:00.000Z", name="db", n=1))
    within(SOON, "time of a link", lambda: os.lstat(world.path("by-name/db")).st_mtime > before)


def case_live_tail(world):
    """A reader that keeps the file open and asks for its size, as tail -f does."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z", name="web", n=0))
    world.mount()
    path = world.path(GROUPS, "sg-1", "changes")
    with open(path, "rb") as file:
        got = file.read()
        for day in range(2, 7):
            world.take_in(item("sg-1", f"2024-05-{day:02}T10:15:00.000Z", name="web", n=day))
            within(SOON, f"growth {day}", lambda: os.fstat(file.fileno()).st_size > len(got))
            got += file.read()
            equal(os.fstat(file.fileno()).st_size, len(got), "no more and no less")
            check(b"\0" not in got, "no hole")
    equal(got, world.run("cat", world.history, f"{GROUPS}/sg-1/changes").stdout, "content")


def case_live_tail_program(world):
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z", name="web", n=0))
    world.mount()
    path = world.path(GROUPS, "sg-1", "changes")
    out = os.path.join(world.folder, "tailed")
    with open(out, "wb") as file:
        tail = subprocess.Popen(["tail", "-c", "+1", "-s", "0.1", "-f", path], stdout=file)
    try:
        within(5, "tail reads", lambda: read(out) == read(path))
        world.take_in(item("sg-1", "2024-05-02T10:15:00.000Z", name="web", n=1))
        within(2 * SOON, "tail follows", lambda: b"2024-05-02T101500.000Z.json" in read(out))
        equal(read(out), read(path), "what tail printed")
    finally:
        tail.kill()
        tail.wait()


def case_live_moments(world):
    """at/now follows each import; a moment of the past only what was recorded before it."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z", name="web", n=1),
                  item("sg-2", "2024-05-01T10:15:00.123Z", name="db"))
    world.mount()
    groups = GROUPS.replace("resources", "at/now")
    past = GROUPS.replace("resources", "at/2024-05-02")
    for _ in range(2):
        first, old = read(world.path(groups, "sg-1.json")), read(world.path(past, "sg-1.json"))
        equal(sorted(os.listdir(world.path(groups))), ["sg-1.json", "sg-2.json"], "listing")
        table = read(world.path("at/now/inventory.csv"))
        kept = read(world.path("at/2024-05-02/inventory.csv"))
    equal(first, old, "the same state")
    equal(os.stat(world.path(groups, "sg-1.json")).st_ino,
          os.stat(world.path(GROUPS, "sg-1/2024-05-01T101500.123Z.json")).st_ino, "inode")
    check(not os.path.exists(world.path(groups, "sg-3.json")), "not there yet")
    world.take_in(item("sg-1", "2024-05-03T00:00:00.000Z", name="web", n=2, more="x" * 50),
                  item("sg-2", "2024-05-03T00:00:00.000Z", status="ResourceDeleted"),
                  item("sg-3", "2024-05-03T00:00:00.000Z", name="new"))
    within(SOON, "read anew", lambda: read(world.path(groups, "sg-1.json")) != first)
    within(SOON, "listed", lambda: sorted(os.listdir(world.path(groups))) ==
           ["sg-1.json", "sg-3.json"])
    within(SOON, "found", lambda: os.path.exists(world.path(groups, "sg-3.json")))
    within(SOON, "gone", lambda: not os.path.exists(world.path(groups, "sg-2.json")))
    within(SOON, "inventory", lambda: read(world.path("at/now/inventory.csv")) != table)
    for name in ("inventory.csv", "inventory.jsonl", "snapshot.json"):
        path = world.path("at/now", name)
        equal(os.stat(path).st_size, len(read(path)), f"size of {name}")
    equal(read(world.path(past, "sg-1.json")), old, "the past stays")
    equal(read(world.path("at/2024-05-02/inventory.csv")), kept, "its inventory, too")
    world.take_in(item("sg-1", "2024-05-01T23:00:00.000Z", name="web", n=3, late="y" * 50))
    within(SOON, "a late state", lambda: read(world.path(past, "sg-1.json")) != old)
    check(b'"late"' in read(world.path(past, "sg-1.json")), "is the newest then")
    equal(json.loads(read(world.path(groups, "sg-1.json")))["configuration"]["n"], 2, "now")


def case_live_new(world):
    """New resources, types and accounts in folders that were listed and asked for before."""
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z"))
    world.mount()
    world.walk()
    new = [f"{GROUPS}/sg-2/changes", GROUPS.replace("EC2/SecurityGroup", "S3/Bucket/b"),
           GROUPS.replace("us-east-1", "eu-west-1") + "/sg-3/latest.json"]
    for path in new:
        check(not os.path.lexists(world.path(path)), "not there yet")
    readme = read(world.path("README"))
    world.take_in(item("sg-2", "2024-05-01T10:15:00.123Z"),
                  item("b", "2024-04-01T10:15:00.123Z", kind="AWS::S3::Bucket"),
                  item("sg-3", "2024-03-01T10:15:00.123Z", region="eu-west-1"))
    start = time.monotonic()
    for path in new:
        within(SOON, path, lambda path=path: os.path.lexists(world.path(path)))
    within(SOON, "listed", lambda: set(new) <= set(world.walk()))
    within(SOON, "README", lambda: read(world.path("README")) != readme)
    check(time.monotonic() - start < SOON, "all within a second")
    equal(os.stat(world.path("README")).st_size, len(read(world.path("README"))), "README's size")


def case_live_older(world):
    """An older state comes late: the deletion after it inherits, the story changes within."""
    world.take_in(item("sg-1", "2024-05-04T00:00:00.000Z", status="ResourceDeleted"))
    world.mount()
    group = world.path(GROUPS, "sg-1")
    path = f"{group}/2024-05-04T000000.000Z.json"
    before, story = read(path), read(f"{group}/changes")
    equal(json.loads(before)["resourceName"], None, "name before")
    world.take_in(item("sg-1", "2024-05-01T00:00:00.000Z", name="a-name-that-is-inherited"))
    within(SOON, "size", lambda: os.stat(path).st_size > len(before))
    after = read(path)
    equal(len(after), os.stat(path).st_size, "size")
    equal(json.loads(after)["resourceName"], "a-name-that-is-inherited", "name after")
    within(SOON, "story", lambda: read(f"{group}/changes") != story)
    check(b"CREATE 2024-05-01T000000.000Z.json" in read(f"{group}/changes"), "story begins anew")
    equal(sorted(os.listdir(group))[0], "2024-05-01T000000.000Z.json", "listing")


def case_live_storm(world):
    """Import upon import while everything is read: in the end all is as the history has it."""
    world.take_in(*[item(f"sg-{i}", "2024-05-01T10:15:00.123Z", n=0) for i in range(20)])
    world.mount()
    for day in range(2, 12):
        world.take_in(*[item(f"sg-{i}", f"2024-05-{day:02}T10:15:00.000Z", n=day)
                        for i in range(day % 3, 20, 3)])
        for path, st in world.walk().items():
            if stat.S_ISREG(st.st_mode):
                read(world.path(path))

    def settled():
        seen = world.walk()
        listed = world.run("ls", "-R", world.history).stdout.decode().splitlines()
        if sorted(seen) != sorted(listed):
            return False
        files = [path for path, st in seen.items() if stat.S_ISREG(st.st_mode)]
        want = world.run("cat", world.history, *files).stdout
        got = b"".join(read(world.path(path)) for path in files)
        return got == want and all(
            os.stat(world.path(path)).st_size == len(read(world.path(path))) for path in files)

    within(3, "mount and history agree", settled)


def case_live_alarms_and_status(world):
    """A transition, a refusal and days that come are seen in what was listed and read before."""
    estate(world)
    world.mount()
    folder = world.path(f"alarms/{ACCOUNT}/{REGION}/api-5xx")
    first = os.path.join(folder, "2024-05-02T115000.000Z")
    new = os.path.join(folder, "2024-05-02T122000.000Z")
    tables = [world.path("status", name) for name in
              ("coverage.tsv", "gaps.tsv", "imports.tsv", "refused.tsv", "churn.tsv")]
    refused = world.path("status/refused")
    for _ in range(2):
        names, kept, told = os.listdir(folder), os.listdir(refused), read(first)
        before = [read(path) for path in tables]
    check(not os.path.exists(new), "not there yet")
    world.take_file(alarm("2024-05-02T12:20:00Z", "ALARM", "OK"))
    start = time.monotonic()
    within(SOON, "transition listed", lambda: len(os.listdir(folder)) == len(names) + 1)
    within(SOON, "transition found", lambda: os.path.exists(new))
    within(SOON, "alarms covered", lambda: read(tables[0]) != before[0])
    check(time.monotonic() - start < SOON, "all within a second")
    world.take_in(item("i-1", "2024-05-02T11:45:00.000Z", kind="AWS::EC2::Instance", name="web", n=2))
    within(SOON, "what is no longer related", lambda: read(first) != told)
    equal(os.stat(first).st_size, len(read(first)), "its size")
    world.take_in(item("sg-1", "2024-05-02T11:49:00.000Z", name="web", open=5))
    within(SOON, "a change before it", lambda: b"2024-05-02T114900.000Z.json" in read(first))
    equal(os.stat(first).st_size, len(read(first)), "its size with the change")
    # A record of a day far off: covered then, and not between.
    world.take_file({"Records": [event(20, "2024-05-25T00:00:00Z", "CreateTags"),
                                 event(21, "never", "RunInstances")]}, status=3)
    start = time.monotonic()
    within(SOON, "refused listed", lambda: len(os.listdir(refused)) == len(kept) + 1)
    for path, old in zip(tables, before):
        within(SOON, path, lambda path=path, old=old: read(path) != old)
        within(SOON, f"size of {path}", lambda path=path: os.stat(path).st_size == len(read(path)))
    check(time.monotonic() - start < SOON, "all of status within a second")
