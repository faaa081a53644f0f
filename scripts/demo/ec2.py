# SPDX-License-Identifier: Apache-2.0
"""EC2: networks and machines. `make_*` and `drop_*` change state only; the rest are calls.

A call that makes more than it names (CreateVpc: default group, ACL and route table; RunInstances:
interface and root volume) changes them all, and so is a cause for them all. A call that only names
a resource (RunInstances: its subnet, its group) is none; but what is seen of the relation there
(`related`) comes from it.
"""

from .ids import iso_000

VPC, SUBNET, SG = 'AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EC2::SecurityGroup'
RTB, IGW, NAT, EIP = ('AWS::EC2::RouteTable', 'AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway',
                      'AWS::EC2::EIP')
ACL, ENI, INSTANCE, VOLUME = ('AWS::EC2::NetworkAcl', 'AWS::EC2::NetworkInterface',
                              'AWS::EC2::Instance', 'AWS::EC2::Volume')
KINDS = {VPC: 'vpc', SUBNET: 'subnet', SG: 'security-group', RTB: 'route-table', NAT: 'natgateway',
         IGW: 'internet-gateway', EIP: 'elastic-ip', ACL: 'network-acl', ENI: 'network-interface',
         INSTANCE: 'instance', VOLUME: 'volume'}
PREFIX = {VPC: 'vpc', SUBNET: 'subnet', SG: 'sg', RTB: 'rtb', NAT: 'nat', IGW: 'igw', EIP: 'eipalloc',
          ACL: 'acl', ENI: 'eni', INSTANCE: 'i', VOLUME: 'vol'}


def pairs(tags):
    return [{'key': k, 'value': v} for k, v in tags.items()]


def items(values):
    return {'items': values} if values else {}


def tag_spec(rtype, tags):
    return {'items': [{'resourceType': KINDS[rtype], 'tags': pairs(tags)}]} if tags else {}


def new(w, acct, region, rtype, tags=None, name=None, az='Not Applicable', reserved=False):
    rid = w.rng.ec2(PREFIX[rtype])
    return w.new(acct, region, rtype, rid, name, 'arn:aws:ec2:%s:%s:%s/%s' % (
        region, acct.id, KINDS[rtype], rid), tags, 'tags', az, reserved)


def call(w, who, acct, region, name, req, resp=None, **more):
    """An EC2 call; every answer of EC2 names its request."""
    if resp is not None:
        resp = {'requestId': w.rng.uuid(), **resp}
    return w.call(who, acct, region, 'ec2', name, req, resp, **more)


OK = {'_return': True}


# --- state ---

def make_vpc(w, acct, region, cidr, tags, reserved=False):
    vpc = new(w, acct, region, VPC, tags, reserved=reserved)
    vpc.c = {'cidrBlock': cidr, 'dhcpOptionsId': w.rng.ec2('dopt'), 'state': 'available',
             'vpcId': vpc.id, 'ownerId': acct.id, 'instanceTenancy': 'default',
             'ipv6CidrBlockAssociationSet': [],
             'cidrBlockAssociationSet': [{'associationId': w.rng.ec2('vpc-cidr-assoc'),
                                          'cidrBlock': cidr,
                                          'cidrBlockState': {'state': 'associated'}}],
             'isDefault': False}
    group = make_sg(w, acct, region, vpc, 'default', 'default VPC security group', {}, reserved)
    acl = new(w, acct, region, ACL, reserved=reserved)
    acl.c = {'associations': [], 'entries': [
        {'cidrBlock': '0.0.0.0/0', 'egress': egress, 'protocol': '-1', 'ruleAction': action,
         'ruleNumber': number} for egress in (True, False)
        for action, number in (('allow', 100), ('deny', 32767))],
        'isDefault': True, 'networkAclId': acl.id, 'vpcId': vpc.id, 'ownerId': acct.id}
    acl.relate(VPC, vpc.id, 'Is contained in Vpc')
    main = make_rtb(w, acct, region, vpc, {}, reserved, main=True)
    for child, label in ((acl, 'Contains NetworkAcl'), (main, 'Contains RouteTable'),
                         (group, 'Contains SecurityGroup')):
        vpc.relate(child.type, child.id, label)
    vpc.memo.update(group=group, acl=acl, main=main, subnets=[], igw=None, hosts=10)
    acct.nets.setdefault(region, []).append(vpc)
    return vpc


def make_sg(w, acct, region, vpc, name, description, tags, reserved=False):
    group = new(w, acct, region, SG, tags, name, reserved=reserved)
    group.c = {'description': description, 'groupName': name, 'ipPermissions': [],
               'ownerId': acct.id, 'groupId': group.id,
               'ipPermissionsEgress': [rule('-1', None, '0.0.0.0/0')], 'vpcId': vpc.id}
    group.relate(VPC, vpc.id, 'Is contained in Vpc')
    group.memo['vpc'] = vpc
    return group


def rule(protocol, port, cidr, description=None):
    out = {'ipProtocol': protocol}
    if port is not None:
        out.update(fromPort=port, toPort=port)
    address = {'cidrIp': cidr}
    if description:
        address['description'] = description
    out.update(ipv6Ranges=[], prefixListIds=[], userIdGroupPairs=[], ipv4Ranges=[address],
               ipRanges=[cidr])
    return out


def make_rtb(w, acct, region, vpc, tags, reserved=False, main=False):
    table = new(w, acct, region, RTB, tags, reserved=reserved)
    table.c = {'associations': [], 'propagatingVgws': [], 'routeTableId': table.id,
               'routes': [{'destinationCidrBlock': vpc.c['cidrBlock'], 'gatewayId': 'local',
                           'origin': 'CreateRouteTable', 'state': 'active'}],
               'vpcId': vpc.id, 'ownerId': acct.id}
    if main:
        table.c['associations'].append({'main': True, 'routeTableId': table.id,
                                        'routeTableAssociationId': w.rng.ec2('rtbassoc'),
                                        'associationState': {'state': 'associated'}})
    table.relate(VPC, vpc.id, 'Is contained in Vpc')
    table.memo['vpc'] = vpc
    return table


def make_subnet(w, acct, region, vpc, cidr, zone, tags, reserved=False):
    subnet = new(w, acct, region, SUBNET, tags, az=region + zone, reserved=reserved)
    acl = vpc.memo['acl']
    subnet.c = {'availabilityZone': region + zone, 'availableIpAddressCount': 251,
                'cidrBlock': cidr, 'defaultForAz': False, 'mapPublicIpOnLaunch': False,
                'state': 'available', 'subnetId': subnet.id, 'vpcId': vpc.id, 'ownerId': acct.id,
                'assignIpv6AddressOnCreation': False, 'ipv6CidrBlockAssociationSet': [],
                'subnetArn': subnet.arn}
    acl.c['associations'].append({'networkAclAssociationId': w.rng.ec2('aclassoc'),
                                  'networkAclId': acl.id, 'subnetId': subnet.id})
    acl.relate(SUBNET, subnet.id, 'Is attached to Subnet')
    subnet.relate(VPC, vpc.id, 'Is contained in Vpc')
    subnet.relate(ACL, acl.id, 'Is attached to NetworkAcl')
    vpc.relate(SUBNET, subnet.id, 'Contains Subnet')
    subnet.memo.update(vpc=vpc, table=None)
    vpc.memo['subnets'].append(subnet)
    return subnet


def make_eni(w, acct, region, subnet, groups, description='', reserved=False):
    vpc = subnet.memo['vpc']
    vpc.memo['hosts'] += 1
    host = vpc.memo['hosts']
    address = '.'.join(subnet.c['cidrBlock'].split('.')[:3] + [str(host % 240 + 10)])
    eni = new(w, acct, region, ENI, az=subnet.az, reserved=reserved)
    eni.tag_style = 'tagSet'
    eni.c = {'availabilityZone': subnet.az, 'description': description,
             'groups': [{'groupName': g.name, 'groupId': g.id} for g in groups],
             'interfaceType': 'interface', 'ipv6Addresses': [],
             'macAddress': '0a:%s' % ':'.join(w.rng.hex(2) for _ in range(5)),
             'networkInterfaceId': eni.id, 'ownerId': acct.id, 'privateIpAddress': address,
             'privateIpAddresses': [{'primary': True, 'privateIpAddress': address}],
             'requesterManaged': False, 'sourceDestCheck': True, 'status': 'available',
             'subnetId': subnet.id, 'vpcId': subnet.c['vpcId']}
    for group in groups:
        eni.relate(SG, group.id, 'Is associated with SecurityGroup')
        group.relate(ENI, eni.id, 'Is associated with NetworkInterface')
    eni.relate(SUBNET, subnet.id, 'Is contained in Subnet')
    eni.relate(VPC, subnet.c['vpcId'], 'Is contained in Vpc')
    subnet.relate(ENI, eni.id, 'Contains NetworkInterface')
    subnet.c['availableIpAddressCount'] -= 1
    eni.memo.update(subnet=subnet, groups=list(groups), instance=None)
    return eni


def drop_eni(w, acct, eni):
    subnet = eni.memo['subnet']
    subnet.unrelate(ENI, eni.id)
    subnet.c['availableIpAddressCount'] += 1
    for group in eni.memo['groups']:
        group.unrelate(ENI, eni.id)
    w.kill(acct, eni)
    return [subnet] + eni.memo['groups']


def make_volume(w, acct, region, zone, size, kind='gp3', tags=None, snapshot='', reserved=False):
    volume = new(w, acct, region, VOLUME, tags, az=zone, reserved=reserved)
    volume.c = {'attachments': [], 'availabilityZone': zone, 'createTime': iso_000(w.now),
                'encrypted': w.rng.random() < 0.6, 'size': size, 'snapshotId': snapshot,
                'state': 'available', 'volumeId': volume.id, 'iops': 3000, 'volumeType': kind,
                'multiAttachEnabled': False, 'throughput': 125}
    return volume


def attach(w, volume, instance, device, delete=True):
    at = iso_000(w.now)
    volume.c['state'] = 'in-use'
    volume.c['attachments'] = [{'attachTime': at, 'device': device, 'instanceId': instance.id,
                                'state': 'attached', 'volumeId': volume.id,
                                'deleteOnTermination': delete}]
    volume.relate(INSTANCE, instance.id, 'Is attached to Instance')
    instance.c['blockDeviceMappings'].append(
        {'deviceName': device, 'ebs': {'attachTime': at, 'deleteOnTermination': delete,
                                       'status': 'attached', 'volumeId': volume.id}})
    instance.relate(VOLUME, volume.id, 'Is attached to Volume')
    instance.memo['volumes'].append(volume)
    volume.memo['instance'] = instance


def detach(volume):
    instance = volume.memo.pop('instance')
    volume.c['state'], volume.c['attachments'] = 'available', []
    volume.unrelate(INSTANCE, instance.id)
    mappings = instance.c['blockDeviceMappings']
    instance.c['blockDeviceMappings'] = [m for m in mappings if m['ebs']['volumeId'] != volume.id]
    instance.unrelate(VOLUME, volume.id)
    instance.memo['volumes'].remove(volume)
    return instance


def eni_view(eni):
    c = eni.c
    view = {key: c[key] for key in ('description', 'groups', 'ipv6Addresses', 'macAddress',
                                    'networkInterfaceId', 'ownerId', 'privateIpAddress',
                                    'privateIpAddresses', 'sourceDestCheck', 'status', 'subnetId',
                                    'vpcId', 'interfaceType')}
    view['attachment'] = c.get('attachment', {})
    if 'association' in c:
        view['association'] = c['association']
    return view


def attach_eni(w, eni, instance, index):
    eni.c['status'] = 'in-use'
    eni.c['attachment'] = {'attachTime': iso_000(w.now), 'attachmentId': w.rng.ec2('eni-attach'),
                           'deleteOnTermination': index == 0, 'deviceIndex': index,
                           'instanceId': instance.id, 'instanceOwnerId': instance.account,
                           'status': 'attached'}
    eni.relate(INSTANCE, instance.id, 'Is attached to Instance')
    eni.memo['instance'] = instance
    instance.memo['enis'].append(eni)
    instance.c['networkInterfaces'].append(eni_view(eni))
    instance.relate(ENI, eni.id, 'Contains NetworkInterface')


def refresh_eni(eni):
    """Shows an interface's state again where its instance shows it."""
    instance = eni.memo.get('instance')
    if instance is not None:
        instance.c['networkInterfaces'] = [eni_view(e) for e in instance.memo['enis']]
    return instance


def make_instance(w, acct, region, subnet, groups, tags, kind='t3.medium', reserved=False,
                  profile=None, key=None):
    instance = new(w, acct, region, INSTANCE, tags, az=subnet.az, reserved=reserved)
    eni = make_eni(w, acct, region, subnet, groups, reserved=reserved)
    address = eni.c['privateIpAddress']
    instance.c = {
        'amiLaunchIndex': 0, 'imageId': w.rng.ec2('ami'), 'instanceId': instance.id,
        'instanceType': kind, 'keyName': key, 'launchTime': iso_000(w.now),
        'monitoring': {'state': 'disabled'},
        'placement': {'availabilityZone': subnet.az, 'groupName': '', 'tenancy': 'default'},
        'privateDnsName': 'ip-%s.ec2.internal' % address.replace('.', '-'),
        'privateIpAddress': address, 'productCodes': [], 'publicDnsName': '',
        'state': {'code': 16, 'name': 'running'}, 'stateTransitionReason': '',
        'subnetId': subnet.id, 'vpcId': subnet.c['vpcId'], 'architecture': 'x86_64',
        'blockDeviceMappings': [], 'clientToken': w.rng.uuid(), 'ebsOptimized': False,
        'enaSupport': True, 'hypervisor': 'xen', 'networkInterfaces': [],
        'rootDeviceName': '/dev/xvda', 'rootDeviceType': 'ebs',
        'securityGroups': [{'groupName': g.name, 'groupId': g.id} for g in groups],
        'sourceDestCheck': True, 'virtualizationType': 'hvm',
        'metadataOptions': {'state': 'applied', 'httpTokens': 'required', 'httpEndpoint': 'enabled',
                            'httpPutResponseHopLimit': 2}}
    if profile is not None:
        instance.c['iamInstanceProfile'] = {'arn': profile.arn, 'id': profile.id}
    instance.memo.update(volumes=[], enis=[], groups=list(groups), subnet=subnet)
    attach_eni(w, eni, instance, 0)
    root = make_volume(w, acct, region, subnet.az, 20, snapshot=w.rng.ec2('snap'), reserved=reserved)
    attach(w, root, instance, '/dev/xvda')
    for group in groups:
        instance.relate(SG, group.id, 'Is associated with SecurityGroup')
        group.relate(INSTANCE, instance.id, 'Is associated with Instance')
    instance.relate(SUBNET, subnet.id, 'Is contained in Subnet')
    instance.relate(VPC, subnet.c['vpcId'], 'Is contained in Vpc')
    subnet.relate(INSTANCE, instance.id, 'Contains Instance')
    return instance


def parts_of(instance):
    """All that an instance's life and death change: modified, and merely related."""
    modified = [instance] + instance.memo['enis'] + instance.memo['volumes']
    return modified, [instance.memo['subnet']] + instance.memo['groups']


# --- calls ---

def run_instances(w, who, acct, region, subnet, groups, tags, kind='t3.medium', reserved=False,
                  profile=None, lag=None, omit=False):
    instance = make_instance(w, acct, region, subnet, groups, tags, kind, reserved, profile,
                             'ops-' + acct.alias)
    c = instance.c
    req = {'instancesSet': {'items': [{'imageId': c['imageId'], 'minCount': 1, 'maxCount': 1,
                                       'keyName': c['keyName']}]},
           'groupSet': items([{'groupId': g.id} for g in groups]), 'instanceType': kind,
           'blockDeviceMapping': {}, 'monitoring': {'enabled': False}, 'subnetId': subnet.id,
           'disableApiTermination': False, 'clientToken': c['clientToken'],
           'tagSpecificationSet': tag_spec(INSTANCE, tags)}
    if profile is not None:
        req['iamInstanceProfile'] = {'name': profile.name}
    resp = {'reservationId': w.rng.ec2('r'), 'ownerId': acct.id, 'groupSet': {},
            'instancesSet': {'items': [{
                'instanceId': instance.id, 'imageId': c['imageId'],
                'instanceState': {'code': 0, 'name': 'pending'},
                'privateDnsName': c['privateDnsName'], 'keyName': c['keyName'], 'amiLaunchIndex': 0,
                'productCodes': {}, 'instanceType': kind, 'launchTime': w.now // 1000 * 1000,
                'placement': {'availabilityZone': subnet.az, 'tenancy': 'default'},
                'monitoring': {'state': 'disabled'}, 'subnetId': subnet.id, 'vpcId': c['vpcId'],
                'privateIpAddress': c['privateIpAddress'],
                'stateReason': {'code': 'pending', 'message': 'pending'},
                'architecture': 'x86_64', 'rootDeviceType': 'ebs', 'rootDeviceName': '/dev/xvda',
                'blockDeviceMapping': {}, 'virtualizationType': 'hvm', 'hypervisor': 'xen',
                'tagSet': items(pairs(tags)), 'clientToken': c['clientToken'],
                'groupSet': items([{'groupId': g.id, 'groupName': g.name} for g in groups]),
                'networkInterfaceSet': {'items': [{
                    'networkInterfaceId': instance.memo['enis'][0].id, 'subnetId': subnet.id,
                    'vpcId': c['vpcId'], 'ownerId': acct.id, 'status': 'in-use'}]}}]}}
    event = call(w, who, acct, region, 'RunInstances', req, resp, omit=omit)
    w.trap('names a resource without changing it')
    modified, related = parts_of(instance)
    for res in modified:
        w.change(event, res, lag=lag)
    for res in related:
        w.related(event, res)
    return instance


def terminate(w, who, acct, instance, lag=None):
    event = call(w, who, acct, instance.region, 'TerminateInstances',
                 {'instancesSet': {'items': [{'instanceId': instance.id}]}},
                 {'instancesSet': {'items': [{'instanceId': instance.id,
                                              'currentState': {'code': 32, 'name': 'shutting-down'},
                                              'previousState': dict(instance.c['state'])}]}})
    modified, related = parts_of(instance)
    keep = [v for v in instance.memo['volumes']
            if not v.c['attachments'][0]['deleteOnTermination']]
    loose = [e for e in instance.memo['enis'] if not e.c['attachment']['deleteOnTermination']]
    instance.memo['subnet'].unrelate(INSTANCE, instance.id)
    for group in instance.memo['groups']:
        group.unrelate(INSTANCE, instance.id)
    for volume in list(instance.memo['volumes']):
        if volume in keep:
            detach(volume)
        else:
            w.kill(acct, volume)
    for eni in list(instance.memo['enis']):
        free_address(w, event, eni)
        if eni in loose:
            unhook_eni(eni)
        else:
            related += drop_eni(w, acct, eni)
    w.kill(acct, instance)
    for res in modified:
        w.change(event, res, lag=lag)
    for res in dict.fromkeys(related):
        w.related(event, res)
    return event


def unhook_eni(eni):
    instance = eni.memo['instance']
    eni.c['status'] = 'available'
    eni.c.pop('attachment', None)
    eni.unrelate(INSTANCE, instance.id)
    eni.memo['instance'] = None
    instance.memo['enis'].remove(eni)
    instance.unrelate(ENI, eni.id)
    instance.c['networkInterfaces'] = [eni_view(e) for e in instance.memo['enis']]
    return instance


def free_address(w, event, eni):
    """An interface that goes leaves its elastic address behind."""
    address = eni.memo.pop('eip', None)
    if address is not None:
        unbind(address, eni)
        w.change(event, address)


def bind(w, address, eni):
    c = address.c
    c.update(associationId=w.rng.ec2('eipassoc'), networkInterfaceId=eni.id,
             networkInterfaceOwnerId=address.account, privateIpAddress=eni.c['privateIpAddress'])
    address.relate(ENI, eni.id, 'Is attached to NetworkInterface')
    address.memo['eni'], eni.memo['eip'] = eni, address
    eni.c['association'] = {'allocationId': address.id, 'associationId': c['associationId'],
                            'ipOwnerId': address.account, 'publicIp': c['publicIp']}
    instance = refresh_eni(eni)
    if instance is not None:
        c['instanceId'] = instance.id
        instance.c['publicIpAddress'] = c['publicIp']
        address.relate(INSTANCE, instance.id, 'Is attached to Instance')
    return instance


def unbind(address, eni):
    for key in ('associationId', 'networkInterfaceId', 'networkInterfaceOwnerId',
                'privateIpAddress', 'instanceId'):
        address.c.pop(key, None)
    address.rel.clear()
    address.memo.pop('eni', None)
    eni.memo.pop('eip', None)
    eni.c.pop('association', None)
    instance = refresh_eni(eni)
    if instance is not None:
        instance.c.pop('publicIpAddress', None)
    return instance


def set_state(w, who, acct, instance, name):
    """StopInstances or StartInstances."""
    target = {'code': 80, 'name': 'stopped'} if name == 'StopInstances' else {'code': 16,
                                                                              'name': 'running'}
    passing = {'code': 64, 'name': 'stopping'} if name == 'StopInstances' else {'code': 0,
                                                                                'name': 'pending'}
    event = call(w, who, acct, instance.region, name,
                 {'instancesSet': {'items': [{'instanceId': instance.id}]}},
                 {'instancesSet': {'items': [{'instanceId': instance.id, 'currentState': passing,
                                              'previousState': dict(instance.c['state'])}]}})
    if instance.c['state'] != target:
        instance.c['state'] = target
        if name == 'StopInstances':
            instance.c['stateTransitionReason'] = 'User initiated (%s GMT)' % (
                iso_000(w.now)[:19].replace('T', ' '))
        else:
            instance.c['stateTransitionReason'] = ''
            instance.c['launchTime'] = iso_000(w.now)
    w.change(event, instance)
    return event


def permission(one):
    """A rule as the request writes it."""
    address = one['ipv4Ranges'][0] if one['ipv4Ranges'] else None
    out = {'ipProtocol': one['ipProtocol']}
    if 'fromPort' in one:
        out.update(fromPort=one['fromPort'], toPort=one['toPort'])
    groups = [{'groupId': p['groupId'], 'userId': p['userId']} for p in one['userIdGroupPairs']]
    out.update(groups=items(groups), ipRanges=items([address] if address else []), ipv6Ranges={},
               prefixListIds={})
    return out


def authorize(w, who, acct, group, one, egress=False, lag=None, dry=False):
    """AuthorizeSecurityGroup*; a rule that is there already, and a dry run, fail."""
    name = 'AuthorizeSecurityGroup' + ('Egress' if egress else 'Ingress')
    req = {'groupId': group.id, 'ipPermissions': {'items': [permission(one)]}}
    rules = group.c['ipPermissionsEgress' if egress else 'ipPermissions']
    if dry:
        return refuse(w, who, acct, group, name, req, 'Client.DryRunOperation',
                      'Request would have succeeded, but DryRun flag is set.')
    if one in rules:
        return refuse(w, who, acct, group, name, req, 'Client.InvalidPermission.Duplicate',
                      'the specified rule "peer: %s, ALLOW" already exists' % one['ipRanges'])
    answer = {'groupOwnerId': acct.id, 'groupId': group.id, 'securityGroupRuleId': w.rng.ec2('sgr'),
              'isEgress': egress, 'ipProtocol': one['ipProtocol'],
              'fromPort': one.get('fromPort', -1), 'toPort': one.get('toPort', -1)}
    if one['ipv4Ranges']:
        answer['cidrIpv4'] = one['ipv4Ranges'][0]['cidrIp']
    else:
        answer['referencedGroupInfo'] = {'userId': acct.id,
                                         'groupId': one['userIdGroupPairs'][0]['groupId']}
    event = call(w, who, acct, group.region, name, req,
                 {**OK, 'securityGroupRuleSet': {'items': [answer]}})
    rules.append(one)
    w.change(event, group, lag=lag)
    return event


def revoke(w, who, acct, group, one, egress=False, lag=None):
    rules = group.c['ipPermissionsEgress' if egress else 'ipPermissions']
    req = {'groupId': group.id, 'ipPermissions': {'items': [permission(one)]}}
    if not egress and one['ipv4Ranges'] and 'fromPort' in one and w.rng.random() < 0.4:
        req = {'groupId': group.id, 'ipPermissions': {}, 'ipProtocol': one['ipProtocol'],
               'fromPort': one['fromPort'], 'toPort': one['toPort'], 'cidrIp': one['ipRanges'][0]}
    event = call(w, who, acct, group.region,
                 'RevokeSecurityGroup' + ('Egress' if egress else 'Ingress'), req, dict(OK))
    rules.remove(one)
    w.change(event, group, lag=lag)
    return event


def refuse(w, who, acct, res, name, req, code, message):
    """A call on a resource that fails."""
    event = call(w, who, acct, res.region, name, req, None, err=code, msg=message)
    w.attempt(event, res, code)
    return event


def create_tags(w, who, acct, resources, tags):
    """CreateTags on one or several; tags that are there already change nothing."""
    event = call(w, who, acct, resources[0].region, 'CreateTags',
                 {'resourcesSet': {'items': [{'resourceId': r.id} for r in resources]},
                  'tagSet': {'items': pairs(tags)}}, dict(OK))
    for res in resources:
        res.tags.update(tags)
        w.change(event, res)
    return event


def delete_tags(w, who, acct, res, key):
    event = call(w, who, acct, res.region, 'DeleteTags',
                 {'resourcesSet': {'items': [{'resourceId': res.id}]},
                  'tagSet': {'items': [{'key': key}]}}, dict(OK))
    res.tags.pop(key, None)
    w.change(event, res)
    return event


def simple(w, who, acct, res, name, req, mutate=None, resp=None, also=(), related=(), kill=False):
    """A call on `res` (and on `also`): makes the record, changes the state, tells the recorder."""
    event = call(w, who, acct, res.region, name, req, dict(OK) if resp is None else resp)
    if mutate is not None:
        mutate()
    if kill:
        w.kill(acct, res)
    for one in (res,) + tuple(also):
        w.change(event, one)
    for one in related:
        w.related(event, one)
    return event
