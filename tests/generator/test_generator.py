#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo history keeps its promises: it is reproducible, well formed, and its truth holds."""

import calendar
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = SOURCE / 'scripts' / 'demo_history'
TRAPS = ('a name used again', 'a service acts', 'a tag value equal to another id',
         'activity: no change', 'activity: undone before recorded', 'activity: never recorded',
         'call in a capture that is stamped before it', 'call just before a capture, and not in it',
         'effect shows late', 'failed call', 'global item recorded in several regions',
         'item because something else changed', 'item without ARN', 'item without cause',
         'item without resourceName', 'names a resource without changing it',
         'only an association id', 'oversized notification', 'record in two files', 'recreated',
         'requestParameters omitted', 'several causes in one item', 'side resources',
         'two people in one capture window')
TYPES = {
    'AWS::EC2::' + kind for kind in (
        'VPC', 'Subnet', 'SecurityGroup', 'RouteTable', 'InternetGateway', 'NatGateway', 'EIP',
        'NetworkAcl', 'NetworkInterface', 'Instance', 'Volume')} | {
    'AWS::IAM::' + kind for kind in ('Role', 'User', 'Policy', 'Group', 'InstanceProfile')} | {
    'AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::RDS::DBInstance', 'AWS::RDS::DBSnapshot',
    'AWS::RDS::DBSubnetGroup', 'AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SNS::Topic',
    'AWS::SQS::Queue', 'AWS::SecretsManager::Secret', 'AWS::CloudTrail::Trail',
    'AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::AutoScaling::AutoScalingGroup',
    'AWS::ECS::Service', 'AWS::CloudFormation::Stack', 'AWS::CloudWatch::Alarm',
    'AWS::Config::ResourceCompliance'}


def generate(folder, *args, salt='0'):
    """Runs the generator; returns what it printed, parsed, or None."""
    done = subprocess.run([sys.executable, str(SCRIPT), '--out', str(folder), *args], check=True,
                          stdout=subprocess.PIPE, env={**os.environ, 'PYTHONHASHSEED': salt,
                                                       'PYTHONDONTWRITEBYTECODE': '1'})
    return json.loads(done.stdout) if done.stdout else None


def millis(text):
    """RFC 3339 to epoch milliseconds."""
    fraction = int(text[20:23]) if text[19] == '.' else 0
    return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S')) * 1000 + fraction


def digest(folder):
    out = {}
    for path in sorted(folder.rglob('*')):
        if path.is_file():
            out[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


def load(path):
    return json.loads(gzip.decompress(path.read_bytes()))


class History:
    """A generated history, read back."""

    def __init__(self, folder, truth):
        self.records, self.copies = {}, 0
        for path in sorted(folder.glob('AWSLogs/*/CloudTrail/**/*.json.gz')):
            for record in load(path)['Records']:
                if record['eventID'] in self.records:
                    self.copies += 1
                self.records.setdefault(record['eventID'], record)
        self.items = [(path, item) for path in sorted(folder.glob('AWSLogs/*/Config/**/ConfigHistory/*.gz'))
                      for item in load(path)['configurationItems']]
        self.snapshots = [load(path) for path in folder.glob('AWSLogs/*/Config/**/ConfigSnapshot/*.gz')]
        self.oversized = [load(path) for path in
                          folder.glob('AWSLogs/*/Config/**/OversizedChangeNotification/**/*.gz')]
        self.truth = [json.loads(line) for line in truth.read_text().splitlines()]
        self.changes = [line for line in self.truth if 'captureTime' in line]


class Generated(unittest.TestCase):
    """What holds of the default history."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.home.name) / 'out'
        cls.truth = pathlib.Path(cls.home.name) / 'truth.jsonl'
        cls.report = generate(cls.folder, '--truth', str(cls.truth), '--traps')
        cls.history = History(cls.folder, cls.truth)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def test_items_match_truth_one_to_one(self):
        def key(item):
            return (item['awsAccountId'], item['awsRegion'], item['resourceType'], item['resourceId'],
                    item['configurationItemCaptureTime'], item['configurationStateId'])
        written = [key(item) for _, item in self.history.items]
        told = [(t['account'], t['region'], t['type'], t['id'], t['captureTime'], t['stateId'])
                for t in self.history.changes]
        self.assertEqual(len(set(written)), len(written), 'a state twice')
        self.assertEqual(sorted(written), sorted(told))

    def test_causes_exist_and_precede_the_capture(self):
        for change in self.history.changes:
            self.assertEqual(set(change['causes']), set(change['person']))
            self.assertEqual(bool(change['causes']), 'reason' not in change, change)
            for eid in change['causes'] + change.get('relatedCauses', []):
                record = self.history.records[eid]
                self.assertNotIn('errorCode', record, 'a failed call as a cause')
                self.assertIs(record['readOnly'], False, 'a read as a cause')
                self.assertEqual(record['recipientAccountId'], change['account'])
                self.assertLess(millis(record['eventTime']), millis(change['captureTime']) + 2000)

    def test_attempts_and_activities(self):
        seen = {eid for change in self.history.changes for eid in change['causes']}
        attempts = [line for line in self.history.truth if 'attempt' in line]
        activities = [line for line in self.history.truth if 'activity' in line]
        self.assertTrue(attempts and activities)
        for line in attempts:
            record = self.history.records[line['attempt']]
            self.assertEqual(record['errorCode'], line['errorCode'])
            self.assertNotIn(line['attempt'], seen)
        for line in activities:
            self.assertNotIn('errorCode', self.history.records[line['activity']])
            mine = [change for change in self.history.changes if [
                change['account'], change['region'], change['type'], change['id']] == line['resource']]
            self.assertFalse(any(line['activity'] in change['causes'] for change in mine))

    def test_sessions_lead_to_people(self):
        sessions = [line['person'] for line in self.history.truth if isinstance(line.get('person'), dict)
                    and 'session' in line['person']]
        keys = {one['accessKeyId']: one for one in sessions}
        self.assertEqual(len(keys), len(sessions))
        for one in sessions:
            last = self.history.records[one['via'][-1]]
            self.assertEqual(last['responseElements']['credentials']['accessKeyId'], one['accessKeyId'])
        self.assertTrue(any(len(one['via']) == 2 for one in sessions), 'no chain of roles')

    def test_items_are_well_formed(self):
        before = {}
        statuses = set()
        for path, item in sorted(self.history.items, key=lambda one: one[1]['configurationStateId']):
            statuses.add(item['configurationItemStatus'])
            self.assertIn(item['resourceType'], path.name)
            self.assertEqual(item['relatedEvents'], [])
            key = (item['awsAccountId'], item['awsRegion'], item['resourceType'], item['resourceId'])
            deleted = item['configurationItemStatus'] == 'ResourceDeleted'
            self.assertEqual(item['configuration'] is None, deleted)
            if deleted:
                self.assertIn(before.get(key), ('OK', 'ResourceDiscovered', 'ResourceDeleted'))
            before[key] = item['configurationItemStatus']
        self.assertEqual(statuses, {'OK', 'ResourceDiscovered', 'ResourceDeleted'})
        self.assertEqual({item['resourceType'] for _, item in self.history.items}, TYPES)

    def test_history_files_hold_one_type_in_order(self):
        for path in self.folder.glob('AWSLogs/*/Config/**/ConfigHistory/*.gz'):
            items = load(path)['configurationItems']
            self.assertEqual(len({item['resourceType'] for item in items}), 1)
            times = [item['configurationItemCaptureTime'] for item in items]
            self.assertEqual(times, sorted(times))

    def test_snapshots_repeat_history(self):
        known = {json.dumps(item, sort_keys=True) for _, item in self.history.items}
        self.assertTrue(self.history.snapshots)
        for snapshot in self.history.snapshots:
            self.assertTrue(snapshot['configurationItems'])
            for item in snapshot['configurationItems']:
                self.assertIn(json.dumps(item, sort_keys=True), known)

    def test_oversized_notifications(self):
        self.assertTrue(self.history.oversized)
        for message in self.history.oversized:
            self.assertEqual(message['messageType'], 'ConfigurationItemChangeNotification')
            self.assertIn(message['configurationItemDiff']['changeType'], ('CREATE', 'UPDATE', 'DELETE'))

    def test_records(self):
        records = self.history.records.values()
        self.assertGreater(self.history.copies, 0)
        reads = sum(record['readOnly'] for record in records) / len(records)
        self.assertTrue(0.65 < reads < 0.85, reads)
        seconds = [(r['recipientAccountId'], r['eventTime']) for r in records]
        self.assertLess(len(set(seconds)), len(seconds), 'never two records in a second')
        for record in records:
            self.assertIn('type', record['userIdentity'])
            self.assertTrue(record['eventSource'].endswith('.amazonaws.com'))

    def test_digests_hash_their_files(self):
        paths = sorted(self.folder.glob('AWSLogs/*/CloudTrail-Digest/**/*.gz'))
        self.assertTrue(paths)
        for entry in [entry for path in paths[:5] for entry in load(path)['logFiles']]:
            data = gzip.decompress((self.folder / entry['s3Object']).read_bytes())
            self.assertEqual(hashlib.sha256(data).hexdigest(), entry['hashValue'])

    def test_alarms(self):
        lines = [json.loads(line) for path in self.folder.glob('AWSLogs/*/CloudWatch/**/*.jsonl.gz')
                 for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        self.assertTrue(lines)
        told = [line for line in self.history.truth if 'alarm' in line]
        self.assertEqual(len(lines), len(told))
        for line in lines:
            self.assertEqual(line['source'], 'aws.cloudwatch')
            self.assertNotEqual(line['detail']['state']['value'], line['detail']['previousState']['value'])

    def test_empty_check_file(self):
        for path in self.folder.glob('AWSLogs/*/Config'):
            self.assertEqual((path / 'ConfigWritabilityCheckFile').read_bytes(), b'')

    def test_traps_are_there(self):
        for trap in TRAPS:
            self.assertGreater(self.report['traps'].get(trap, 0), 0, trap)

    def test_counts(self):
        self.assertTrue(2500 < len(self.history.items) < 3500, len(self.history.items))
        self.assertTrue(18000 < len(self.history.records) < 22000, len(self.history.records))

    def test_names_are_shared(self):
        named = {(item['awsAccountId'], item['awsRegion'], item['resourceType'])
                 for _, item in self.history.items if item.get('resourceName') == 'orders'}
        self.assertGreater(len({rtype for _, _, rtype in named}), 4)
        self.assertGreater(len({account for account, _, _ in named}), 1)
        self.assertGreater(len({region for _, region, _ in named if region != 'global'}), 1)


    def test_what_is_missing(self):
        """The calls that stop are there, nothing comes meanwhile, and no truth rests on it."""
        def between(account, first, last, regions=None):
            return [r for r in self.history.records.values() if r['recipientAccountId'] == account
                    and first < r['eventTime'] < last and (regions is None or r['awsRegion'] in regions)]

        def items(account, first, last, region=None, rtype=None):
            return [item for _, item in self.history.items if item['awsAccountId'] == account
                    and first < item['configurationItemCaptureTime'] < last
                    and (region is None or item['awsRegion'] == region)
                    and (rtype is None or item['resourceType'] == rtype)]
        prod, dev = '111122223333', '444455556666'
        calls = {(r['recipientAccountId'], r['awsRegion'], r['eventName']): r['eventTime']
                 for r in self.history.records.values()
                 if r['eventName'].endswith(('ConfigurationRecorder', 'Logging')) and 'errorCode' not in r}
        self.assertEqual(calls[prod, 'eu-west-1', 'StopConfigurationRecorder'], '2024-04-06T21:14:00Z')
        self.assertEqual(calls[prod, 'eu-west-1', 'StartConfigurationRecorder'], '2024-04-08T07:41:00Z')
        self.assertEqual(items(prod, '2024-04-06T21:14:07', '2024-04-08T07:40:59', 'eu-west-1'), [])
        self.assertTrue(between(prod, '2024-04-06T21:14:07', '2024-04-08T07:40:59', ['eu-west-1']))
        self.assertTrue(items(prod, '2024-04-08T07:41', '2024-04-08T08:10', 'eu-west-1'))
        self.assertEqual(between(dev, '2024-04-17T16:05:01', '2024-04-18T21:29:59'), [])
        self.assertTrue(items(dev, '2024-04-17T16:05:01', '2024-04-18T21:29:59'))
        self.assertEqual(between(dev, '2024-05-01T00:00:00', '2024-05-01T23:59:59Z'), [])
        self.assertEqual(items(dev, '2024-05-01T00:00:06', '2024-05-01T23:59:59'), [])
        self.assertEqual(items(dev, '2024-05-06T14:20:06', '2024-05-11T09:02:59', 'us-east-1',
                               'AWS::EC2::Volume'), [])
        self.assertIn('no trail', {change.get('reason') for change in self.history.changes})
        digests = sorted(path.name for path in self.folder.glob(
            'AWSLogs/%s/CloudTrail-Digest/us-east-1/2024/05/0[123]/*' % dev))
        self.assertEqual(len(digests), 2, 'a digest of a day without a trail')


class Runs(unittest.TestCase):
    """What holds between runs."""

    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.root = pathlib.Path(self.home.name)

    def run_into(self, name, *args, salt='0'):
        return generate(self.root / name, *args, salt=salt)

    def test_equal_arguments_give_equal_bytes(self):
        small = ('--items', '400', '--events', '2000', '--months', '1')
        for name, salt in (('a', '1'), ('b', '2')):
            self.run_into(name, *small, '--truth', str(self.root / (name + '.truth')), salt=salt)
        self.assertEqual(digest(self.root / 'a'), digest(self.root / 'b'))
        self.assertEqual((self.root / 'a.truth').read_bytes(), (self.root / 'b.truth').read_bytes())
        self.run_into('c', *small, '--seed', '2')
        self.assertNotEqual(digest(self.root / 'a'), digest(self.root / 'c'))

    def test_the_plot_is_there_for_any_seed(self):
        for seed in ('1', '7'):
            name, truth = 'plot' + seed, self.root / ('truth' + seed)
            plot = self.run_into(name, '--items', '300', '--events', '2000', '--months', '1', '--seed', seed,
                                 '--truth', str(truth), '--plot')
            history = History(self.root / name, truth)
            states = {(tuple([t['account'], t['region'], t['type'], t['id']]),
                       t['captureTime'].replace(':', '') + '.json'): t for t in history.changes}
            calls = [step['call'] for step in plot['steps']]
            for call in ('AssumeRole', 'AuthorizeSecurityGroupIngress', 'ALARM', 'ListBuckets',
                         'DeleteBucketPublicAccessBlock', 'PutBucketPolicy', 'CreateAccessKey',
                         'ModifyDBInstance', 'StopLogging', 'RevokeSecurityGroupIngress',
                         'TerminateInstances', 'INSUFFICIENT_DATA'):
                self.assertIn(call, calls)
            shown = 0
            for step in plot['steps']:
                if step['event'] is not None:
                    record = history.records[step['event']]
                    self.assertEqual(record['eventName'], step['call'])
                    self.assertEqual(record['eventTime'], step['time'])
                for state in step['states']:
                    shown += 1
                    self.assertIn(step['event'], states[tuple(step['resource']), state]['causes'])
            self.assertGreaterEqual(shown, 8)
            self.assertEqual(plot['steps'][0]['time'], '2024-03-15T10:02:11Z')
            chain = next(s for s in plot['steps'] if s['call'] == 'ModifyDBInstance')
            self.assertEqual(chain['who'], 'user/carol')
            self.assertEqual(len(chain['states']), 2, 'pending, then real')

    def test_lags(self):
        for lag, low, high in (('short', 5, 62), ('long', 240, 1805)):
            truth = self.root / lag
            self.run_into(lag + '-out', '--items', '400', '--events', '2000', '--months', '1', '--lag', lag,
                          '--truth', str(truth))
            history = History(self.root / (lag + '-out'), truth)
            waits = [(t['stateId'] - millis(history.records[t['causes'][0]]['eventTime'])) / 1000
                     for t in history.changes if len(t['causes']) == 1 and 'late' not in t
                     and 'related' not in t and 'copyOf' not in t]
            near = [wait for wait in waits if low - 2 <= wait <= high + 10]
            self.assertGreater(len(near), len(waits) * 0.75, lag)

    def test_daily_recording(self):
        truth = self.root / 'truth'
        self.run_into('out', '--items', '500', '--events', '2000', '--months', '1', '--lag', 'daily',
                      '--truth', str(truth))
        history = History(self.root / 'out', truth)
        daily = [item for _, item in history.items if item.get('recordingFrequency') == 'DAILY']
        self.assertTrue(daily)
        for item in daily:
            self.assertGreater(millis(item['configurationItemDeliveryTime']), item['configurationStateId'])

    def test_replicas_keep_the_truth(self):
        truth = self.root / 'truth'
        self.run_into('out', '--items', '13000', '--events', '30000', '--truth', str(truth))
        history = History(self.root / 'out', truth)
        self.assertGreater(len({change['account'] for change in history.changes}), 3)
        keys = {(i['awsAccountId'], i['awsRegion'], i['resourceType'], i['resourceId'],
                 i['configurationStateId']) for _, i in history.items}
        self.assertEqual(len(keys), len(history.items))
        self.assertTrue(11000 < len(history.items) < 15000, len(history.items))
        for change in history.changes:
            for eid in change['causes']:
                self.assertEqual(history.records[eid]['recipientAccountId'], change['account'])
        # A bucket's name is given once in all of AWS.
        buckets = {(i['resourceId'], i['awsAccountId']) for _, i in history.items
                   if i['resourceType'] == 'AWS::S3::Bucket'}
        self.assertGreater(len(buckets), 10)
        self.assertEqual(len(buckets), len({name for name, _ in buckets}))

    def test_wrong_usage(self):
        for args in ([], ['--out', 'x', '--start', 'soon'], ['--out', 'x', '--lag', 'never'],
                     ['--out', 'x', '--accounts', '0']):
            done = subprocess.run([sys.executable, str(SCRIPT), *args], cwd=self.root,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 2, args)
            self.assertTrue(done.stderr)


if __name__ == '__main__':
    unittest.main()
