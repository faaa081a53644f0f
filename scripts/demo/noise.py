# SPDX-License-Identifier: Apache-2.0
"""All the other records: reads that name resources, and writes to what Config does not record.

They come in bursts, as a console page, a script or a scanner makes them. Three records in four of
a real trail are such reads.
"""

from . import people
from .ids import SECOND

# (source, name, type of the resource named or None, how the request names it)
READS = (
    ('ec2', 'DescribeInstances', 'AWS::EC2::Instance',
     lambda r: {'instancesSet': {'items': [{'instanceId': r.id}]}, 'filterSet': {}}),
    ('ec2', 'DescribeInstances', None, lambda r: {'maxResults': 1000, 'instancesSet': {}, 'filterSet': {}}),
    ('ec2', 'DescribeSecurityGroups', 'AWS::EC2::SecurityGroup',
     lambda r: {'securityGroupSet': {}, 'securityGroupIdSet': {'items': [{'groupId': r.id}]},
                'filterSet': {}}),
    ('ec2', 'DescribeSubnets', 'AWS::EC2::Subnet',
     lambda r: {'subnetSet': {'items': [{'subnetId': r.id}]}, 'filterSet': {}}),
    ('ec2', 'DescribeRouteTables', 'AWS::EC2::RouteTable',
     lambda r: {'routeTableIdSet': {'items': [{'routeTableId': r.id}]}, 'filterSet': {}}),
    ('ec2', 'DescribeVolumes', 'AWS::EC2::Volume',
     lambda r: {'volumeSet': {'items': [{'volumeId': r.id}]}, 'filterSet': {}}),
    ('ec2', 'DescribeAccountAttributes', None,
     lambda r: {'accountAttributeNameSet': {}, 'filterSet': {}}),
    ('ec2', 'DescribeVpcAttribute', 'AWS::EC2::VPC', lambda r: {'vpcId': r.id}),
    ('s3', 'GetBucketPolicy', 'AWS::S3::Bucket', lambda r: {'bucketName': r.id, 'policy': ''}),
    ('s3', 'GetBucketAcl', 'AWS::S3::Bucket', lambda r: {'bucketName': r.id, 'acl': ''}),
    ('s3', 'GetBucketPublicAccessBlock', 'AWS::S3::Bucket',
     lambda r: {'bucketName': r.id, 'publicAccessBlock': ''}),
    ('s3', 'ListBuckets', None, lambda r: {'Host': 's3.amazonaws.com'}),
    ('iam', 'GetRole', 'AWS::IAM::Role', lambda r: {'roleName': r.name}),
    ('iam', 'ListAttachedRolePolicies', 'AWS::IAM::Role', lambda r: {'roleName': r.name}),
    ('iam', 'ListAccessKeys', 'AWS::IAM::User', lambda r: {'userName': r.name}),
    ('iam', 'GetPolicyVersion', 'AWS::IAM::Policy', lambda r: {'policyArn': r.arn, 'versionId': 'v1'}),
    ('lambda', 'GetFunction20150331v2', 'AWS::Lambda::Function', lambda r: {'functionName': r.id}),
    ('lambda', 'ListFunctions20150331', None, lambda r: {'maxItems': 50}),
    ('rds', 'DescribeDBInstances', 'AWS::RDS::DBInstance', lambda r: {'dBInstanceIdentifier': r.name}),
    ('rds', 'DescribeDBSnapshots', None, lambda r: {'includeShared': False, 'includePublic': False}),
    ('dynamodb', 'DescribeTable', 'AWS::DynamoDB::Table', lambda r: {'tableName': r.id}),
    ('kms', 'DescribeKey', 'AWS::KMS::Key', lambda r: {'keyId': r.id}),
    ('kms', 'Decrypt', 'AWS::KMS::Key', lambda r: {'keyId': r.arn, 'encryptionContext': {}}),
    ('secretsmanager', 'GetSecretValue', 'AWS::SecretsManager::Secret', lambda r: {'secretId': r.id}),
    ('sns', 'GetTopicAttributes', 'AWS::SNS::Topic', lambda r: {'topicArn': r.id}),
    ('sqs', 'GetQueueAttributes', 'AWS::SQS::Queue',
     lambda r: {'queueUrl': r.id, 'attributeNames': ['All']}),
    ('monitoring', 'DescribeAlarms', None, lambda r: {'maxRecords': 100}),
    ('cloudtrail', 'DescribeTrails', None, lambda r: {'trailNameList': []}),
    ('cloudtrail', 'LookupEvents', None, lambda r: {'maxResults': 50}),
    ('sts', 'GetCallerIdentity', None, lambda r: None),
    ('autoscaling', 'DescribeAutoScalingGroups', None, lambda r: {'maxRecords': 100}),
    ('elasticloadbalancing', 'DescribeLoadBalancers', None, lambda r: {'pageSize': 100}),
    ('cloudformation', 'ListStacks', None, lambda r: {'stackStatusFilter': []}),
    ('ecs', 'DescribeServices', 'AWS::ECS::Service',
     lambda r: {'cluster': 'main', 'services': [r.name]}),
)

NOT_THERE = {'GetBucketPolicy': ('NoSuchBucketPolicy', 'The bucket policy does not exist'),
             'GetBucketPublicAccessBlock': ('NoSuchPublicAccessBlockConfiguration',
                                            'The public access block configuration was not found')}

WRITES = (
    ('ssm', 'UpdateInstanceInformation', lambda w, a: {
        'instanceId': w.rng.ec2('i'), 'agentVersion': '3.2.2303.0', 'agentStatus': 'Active',
        'platformType': 'Linux', 'platformName': 'Amazon Linux', 'platformVersion': '2023'}),
    ('ssm', 'PutParameter', lambda w, a: {
        'name': '/app/%s/%s' % (a.alias, w.rng.hex(3)), 'type': 'String', 'overwrite': True,
        'value': 'HIDDEN_DUE_TO_SECURITY_REASONS'}),
    ('logs', 'CreateLogStream', lambda w, a: {
        'logGroupName': '/aws/lambda/orders', 'logStreamName': '2024/[$LATEST]' + w.rng.hex(32)}),
    ('config', 'PutEvaluations', lambda w, a: {
        'evaluations': [{'complianceType': 'COMPLIANT', 'complianceResourceType': 'AWS::S3::Bucket',
                         'complianceResourceId': 'orders'}], 'resultToken': '***'}),
    ('ecr', 'InitiateLayerUpload', lambda w, a: {'registryId': a.id, 'repositoryName': 'shop'}),
    ('athena', 'StartQueryExecution', lambda w, a: {
        'queryString': 'HIDDEN_DUE_TO_SECURITY_REASONS', 'workGroup': 'primary'}),
    ('events', 'PutTargets', lambda w, a: {'rule': 'nightly', 'targets': [
        {'id': '1', 'arn': 'arn:aws:lambda:us-east-1:%s:function:orders' % a.id}]}),
    ('ec2', 'CreateSnapshot', lambda w, a: {'volumeId': w.rng.ec2('vol'), 'description': 'nightly'}),
)


def burst(w, acct, count, read_share, probe):
    """`count` records of one actor, from now on."""
    rng = w.rng
    names = ('scanner', 'alice', 'bob', 'dave', 'erin', 'ci', 'machine')
    who = acct.people[rng.choices(names, (5, 2, 3, 2, 2, 2, 3))[0]]
    region = rng.choice(acct.regions)
    when = w.now
    for _ in range(count):
        if rng.random() < read_share:
            read(w, who, acct, region, when, probe)
        else:
            source, name, request = rng.choice(WRITES)
            actor = acct.people['machine'] if name == 'UpdateInstanceInformation' else who
            w.call(actor, acct, region, source, name, request(w, acct), None, at=when)
        when += rng.choice((0, 0, 150, 400, 1300, 4 * SECOND))


def read(w, who, acct, region, when, probe):
    source, name, rtype, request = w.rng.choice(READS)
    subject = None
    if rtype is not None:
        where = 'global' if source == 'iam' else region
        pool = acct.pool(where, rtype)
        # The resources of the plot are read as well, though nobody else changes them.
        pool = pool + probe.get((acct.id, where, rtype), [])
        if not pool:
            return read(w, who, acct, region, when, probe)
        subject = w.rng.choice(pool)
    where = 'us-east-1' if source == 'iam' else region
    error = NOT_THERE.get(name) if w.rng.random() < 0.3 else None
    if error is None and w.rng.random() < 0.01:
        error = ('Client.RequestLimitExceeded', 'Request limit exceeded.')
    seen = None
    if source == 's3' and subject is not None:
        seen = [{'accountId': acct.id, 'type': 'AWS::S3::Bucket', 'ARN': subject.arn}]
    elif source == 'kms':
        seen = [{'accountId': acct.id, 'type': 'AWS::KMS::Key', 'ARN': subject.arn}]
    w.call(who, acct, where, source, name, request(subject), None, at=when, read=True,
           err=error and error[0], msg=error and error[1], resources=seen)


def sign_in(w, acct, name):
    """A console sign-in, by somebody or by nobody known."""
    who = acct.people[name]
    gate = people.Gate({'type': 'IAMUser', 'principalId': who.user.id, 'arn': who.user.arn,
                        'accountId': acct.id, 'userName': who.user.name}, who.address,
                       people.CONSOLE[0], who.person)
    failed = w.rng.random() < 0.1
    w.call(gate, acct, 'us-east-1', 'signin', 'ConsoleLogin', None,
           {'ConsoleLogin': 'Failure' if failed else 'Success'}, kind='AwsConsoleSignIn',
           err='Failed authentication' if failed else None,
           add={'LoginTo': 'https://console.aws.amazon.com/console/home', 'MobileVersion': 'No',
                'MFAUsed': 'Yes'})


def throttled(w, who, acct, res):
    """A real change's forerunner that was refused for haste."""
    event = w.call(who, acct, res.region, 'ec2', 'CreateTags', {
        'resourcesSet': {'items': [{'resourceId': res.id}]},
        'tagSet': {'items': [{'key': 'env', 'value': 'prod'}]}}, None,
        err='Client.RequestLimitExceeded', msg='Request limit exceeded.')
    w.attempt(event, res, 'Client.RequestLimitExceeded')


# Calls that are refused: (source, name, type, request).
REFUSED = (
    ('ec2', 'AuthorizeSecurityGroupIngress', 'AWS::EC2::SecurityGroup', lambda r: {
        'groupId': r.id, 'ipPermissions': {'items': [{
            'ipProtocol': 'tcp', 'fromPort': 3389, 'toPort': 3389, 'groups': {}, 'ipv6Ranges': {},
            'ipRanges': {'items': [{'cidrIp': '0.0.0.0/0'}]}, 'prefixListIds': {}}]}}),
    ('ec2', 'StopInstances', 'AWS::EC2::Instance',
     lambda r: {'instancesSet': {'items': [{'instanceId': r.id}]}, 'force': False}),
    ('ec2', 'DeleteVolume', 'AWS::EC2::Volume', lambda r: {'volumeId': r.id}),
    ('ec2', 'DeleteRoute', 'AWS::EC2::RouteTable',
     lambda r: {'routeTableId': r.id, 'destinationCidrBlock': '0.0.0.0/0'}),
    ('ec2', 'ReleaseAddress', 'AWS::EC2::EIP', lambda r: {'allocationId': r.id}),
    ('s3', 'PutBucketAcl', 'AWS::S3::Bucket',
     lambda r: {'bucketName': r.id, 'acl': '', 'x-amz-acl': 'public-read'}),
    ('iam', 'UpdateAssumeRolePolicy', 'AWS::IAM::Role',
     lambda r: {'roleName': r.name, 'policyDocument': '{"Version":"2012-10-17","Statement":[]}'}),
    ('iam', 'DeleteUser', 'AWS::IAM::User', lambda r: {'userName': r.name}),
    ('iam', 'CreatePolicyVersion', 'AWS::IAM::Policy',
     lambda r: {'policyArn': r.arn, 'policyDocument': '{}', 'setAsDefault': True}),
    ('dynamodb', 'DeleteTable', 'AWS::DynamoDB::Table', lambda r: {'tableName': r.id}),
    ('sns', 'SetTopicAttributes', 'AWS::SNS::Topic',
     lambda r: {'topicArn': r.id, 'attributeName': 'Policy', 'attributeValue': '{}'}),
    ('sqs', 'DeleteQueue', 'AWS::SQS::Queue', lambda r: {'queueUrl': r.id}),
    ('kms', 'ScheduleKeyDeletion', 'AWS::KMS::Key', lambda r: {'keyId': r.arn}),
)


# Calls that make something else of a resource, or do something on it by another service:
# (source, name, type, request, answer).
MADE_OF = (
    ('iam', 'CreateLoginProfile', 'AWS::IAM::User',
     lambda r: {'userName': r.name, 'passwordResetRequired': True},
     lambda r: {'loginProfile': {'userName': r.name, 'passwordResetRequired': True}}),
    ('iam', 'DeleteAccessKey', 'AWS::IAM::User',
     lambda r: {'userName': r.name, 'accessKeyId': 'AKIA0123456789EXAMPL'}, lambda r: None),
    ('ec2', 'CreateSnapshot', 'AWS::EC2::Volume',
     lambda r: {'volumeId': r.id, 'description': 'before the upgrade'},
     lambda r: {'snapshotId': 'snap-' + r.id[4:], 'volumeId': r.id, 'status': 'pending'}),
    ('ec2', 'CreateImage', 'AWS::EC2::Instance',
     lambda r: {'instanceId': r.id, 'name': 'golden', 'noReboot': True},
     lambda r: {'imageId': 'ami-' + r.id[2:]}),
    ('ssm', 'SendCommand', 'AWS::EC2::Instance',
     lambda r: {'instanceIds': [r.id], 'documentName': 'AWS-RunShellScript', 'interactive': False},
     lambda r: {'command': {'instanceIds': [r.id], 'status': 'Pending'}}),
    ('ec2-instance-connect', 'SendSSHPublicKey', 'AWS::EC2::Instance',
     lambda r: {'instanceId': r.id, 'instanceOSUser': 'ec2-user', 'sSHPublicKey': 'ssh-ed25519 AAAA'},
     lambda r: {'success': True}),
    ('kms', 'CreateGrant', 'AWS::KMS::Key',
     lambda r: {'keyId': r.id, 'operations': ['Decrypt'], 'granteePrincipal': 'backup'},
     lambda r: {'grantId': '0' * 64, 'keyId': r.arn}),
    ('s3', 'CreateAccessPoint', 'AWS::S3::Bucket',
     lambda r: {'name': 'share', 'bucket': r.id}, lambda r: None),
)


def make_of(w, who, acct, region):
    """A call that has a resource as its object, and changes nothing that is recorded of it."""
    source, name, rtype, request, answer = w.rng.choice(MADE_OF)
    where = 'global' if source == 'iam' else region
    pool = [r for r in acct.pool(where, rtype) if r.seen is not None]
    if not pool:
        return
    res = w.rng.choice(pool)
    event = w.call(who, acct, 'us-east-1' if source == 'iam' else region, source, name,
                   request(res), answer(res))
    w.activity(event, res, 'makes something else')


def refused(w, who, acct, region):
    """A call on a resource that is not allowed; with a dry run, a call that was not meant."""
    source, name, rtype, request = w.rng.choice(REFUSED)
    pool = acct.pool('global' if source == 'iam' else region, rtype)
    if not pool:
        return
    res = w.rng.choice(pool)
    code, message = 'AccessDenied', 'User is not authorized to perform: %s:%s' % (source, name)
    if source == 'ec2':
        code, message = w.rng.choice((
            ('Client.UnauthorizedOperation', 'You are not authorized to perform this operation.'),
            ('Client.DryRunOperation', 'Request would have succeeded, but DryRun flag is set.'),
            ('Client.RequestLimitExceeded', 'Request limit exceeded.')))
    event = w.call(who, acct, 'us-east-1' if source == 'iam' else region, source, name, request(res),
                   None, err=code, msg=message)
    w.attempt(event, res, code)
