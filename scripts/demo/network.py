# SPDX-License-Identifier: Apache-2.0
"""Whole undertakings in EC2, call by call: networks built and torn down, machines run, disks moved."""

from . import ec2
from .ec2 import ENI, VPC, call, items, new, pairs, tag_spec
from .ids import iso_000

PUBLIC = ('192.0.2.%d', '198.51.100.%d', '203.0.113.%d')


def build_network(w, who, acct, region, name, second, reserved=False, nat=False):
    """CreateVpc and all that follows, as Terraform does it: many calls a second."""
    tags = {'Name': name, 'owner': 'platform'}
    cidr = '10.%d.0.0/16' % second
    vpc = ec2.make_vpc(w, acct, region, cidr, tags, reserved)
    event = call(w, who, acct, region, 'CreateVpc', {
        'cidrBlock': cidr, 'instanceTenancy': 'default', 'amazonProvidedIpv6CidrBlock': False,
        'tagSpecificationSet': tag_spec(VPC, tags)}, {'vpc': {
            'vpcId': vpc.id, 'state': 'pending', 'ownerId': acct.id, 'cidrBlock': cidr,
            'cidrBlockAssociationSet': {'items': vpc.c['cidrBlockAssociationSet']},
            'ipv6CidrBlockAssociationSet': {}, 'dhcpOptionsId': vpc.c['dhcpOptionsId'],
            'instanceTenancy': 'default', 'tagSet': items(pairs(tags)), 'isDefault': False}})
    for res in (vpc, vpc.memo['group'], vpc.memo['acl'], vpc.memo['main']):
        w.change(event, res)
    w.trap('side resources')
    yield 0.4
    igw = create_igw(w, who, acct, region, name, reserved)
    yield 0.3
    attach_igw(w, who, acct, igw, vpc)
    subnets = []
    for number, zone in enumerate('ab'):
        yield 0.3
        subnets.append(create_subnet(w, who, acct, vpc, '10.%d.%d.0/24' % (second, number + 1), zone,
                                     '%s-%s' % (name, zone), reserved))
    yield 0.5
    table = create_table(w, who, acct, vpc, name + '-public', reserved)
    yield 0.2
    create_route(w, who, acct, table, '0.0.0.0/0', gatewayId=igw.id)
    yield 0.3
    for subnet in subnets:
        associate_table(w, who, acct, table, subnet)
        yield 0.3
    if nat:
        yield 1
        address = allocate_address(w, who, acct, region, name + '-nat', reserved)
        yield 0.4
        create_nat(w, who, acct, subnets[0], address, name, reserved)


def create_igw(w, who, acct, region, name, reserved=False):
    tags = {'Name': name}
    igw = new(w, acct, region, ec2.IGW, tags, reserved=reserved)
    igw.c = {'attachments': [], 'internetGatewayId': igw.id, 'ownerId': acct.id}
    event = call(w, who, acct, region, 'CreateInternetGateway', {
        'tagSpecificationSet': tag_spec(ec2.IGW, tags)}, {'internetGateway': {
            'internetGatewayId': igw.id, 'ownerId': acct.id, 'attachmentSet': {},
            'tagSet': items(pairs(tags))}})
    w.change(event, igw)
    return igw


def attach_igw(w, who, acct, igw, vpc):
    def mutate():
        igw.c['attachments'] = [{'state': 'available', 'vpcId': vpc.id}]
        igw.relate(VPC, vpc.id, 'Is attached to Vpc')
        vpc.relate(ec2.IGW, igw.id, 'Is attached to InternetGateway')
        vpc.memo['igw'] = igw
    return ec2.simple(w, who, acct, igw, 'AttachInternetGateway',
                      {'internetGatewayId': igw.id, 'vpcId': vpc.id}, mutate, related=(vpc,))


def create_subnet(w, who, acct, vpc, cidr, zone, name, reserved=False):
    tags = {'Name': name}
    subnet = ec2.make_subnet(w, acct, vpc.region, vpc, cidr, zone, tags, reserved)
    c = subnet.c
    event = call(w, who, acct, vpc.region, 'CreateSubnet', {
        'vpcId': vpc.id, 'cidrBlock': cidr, 'availabilityZone': subnet.az,
        'tagSpecificationSet': tag_spec(ec2.SUBNET, tags)}, {'subnet': {
            'subnetId': subnet.id, 'subnetArn': subnet.arn, 'state': 'available', 'vpcId': vpc.id,
            'cidrBlock': cidr, 'ipv6CidrBlockAssociationSet': {}, 'availableIpAddressCount': 251,
            'availabilityZone': c['availabilityZone'], 'ownerId': acct.id, 'defaultForAz': False,
            'mapPublicIpOnLaunch': False, 'assignIpv6AddressOnCreation': False,
            'tagSet': items(pairs(tags))}})
    w.change(event, subnet)
    w.change(event, vpc.memo['acl'])
    w.related(event, vpc)
    return subnet


def create_table(w, who, acct, vpc, name, reserved=False):
    tags = {'Name': name}
    table = ec2.make_rtb(w, acct, vpc.region, vpc, tags, reserved)
    event = call(w, who, acct, vpc.region, 'CreateRouteTable', {
        'vpcId': vpc.id, 'tagSpecificationSet': tag_spec(ec2.RTB, tags)}, {'routeTable': {
            'routeTableId': table.id, 'vpcId': vpc.id, 'ownerId': acct.id,
            'routeSet': {'items': list(table.c['routes'])}, 'associationSet': {},
            'propagatingVgwSet': {}, 'tagSet': items(pairs(tags))}})
    vpc.relate(ec2.RTB, table.id, 'Contains RouteTable')
    w.change(event, table)
    w.related(event, vpc)
    return table


def create_route(w, who, acct, table, cidr, **target):
    """Names a gateway, but changes the table."""
    w.trap('names a resource without changing it')
    def mutate():
        table.c['routes'].append({'destinationCidrBlock': cidr, **target, 'origin': 'CreateRoute',
                                  'state': 'active'})
    return ec2.simple(w, who, acct, table, 'CreateRoute',
                      {'routeTableId': table.id, 'destinationCidrBlock': cidr, **target}, mutate)


def delete_route(w, who, acct, table, route):
    cidr = route['destinationCidrBlock']
    return ec2.simple(w, who, acct, table, 'DeleteRoute',
                      {'routeTableId': table.id, 'destinationCidrBlock': cidr},
                      lambda: table.c['routes'].remove(route))


def associate_table(w, who, acct, table, subnet):
    association = w.rng.ec2('rtbassoc')
    def mutate():
        table.c['associations'].append({
            'main': False, 'routeTableAssociationId': association, 'routeTableId': table.id,
            'subnetId': subnet.id, 'associationState': {'state': 'associated'}})
        table.relate(ec2.SUBNET, subnet.id, 'Contains Subnet')
        subnet.relate(ec2.RTB, table.id, 'Is attached to RouteTable')
        subnet.memo['table'] = table
    return ec2.simple(w, who, acct, table, 'AssociateRouteTable',
                      {'routeTableId': table.id, 'subnetId': subnet.id}, mutate,
                      {'associationId': association, 'associationState': {'state': 'associated'}},
                      related=(subnet,))


def disassociate_table(w, who, acct, table, subnet):
    """Names nothing but the association."""
    association = next(a for a in table.c['associations'] if a.get('subnetId') == subnet.id)
    w.trap('only an association id')
    def mutate():
        table.c['associations'].remove(association)
        table.unrelate(ec2.SUBNET, subnet.id)
        subnet.unrelate(ec2.RTB, table.id)
        subnet.memo['table'] = None
    return ec2.simple(w, who, acct, table, 'DisassociateRouteTable',
                      {'associationId': association['routeTableAssociationId']}, mutate,
                      {'associationState': {'state': 'disassociating'}, '_return': True},
                      related=(subnet,))


def allocate_address(w, who, acct, region, name, reserved=False):
    tags = {'Name': name}
    address = new(w, acct, region, ec2.EIP, tags, reserved=reserved)
    address.c = {'publicIp': w.rng.choice(PUBLIC) % w.rng.randint(2, 250), 'allocationId': address.id,
                 'domain': 'vpc', 'publicIpv4Pool': 'amazon', 'networkBorderGroup': region}
    event = call(w, who, acct, region, 'AllocateAddress', {
        'domain': 'vpc', 'tagSpecificationSet': tag_spec(ec2.EIP, tags)}, {
            key: address.c[key] for key in ('publicIp', 'domain', 'allocationId', 'publicIpv4Pool',
                                            'networkBorderGroup')})
    w.change(event, address)
    return address


def associate_address(w, who, acct, address, eni):
    instance = ec2.bind(w, address, eni)
    event = call(w, who, acct, address.region, 'AssociateAddress', {
        'allocationId': address.id, 'networkInterfaceId': eni.id, 'allowReassociation': False},
        {**ec2.OK, 'associationId': address.c['associationId']})
    for res in (address, eni, instance):
        if res is not None:
            w.change(event, res)
    return event


def disassociate_address(w, who, acct, address):
    """Names nothing but the association."""
    w.trap('only an association id')
    event = call(w, who, acct, address.region, 'DisassociateAddress',
                 {'associationId': address.c['associationId']}, dict(ec2.OK))
    eni = address.memo['eni']
    instance = ec2.unbind(address, eni)
    for res in (address, eni, instance):
        if res is not None:
            w.change(event, res)
    return event


def create_nat(w, who, acct, subnet, address, name, reserved=False):
    """Names a subnet; makes an interface in it, and the address becomes associated."""
    w.trap('names a resource without changing it')
    tags = {'Name': name}
    region = subnet.region
    eni = ec2.make_eni(w, acct, region, subnet, [], 'Interface for NAT Gateway', reserved)
    eni.c['status'], eni.c['interfaceType'] = 'in-use', 'nat_gateway'
    ec2.bind(w, address, eni)
    nat = new(w, acct, region, ec2.NAT, tags, reserved=reserved)
    created = iso_000(w.now)
    nat.c = {'createTime': created, 'natGatewayAddresses': [{
        'allocationId': address.id, 'networkInterfaceId': eni.id,
        'privateIp': eni.c['privateIpAddress'], 'publicIp': address.c['publicIp']}],
        'natGatewayId': nat.id, 'state': 'available', 'subnetId': subnet.id,
        'vpcId': subnet.c['vpcId'], 'connectivityType': 'public'}
    for rtype, rid, label in ((ENI, eni.id, 'Contains NetworkInterface'),
                              (ec2.SUBNET, subnet.id, 'Is contained in Subnet'),
                              (VPC, subnet.c['vpcId'], 'Is contained in Vpc')):
        nat.relate(rtype, rid, label)
    nat.memo.update(eni=eni, address=address, subnet=subnet)
    token = w.rng.uuid()
    event = w.call(who, acct, region, 'ec2', 'CreateNatGateway', {'CreateNatGatewayRequest': {
        'ConnectivityType': 'public', 'AllocationId': address.id, 'SubnetId': subnet.id,
        'ClientToken': token, 'TagSpecification': {
            'ResourceType': 'natgateway', 'tag': 1, 'Tag': {'Value': name, 'tag': 1, 'Key': 'Name'}}}},
        {'CreateNatGatewayResponse': {
            'xmlns': 'http://ec2.amazonaws.com/doc/2016-11-15/', 'requestId': w.rng.uuid(),
            'clientToken': token, 'natGateway': {
                'connectivityType': 'public', 'subnetId': subnet.id, 'vpcId': subnet.c['vpcId'],
                'tagSet': {'item': {'value': name, 'key': 'Name'}}, 'createTime': created,
                'natGatewayAddressSet': {'item': {'isPrimary': True, 'allocationId': address.id,
                                                  'status': 'associating'}},
                'natGatewayId': nat.id, 'state': 'pending'}}})
    for res in (nat, eni, address):
        w.change(event, res)
    w.related(event, subnet)
    return nat


def delete_nat(w, who, acct, nat):
    event = w.call(who, acct, nat.region, 'ec2', 'DeleteNatGateway',
                   {'DeleteNatGatewayRequest': {'NatGatewayId': nat.id}},
                   {'DeleteNatGatewayResponse': {
                       'xmlns': 'http://ec2.amazonaws.com/doc/2016-11-15/',
                       'requestId': w.rng.uuid(), 'natGatewayId': nat.id}})
    eni, address = nat.memo['eni'], nat.memo['address']
    if eni.memo.get('eip') is address:
        ec2.unbind(address, eni)
    ec2.drop_eni(w, acct, eni)
    w.kill(acct, nat)
    for res in (nat, eni, address):
        w.change(event, res)
    w.related(event, nat.memo['subnet'])
    return event
