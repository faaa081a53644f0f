# SPDX-License-Identifier: Apache-2.0
"""The accounts, their people, what was there before the recorder, and how the days go."""

from . import compute, data, ec2, ec2_actions, iam, messaging, noise, outage, people, plot, s3
from .ids import DAY, HOUR, MINUTE, SECOND
from .world import Account

REGIONS = ('us-east-1', 'eu-west-1', 'us-west-2', 'ap-southeast-2', 'eu-central-1', 'ca-central-1',
           'ap-northeast-1', 'sa-east-1')
NUMBERS = (('111122223333', 'prod'), ('444455556666', 'dev'), ('777788889999', 'data'),
           ('222233334444', 'web'), ('555566667777', 'audit'))
ACTIONS = tuple(one for module, weight in (
    (ec2_actions, 1.0), (iam, 0.9), (s3, 1.2), (compute, 0.9), (messaging, 0.8), (data, 0.9))
    for one in ((action, share * weight) for action, share in module.ACTIONS))
COMPLIANCE = {'AWS::EC2::SecurityGroup': 'restricted-ssh', 'AWS::S3::Bucket': 's3-bucket-no-public-access'}


def accounts(world, count, regions):
    for number in range(count):
        if number < len(NUMBERS):
            digits, alias = NUMBERS[number]
        else:
            digits, alias = '%012d' % (300000000000 + number * 1000003), 'team%d' % number
        world.accounts.append(Account(digits, alias, list(REGIONS[:max(1, min(regions, len(REGIONS)))])))


def staff(w, acct):
    """The people and the roles they work through; reserved, so that nobody deletes them."""
    def role(name, document, path='/'):
        return iam.make_role(w, acct, name, document, path, reserved=True)
    here = {'AWS': 'arn:aws:iam::%s:root' % acct.id}
    sso = '/aws-reserved/sso.amazonaws.com/'
    roles = {name: role(name, iam.trust(here)) for name in (
        'NetworkAdmin', 'DeployRole', 'ProdAdminRole', 'CiRole', 'AuditScanner', 'web-instance-role')}
    admin = role('AWSReservedSSO_AdministratorAccess_' + w.rng.hex(16), iam.trust(here), sso)
    power = role('AWSReservedSSO_PowerUserAccess_' + w.rng.hex(16), iam.trust(here), sso)
    linked = {name: role(title, iam.trust({'Service': name + '.amazonaws.com'}),
                         '/aws-service-role/%s.amazonaws.com/' % name) for name, title in (
        ('autoscaling', 'AWSServiceRoleForAutoScaling'), ('rds', 'AWSServiceRoleForRDS'))}
    users = {name: iam.make_user(w, acct, name, reserved=True)
             for name in ('alice', 'carol', 'frank', 'svc-deployer')}
    p = acct.people
    p['alice-user'] = people.User(acct, users['alice'], w.rng.unique('AKIA'), '198.51.100.23',
                                  people.CLI % 'ec2')
    p['alice'] = people.Assumed(p['alice-user'], roles['NetworkAdmin'], 'alice-netops')
    p['carol-user'] = people.User(acct, users['carol'], w.rng.unique('AKIA'), '198.51.100.41',
                                  people.CLI % 'rds')
    p['carol-deploy'] = people.Assumed(p['carol-user'], roles['DeployRole'], 'carol')
    p['carol'] = people.Assumed(p['carol-deploy'], roles['ProdAdminRole'], 'deploy', people.TERRAFORM)
    p['frank'] = people.User(acct, users['frank'], w.rng.unique('AKIA'), '203.0.113.9', people.BOTO)
    for name, chosen, address, agent in (('bob', admin, '192.0.2.17', 0), ('erin', admin, '192.0.2.18', 1),
                                         ('dave', power, '192.0.2.90', 1)):
        p[name] = people.Sso(acct, chosen, name + '@example.com', 'sso/%s@example.com' % name, address,
                             people.CONSOLE[agent], console=True)
    p['ci'] = people.Pipeline(acct, roles['CiRole'], 'GitHubActions', 'ci/' + people.Pipeline.subject,
                              '203.0.113.140', people.TERRAFORM)
    p['scanner'] = people.Assumed(p['frank'], roles['AuditScanner'], 'nightly-audit', people.BOTO)
    p['machine'] = people.Machine(acct, roles['web-instance-role'], w.rng.ec2('i'), 'machine/web',
                                  '192.0.2.200', 'aws-sdk-go/1.44.260 (go1.20; linux; amd64) amazon-ssm-agent/')
    p['autoscaling'] = people.Service(acct, 'autoscaling', linked['autoscaling'], 'AutoScaling')
    acct.people['roles'], acct.people['users'] = roles, users


def furnish(w, acct, first):
    """What is older than the trail and the recorder: it is found, not made."""
    rng = w.rng
    for number, region in enumerate(acct.regions):
        vpc = ec2.make_vpc(w, acct, region, '10.%d.0.0/16' % (number + 1), {'Name': 'main'})
        subnets = [ec2.make_subnet(w, acct, region, vpc, '10.%d.%d.0/24' % (number + 1, k), zone,
                                   {'Name': 'main-' + zone}) for k, zone in enumerate('abc')]
        groups = [make_old_group(w, acct, region, vpc, name)
                  for name in ('app', 'cache', 'database')[:3 if first else 1]]
        for app in ('api-1', 'worker-1', 'batch-1', 'search-1')[:4 if first else 1]:
            ec2.make_instance(w, acct, region, rng.choice(subnets), [rng.choice(groups)], {'Name': app})
        # One name for everything, in every region and every account.
        role = iam.by_name(w, acct, iam.ROLE, 'orders') or iam.make_role(
            w, acct, 'orders', iam.trust({'Service': 'lambda.amazonaws.com'}))
        compute.make_function(w, acct, region, 'orders', role)
        data.make_table(w, acct, region, 'orders')
        messaging.make_topic(w, acct, region, 'orders')
        messaging.make_queue(w, acct, region, 'orders')
        if number == 0:
            s3.make_bucket(w, acct, region, 'orders' if first else 'orders-' + acct.alias)
            for name in ('media', 'backups'):
                s3.make_bucket(w, acct, region, 'acme-%s-%s' % (acct.alias, name))
            data.make_trail(w, acct, region, 'acme-audit', 'acme-trail-' + acct.id, reserved=True)
        messaging.make_key(w, acct, region, 'default key')
    for name in ('reports', 'crawler', 'invoices'):
        iam.make_role(w, acct, name, iam.trust({'Service': 'ec2.amazonaws.com'}))
    iam.make_policy(w, acct, 'base-logging', iam.allow(['logs:PutLogEvents'], '*'))
    iam.make_policy(w, acct, 'data-read', iam.allow(['s3:GetObject'], 'arn:aws:s3:::orders/*'))
    iam.make_group(w, acct, 'developers')
    for name in ('svc-reports', 'svc-backup'):
        iam.make_user(w, acct, name)


def make_old_group(w, acct, region, vpc, name):
    group = ec2.make_sg(w, acct, region, vpc, name, name + ' servers', {'Name': name})
    group.c['ipPermissions'].append(ec2.rule('tcp', 443, '10.0.0.0/8'))
    vpc.relate(ec2.SG, group.id, 'Contains SecurityGroup')
    return group


def compliance(w, acct, res, change, causes):
    """A rule judges what was just recorded, and its finding is an item too."""
    name = COMPLIANCE.get(res.type)
    if name is None:
        return
    if res.type == 'AWS::S3::Bucket':
        bad = 'PublicAccessBlockConfiguration' not in res.supp
    else:
        bad = any(r.get('fromPort') == 22 and '0.0.0.0/0' in r['ipRanges']
                  for r in res.c['ipPermissions'])
    verdict = 'NON_COMPLIANT' if bad else 'COMPLIANT'
    rid = '%s/%s' % (res.type, res.id)
    key = (acct.id, res.region, 'AWS::Config::ResourceCompliance', rid)
    found = w.resources.get(key)
    if change == 'DELETE':
        if found is None or not found.alive:
            return
        found.alive = False
    else:
        if found is None or not found.alive:
            if not bad and w.rng.random() < 0.8:
                return
            found = w.new(acct, res.region, key[2], rid, reserved=True)
            found.relate(res.type, res.id, 'Is associated with ')
        arn = 'arn:aws:config:%s:%s:config-rule/config-rule-%06x' % (res.region, acct.id, len(name))
        found.c = {'complianceType': verdict, 'targetResourceId': res.id, 'targetResourceType': res.type,
                   'configRuleList': [{'configRuleArn': arn, 'configRuleId': arn.split('/')[1],
                                       'configRuleName': name, 'complianceType': verdict}]}
    event = (causes['direct'] + causes['related'] + causes['late'] + [None])[0]
    if event is None:
        w.change(None, found, 'own', w.rng.randint(5, 90) * SECOND, 'evaluated')
    else:
        w.change(event, found, 'related', w.rng.randint(5, 90) * SECOND)


def racer(w, res):
    """Somebody tags what the recorder is looking at."""
    if not res.alive or res.reserved or not res.type.startswith('AWS::EC2::') or w.now < w.start + DAY:
        return False
    acct = next(a for a in w.accounts if a.id == res.account)
    who = acct.people[w.rng.choice(('bob', 'dave', 'ci', 'frank'))]
    ec2.create_tags(w, who, acct, [res], {'checked': w.rng.hex(5)})
    return True


class Days:
    """Plans each day, so that the counts asked for are about reached, and the hours look like work."""

    def __init__(self, world, items, events, noise_share):
        self.w, self.items, self.events, self.share = world, items, events, noise_share
        self.probe, self.schema_day = {}, None
        self.found, self.made = 0, 0    # items of the baseline; records made by bursts

    def begin(self, days):
        self.days = days
        self.schema_day = self.w.start // DAY + days * 2 // 3
        for number in range(days):
            self.w.at(self.w.start + number * DAY + 1, self.plan, number)

    def plan(self, number):
        w = self.w
        counts, left = w.counts, self.days - number
        weekday = (w.now // DAY + 3) % 7
        weight = 0.45 if weekday >= 5 else 1.2
        rate = max(0.4, (counts['items'] - self.found) / counts['actions']) if (
            counts['actions'] > 60) else 2.6
        actions = max(1, self.items - counts['items']) / left / rate * weight
        for _ in range(int(actions + w.rng.random())):
            self.at_some_time(self.act)
        written = (counts['events'] - self.made) / max(1, number) if number else 0
        wanted = max(0, (self.events - counts['events']) / left - written) * weight
        while wanted > 0:
            size = min(int(wanted) + 1, w.rng.randint(4, 60))
            wanted -= size
            self.at_some_time(self.noise, size)
        for acct in w.accounts:
            self.at_some_time(noise.sign_in, w, acct, w.rng.choice(('frank', 'alice-user')))
            if number % 7 == 1:
                w.at(w.now + 3 * HOUR, data.automated_snapshots, w, acct, '%05d' % (w.now // DAY))
            if number % 7 == 3:
                w.at(w.now + 20 * MINUTE, w.sink.snapshot, w, acct)
            for region in acct.regions:
                if w.rng.random() < 0.5:
                    self.at_some_time(self.flutter, acct, region)
        if w.now // DAY == self.schema_day:
            self.at_some_time(self.new_schema)
        if w.rng.random() < 0.4:
            self.at_some_time(self.by_itself)

    def at_some_time(self, thing, *args):
        """Mostly between seven and six; now and then at night."""
        rng = self.w.rng
        hour = rng.triangular(6, 20, 11) if rng.random() < 0.85 else rng.uniform(0, 24)
        self.w.at(self.w.now + int(hour * HOUR), thing, *args)

    def account(self):
        accounts = self.w.accounts
        return self.w.rng.choices(accounts, [6] + [1] * (len(accounts) - 1))[0]

    def actor(self, acct):
        names = ('alice', 'bob', 'dave', 'erin', 'ci', 'carol', 'frank')
        return acct.people[self.w.rng.choices(names, (3, 3, 4, 2, 5, 2, 2))[0]]

    def act(self):
        w = self.w
        acct = self.account()
        region = w.rng.choices(acct.regions, [4] + [1] * (len(acct.regions) - 1))[0]
        action = w.rng.choices([a for a, _ in ACTIONS], [s for _, s in ACTIONS])[0]
        w.counts['actions'] += 1
        who = self.actor(acct)
        if w.rng.random() < 0.2:
            noise.refused(w, self.actor(acct), acct, region)
        if w.rng.random() < 0.12:
            noise.make_of(w, self.actor(acct), acct, region)
        w.begin(action(w, who, acct, region))
        if w.rng.random() < 0.12:
            # Somebody else works on the same kind of thing within the minute.
            other = self.actor(acct)
            w.at(w.now + w.rng.randint(3, 50) * SECOND, w.begin, action(w, other, acct, region))
        if w.rng.random() < 0.08:
            w.begin(self.pair(acct, region))

    def pair(self, acct, region):
        """Two people tag one thing within a minute."""
        w = self.w
        pool = acct.pool(region, w.rng.choice((ec2.SG, ec2.INSTANCE, ec2.VOLUME)))
        if not pool:
            return
        res = w.rng.choice(pool)
        first, second = w.rng.sample(('bob', 'dave', 'ci', 'frank'), 2)
        if w.rng.random() < 0.5:
            noise.throttled(w, acct.people[first], acct, res)
            yield w.rng.uniform(0, 3)
        if not res.alive:
            return
        ec2.create_tags(w, acct.people[first], acct, [res], {'owner': w.rng.hex(4)})
        yield w.rng.uniform(0, 40)
        if res.alive:
            ec2.create_tags(w, acct.people[second], acct, [res], {'ticket': 'OPS-%d' % w.rng.randint(1, 999)})

    def noise(self, size):
        w = self.w
        counts = w.counts
        share = counts['reads'] / max(1, counts['events'])
        before = counts['events']
        noise.burst(w, self.account(), size, min(1, max(0, self.share + 4 * (self.share - share))),
                    self.probe)
        self.made += counts['events'] - before

    def flutter(self, acct, region):
        self.w.begin(data.flutter(self.w, acct, region))

    def new_schema(self):
        """AWS adds a member to every volume's description: items without anybody's doing."""
        w = self.w
        for res in list(w.resources.values()):
            if res.type == ec2.VOLUME and res.alive:
                res.c['sseType'] = 'sse-ebs' if res.c['encrypted'] else 'none'
                w.change(None, res, 'own', w.rng.randint(1, 240) * MINUTE, 'schema')

    def by_itself(self):
        """AWS changes something of its own accord: a minor version, a task count."""
        w = self.w
        acct = self.account()
        region = w.rng.choice(acct.regions)
        db = compute.pick(w, acct, region, data.DB)
        service = compute.pick(w, acct, region, compute.SERVICE)
        if db is not None and w.rng.random() < 0.5:
            major, minor = db.c['engineVersion'].split('.')
            db.c['engineVersion'] = '%s.%d' % (major, int(minor) + 1)
            w.change(None, db, 'own', note='maintenance')
        elif service is not None:
            service.c['RunningCount'] = w.rng.randint(0, 9)
            w.change(None, service, 'own', note='aws')


def play(world, accounts_wanted, regions, items, events, share):
    """Sets the world up and lets it run to its end; returns the plot's steps."""
    w = world
    accounts(w, accounts_wanted, regions)
    w.after_item, w.racer = compliance, racer
    w.recorded_from = w.start + 10 * MINUTE
    w.now = w.start - 200 * DAY
    for number, acct in enumerate(w.accounts):
        staff(w, acct)
        furnish(w, acct, number == 0)
        w.sink.writability(acct)
    story = plot.Plot(w, w.accounts[0])
    story.furnish()
    w.now = w.start
    for res in list(w.resources.values()):
        w.baseline(res)
    days = Days(w, items, events, share)
    days.found = sum(len(a.regions) if r.region == 'global' else 1
                     for r in w.resources.values() for a in w.accounts if a.id == r.account)
    days.probe = story.probe()
    days.begin(max(1, (w.end - w.start) // DAY))
    story.begin()
    outage.plan(w)
    w.sink.silent = w.silent
    w.run()
    return story
