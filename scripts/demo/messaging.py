# SPDX-License-Identifier: Apache-2.0
"""SNS topics (their id is an ARN), SQS queues (a URL), KMS keys (a bare uuid), secrets (an ARN)."""

from .compute import deny, pick, simple
from .world import dumps

TOPIC, QUEUE, KEY, SECRET = ('AWS::SNS::Topic', 'AWS::SQS::Queue', 'AWS::KMS::Key',
                             'AWS::SecretsManager::Secret')


def make_topic(w, acct, region, name):
    arn = 'arn:aws:sns:%s:%s:%s' % (region, acct.id, name)
    topic = w.new(acct, region, TOPIC, arn, name, arn)
    topic.c = {'TopicArn': arn, 'Owner': acct.id, 'DisplayName': '', 'SubscriptionsConfirmed': '0',
               'Policy': dumps({'Version': '2008-10-17', 'Id': '__default_policy_ID', 'Statement': [
                   {'Sid': '__default_statement_ID', 'Effect': 'Allow', 'Principal': {'AWS': '*'},
                    'Action': ['SNS:Publish', 'SNS:Subscribe'], 'Resource': arn, 'Condition': {
                        'StringEquals': {'AWS:SourceOwner': acct.id}}}]})}
    topic.supp = {'Tags': []}
    return topic


def create_topic(w, who, acct, region, name):
    topic = make_topic(w, acct, region, name)
    simple(w, who, acct, topic, 'sns', 'CreateTopic', {'name': name}, {'topicArn': topic.id})
    return topic


def delete_topic(w, who, acct, topic):
    return simple(w, who, acct, topic, 'sns', 'DeleteTopic', {'topicArn': topic.id}, kill=True)


def topics(w, who, acct, region):
    topic = pick(w, acct, region, TOPIC)
    roll = w.rng.random()
    if topic is None or roll < 0.15:
        create_topic(w, who, acct, region, w.rng.choice(('alerts', 'orders', 'audit')) + '-' + w.rng.hex(3))
    elif roll < 0.6:
        text = w.rng.choice(('Alerts', 'Orders', 'On call', 'Nobody'))
        simple(w, who, acct, topic, 'sns', 'SetTopicAttributes', {
            'topicArn': topic.id, 'attributeName': 'DisplayName', 'attributeValue': text}, None,
            lambda: topic.c.update(DisplayName=text))
    elif roll < 0.8:
        tag = {'team': w.rng.choice(('data', 'web', 'ops'))}
        def mutate():
            topic.tags.update(tag)
            topic.supp['Tags'] = [{'key': k, 'value': v} for k, v in topic.tags.items()]
        simple(w, who, acct, topic, 'sns', 'TagResource', {
            'resourceArn': topic.id, 'tags': [{'key': 'team', 'value': tag['team']}]}, None, mutate)
    elif 'orders' != topic.name and not topic.name.startswith('app-'):
        delete_topic(w, who, acct, topic)
    yield 0


def make_queue(w, acct, region, name):
    arn = 'arn:aws:sqs:%s:%s:%s' % (region, acct.id, name)
    queue = w.new(acct, region, QUEUE, 'https://sqs.%s.amazonaws.com/%s/%s' % (region, acct.id, name),
                  name, arn)
    queue.c = {'QueueArn': arn, 'CreatedTimestamp': str(w.now // 1000), 'DelaySeconds': '0',
               'LastModifiedTimestamp': str(w.now // 1000), 'MaximumMessageSize': '262144',
               'MessageRetentionPeriod': '345600', 'ReceiveMessageWaitTimeSeconds': '0',
               'VisibilityTimeout': '30', 'SqsManagedSseEnabled': 'true'}
    return queue


def create_queue(w, who, acct, region, name):
    queue = make_queue(w, acct, region, name)
    simple(w, who, acct, queue, 'sqs', 'CreateQueue', {'queueName': name}, {'queueUrl': queue.id})
    return queue


def delete_queue(w, who, acct, queue):
    return simple(w, who, acct, queue, 'sqs', 'DeleteQueue', {'queueUrl': queue.id}, kill=True)


def queue_attribute(w, who, acct, queue, name, value):
    """At times under the queue's old host name."""
    url = queue.id
    if w.rng.random() < 0.15:
        url = 'https://%s.queue.amazonaws.com/%s/%s' % (queue.region, acct.id, queue.name)
    def mutate():
        if queue.c[name] != value:
            queue.c.update({name: value, 'LastModifiedTimestamp': str(w.now // 1000)})
    return simple(w, who, acct, queue, 'sqs', 'SetQueueAttributes', {
        'queueUrl': url, 'attributes': {name: value}}, None, mutate)


def queues(w, who, acct, region):
    queue = pick(w, acct, region, QUEUE)
    roll = w.rng.random()
    if queue is None or roll < 0.15:
        create_queue(w, who, acct, region, w.rng.choice(('jobs', 'orders', 'mail')) + '-' + w.rng.hex(3))
    elif roll < 0.85:
        queue_attribute(w, who, acct, queue, *w.rng.choice((
            ('VisibilityTimeout', str(w.rng.choice((30, 60, 300)))),
            ('DelaySeconds', str(w.rng.choice((0, 5, 10)))),
            ('MessageRetentionPeriod', str(w.rng.choice((86400, 345600)))))))
    elif 'orders' != queue.name and not queue.name.startswith('app-'):
        delete_queue(w, who, acct, queue)
    yield 0


def key_policy(acct, *more):
    return {'Version': '2012-10-17', 'Id': 'key-policy', 'Statement': [
        {'Sid': 'Root', 'Effect': 'Allow', 'Principal': {'AWS': 'arn:aws:iam::%s:root' % acct.id},
         'Action': 'kms:*', 'Resource': '*'}, *more]}


def make_key(w, acct, region, description):
    kid = w.rng.uuid()
    arn = 'arn:aws:kms:%s:%s:key/%s' % (region, acct.id, kid)
    key = w.new(acct, region, KEY, kid, None, arn)
    key.c = {'keyId': kid, 'arn': arn, 'creationDate': w.now, 'enabled': True,
             'description': description, 'keyUsage': 'ENCRYPT_DECRYPT', 'keyState': 'Enabled',
             'origin': 'AWS_KMS', 'keyManager': 'CUSTOMER', 'keySpec': 'SYMMETRIC_DEFAULT',
             'encryptionAlgorithms': ['SYMMETRIC_DEFAULT'], 'multiRegion': False,
             'awsaccountId': acct.id}
    key.supp = {'Policy': dumps(key_policy(acct)), 'KeyRotationStatus': False, 'Tags': []}
    return key


def keys(w, who, acct, region):
    key = pick(w, acct, region, KEY)
    if key is None:
        key = make_key(w, acct, region, 'application data')
        simple(w, who, acct, key, 'kms', 'CreateKey', {'description': 'application data'},
               {'keyMetadata': {'keyId': key.id, 'arn': key.arn, 'keyState': 'Enabled'}})
        return
    seen = [{'accountId': acct.id, 'type': KEY, 'ARN': key.arn}]
    named = w.rng.choice((key.id, key.arn))
    roll = w.rng.random()
    if roll < 0.15:
        event = w.call(who, acct, region, 'kms', 'PutKeyPolicy', {'keyId': named}, None,
                       err='AccessDenied', msg='User is not authorized to perform: kms:PutKeyPolicy',
                       resources=seen)
        w.attempt(event, key, 'AccessDenied')
        yield w.rng.uniform(5, 90)
    if roll < 0.4:
        roles = acct.pool('global', 'AWS::IAM::Role')
        if not roles:
            return
        w.trap('names a resource without changing it')
        document = key_policy(acct, {'Sid': 'Use', 'Effect': 'Allow', 'Principal': {
            'AWS': w.rng.choice(roles).arn}, 'Action': 'kms:Decrypt', 'Resource': '*'})
        simple(w, who, acct, key, 'kms', 'PutKeyPolicy', {
            'keyId': named, 'policyName': 'default', 'policy': dumps(document)}, None,
            lambda: key.supp.update(Policy=dumps(document)), resources=seen)
    elif roll < 0.7:
        on = not key.supp['KeyRotationStatus']
        simple(w, who, acct, key, 'kms', 'EnableKeyRotation' if on else 'DisableKeyRotation',
               {'keyId': named}, None, lambda: key.supp.update(KeyRotationStatus=on), resources=seen)
    else:
        on = not key.c['enabled']
        simple(w, who, acct, key, 'kms', 'EnableKey' if on else 'DisableKey', {'keyId': named}, None,
               lambda: key.c.update(enabled=on, keyState='Enabled' if on else 'Disabled'),
               resources=seen)


def make_secret(w, acct, region, name):
    arn = 'arn:aws:secretsmanager:%s:%s:secret:%s-%s' % (region, acct.id, name, w.rng.word(6))
    secret = w.new(acct, region, SECRET, arn, name, arn, tag_style='Tags')
    secret.c = {'Id': arn, 'Name': name, 'Description': '', 'ReplicaRegions': []}
    return secret


def secrets(w, who, acct, region):
    """A secret's value is not recorded: PutSecretValue is an activity."""
    secret = pick(w, acct, region, SECRET)
    roll = w.rng.random()
    if secret is None or roll < 0.12:
        name = 'app/%s' % w.rng.hex(5)
        secret = make_secret(w, acct, region, name)
        simple(w, who, acct, secret, 'secretsmanager', 'CreateSecret', {
            'name': name, 'clientRequestToken': w.rng.uuid(), 'description': ''}, {'arn': secret.id})
        return
    named = w.rng.choice((secret.name, secret.id))
    if roll < 0.4:
        simple(w, who, acct, secret, 'secretsmanager', 'PutSecretValue', {
            'secretId': named, 'clientRequestToken': w.rng.uuid()}, {'arn': secret.id})
    elif roll < 0.7:
        text = w.rng.choice(('database', 'api token', 'rotated by hand', 'legacy'))
        simple(w, who, acct, secret, 'secretsmanager', 'UpdateSecret', {
            'secretId': named, 'description': text}, {'arn': secret.id, 'name': secret.name},
            lambda: secret.c.update(Description=text))
    elif roll < 0.85:
        tag = {'team': w.rng.choice(('data', 'web'))}
        simple(w, who, acct, secret, 'secretsmanager', 'TagResource', {
            'secretId': named, 'tags': [{'key': k, 'value': v} for k, v in tag.items()]}, None,
            lambda: secret.tags.update(tag))
    elif roll < 0.92:
        deny(w, who, acct, secret, 'secretsmanager', 'DeleteSecret', {'secretId': named},
             'AccessDeniedException')
    else:
        simple(w, who, acct, secret, 'secretsmanager', 'DeleteSecret', {
            'secretId': named, 'forceDeleteWithoutRecovery': True}, {'aRN': secret.id, 'name': secret.name},
            kill=True)
    yield 0


ACTIONS = ((topics, 4), (queues, 4), (keys, 3), (secrets, 4))
