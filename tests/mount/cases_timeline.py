# SPDX-License-Identifier: Apache-2.0
"""timeline/ and activity/ in a mount: growing under a reader, long ones read from anywhere."""

import os
import random
import sqlite3
import subprocess
import time

from cases_views import alarm, estate, event
from harness import check, equal, item, read, within

SOON = 1.0
DAY = "timeline/2024/05/02"
MANY, MANY_SANITIZED = 100000, 6000
FLAT_KIB = 200 << 10


def sanitized(world):
    return b"__asan_init" in read(world.driftfs) or b"__tsan_init" in read(world.driftfs)


def failed(number, when, **more):
    return event(number, when, "StopInstances", errorCode="AccessDenied", errorMessage="no", **more)


def case_timeline_tail(world):
    """What another process imports comes to who follows a day, or a person."""
    world.take_file({"Records": [failed(1, "2024-05-02T10:00:00Z")]})
    world.mount()
    paths = [world.path(DAY + ".log"), world.path(DAY + ".jsonl"),
             world.path("activity/principal/user%2Falice.log"),
             world.path("activity/error/AccessDenied.jsonl")]
    files = [open(path, "rb") for path in paths]
    try:
        got = [file.read() for file in files]
        for n in range(2, 6):
            world.take_file({"Records": [failed(n, f"2024-05-02T10:00:0{n}Z")]})
            for i, file in enumerate(files):
                within(SOON, f"growth {n} of {paths[i]}",
                       lambda f=file, i=i: os.fstat(f.fileno()).st_size > len(got[i]))
                got[i] += file.read()
                equal(os.fstat(file.fileno()).st_size, len(got[i]), "no more and no less")
                equal(got[i].count(b"\n"), n, "lines")
                check(b"\0" not in got[i], "no hole")
        for i, path in enumerate(paths):
            equal(got[i], world.run("cat", world.history, os.path.relpath(
                path, world.mountpoint)).stdout, "content")
    finally:
        for file in files:
            file.close()


def case_timeline_tail_program(world):
    """tail -f of today's file, with changes and alarms."""
    world.take_in(item("sg-1", "2024-05-02T10:15:00.000Z", name="web", n=0))
    world.mount()
    out = os.path.join(world.folder, "tailed")
    with open(out, "wb") as file:
        tail = subprocess.Popen(["tail", "-c", "+1", "-s", "0.1", "-f", world.path(DAY + ".log")],
                                stdout=file)
    try:
        within(5, "tail reads", lambda: read(out).count(b"\n") == 1)
        world.take_in(item("sg-1", "2024-05-02T11:15:00.000Z", name="web", n=1))
        within(2 * SOON, "a change", lambda: b"2024-05-02T11:15:00.000Z\tUPDATE" in read(out))
        world.take_file(alarm("2024-05-02T11:20:00Z", "ALARM", "OK"))
        within(2 * SOON, "an alarm", lambda: b"2024-05-02T11:20:00.000Z\tALARM" in read(out))
        equal(read(out), read(world.path(DAY + ".log")), "what tail printed")
    finally:
        tail.kill()
        tail.wait()


def case_timeline_new(world):
    """Years, months, days and values that come, after they were asked for in vain."""
    world.take_file({"Records": [failed(1, "2024-05-02T10:00:00Z")]})
    world.mount()
    world.walk()
    new = ["timeline/2023/12/31.log", "timeline/2024/06/01.jsonl",
           "activity/principal/user%2Fbob.log", "activity/error/Throttling.jsonl"]
    for path in new:
        check(not os.path.exists(world.path(path)), f"{path} is not there yet")
    world.take_file({"Records": [
        failed(2, "2023-12-31T23:59:59Z", user="bob"),
        event(3, "2024-06-01T00:00:00Z", "StopInstances", errorCode="Throttling")]})
    for path in new:
        within(SOON, path, lambda p=path: os.path.exists(world.path(p)))
        within(SOON, f"{path} listed", lambda p=path: os.path.basename(p)
               in os.listdir(os.path.dirname(world.path(p))))


def case_timeline_tools(world):
    """find, grep -r, wc, cp -a and tar go over both, and agree with what is read here."""
    estate(world)
    world.mount()

    def sh(line):
        return subprocess.run(line, shell=True, cwd=world.mountpoint, check=True, timeout=50,
                              capture_output=True).stdout

    check(b"activity/principal/user%2Falice.log" in sh("grep -rl alice activity"), "grep -r")
    check(b"\tbob\t" not in sh("cat activity/principal/user%2Falice.log"), "one person's only")
    line = sh("grep RevokeSecurityGroupIngress timeline/2024/05/02.log").decode().split("\t")
    equal(line[1:9], ["UPDATE", "123456789012", "us-east-1", "AWS::EC2::SecurityGroup", "sg-1",
                      "user/alice", "198.51.100.7", "RevokeSecurityGroupIngress"], "the change")
    copy = os.path.join(world.folder, "copy")
    os.mkdir(copy)
    for tree in ("timeline", "activity"):
        sh(f"cp -a '{tree}' '{copy}/' && diff -r '{tree}' '{copy}/{tree}'")
        sh(f"tar cf - '{tree}' | tar xf - -C '{copy}' && diff -r '{tree}' '{copy}/{tree}'")
        sizes = sh(f"find {tree} -type f -printf '%s\\n'").split()
        equal(sum(map(int, sizes)), int(sh(f"cat $(find {tree} -type f) | wc -c")), "sizes")


def case_timeline_late(world):
    """Files that are looked at while places of theirs wait to be merged, and once they are."""
    for at in 0, 300, 600:
        world.take_file({"Records": [failed(n, f"2024-05-{n % 9 + 1:02}T{n % 24:02}:00:00Z")
                                     for n in range(at + 1, at + 301)]})
    paths = [f"activity/{name}" for name in (
        "principal/user%2Falice.log", "event-name/StopInstances.log",
        "event-name/StopInstances.jsonl", "error/AccessDenied.jsonl")]
    wanted = [world.run("cat", world.history, path).stdout for path in paths]
    world.mount()
    equal(read(world.path(paths[0])), wanted[0], "before")
    db = sqlite3.connect(world.history)
    with db:
        first = "(value, time_ms, event) = (SELECT value, time_ms, event FROM activity LIMIT 1 OFFSET 3)"
        for _ in range(4):
            db.execute(f"INSERT INTO activity_late SELECT * FROM activity WHERE {first}")
            equal(db.execute(f"DELETE FROM activity WHERE {first}").rowcount, 1, "moved")
    for path, want in zip(paths[1:3], wanted[1:3]):
        with open(world.path(path), "rb") as file:
            file.seek(len(want) // 2)
            equal(file.read(), want[len(want) // 2:], f"the second half of {path}")
        equal(read(world.path(path)), want, path)
    world.take_file({"Records": [failed(1000, "2024-05-20T10:00:00Z")]})
    equal(db.execute("SELECT * FROM activity_late").fetchall(), [], "merged")
    db.close()
    within(SOON, "the new one", lambda: os.stat(world.path(paths[3])).st_size > len(wanted[3]))
    now = world.run("cat", world.history, paths[3]).stdout
    equal(now[:len(wanted[3])], wanted[3], "as before")
    equal(read(world.path(paths[3])), now, "with the new one")


def memory_kib(world):
    pid, = world.servers()
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(b"VmHWM"):
            return int(line.split()[1])
    return 0


def check_anywhere(path, chance):
    """Reads from random places give what reading it in one go gives; all within its size."""
    whole = read(path)
    equal(os.stat(path).st_size, len(whole), f"size of {path}")
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        for _ in range(12):
            at, n = chance.randrange(len(whole)), chance.choice((1, 100, 5000, 200000))
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            equal(os.pread(fd, n, at), whole[at:at + n], f"{n} bytes at {at} of {path}")
        equal(os.pread(fd, 100, len(whole)), b"", "behind the end")
    finally:
        os.close(fd)
    return whole


def case_timeline_big_day(world):
    """A hundred thousand lines, half of them in one second: listed and streamed."""
    many = MANY_SANITIZED if sanitized(world) else MANY
    # In one minute: the first half in its first second, the others over the rest of it.
    records = [failed(n, "2024-05-02T10:00:%02dZ" % (0 if n < many // 2 else n % 60))
               for n in range(many)]
    random.Random(5).shuffle(records)
    for at in range(0, many, many // 2):
        world.take_file({"Records": records[at:at + many // 2]})
    world.mount()
    start = time.monotonic()
    size = os.stat(world.path(DAY + ".log")).st_size
    check(os.listdir(world.path("timeline/2024/05")) == ["02.jsonl", "02.log"], "listing")
    check(time.monotonic() - start < 0.5, "at once, however long it is")
    chance = random.Random(7)
    log = check_anywhere(world.path(DAY + ".log"), chance)
    equal(len(log), size, "size")
    equal(log.count(b"\n"), many, "lines")
    lines = log.split(b"\n")[:-1]
    check(all(a[:24] <= b[:24] for a, b in zip(lines, lines[1:])), "in order of time")
    other = check_anywhere(world.path("activity/principal/user%2Falice.log"), chance)
    equal(other, log, "the same calls in the same order")
    if not sanitized(world):
        check(memory_kib(world) < FLAT_KIB, f"memory: {memory_kib(world)} KiB")
