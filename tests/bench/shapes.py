# SPDX-License-Identifier: Apache-2.0
"""Resources that live through many states, each caused by a call: what tests/bench/data.py writes.

A shape makes the item of a new resource, and takes it on by one state at a time: every step changes
one thing, as one API call does, and yields that call. Sizes are spread as those of real items are
(one to eight thousand bytes in driftfs's canonical form). Everything follows from the resource's
generator of random numbers, so equal seeds give equal bytes.
"""

import json

from demo.ids import Rng, iso_000  # scripts/ is on the path: data.py sees to it

PEOPLE = [("alice", "198.51.100.23"), ("bob", "198.51.100.40"), ("carol", "192.0.2.17"),
          ("dave", "192.0.2.90"), ("erin", "203.0.113.7"), ("frank", "203.0.113.88")]
ROLES = ["NetworkAdmin", "DeployRole", "PowerUser", "CiRole"]
AGENTS = ["aws-cli/2.15.24 Python/3.11.6 Linux/5.10.205 exe/x86_64.amzn.2 prompt/off",
          "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) "
          "terraform-provider-aws/5.38.0", "Boto3/1.34.49 md/Botocore#1.34.49 ua/2.0 lang/python",
          "Mozilla/5.0 (X11; Linux x86_64; rv:122.0) Gecko/20100101 Firefox/122.0"]
WORDS = ["web", "orders", "billing", "search", "reports", "media", "auth", "events", "ledger"]


class Shape:
    """One resource. `item` is as AWS Config writes it, for json.dumps."""

    type, source, letters = "", "", ""

    def __init__(self, seed, number, account, region, born):
        self.rng = Rng(f"{seed}/{self.type}/{number}")
        self.number, self.account, self.region, self.born = number, account, region, born
        self.vpc = f"vpc-0{int(account) % 997:016x}"
        self.tags = {key: self.rng.choice(WORDS) for key in
                     ("env", "team", "service", "cost-center", "owner")[:self.rng.randint(1, 5)]}
        self.id, self.name, self.arn = self.identity()
        self.configuration, self.supplement, self.relations = {}, {}, []
        self.created = self.create()

    def item(self, when, number):
        return {"relatedEvents": [], "relationships": self.relations,
                "configuration": self.configuration, "supplementaryConfiguration": self.supplement,
                "tags": self.tags, "configurationItemVersion": "1.3",
                "configurationItemCaptureTime": when, "configurationStateId": number,
                "awsAccountId": self.account, "configurationItemStatus":
                "ResourceDiscovered" if self.created else "OK", "resourceType": self.type,
                "resourceId": self.id, "resourceName": self.name, "ARN": self.arn,
                "awsRegion": self.region, "availabilityZone": "Not Applicable",
                "configurationStateMd5Hash": "", "resourceCreationTime": iso_000(self.born)}

    def step(self, k):
        """Takes the resource on to its state k; returns the call: name, request, response."""
        call, self.created = self.created, None
        return call or self.change(k)

    def tag(self, k, key):
        self.tags[key] = f"{self.rng.choice(WORDS)}-{k}"
        return self.tags[key]


class Instance(Shape):
    type, source = "AWS::EC2::Instance", "ec2"

    def identity(self):
        rid = f"i-0{self.number * 2654435761 % 2**64:016x}"
        return rid, None, f"arn:aws:ec2:{self.region}:{self.account}:instance/{rid}"

    def create(self):
        rng, when = self.rng, iso_000(self.born)
        subnet, ami = f"subnet-0{rng.getrandbits(4):016x}", rng.ec2("ami")
        address = f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"
        group = {"groupName": "default", "groupId": f"sg-0{rng.getrandbits(6):016x}"}
        volumes = [rng.ec2("vol") for _ in range(rng.randint(1, 4))]
        cards = [rng.ec2("eni") for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        self.relations = [
            *({"resourceType": "AWS::EC2::NetworkInterface", "name": "Contains NetworkInterface",
               "resourceId": card} for card in cards),
            *({"resourceType": "AWS::EC2::Volume", "name": "Is attached to Volume",
               "resourceId": volume} for volume in volumes),
            {"resourceType": "AWS::EC2::SecurityGroup", "name": "Is associated with SecurityGroup",
             "resourceId": group["groupId"]},
            {"resourceType": "AWS::EC2::Subnet", "name": "Is contained in Subnet",
             "resourceId": subnet},
            {"resourceType": "AWS::EC2::VPC", "name": "Is contained in Vpc",
             "resourceId": self.vpc}]
        self.configuration = {
            "amiLaunchIndex": 0, "imageId": ami, "instanceId": self.id, "instanceType": "m5.large",
            "keyName": "ops", "launchTime": when, "monitoring": {"state": "disabled"},
            "placement": {"availabilityZone": self.region + "a", "tenancy": "default"},
            "privateIpAddress": address, "state": {"code": 16, "name": "running"},
            "subnetId": subnet, "vpcId": self.vpc, "architecture": "x86_64",
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvd" + "abcd"[i], "ebs": {
                    "attachTime": when, "deleteOnTermination": True, "status": "attached",
                    "volumeId": volume}} for i, volume in enumerate(volumes)],
            "ebsOptimized": False, "enaSupport": True, "hypervisor": "xen",
            "networkInterfaces": [
                {"groups": [group], "ipv6Addresses": [], "networkInterfaceId": card,
                 "macAddress": f"0a:08:50:{i:02x}:{self.number >> 8 & 255:02x}"
                               f":{self.number & 255:02x}",
                 "ownerId": self.account, "privateIpAddress": address, "privateIpAddresses": [
                     {"primary": True, "privateIpAddress": address}],
                 "sourceDestCheck": True, "status": "in-use", "subnetId": subnet,
                 "vpcId": self.vpc, "attachment": {
                     "attachTime": when, "attachmentId": "eni-attach-" + card[4:],
                     "deleteOnTermination": True, "deviceIndex": i, "status": "attached"}}
                for i, card in enumerate(cards)],
            "rootDeviceName": "/dev/xvda", "rootDeviceType": "ebs", "securityGroups": [group],
            "sourceDestCheck": True, "virtualizationType": "hvm", "metadataOptions": {
                "state": "applied", "httpTokens": "required", "httpEndpoint": "enabled"}}
        self.show_tags()
        return ("RunInstances",
                {"instancesSet": {"items": [{"imageId": ami, "minCount": 1, "maxCount": 1}]},
                 "instanceType": "m5.large", "subnetId": subnet, "monitoring": {"enabled": False}},
                {"ownerId": self.account, "instancesSet": {"items": [
                    {"instanceId": self.id, "imageId": ami, "instanceType": "m5.large",
                     "instanceState": {"code": 0, "name": "pending"}, "subnetId": subnet,
                     "vpcId": self.vpc, "privateIpAddress": address}]}})

    def show_tags(self):
        self.configuration["tags"] = [{"key": k, "value": v} for k, v in self.tags.items()]

    def change(self, k):
        if k % 3 == 1:
            size = ("m5.xlarge", "c5.large", "r5.large", "m5.large")[k // 3 % 4]
            self.configuration["instanceType"] = size
            return ("ModifyInstanceAttribute", {"instanceId": self.id, "instanceType":
                                                {"value": size}}, {"_return": True})
        if k % 3 == 2:
            value = self.tag(k, "release")
            self.show_tags()
            return ("CreateTags", {"resourcesSet": {"items": [{"resourceId": self.id}]},
                                   "tagSet": {"items": [{"key": "release", "value": value}]}},
                    {"_return": True})
        on = self.configuration["monitoring"]["state"] == "disabled"
        self.configuration["monitoring"]["state"] = "enabled" if on else "disabled"
        return ("MonitorInstances" if on else "UnmonitorInstances",
                {"instancesSet": {"items": [{"instanceId": self.id}]}},
                {"instancesSet": {"items": [{"instanceId": self.id, "monitoring": {
                    "state": self.configuration["monitoring"]["state"]}}]}})


class Group(Shape):
    type, source = "AWS::EC2::SecurityGroup", "ec2"

    def identity(self):
        rid = f"sg-0{self.number:016x}"
        return (rid, f"{self.rng.choice(WORDS)}-{self.number}",
                f"arn:aws:ec2:{self.region}:{self.account}:security-group/{rid}")

    def create(self):
        self.relations = [{"resourceType": "AWS::EC2::VPC", "name": "Is contained in Vpc",
                           "resourceId": self.vpc}]
        self.configuration = {
            "description": "made by the bench", "groupName": self.name, "ipPermissions": [],
            "ownerId": self.account, "groupId": self.id, "ipPermissionsEgress": [
                {"ipProtocol": "-1", "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": [],
                 "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"]}],
            "vpcId": self.vpc, "tags": [{"key": k, "value": v} for k, v in self.tags.items()]}
        for i in range(self.rng.choice((0, 1, 2, 4, 8))):
            self.configuration["ipPermissions"].append(self.rule(1000 + i, "10.0.0.0/8"))
        return ("CreateSecurityGroup", {"groupName": self.name, "vpcId": self.vpc,
                                        "groupDescription": "made by the bench"},
                {"_return": True, "groupId": self.id})

    @staticmethod
    def rule(port, cidr):
        return {"fromPort": port, "ipProtocol": "tcp", "ipv6Ranges": [], "prefixListIds": [],
                "toPort": port, "userIdGroupPairs": [],
                "ipv4Ranges": [{"cidrIp": cidr, "description": "office"}], "ipRanges": [cidr]}

    def change(self, k):
        rules = self.configuration["ipPermissions"]
        if k % 4 == 0 and rules:
            gone = rules.pop(0)
            name, port, cidr = "Revoke", gone["fromPort"], gone["ipRanges"][0]
        else:
            name, port, cidr = "Authorize", 2000 + k, f"203.0.113.{self.rng.randrange(256)}/32"
            rules.append(self.rule(port, cidr))
        return (name + "SecurityGroupIngress",
                {"groupId": self.id, "ipPermissions": {"items": [
                    {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {},
                     "ipRanges": {"items": [{"cidrIp": cidr, "description": "office"}]},
                     "ipv6Ranges": {}, "prefixListIds": {}}]}}, {"_return": True})


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


class Bucket(Shape):
    type, source = "AWS::S3::Bucket", "s3"

    def identity(self):
        name = f"acme-{self.rng.choice(WORDS)}-{self.number}"
        return name, name, f"arn:aws:s3:::{name}"

    def create(self):
        owner = f"{int(self.account):064x}"
        self.configuration = {"name": self.id, "owner": {"displayName": None, "id": owner},
                              "creationDate": iso_000(self.born)}
        self.supplement = {
            "AccessControlList": json.dumps({"grantSet": None, "grantList": [
                {"grantee": {"id": owner, "displayName": None}, "permission": "FullControl"}],
                "owner": {"displayName": None, "id": owner}, "isRequesterCharged": False}),
            "BucketLoggingConfiguration": {"destinationBucketName": None, "logFilePrefix": None},
            "BucketPolicy": {"policyText": None}, "IsRequesterPaysEnabled": False,
            "BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": None},
            "PublicAccessBlockConfiguration": {
                "blockPublicAcls": True, "ignorePublicAcls": True, "blockPublicPolicy": True,
                "restrictPublicBuckets": True}}
        self.grants = self.rng.randint(1, 5)
        return "CreateBucket", {"bucketName": self.id, "x-amz-acl": "private"}, None

    def change(self, k):
        if k % 3 == 0:
            self.tag(k, "release")
            return ("PutBucketTagging", {"bucketName": self.id, "Tagging": {"TagSet": {"Tag": [
                {"Key": key, "Value": value} for key, value in self.tags.items()]}}}, None)
        if k % 5 == 1:
            status = "Enabled" if k == 1 else "Suspended"
            self.supplement["BucketVersioningConfiguration"]["status"] = status
            return ("PutBucketVersioning", {"bucketName": self.id, "VersioningConfiguration":
                                            {"Status": status}}, None)
        text = policy(*({"Sid": f"Grant{k}x{i}", "Effect": "Allow", "Principal": {
            "AWS": f"arn:aws:iam::{self.account}:role/{self.rng.choice(WORDS)}-{i}"},
            "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{self.arn}/*"}
            for i in range(self.grants)))
        self.supplement["BucketPolicy"]["policyText"] = json.dumps(text, separators=(",", ":"))
        return "PutBucketPolicy", {"bucketName": self.id, "bucketPolicy": text}, None


class Role(Shape):
    type, source = "AWS::IAM::Role", "iam"

    def identity(self):
        name = f"{self.rng.choice(WORDS)}-{self.number}"
        return self.rng.unique("AROA"), name, f"arn:aws:iam::{self.account}:role/{name}"

    def create(self):
        trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole"})
        text = json.dumps(trust, separators=(",", ":"))
        self.region = "global"
        self.configuration = {
            "path": "/", "roleName": self.name, "roleId": self.id, "arn": self.arn,
            "createDate": iso_000(self.born), "assumeRolePolicyDocument": quoted(text),
            "instanceProfileList": [], "rolePolicyList": [], "attachedManagedPolicies": [],
            "permissionsBoundary": None, "roleLastUsed": None,
            "tags": [{"key": k, "value": v} for k, v in self.tags.items()]}
        return ("CreateRole", {"roleName": self.name, "assumeRolePolicyDocument": text},
                {"role": {"path": "/", "roleName": self.name, "roleId": self.id,
                          "arn": self.arn}})

    def change(self, k):
        if k % 3 == 0:
            arn = f"arn:aws:iam::{self.account}:policy/{self.rng.choice(WORDS)}-{k}"
            self.configuration["attachedManagedPolicies"].append(
                {"policyName": arn.rsplit("/", 1)[1], "policyArn": arn})
            return "AttachRolePolicy", {"roleName": self.name, "policyArn": arn}, None
        text = json.dumps(policy({
            "Effect": "Allow", "Action": [f"s3:Get{w.title()}" for w in WORDS[:k % 8 + 1]],
            "Resource": f"arn:aws:s3:::acme-{self.rng.choice(WORDS)}/*"}), separators=(",", ":"))
        name = f"inline-{k}"
        self.configuration["rolePolicyList"].append(
            {"policyName": name, "policyDocument": quoted(text)})
        return ("PutRolePolicy", {"roleName": self.name, "policyName": name,
                                  "policyDocument": text}, None)


def quoted(text):
    for plain, code in (("%", "%25"), ("{", "%7B"), ("}", "%7D"), ('"', "%22"), (":", "%3A"),
                        (",", "%2C"), ("[", "%5B"), ("]", "%5D"), ("/", "%2F"), ("*", "%2A")):
        text = text.replace(plain, code)
    return text


class Function(Shape):
    type, source = "AWS::Lambda::Function", "lambda"

    def identity(self):
        name = f"{self.rng.choice(WORDS)}-{self.number}"
        return name, name, f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"

    def create(self):
        role = f"arn:aws:iam::{self.account}:role/{self.rng.choice(WORDS)}"
        self.relations = [{"resourceType": "AWS::IAM::Role", "name": "Is associated with ",
                           "resourceName": role.rsplit("/", 1)[1]}]
        self.configuration = {
            "functionName": self.name, "functionArn": self.arn, "runtime": "python3.11",
            "role": role, "handler": "app.handler", "codeSize": self.rng.randrange(10000, 90000),
            "description": "", "timeout": 30, "memorySize": 128, "lastModified": iso_000(self.born),
            "codeSha256": self.rng.word(43) + "=", "version": "$LATEST",
            "tracingConfig": {"mode": "PassThrough"}, "revisionId": self.rng.uuid(),
            "packageType": "Zip", "architectures": ["x86_64"], "layers": [], "environment": {
                "variables": {f"{w.upper()}_URL": f"https://{w}.example.com/" for w in
                              WORDS[:self.rng.randint(0, 8)]}}}
        return ("CreateFunction20150331", {"functionName": self.name, "runtime": "python3.11",
                                           "role": role, "handler": "app.handler"},
                {"functionName": self.name, "functionArn": self.arn})

    def change(self, k):
        if k % 2:
            self.configuration["memorySize"] = size = 128 * (k + 1)
            request = {"functionName": self.name, "memorySize": size}
            name = "UpdateFunctionConfiguration20150331v2"
        else:
            self.configuration["codeSha256"] = self.rng.word(43) + "="
            self.configuration["codeSize"] += 1000 + k
            request = {"functionName": self.name, "publish": False}
            name = "UpdateFunctionCode20150331v2"
        self.configuration["revisionId"] = self.rng.uuid()
        return (name, request, {key: self.configuration[key] for key in (
            "functionName", "functionArn", "codeSha256", "codeSize", "memorySize", "revisionId")})


def record(shape, call, when, rng):
    """The CloudTrail record of a call."""
    name, request, response = call
    who = rng.randrange(len(PEOPLE))
    person, address = PEOPLE[who]
    region = "us-east-1" if shape.region == "global" else shape.region
    role = ROLES[(who + shape.number) % len(ROLES)]
    if shape.number % 3:
        identity = {"type": "IAMUser", "principalId": f"AIDA{who:017d}", "accountId": shape.account,
                    "arn": f"arn:aws:iam::{shape.account}:user/{person}", "userName": person,
                    "accessKeyId": f"AKIA{who:016d}"}
    else:
        identity = {"type": "AssumedRole", "principalId": f"AROA{who:017d}:{person}@example.com",
                    "arn": f"arn:aws:sts::{shape.account}:assumed-role/{role}/{person}@example.com",
                    "accountId": shape.account, "accessKeyId": f"ASIA{who:08d}{role[:8].upper():X<8}",
                    "sessionContext": {"sessionIssuer": {
                        "type": "Role", "principalId": f"AROA{who:017d}", "userName": role,
                        "arn": f"arn:aws:iam::{shape.account}:role/{role}",
                        "accountId": shape.account},
                        "attributes": {"mfaAuthenticated": "true", "creationDate": when}}}
    out = {"eventVersion": "1.09", "userIdentity": identity, "eventTime": when,
           "eventSource": shape.source + ".amazonaws.com", "eventName": name, "awsRegion": region,
           "sourceIPAddress": address, "userAgent": AGENTS[who % len(AGENTS)],
           "requestParameters": request, "responseElements": response, "requestID": rng.uuid(),
           "eventID": rng.uuid(), "readOnly": False, "eventType": "AwsApiCall",
           "managementEvent": True, "recipientAccountId": shape.account,
           "eventCategory": "Management", "tlsDetails": {
               "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
               "clientProvidedHostHeader": f"{shape.source}.{region}.amazonaws.com"}}
    return out
