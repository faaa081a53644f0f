# SPDX-License-Identifier: Apache-2.0
"""Scale: the modelled accounts again and again, under other account numbers and other ids.

The files of one play are kept in memory, cut at every identifier; a replica is the same pieces with
each identifier mapped to its own. So memory is that of one play, whatever the number of replicas.
Times and names stay, but for those of buckets, which are given once in all of AWS: whatever is called
like a bucket is called otherwise in each replica. What names another account (`444455556666` in an
ARN) follows. Digests, which would have to be hashed anew, are not replicated.
"""

import re
import zlib
from concurrent.futures import ProcessPoolExecutor

from .output import pack

# uuids; EC2-style ids; IAM unique ids and keys; database ids; hashes; account numbers of the play.
PATTERN = (r'[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}'
           r'|(?<=-)0[0-9a-f]{16}\b|\b(?:AROA|AIDA|AGPA|ANPA|AIPA|AKIA|ASIA)[A-Z2-7]{16,17}'
           r'|(?<=db-)[A-Z2-7]{26}')
BUCKET = re.compile(r'arn:aws:s3:::([a-z0-9][a-z0-9.-]+[a-z0-9])')


def buckets_in(texts, accounts):
    """The names of buckets; one with an account's number in it is the replica's own already."""
    names = {name for text in texts for name in BUCKET.findall(text)}
    return sorted(name for name in names if not any(one in name for one in accounts))


def pattern_of(accounts, buckets):
    """Splits a text at its identifiers."""
    names = '|'.join(re.escape(name) for name in sorted(buckets, key=len, reverse=True))
    whole = [rf'(?<![\w.-])(?:{names})(?![\w-])'] if names else []
    return re.compile('(%s)' % '|'.join([*accounts, *whole, PATTERN]))


class Mapping:
    """Identifiers of one replica: same form, other content, equal for equal input."""

    def __init__(self, replica, accounts, buckets=()):
        self.replica, self.known = replica, {}
        mark = zlib.crc32(b'replica %d' % replica)
        self.mark = '%08x' % mark
        self.letters = ''.join('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[(mark >> k) & 31]
                               for k in range(0, 30, 5)) + number32(replica)
        for k, account in enumerate(accounts):
            self.known[account] = '%012d' % (600000000000 + replica * 1009 + k)
        for name in buckets:
            self.known[name] = '%s-%04x' % (name, replica)

    def map(self, text):
        known = self.known.get(text)
        if known is None:
            known = self.known[text] = self.make(text)
        return known

    def make(self, text):
        # The replica's number takes the place of some digits; the rest keeps ids apart.
        if text[:1].isupper() and len(text) == 26:
            return number32(self.replica) + text[4:]
        if text[:1] == 'A' and text[:4].isupper():
            return text[:4] + number32(self.replica) + text[8:]
        if '-' in text:
            return '%06x' % (self.replica & 0xffffff) + text[6:]
        return '0' + '%06x' % (self.replica & 0xffffff) + text[7:]


def number32(number):
    return ''.join('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[(number >> shift) & 31]
                   for shift in (15, 10, 5, 0))


class Templates:
    """The files of a play, cut at their identifiers."""

    def __init__(self, files, truth, accounts):
        files = [(path, data.decode()) for path, data in files]
        self.accounts, self.buckets = accounts, buckets_in((data for _, data in files), accounts)
        pattern = pattern_of(accounts, self.buckets)
        self.files = [(pattern.split(path), pattern.split(data), path) for path, data in files]
        self.truth = pattern.split(truth)

    def fill(self, pieces, mapping):
        out = list(pieces)
        known, make = mapping.known, mapping.map
        out[1::2] = [known.get(one) or make(one) for one in pieces[1::2]]
        return ''.join(out)


def write(templates, replica, folder, config, level=1):
    """Writes one replica below `folder`; returns its truth. Without `config` only the trail."""
    mapping = Mapping(replica, templates.accounts, templates.buckets)
    made = set()
    for path, data, plain in templates.files:
        if not config and '/CloudTrail/' not in plain:
            continue
        full = folder / templates.fill(path, mapping)
        if full.parent not in made:
            full.parent.mkdir(parents=True, exist_ok=True)
            made.add(full.parent)
        text = templates.fill(data, mapping).encode()
        full.write_bytes(pack(text, level) if plain.endswith('.gz') else text)
    return templates.fill(templates.truth, mapping) if config else ''


shared = {}


def adopt(templates, folder):
    shared.update(templates=templates, folder=folder)


def job(task):
    return write(shared['templates'], task[0], shared['folder'], task[1])


def all_of(templates, folder, tasks, truth, workers=2):
    """Replicas side by side; the truth in their order."""
    with ProcessPoolExecutor(workers, initializer=adopt, initargs=(templates, folder)) as pool:
        for text in pool.map(job, tasks):
            if truth is not None:
                truth.write(text)
