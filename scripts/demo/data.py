# SPDX-License-Identifier: Apache-2.0
"""Databases, tables, trails and alarms.

A database takes minutes over what it is asked: the call is seen twice, as a pending value at once
and as the real one later (`late` in the truth). AWS takes snapshots of it on its own.
"""

from . import ec2
from .compute import deny, pick, simple
from .ids import iso_000, java
from .world import dumps

DB, SNAPSHOT, SUBNETS = 'AWS::RDS::DBInstance', 'AWS::RDS::DBSnapshot', 'AWS::RDS::DBSubnetGroup'
TABLE, TRAIL, ALARM = 'AWS::DynamoDB::Table', 'AWS::CloudTrail::Trail', 'AWS::CloudWatch::Alarm'


# --- RDS ---

def make_subnet_group(w, acct, region, name, subnets, reserved=False):
    group = w.new(acct, region, SUBNETS, name, name, 'arn:aws:rds:%s:%s:subgrp:%s' % (
        region, acct.id, name), az='Multiple Availability Zones', reserved=reserved)
    group.c = {'dBSubnetGroupName': name, 'dBSubnetGroupDescription': 'subnets of ' + name,
               'vpcId': subnets[0].c['vpcId'], 'subnetGroupStatus': 'Complete',
               'subnets': subnet_view(subnets), 'dBSubnetGroupArn': group.arn}
    group.memo['subnets'] = subnets
    for subnet in subnets:
        group.relate(ec2.SUBNET, subnet.id, 'Is associated with Subnet')
    group.relate(ec2.VPC, subnets[0].c['vpcId'], 'Is associated with Vpc')
    return group


def subnet_view(subnets):
    return [{'subnetIdentifier': s.id, 'subnetAvailabilityZone': {'name': s.az},
             'subnetStatus': 'Active'} for s in subnets]


def make_db(w, acct, region, name, subnets, groups, reserved=False):
    rid = 'db-' + w.rng.upper(26)
    db = w.new(acct, region, DB, rid, name, 'arn:aws:rds:%s:%s:db:%s' % (region, acct.id, name),
               az=region + 'a', reserved=reserved)
    db.c = {'dBInstanceIdentifier': name, 'dBInstanceClass': 'db.t3.medium', 'engine': 'postgres',
            'dBInstanceStatus': 'available', 'masterUsername': 'app', 'dBName': 'app',
            'endpoint': {'address': '%s.c0demo0000.%s.rds.amazonaws.com' % (name, region), 'port': 5432},
            'allocatedStorage': 50, 'instanceCreateTime': iso_000(w.now),
            'preferredBackupWindow': '03:00-03:30', 'backupRetentionPeriod': 7, 'dBSecurityGroups': [],
            'vpcSecurityGroups': [{'vpcSecurityGroupId': g.id, 'status': 'active'} for g in groups],
            'availabilityZone': region + 'a', 'dBSubnetGroup': {'dBSubnetGroupName': subnets.name,
                                                                'vpcId': subnets.c['vpcId']},
            'preferredMaintenanceWindow': 'sun:04:00-sun:04:30', 'pendingModifiedValues': {},
            'multiAZ': False, 'engineVersion': '15.4', 'autoMinorVersionUpgrade': True,
            'publiclyAccessible': False, 'storageType': 'gp3', 'storageEncrypted': True,
            'dbiResourceId': rid, 'deletionProtection': False, 'dBInstanceArn': db.arn}
    db.relate(SUBNETS, subnets.id, 'Is associated with DBSubnetGroup')
    for group in groups:
        db.relate(ec2.SG, group.id, 'Is associated with SecurityGroup')
    return db


def answer(w, db, **more):
    """RDS answers with the whole instance, times in the Java style."""
    return {**db.c, 'instanceCreateTime': java(db.created), **more}


def db_create(w, who, acct, region):
    """Names groups and subnets; the instance is `creating` for minutes."""
    subnets = [s for s in acct.pool(region, ec2.SUBNET)][:2]
    group = pick(w, acct, region, ec2.SG)
    if not subnets or group is None:
        return
    holder = pick(w, acct, region, SUBNETS)
    if holder is None:
        name = 'data-' + w.rng.hex(4)
        holder = make_subnet_group(w, acct, region, name, subnets)
        simple(w, who, acct, holder, 'rds', 'CreateDBSubnetGroup', {
            'dBSubnetGroupName': name, 'dBSubnetGroupDescription': 'subnets of ' + name,
            'subnetIds': [s.id for s in subnets]}, dict(holder.c))
        yield 3
    name = 'db-' + w.rng.hex(4)
    db = make_db(w, acct, region, name, holder, [group])
    w.trap('names a resource without changing it')
    db.c['dBInstanceStatus'] = 'creating'
    event = simple(w, who, acct, db, 'rds', 'CreateDBInstance', {
        'dBInstanceIdentifier': name, 'dBInstanceClass': 'db.t3.medium', 'engine': 'postgres',
        'dBSubnetGroupName': holder.name, 'vpcSecurityGroupIds': [group.id], 'masterUsername': 'app',
        'allocatedStorage': 50, 'masterUserPassword': 'HIDDEN_DUE_TO_SECURITY_REASONS',
        'backupRetentionPeriod': 7}, answer(w, db))
    yield w.rng.uniform(240, 700)
    if db.alive:
        db.c['dBInstanceStatus'] = 'available'
        w.change(event, db, 'late')


def db_modify(w, who, acct, db, name, request, mutate, lag=None, settle=None):
    """ModifyDBInstance: pending at once, real some minutes later."""
    db.c['dBInstanceStatus'] = 'modifying'
    db.c['pendingModifiedValues'] = {name: request[name]}
    event = simple(w, who, acct, db, 'rds', 'ModifyDBInstance', {
        'dBInstanceIdentifier': db.name, 'applyImmediately': True, **request},
        answer(w, db), lag=None) if lag is None else modify_at(w, who, acct, db, request, lag)
    yield settle or w.rng.uniform(150, 600)
    if db.alive:
        mutate()
        db.c['dBInstanceStatus'], db.c['pendingModifiedValues'] = 'available', {}
        w.change(event, db, 'late', lag)
    return event


def modify_at(w, who, acct, db, request, lag):
    event = w.call(who, acct, db.region, 'rds', 'ModifyDBInstance', {
        'dBInstanceIdentifier': db.name, 'applyImmediately': True, **request}, answer(w, db))
    w.change(event, db, lag=lag)
    return event


def databases(w, who, acct, region):
    db = pick(w, acct, region, DB)
    roll = w.rng.random()
    if db is None or roll < 0.1:
        yield from db_create(w, who, acct, region)
    elif roll < 0.2:
        deny(w, who, acct, db, 'rds', 'DeleteDBInstance', {
            'dBInstanceIdentifier': db.name, 'skipFinalSnapshot': True})
    elif roll < 0.5:
        kind = w.rng.choice(('db.t3.large', 'db.m6g.large', 'db.t3.medium'))
        yield from db_modify(w, who, acct, db, 'dBInstanceClass', {'dBInstanceClass': kind},
                             lambda: db.c.update(dBInstanceClass=kind))
    elif roll < 0.6:
        simple(w, who, acct, db, 'rds', 'RebootDBInstance', {'dBInstanceIdentifier': db.name},
               answer(w, db, dBInstanceStatus='rebooting'))
    elif roll < 0.7:
        tag = {'team': w.rng.choice(('data', 'payments'))}
        simple(w, who, acct, db, 'rds', 'AddTagsToResource', {
            'resourceName': db.arn, 'tags': [{'key': k, 'value': v} for k, v in tag.items()]}, None,
            lambda: db.tags.update(tag))
    elif roll < 0.9:
        yield from snapshot_by_hand(w, who, acct, db)
    else:
        simple(w, who, acct, db, 'rds', 'DeleteDBInstance', {
            'dBInstanceIdentifier': db.name, 'skipFinalSnapshot': True},
            answer(w, db, dBInstanceStatus='deleting'), kill=True)


def make_snapshot(w, acct, db, name, kind):
    snap = w.new(acct, db.region, SNAPSHOT, name, name, 'arn:aws:rds:%s:%s:snapshot:%s' % (
        db.region, acct.id, name), az=db.az, reserved=kind == 'automated')
    snap.c = {'dBSnapshotIdentifier': name, 'dBInstanceIdentifier': db.name,
              'snapshotCreateTime': w.now, 'engine': 'postgres', 'allocatedStorage': 50,
              'status': 'available', 'port': 5432, 'availabilityZone': db.az,
              'instanceCreateTime': db.created, 'masterUsername': 'app', 'engineVersion': '15.4',
              'snapshotType': kind, 'percentProgress': 100, 'encrypted': True,
              'dBSnapshotArn': snap.arn, 'dbiResourceId': db.id}
    return snap


def snapshot_by_hand(w, who, acct, db):
    name = '%s-%s' % (db.name, w.rng.hex(5))
    snap = make_snapshot(w, acct, db, name, 'manual')
    event = simple(w, who, acct, snap, 'rds', 'CreateDBSnapshot', {
        'dBInstanceIdentifier': db.name, 'dBSnapshotIdentifier': name}, {
            **snap.c, 'status': 'creating', 'snapshotCreateTime': java(w.now),
            'instanceCreateTime': java(db.created)})
    w.activity(event, db, 'makes something else')
    yield w.rng.choice((900, 90000, 400000))
    if snap.alive and w.rng.random() < 0.7:
        simple(w, who, acct, snap, 'rds', 'DeleteDBSnapshot', {'dBSnapshotIdentifier': name},
               {'dBSnapshotIdentifier': name, 'status': 'deleted'}, kill=True)


def automated_snapshots(w, acct, stamp):
    """AWS backs databases up and forgets old backups, without a call of anybody's."""
    for db in [r for r in w.resources.values() if r.type == DB and r.alive and r.account == acct.id]:
        snap = make_snapshot(w, acct, db, 'rds:%s-%s' % (db.name, stamp), 'automated')
        w.change(None, snap, 'own', note='automated snapshot')
        old = db.memo.setdefault('automated', [])
        old.append(snap)
        if len(old) > 3:
            gone = old.pop(0)
            w.kill(acct, gone)
            w.change(None, gone, 'own', note='automated snapshot expired')


# --- DynamoDB ---

def make_table(w, acct, region, name, reserved=False):
    arn = 'arn:aws:dynamodb:%s:%s:table/%s' % (region, acct.id, name)
    table = w.new(acct, region, TABLE, name, name, arn, reserved=reserved)
    table.c = {'attributeDefinitions': [{'attributeName': 'pk', 'attributeType': 'S'}],
               'tableName': name, 'keySchema': [{'attributeName': 'pk', 'keyType': 'HASH'}],
               'tableStatus': 'ACTIVE', 'creationDateTime': w.now, 'tableArn': arn,
               'tableId': w.rng.uuid(), 'provisionedThroughput': {
                   'readCapacityUnits': 5, 'writeCapacityUnits': 5, 'numberOfDecreasesToday': 0}}
    table.supp = {'ContinuousBackupsDescription': {
        'continuousBackupsStatus': 'ENABLED', 'pointInTimeRecoveryDescription': {
            'pointInTimeRecoveryStatus': 'DISABLED'}}, 'Tags': []}
    return table


def tables(w, who, acct, region):
    table = pick(w, acct, region, TABLE)
    roll = w.rng.random()
    if table is None or roll < 0.12:
        name = w.rng.choice(('sessions', 'carts', 'ledger')) + '-' + w.rng.hex(3)
        table = make_table(w, acct, region, name)
        simple(w, who, acct, table, 'dynamodb', 'CreateTable', {
            'tableName': name, 'keySchema': table.c['keySchema'],
            'attributeDefinitions': table.c['attributeDefinitions'],
            'provisionedThroughput': {'readCapacityUnits': 5, 'writeCapacityUnits': 5}},
            {'tableDescription': {**table.c, 'tableStatus': 'CREATING'}})
        return
    named = w.rng.choice((table.id, table.id, table.arn))
    if roll < 0.5:
        units = {'readCapacityUnits': w.rng.randint(1, 40), 'writeCapacityUnits': w.rng.randint(1, 40)}
        def mutate():
            table.c['provisionedThroughput'] = {**units, 'numberOfDecreasesToday': 0}
        simple(w, who, acct, table, 'dynamodb', 'UpdateTable', {
            'tableName': named, 'provisionedThroughput': units},
            {'tableDescription': {'tableName': table.id, 'tableArn': table.arn,
                                  'tableStatus': 'UPDATING'}}, mutate)
    elif roll < 0.7:
        on = w.rng.random() < 0.6
        def mutate():
            table.supp['ContinuousBackupsDescription']['pointInTimeRecoveryDescription'] = {
                'pointInTimeRecoveryStatus': 'ENABLED' if on else 'DISABLED'}
        simple(w, who, acct, table, 'dynamodb', 'UpdateContinuousBackups', {
            'tableName': named, 'pointInTimeRecoverySpecification': {'pointInTimeRecoveryEnabled': on}},
            None, mutate)
    elif roll < 0.85:
        tag = {'team': w.rng.choice(('data', 'web'))}
        def mutate():
            table.tags.update(tag)
            table.supp['Tags'] = [{'key': k, 'value': v} for k, v in table.tags.items()]
        simple(w, who, acct, table, 'dynamodb', 'TagResource', {
            'resourceArn': table.arn, 'tags': [{'key': k, 'value': v} for k, v in tag.items()]}, None,
            mutate)
    elif table.id != 'orders':
        simple(w, who, acct, table, 'dynamodb', 'DeleteTable', {'tableName': table.id},
               {'tableDescription': {'tableName': table.id, 'tableStatus': 'DELETING'}}, kill=True)
    yield 0


# --- trails ---

def make_trail(w, acct, region, name, bucket, reserved=False):
    arn = 'arn:aws:cloudtrail:%s:%s:trail/%s' % (region, acct.id, name)
    trail = w.new(acct, region, TRAIL, arn, name, arn, az='Regional', reserved=reserved)
    trail.c = {'name': name, 's3BucketName': bucket, 'includeGlobalServiceEvents': True,
               'isMultiRegionTrail': True, 'homeRegion': region, 'trailARN': arn,
               'logFileValidationEnabled': True, 'hasCustomEventSelectors': False,
               'hasInsightSelectors': False, 'isOrganizationTrail': False, 'isLogging': True}
    trail.supp = {'EventSelectors': [], 'Tags': []}
    return trail


def trails(w, who, acct, region):
    trail = pick(w, acct, region, TRAIL)
    if trail is None:
        name = 'data-' + w.rng.hex(3)
        trail = make_trail(w, acct, region, name, 'acme-trail-' + acct.id)
        simple(w, who, acct, trail, 'cloudtrail', 'CreateTrail', {
            'name': name, 's3BucketName': trail.c['s3BucketName'], 'isMultiRegionTrail': True},
            dict(trail.c))
        return
    named = w.rng.choice((trail.name, trail.id))
    roll = w.rng.random()
    if roll < 0.4:
        on = not trail.c['isLogging']
        simple(w, who, acct, trail, 'cloudtrail', 'StartLogging' if on else 'StopLogging',
               {'name': named}, None, lambda: trail.c.update(isLogging=on))
    elif roll < 0.8:
        selectors = [{'readWriteType': w.rng.choice(('All', 'WriteOnly', 'ReadOnly')),
                      'includeManagementEvents': True, 'dataResources': [
                          {'type': 'AWS::S3::Object', 'values': ['arn:aws:s3:::orders/']}],
                      'excludeManagementEventSources': []}]
        w.trap('names a resource without changing it')
        def mutate():
            trail.c['hasCustomEventSelectors'] = True
            trail.supp['EventSelectors'] = selectors
        simple(w, who, acct, trail, 'cloudtrail', 'PutEventSelectors', {
            'trailName': named, 'eventSelectors': selectors},
            {'trailARN': trail.id, 'eventSelectors': selectors}, mutate)
    else:
        deny(w, who, acct, trail, 'cloudtrail', 'DeleteTrail', {'name': named})
    yield 0


# --- alarms ---

def make_alarm(w, acct, region, name, namespace, metric, dimension, value, reserved=False):
    arn = 'arn:aws:cloudwatch:%s:%s:alarm:%s' % (region, acct.id, name)
    alarm = w.new(acct, region, ALARM, name, name, arn, reserved=reserved)
    alarm.c = {'alarmName': name, 'alarmArn': arn, 'alarmConfigurationUpdatedTimestamp': w.now,
               'actionsEnabled': True, 'alarmActions': ['arn:aws:sns:%s:%s:alerts' % (region, acct.id)],
               'insufficientDataActions': [], 'metricName': metric, 'namespace': namespace,
               'statistic': 'Average', 'dimensions': [{'name': dimension, 'value': value}],
               'period': 300, 'evaluationPeriods': 2, 'threshold': 80,
               'comparisonOperator': 'GreaterThanThreshold', 'okactions': []}
    alarm.memo.update(state='OK', since=w.now)
    return alarm


def put_alarm(w, who, acct, alarm):
    c = alarm.c
    return simple(w, who, acct, alarm, 'monitoring', 'PutMetricAlarm', {
        'alarmName': alarm.id, 'metricName': c['metricName'], 'namespace': c['namespace'],
        'statistic': 'Average', 'dimensions': c['dimensions'], 'period': c['period'],
        'evaluationPeriods': 2, 'threshold': c['threshold'], 'alarmActions': c['alarmActions'],
        'comparisonOperator': c['comparisonOperator'], 'actionsEnabled': True})


SUBJECTS = ((ec2.INSTANCE, 'AWS/EC2', 'CPUUtilization', 'InstanceId', 'id'),
            (DB, 'AWS/RDS', 'CPUUtilization', 'DBInstanceIdentifier', 'name'),
            (TABLE, 'AWS/DynamoDB', 'ConsumedReadCapacityUnits', 'TableName', 'id'),
            ('AWS::Lambda::Function', 'AWS/Lambda', 'Errors', 'FunctionName', 'id'),
            ('AWS::SQS::Queue', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName', 'name'))


def alarms(w, who, acct, region):
    """An alarm names what it watches, and does not change it."""
    alarm = pick(w, acct, region, ALARM)
    roll = w.rng.random()
    if alarm is None or roll < 0.35:
        rtype, namespace, metric, dimension, member = w.rng.choice(SUBJECTS)
        subject = pick(w, acct, region, rtype)
        if subject is None:
            return
        value = getattr(subject, member)
        name = '%s-%s' % (value, metric)
        if any(a.id == name for a in acct.pool(region, ALARM)):
            return
        alarm = make_alarm(w, acct, region, name, namespace, metric, dimension, value)
        alarm.memo['subject'] = subject
        w.trap('names a resource without changing it')
        put_alarm(w, who, acct, alarm)
    elif roll < 0.85:
        threshold = w.rng.choice((60, 70, 80, 90, 95))
        if alarm.c['threshold'] != threshold:
            alarm.c.update(threshold=threshold, alarmConfigurationUpdatedTimestamp=w.now)
        put_alarm(w, who, acct, alarm)
    else:
        simple(w, who, acct, alarm, 'monitoring', 'DeleteAlarms', {'alarmNames': [alarm.id]}, kill=True)
    yield 0


def transition(w, acct, alarm, state, reason=None):
    """An alarm changes state: an EventBridge event, no CloudTrail record."""
    before, now = alarm.memo['state'], w.now
    if before == state:
        return
    reason = reason or {
        'ALARM': 'Threshold Crossed: 2 datapoints [%.1f, %.1f] were greater than the threshold (%d.0).'
                 % (w.rng.uniform(81, 99), w.rng.uniform(81, 99), alarm.c['threshold']),
        'OK': 'Threshold Crossed: 1 datapoint [%.1f] was not greater than the threshold (%d.0).'
              % (w.rng.uniform(5, 59), alarm.c['threshold']),
        'INSUFFICIENT_DATA': 'Insufficient Data: 2 datapoints were unknown.'}[state]
    c = alarm.c
    stamp = lambda ms: iso_000(ms).replace('.000Z', '.%03d+0000' % (ms % 1000))
    detail = {'alarmName': alarm.id, 'configuration': {
        'description': '', 'metrics': [{'id': alarm.memo.setdefault('metric', w.rng.uuid()), 'metricStat': {
            'metric': {'namespace': c['namespace'], 'name': c['metricName'],
                       'dimensions': {d['name']: d['value'] for d in c['dimensions']}},
            'period': c['period'], 'stat': 'Average'}, 'returnData': True}]},
        'previousState': {'value': before, 'timestamp': stamp(alarm.memo['since'])},
        'state': {'value': state, 'reason': reason, 'timestamp': stamp(now), 'reasonData': dumps(
            {'version': '1.0', 'queryDate': stamp(now), 'period': 300, 'threshold': c['threshold']})}}
    event = {'version': '0', 'id': w.rng.uuid(), 'detail-type': 'CloudWatch Alarm State Change',
             'source': 'aws.cloudwatch', 'account': acct.id, 'time': iso_000(now)[:19] + 'Z',
             'region': alarm.region, 'resources': [alarm.arn], 'detail': detail}
    w.sink.alarm(acct.id, alarm.region, now, dumps(event))
    alarm.memo.update(state=state, since=now)
    subject = alarm.memo.get('subject')
    w.sink.truth({'alarm': alarm.id, 'account': acct.id, 'region': alarm.region,
                  'time': iso_000(now).replace('.000Z', '.%03dZ' % (now % 1000)), 'state': state,
                  'previousState': before, 'resource': subject.key if subject else None})


def flutter(w, acct, region):
    """An alarm rises, and falls some time after."""
    alarm = pick(w, acct, region, ALARM)
    if alarm is not None:
        transition(w, acct, alarm, 'ALARM')
        yield w.rng.uniform(300, 7200)
        if alarm.alive:
            transition(w, acct, alarm, 'OK')


ACTIONS = ((databases, 4), (tables, 4), (trails, 1.5), (alarms, 3))
