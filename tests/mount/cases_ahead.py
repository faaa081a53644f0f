# SPDX-License-Identifier: Apache-2.0
"""Reading ahead: whatever was put into the page cache before it was asked for is what is there."""

import os
import random
import stat
import subprocess
import threading

from cases_views import estate
from harness import GROUP, GROUPS, check, equal, item, read, wait_mounts, within

SOON = 1.0
RESOURCES = 24


def states(day, n=RESOURCES):
    return [item(f"sg-{i:02}", f"2024-05-{day:02}T10:15:{i:02}.000Z", name=f"web-{i}", n=day,
                 rules=[{"port": p, "open": p % day == 0} for p in range(i)]) for i in range(n)]


def fill(world):
    world.take_in(*[one for day in range(1, 6) for one in states(day)])


def files(world):
    """The regular files, as a search finds them."""
    return [path for path, st in world.walk().items()
            if path.startswith("resources/") and stat.S_ISREG(st.st_mode)]


def expected(world, paths):
    """Their bytes, without a mount."""
    everything = world.run("cat", world.history, *paths).stdout
    ret, at = {}, 0
    for path in paths:
        size = os.lstat(world.path(path)).st_size
        ret[path] = everything[at:at + size]
        at += size
    equal(at, len(everything), "bytes altogether")
    return ret


def same(world, paths, want, what):
    for path in paths:
        equal(read(world.path(path)), want[path], f"{what}: {path}")


def case_ahead_orders(world):
    """In the order of the listing, backwards, at random, two readers by turns: the same bytes."""
    estate(world)  # with calls and alarms
    fill(world)
    world.mount()
    paths = files(world)
    want = expected(world, paths)
    same(world, paths, want, "forward, all listed before")
    world.unmount()
    shuffled = random.Random(1).sample(paths, len(paths))
    half = len(paths) // 2
    turns = [p for pair in zip(paths[:half], reversed(paths[half:])) for p in pair]
    for what, order in (("backwards", paths[::-1]), ("at random", shuffled), ("by turns", turns)):
        world.mount()
        files(world)
        same(world, order, want, what)
        world.unmount()
    # As grep -r does it: each directory is listed, then read; by itself and by two at once.
    for at_once in (1, 2):
        world.mount()
        searches = [subprocess.Popen(["grep", "-rc", "", world.path("resources")], stdout=subprocess.PIPE)
                    for _ in range(at_once)]
        for search in searches:
            lines = search.communicate(timeout=30)[0].decode().splitlines()
            counts = dict(line.rpartition(":")[::2] for line in lines)
            equal({os.path.relpath(p, world.mountpoint): int(n) for p, n in counts.items()},
                  {p: w.count(b"\n") for p, w in want.items()}, "lines counted")
        same(world, paths, want, "after a search")
        world.unmount()


def case_ahead_live(world):
    """What was pushed is taken back by an import: sizes, bytes, and growth while it is open."""
    fill(world)
    world.mount()
    paths = files(world)
    tail = open(world.path(GROUPS, "sg-07/changes"), "rb")  # pylint: disable=consider-using-with
    for day in range(6, 10):
        subprocess.run(["grep", "-r", "nothing", world.mountpoint + "/resources"], check=False)
        before = tail.read()
        world.take_in(*states(day)[day % 3::3])
        if (7 - day % 3) % 3 == 0:
            within(SOON, "growth", lambda: os.fstat(tail.fileno()).st_size > tail.tell())
        check(b"\0" not in before, "no hole")

        def settled():
            now = files(world)
            want = world.run("cat", world.history, *now).stdout
            return (want == b"".join(read(world.path(p)) for p in now) and
                    all(os.stat(world.path(p)).st_size == len(read(world.path(p))) for p in now))

        within(2 * SOON, "mount and history agree", settled)
    check(len(files(world)) > len(paths), "states were added")
    tail.close()


def case_ahead_import_beside(world):
    """
    Searches while imports run: every state is whole, no file has a hole. (What grows may for a moment
    have its new bytes with its old size.)
    """
    fill(world)
    world.mount()
    stop = threading.Event()
    wrong = []

    def search():
        while not stop.is_set():
            for folder, _, names in os.walk(world.path("resources")):
                for name in names:
                    path = os.path.join(folder, name)
                    data = read(path)
                    if b"\0" in data or (name.endswith("Z.json") and not data.endswith(b"\n}\n")):
                        wrong.append(path)

    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in range(6, 14):
        world.take_in(*states(day))
    stop.set()
    for reader in readers:
        reader.join()
    equal(wrong, [], "torn")

    def settled():
        now = files(world)
        return world.run("cat", world.history, *now).stdout == b"".join(
            read(world.path(p)) for p in now)

    within(2 * SOON, "mount and history agree", settled)


def case_ahead_many_clients(world):
    """A crowd that reads everything at once gets the same bytes, each of it."""
    fill(world)
    world.mount()
    paths = files(world)
    want = expected(world, paths)
    world.unmount()
    world.mount()
    failures = []

    def client(number):
        order = random.Random(number).sample(paths, len(paths)) if number % 2 else paths
        try:
            os.listdir(world.path(GROUPS, f"sg-{number % RESOURCES:02}"))
            for path in order:
                if read(world.path(path)) != want[path]:
                    failures.append(path)
        except OSError as error:
            failures.append(str(error))

    clients = [threading.Thread(target=client, args=(i,)) for i in range(24)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    equal(failures, [], "failures")


def case_ahead_large_directory(world):
    """More states than are remembered of a directory, and than are made at once."""
    world.take_in(*[item("sg-1", f"2024-05-{1 + i // 144:02}T{i // 6 % 24:02}:{i % 6}0:00.000Z",
                         kind=GROUP, name="web", n=i) for i in range(300)],
                  item("sg-2", "2024-05-01T00:00:00.000Z", name="db"))
    world.mount()
    paths = files(world)
    same(world, paths, expected(world, paths), "forward")
    equal(len(os.listdir(world.path(GROUPS, "sg-1"))), 305, "entries")


def names(world):
    """{path: (type, inode number)} of the files of resources/, as names alone tell."""
    ret = {}

    def below(folder):
        for entry in os.scandir(world.path(folder)):
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                below(path)
            else:
                ret[path] = (entry.is_symlink(), entry.inode())

    below("resources")
    return ret


def case_ahead_names_then_all(world):
    """Who lists names gets no attributes with them; who asks then gets the same of every file."""
    fill(world)
    world.mount()
    first = names(world)
    equal(names(world), first, "names of the second time")
    paths = [path for path, (is_link, _) in first.items() if not is_link]
    want = {}
    for path, (is_link, inode) in first.items():  # enough of them for the listings to be taken back
        st = os.lstat(world.path(path))
        equal((stat.S_ISLNK(st.st_mode), st.st_ino), (is_link, inode), path)
        want[path] = st.st_size
    same(world, paths, expected(world, paths), "after the names")
    equal({p: len(read(world.path(p))) for p in paths}, {p: want[p] for p in paths}, "sizes")
    equal(names(world), first, "names, at the end")
    world.take_in(*states(6))
    within(SOON, "the new state", lambda: len(names(world)) == len(first) + RESOURCES)


LARGE = 16384 + 300  # more than what a listing goes without attributes for


def entries(folder, ask=()):
    """{name: (is a directory, is a link, inode number)}; entries so far from the begin are looked at."""
    ret = {}
    with os.scandir(folder) as listing:
        for n, entry in enumerate(listing):
            check(entry.name not in ret, f"{entry.name} is listed once")
            ret[entry.name] = (entry.is_dir(follow_symlinks=False), entry.is_symlink(),
                               entry.inode())
            if n in ask:
                equal(os.lstat(entry.path).st_ino, entry.inode(), f"{entry.name}, amid the listing")
    return ret


def many(world):
    """Makes the large directory; its names."""
    ids = [f"sg-{i:05}" for i in range(LARGE)]
    world.take_in(*[item(rid, f"2024-05-01T10:15:00.{i % 1000:03}Z", name=rid)
                    for i, rid in enumerate(ids)])
    return ids


def case_ahead_names_of_many(world):
    """
    A directory too large for attributes to go with its names, of directories and of links: all names,
    kinds and inode numbers, whether one is asked for meanwhile, and what is told of each then.
    """
    ids = many(world)
    arn = item("sg", "2024-05-01T10:15:00.000Z", name="NAME")["ARN"].replace("/", "%2F")
    for folder, names_, link in ((GROUPS, ids, False), ("by-id", ids, True),
                                 ("by-arn", [arn.replace("NAME", rid) for rid in ids], True)):
        listings = []
        for ask in ((), (3, 9000), range(8000, 8500)):
            world.mount()
            listings.append(entries(world.path(folder), ask))
            # Also enough of them for a listing without attributes to be taken back.
            for n, name in list(enumerate(names_))[::10 if len(ask) == 2 else 50]:
                st = os.lstat(world.path(folder, name))
                equal((stat.S_ISLNK(st.st_mode), st.st_ino, st.st_mtime_ns // 1000000 % 1000),
                      (link, listings[0][name][2], n % 1000), f"{folder}/{name}")
                if link and n % 50 == 0:
                    target = os.readlink(world.path(folder, name))
                    equal((target, st.st_size), (f"../{GROUPS}/{ids[n]}", len(target)), name)
            listings.append(entries(world.path(folder)))
            world.unmount()
        equal(sorted(listings[0]), sorted(names_), f"names of {folder}")
        equal({kinds[:2] for kinds in listings[0].values()}, {(not link, link)}, "kinds")
        for other in listings[1:]:
            check(other == listings[0], f"{folder}: equal, whatever is asked for meanwhile")


def case_ahead_names_alone(world):
    """Who has attributes with the names of a large directory, and who asks for each by itself."""
    ids = many(world)
    log = os.path.join(world.folder, "requests")

    def requests(opcode):
        return read(log).count(b"opcode: " + opcode + b" ")

    def lookups(of, folder=GROUPS):
        before = requests(b"LOOKUP")
        for name in of:
            os.lstat(world.path(folder, name))
        return requests(b"LOOKUP") - before

    def fresh():
        with open(log, "wb") as err:
            server = subprocess.Popen([world.driftfs, "mount", "-f", "-o", "debug", world.history,
                                       world.mountpoint], stderr=err, env=world.env)
        wait_mounts(world.mountpoint, True)
        return server

    def after(*steps):
        server = fresh()
        for step in steps:
            step()
        equal(sorted(os.listdir(world.path(GROUPS))), ids, "names")
        ret = lookups(ids[-50:])
        world.unmount()
        server.wait(10)
        return ret

    equal(after(), 50, "lookups of who lists it by itself")
    # Here a second must not pass meanwhile.
    parts = GROUPS.split("/")
    above = ["/".join(parts[:n]) for n in range(len(parts))]
    for what, steps in (("goes there from above",
                         [lambda at=at: os.listdir(world.path(at)) for at in above]),
                        ("asks about the filesystem", [lambda: os.statvfs(world.mountpoint)])):
        check(any(after(*steps) == 0 for _ in range(3)), f"who {what} has attributes with the names")
    # Who has them of two moments before them compares, as diff -r does: both are asked for first.
    moments = [f"at/2024-05-01T1{hour}:00Z/{'/'.join(parts[1:])}" for hour in (1, 2, 3)]
    files = [f"{rid}.json" for rid in ids]

    def listed(of, first=()):
        server = fresh()
        for folder in first:
            os.lstat(world.path(folder))
        for folder in of:
            equal(sorted(os.listdir(world.path(folder))), files, f"names of {folder}")
        ret = [lookups(files[-50:], folder) for folder in of]
        world.unmount()
        server.wait(10)
        return ret

    equal(listed(moments), [50, 50, 50], "lookups of who lists one after the other")
    equal(listed(moments[:2], moments[:2]), [0, 0], "lookups of who compares")
    # Who goes through them has the listing taken back, and attributes with the next.
    server = fresh()
    os.listdir(world.path(GROUPS))
    equal(lookups(ids[-100:]), 100, "lookups of who goes through them")
    pages = requests(b"READDIRPLUS")
    within(5 * SOON, "the listing is taken back",
           lambda: os.listdir(world.path(GROUPS)) and requests(b"READDIRPLUS") > pages)
    equal(lookups(ids[-200:-100]), 0, "lookups in the listing after")
    world.unmount()
    server.wait(10)
