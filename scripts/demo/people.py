# SPDX-License-Identifier: Apache-2.0
"""Who makes calls: users, single sign-on, roles over roles, a pipeline, services, machines.

An actor answers `identity(world, when)`: the record's userIdentity, the address, the client, the
person behind it (as the truth names them: `user/alice`, `sso/bob@example.com`, `ci/…`,
`service/…`, `machine/i-…`, `unknown/ADDRESS`) and whether the console was used. An actor that works
through a role opens its session with an AssumeRole record of its own first.
"""

from .ids import HOUR, MINUTE, iso_s, java

TERRAFORM = ('APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) '
             'terraform-provider-aws/5.38.0 (+https://registry.terraform.io/providers/hashicorp/aws)')
CLI = ('aws-cli/2.15.24 Python/3.11.6 Linux/5.10.205 exe/x86_64.amzn.2 prompt/off '
       'command/%s')
BOTO = 'Boto3/1.34.49 md/Botocore#1.34.49 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.2'
CONSOLE = ('Mozilla/5.0 (X11; Linux x86_64; rv:122.0) Gecko/20100101 Firefox/122.0',
           'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) '
           'Chrome/121.0.0.0 Safari/537.36')


class Actor:
    """What the actors have in common."""
    console = False

    def __init__(self, account, person, address, agent):
        self.account, self.person, self.address, self.agent = account, person, address, agent


class User(Actor):
    """An IAM user with a long-lived key."""

    def __init__(self, account, user, key, address, agent):
        super().__init__(account, 'user/' + user.name, address, agent)
        self.user, self.key = user, key

    def identity(self, world, when):
        return ({'type': 'IAMUser', 'principalId': self.user.id, 'arn': self.user.arn,
                 'accountId': self.account.id, 'accessKeyId': self.key,
                 'userName': self.user.name}, self.address, self.agent, self.person, False)


class Root(Actor):
    def identity(self, world, when):
        return ({'type': 'Root', 'principalId': self.account.id,
                 'arn': 'arn:aws:iam::%s:root' % self.account.id, 'accountId': self.account.id},
                self.address, self.agent, self.person, True)


class Session(Actor):
    """Whoever acts through a role: the base of all that have an AROA… in their identity."""
    session_hours = 1

    def __init__(self, account, role, session, person, address, agent, console=False):
        super().__init__(account, person, address, agent)
        self.role, self.session, self.console = role, session, console
        self.opened, self.until, self.key = 0, 0, None

    @property
    def arn(self):
        return 'arn:aws:sts::%s:assumed-role/%s/%s' % (self.account.id, self.role.name, self.session)

    def open(self, world, when):
        """Makes the record that opens the session; returns its event and the key handed out."""
        raise NotImplementedError

    def answer(self, world, when, key):
        return {'credentials': {'accessKeyId': key, 'sessionToken': 'IQoJb3JpZ2luX2Vj' + world.rng.word(64),
                                'expiration': java(when + self.session_hours * HOUR)},
                'assumedRoleUser': {'assumedRoleId': '%s:%s' % (self.role.id, self.session),
                                    'arn': self.arn}}

    def role_resources(self):
        return [{'accountId': self.account.id, 'type': 'AWS::IAM::Role', 'ARN': self.role.arn}]

    def refresh(self, world, when):
        if when < self.until:
            return
        self.key = world.rng.unique('ASIA')
        event = self.open(world, when)
        self.opened, self.until = when, when + self.session_hours * HOUR - 5 * MINUTE
        via = self.via(event)
        if event.heard:
            world.sink.truth({'person': {'session': self.arn, 'accessKeyId': self.key,
                                         'who': self.person, 'via': via, 'from': iso_s(when)}})

    def via(self, event):
        self.opening = [event.id] if event else []
        return self.opening

    def context(self):
        return {'sessionIssuer': {'type': 'Role', 'principalId': self.role.id, 'arn': self.role.arn,
                                  'accountId': self.account.id, 'userName': self.role.name},
                'webIdFederationData': {},
                'attributes': {'creationDate': iso_s(self.opened), 'mfaAuthenticated': 'false'}}

    def identity(self, world, when):
        self.refresh(world, when)
        return ({'type': 'AssumedRole', 'principalId': '%s:%s' % (self.role.id, self.session),
                 'arn': self.arn, 'accountId': self.account.id, 'accessKeyId': self.key,
                 'sessionContext': self.context()}, self.address, self.agent, self.person, self.console)


class Assumed(Session):
    """A user, or another role session, that takes on a role: chains of any length."""

    def __init__(self, base, role, session, agent=None):
        super().__init__(base.account, role, session, base.person, base.address, agent or base.agent)
        self.base = base

    def open(self, world, when):
        return world.call(self.base, self.account, 'us-east-1', 'sts', 'AssumeRole',
                          {'roleArn': self.role.arn, 'roleSessionName': self.session,
                           'durationSeconds': 3600}, self.answer(world, when, self.key),
                          at=when, read=True, resources=self.role_resources())

    def via(self, event):
        self.opening = getattr(self.base, 'opening', []) + [event.id]
        return self.opening


class Sso(Session):
    """Single sign-on: the session's name is the human, the role an AWSReservedSSO_ one."""
    session_hours = 8

    def open(self, world, when):
        provider = 'arn:aws:iam::%s:saml-provider/AWSSSO_0d1c2b3a4e5f6071_DO_NOT_DELETE' % self.account.id
        gate = Gate({'type': 'SAMLUser', 'principalId': 'mZ0kq2:' + self.session,
                     'userName': self.session, 'identityProvider': 'mZ0kq2'},
                    self.address, 'AWS Internal', self.person)
        return world.call(gate, self.account, 'us-east-1', 'sts', 'AssumeRoleWithSAML',
                          {'sAMLAssertionID': '_' + world.rng.uuid(), 'roleSessionName': self.session,
                           'durationSeconds': 28800, 'roleArn': self.role.arn,
                           'principalArn': provider}, self.answer(world, when, self.key), at=when,
                          read=True, resources=self.role_resources())

    def context(self):
        out = super().context()
        out['attributes']['mfaAuthenticated'] = 'true'
        return out


class Pipeline(Session):
    """A role taken on by web identity."""
    subject = 'repo:acme/infrastructure:ref:refs/heads/main'

    def open(self, world, when):
        provider = 'arn:aws:iam::%s:oidc-provider/token.actions.githubusercontent.com' % self.account.id
        gate = Gate({'type': 'WebIdentityUser', 'userName': self.subject, 'identityProvider': provider,
                     'principalId': '%s:sts.amazonaws.com:%s' % (provider, self.subject)},
                    self.address, self.agent, self.person)
        resp = self.answer(world, when, self.key)
        resp.update(subjectFromWebIdentityToken=self.subject, provider=provider,
                    audience='sts.amazonaws.com')
        return world.call(gate, self.account, 'us-east-1', 'sts', 'AssumeRoleWithWebIdentity',
                          {'roleArn': self.role.arn, 'roleSessionName': self.session,
                           'durationSeconds': 3600}, resp, at=when, read=True,
                          resources=self.role_resources())

    def context(self):
        out = super().context()
        out['webIdFederationData'] = {
            'federatedProvider': 'arn:aws:iam::%s:oidc-provider/token.actions.githubusercontent.com'
                                 % self.account.id, 'attributes': {}}
        return out


class Machine(Session):
    """An instance's role: the session's name is the instance."""
    session_hours = 6

    def open(self, world, when):
        gate = Gate({'type': 'AWSService', 'invokedBy': 'ec2.amazonaws.com'}, 'ec2.amazonaws.com',
                    'ec2.amazonaws.com', 'service/ec2.amazonaws.com')
        return world.call(gate, self.account, 'us-east-1', 'sts', 'AssumeRole',
                          {'roleArn': self.role.arn, 'roleSessionName': self.session},
                          self.answer(world, when, self.key), at=when, read=True,
                          resources=self.role_resources())

    def context(self):
        return {**super().context(), 'ec2RoleDelivery': '2.0'}


class Stolen(Actor):
    """A machine's credentials in somebody else's hands: the same session, another address."""

    def __init__(self, machine, address):
        super().__init__(machine.account, 'unknown/' + address, address, 'python-requests/2.31.0')
        self.machine = machine

    def identity(self, world, when):
        record = self.machine.identity(world, when)[0]
        return record, self.address, self.agent, self.person, False


class Service(Actor):
    """A service that acts through its service-linked role."""

    def __init__(self, account, service, role, session):
        host = service + '.amazonaws.com'
        super().__init__(account, 'service/' + host, host, host)
        self.role, self.session = role, session

    def identity(self, world, when):
        return ({'type': 'AssumedRole', 'principalId': '%s:%s' % (self.role.id, self.session),
                 'arn': 'arn:aws:sts::%s:assumed-role/%s/%s' % (self.account.id, self.role.name,
                                                                self.session),
                 'accountId': self.account.id,
                 'sessionContext': {
                     'sessionIssuer': {'type': 'Role', 'principalId': self.role.id,
                                       'arn': self.role.arn, 'accountId': self.account.id,
                                       'userName': self.role.name},
                     'webIdFederationData': {},
                     'attributes': {'creationDate': iso_s(when - 9 * MINUTE),
                                    'mfaAuthenticated': 'false'}},
                 'invokedBy': self.address}, self.address, self.agent, self.person, False)


class Gate(Actor):
    """An identity that is written as it stands: federated sign-ins, bare services, strangers."""

    def __init__(self, record, address, agent, person):
        super().__init__(None, person, address, agent)
        self.record = record

    def identity(self, world, when):
        return self.record, self.address, self.agent, self.person, False


class Forwarded(Actor):
    """A service that calls on with the caller's own identity (CloudFormation)."""

    def __init__(self, base, service):
        host = service + '.amazonaws.com'
        super().__init__(base.account, base.person, host, host)
        self.base = base

    def identity(self, world, when):
        record = dict(self.base.identity(world, when)[0])
        record['invokedBy'] = self.address
        return record, self.address, self.agent, self.person, False


def bare_service(service):
    host = service + '.amazonaws.com'
    return Gate({'type': 'AWSService', 'invokedBy': host}, host, host, 'service/' + host)


def stranger(address, account='999988887777'):
    return Gate({'type': 'AWSAccount', 'principalId': 'AIDAQQQQQQQQQQQQQQQQQ', 'accountId': account},
                address, 'python-requests/2.31.0', 'unknown/' + address)
