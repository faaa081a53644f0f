# SPDX-License-Identifier: Apache-2.0
"""Where records go: the files AWS would deliver them in, under their S3 keys.

CloudTrail: files of five minutes by *delivery* time, which is minutes after the event; records in
no order; now and then the same record in two files. Config: one file a type and six hours, a
snapshot a week, an oversized notification now and then. CloudWatch: alarm state changes as
EventBridge wrote them, one a line, a file a day. `full` makes fewer, fuller files: six hours and a
day. Only what is not yet due is held in memory.
"""

import hashlib
import json
import time
import zlib

from .ids import DAY, HOUR, MINUTE, Rng, basic, basic_minute, iso_ms, iso_s

SIX_HOURS = 6 * HOUR
BIN = 5 * MINUTE


def pack(data, level):
    """gzip with no time in its header, so that equal content gives equal bytes."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
    return squeeze.compress(data) + squeeze.flush()


def day_plain(ms):
    parts = time.gmtime(ms // 1000)
    return '%d/%d/%d' % (parts.tm_year, parts.tm_mon, parts.tm_mday)


def day_padded(ms):
    return time.strftime('%Y/%m/%d', time.gmtime(ms // 1000))


class Disk:
    """Files under a folder."""

    def __init__(self, folder):
        self.folder, self.made, self.files, self.bytes = folder, set(), 0, 0

    def put(self, path, data, level=6):
        full = self.folder / path
        if full.parent not in self.made:
            full.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(full.parent)
        if path.endswith('.gz'):
            data = pack(data, level)
        full.write_bytes(data)
        self.files += 1
        self.bytes += len(data)


class Nowhere:
    """Takes files and forgets them."""

    def put(self, path, data, level=6):
        pass


class Delivery:
    """The sink of a world: sorts what it is given into files, and writes each when it is due."""

    def __init__(self, seed, disk, truth, tee=None, full=False):
        self.rng = Rng('delivery/%d' % seed)
        self.disk, self.truth_file, self.tee = disk, truth, tee
        self.trail, self.history, self.alarms, self.logs = {}, {}, {}, {}
        self.previous_digest = {}
        self.tick = 0
        self.silent = []    # (account, from, to): no trail then
        self.bin, self.window = (6 * HOUR, DAY) if full else (BIN, SIX_HOURS)
        self.duplicates, self.oversized = 0, 0

    def put(self, path, data):
        if self.tee is not None:
            self.tee.append((path, data))
        self.disk.put(path, data)

    def truth(self, line):
        if self.truth_file is not None:
            text = json.dumps(line, separators=(',', ':'), ensure_ascii=False)
            self.truth_file.write(text + '\n')

    # --- CloudTrail ---

    def event(self, account, region, when, eid, text):
        """Delivery takes some minutes, at times much longer."""
        wait = self.rng.randint(60_000, 600_000)
        if self.rng.random() < 0.004:
            wait += self.rng.randint(20 * MINUTE, 5 * HOUR)
        slot = (when + wait) // self.bin
        self.trail.setdefault(slot, {}).setdefault((account, region), []).append((when, text))
        if self.rng.random() < 0.006:
            self.duplicates += 1
            slot += self.rng.randint(1, 3)
            self.trail.setdefault(slot, {}).setdefault((account, region), []).append((when, text))

    def flush_trail(self, slot):
        for (account, region), records in sorted(self.trail.pop(slot).items()):
            self.rng.shuffle(records)
            when = (slot + 1) * self.bin
            path = 'AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz' % (
                account, region, day_padded(when), account, region, basic_minute(when),
                self.rng.word(16))
            data = ('{"Records":[' + ','.join(text for _, text in records) + ']}').encode()
            self.put(path, data)
            times = [moment for moment, _ in records]
            self.logs.setdefault((account, region), []).append(
                (path, hashlib.sha256(data).hexdigest(), min(times), max(times)))

    def flush_digests(self, day_end):
        """A digest a day (AWS writes one an hour), with true hashes and made-up signatures."""
        kept = {}
        for (account, region), files in sorted(self.logs.items()):
            start = day_end - DAY
            for of, quiet, until in self.silent:
                if of == account and quiet <= start < until:
                    start = until
            if start >= day_end:
                kept[account, region] = files   # no digest without a trail; the next one has them
                continue
            bucket = 'acme-trail-' + account
            path = 'AWSLogs/%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s.json.gz' % (
                account, region, day_padded(day_end), account, region, 'acme-audit', 'us-east-1',
                basic(day_end))
            before = self.previous_digest.get((account, region), (None, None, None))
            digest = {'awsAccountId': account, 'digestStartTime': iso_s(start),
                      'digestEndTime': iso_s(day_end), 'digestS3Bucket': bucket, 'digestS3Object': path,
                      'digestPublicKeyFingerprint': hashlib.md5(region.encode()).hexdigest(),
                      'digestSignatureAlgorithm': 'SHA256withRSA',
                      'newestEventTime': iso_s(max(f[3] for f in files)),
                      'oldestEventTime': iso_s(min(f[2] for f in files)),
                      'previousDigestS3Bucket': bucket if before[0] else None,
                      'previousDigestS3Object': before[0], 'previousDigestHashValue': before[1],
                      'previousDigestHashAlgorithm': 'SHA-256' if before[0] else None,
                      'previousDigestSignature': before[2],
                      'logFiles': [{'s3Bucket': bucket, 's3Object': f[0], 'hashValue': f[1],
                                    'hashAlgorithm': 'SHA-256', 'newestEventTime': iso_s(f[3]),
                                    'oldestEventTime': iso_s(f[2])} for f in files]}
            data = json.dumps(digest, separators=(',', ':')).encode()
            self.disk.put(path, data)
            self.previous_digest[account, region] = (path, hashlib.sha256(data).hexdigest(),
                                                     self.rng.hex(512))
        self.logs = kept

    # --- Config ---

    def item(self, res, recorder, capture, text, change, confs):
        window = capture // self.window
        self.history.setdefault(window, {}).setdefault(
            (res.account, recorder, res.type), []).append((capture, text))
        if self.rng.random() < 0.004 and '/' not in res.id:
            self.oversize(res, recorder, capture, text, change, confs)

    def oversize(self, res, recorder, capture, text, change, confs):
        """The whole notification, as delivered when it did not fit a message."""
        self.oversized += 1
        region = res.region if res.region == 'global' else recorder
        before, after = confs
        changed = {}
        for key in sorted(set(before or {}) | set(after or {})):
            old, new = (before or {}).get(key), (after or {}).get(key)
            if old != new and change == 'UPDATE':
                changed['Configuration.' + key[0].upper() + key[1:]] = {
                    'previousValue': old, 'updatedValue': new,
                    'changeType': 'CREATE' if old is None else 'DELETE' if new is None else 'UPDATE'}
        message = ('{"configurationItemDiff":%s,"configurationItem":%s,"notificationCreationTime":"%s",'
                   '"messageType":"ConfigurationItemChangeNotification","recordVersion":"1.3"}' % (
                       json.dumps({'changedProperties': changed, 'changeType': change},
                                  separators=(',', ':')), text, iso_ms(capture + 40_000)))
        name = '%s_Config_%s_ChangeNotification_%s_%s_%s_%d.json.gz' % (
            res.account, region, res.type, res.id, basic(capture), capture)
        self.put('AWSLogs/%s/Config/%s/%s/OversizedChangeNotification/%s/%s/%s' % (
            res.account, region, day_plain(capture), res.type, res.id, name), message.encode())

    def flush_history(self, window):
        delivered = (window + 1) * self.window + 35 * MINUTE
        for (account, region, rtype), items in sorted(self.history.pop(window).items()):
            items.sort(key=lambda item: item[0])
            path = ('AWSLogs/%s/Config/%s/%s/ConfigHistory/'
                    '%s_Config_%s_ConfigHistory_%s_%s_%s_1.json.gz' % (
                        account, region, day_plain(delivered), account, region, rtype,
                        basic(items[0][0]), basic(items[-1][0])))
            self.put(path, ('{"fileVersion":"1.0","configurationItems":['
                            + ','.join(text for _, text in items) + ']}').encode())

    def snapshot(self, world, account):
        """What exists, as last recorded: every item of it is in a history file too."""
        for region in account.regions:
            items = [res.text for res in world.resources.values()
                     if res.account == account.id and res.alive and res.text is not None
                     and res.region in (region, 'global')]
            snapshot = self.rng.uuid()
            path = 'AWSLogs/%s/Config/%s/%s/ConfigSnapshot/%s_Config_%s_ConfigSnapshot_%s_%s.json.gz' % (
                account.id, region, day_plain(world.now), account.id, region, basic(world.now), snapshot)
            self.put(path, ('{"fileVersion":"1.0","configSnapshotId":"%s","configurationItems":[%s]}'
                            % (snapshot, ','.join(items))).encode())

    def writability(self, account):
        self.put('AWSLogs/%s/Config/ConfigWritabilityCheckFile' % account.id, b'')

    # --- CloudWatch ---

    def alarm(self, account, region, when, text):
        self.alarms.setdefault(when // DAY, {}).setdefault((account, region), []).append(text)

    def flush_alarms(self, day):
        for (account, region), lines in sorted(self.alarms.pop(day).items()):
            stamp = (day + 1) * DAY
            path = 'AWSLogs/%s/CloudWatch/%s/%s/%s_CloudWatch_%s_AlarmStateChange_%s.jsonl.gz' % (
                account, region, day_padded(day * DAY), account, region, basic(stamp))
            self.put(path, ('\n'.join(lines) + '\n').encode())

    # --- time passes ---

    def clock(self, now):
        """Writes the files that are due by now."""
        tick = now // BIN
        if tick == self.tick:
            return
        if self.tick and tick // 288 != self.tick // 288:
            self.flush_digests(tick // 288 * DAY)
        self.tick = tick
        for slot in sorted(slot for slot in self.trail if (slot + 1) * self.bin <= now):
            self.flush_trail(slot)
        for window in sorted(w for w in self.history if (w + 1) * self.window + MINUTE < now):
            self.flush_history(window)
        for day in sorted(day for day in self.alarms if (day + 1) * DAY + MINUTE < now):
            self.flush_alarms(day)

    def finish(self, now):
        """Writes what is left."""
        self.clock(now + DAY)
        for slot in sorted(self.trail):
            self.flush_trail(slot)
        for window in sorted(self.history):
            self.flush_history(window)
        for day in sorted(self.alarms):
            self.flush_alarms(day)
        if self.logs:
            self.flush_digests((now // DAY + 2) * DAY)
