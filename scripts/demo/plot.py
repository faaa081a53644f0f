# SPDX-License-Identifier: Apache-2.0
"""The plot: one bad Friday in the first account, at fixed times of the fifteenth day.

What is told is in scripts/demo_history's docstring; `Plot.steps` is what `--plot` prints. Nobody
but the plot touches its resources, and the recorder looks at them after fixed lags.
"""

from . import data, ec2, ec2_actions, iam, people, s3
from .ids import DAY, HOUR, MINUTE, SECOND, iso_s, state_name, tree_path

STRANGER = '203.0.113.77'


class Plot:
    """The resources of the plot, and the hands that act in it."""

    def __init__(self, world, account):
        self.w, self.acct, self.region = world, account, account.regions[0]
        self.steps_made, self.res = [], {}

    def furnish(self):
        """The database and its subnets are older than the recorder; so are the CI user and the trail."""
        w, acct, region = self.w, self.acct, self.region
        vpc = ec2.make_vpc(w, acct, region, '10.99.0.0/16', {'Name': 'shop'}, reserved=True)
        subnets = [ec2.make_subnet(w, acct, region, vpc, '10.99.%d.0/24' % k, zone,
                                   {'Name': 'shop-' + zone}, reserved=True)
                   for k, zone in enumerate('ab')]
        inner = ec2.make_sg(w, acct, region, vpc, 'orders-db', 'database', {}, reserved=True)
        holder = data.make_subnet_group(w, acct, region, 'shop', subnets, reserved=True)
        self.res.update(
            vpc=vpc, subnets=subnets, db=data.make_db(w, acct, region, 'orders-db', holder, [inner],
                                                      reserved=True),
            trail=next(r for r in w.resources.values()
                       if r.type == data.TRAIL and r.account == acct.id and r.name == 'acme-audit'),
            deployer=acct.people['users']['svc-deployer'])

    def probe(self):
        """What others may read of the plot's resources."""
        out = {}
        for res in self.res.values():
            for one in res if isinstance(res, list) else [res]:
                out.setdefault((one.account, one.region, one.type), []).append(one)
        return out

    def begin(self):
        w = self.w
        day = w.start // DAY * DAY
        w.at(day + 2 * DAY + 9 * HOUR + 12 * MINUTE, w.begin, self.build())
        friday = day + 14 * DAY
        for hour, minute, second, act in (
                (10, 2, 11, self.open_door), (10, 14, 40, self.stranger), (10, 17, 0, self.alarm_rises),
                (10, 31, 5, self.go_public), (10, 52, 20, self.rotate_key),
                (11, 20, 33, self.expose_database), (11, 41, 9, self.stop_trail),
                (12, 5, 48, self.clean_up), (12, 19, 30, self.end_machine)):
            w.at(friday + hour * HOUR + minute * MINUTE + second * SECOND, w.begin, act())

    def step(self, what, who, event=None, res=None, call=None, at=None):
        self.steps_made.append((self.w.now if at is None else at, what, who, event, res, call))

    # --- the third day: the pipeline builds it ---

    def build(self):
        w, acct, r = self.w, self.acct, self.res
        ci = acct.people['ci']
        group = r['group'] = ec2_actions.create_group(w, ci, acct, r['vpc'], 'web-public',
                                                      'web servers', reserved=True)
        yield 1
        ec2.authorize(w, ci, acct, group, ec2.rule('tcp', 443, '0.0.0.0/0', 'https'), lag=80 * SECOND)
        yield 4
        r['instance'] = ec2.run_instances(w, ci, acct, self.region, r['subnets'][0], [group],
                                          {'Name': 'web-1', 'app': 'shop'}, reserved=True, lag=95 * SECOND)
        machine = acct.people['machine']
        machine.session, machine.person, machine.until = r['instance'].id, 'machine/' + r['instance'].id, 0
        yield 3
        bucket = r['bucket'] = s3.create(w, ci, acct, self.region, 'acme-invoices-archive', reserved=True)
        yield 1
        s3.put_policy(w, ci, acct, bucket, s3.policy(
            bucket, {'AWS': acct.people['roles']['AuditScanner'].arn}, sid='Audit'), lag=70 * SECOND)
        yield 2
        alarm = r['alarm'] = data.make_alarm(w, acct, self.region, 'web-1-cpu-high', 'AWS/EC2',
                                             'CPUUtilization', 'InstanceId', r['instance'].id, reserved=True)
        alarm.memo['subject'] = r['instance']
        data.put_alarm(w, ci, acct, alarm)

    # --- the fifteenth day ---

    def open_door(self):
        w, acct, group = self.w, self.acct, self.res['group']
        alice = people.Assumed(acct.people['alice-user'], acct.people['roles']['NetworkAdmin'],
                               'alice-netops')
        rule = self.res['rule'] = ec2.rule('tcp', 22, '0.0.0.0/0')
        alice.refresh(w, w.now)
        self.step('alice takes on the role NetworkAdmin', 'user/alice',
                  Opening(alice), acct.people['roles']['NetworkAdmin'], 'AssumeRole')
        yield 51
        event = ec2.authorize(w, alice, acct, group, rule, dry=True)
        self.step('a dry run of opening port 22', event.person, event, group,
                  'AuthorizeSecurityGroupIngress')
        yield 23
        event = ec2.authorize(w, alice, acct, group, rule, lag=143 * SECOND)
        self.step('port 22 of web-public is opened to the world', event.person, event, group,
                  'AuthorizeSecurityGroupIngress')

    def stranger(self):
        w, acct, region, r = self.w, self.acct, self.region, self.res
        thief = people.Stolen(acct.people['machine'], STRANGER)
        for source, name, read, req in (
                ('sts', 'GetCallerIdentity', True, None),
                ('s3', 'ListBuckets', True, {'Host': 's3.amazonaws.com'}),
                ('iam', 'ListUsers', True, None), ('iam', 'CreateUser', False, {'userName': 'support'}),
                ('secretsmanager', 'GetSecretValue', True, {'secretId': 'prod/db'})):
            ok = name == 'GetCallerIdentity'
            event = w.call(thief, acct, 'us-east-1' if source == 'iam' else region, source, name, req,
                           None, read=read, err=None if ok else 'AccessDenied',
                           msg=None if ok else 'User is not authorized to perform: %s:%s' % (source, name))
            if not ok:
                self.step('calls from an address nobody knows fail', event.person, event, None, name)
            yield w.rng.uniform(2, 9)
        event = ec2.refuse(w, thief, acct, r['group'], 'AuthorizeSecurityGroupIngress', {
            'groupId': r['group'].id, 'ipPermissions': {'items': [ec2.permission(
                ec2.rule('tcp', 3389, '0.0.0.0/0'))]}}, 'Client.UnauthorizedOperation',
            'You are not authorized to perform this operation.')
        self.step('the stranger tries web-public', event.person, event, r['group'],
                  'AuthorizeSecurityGroupIngress')

    def alarm_rises(self):
        data.transition(self.w, self.acct, self.res['alarm'], 'ALARM',
                        'Threshold Crossed: 2 datapoints [97.4, 99.1] were greater than the threshold (80.0).')
        self.step('the alarm web-1-cpu-high of a machine in that group rises', 'alarm', None,
                  self.res['instance'], 'ALARM')
        yield 0

    def go_public(self):
        w, acct, bucket = self.w, self.acct, self.res['bucket']
        bob = acct.people['bob']
        document = s3.policy(bucket, '*', sid='PublicRead')
        event = s3.call(w, bob, acct, bucket, 'PutBucketPolicy', {'bucketPolicy': document, 'policy': ''},
                        err='AccessDenied', msg='Access Denied')
        self.step('a public policy on acme-invoices-archive is refused', event.person, event, bucket,
                  'PutBucketPolicy')
        yield 38
        event = s3.delete_block(w, bob, acct, bucket, lag=250 * SECOND)
        self.step('bob deletes its public access block', event.person, event, bucket,
                  'DeleteBucketPublicAccessBlock')
        yield 21
        event = s3.put_policy(w, bob, acct, bucket, document)
        self.step('bob makes it public by policy', event.person, event, bucket, 'PutBucketPolicy')

    def rotate_key(self):
        w, acct, user = self.w, self.acct, self.res['deployer']
        ci = acct.people['ci']
        old, new = w.rng.unique('AKIA'), w.rng.unique('AKIA')
        event = iam.simple(w, ci, acct, 'CreateAccessKey', {'userName': user.name}, [user], None, {
            'accessKey': {'accessKeyId': new, 'status': 'Active', 'userName': user.name}})
        self.step('the pipeline rotates the access key of svc-deployer', event.person, event, user,
                  'CreateAccessKey')
        yield 12
        event = iam.simple(w, ci, acct, 'UpdateAccessKey', {
            'userName': user.name, 'accessKeyId': old, 'status': 'Inactive'}, [user])
        yield 30
        event = iam.simple(w, ci, acct, 'DeleteAccessKey', {'userName': user.name, 'accessKeyId': old},
                           [user])
        self.step('the old key is deleted', event.person, event, user, 'DeleteAccessKey')

    def expose_database(self):
        w, acct, db = self.w, self.acct, self.res['db']
        roles = acct.people['roles']
        deploy = people.Assumed(acct.people['carol-user'], roles['DeployRole'], 'carol')
        admin = people.Assumed(deploy, roles['ProdAdminRole'], 'deploy')
        deploy.refresh(w, w.now)
        self.step('carol takes on DeployRole', 'user/carol', Opening(deploy), roles['DeployRole'],
                  'AssumeRole')
        yield 8
        admin.refresh(w, w.now)
        self.step('and through it ProdAdminRole', 'user/carol', Opening(admin),
                  roles['ProdAdminRole'], 'AssumeRole')
        yield 40
        request = {'publiclyAccessible': True}
        at = w.now
        generator = data.db_modify(w, admin, acct, db, 'publiclyAccessible', request,
                                   lambda: db.c.update(publiclyAccessible=True), 110 * SECOND, 280)
        wait = next(generator)
        event = db.pending[-1][1]
        self.step('orders-db is made publicly accessible', event.person, event, db, 'ModifyDBInstance', at)
        yield wait
        yield from generator

    def stop_trail(self):
        w, acct, trail = self.w, self.acct, self.res['trail']
        thief = people.Stolen(acct.people['machine'], STRANGER)
        for name in ('StopLogging', 'DeleteTrail'):
            event = w.call(thief, acct, trail.region, 'cloudtrail', name, {'name': trail.name}, None,
                           err='AccessDenied', msg='User: %s is not authorized to perform: '
                           'cloudtrail:%s on resource: %s' % (acct.people['machine'].arn, name, trail.arn))
            w.attempt(event, trail, 'AccessDenied')
            self.step('the stranger tries to silence the trail', event.person, event, trail, name)
            yield 6

    def clean_up(self):
        w, acct, r = self.w, self.acct, self.res
        erin = acct.people['erin']
        event = ec2.revoke(w, erin, acct, r['group'], r['rule'], lag=118 * SECOND)
        self.step('erin closes port 22 again', event.person, event, r['group'],
                  'RevokeSecurityGroupIngress')
        yield 95
        event = s3.put_block(w, erin, acct, r['bucket'], lag=130 * SECOND)
        self.step('erin blocks public access again', event.person, event, r['bucket'],
                  'PutBucketPublicAccessBlock')
        yield 14
        event = s3.delete_policy(w, erin, acct, r['bucket'])
        self.step('erin removes the policy', event.person, event, r['bucket'], 'DeleteBucketPolicy')

    def end_machine(self):
        w, acct, instance = self.w, self.acct, self.res['instance']
        event = ec2.terminate(w, acct.people['erin'], acct, instance, lag=135 * SECOND)
        self.step('erin ends web-1', event.person, event, instance, 'TerminateInstances')
        yield 660
        data.transition(w, acct, self.res['alarm'], 'INSUFFICIENT_DATA')
        self.step('the alarm has no more data', 'alarm', None, self.res['alarm'], 'INSUFFICIENT_DATA')

    def steps(self):
        """The plot with its paths in the mounted tree; the recorded states that show a step."""
        out = []
        for number, (when, what, who, event, res, call) in enumerate(sorted(
                self.steps_made, key=lambda step: step[0]), 1):
            one = {'step': number, 'time': iso_s(when), 'what': what, 'who': who, 'call': call,
                   'event': event.id if event else None, 'resource': res.key if res else None,
                   'path': tree_path(*res.key) if res else None, 'states': []}
            if event is not None and res is not None:
                one['states'] = [state_name(capture) for key, capture
                                 in self.w.seen_by.get(event.id, ()) if key == res.key]
            out.append(one)
        return out


class Opening:
    """The event that opened an actor's session, as far as a step needs it."""

    def __init__(self, actor):
        self.id = actor.opening[-1]
