# SPDX-License-Identifier: Apache-2.0
"""Space: bytes on disk for a state and for an event, everything included."""

import os
import subprocess

from core import Row, Skip, attempt, judge_ratio, remove, run

TITLE = "Space: bytes each, indexes and derived tables included, times the yardstick's"
ROWS = [
    Row("space-state", "bytes per state, against git after git gc --aggressive", "times", 1.0, 0.7,
        yardstick="git"),
    Row("space-state-events", "  ... in a history that has the events, too", "bytes"),
    Row("space-event", "bytes per event, against the delivered .json.gz", "times", 1.0, 0.6,
        yardstick="delivered"),
]


def size_of(history):
    return sum(os.path.getsize(p) for p in history.parent.glob(history.name + "*"))


def git_bytes(bench, mount, place):
    """A file a resource, a commit for each round of states: what one would do with git."""
    remove(place)
    place.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_AUTHOR_NAME": "bench",
           "GIT_AUTHOR_EMAIL": "bench@example.com", "GIT_COMMITTER_NAME": "bench",
           "GIT_COMMITTER_EMAIL": "bench@example.com", "GIT_AUTHOR_DATE": "1704067200 +0000",
           "GIT_COMMITTER_DATE": "1704067200 +0000"}
    run("git", "init", "-q", place, env=env)
    states, rounds = 0, {}
    top = mount.place / "resources"
    for folder, _, names in os.walk(top):
        of = sorted(n for n in names if n.endswith("Z.json"))
        for k, name in enumerate(of):
            rounds.setdefault(k, []).append((os.path.relpath(folder, top), name))
        states += len(of)
    feed = subprocess.Popen(["git", "-C", place, "fast-import", "--quiet", "--force"], env=env,
                            stdin=subprocess.PIPE)
    for k in sorted(rounds):
        feed.stdin.write(b"commit refs/heads/main\ncommitter bench <bench@example.com> "
                         b"%d +0000\ndata 5\nround\n" % (1704067200 + k))
        for path, name in rounds[k]:
            body = (top / path / name).read_bytes()
            feed.stdin.write(b"M 100644 inline \"%s.json\"\ndata %d\n" % (
                path.replace("\\", "\\\\").replace('"', '\\"').encode(), len(body)) + body + b"\n")
    feed.stdin.close()
    if feed.wait():
        raise RuntimeError("git fast-import failed")
    bench.log("git gc --aggressive")
    run("git", "-C", place, "gc", "-q", "--aggressive", "--prune=now", env=env)
    # What holds the content: packs and their indexes, not hooks and samples.
    packs = list((place / ".git/objects").rglob("*"))
    return sum(p.stat().st_size for p in packs if p.is_file()), states


def measure_state(bench, rows):
    folder = bench.data("tree")
    history, place = bench.new("space"), bench.work / "git"
    run(bench.driftfs, "import", "-q", history, *sorted(folder.glob("AWSLogs/*/Config")))
    with bench.mount(history) as mount:
        theirs, states = git_bytes(bench, mount, place)
    remove(place)
    if states != bench.status(history)["states"]:
        raise RuntimeError("the mount does not show every state")
    row = rows["space-state"]
    row.values = {"driftfs": [size_of(history) / states], "git": [theirs / states]}
    row.note = f"{states:,} states"
    judge_ratio(row)
    bench.new("space")


def measure_state_events(bench, row):
    folder = bench.data("tree")
    history = bench.new("space")
    run(bench.driftfs, "import", "-q", "--events=all", history, folder)
    row.values = {"driftfs": [size_of(history) / bench.status(history)["states"]]}
    row.measure, row.note = row.median("driftfs"), "events and causes counted with the states"
    bench.new("space")


def measure_event(bench, row):
    folder = bench.data("import")
    trail = sorted(folder.glob("AWSLogs/*/CloudTrail"))
    history = bench.new("space")
    run(bench.driftfs, "import", "-q", "--events=all", history, *trail)
    events = bench.status(history)["events"]
    delivered = sum(p.stat().st_size for d in trail for p in d.rglob("*.json.gz"))
    row.values = {"driftfs": [size_of(history) / events], "delivered": [delivered / events]}
    row.note = f"{events:,} events"
    judge_ratio(row)
    bench.new("space")


def measure(bench, rows):
    if "space-state" in rows:
        with attempt(rows["space-state"], bench.log):
            if not bench.options.yardsticks:
                raise Skip("without yardsticks")
            measure_state(bench, rows)
    for name, what in (("space-state-events", measure_state_events), ("space-event", measure_event)):
        if name in rows:
            with attempt(rows[name], bench.log):
                what(bench, rows[name])
