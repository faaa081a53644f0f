# SPDX-License-Identifier: Apache-2.0
"""What people do with networks and machines on an ordinary day: one generator an undertaking.

Each takes (world, who, account, region), picks what it works on among what is there, and does
nothing where there is nothing fitting.
"""

from . import ec2, network
from .ec2 import ACL, EIP, ENI, INSTANCE, NAT, RTB, SG, SUBNET, VOLUME, rule, simple

TAGS = (('env', ('prod', 'staging', 'dev')), ('team', ('platform', 'payments', 'data', 'web')),
        ('cost-center', ('1001', '1002', '2040')), ('backup', ('daily', 'weekly', 'none')))
APPS = ('web', 'api', 'worker', 'batch', 'cache', 'search', 'orders', 'billing')


def pick(w, acct, region, rtype, test=lambda res: True):
    found = [res for res in acct.pool(region, rtype) if test(res)]
    return w.rng.choice(found) if found else None


def some_tag(w):
    key, values = w.rng.choice(TAGS)
    return {key: w.rng.choice(values)}


def some_rule(w, group):
    """An address range, or another group: one that is named, and not changed, by the call."""
    port = w.rng.choice((22, 80, 443, 3306, 5432, 6379, 8080, 8443, 9090))
    if w.rng.random() < 0.25:
        others = [g for g in w.resources.values() if g.type == SG and g.alive and g is not group
                  and g.account == group.account and g.region == group.region]
        if others:
            other = w.rng.choice(others)
            w.trap('names a resource without changing it')
            return {'ipProtocol': 'tcp', 'fromPort': port, 'toPort': port, 'ipv6Ranges': [],
                    'prefixListIds': [], 'userIdGroupPairs': [{'groupId': other.id,
                                                               'userId': group.account}],
                    'ipv4Ranges': [], 'ipRanges': []}
    cidr = w.rng.choice(('10.0.0.0/8', '192.0.2.0/24', '198.51.100.0/25', '203.0.113.%d/32'
                         % w.rng.randint(1, 250)))
    return rule('tcp', port, cidr, w.rng.choice((None, 'office', 'vpn', 'partner')))


def group_rules(w, who, acct, region):
    group = pick(w, acct, region, SG)
    if group is None:
        return
    for _ in range(w.rng.randint(1, 3)):
        rules = group.c['ipPermissions']
        roll = w.rng.random()
        if rules and roll < 0.35:
            ec2.revoke(w, who, acct, group, w.rng.choice(rules))
        elif rules and roll < 0.45:
            ec2.authorize(w, who, acct, group, w.rng.choice(rules))
        else:
            one = some_rule(w, group)
            if roll > 0.92:
                ec2.authorize(w, who, acct, group, one, dry=True)
                yield w.rng.uniform(2, 20)
            ec2.authorize(w, who, acct, group, one)
        yield w.rng.choice((0.2, 3, 25, 140))
        if not group.alive:
            return


def group_egress(w, who, acct, region):
    group = pick(w, acct, region, SG, lambda g: g.name != 'default')
    if group is None:
        return
    rules = group.c['ipPermissionsEgress']
    if rules:
        ec2.revoke(w, who, acct, group, rules[0], egress=True)
        yield 0.3
    if group.alive:
        ec2.authorize(w, who, acct, group, rule('tcp', 443, '0.0.0.0/0'), egress=True)


def group_create(w, who, acct, region):
    vpcs = acct.nets.get(region)
    if not vpcs:
        return
    vpc = w.rng.choice([v for v in vpcs])
    name = '%s-%s' % (w.rng.choice(APPS), w.rng.hex(4))
    group = create_group(w, who, acct, vpc, name, 'managed for ' + name)
    yield 0.3
    ec2.authorize(w, who, acct, group, rule('tcp', 443, '0.0.0.0/0'))
    yield 0.2
    if group.alive:
        ec2.create_tags(w, who, acct, [group], some_tag(w))


def create_group(w, who, acct, vpc, name, description, reserved=False):
    tags = {'Name': name}
    group = ec2.make_sg(w, acct, vpc.region, vpc, name, description, tags, reserved)
    event = ec2.call(w, who, acct, vpc.region, 'CreateSecurityGroup', {
        'groupName': name, 'groupDescription': description, 'vpcId': vpc.id,
        'tagSpecificationSet': ec2.tag_spec(SG, tags)},
        {**ec2.OK, 'groupId': group.id, 'tagSet': ec2.items(ec2.pairs(tags))})
    vpc.relate(SG, group.id, 'Contains SecurityGroup')
    w.change(event, group)
    w.related(event, vpc)
    return group


def group_delete(w, who, acct, region):
    group = pick(w, acct, region, SG, lambda g: g.name != 'default')
    if group is None:
        return
    vpc = group.memo['vpc']
    if any(key[0] in (ENI, INSTANCE) for key in group.rel):
        ec2.refuse(w, who, acct, group, 'DeleteSecurityGroup', {'groupId': group.id},
                   'Client.DependencyViolation', 'resource %s has a dependent object' % group.id)
        return
    vpc.unrelate(SG, group.id)
    simple(w, who, acct, group, 'DeleteSecurityGroup', {'groupId': group.id}, related=(vpc,), kill=True)
    yield 0


def tagging(w, who, acct, region):
    """Tags: on one, on several in one call, the same again, and values that look like other ids."""
    rtype = w.rng.choice((INSTANCE, INSTANCE, VOLUME, SG, SUBNET, RTB, NAT, EIP, ENI))
    found = acct.pool(region, rtype)
    if not found:
        return
    chosen = w.rng.sample(found, min(len(found), w.rng.choice((1, 1, 2, 4))))
    tags = some_tag(w)
    if w.rng.random() < 0.25:
        other = pick(w, acct, region, w.rng.choice((SG, SUBNET, INSTANCE)))
        if other is not None and other not in chosen:
            tags = {'replaces': other.id}
            w.trap('a tag value equal to another id')
    if w.rng.random() < 0.2 and chosen[0].tags:
        tags = dict([w.rng.choice(list(chosen[0].tags.items()))])
        chosen = chosen[:1]
    ec2.create_tags(w, who, acct, chosen, tags)
    if w.rng.random() < 0.2:
        yield w.rng.uniform(1, 400)
        if chosen[0].alive and chosen[0].tags:
            ec2.delete_tags(w, who, acct, chosen[0], w.rng.choice(list(chosen[0].tags)))


def machine_run(w, who, acct, region):
    subnet = pick(w, acct, region, SUBNET)
    if subnet is None:
        return
    groups = [g for g in acct.pool(region, SG) if g.memo['vpc'] is subnet.memo['vpc']]
    if not groups:
        return
    app = w.rng.choice(APPS)
    for number in range(w.rng.choice((1, 1, 1, 2))):
        if w.rng.random() < 0.1:
            # No attempt on the subnet, which would only have been where the machine stands.
            ec2.call(w, who, acct, region, 'RunInstances', {
                'instancesSet': {'items': [{'imageId': w.rng.ec2('ami'), 'minCount': 1, 'maxCount': 1}]},
                'instanceType': 'p4d.24xlarge', 'subnetId': subnet.id}, None,
                     err='Client.VcpuLimitExceeded', msg='You have requested more vCPU capacity '
                     'than your current vCPU limit of 0 allows.')
            yield 5
        if not subnet.alive:
            return
        ec2.run_instances(w, who, acct, region, subnet, w.rng.sample(groups, 1),
                          {'Name': '%s-%d' % (app, number + 1), 'app': app},
                          w.rng.choice(('t3.micro', 't3.medium', 'm6i.large', 'c6i.xlarge')),
                          omit=w.rng.random() < 0.12)
        yield w.rng.uniform(0.5, 4)


def machine_end(w, who, acct, region):
    instance = pick(w, acct, region, INSTANCE, lambda i: 'asg' not in i.memo)
    if instance is None:
        return
    if w.rng.random() < 0.3:
        ec2.refuse(w, who, acct, instance, 'TerminateInstances', {
            'instancesSet': {'items': [{'instanceId': instance.id}]}},
            'Client.UnauthorizedOperation', 'You are not authorized to perform this operation. '
            'Encoded authorization failure message: ' + w.rng.word(60))
        yield w.rng.uniform(20, 200)
    if instance.alive:
        ec2.terminate(w, who, acct, instance)


def machine_cycle(w, who, acct, region):
    """Stop, resize, start; or a mere reboot, which leaves no trace in the configuration."""
    instance = pick(w, acct, region, INSTANCE)
    if instance is None:
        return
    if w.rng.random() < 0.35:
        simple(w, who, acct, instance, 'RebootInstances',
               {'instancesSet': {'items': [{'instanceId': instance.id}]}})
        return
    running = instance.c['state']['name'] == 'running'
    ec2.set_state(w, who, acct, instance, 'StopInstances' if running else 'StartInstances')
    if not running:
        return
    yield w.rng.choice((30, 90, 300, 2400))
    if instance.alive and w.rng.random() < 0.6:
        kind = w.rng.choice(('t3.large', 'm6i.xlarge', 'c6i.large'))
        simple(w, who, acct, instance, 'ModifyInstanceAttribute',
               {'instanceId': instance.id, 'instanceType': {'value': kind}},
               lambda: instance.c.update(instanceType=kind))
        yield w.rng.choice((2, 15, 60))
    if instance.alive:
        ec2.set_state(w, who, acct, instance, 'StartInstances')


def machine_groups(w, who, acct, region):
    """ModifyInstanceAttribute with groups changes the machine and its interface; the groups are named."""
    instance = pick(w, acct, region, INSTANCE)
    if instance is None:
        return
    vpc = instance.memo['subnet'].memo['vpc']
    groups = [g for g in acct.pool(region, SG) if g.memo['vpc'] is vpc]
    chosen = w.rng.sample(groups, min(len(groups), w.rng.randint(1, 2)))
    if not chosen:
        return
    old, eni = instance.memo['groups'], instance.memo['enis'][0]
    def mutate():
        view = [{'groupName': g.name, 'groupId': g.id} for g in chosen]
        for res in (instance, eni):
            for group in old:
                res.unrelate(SG, group.id)
                group.unrelate(res.type, res.id)
            for group in chosen:
                res.relate(SG, group.id, 'Is associated with SecurityGroup')
                group.relate(res.type, res.id, 'Is associated with ' + res.type.split('::')[2])
            res.memo['groups'] = list(chosen)
        instance.c['securityGroups'] = view
        eni.c['groups'] = view
        ec2.refresh_eni(eni)
    w.trap('names a resource without changing it')
    simple(w, who, acct, instance, 'ModifyInstanceAttribute',
           {'instanceId': instance.id, 'groupSet': {'items': [{'groupId': g.id} for g in chosen]}},
           mutate, also=(eni,), related=tuple(dict.fromkeys(old + chosen)))
    yield 0


def disk(w, who, acct, region):
    """A volume's life: made, attached, grown, detached, deleted; in parts, over hours."""
    instance = pick(w, acct, region, INSTANCE)
    zone = instance.az if instance is not None else region + 'a'
    size = w.rng.choice((8, 50, 100, 500))
    tags = {'Name': 'data-' + w.rng.hex(4)}
    volume = ec2.make_volume(w, acct, region, zone, size, 'gp3', tags)
    event = ec2.call(w, who, acct, region, 'CreateVolume', {
        'size': str(size), 'zone': zone, 'volumeType': 'gp3', 'clientToken': w.rng.uuid(),
        'tagSpecificationSet': ec2.tag_spec(VOLUME, tags)}, {
            'volumeId': volume.id, 'size': str(size), 'zone': zone, 'status': 'creating',
            'createTime': w.now // 1000 * 1000, 'volumeType': 'gp3', 'iops': 3000,
            'encrypted': volume.c['encrypted'], 'tagSet': ec2.items(ec2.pairs(tags)),
            'multiAttachEnabled': False})
    w.change(event, volume)
    yield w.rng.choice((4, 30, 900))
    if instance is not None and instance.alive:
        device = '/dev/sd' + w.rng.choice('fghij')
        simple(w, who, acct, volume, 'AttachVolume',
               {'volumeId': volume.id, 'instanceId': instance.id, 'device': device,
                'deleteOnTermination': False},
               lambda: ec2.attach(w, volume, instance, device, False),
               {'volumeId': volume.id, 'instanceId': instance.id, 'device': device,
                'status': 'attaching', 'attachTime': w.now // 1000 * 1000}, also=(instance,))
    yield w.rng.choice((120, 4000, 90000))
    if w.rng.random() < 0.6:
        grow(w, who, acct, volume, size * 2)
        yield w.rng.choice((60, 9000, 200000))
    if volume.memo.get('instance') is not None:
        other = volume.memo['instance']
        simple(w, who, acct, volume, 'DetachVolume', {'volumeId': volume.id, 'force': False},
               lambda: ec2.detach(volume),
               {'volumeId': volume.id, 'instanceId': other.id, 'status': 'detaching'}, also=(other,))
        yield w.rng.choice((3, 100, 5000))
    if volume.alive and w.rng.random() < 0.6:
        simple(w, who, acct, volume, 'DeleteVolume', {'volumeId': volume.id}, kill=True)


def grow(w, who, acct, volume, size):
    event = w.call(who, acct, volume.region, 'ec2', 'ModifyVolume', {
        'ModifyVolumeRequest': {'VolumeId': volume.id, 'Size': size}}, {
            'ModifyVolumeResponse': {'xmlns': 'http://ec2.amazonaws.com/doc/2016-11-15/',
                                     'requestId': w.rng.uuid(), 'volumeModification': {
                                         'volumeId': volume.id, 'targetSize': size,
                                         'originalSize': volume.c['size'],
                                         'modificationState': 'modifying', 'progress': 0}}})
    volume.c['size'] = size
    w.change(event, volume)


def routes(w, who, acct, region):
    table = pick(w, acct, region, RTB)
    if table is None:
        return
    vpc = table.memo['vpc']
    own = [r for r in table.c['routes'] if r.get('gatewayId') != 'local']
    if own and w.rng.random() < 0.5:
        network.delete_route(w, who, acct, table, w.rng.choice(own))
        yield w.rng.choice((2, 40))
    igw = vpc.memo['igw']
    cidr = w.rng.choice(('0.0.0.0/0', '203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'))
    if igw is not None and all(r['destinationCidrBlock'] != cidr for r in table.c['routes']):
        network.create_route(w, who, acct, table, cidr, gatewayId=igw.id)


def table_moves(w, who, acct, region):
    """A subnet leaves its table by association id, and comes to another or back."""
    subnet = pick(w, acct, region, SUBNET, lambda s: s.memo['table'] is not None)
    if subnet is None:
        return
    tables = [t for t in acct.pool(region, RTB) if t.memo['vpc'] is subnet.memo['vpc']]
    network.disassociate_table(w, who, acct, subnet.memo['table'], subnet)
    yield w.rng.choice((1, 8, 600))
    if tables and subnet.alive and subnet.memo['table'] is None:
        network.associate_table(w, who, acct, w.rng.choice(tables), subnet)


def addresses(w, who, acct, region):
    """Elastic addresses come, are bound to a machine, and leave by association id."""
    free = pick(w, acct, region, EIP, lambda e: 'eni' not in e.memo)
    bound = pick(w, acct, region, EIP, lambda e: 'eni' in e.memo and e.memo['eni'].memo['instance'])
    if bound is not None and w.rng.random() < 0.5:
        network.disassociate_address(w, who, acct, bound)
        return
    if free is None:
        free = network.allocate_address(w, who, acct, region, 'edge-' + w.rng.hex(4))
        yield 2
    if w.rng.random() < 0.2 and 'eni' not in free.memo:
        simple(w, who, acct, free, 'ReleaseAddress',
               {'allocationId': free.id, 'networkBorderGroup': region}, kill=True)
        return
    instance = pick(w, acct, region, INSTANCE, lambda i: 'eip' not in i.memo['enis'][0].memo)
    if instance is not None and free.alive and 'eni' not in free.memo:
        network.associate_address(w, who, acct, free, instance.memo['enis'][0])


def interfaces(w, who, acct, region):
    """A second interface: made, attached, detached by attachment id, deleted."""
    instance = pick(w, acct, region, INSTANCE)
    if instance is None:
        return
    subnet, groups = instance.memo['subnet'], instance.memo['groups'][:1]
    eni = ec2.make_eni(w, acct, region, subnet, groups, 'second interface')
    view = {key: eni.c[key] for key in ('networkInterfaceId', 'subnetId', 'vpcId', 'availabilityZone',
                                        'description', 'ownerId', 'macAddress', 'privateIpAddress',
                                        'sourceDestCheck', 'interfaceType')}
    event = ec2.call(w, who, acct, region, 'CreateNetworkInterface', {
        'subnetId': subnet.id, 'description': 'second interface',
        'groupSet': {'items': [{'groupId': g.id} for g in groups]}},
        {'networkInterface': {**view, 'status': 'pending', 'tagSet': {}}})
    w.change(event, eni)
    for res in [subnet] + groups:
        w.related(event, res)
    yield w.rng.choice((2, 200))
    if not instance.alive:
        return
    index = len(instance.memo['enis'])
    ec2.attach_eni(w, eni, instance, index)
    event = ec2.call(w, who, acct, region, 'AttachNetworkInterface', {
        'networkInterfaceId': eni.id, 'instanceId': instance.id, 'deviceIndex': index},
        {'attachmentId': eni.c['attachment']['attachmentId']})
    w.change(event, eni)
    w.change(event, instance)
    yield w.rng.choice((600, 40000))
    if instance.alive and eni.memo['instance'] is instance:
        w.trap('only an association id')
        attachment = eni.c['attachment']['attachmentId']
        event = ec2.call(w, who, acct, region, 'DetachNetworkInterface',
                         {'attachmentId': attachment, 'force': True}, dict(ec2.OK))
        ec2.free_address(w, event, eni)
        ec2.unhook_eni(eni)
        w.change(event, eni)
        w.change(event, instance)
        yield w.rng.choice((5, 300))
    if eni.alive and eni.memo['instance'] is None:
        event = ec2.call(w, who, acct, region, 'DeleteNetworkInterface',
                         {'networkInterfaceId': eni.id}, dict(ec2.OK))
        near = ec2.drop_eni(w, acct, eni)
        w.change(event, eni)
        for res in near:
            w.related(event, res)


def acl_entries(w, who, acct, region):
    acl = pick(w, acct, region, ACL)
    if acl is None:
        return
    number = w.rng.choice((90, 95, 120, 130))
    entry = {'cidrBlock': '203.0.113.%d/32' % w.rng.randint(1, 250), 'egress': False, 'protocol': '6',
             'portRange': {'from': 22, 'to': 22}, 'ruleAction': 'deny', 'ruleNumber': number}
    req = {'networkAclId': acl.id, 'ruleNumber': number, 'egress': False, 'ruleAction': 'deny',
           'icmpTypeCode': {}, 'aclProtocol': '6', 'cidrBlock': entry['cidrBlock'],
           'portRange': {'from': 22, 'to': 22}}
    entries = acl.c['entries']
    old = next((e for e in entries if e['ruleNumber'] == number and not e['egress']), None)
    if old is None:
        simple(w, who, acct, acl, 'CreateNetworkAclEntry', req, lambda: entries.append(entry))
    elif w.rng.random() < 0.5:
        simple(w, who, acct, acl, 'ReplaceNetworkAclEntry', req,
               lambda: entries.__setitem__(entries.index(old), entry))
    else:
        simple(w, who, acct, acl, 'DeleteNetworkAclEntry',
               {'networkAclId': acl.id, 'ruleNumber': number, 'egress': False},
               lambda: entries.remove(old))
    yield 0


def subnet_attribute(w, who, acct, region):
    subnet = pick(w, acct, region, SUBNET)
    if subnet is None:
        return
    value = not subnet.c['mapPublicIpOnLaunch']
    simple(w, who, acct, subnet, 'ModifySubnetAttribute',
           {'subnetId': subnet.id, 'mapPublicIpOnLaunch': {'value': value}},
           lambda: subnet.c.update(mapPublicIpOnLaunch=value))
    yield 0


def vpc_attribute(w, who, acct, region):
    """Succeeds, and is not to be seen in the recorded configuration."""
    vpc = w.rng.choice(acct.nets.get(region) or [None])
    if vpc is not None and not vpc.reserved:
        simple(w, who, acct, vpc, 'ModifyVpcAttribute',
               {'vpcId': vpc.id, 'enableDnsHostnames': {'value': True}})
    yield 0


def whole_network(w, who, acct, region):
    second = w.rng.randint(20, 250)
    name = '%s-%s' % (w.rng.choice(APPS), w.rng.hex(3))
    yield from network.build_network(w, who, acct, region, name, second, nat=w.rng.random() < 0.5)


def nat_end(w, who, acct, region):
    nat = pick(w, acct, region, NAT)
    if nat is not None:
        network.delete_nat(w, who, acct, nat)
        address = nat.memo['address']
        yield w.rng.choice((20, 400))
        if address.alive and not address.reserved and 'eni' not in address.memo:
            simple(w, who, acct, address, 'ReleaseAddress',
                   {'allocationId': address.id, 'networkBorderGroup': region}, kill=True)


ACTIONS = ((group_rules, 10), (group_egress, 2), (group_create, 4), (group_delete, 3), (tagging, 5),
           (machine_run, 4), (machine_end, 3), (machine_cycle, 7), (machine_groups, 3), (disk, 4),
           (routes, 4), (table_moves, 4), (addresses, 4), (interfaces, 2), (acl_entries, 3),
           (subnet_attribute, 1), (vpc_attribute, 1), (whole_network, 1), (nat_end, 0.7))
