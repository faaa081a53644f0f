# SPDX-License-Identifier: Apache-2.0
"""Stories gone on with come out as those made whole: calls crowded about the states, in any order."""
import datetime
import random
import unittest

from support import (ACCOUNT, REGION, Case, alarm, dump, event, history_file, item,
                     trail_file)
from test_order import TOLD

START = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)
GROUPS = ["sg-0000000000000aaa1", "sg-0000000000000bbb2"]
INSTANCES = ["i-0000000000000cc01", "i-0000000000000dd02"]
TABLE, SUBNET, ADDRESS = "rtb-0000000000000ee1", "subnet-00000000000ff1", "eipalloc-0000000000001"
NAT, BUCKET, ROLES = "nat-000000000000000a1", "orders-data-07", ["AROAEXAMPLEFIRST00001",
                                                              "AROAEXAMPLESECOND0002"]
PORTS = [22, 80, 443]


def iso(second, millis=0):
    return (START + datetime.timedelta(seconds=second)).strftime(f"%Y-%m-%dT%H:%M:%S.{millis:03}Z")


class Crowd:
    """Two days of a few resources: (second, document) of each fact, from a seed."""

    def __init__(self, seed):
        self.chance, self.facts, self.number = random.Random(seed), [], 0
        self.captures = sorted(self.chance.sample(range(0, 2 * 86400, 30), 40))
        if self.chance.random() < 0.5:  # days of their own, too
            self.captures += [self.captures[-1] + 26 * 3600 * n for n in (1, 2)]
        for second in self.captures:
            self.state(second)
        for _ in range(110):
            near = self.chance.choice(self.captures)
            self.call(max(0, near + self.chance.choice(
                (-3600, -600, -91, -90, -61, -30, -2, -1, 0, 1, 2, 3, 30, 60, 61, 89, 91, 600,
                 self.chance.randint(-7200, 7200)))))

    def pick(self, values):
        return self.chance.choice(values)

    def some(self, values):
        return [v for v in values if self.chance.random() < 0.5]

    # --- states

    def state(self, second):
        kind = self.pick(("group", "group", "group", "instance", "address", "table", "subnet", "role",
                          "role", "bucket", "interface", "db", "compliance"))
        rid, type_, configuration, more = getattr(self, f"state_{kind}")()
        if self.chance.random() < 0.08:
            configuration, more = None, {"configurationItemStatus": "ResourceDeleted"}
        self.facts.append((second, history_file([item(
            rid, iso(second, self.pick((0, 0, 123))), type_, configuration=configuration,
            configurationStateId=1700000000000 + second * 1000 + self.chance.randint(0, 2),
            **{"ARN": None, **more})])))

    def state_group(self):
        rid = self.pick(GROUPS)
        rules = [{"ipProtocol": "tcp", "fromPort": p, "toPort": p,
                  "ipRanges": [{"cidrIp": "203.0.113.0/24"}]} for p in self.some(PORTS)]
        near = [{"resourceType": "AWS::EC2::Instance", "resourceId": i, "relationshipName": "x"}
                for i in self.some(INSTANCES)]
        return rid, "AWS::EC2::SecurityGroup", {"groupId": rid, "ipPermissions": rules}, {
            "relationships": near}

    def state_instance(self):
        rid = self.pick(INSTANCES)
        return rid, "AWS::EC2::Instance", {
            "instanceId": rid, "state": {"name": self.pick(("running", "stopping", "stopped"))},
            "securityGroups": [{"groupId": g} for g in self.some(GROUPS)]}, {
                "resourceCreationTime": self.pick((None, iso(3600), iso(90000)))}

    def state_address(self):
        tied = self.chance.random() < 0.6
        return ADDRESS, "AWS::EC2::EIP", {
            "allocationId": ADDRESS, "publicIp": "198.51.100.9",
            **({"associationId": f"eipassoc-00000000000{self.pick('12')}",
                "instanceId": self.pick(INSTANCES)} if tied else {})}, {}

    def state_table(self):
        ties = [{"routeTableAssociationId": f"rtbassoc-00000000000{n}", "subnetId": SUBNET}
                for n in self.some("12")]
        return TABLE, "AWS::EC2::RouteTable", {"routeTableId": TABLE, "associations": ties}, {}

    def state_subnet(self):
        return SUBNET, "AWS::EC2::Subnet", {"subnetId": SUBNET}, {"relationships": [
            {"resourceType": "AWS::EC2::RouteTable", "resourceId": TABLE, "relationshipName": "x"}
            for _ in self.some([1])]}

    def state_interface(self):
        return "eni-0000000000000001", "AWS::EC2::NetworkInterface", {
            "networkInterfaceId": "eni-0000000000000001", "subnetId": SUBNET,
            "description": f"Interface for NAT Gateway {NAT}", "interfaceType": "nat_gateway",
            **({"association": {"allocationId": ADDRESS, "associationId": "eipassoc-000000000001"}}
               if self.chance.random() < 0.5 else {})}, {}

    def state_role(self):
        return self.pick(ROLES), "AWS::IAM::Role", {
            "roleName": "app", "description": self.pick("abc")}, {
                "resourceName": "app", "awsRegion": self.pick(("global", "us-east-1", "eu-west-1")),
                "ARN": "arn:aws:iam::123456789012:role/app",
                "resourceCreationTime": self.pick((None, iso(0), iso(50000)))}

    def state_bucket(self):
        return BUCKET, "AWS::S3::Bucket", {"name": BUCKET, "mode": self.pick("abc")}, {
            # A name in which digits are may be an id: then it has lives, where it is not told to be.
            "resourceName": self.pick((BUCKET, BUCKET, None)), "ARN": f"arn:aws:s3:::{BUCKET}"}

    def state_db(self):
        return "db-ORDERS", "AWS::RDS::DBInstance", {
            "dBInstanceIdentifier": "orders", "allocatedStorage": self.pick((10, 20)),
            "dBInstanceStatus": self.pick(("available", "modifying", "deleting"))}, {
                "resourceName": "orders"}

    def state_compliance(self):
        rid = f"AWS::EC2::SecurityGroup/{self.pick(GROUPS)}"
        return rid, "AWS::Config::ResourceCompliance", {
            "complianceType": self.pick(("COMPLIANT", "NON_COMPLIANT"))}, {}

    # --- calls

    def call(self, second):
        self.number += 1
        source, name, request, response = self.pick(self.calls())
        more = {}
        if self.chance.random() < 0.1:
            more, response = {"errorCode": "AccessDenied", "errorMessage": "no"}, None
        self.facts.append((second, trail_file([event(
            self.number, name, iso(second)[:19] + "Z", eventSource=f"{source}.amazonaws.com",
            requestParameters=request, responseElements=response, **more)])))

    def calls(self):
        group, port, one, role = self.pick(GROUPS), self.pick(PORTS), self.pick("12"), self.pick(ROLES)
        rule = {"groupId": group, "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {},
             "ipRanges": {"items": [{"cidrIp": "203.0.113.0/24"}]}}]}}
        sets = {"instanceId": self.pick(INSTANCES),
                "groupSet": {"items": [{"groupId": g} for g in self.some(GROUPS)]}}
        done, instance = {"_return": True}, {"instancesSet": {"items": [
            {"instanceId": self.pick(INSTANCES)}]}}
        return [
            ("ec2", "AuthorizeSecurityGroupIngress", rule, done),
            ("ec2", "RevokeSecurityGroupIngress", rule, done),
            ("ec2", "ModifyInstanceAttribute", sets, done),
            ("ec2", "DeleteSecurityGroup", {"groupId": group}, done),
            ("ec2", "CreateSecurityGroup", {"groupName": "web"}, {"groupId": group}),
            ("ec2", "StopInstances", instance, done), ("ec2", "StartInstances", instance, done),
            ("ec2", "TerminateInstances", instance, done),
            ("ec2", "AssociateAddress", {"allocationId": ADDRESS, "instanceId": INSTANCES[0]},
             {"associationId": f"eipassoc-00000000000{one}"}),
            ("ec2", "DisassociateAddress", {"associationId": f"eipassoc-00000000000{one}"}, done),
            ("ec2", "AssociateRouteTable", {"routeTableId": TABLE, "subnetId": SUBNET},
             {"associationId": f"rtbassoc-00000000000{one}"}),
            ("ec2", "DisassociateRouteTable", {"associationId": f"rtbassoc-00000000000{one}"}, done),
            ("ec2", "CreateNatGateway", {"subnetId": SUBNET, "allocationId": ADDRESS},
             {"natGateway": {"natGatewayId": NAT}}),
            ("ec2", "DeleteNatGateway", {"natGatewayId": NAT}, done),
            ("iam", "CreateRole", {"roleName": "app"}, {"role": {"roleName": "app", "roleId": role}}),
            ("iam", "DeleteRole", {"roleName": "app"}, None),
            ("iam", "UpdateRole", {"roleName": "app", "description": self.pick("abc")}, None),
            ("s3", "PutBucketMode", {"bucketName": BUCKET, "mode": self.pick("abc")}, None),
            ("s3", "DeleteBucketMode", {"bucketName": BUCKET}, None),
            ("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "orders",
                                         "allocatedStorage": self.pick((10, 20))}, {}),
            ("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "orders"}, {}),
            ("cloudtrail", self.pick(("StopLogging", "StartLogging")), {"name": "main"}, None),
        ]


class Passing(Crowd):
    """A month of a function with few states, which calls by the hundred pass by, and some are on."""

    NAME, NEIGHBOUR = "orders", "orders-queue"
    ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"

    def __init__(self, seed):
        self.chance, self.facts, self.number = random.Random(seed), [], 0
        self.named, self.gives = self.NAME, seed % 3 == 0
        for second in sorted(self.chance.sample(range(0, 30 * 86400, 60), 8)):
            self.state(second)
        self.facts.append((0, history_file([item(
            self.NEIGHBOUR, iso(0), "AWS::SQS::Queue", ARN=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")])))
        for _ in range(260):
            self.call(self.chance.randint(0, 31 * 86400))

    def state(self, second):
        if self.chance.random() < 0.1:
            self.named = self.pick((self.NAME, "orders-2"))
        more = self.pick(({},) * 9 + ({"configurationItemStatus": "ResourceDeleted"},
                                      {"configurationItemStatus": "ResourceNotRecorded"}))
        configuration = None if more else {
            "functionName": self.NAME, "memorySize": self.pick((128, 256, 512)),
            "timeout": self.pick((3, 30)), "layers": self.some(["one", "two"])}
        self.facts.append((second, history_file([item(
            self.NAME, iso(second), "AWS::Lambda::Function", configuration=configuration,
            resourceName=self.named, ARN=self.ARN,
            configurationStateId=1700000000000 + second * 1000, **more)])))

    def calls(self):
        named, size = {"functionName": self.NAME}, self.pick((128, 256, 512))
        passing = [("config", "PutEvaluations", {"evaluations": [{"complianceResourceId": self.NAME}]},
                    None),
                   ("logs", "CreateLogStream", {"logGroupName": f"/aws/lambda/{self.NAME}",
                                                "functionArn": self.ARN}, None),
                   ("events", "PutTargets", {"targets": [{"arn": self.ARN}]}, None)]
        return passing * 8 + [
            ("lambda", "UpdateFunctionConfiguration20150331v2", {**named, "memorySize": size}, named),
            ("lambda", "UpdateFunctionConfiguration20150331v2", {**named, "timeout": 30}, named),
            ("lambda", "CreateFunctionUrlConfig", {"resourceArn": self.ARN, "memorySize": size}, None),
            ("lambda", "TagResource20170331v2", {"resource": self.ARN, "tags": {"a": "b"}}, None),
            ("lambda", "Invoke", named, None), ("lambda", "DeleteFunction20150331", named, None),
        ] + self.gives * [
            ("lambda", "AttachLayer", {**named, "layer": "one"}, {"attachmentId": "attach-1"}),
            ("lambda", "DetachLayer", {"attachmentId": "attach-1"}, None),
        ]


class Windows(Case):
    def take(self, name, heaps):
        self.history = self.folder / name
        for heap in heaps:
            self.import_(*heap, options=["-q", "--events=all"], status=None)
        return dump(self.history)

    def files(self, seed, crowd):
        facts = sorted(crowd(seed).facts, key=lambda fact: fact[0])
        return [self.write(f"{seed}/{n:03}.json", document) for n, (_, document) in enumerate(facts)]

    def orders(self, seed, files):
        """As they come, nearly so, and in no order; in heaps of a few."""
        chance = random.Random(seed)
        near = [f for _, f in sorted((n + chance.expovariate(0.1), f) for n, f in enumerate(files))]
        mixed = chance.sample(files, len(files))
        for name, order in ("as they come", files), ("nearly", near), ("mixed", mixed):
            heaps = []
            while order:
                n = chance.randint(1, 12)
                heaps.append(order[:n])
                order = order[n:]
            yield name, heaps

    def check(self, seed, crowd=Crowd):
        files = self.files(seed, crowd)
        whole = self.take(f"{seed}.db", [files])
        self.assertTrue(whole["cause"])
        for name, heaps in self.orders(seed, files):
            with self.subTest(seed=seed, order=name):
                parts = self.take(f"{seed}-{name[:2]}.db", heaps)
                for table in TOLD:
                    self.assertEqual(parts[table], whole[table], table)
                self.check_blames(parts)

    def check_blames(self, parts):
        """Sizes are had without the events of causes told before: they are those of the bytes."""
        self.assertTrue(all(row[-1] for row in parts["label"]))
        of = self.blames()
        self.assertTrue(of)
        for path, (size, data) in of.items():
            self.assertEqual(size, len(data), path)

    def test_crowded(self):
        self.check(3)

    def test_passing(self):
        """What is left out because it was settled changes nothing."""
        self.check(5, Passing)

    def test_passing_given(self):
        """The same where calls give ids that others name."""
        self.check(6, Passing)

    def test_an_alarm_of_a_neighbour_lost_later(self):
        """By what a group lost the alarms of before are in its story, also when it is gone on with."""
        rid, neighbour = GROUPS[0], INSTANCES[0]
        opened = alarm(1, time="2024-05-01T00:20:00Z")
        metric = opened["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]
        metric["dimensions"] = {"InstanceId": neighbour}
        related = [{"resourceType": "AWS::EC2::Instance", "resourceId": neighbour,
                    "resourceName": None, "name": "Is attached to "}]
        documents = [history_file([item(rid, iso(second), relationships=relationships,
                                        configuration={"groupId": rid, "n": second})])
                     for second, relationships in ((0, related), (7200, related), (21600, []))]
        files = [self.write(f"{n}.json", document)
                 for n, document in enumerate([*documents[:2], opened, documents[2]])]
        whole = self.take("whole.db", [files])
        parts = self.take("parts.db", [files[:3], files[3:]])
        for table in TOLD:
            self.assertEqual(parts[table], whole[table], table)
        self.assertIn("open-1", self.cat(
            f"/resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup/{rid}/changes"))


if __name__ == "__main__":
    unittest.main()
