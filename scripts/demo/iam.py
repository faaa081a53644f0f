# SPDX-License-Identifier: Apache-2.0
"""IAM: calls name things by name, Config knows them as AROA…, AIDA…, AGPA…, ANPA…, AIPA….

A role deleted and made again under its name is another resource. Access keys and passwords are not
in the recorded configuration: such calls are activities.
"""

from urllib.parse import quote

from .ids import iso_000, java
from .world import dumps

ROLE, USER, GROUP, POLICY, PROFILE = ('AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Group',
                                      'AWS::IAM::Policy', 'AWS::IAM::InstanceProfile')
MANAGED = ('AmazonSSMManagedInstanceCore', 'CloudWatchAgentServerPolicy', 'ReadOnlyAccess',
           'AmazonS3ReadOnlyAccess', 'AWSXRayDaemonWriteAccess', 'SecurityAudit')


def arn(acct, kind, name, path='/'):
    return 'arn:aws:iam::%s:%s%s%s' % (acct.id, kind, path, name)


def trust(principal):
    return {'Version': '2012-10-17', 'Statement': [
        {'Effect': 'Allow', 'Principal': principal, 'Action': 'sts:AssumeRole'}]}


def allow(actions, resource):
    return {'Version': '2012-10-17', 'Statement': [
        {'Effect': 'Allow', 'Action': actions, 'Resource': resource}]}


def encoded(document):
    """As Config and the answers hold a policy: URL-encoded JSON."""
    return quote(dumps(document), safe='')


def make_role(w, acct, name, document, path='/', tags=None, reserved=False):
    role = w.new(acct, 'global', ROLE, w.rng.unique('AROA'), name, arn(acct, 'role', name, path), tags,
                 'tags', reserved=reserved)
    role.c = {'path': path, 'roleName': name, 'roleId': role.id, 'arn': role.arn,
              'createDate': iso_000(w.now), 'assumeRolePolicyDocument': encoded(document),
              'instanceProfileList': [], 'rolePolicyList': [], 'attachedManagedPolicies': [],
              'permissionsBoundary': None, 'roleLastUsed': None}
    return role


def make_user(w, acct, name, tags=None, reserved=False):
    user = w.new(acct, 'global', USER, w.rng.unique('AIDA'), name, arn(acct, 'user', name), tags,
                 'tags', reserved=reserved)
    user.c = {'path': '/', 'userName': name, 'userId': user.id, 'arn': user.arn,
              'createDate': iso_000(w.now), 'userPolicyList': [], 'groupList': [],
              'attachedManagedPolicies': [], 'permissionsBoundary': None}
    return user


def make_group(w, acct, name):
    group = w.new(acct, 'global', GROUP, w.rng.unique('AGPA'), name, arn(acct, 'group', name))
    group.c = {'path': '/', 'groupName': name, 'groupId': group.id, 'arn': group.arn,
               'createDate': iso_000(w.now), 'groupPolicyList': [], 'attachedManagedPolicies': []}
    return group


def make_policy(w, acct, name, document):
    policy = w.new(acct, 'global', POLICY, w.rng.unique('ANPA'), name, arn(acct, 'policy', name))
    policy.c = {'policyName': name, 'policyId': policy.id, 'arn': policy.arn, 'path': '/',
                'defaultVersionId': 'v1', 'attachmentCount': 0, 'permissionsBoundaryUsageCount': 0,
                'isAttachable': True, 'description': None, 'createDate': iso_000(w.now),
                'updateDate': iso_000(w.now),
                'policyVersionList': [version(w, document, 1)]}
    policy.memo['next'] = 2
    return policy


def version(w, document, number):
    return {'document': encoded(document), 'versionId': 'v%d' % number, 'isDefaultVersion': True,
            'createDate': iso_000(w.now)}


def make_profile(w, acct, name):
    profile = w.new(acct, 'global', PROFILE, w.rng.unique('AIPA'), name,
                    arn(acct, 'instance-profile', name))
    profile.c = {'path': '/', 'instanceProfileName': name, 'instanceProfileId': profile.id,
                 'arn': profile.arn, 'createDate': iso_000(w.now), 'roles': []}
    return profile


def call(w, who, acct, name, req, resp=None, **more):
    """IAM is global: its records say us-east-1."""
    return w.call(who, acct, 'us-east-1', 'iam', name, req, resp, **more)


def simple(w, who, acct, name, req, resources, mutate=None, resp=None, kill=False, **more):
    event = call(w, who, acct, name, req, resp, **more)
    if mutate is not None:
        mutate()
    if kill:
        w.kill(acct, resources[0])
    for res in resources:
        w.change(event, res)
    return event


def create_role(w, who, acct, name, document, **more):
    role = make_role(w, acct, name, document, **more)
    simple(w, who, acct, 'CreateRole', {
        'path': '/', 'roleName': name, 'assumeRolePolicyDocument': dumps(document),
        'maxSessionDuration': 3600}, [role], None, {'role': {
            'path': '/', 'roleName': name, 'roleId': role.id, 'arn': role.arn,
            'createDate': java(w.now), 'assumeRolePolicyDocument': encoded(document)}})
    return role


def attach(w, who, acct, kind, target, policy, detach=False):
    """Attach…Policy; `policy` is a customer's policy or the name of one of AWS's.

    It changes the target, and a customer's policy counts its attachments: both. What is attached
    already is attached again without error or effect.
    """
    own = not isinstance(policy, str)
    policy_arn = policy.arn if own else 'arn:aws:iam::aws:policy/' + policy
    one = {'policyArn': policy_arn, 'policyName': policy.name if own else policy}
    have = target.c['attachedManagedPolicies']
    def mutate():
        if detach:
            have.remove(one)
        elif one not in have:
            have.append(one)
        else:
            return
        if own:
            policy.c['attachmentCount'] += -1 if detach else 1
            if detach:
                policy.unrelate(target.type, target.id)
                target.unrelate(POLICY, policy.id)
            else:
                policy.relate(target.type, target.id, 'Is attached to ' + kind, target.name)
                target.relate(POLICY, policy.id, 'Is attached to CustomerManagedPolicy', policy.name)
    return simple(w, who, acct, ('Detach' if detach else 'Attach') + kind + 'Policy',
                  {kind.lower() + 'Name': target.name, 'policyArn': policy_arn},
                  [target, policy] if own else [target], mutate)


def by_name(w, acct, rtype, name):
    return next((r for r in acct.pool('global', rtype) if r.name == name), None)


# --- undertakings ---

def pick(w, acct, rtype, test=lambda res: True):
    found = [res for res in acct.pool('global', rtype) if test(res)]
    return w.rng.choice(found) if found else None


def role_policies(w, who, acct, region):
    """Attach, attach again, detach; a customer's policy or one of AWS's."""
    role = pick(w, acct, ROLE)
    if role is None:
        return
    policy = pick(w, acct, POLICY) if w.rng.random() < 0.6 else w.rng.choice(MANAGED)
    if policy is None:
        return
    if w.rng.random() < 0.3:
        event = call(w, who, acct, 'AttachRolePolicy', {
            'roleName': role.name, 'policyArn': getattr(policy, 'arn', 'arn:aws:iam::aws:policy/x')},
            None, err='AccessDenied', msg='User is not authorized to perform: iam:AttachRolePolicy on '
            'resource: role ' + role.name)
        w.attempt(event, role, 'AccessDenied')
        if not isinstance(policy, str):
            w.attempt(event, policy, 'AccessDenied')
        yield w.rng.uniform(5, 300)
        if not role.alive or getattr(policy, 'alive', True) is False:
            return
    name = getattr(policy, 'name', policy)
    attached = any(one['policyName'] == name for one in role.c['attachedManagedPolicies'])
    attach(w, who, acct, 'Role', role, policy, detach=attached and w.rng.random() < 0.7)
    if w.rng.random() < 0.3:
        yield w.rng.choice((1, 10))
        if role.alive and getattr(policy, 'alive', True):
            attach(w, who, acct, 'Role', role, policy)


def role_inline(w, who, acct, region):
    """An inline policy that names other resources without changing them."""
    role = pick(w, acct, ROLE)
    if role is None:
        return
    have = role.c['rolePolicyList']
    name = w.rng.choice(('access', 'logs', 'queue'))
    old = next((p for p in have if p['policyName'] == name), None)
    if old is not None and w.rng.random() < 0.4:
        simple(w, who, acct, 'DeleteRolePolicy', {'roleName': role.name, 'policyName': name}, [role],
               lambda: have.remove(old))
        return
    buckets = [b for r in acct.regions for b in acct.pool(r, 'AWS::S3::Bucket')]
    target = w.rng.choice(buckets).arn + '/*' if buckets else '*'
    w.trap('names a resource without changing it')
    document = allow(['s3:GetObject', 's3:' + w.rng.choice(('PutObject', 'ListBucket'))], target)
    one = {'policyName': name, 'policyDocument': encoded(document)}
    def mutate():
        if old is not None:
            have.remove(old)
        have.append(one)
    simple(w, who, acct, 'PutRolePolicy', {'roleName': role.name, 'policyName': name,
                                           'policyDocument': dumps(document)}, [role], mutate)
    yield 0


def role_trust(w, who, acct, region):
    role = pick(w, acct, ROLE)
    if role is None:
        return
    document = trust({'Service': w.rng.choice(('ec2.amazonaws.com', 'lambda.amazonaws.com',
                                               'ecs-tasks.amazonaws.com'))})
    simple(w, who, acct, 'UpdateAssumeRolePolicy', {
        'roleName': role.name, 'policyDocument': dumps(document)}, [role],
        lambda: role.c.update(assumeRolePolicyDocument=encoded(document)))
    yield 0


def role_tags(w, who, acct, region):
    role = pick(w, acct, ROLE)
    if role is None:
        return
    tag = {'team': w.rng.choice(('data', 'web', 'payments'))}
    simple(w, who, acct, 'TagRole', {'roleName': role.name, 'tags': [
        {'key': k, 'value': v} for k, v in tag.items()]}, [role], lambda: role.tags.update(tag))
    yield 0


def role_life(w, who, acct, region):
    """A role, its policy and its profile; and at times the role is made anew under its old name."""
    name = 'app-%s' % w.rng.choice(('reports', 'import', 'thumbs', 'mailer', 'audit', 'sync'))
    role = by_name(w, acct, ROLE, name)
    if role is None:
        role = create_role(w, who, acct, name, trust({'Service': 'ec2.amazonaws.com'}))
        yield 0.6
        attach(w, who, acct, 'Role', role, w.rng.choice(MANAGED))
        if w.rng.random() < 0.5:
            yield 0.5
            yield from profile_for(w, who, acct, role)
        return
    yield from delete_role(w, who, acct, role)
    if w.rng.random() < 0.7:
        yield w.rng.choice((2, 60, 3000))
        if by_name(w, acct, ROLE, name) is None:
            w.trap('a name used again')
            create_role(w, who, acct, name, trust({'Service': 'lambda.amazonaws.com'}))


def profile_for(w, who, acct, role):
    """AddRoleToInstanceProfile changes both."""
    profile = by_name(w, acct, PROFILE, role.name)
    if profile is None:
        profile = make_profile(w, acct, role.name)
        simple(w, who, acct, 'CreateInstanceProfile', {'instanceProfileName': role.name, 'path': '/'},
               [profile], None, {'instanceProfile': {
                   'path': '/', 'instanceProfileName': role.name, 'instanceProfileId': profile.id,
                   'arn': profile.arn, 'createDate': java(w.now), 'roles': []}})
        yield 0.7
    if not role.alive or profile.c['roles']:
        return
    def mutate():
        profile.c['roles'].append({key: role.c[key] for key in ('path', 'roleName', 'roleId', 'arn')})
        role.c['instanceProfileList'].append({'instanceProfileName': profile.name, 'arn': profile.arn,
                                              'instanceProfileId': profile.id})
    simple(w, who, acct, 'AddRoleToInstanceProfile', {
        'instanceProfileName': profile.name, 'roleName': role.name}, [profile, role], mutate)


def delete_role(w, who, acct, role):
    """Everything hanging on it goes first, then the role."""
    for profile in [p for p in acct.pool('global', PROFILE)
                    if any(r['roleId'] == role.id for r in p.c['roles'])]:
        def remove(profile=profile):
            profile.c['roles'] = []
            role.c['instanceProfileList'] = []
        simple(w, who, acct, 'RemoveRoleFromInstanceProfile', {
            'instanceProfileName': profile.name, 'roleName': role.name}, [profile, role], remove)
        yield 0.3
        simple(w, who, acct, 'DeleteInstanceProfile', {'instanceProfileName': profile.name}, [profile],
               kill=True)
        yield 0.3
    for one in list(role.c['attachedManagedPolicies']):
        policy = by_name(w, acct, POLICY, one['policyName'])
        if policy is not None and policy.arn == one['policyArn']:
            attach(w, who, acct, 'Role', role, policy, detach=True)
        elif '::aws:' in one['policyArn']:
            attach(w, who, acct, 'Role', role, one['policyName'], detach=True)
        else:
            continue
        yield 0.3
    if role.alive:
        simple(w, who, acct, 'DeleteRole', {'roleName': role.name}, [role], kill=True)


def policy_life(w, who, acct, region):
    policy = pick(w, acct, POLICY)
    document = allow(['sqs:SendMessage', 'sns:Publish'], 'arn:aws:sns:*:%s:%s' % (
        acct.id, w.rng.choice(('orders', 'alerts', 'events-' + w.rng.hex(2)))))
    if policy is None or w.rng.random() < 0.3:
        name = 'allow-' + w.rng.hex(5)
        policy = make_policy(w, acct, name, document)
        simple(w, who, acct, 'CreatePolicy', {'policyName': name, 'path': '/',
                                              'policyDocument': dumps(document)}, [policy], None,
               {'policy': {'policyName': name, 'policyId': policy.id, 'arn': policy.arn, 'path': '/',
                           'defaultVersionId': 'v1', 'attachmentCount': 0, 'isAttachable': True,
                           'createDate': java(w.now), 'updateDate': java(w.now)}})
        return
    if policy.c['attachmentCount'] == 0 and w.rng.random() < 0.3:
        simple(w, who, acct, 'DeletePolicy', {'policyArn': policy.arn}, [policy], kill=True)
        return
    number = policy.memo['next']
    policy.memo['next'] += 1
    versions = policy.c['policyVersionList']
    if len(versions) >= 4:
        oldest = versions[0]
        simple(w, who, acct, 'DeletePolicyVersion', {
            'policyArn': policy.arn, 'versionId': oldest['versionId']}, [policy],
            lambda: versions.remove(oldest))
        yield 0.5
    if not policy.alive:
        return
    def mutate():
        for one in versions:
            one['isDefaultVersion'] = False
        versions.append(version(w, document, number))
        policy.c.update(defaultVersionId='v%d' % number, updateDate=iso_000(w.now))
    simple(w, who, acct, 'CreatePolicyVersion', {
        'policyArn': policy.arn, 'policyDocument': dumps(document), 'setAsDefault': True}, [policy],
        mutate, {'policyVersion': {'versionId': 'v%d' % number, 'isDefaultVersion': True,
                                   'createDate': java(w.now)}})


def user_life(w, who, acct, region):
    """Users come, join and leave groups, get keys and policies, and go."""
    user = pick(w, acct, USER)
    if user is None or w.rng.random() < 0.15:
        name = 'svc-' + w.rng.hex(4)
        user = make_user(w, acct, name)
        simple(w, who, acct, 'CreateUser', {'userName': name}, [user], None, {'user': {
            'path': '/', 'userName': name, 'userId': user.id, 'arn': user.arn,
            'createDate': java(w.now)}})
        yield 0.8
    roll = w.rng.random()
    if not user.alive:
        return
    if roll < 0.35:
        key = w.rng.unique('AKIA')
        simple(w, who, acct, 'CreateAccessKey', {'userName': user.name}, [user], None, {'accessKey': {
            'accessKeyId': key, 'status': 'Active', 'userName': user.name, 'createDate': java(w.now)}})
    elif roll < 0.6:
        attached = [p['policyName'] for p in user.c['attachedManagedPolicies']]
        name = w.rng.choice(MANAGED)
        attach(w, who, acct, 'User', user, name, detach=name in attached)
    elif roll < 0.85:
        yield from membership(w, who, acct, user)
    elif not user.c['groupList'] and not user.c['attachedManagedPolicies']:
        simple(w, who, acct, 'DeleteUser', {'userName': user.name}, [user], kill=True)


def membership(w, who, acct, user):
    """AddUserToGroup and RemoveUserFromGroup change both, the group in its relationships only."""
    group = pick(w, acct, GROUP)
    if group is None:
        group = make_group(w, acct, w.rng.choice(('developers', 'operators', 'auditors')))
        simple(w, who, acct, 'CreateGroup', {'groupName': group.name, 'path': '/'}, [group], None,
               {'group': {'path': '/', 'groupName': group.name, 'groupId': group.id, 'arn': group.arn,
                          'createDate': java(w.now)}})
        yield 1
    if not user.alive:
        return
    inside = group.name in user.c['groupList']
    def mutate():
        if inside:
            user.c['groupList'].remove(group.name)
            user.unrelate(GROUP, group.id)
            group.unrelate(USER, user.id)
        else:
            user.c['groupList'].append(group.name)
            user.relate(GROUP, group.id, 'Is attached to Group', group.name)
            group.relate(USER, user.id, 'Contains User', user.name)
    simple(w, who, acct, 'RemoveUserFromGroup' if inside else 'AddUserToGroup',
           {'userName': user.name, 'groupName': group.name}, [user, group], mutate)


ACTIONS = ((role_policies, 5), (role_inline, 4), (role_trust, 1.5), (role_tags, 1.5), (role_life, 3),
           (policy_life, 3), (user_life, 3))
