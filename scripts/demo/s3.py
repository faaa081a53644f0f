# SPDX-License-Identifier: Apache-2.0
"""S3 buckets: everything about one is a call with `bucketName`; policies name others besides."""

from .ids import iso_000
from .world import dumps

BUCKET = 'AWS::S3::Bucket'


def make_bucket(w, acct, region, name, reserved=False):
    bucket = w.new(acct, region, BUCKET, name, name, 'arn:aws:s3:::' + name, reserved=reserved,
                   az='Regional')
    owner = {'displayName': None, 'id': '%016x' % int(acct.id) * 4}
    bucket.c = {'name': name, 'owner': owner, 'creationDate': iso_000(w.now)}
    bucket.supp = {
        'AccessControlList': dumps({'grantSet': None, 'grantList': [
            {'grantee': {'id': owner['id'], 'displayName': None}, 'permission': 'FullControl'}],
            'owner': owner, 'isRequesterCharged': False}),
        'BucketAccelerateConfiguration': {'status': None},
        'BucketLoggingConfiguration': {'destinationBucketName': None, 'logFilePrefix': None},
        'BucketNotificationConfiguration': {'configurations': {}},
        'BucketPolicy': {'policyText': None},
        'BucketVersioningConfiguration': {'status': 'Off', 'isMfaDeleteEnabled': None},
        'IsRequesterPaysEnabled': False,
        'PublicAccessBlockConfiguration': block(True)}
    return bucket


def block(on):
    return {'blockPublicAcls': on, 'ignorePublicAcls': on, 'blockPublicPolicy': on,
            'restrictPublicBuckets': on}


def call(w, who, acct, bucket, name, req=None, mutate=None, kill=False, lag=None, err=None, msg=None):
    """A call on a bucket; a failed one is an attempt and changes nothing."""
    req = {'bucketName': bucket.id, 'Host': '%s.s3.%s.amazonaws.com' % (bucket.id, bucket.region),
           **(req or {})}
    seen = None if name == 'CreateBucket' else [
        {'accountId': acct.id, 'type': 'AWS::S3::Bucket', 'ARN': bucket.arn}]
    event = w.call(who, acct, bucket.region, 's3', name, req, None, resources=seen, err=err, msg=msg,
                   omit=not err and name == 'PutBucketPolicy' and w.rng.random() < 0.15, add={
                       'SignatureVersion': 'SigV4', 'CipherSuite': 'TLS_AES_128_GCM_SHA256',
                       'bytesTransferredIn': 0, 'AuthenticationMethod': 'AuthHeader',
                       'x-amz-id-2': w.rng.word(44), 'bytesTransferredOut': 0})
    if err:
        w.attempt(event, bucket, err)
        return event
    if mutate is not None:
        mutate()
    if kill:
        w.kill(acct, bucket)
    w.change(event, bucket, lag=lag)
    return event


def policy(bucket, principal, action='s3:GetObject', sid='Access'):
    return {'Version': '2012-10-17', 'Statement': [
        {'Sid': sid, 'Effect': 'Allow', 'Principal': principal, 'Action': action,
         'Resource': bucket.arn + '/*'}]}


def put_policy(w, who, acct, bucket, document, **more):
    return call(w, who, acct, bucket, 'PutBucketPolicy', {'bucketPolicy': document, 'policy': ''},
                lambda: bucket.supp.update(BucketPolicy={'policyText': dumps(document)}), **more)


def delete_policy(w, who, acct, bucket, **more):
    return call(w, who, acct, bucket, 'DeleteBucketPolicy', {'policy': ''},
                lambda: bucket.supp.update(BucketPolicy={'policyText': None}), **more)


def put_block(w, who, acct, bucket, **more):
    return call(w, who, acct, bucket, 'PutBucketPublicAccessBlock', {
        'publicAccessBlock': '', 'PublicAccessBlockConfiguration': {
            'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', 'RestrictPublicBuckets': True,
            'BlockPublicPolicy': True, 'BlockPublicAcls': True, 'IgnorePublicAcls': True}},
        lambda: bucket.supp.update(PublicAccessBlockConfiguration=block(True)), **more)


def delete_block(w, who, acct, bucket, **more):
    return call(w, who, acct, bucket, 'DeleteBucketPublicAccessBlock', {'publicAccessBlock': ''},
                lambda: bucket.supp.pop('PublicAccessBlockConfiguration', None), **more)


def pick(w, acct, region):
    found = acct.pool(region, BUCKET)
    return w.rng.choice(found) if found else None


def settings(w, who, acct, region):
    """One or two settings of a bucket, at times denied at first."""
    bucket = pick(w, acct, region)
    if bucket is None:
        return
    for _ in range(w.rng.choice((1, 1, 2, 3))):
        if not bucket.alive:
            return
        one_setting(w, who, acct, bucket, region)
        yield w.rng.choice((0.3, 5, 60, 300))


def one_setting(w, who, acct, bucket, region):
    roll = w.rng.random()
    supp = bucket.supp
    if roll < 0.22:
        roles = acct.pool('global', 'AWS::IAM::Role')
        who_may = {'AWS': w.rng.choice(roles).arn} if roles else {'Service': 'logs.amazonaws.com'}
        document = policy(bucket, who_may)
        other = pick(w, acct, region)
        if other is not bucket:
            document['Statement'].append({
                'Sid': 'CopyFrom', 'Effect': 'Allow', 'Principal': {'Service': 's3.amazonaws.com'},
                'Action': 's3:PutObject', 'Resource': bucket.arn + '/*',
                'Condition': {'ArnLike': {'aws:SourceArn': other.arn}}})
        w.trap('names a resource without changing it')
        if w.rng.random() < 0.25:
            call(w, who, acct, bucket, 'PutBucketPolicy', {'bucketPolicy': document, 'policy': ''},
                 err='AccessDenied', msg='Access Denied')
        put_policy(w, who, acct, bucket, document)
    elif roll < 0.30:
        delete_policy(w, who, acct, bucket)
    elif roll < 0.45:
        status = w.rng.choice(('Enabled', 'Suspended'))
        call(w, who, acct, bucket, 'PutBucketVersioning', {
            'versioning': '', 'VersioningConfiguration': {
                'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', 'Status': status}},
            lambda: supp['BucketVersioningConfiguration'].update(status=status))
    elif roll < 0.65:
        tags = {'team': w.rng.choice(('data', 'web', 'payments')), 'env': 'prod'}
        def mutate():
            bucket.tags = dict(tags)
            supp['BucketTaggingConfiguration'] = {'tagSets': [{'tags': dict(tags)}]}
        call(w, who, acct, bucket, 'PutBucketTagging', {'tagging': '', 'Tagging': {
            'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', 'TagSet': {'Tag': [
                {'Key': k, 'Value': v} for k, v in tags.items()]}}}, mutate)
    elif roll < 0.80:
        others = acct.pool(region, BUCKET)
        target = w.rng.choice(others).id
        prefix = w.rng.choice(('logs/', bucket.id + '/'))
        w.trap('names a resource without changing it')
        call(w, who, acct, bucket, 'PutBucketLogging', {'logging': '', 'BucketLoggingStatus': {
            'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/',
            'LoggingEnabled': {'TargetBucket': target, 'TargetPrefix': prefix}}},
            lambda: supp.update(BucketLoggingConfiguration={'destinationBucketName': target,
                                                            'logFilePrefix': prefix}))
    elif roll < 0.92:
        days = w.rng.choice((1, 30, 90, 365))
        call(w, who, acct, bucket, 'PutBucketLifecycle', {'lifecycle': '', 'LifecycleConfiguration': {
            'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', 'Rule': {
                'ID': 'expire', 'Status': 'Enabled', 'Filter': {'Prefix': ''},
                'Expiration': {'Days': days}}}},
            lambda: supp.update(BucketLifecycleConfiguration={'rules': [
                {'id': 'expire', 'status': 'Enabled', 'expirationInDays': days}]}))
    else:
        put_block(w, who, acct, bucket)


def life(w, who, acct, region):
    """A bucket made; or one deleted, and at times made again under its name."""
    scratch = [b for b in acct.pool(region, BUCKET) if b.memo.get('scratch')]
    if scratch and w.rng.random() < 0.6:
        bucket = w.rng.choice(scratch)
        if w.rng.random() < 0.4:
            call(w, who, acct, bucket, 'DeleteBucket', err='BucketNotEmpty',
                 msg='The bucket you tried to delete is not empty')
            yield w.rng.choice((20, 400))
        if bucket.alive:
            call(w, who, acct, bucket, 'DeleteBucket', kill=True)
        yield w.rng.choice((30, 2000, 9000))
        if not bucket.alive and w.rng.random() < 0.6:
            create(w, who, acct, region, bucket.id)
        return
    create(w, who, acct, region, 'acme-%s-%s-%s' % (acct.alias, w.rng.choice(('tmp', 'exports', 'stage')),
                                                   w.rng.hex(6)))


def create(w, who, acct, region, name, reserved=False):
    bucket = make_bucket(w, acct, region, name, reserved)
    bucket.memo['scratch'] = not reserved
    call(w, who, acct, bucket, 'CreateBucket', {'x-amz-acl': 'private', 'CreateBucketConfiguration': {
        'xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', 'LocationConstraint': region}})
    return bucket


ACTIONS = ((settings, 9), (life, 3))
