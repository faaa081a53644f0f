# SPDX-License-Identifier: Apache-2.0
"""Mounting, unmounting, and what is refused, with which words."""

import errno
import os
import signal
import subprocess
import time

from harness import (GROUPS, check, equal, has, item, mounted, read, wait_end, wait_mounts,
                     within)


def small_history(world):
    world.take_in(item("sg-1", "2024-05-01T10:15:00.123Z", name="web"))


def refused(world, *words, args=None, status=1):
    """The command fails with one line that has all the words."""
    done = world.run("mount", *(args or [world.history, world.mountpoint]), status=status)
    text = done.stderr.decode()
    check(text.startswith("driftfs mount: " if status == 2 else "driftfs: ") and (status == 2 or text.count("\n") == 1), f"not one line: {text}")
    for word in words:
        check(word in text, f"{word!r} is not in {text!r}")


def case_ready(world):
    """When the parent ends, the mount answers; making it takes no time."""
    small_history(world)
    best = 9.0
    for _ in range(5):
        start = time.monotonic()
        world.mount()
        best = min(best, time.monotonic() - start)
        equal(sorted(os.listdir(world.mountpoint)),
              ["README", "activity", "alarms", "at", "by-arn", "by-id", "by-name", "by-tag", "resources",
               "status", "timeline"], "root")
        world.unmount()
    check(best < 1.0, f"took {best:.3f} s")


def case_signals(world):
    small_history(world)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        world.mount()
        [pid] = world.servers()
        read(world.path("README"))
        os.kill(pid, number)
        wait_mounts(world.mountpoint, False)
        wait_end(pid)


def case_signal_while_open(world):
    """With a file and a directory open: it ends all the same."""
    small_history(world)
    world.mount()
    [pid] = world.servers()
    held = [os.open(world.path(GROUPS, "sg-1/changes"), os.O_RDONLY),
            os.open(world.path("resources"), os.O_RDONLY)]
    os.read(held[0], 10)
    os.kill(pid, signal.SIGTERM)
    wait_mounts(world.mountpoint, False)
    wait_end(pid)
    for fd in held:
        try:
            os.close(fd)
        except OSError as error:
            equal(error.errno, errno.ENOTCONN, "closing what was open")


def case_signal_amid_requests(world):
    """While clients ask one thing after another: it ends, and no client hangs."""
    small_history(world)
    world.mount()
    [pid] = world.servers()
    ask = "while stat -f . >/dev/null 2>&1; do :; done"
    clients = [subprocess.Popen(["sh", "-c", ask], cwd=world.path(GROUPS)) for _ in range(3)]
    for _ in range(50):
        os.statvfs(world.path("resources"))
    os.kill(pid, signal.SIGTERM)
    wait_mounts(world.mountpoint, False)
    wait_end(pid)
    for client in clients:
        equal(client.wait(20), 0, "a client")


def states(pid):
    """Of the threads, a letter each, as ps has them."""
    return [read(f"/proc/{pid}/task/{tid}/stat").rpartition(b")")[2].split()[0].decode()
            for tid in os.listdir(f"/proc/{pid}/task")]


def case_idle(world):
    """After requests in a row every thread sleeps; stopped and continued, it serves on."""
    small_history(world)
    world.mount()
    [pid] = world.servers()
    for round_ in range(3):
        for _ in range(200):
            os.statvfs(world.path("resources"))
        within(5, "all threads sleep", lambda: set(states(pid)) == {"S"})
        os.kill(pid, signal.SIGSTOP)
        within(5, "all threads are stopped", lambda: set(states(pid)) == {"T"})
        asking = subprocess.Popen(["stat", "-f", world.path(GROUPS)], stdout=subprocess.DEVNULL)
        os.kill(pid, signal.SIGCONT)
        equal(asking.wait(20), 0, f"asked while it was stopped, round {round_}")


def asked_latency():
    """What all programs together ask of the processors, in microseconds; None: not to be had."""
    try:
        with open("/dev/cpu_dma_latency", "rb", buffering=0) as file:
            return int.from_bytes(file.read(4), "little", signed=True)
    except OSError:
        return None


def case_awake(world):
    """Processors are kept from sleeping while requests come, and no longer; not by a dead one."""
    if not 2 <= os.cpu_count() <= 4 or not os.access("/dev/cpu_dma_latency", os.W_OK):
        print("  awake: skipped, for root, and two to four processors")
        return
    small_history(world)
    world.mount()

    def held():
        for _ in range(50):
            os.statvfs(world.path("resources"))
        return asked_latency() == 0

    within(10, "asked for while requests come", held)
    # Other mounts of this machine may ask, too.
    within(20, "no longer asked for", lambda: asked_latency() > 0)
    within(10, "asked for again", held)
    [pid] = world.servers()
    os.kill(pid, signal.SIGKILL)
    wait_end(pid)
    within(20, "no longer asked for by a dead one", lambda: asked_latency() > 0)
    subprocess.run(["umount", world.mountpoint], check=True)


def case_one_processor(world):
    """Where client and server share one: nothing waits for the other to give it up."""
    small_history(world)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        world.mount()
        for _ in range(200):
            os.statvfs(world.path("resources"))
        world.walk()
        world.unmount()
    finally:
        os.sched_setaffinity(0, before)


def case_aborted(world):
    """The kernel gives the connection up: the server ends by itself."""
    if os.geteuid() != 0:
        print("  aborted: skipped, only root mounts fusectl")
        return
    small_history(world)
    world.mount()
    [pid] = world.servers()
    number = os.minor(os.stat(world.mountpoint).st_dev)
    control = os.path.join(world.folder, "control")
    os.mkdir(control)
    subprocess.run(["mount", "-t", "fusectl", "none", control], check=True)
    try:
        with open(f"{control}/{number}/abort", "w", encoding="ascii") as file:
            file.write("1")
    finally:
        subprocess.run(["umount", control], check=True)
    wait_end(pid)


def case_foreground(world):
    small_history(world)
    for end in ("signal", "unmount"):
        server = subprocess.Popen([world.driftfs, "mount", "-f", world.history, world.mountpoint],
                                  env=world.env, stderr=subprocess.PIPE)
        wait_mounts(world.mountpoint, True)
        check(read(world.path(GROUPS, "sg-1/changes")), "it serves")
        if end == "signal":
            server.send_signal(signal.SIGINT)
        else:
            subprocess.run(["umount" if os.geteuid() == 0 else "fusermount3",
                            *([] if os.geteuid() == 0 else ["-u"]), world.mountpoint], check=True)
        _, text = server.communicate(timeout=20)
        equal((server.returncode, text), (0, b""), f"end by {end}")
        check(not mounted(world.mountpoint), "unmounted")


def case_options(world):
    """The words of mount(8) and fstab, and allow_other."""
    small_history(world)
    world.mount("-o", "ro,noauto,user,_netdev,nofail,x-systemd.automount,noatime", "-odefaults")
    [line] = [text for text in read("/proc/self/mountinfo").decode().splitlines()
              if f" {world.mountpoint} " in text]
    for word in ("ro", "nosuid", "nodev", "noexec"):
        check(word in line.split()[5].split(","), f"{word} in {line}")
    check(f"fuse.driftfs {world.history} " in line, line)
    check("default_permissions" not in line, line)
    world.unmount()
    if os.geteuid() == 0:
        world.mount("-o", "allow_other")
        equal(os.stat(world.path("README")).st_mode & 0o777, 0o444, "mode for others")
        equal(os.stat(world.path("resources")).st_mode & 0o777, 0o555, "mode for others")
        world.unmount()
    refused(world, "read-only", "usage:", args=["-o", "noatime,rw", world.history, world.mountpoint],
            status=2)
    check(not mounted(world.mountpoint), "nothing is mounted")
    refused(world, "nonsense", args=["-o", "ro,nonsense", world.history, world.mountpoint], status=2)
    world.run("mount", world.history, status=2)
    world.run("mount", world.history, world.mountpoint, "x", status=2)
    world.run("mount", "--help")


def as_other(world, name):
    """What another user has of a file: its bytes, or why not."""
    done = subprocess.run(["cat", world.path(name)], user=65534, group=65534, extra_groups=[],
                          env=dict(world.env, LC_ALL="C"), check=False, capture_output=True)
    return done.stdout or done.stderr.rsplit(b":", 1)[-1].strip()


def case_others(world):
    """Other users: kept out, but for allow_other, also from what its owner has read before."""
    if os.geteuid() != 0:
        return
    small_history(world)
    os.chmod(world.folder, 0o711)
    name = GROUPS + "/sg-1/changes"
    for option, let_in in (("noatime", False), ("allow_root", False), ("default_permissions", False),
                           ("allow_other", True), ("allow_other,default_permissions", True)):
        world.mount("-o", option)
        mine = read(world.path(name))
        equal(as_other(world, name), mine if let_in else b"Permission denied", option)
        check(not os.access(world.path(name), os.W_OK), "nothing may be written")
        check(not os.access(world.path(name), os.X_OK), "nothing may be run")
        check(os.access(world.path(name), os.R_OK), "what is there may be read")
        try:
            os.close(os.open(world.path("new"), os.O_CREAT | os.O_WRONLY))
            check(False, "a file was made")
        except OSError as why:
            equal(why.errno, errno.EROFS, "making a file")
        world.unmount()


def case_helper(world):
    """As mount(8)'s helper calls it, and through that helper."""
    small_history(world)
    world.run(world.history, world.mountpoint, "-o", "rw,nosuid")
    check(read(world.path("README")), "as a helper")
    world.unmount()
    if os.geteuid() != 0 or not has("mount.fuse3"):
        return
    env = dict(world.env, PATH=os.path.dirname(world.driftfs) + ":" + os.environ["PATH"])
    done = subprocess.run(["mount.fuse3", world.history, world.mountpoint, "-o", "rw,nofail",
                           "-t", "fuse.driftfs"],
                          env=env, check=False, capture_output=True, timeout=30)
    equal(done.returncode, 0, done.stderr.decode())
    check(read(world.path("README")), "through mount.fuse3")


def case_strange_paths(world):
    """A history and a mountpoint with commas, spaces and backslashes in their names."""
    folder = os.path.join(world.folder, "a, b\\c 'd'")
    os.mkdir(folder)
    world.history = os.path.join(folder, "h,=\\ .db")
    world.mountpoint = os.path.join(folder, "m n")
    os.mkdir(world.mountpoint)
    small_history(world)
    world.run("mount", world.history, world.mountpoint)
    check(read(world.path("README")), "it serves")
    tool = ["umount"] if os.geteuid() == 0 else ["fusermount3", "-u"]
    [pid] = world.servers()
    subprocess.run([*tool, world.mountpoint], check=True)
    wait_end(pid)


def case_auto_unmount(world):
    """Killed outright, with the root's attributes cached: the guard left behind unmounts."""
    small_history(world)
    world.mount("-o", "auto_unmount")
    [pid] = world.servers()
    check(read(world.path("README")), "it serves")
    os.kill(pid, signal.SIGKILL)
    wait_mounts(world.mountpoint, False)
    # After an orderly end the guard is gone as well, and leaves alone what comes after it.
    world.mount("-o", "auto_unmount")
    [pid], [guard] = world.servers(), world.guards()
    os.kill(pid, signal.SIGTERM)
    wait_end(pid)
    wait_end(guard)
    world.mount()


def case_killed(world):
    """Killed without auto_unmount: the next mount says how to clear what is left."""
    small_history(world)
    world.mount()
    [pid] = world.servers()
    os.kill(pid, signal.SIGKILL)
    wait_end(pid)
    try:
        os.listdir(world.mountpoint)
    except OSError as error:
        equal(error.errno, errno.ENOTCONN, "what is left")
    refused(world, "fusermount3 -u", world.mountpoint)
    world.clear()
    world.mount()


def case_refused_mountpoints(world):
    small_history(world)
    refused(world, "no such directory", args=[world.history, world.mountpoint + "/no"])
    refused(world, "not a directory", args=[world.history, world.history])
    with open(world.path("x"), "wb"):
        pass
    refused(world, "not empty", "nonempty")
    world.mount("-o", "nonempty")
    refused(world, "mounted here already", "umount")
    refused(world, "mounted here already", args=["-o", "nonempty", world.history, world.mountpoint])
    world.unmount()
    os.unlink(world.path("x"))
    # The history in the folder itself, or deeper, or the folder by another name.
    inside = world.path("deep")
    os.mkdir(inside)
    os.rename(world.history, f"{inside}/h.db")
    link = os.path.join(world.folder, "link")
    os.symlink(world.mountpoint, link)
    for history, where in ((f"{inside}/h.db", world.mountpoint), (f"{inside}/h.db", inside),
                           (f"{inside}/h.db", link), (f"{link}/deep/h.db", world.mountpoint)):
        refused(world, "history file itself", args=["-o", "nonempty", history, where])
    check(not mounted(world.mountpoint), "nothing is mounted")


def case_refused_histories(world):
    refused(world, "no such file")
    check(not os.path.exists(world.history), "a mount makes no history")
    refused(world, "directory", args=[world.folder, world.mountpoint])
    for content in (b"", b"no database at all\n" * 100, b"SQLite format 3\0" + bytes(5000)):
        with open(world.history, "wb") as file:
            file.write(content)
        refused(world, world.history)
        equal(read(world.history), content, "left as it was")
    os.unlink(world.history)
    small_history(world)
    with open(world.history, "r+b") as file:  # user_version, SQLite file format 1.3.16
        file.seek(60)
        file.write(b"\0\0\x7f\xff")
    refused(world, "newer")
    check(not mounted(world.mountpoint), "nothing is mounted")


def case_refused_device(world):
    """Without the device, as in a container: said in words."""
    if os.geteuid() != 0 or not has("unshare"):
        return
    small_history(world)
    line = f"mount -t tmpfs none /dev && exec '{world.driftfs}' mount '{world.history}' '{world.mountpoint}'"
    done = subprocess.run(["unshare", "-m", "sh", "-c", line], env=world.env, check=False,
                          capture_output=True, timeout=30)
    equal(done.returncode, 1, done.stderr.decode())
    check(b"/dev/fuse is missing" in done.stderr, done.stderr.decode())


def case_read_only_place(world):
    """A history that may only be read, in a folder that may only be read."""
    if os.geteuid() != 0 or not has("unshare"):
        return
    small_history(world)
    place = os.path.join(world.folder, "place")
    os.mkdir(place)
    os.rename(world.history, f"{place}/h.db")
    subprocess.run(["mount", "--bind", "-o", "ro", place, place], check=True)
    try:
        world.run("mount", f"{place}/h.db", world.mountpoint)
        check(read(world.path(GROUPS, "sg-1/changes")), "it serves")
        world.unmount()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def case_ordinary_user(world):
    """Not root: through fusermount3, the files theirs alone; and what they are told without it."""
    if os.geteuid() != 0 or not has("unshare") or not has("setpriv"):
        return
    small_history(world)
    os.chmod(world.folder, 0o755)
    script = """
        set -e
        mount -t tmpfs none "$FOLDER/mnt2"
        cp "$DRIFTFS" "$FOLDER/mnt2/driftfs"
        mknod -m 666 "$FOLDER/mnt2/fuse" c 10 229
        mount --bind "$FOLDER/mnt2/fuse" /dev/fuse
        user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
        serve() { user "$FOLDER/mnt2/driftfs" mount "$@" "$FOLDER/own/h.db" "$FOLDER/own/m"; }
        serve
        user stat -c '%a %u %n' "$FOLDER/own/m/README"
        user fusermount3 -u "$FOLDER/own/m"
        chmod 600 "$FOLDER/mnt2/fuse"
        serve || echo "status $?"
        chmod 666 "$FOLDER/mnt2/fuse"
        mount --bind /dev/null "$(command -v fusermount3)"
        serve || echo "status $?"
    """
    own = os.path.join(world.folder, "own")
    for path in (own, f"{own}/m", os.path.join(world.folder, "mnt2")):
        os.mkdir(path)
    os.rename(world.history, f"{own}/h.db")
    for path in (own, f"{own}/m", f"{own}/h.db"):
        os.chown(path, 65534, 65534)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], check=False, timeout=30,
                          capture_output=True, text=True,
                          env=dict(world.env, FOLDER=world.folder, DRIFTFS=world.driftfs))
    equal(done.stdout, f"400 65534 {own}/m/README\nstatus 1\nstatus 1\n", done.stderr)
    check("/dev/fuse may not be opened by this user" in done.stderr, done.stderr)
    check("fusermount3 is missing" in done.stderr, done.stderr)
