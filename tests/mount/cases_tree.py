# SPDX-License-Identifier: Apache-2.0
"""What is in the tree, seen through the kernel."""

import ctypes
import errno
import json
import os
import random
import stat
import struct
import subprocess
import threading

from harness import (ACCOUNT, GROUPS, REGION, Failed, check, equal, has, item, read, within)

SOON = 1  # seconds in which an import shows


def some_history(world):
    world.take_in(
        item("sg-1", "2024-05-01T10:15:00.123Z", name="web", open=True),
        item("sg-1", "2024-05-02T11:30:12.000Z", name="web", open=False),
        item("sg-1", "2024-05-03T11:30:12.000Z", name="web", open=None),
        item("sg-2", "2024-05-01T10:15:00.000Z", name="db"),
        item("sg-2", "2024-05-04T00:00:00.000Z", status="ResourceDeleted"),
        item("AIDA1", "2024-04-01T00:00:00.000Z", kind="AWS::IAM::User", region="global", name="al"),
        item("x" * 3000, "2024-04-01T00:00:00.000Z", name="long id", text="ü€𝄞" * 5000),
    )


def case_same_as_cli(world):
    some_history(world)
    world.mount()
    seen = world.walk()
    listed = world.run("ls", "-R", world.history).stdout.decode().splitlines()
    equal(sorted(seen), sorted(listed), "paths")
    check(len(seen) > 20, "the history is not that small")
    for path, st in seen.items():
        if stat.S_ISREG(st.st_mode):
            equal(read(world.path(path)), world.run("cat", world.history, path).stdout, path)


def case_attributes(world):
    """Exact sizes, times of capture, owner only, one link, whole blocks."""
    some_history(world)
    world.mount()
    seen = world.walk()
    seen["."] = os.lstat(world.mountpoint)
    for path, st in seen.items():
        equal((st.st_uid, st.st_gid), (os.geteuid(), os.getegid()), f"owner of {path}")
        equal(st.st_nlink, 1, f"links of {path}")
        equal(st.st_blocks, (st.st_size + 511) // 512, f"blocks of {path}")
        if stat.S_ISREG(st.st_mode):
            equal(stat.S_IMODE(st.st_mode), 0o400, f"mode of {path}")
            equal(st.st_size, len(read(world.path(path))), f"size of {path}")
            check(st.st_size > 0, f"{path} is empty")
        elif stat.S_ISLNK(st.st_mode):
            equal(st.st_size, len(os.readlink(world.path(path))), f"size of {path}")
        else:
            equal(stat.S_IMODE(st.st_mode), 0o500, f"mode of {path}")
    group = f"{GROUPS}/sg-1"
    equal(seen[f"{group}/2024-05-01T101500.123Z.json"].st_mtime_ns, 1714558500123 * 10**6, "mtime")
    newest = seen[f"{group}/2024-05-03T113012.000Z.json"].st_mtime_ns
    equal(seen[group].st_mtime_ns, newest, "mtime of a resource")
    deletion = seen[f"{GROUPS}/sg-2/2024-05-04T000000.000Z.json"].st_mtime_ns
    for path in (GROUPS, f"resources/{ACCOUNT}", "resources"):
        equal(seen[path].st_mtime_ns, deletion, f"mtime of {path}")


def case_status_tables(world):
    """The ledger's tables through the kernel: sizes, seeking, and the bytes that were refused."""
    some_history(world)
    bad = os.path.join(world.folder, "not json")
    with open(bad, "wb") as file:
        file.write(b"hello\x1b[2J\n")
    world.run("import", world.history, bad, status=3)
    world.mount()
    for name in ("churn.tsv", "imports.tsv", "refused.tsv"):
        whole = read(world.path("status", name))
        equal(os.stat(world.path("status", name)).st_size, len(whole), f"size of {name}")
        with open(world.path("status", name), "rb") as file:
            file.seek(len(whole) - 20)
            equal(file.read(), whole[-20:], f"end of {name}")
        equal({line.count(b"\t") for line in whole.splitlines()},
              {whole.split(b"\n")[0].count(b"\t")}, f"columns of {name}")
    name, = os.listdir(world.path("status/refused"))
    equal(read(world.path("status/refused", name)), b"hello\x1b[2J\n", "what was refused")
    check(read(world.path("status/refused.tsv")).decode().splitlines()[1].startswith(name + "\t"),
          "the table names the file")
    rows = read(world.path("status/imports.tsv")).splitlines()
    world.take_in(item("sg-9", "2024-05-05T10:15:00.123Z"))
    within(SOON, "imports.tsv", lambda: len(read(world.path("status/imports.tsv")).splitlines())
           == len(rows) + 1)
    equal(os.stat(world.path("status/imports.tsv")).st_size,
          len(read(world.path("status/imports.tsv"))), "size after an import")


def case_names(world):
    """Other spellings of a time open the state; nothing else is there, and none is listed."""
    some_history(world)
    world.mount()
    group = world.path(GROUPS, "sg-1")
    wanted = read(f"{group}/2024-05-01T101500.123Z.json")
    for name in ("2024-05-01T10:15:00.123Z", "2024-05-01T10:15:00.123Z.json",
                 "2024-05-01T12:15:00.123+02:00.json", "20240501T101500.123Z",
                 "1714558500.123", "1714558500.123.json"):
        equal(read(f"{group}/{name}"), wanted, name)
    equal(os.readlink(f"{group}/latest.json"), "2024-05-03T113012.000Z.json", "latest")
    equal(json.loads(read(f"{group}/latest.json"))["configuration"]["open"], None, "latest")
    equal(sorted(os.listdir(group)),
          ["2024-05-01T101500.123Z.json", "2024-05-02T113012.000Z.json",
           "2024-05-03T113012.000Z.json", "blame", "changes", "changes.jsonl", "latest.json",
           "relationships.tsv"], "listing")
    for name in ("2024-05-01T101500.124Z.json", "2024-05-01T101500.123Z-1.json", "latest", "-1",
                 "2024-05-01T101500.123Z.json~", "99999999999999999999", "x" * 255, "%", "\x01"):
        check(not os.path.lexists(f"{group}/{name}"), name)
    for name in (".hidden", ".git", ".Trash", ".Trash-0", "._x", ".DS_Store", ".Spotlight-V100",
                 ".metadata_never_index", "autorun.inf", "no such", "changes"):
        check(not os.path.lexists(world.path(name)), name)
    try:
        os.stat(f"{group}/{'x' * 256}")
        raise Failed("a name of 256 bytes")
    except OSError as error:
        equal(error.errno, errno.ENAMETOOLONG, "a name of 256 bytes")
    deleted = json.loads(read(world.path(GROUPS, "sg-2/latest.json")))
    equal(deleted["resourceName"], "db", "name of a deletion")
    equal(deleted["configuration"], None, "configuration of a deletion")


def case_by(world):
    """The other ways in: links and directories of links, names as they are copied."""
    some_history(world)
    role = f"arn:aws:iam::{ACCOUNT}:role/path/Admin"
    made = item("AROA1", "2024-05-01T10:15:00.000Z", kind="AWS::IAM::Role", region="global", name="web")
    made.update(ARN=role, tags={"env": "prod", "k8s.io/x": "a/b"})
    world.take_in(made, item("/aws/lambda/f", "2024-05-05T00:00:00.000Z", kind="AWS::Logs::LogGroup"))
    world.mount()
    equal(os.readlink(world.path("by-id/sg-1")), f"../{GROUPS}/sg-1", "by id")
    wanted = os.path.realpath(world.path(f"resources/{ACCOUNT}/global/AWS/IAM/Role/AROA1"))
    for path in ("by-id/AROA1", f"by-arn/{role}", "by-arn/" + role.replace("/", "%2F"),
                 f"by-name/web/{ACCOUNT},global,AWS,IAM,Role,AROA1",
                 f"by-tag/env/prod/{ACCOUNT},global,AWS,IAM,Role,AROA1",
                 f"by-tag/k8s.io%2Fx/a%2Fb/{ACCOUNT},global,AWS,IAM,Role,AROA1"):
        got = subprocess.run(["sh", "-c", 'cd "$1" && pwd -P && ls', "sh", world.path(path)],
                             check=True, capture_output=True, timeout=20).stdout.decode().split()
        equal(got[0], wanted, path)
        check("latest.json" in got, path)
        link = os.lstat(world.path(path))
        equal((stat.S_ISLNK(link.st_mode), link.st_size), (True, len(os.readlink(world.path(path)))),
              f"link {path}")
        equal(link.st_mtime_ns, os.stat(path := world.path(path)).st_mtime_ns, f"mtime of {path}")
    equal(json.loads(read(world.path("by-id//aws/lambda/f/latest.json")))["resourceId"],
          "/aws/lambda/f", "an id without its leading slash")
    equal(len(os.listdir(world.path("by-name/web"))), 2, "links of a shared name")
    equal(json.loads(read(world.path("by-name/db/latest.json")))["configurationItemStatus"],
          "ResourceDeleted", "what is deleted is found by its name")
    sh = lambda line: subprocess.run(line, shell=True, check=True, cwd=world.mountpoint, timeout=60,
                                     capture_output=True).stdout.decode().splitlines()
    equal(sh("find by-* -xtype l"), [], "links that lead nowhere")
    equal(len(sh("find -L by-id -name latest.json")), len(sh("find resources -name latest.json")),
          "find -L by-id")
    check(not os.path.lexists(world.path(f"by-arn/arn:aws:iam::{ACCOUNT}:role/pat")), "half a name")


def case_moments(world):
    """Every form of a moment, and what is nearly one: that does not exist, and is never another."""
    some_history(world)
    world.mount()
    wanted = read(world.path("at/2024-05-02T10:15:00Z/inventory.csv"))
    check(wanted.count(b"\n") > 1, "nothing at that moment")
    for form in ("2024-05-02T10:15Z", "2024-05-02T10:15", "2024-05-02t10:15:00z", "2024-05-02 10:15:00",
                 "20240502T101500Z", "20240502T1015", "2024-05-02T101500.000Z", "2024-05-02T12:15+02:00",
                 "2024-05-02T05:45:00.000-0430", "1714644900", "1714644900.000", "1714644900000"):
        equal(read(world.path("at", form, "inventory.csv")), wanted, form)
    for form in ("now", "yesterday", "-2h", "-7d", "-1w", "-90m", "-5s", "2024-05-02", "20240502",
                 "1970-01-01", "2099-12-31T23:59:59.999Z", "2024-02-29"):
        check("inventory.csv" in os.listdir(world.path("at", form)), form)
    for form in ("2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "2024-05-02T25:00Z",
                 "2024-05-02T24:00", "2024-05-02T10:60Z", "2024-05-02T10:15:61Z", "2016-12-31T23:59:60Z",
                 "2024-05-02T10:15+25:00", "-5x", "-5", "-", "-h", "-2.5h", "--2h", "+2h", "2h", "- 2h",
                 "-1714644900", "0", "1", "99999999999999999999", "-99999999999999d", "1969-12-31",
                 "2100-01-01", "NOW", "Now", "today", "tomorrow", "2024", "2024-05", "2024-5-2",
                 "2024-05-02T10:15Zx", " 2024-05-02", "2024-05-02 ", "now ", "x" * 255, "latest.json"):
        try:
            os.lstat(world.path("at", form))
        except FileNotFoundError:
            continue
        check(False, f"there is a moment {form!r}")
    equal(os.listdir(world.path("at")), ["README"], "moments are not listed")


def case_weird_ids(world):
    ids = ["a/b/c", "..", ".", ".hidden", "line\nbreak", "tab\tand\x01", "%41", "%", "100%", " ",
           "-rf", "*", "~", "ünïcode-€", "x" * 255, "x" * 256, "x" * 768, "€" * 256, "a:b", "\\",
           "changes", "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/l/1", "'", "\"$(x)",
           "x" * 200 + "~0123456789abcdef", "CON", "a\u202eb", "\x7f"]
    world.take_in(*[item(rid, "2024-05-01T10:15:00.000Z", name="n") for rid in ids])
    world.mount()
    names = os.listdir(world.path(GROUPS))
    equal(len(names), len(ids), "entries")
    equal(len(set(names)), len(ids), "different entries")
    found = []
    for name in names:
        check(len(os.fsencode(name)) <= 255, f"{name} is too long")
        check(not name.startswith(".") and "\n" not in name, f"{name!r} is not escaped")
        state = json.loads(read(world.path(GROUPS, name, "latest.json")))
        found.append(state["resourceId"])
    equal(sorted(found), sorted(ids), "ids")
    below = [path for path in world.walk() if path.startswith("resources")]
    equal(len(below), len(ids) * 7 + 6, "entries in all")
    for name in os.listdir(world.path("by-id")):
        check(os.path.samefile(world.path("by-id", name), world.path(GROUPS, name)), f"{name!r} by id")
        names.remove(name)
    equal(names, [], "ids without a link")


def case_inodes(world):
    """Unique, as listed, and the same over a remount and an import."""
    some_history(world)
    world.mount()
    before = world.walk()
    numbers = [st.st_ino for st in before.values()] + [os.stat(world.mountpoint).st_ino]
    equal(len(set(numbers)), len(numbers), "different inode numbers")
    for folder, _, _ in os.walk(world.mountpoint):
        for entry in os.scandir(folder):
            equal(entry.inode(), os.lstat(entry.path).st_ino, entry.path)
    world.unmount()
    world.take_in(item("sg-0", "2024-01-01T00:00:00.000Z"),
                  item("sg-1", "2024-05-02T00:00:00.000Z", name="web", open="half"))
    world.mount()
    after = world.walk()
    for path, st in before.items():
        equal(after[path].st_ino, st.st_ino, f"inode of {path}")
    check(len(after) > len(before), "the import added something")


def case_tools(world):
    """The programs people use, on the mount and on a copy of it."""
    some_history(world)
    world.mount()
    copy = os.path.join(world.folder, "copy")
    root = world.path("resources")
    sh = lambda line: subprocess.run(line, shell=True, check=True, cwd=world.folder, timeout=60,
                                     capture_output=True).stdout
    sh(f"cp -a '{root}' '{copy}'")
    sh(f"diff -r --no-dereference '{root}' '{copy}'")
    equal(sh(f"cd '{root}' && find . -printf '%P %s %y %T@\\n' | sort | grep -v ' d '"),
          sh(f"cd '{copy}' && find . -printf '%P %s %y %T@\\n' | sort | grep -v ' d '"), "find")
    equal(sh(f"cd '{root}' && grep -rc '' . | sort"), sh(f"cd '{copy}' && grep -rc '' . | sort"),
          "grep -r")
    sh(f"mkdir untar && tar cf - -C '{root}' . | tar xf - -C untar && diff -r untar '{copy}'")
    if has("rsync"):
        sh(f"rsync -a '{root}/' synced/ && diff -r --no-dereference synced '{copy}'")
        equal(sh(f"rsync -ain '{root}/' synced/"), b"", "a second rsync")
    check(int(sh(f"du -s --apparent-size -B1 '{root}'").split()[0]) > 30000, "du sums sizes up")
    check(b"2024-05-01T101500.123Z.json" in sh(f"ls -lR '{root}'"), "ls -lR")
    check(b'"open": true' in sh(f"diff -r '{root}/{ACCOUNT}' /dev/null; cat '{world.mountpoint}'/"
                                f"{GROUPS}/sg-1/2024-05-01*.json"), "cat")
    equal(sh(f"find '{root}' -newermt 2024-05-03 ! -newermt 2024-05-03T23:00 -name '2024*'"
             ).count(b"\n"), 1, "find by time")
    sh(f"stat -f '{world.mountpoint}' && df '{world.mountpoint}'")


def case_read_only(world):
    some_history(world)
    world.mount()
    path = world.path(GROUPS, "sg-1")
    attempts = {
        "write": lambda: open(f"{path}/changes", "ab"),
        "create": lambda: open(f"{path}/new", "wb"),
        "mkdir": lambda: os.mkdir(f"{path}/new"),
        "unlink": lambda: os.unlink(f"{path}/changes"),
        "rmdir": lambda: os.rmdir(path),
        "rename": lambda: os.rename(f"{path}/changes", f"{path}/c"),
        "chmod": lambda: os.chmod(f"{path}/changes", 0o777),
        "utime": lambda: os.utime(f"{path}/changes"),
        "symlink": lambda: os.symlink("x", f"{path}/new"),
        "truncate": lambda: os.truncate(f"{path}/changes", 0),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
            raise Failed(f"{name} did not fail")
        except OSError as error:
            check(error.errno in (errno.EROFS, errno.EACCES, errno.EPERM), f"{name}: {error}")
    equal(os.statvfs(world.mountpoint).f_flag & (os.ST_RDONLY | os.ST_NOSUID),
          os.ST_RDONLY | os.ST_NOSUID, "flags")


def getdents(fd, size):
    """Names and offsets of one call, by hand: libc's buffer is large."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(size)
    n = libc.syscall(217 if os.uname().machine == "x86_64" else 61, fd, buffer, size)
    check(n >= 0, f"getdents64: {os.strerror(ctypes.get_errno())}")
    found, at = [], 0
    while at < n:
        _ino, offset, length, _kind = struct.unpack_from("=QqHB", buffer.raw, at)
        found.append((buffer.raw[at + 19:at + length].split(b"\0")[0].decode(), offset))
        at += length
    return found


def list_slowly(path, size, jump=None):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    found = []
    while True:
        part = getdents(fd, size)
        if not part:
            break
        found += part
        if jump and jump.random() < 0.05:  # away and back, as seekdir does
            os.lseek(fd, 0, os.SEEK_SET)
            getdents(fd, size)
            os.lseek(fd, found[-1][1], os.SEEK_SET)
    os.close(fd)
    return found


def case_large_directories(world):
    """20,000 resources in one folder, 20,000 states in one resource: complete and once each."""
    count = 20000
    times = [f"2024-{1 + i // 8640 // 28:02}-{1 + i // 8640 % 28:02}T{i // 360 % 24:02}:"
             f"{i // 6 % 60:02}:{i % 6 * 10:02}.{i % 997:03}Z" for i in range(count)]
    world.take_in(*[item(f"sg-{i:05}", "2024-05-01T10:15:00.000Z") for i in range(count)])
    world.take_in(*[item("many", when, kind="AWS::EC2::Instance", n=i, state=i + 1)
                    for i, when in enumerate(times)])
    world.mount()
    groups = world.path(GROUPS)
    wanted = sorted([f"sg-{i:05}" for i in range(count)])
    for size in (32768, 300):
        found = list_slowly(groups, size)
        equal(sorted(name for name, _ in found), sorted(wanted + [".", ".."]), f"by {size} bytes")
        offsets = [offset for _, offset in found]
        equal(len(set(offsets)), len(offsets), "different offsets")
    states = world.path(f"resources/{ACCOUNT}/{REGION}/AWS/EC2/Instance/many")
    equal(len(set(os.listdir(states))), count + 5, "states")
    jumpy = [name for name, _ in list_slowly(states, 300, random.Random(1))]
    equal((len(jumpy), len(set(jumpy))), (count + 7, count + 7), "states, with jumps")
    # The same once what is listed is not in the kernel's cache, while rows are added.
    world.unmount()
    world.mount()
    fd = os.open(groups, os.O_RDONLY | os.O_DIRECTORY)
    found = getdents(fd, 32768)
    world.take_in(*[item(f"new-{i}", "2024-05-01T10:15:00.000Z") for i in range(50)])
    while part := getdents(fd, 32768):
        found += part
    os.close(fd)
    old = [name for name, _ in found if name.startswith("sg-")]
    equal(sorted(old), wanted, "what was there, while rows were added")
    check(len({name for name, _ in found}) == len(found), "listed twice")


def case_concurrent(world):
    """Eight readers, at files and listings, while a ninth imports."""
    some_history(world)
    world.take_in(*[item(f"sg-c{i}", f"2024-05-{d:02}T10:00:00.000Z", n=d, text="x" * 3000)
                    for i in range(40) for d in range(1, 15)])
    world.mount()
    errors = []
    done = threading.Event()

    def reader(seed):
        choice = random.Random(seed)
        try:
            while not done.is_set():
                group = world.path(GROUPS, f"sg-c{choice.randrange(40)}")
                names = os.listdir(group)
                check({"changes", "changes.jsonl", "latest.json"} <= set(names), str(names))
                for name in choice.sample(names, 5):
                    text = read(f"{group}/{name}")
                    if name.endswith(".json"):
                        json.loads(text)
                    elif name.endswith(".jsonl"):
                        times = [json.loads(line)["time"] for line in text.splitlines()]
                        equal(times, sorted(times), "order of the story")
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)

    readers = [threading.Thread(target=reader, args=(seed,)) for seed in range(8)]
    for thread in readers:
        thread.start()
    try:
        for day in range(15, 19):
            world.take_in(*[item(f"sg-c{i}", f"2024-05-{day}T10:00:00.000Z", n=day)
                            for i in range(40)])
    finally:
        done.set()
        for thread in readers:
            thread.join()
    check(not errors, repr(errors[:1]))
