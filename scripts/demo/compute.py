# SPDX-License-Identifier: Apache-2.0
"""Lambda, ECS, Auto Scaling, load balancers, stacks: what runs on the networks, and who runs it.

Services act here too: Auto Scaling launches and ends machines as itself, CloudFormation calls on
with the caller's identity, ECS changes a count with no call at all.
"""

from . import ec2, people
from .ids import iso_000, java
from .world import dumps

FUNCTION, SERVICE, ASG = 'AWS::Lambda::Function', 'AWS::ECS::Service', 'AWS::AutoScaling::AutoScalingGroup'
BALANCER, STACK = 'AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::CloudFormation::Stack'


def pick(w, acct, region, rtype, test=lambda res: True):
    found = [res for res in acct.pool(region, rtype) if test(res)]
    return w.rng.choice(found) if found else None


def simple(w, who, acct, res, source, name, req, resp=None, mutate=None, kill=False, also=(), **more):
    """A call on `res` (and `also`): the record, the state, the recorder."""
    event = w.call(who, acct, res.region, source, name, req, resp, **more)
    if mutate is not None:
        mutate()
    if kill:
        w.kill(acct, res)
    for one in (res,) + tuple(also):
        w.change(event, one)
    return event


def deny(w, who, acct, res, source, name, req, code='AccessDenied'):
    event = w.call(who, acct, res.region, source, name, req, None, err=code, msg='User: %s is not '
                   'authorized to perform: %s:%s on resource: %s' % (who.person, source, name, res.id)
                   if code.startswith('AccessDenied') else 'Rate exceeded')
    w.attempt(event, res, code)
    return event


# --- Lambda ---

def make_function(w, acct, region, name, role, reserved=False):
    function = w.new(acct, region, FUNCTION, name, name, 'arn:aws:lambda:%s:%s:function:%s' % (
        region, acct.id, name), reserved=reserved)
    function.c = {'functionName': name, 'functionArn': function.arn, 'runtime': 'python3.11',
                  'role': role.arn, 'handler': 'app.handler', 'codeSize': w.rng.randint(400, 90000),
                  'description': '', 'timeout': 30, 'memorySize': 128, 'lastModified': iso_000(w.now),
                  'codeSha256': w.rng.word(43) + '=', 'version': '$LATEST',
                  'tracingConfig': {'mode': 'PassThrough'}, 'revisionId': w.rng.uuid(),
                  'packageType': 'Zip', 'architectures': ['x86_64'], 'layers': [],
                  'environment': {'variables': {'STAGE': acct.alias}}}
    function.relate('AWS::IAM::Role', '', 'Is associated with ', role.name)
    return function


def function_answer(function, **more):
    return {**function.c, 'state': 'Active', **more}


def function_create(w, who, acct, region, name, role):
    """Names a role, a bucket and subnets; changes none."""
    function = make_function(w, acct, region, name, role)
    subnets = acct.pool(region, ec2.SUBNET)[:2]
    if subnets:
        function.c['vpcConfig'] = {'subnetIds': [s.id for s in subnets], 'securityGroupIds': []}
        for subnet in subnets:
            function.relate(ec2.SUBNET, subnet.id, 'Is contained in ')
    w.trap('names a resource without changing it')
    c = function.c
    req = {'functionName': name, 'runtime': c['runtime'], 'role': role.arn, 'handler': c['handler'],
           'code': {'s3Bucket': 'orders', 's3Key': name + '.zip'}, 'description': '', 'timeout': 30,
           'memorySize': 128, 'publish': False, 'packageType': 'Zip', 'environment': {},
           'vpcConfig': c.get('vpcConfig', {})}
    return function, simple(w, who, acct, function, 'lambda', 'CreateFunction20150331', req,
                            function_answer(function, state='Pending'))


def functions(w, who, acct, region):
    role = pick(w, acct, 'global', 'AWS::IAM::Role')
    function = pick(w, acct, region, FUNCTION)
    roll = w.rng.random()
    if function is None or roll < 0.10:
        if role is not None:
            name = w.rng.choice(('thumbs', 'notify', 'export', 'ingest')) + '-' + w.rng.hex(3)
            function_create(w, who, acct, region, name, role)
        return
    if roll < 0.18:
        name = function.id
        simple(w, who, acct, function, 'lambda', 'DeleteFunction20150331', {'functionName': name},
               kill=True)
        yield w.rng.choice((3, 90, 4000))
        if not function.alive and role is not None and role.alive and w.rng.random() < 0.6:
            function_create(w, who, acct, region, name, role)
        return
    named = function.id if w.rng.random() < 0.5 else function.arn
    if roll < 0.3:
        deny(w, who, acct, function, 'lambda', 'UpdateFunctionCode20150331v2',
             {'functionName': named}, w.rng.choice(('AccessDenied', 'TooManyRequestsException')))
        yield w.rng.choice((1, 40))
    if not function.alive:
        return
    if roll < 0.6:
        def code():
            function.c.update(codeSha256=w.rng.word(43) + '=', codeSize=w.rng.randint(400, 90000),
                              lastModified=iso_000(w.now), revisionId=w.rng.uuid())
        code()
        simple(w, who, acct, function, 'lambda', 'UpdateFunctionCode20150331v2', {
            'functionName': named, 'publish': False, 'dryRun': False, 's3Bucket': 'orders',
            's3Key': function.id + '.zip', 'fullyQualifiedArn': {
                'arnPrefix': {'partition': 'aws', 'region': region, 'account': acct.id},
                'relativeId': {'functionName': function.id}, 'functionQualifier': {}}},
            function_answer(function))
    elif roll < 0.8:
        function.c.update(memorySize=w.rng.choice((128, 256, 512, 1024)), lastModified=iso_000(w.now),
                          timeout=w.rng.choice((10, 30, 60)), revisionId=w.rng.uuid())
        simple(w, who, acct, function, 'lambda', 'UpdateFunctionConfiguration20150331v2', {
            'functionName': named, 'memorySize': function.c['memorySize'],
            'timeout': function.c['timeout']}, function_answer(function))
    elif roll < 0.9:
        tag = {'team': w.rng.choice(('data', 'web'))}
        simple(w, who, acct, function, 'lambda', 'TagResource20170331v2', {
            'resource': function.arn, 'tags': tag}, None, lambda: function.tags.update(tag))
    else:
        sid = 'grant-' + w.rng.hex(4)
        statement = {'Sid': sid, 'Effect': 'Allow', 'Principal': {'Service': 's3.amazonaws.com'},
                     'Action': 'lambda:InvokeFunction', 'Resource': function.arn,
                     'Condition': {'ArnLike': {'AWS:SourceArn': 'arn:aws:s3:::orders'}}}
        simple(w, who, acct, function, 'lambda', 'AddPermission20150331v2', {
            'functionName': named, 'statementId': sid, 'action': 'lambda:InvokeFunction',
            'principal': 's3.amazonaws.com', 'sourceArn': 'arn:aws:s3:::orders'},
            {'statement': dumps(statement)}, lambda: function.supp.update(Policy=dumps(
                {'Version': '2012-10-17', 'Id': 'default', 'Statement': [statement]})))


# --- ECS ---

def make_service(w, acct, region, name):
    arn = 'arn:aws:ecs:%s:%s:service/main/%s' % (region, acct.id, name)
    service = w.new(acct, region, SERVICE, arn, name, arn, tag_style='Tags')
    service.c = {'ServiceName': name, 'Cluster': 'arn:aws:ecs:%s:%s:cluster/main' % (region, acct.id),
                 'TaskDefinition': 'arn:aws:ecs:%s:%s:task-definition/%s:1' % (region, acct.id, name),
                 'DesiredCount': 2, 'LaunchType': 'FARGATE', 'SchedulingStrategy': 'REPLICA',
                 'PlatformVersion': 'LATEST', 'ServiceArn': arn}
    service.memo['revision'] = 1
    return service


def services(w, who, acct, region):
    service = pick(w, acct, region, SERVICE)
    if service is None:
        name = 'shop-' + w.rng.choice(('web', 'api', 'cart'))
        service = make_service(w, acct, region, name)
        simple(w, who, acct, service, 'ecs', 'CreateService', {
            'cluster': 'main', 'serviceName': name, 'taskDefinition': name + ':1', 'desiredCount': 2,
            'launchType': 'FARGATE'}, {'service': {'serviceArn': service.id, 'serviceName': name,
                                                   'status': 'ACTIVE', 'desiredCount': 2}})
        return
    if w.rng.random() < 0.6:
        service.memo['revision'] += 1
        family = '%s:%d' % (service.name, service.memo['revision'])
        w.call(who, acct, region, 'ecs', 'RegisterTaskDefinition', {
            'family': service.name, 'containerDefinitions': [{'name': 'app', 'image': 'shop:' + w.rng.hex(7)}]},
            {'taskDefinition': {'family': service.name, 'revision': service.memo['revision'],
                                'taskDefinitionArn': service.c['TaskDefinition'].rsplit('/', 1)[0]
                                + '/' + family}})
        yield 2
        if not service.alive:
            return
        req = {'cluster': 'main', 'service': service.name, 'taskDefinition': family}
        change = {'TaskDefinition': service.c['TaskDefinition'].rsplit('/', 1)[0] + '/' + family}
    else:
        count = w.rng.randint(1, 8)
        req = {'cluster': 'main', 'service': service.id, 'desiredCount': count}
        change = {'DesiredCount': count}
    simple(w, who, acct, service, 'ecs', 'UpdateService', req,
           {'service': {'serviceArn': service.id, 'serviceName': service.name, 'status': 'ACTIVE'}},
           lambda: service.c.update(change))


# --- Auto Scaling ---

def make_asg(w, acct, region, name, subnet, group):
    arn = 'arn:aws:autoscaling:%s:%s:autoScalingGroup:%s:autoScalingGroupName/%s' % (
        region, acct.id, w.rng.uuid(), name)
    asg = w.new(acct, region, ASG, arn, name, arn, az='Multiple Availability Zones')
    asg.c = {'autoScalingGroupName': name, 'autoScalingGroupARN': arn, 'minSize': 1, 'maxSize': 6,
             'desiredCapacity': 0, 'defaultCooldown': 300, 'availabilityZones': [subnet.az],
             'loadBalancerNames': [], 'targetGroupARNs': [], 'healthCheckType': 'EC2',
             'healthCheckGracePeriod': 300, 'instances': [], 'createdTime': w.now,
             'suspendedProcesses': [], 'tags': [], 'terminationPolicies': ['Default'],
             'newInstancesProtectedFromScaleIn': False, 'vpczoneIdentifier': subnet.id}
    asg.relate(ec2.SUBNET, subnet.id, 'Is associated with ')
    asg.memo.update(subnet=subnet, group=group, members=[])
    return asg


def scaling(w, who, acct, region):
    """Somebody sets a capacity; the service, as itself, launches or ends machines minutes later."""
    asg = pick(w, acct, region, ASG)
    if asg is None:
        subnet = pick(w, acct, region, ec2.SUBNET)
        groups = [g for g in acct.pool(region, ec2.SG) if subnet and g.memo['vpc'] is subnet.memo['vpc']]
        if not groups:
            return
        asg = make_asg(w, acct, region, 'workers-' + w.rng.hex(3), subnet, groups[0])
        w.trap('names a resource without changing it')
        simple(w, who, acct, asg, 'autoscaling', 'CreateAutoScalingGroup', {
            'autoScalingGroupName': asg.name, 'minSize': 1, 'maxSize': 6,
            'vPCZoneIdentifier': subnet.id, 'launchTemplate': {'launchTemplateName': 'workers'}})
        yield 5
    want = w.rng.randint(0, 4)
    if want == asg.c['desiredCapacity'] and w.rng.random() < 0.5:
        want += 1
    simple(w, who, acct, asg, 'autoscaling', 'SetDesiredCapacity', {
        'autoScalingGroupName': asg.name, 'desiredCapacity': want, 'honorCooldown': False}, None,
        lambda: asg.c.update(desiredCapacity=want))
    yield w.rng.uniform(20, 90)
    yield from follow_capacity(w, acct, asg)


def follow_capacity(w, acct, asg):
    service = acct.people['autoscaling']
    members = asg.memo['members']
    while len(members) != asg.c['desiredCapacity'] and asg.memo['subnet'].alive:
        if len(members) < asg.c['desiredCapacity']:
            instance = ec2.run_instances(w, service, acct, asg.region, asg.memo['subnet'],
                                         [asg.memo['group']], {'aws:autoscaling:groupName': asg.name},
                                         't3.small')
            instance.memo['asg'] = asg
            members.append(instance)
            event = instance.pending[-1][1]
        else:
            instance = members.pop(0)
            if not instance.alive:
                continue
            event = ec2.terminate(w, service, acct, instance)
        asg.c['instances'] = [{'instanceId': m.id, 'availabilityZone': m.az, 'healthStatus': 'Healthy',
                               'lifecycleState': 'InService', 'protectedFromScaleIn': False}
                              for m in members]
        w.change(event, asg, 'related')
        w.trap('a service acts')
        yield w.rng.uniform(1, 30)


# --- load balancers ---

def balancers(w, who, acct, region):
    balancer = pick(w, acct, region, BALANCER)
    group = pick(w, acct, region, ec2.SG)
    subnet = pick(w, acct, region, ec2.SUBNET)
    if balancer is None or w.rng.random() < 0.15:
        if group is None or subnet is None:
            return
        name = 'front-' + w.rng.hex(3)
        arn = 'arn:aws:elasticloadbalancing:%s:%s:loadbalancer/app/%s/%s' % (region, acct.id, name,
                                                                             w.rng.hex(16))
        balancer = w.new(acct, region, BALANCER, arn, name, arn, az='Multiple Availability Zones')
        balancer.c = {'loadBalancerArn': arn, 'dNSName': '%s-%d.%s.elb.amazonaws.com' % (
            name, w.rng.randint(10**8, 10**9), region), 'loadBalancerName': name,
            'canonicalHostedZoneId': 'Z0DEMOHOSTED', 'createdTime': iso_000(w.now),
            'scheme': 'internet-facing', 'vpcId': subnet.c['vpcId'], 'state': {'code': 'active'},
            'type': 'application', 'securityGroups': [group.id],
            'availabilityZones': [{'zoneName': subnet.az, 'subnetId': subnet.id}]}
        balancer.supp = {'LoadBalancerAttributes': [
            {'key': 'deletion_protection.enabled', 'value': 'false'},
            {'key': 'idle_timeout.timeout_seconds', 'value': '60'}], 'Tags': []}
        balancer.relate(ec2.SG, group.id, 'Is associated with SecurityGroup')
        balancer.relate(ec2.SUBNET, subnet.id, 'Is attached to Subnet')
        w.trap('names a resource without changing it')
        simple(w, who, acct, balancer, 'elasticloadbalancing', 'CreateLoadBalancer', {
            'name': name, 'subnets': [subnet.id], 'securityGroups': [group.id], 'type': 'application'},
            {'loadBalancers': [dict(balancer.c)]})
        return
    roll = w.rng.random()
    if roll < 0.5:
        value = str(w.rng.choice((30, 60, 120, 300)))
        def mutate():
            balancer.supp['LoadBalancerAttributes'][1]['value'] = value
        simple(w, who, acct, balancer, 'elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
            'loadBalancerArn': balancer.id, 'attributes': [
                {'key': 'idle_timeout.timeout_seconds', 'value': value}]},
            {'attributes': [{'key': 'idle_timeout.timeout_seconds', 'value': value}]}, mutate)
    elif roll < 0.85 and group is not None:
        def mutate():
            for old in balancer.c['securityGroups']:
                balancer.unrelate(ec2.SG, old)
            balancer.c['securityGroups'] = [group.id]
            balancer.relate(ec2.SG, group.id, 'Is associated with SecurityGroup')
        simple(w, who, acct, balancer, 'elasticloadbalancing', 'SetSecurityGroups', {
            'loadBalancerArn': balancer.id, 'securityGroups': [group.id]},
            {'securityGroupIds': [group.id]}, mutate)
    else:
        simple(w, who, acct, balancer, 'elasticloadbalancing', 'DeleteLoadBalancer',
               {'loadBalancerArn': balancer.id}, kill=True)
    yield 0


# --- CloudFormation ---

def stacks(w, who, acct, region):
    """A stack: the caller asks, CloudFormation makes the parts with the caller's identity."""
    from . import messaging
    stack = pick(w, acct, region, STACK)
    if stack is None or w.rng.random() < 0.3:
        name = 'app-' + w.rng.hex(4)
        arn = 'arn:aws:cloudformation:%s:%s:stack/%s/%s' % (region, acct.id, name, w.rng.uuid())
        w.call(who, acct, region, 'cloudformation', 'DescribeStacks', {'stackName': name}, None,
               read=True, err='ValidationException', msg='Stack with id %s does not exist' % name)
        event = w.call(who, acct, region, 'cloudformation', 'CreateStack', {
            'stackName': name, 'templateURL': 'https://templates.example.com/%s.yaml' % name,
            'capabilities': ['CAPABILITY_NAMED_IAM']}, {'stackId': arn},
            omit=w.rng.random() < 0.15)
        forward = people.Forwarded(who, 'cloudformation')
        yield w.rng.uniform(3, 8)
        topic = messaging.create_topic(w, forward, acct, region, name + '-events')
        yield w.rng.uniform(1, 4)
        queue = messaging.create_queue(w, forward, acct, region, name + '-jobs')
        w.trap('a service acts')
        yield w.rng.uniform(10, 40)
        stack = w.new(acct, region, STACK, arn, name, arn, az='Regional', tag_style='tags')
        stack.c = {'stackId': arn, 'stackName': name, 'description': 'Events of ' + name,
                   'parameters': [{'parameterKey': 'Retention', 'parameterValue': '7'}],
                   'creationTime': java(event.time), 'stackStatus': 'CREATE_COMPLETE',
                   'disableRollback': 'false', 'notificationARNs': [], 'outputs': [],
                   'capabilities': ['CAPABILITY_NAMED_IAM'], 'enableTerminationProtection': 'false',
                   'driftInformation': {'stackDriftStatus': 'NOT_CHECKED'}}
        stack.supp = {'StackResourceSummaries': [
            {'logicalResourceId': logical, 'physicalResourceId': part.id, 'resourceType': part.type,
             'resourceStatus': 'CREATE_COMPLETE'} for logical, part in (('Topic', topic), ('Queue', queue))]}
        stack.memo['parts'] = [topic, queue]
        w.change(event, stack)
        return
    topic, queue = stack.memo['parts']
    forward = people.Forwarded(who, 'cloudformation')
    if w.rng.random() < 0.75:
        days = str(w.rng.randint(1, 14))
        event = w.call(who, acct, region, 'cloudformation', 'UpdateStack', {
            'stackName': w.rng.choice((stack.name, stack.id)), 'usePreviousTemplate': True,
            'parameters': [{'parameterKey': 'Retention', 'parameterValue': days}]},
            {'stackId': stack.id})
        yield w.rng.uniform(3, 20)
        if queue.alive:
            messaging.queue_attribute(w, forward, acct, queue, 'MessageRetentionPeriod',
                                      str(int(days) * 86400))
        yield w.rng.uniform(3, 20)
        if stack.alive:
            stack.c.update(stackStatus='UPDATE_COMPLETE', lastUpdatedTime=java(w.now), parameters=[
                {'parameterKey': 'Retention', 'parameterValue': days}])
            w.change(event, stack)
        return
    event = w.call(who, acct, region, 'cloudformation', 'DeleteStack', {'stackName': stack.id})
    yield 3
    if queue.alive:
        messaging.delete_queue(w, forward, acct, queue)
    yield 2
    if topic.alive:
        messaging.delete_topic(w, forward, acct, topic)
    yield 4
    if stack.alive:
        w.kill(acct, stack)
        w.change(event, stack)


ACTIONS = ((functions, 7), (services, 4), (scaling, 2), (balancers, 3), (stacks, 2.5))
