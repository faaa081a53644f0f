# SPDX-License-Identifier: Apache-2.0
"""The world: resources with state, calls that change them, and a recorder that looks now and then.

Everything happens on one clock (`World.now`, milliseconds). Actions are generators that make calls
and yield the seconds until they go on, so that calls of several people and the recorder's looks
interleave as they would. A call writes a CloudTrail record; `change` tells which resource it
modified. The recorder looks at a changed resource after a lag, and writes an item if it differs
from the last one it wrote.

The truth falls out of that: every modification keeps what it added and removed, and a look knows
which of the modifications since the last look are still to be seen in what it saw. A modification
which is not (it changed nothing, or was undone before anybody looked) is an activity, not a cause.
"""

import heapq
import json

from .ids import DAY, HOUR, MINUTE, SECOND, Rng, iso_ms, iso_s

DEAD = frozenset([('deleted', '')])
GLOBAL_TYPES = ('AWS::IAM::',)

# Types recorded once a day with --lag daily.
DAILY_TYPES = {'AWS::EC2::Volume', 'AWS::Lambda::Function', 'AWS::SNS::Topic', 'AWS::SQS::Queue',
               'AWS::DynamoDB::Table', 'AWS::ECS::Service', 'AWS::KMS::Key'}

# Types whose items carry no ARN, no resourceName, or a creation time.
NO_ARN = {'AWS::EC2::EIP', 'AWS::Config::ResourceCompliance'}
HAS_CREATED = {'AWS::EC2::Instance', 'AWS::EC2::Volume', 'AWS::EC2::NatGateway', 'AWS::S3::Bucket',
               'AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Policy', 'AWS::IAM::Group',
               'AWS::RDS::DBInstance', 'AWS::RDS::DBSnapshot', 'AWS::KMS::Key',
               'AWS::DynamoDB::Table', 'AWS::CloudFormation::Stack',
               'AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::AutoScaling::AutoScalingGroup'}


def dumps(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


class Event:
    """One CloudTrail record, as far as the model remembers it."""
    __slots__ = ('id', 'time', 'person', 'said', 'heard')

    def __init__(self, eid, time, person, said, heard=True):
        self.id, self.time, self.person, self.said = eid, time, person, said
        self.heard = heard      # no: it fell while no trail wrote it down

    def names(self, res):
        """Does the record name the resource at all?"""
        return any(name and json.dumps(name)[1:-1] in self.said
                   for name in (res.id, res.name, res.arn))


class Resource:
    """A resource through all its lives under one id; `c` is its configuration as Config shows it."""
    __slots__ = ('account', 'region', 'type', 'id', 'name', 'arn', 'c', 'supp', 'tags', 'rel', 'az',
                 'created', 'alive', 'flat', 'seen', 'pending', 'due', 'last_capture', 'tag_style',
                 'text', 'memo', 'reserved', 'seen_conf')

    def __init__(self, account, region, rtype, rid, name=None, arn=None):
        self.account, self.region, self.type, self.id = account, region, rtype, rid
        self.name, self.arn = name, arn
        self.c, self.supp, self.tags, self.rel = {}, {}, {}, {}
        self.az, self.created, self.alive = 'Not Applicable', 0, True
        self.flat, self.seen, self.pending = frozenset(), None, []
        self.due, self.last_capture, self.tag_style = 0, 0, None
        self.text, self.memo, self.reserved, self.seen_conf = None, {}, False, None

    @property
    def key(self):
        return [self.account, self.region, self.type, self.id]

    def relate(self, rtype, rid, label, name=None):
        self.rel[(rtype, rid, label)] = name

    def unrelate(self, rtype, rid):
        for key in [k for k in self.rel if k[0] == rtype and k[1] == rid]:
            del self.rel[key]

    def configuration(self):
        """The configuration with the tags where this type keeps them."""
        if self.tag_style is None:
            return self.c
        upper = self.tag_style[0].isupper()
        pairs = [{'Key': k, 'Value': v} if upper else {'key': k, 'value': v}
                 for k, v in self.tags.items()]
        return {**self.c, self.tag_style: pairs}

    def relationships(self):
        out = []
        for (rtype, rid, label), name in self.rel.items():
            one = {'resourceType': rtype, 'name': label}
            if rid:
                one['resourceId'] = rid
            if name:
                one['resourceName'] = name
            out.append(one)
        return out


def flatten(res):
    """A set of (path, value): what can be seen of a resource; elements of arrays whole, unordered."""
    if not res.alive:
        return DEAD
    out = []

    def walk(path, value):
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(path + '/' + key, inner)
        elif isinstance(value, list):
            out.append((path, 'list' if value else '[]'))
            for inner in value:
                out.append((path + '[]', json.dumps(inner, sort_keys=True)))
        else:
            out.append((path, json.dumps(value)))

    walk('configuration', res.c)
    walk('supplementary', res.supp)
    walk('tags', res.tags)
    for rel, name in res.rel.items():
        out.append(('relationships[]', '|'.join(rel) + '|' + str(name)))
    return frozenset(out)


class Account:
    """An account: its regions, its people, and what of it the modelled people may touch."""

    def __init__(self, number, alias, regions):
        self.id, self.alias, self.regions = number, alias, regions
        self.people = {}
        self.pools = {}
        self.nets = {}
        self.principal = ''

    def pool(self, region, rtype):
        return self.pools.setdefault((region, rtype), [])


class World:
    """The clock, the resources, and the hands events, items and truth are given to (`sink`)."""

    def __init__(self, seed, start, end, lag, sink):
        self.rng = Rng('world/%d' % seed)
        self.seed, self.start, self.end, self.now, self.lag, self.sink = (
            seed, start, end, start, lag, sink)
        self.heap, self.sequence = [], 0
        self.resources, self.accounts = {}, []
        self.counts = {'items': 0, 'events': 0, 'reads': 0, 'actions': 0}
        self.traps = {}
        self.seen_by = {}
        self.indirect = True
        self.after_item, self.racer = None, None
        self.recorded_from = start
        # What nobody wrote down, see outage.py: (account, from, to) of trails, and of recorders
        # (account, regions, types or None, from, to).
        self.silent, self.stopped = [], []

    # --- the clock ---

    def at(self, when, thing, *args):
        self.sequence += 1
        heapq.heappush(self.heap, (int(when), self.sequence, thing, args))

    def begin(self, generator):
        """Lets an action run from now on."""
        for wait in generator:
            self.at(self.now + int(wait * SECOND), self.begin, generator)
            return

    def run(self):
        while self.heap:
            when, _, thing, args = heapq.heappop(self.heap)
            if when >= self.end:
                break
            if when > self.now:
                self.now = when
            self.sink.clock(self.now)
            thing(*args)
        self.now = self.end
        self.sink.clock(self.now)

    def trap(self, name):
        self.traps[name] = self.traps.get(name, 0) + 1

    # --- resources ---

    def new(self, account, region, rtype, rid, name=None, arn=None, tags=None, tag_style=None,
            az='Not Applicable', reserved=False):
        """A new resource, or a new life of an old one under the same id."""
        if rtype.startswith(GLOBAL_TYPES):
            region = 'global'
        key = (account.id, region, rtype, rid)
        res = self.resources.get(key)
        if res is None:
            res = self.resources[key] = Resource(account.id, region, rtype, rid, name, arn)
        else:
            self.trap('recreated')
        res.c, res.supp, res.rel, res.memo = {}, {}, {}, {}
        res.tags, res.tag_style = dict(tags or {}), tag_style
        res.az, res.created, res.alive, res.reserved = az, self.now, True, reserved
        if not reserved:
            account.pool(region, rtype).append(res)
        return res

    def kill(self, account, res):
        res.alive = False
        pool = account.pool(res.region, res.type)
        if res in pool:
            pool.remove(res)

    # --- calls ---

    def call(self, who, account, region, source, name, req=None, resp=None, **more):
        """Writes one CloudTrail record; returns what the truth needs to remember of it.

        more: at (time), read, err, msg, resources, add, kind (eventType), omit, dry.
        """
        when = more.get('at', self.now)
        identity, address, agent, person, console = who.identity(self, when)
        read = more.get('read', False)
        eid = self.rng.uuid()
        direct = not identity.get('invokedBy')
        record = {'eventVersion': self.version(when), 'userIdentity': identity,
                  'eventTime': iso_s(when), 'eventSource': source + '.amazonaws.com',
                  'eventName': name, 'awsRegion': region, 'sourceIPAddress': address,
                  'userAgent': agent}
        if more.get('err'):
            record['errorCode'] = more['err']
            if more.get('msg'):
                record['errorMessage'] = more['msg']
        if more.get('omit'):
            self.trap('requestParameters omitted')
        else:
            record['requestParameters'] = req
        record['responseElements'] = resp
        if more.get('add') is not None:
            record['additionalEventData'] = more['add']
        if more.get('kind', 'AwsApiCall') == 'AwsApiCall':
            record['requestID'] = (resp or {}).get('requestId') or self.rng.uuid()
        record['eventID'] = eid
        record['readOnly'] = read
        if more.get('resources'):
            record['resources'] = more['resources']
        record['eventType'] = more.get('kind', 'AwsApiCall')
        record['managementEvent'] = True
        record['recipientAccountId'] = account.id
        if more.get('detail'):
            record['serviceEventDetails'] = more['detail']
        record['eventCategory'] = 'Management'
        if direct and record['eventType'] == 'AwsApiCall':
            record['tlsDetails'] = {'tlsVersion': 'TLSv1.3', 'cipherSuite': 'TLS_AES_128_GCM_SHA256',
                                    'clientProvidedHostHeader': '%s.%s.amazonaws.com' % (source, region)}
        if console:
            record['sessionCredentialFromConsole'] = 'true'
        text = dumps(record)
        heard = not any(of == account.id and start <= when < end for of, start, end in self.silent)
        if heard:
            self.counts['events'] += 1
            self.counts['reads'] += read
            self.sink.event(account.id, region, when, eid, text)
        else:
            self.trap('call while the trail was silent')
        return Event(eid, when, person, text, heard)

    def version(self, when):
        """Services move to newer record versions one after the other."""
        step = (when - self.start) // (45 * DAY)
        return ('1.08', '1.09', '1.10', '1.11')[min(3, step + self.rng.randrange(2))]

    def attempt(self, event, res, code):
        if not event.heard:
            return
        self.trap('failed call')
        self.sink.truth({'attempt': event.id, 'resource': res.key, 'errorCode': code,
                         'time': iso_s(event.time), 'who': event.person})

    def activity(self, event, res, why):
        if not event.heard:
            return
        self.trap('activity: ' + why)
        line = {'activity': event.id, 'resource': res.key, 'why': why, 'time': iso_s(event.time),
                'who': event.person}
        if not event.names(res):
            line['unnamed'] = True
        self.sink.truth(line)

    # --- modifications ---

    def change(self, event, res, kind='direct', lag=None, note=None):
        """`res` has just been modified; `kind`: direct, related, late, or own (AWS's own change)."""
        flat = flatten(res)
        added, removed = flat - res.flat, res.flat - flat
        res.flat = flat
        if not added and not removed:
            if kind == 'direct':
                self.activity(event, res, 'no change')
            return
        res.pending.append((kind, event, added, removed, note))
        if self.now < res.last_capture:
            self.trap('call just before a capture, and not in it')
        if not res.due:
            self.schedule(res, lag)
        elif lag is not None and self.now + lag < res.due:
            self.schedule(res, lag)

    def related(self, event, res):
        """`res` shows in its relationships that something else changed."""
        if self.indirect:
            self.change(event, res, 'related')

    def schedule(self, res, lag=None):
        wait = lag if lag is not None else self.draw_lag(res)
        res.due = max(self.now + wait, res.last_capture + 2 * SECOND, self.recorded_from)
        self.at(res.due, self.look, res, res.due)

    def draw_lag(self, res):
        rng = self.rng
        if self.lag == 'daily' and res.type in DAILY_TYPES:
            slot = (hash_text(res.id) % (23 * HOUR))
            return (self.now // DAY + 1) * DAY + slot - self.now
        if self.lag == 'short':
            return rng.randint(5 * SECOND, 60 * SECOND)
        if self.lag == 'long':
            return rng.randint(4 * MINUTE, 30 * MINUTE)
        # Measured on real accounts: median 123 s, 90th percentile 956 s, at most 1,673 s.
        return int(min(1673, max(5, rng.lognormvariate(4.81, 1.6))) * SECOND)

    # --- the recorder ---

    def look(self, res, due):
        """The recorder describes one resource, and writes an item if it differs from the last."""
        if res.due != due:
            return
        until = self.stopped_until(res)
        if until:
            self.trap('recorder stopped')
            res.due = until + hash_text(res.id) % (20 * MINUTE)
            self.at(res.due, self.look, res, res.due)
            return
        # Somebody calls in the very second of a look: before it, and stamped after; or after it,
        # and stamped before.
        race = self.rng.random() if self.racer is not None else 1
        if race < 0.02 and self.racer(self, res):
            self.trap('call in a capture that is stamped before it')
        elif race < 0.05:
            self.at(self.now + self.rng.randint(200, 1800), self.racer, self, res)
        res.due = 0
        pending, res.pending = res.pending, []
        flat, seen = res.flat, res.seen
        if flat == seen or (flat is DEAD and seen is None):
            why = 'undone before recorded' if seen is not None else 'never recorded'
            for kind, event, _, _, _ in pending:
                if kind == 'direct':
                    self.activity(event, res, why)
            return
        before = frozenset() if seen is None or seen is DEAD else seen
        change = 'CREATE' if not before else 'DELETE' if flat is DEAD else 'UPDATE'
        causes = self.weigh(res, pending, flat, before, change)
        res.seen = flat
        # A describe races with calls: it is a moment older or younger than the time written down.
        drift = (-self.rng.randint(100, 1400) if race < 0.02 else
                 self.rng.randint(2000, 6000) if race < 0.08 else self.rng.randint(0, 700))
        capture = max(self.now + drift, res.last_capture + 1)
        self.write(res, capture, change, causes, flat ^ before)

    def stopped_until(self, res):
        """When the recorder looks at this again, if it does not now."""
        account = next(a for a in self.accounts if a.id == res.account)
        region = account.regions[0] if res.region == 'global' else res.region
        return next((end for of, regions, types, start, end in self.stopped
                     if of == res.account and region in regions and start <= self.now < end
                     and (types is None or res.type in types)), 0)

    def weigh(self, res, pending, flat, before, change):
        """Which of the modifications since the last look can be seen in this one."""
        gone, come = before - flat, flat - before
        first = pending[0][2] if pending else frozenset()
        out, unseen = {'direct': [], 'related': [], 'late': [], 'own': []}, []
        for kind, event, added, removed, note in pending:
            if change == 'DELETE':
                # What was taken off before the end is part of what went.
                visible = (added is DEAD or ('deleted', '') in added or
                           (added is not DEAD and bool(removed & gone)))
            elif change == 'CREATE':
                visible = bool(added & flat) or bool((removed & first) - flat)
            else:
                visible = bool(added & come) or bool(removed & gone)
            if visible:
                out[kind].append(note if kind == 'own' else event)
            elif kind == 'direct':
                unseen.append(event)
        for event in unseen:
            if event not in out['direct'] and event not in out['late']:
                self.activity(event, res, 'undone before recorded')
        return out

    def write(self, res, capture, change, causes, diff):
        account = next(a for a in self.accounts if a.id == res.account)
        recorders = [res.region]
        if res.region == 'global':
            recorders = [region for region in account.regions if not any(
                of == account.id and region in regions and types is None and start <= self.now < end
                for of, regions, types, start, end in self.stopped)]
        truth = self.truth_of(res, change, causes, diff)
        first, conf = None, None
        previous, res.seen_conf = res.seen_conf, dict(res.configuration()) if res.alive else None
        for region in recorders:
            text = self.render(res, capture, change, region == recorders[0])
            line = {'account': res.account, 'region': res.region, 'type': res.type, 'id': res.id,
                    'captureTime': iso_ms(capture), 'stateId': capture, 'recorder': region,
                    'changeType': change, **truth}
            if first is not None:
                line['copyOf'] = first
                self.trap('global item recorded in several regions')
            self.sink.item(res, region, capture, text, change, (previous, conf))
            self.sink.truth(line)
            self.counts['items'] += 1
            if first is None:
                first = capture
                res.text = text
            res.last_capture = capture
            capture += self.rng.randint(40, 9000)
        for event in causes['direct'] + causes['related'] + causes['late']:
            if event is not None:
                self.seen_by.setdefault(event.id, []).append((res.key, first))
        if self.after_item:
            self.after_item(self, account, res, change, causes)

    def truth_of(self, res, change, causes, diff):
        """The part of a truth line that says why: see scripts/demo_history for its members."""
        def names(events):
            return [event.id for event in events]
        heard = {kind: [event for event in causes[kind] if event.heard]
                 for kind in ('direct', 'late', 'related')}
        direct, late, related = heard['direct'], heard['late'], heard['related']
        mine = direct + [event for event in late if event not in direct]
        shown = mine or related
        out = {'causes': names(shown), 'person': {event.id: event.person for event in shown}}
        if not mine and related:
            out['related'] = True
            self.trap('item because something else changed')
        elif related:
            out['relatedCauses'] = names(related)
        if late:
            out['late'] = names(late)
            self.trap('effect shows late')
        if causes['own']:
            out['own'] = sorted(set(causes['own']))
        if not shown:
            self.trap('item without cause')
            unheard = any(causes[kind] for kind in heard)
            out['reason'] = 'no trail' if unheard else causes['own'][0] if causes['own'] else 'aws'
        if len(mine) > 1:
            self.trap('several causes in one item')
            if len({event.person for event in mine}) > 1:
                self.trap('two people in one capture window')
        if all(path == 'relationships[]' for path, _ in diff):
            out['relationshipsOnly'] = True
        if res.arn is None or res.type in NO_ARN:
            self.trap('item without ARN')
        if res.name is None:
            self.trap('item without resourceName')
        return out

    def render(self, res, capture, change, first):
        """An item as Config writes it to S3."""
        dead = change == 'DELETE'
        item = {'relatedEvents': [], 'relationships': [] if dead else res.relationships(),
                'configuration': None if dead else res.configuration(),
                'supplementaryConfiguration': {} if dead else res.supp,
                'tags': {} if dead else res.tags, 'configurationItemVersion': '1.3',
                'configurationItemCaptureTime': iso_ms(capture), 'configurationStateId': capture,
                'awsAccountId': res.account,
                'configurationItemStatus': {'CREATE': 'ResourceDiscovered', 'UPDATE': 'OK',
                                            'DELETE': 'ResourceDeleted'}[change],
                'resourceType': res.type, 'resourceId': res.id}
        if dead:
            item['resourceName'] = None
        elif res.name is not None:
            item['resourceName'] = res.name
        if res.arn is not None and res.type not in NO_ARN:
            item['ARN'] = res.arn
        item['awsRegion'] = res.region
        item['availabilityZone'] = None if dead else res.az
        item['configurationStateMd5Hash'] = ''
        if dead:
            item['resourceCreationTime'] = None
        elif res.type in HAS_CREATED:
            item['resourceCreationTime'] = iso_ms(res.created)
        if self.lag == 'daily' and res.type in DAILY_TYPES:
            item['recordingFrequency'] = 'DAILY'
            item['configurationItemDeliveryTime'] = iso_ms(capture + 7 * MINUTE)
        return dumps(item)

    def baseline(self, res, note='baseline'):
        """The recorder finds a resource that is older than it."""
        res.flat = flatten(res)
        res.pending.append(('own', None, res.flat, frozenset(), note))
        res.due = self.recorded_from + self.rng.randint(30 * SECOND, 20 * MINUTE)
        self.at(res.due, self.look, res, res.due)


def hash_text(text):
    """A hash of a string that is the same in every run."""
    out = 0x811c9dc5
    for byte in text.encode():
        out = (out ^ byte) * 0x01000193 & 0xffffffff
    return out
