# SPDX-License-Identifier: Apache-2.0
"""What the deliveries lack: a recorder stopped and one narrowed, a trail stopped, a day lost.

All of it is after the plot. What happens meanwhile happens all the same: what the recorder missed
shows, all at once, when it looks again; what the trail missed is in no record, and no cause.
"""

from . import data
from .ids import DAY, HOUR, MINUTE, SECOND

CONFIG = 'default'
VOLUME = 'AWS::EC2::Volume'


def plan(w):
    """Sets everything up that the history is long enough for."""
    day = w.start // DAY * DAY
    prod, other = w.accounts[0], w.accounts[-1]

    def at(number, hour, minute):
        return day + (number - 1) * DAY + hour * HOUR + minute * MINUTE
    recorder(w, prod, prod.regions[-1], 'dave', at(37, 21, 14), 'erin', at(39, 7, 41))
    if other is not prod:
        trail(w, other, 'frank', at(48, 16, 5), 'bob', at(49, 21, 30))
        lost(w, other, at(62, 0, 0))
        narrowed(w, other, other.regions[0], 'carol', at(67, 14, 20), at(72, 9, 3))


def recorder(w, acct, region, who, start, again, end):
    """Somebody stops the recorder of one region over a weekend; somebody else finds out."""
    w.stopped.append((acct.id, (region,), None, start, end))
    for name, person, when in (('StopConfigurationRecorder', who, start),
                               ('StartConfigurationRecorder', again, end)):
        w.at(when, call, w, acct, person, region, 'config', name, {'configurationRecorderName': CONFIG})


def call(w, acct, who, region, source, name, request):
    return w.call(acct.people[who], acct, region, source, name, request, None)


def trail(w, acct, who, start, again, end):
    """The account's trail is stopped; its own call is the last, that which starts it the first."""
    w.silent.append((acct.id, start + SECOND, end))
    for name, person, when in (('StopLogging', who, start), ('StartLogging', again, end)):
        w.at(when, switch, w, acct, person, name)


def switch(w, acct, who, name):
    res = next(r for r in w.resources.values()
               if r.type == data.TRAIL and r.account == acct.id and r.name == 'acme-audit')
    event = call(w, acct, who, res.region, 'cloudtrail', name, {'name': res.id})
    res.c['isLogging'] = name == 'StartLogging'
    w.change(event, res)


def lost(w, acct, day):
    """A day of which nothing of the account was delivered."""
    w.silent.append((acct.id, day, day + DAY))
    w.stopped.append((acct.id, tuple(acct.regions), None, day, day + DAY))


def narrowed(w, acct, region, who, start, end):
    """Volumes are left out to save money, and taken in again."""
    w.stopped.append((acct.id, (region,), (VOLUME,), start, end))
    role = 'arn:aws:iam::%s:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig' % acct.id
    for when, without in ((start, [VOLUME]), (end, [])):
        how = 'EXCLUSION_BY_RESOURCE_TYPES' if without else 'ALL_SUPPORTED_RESOURCE_TYPES'
        w.at(when, call, w, acct, who, region, 'config', 'PutConfigurationRecorder', {
            'configurationRecorder': {'name': CONFIG, 'roleARN': role, 'recordingGroup': {
                'allSupported': not without, 'includeGlobalResourceTypes': not without,
                'exclusionByResourceTypes': {'resourceTypes': without},
                'recordingStrategy': {'useOnly': how}}}})
