# SPDX-License-Identifier: Apache-2.0
"""AWS Config, CloudTrail and CloudWatch for fake_aws, as far as driftfs asks them."""
import base64
import json
import time

from fake_aws import ACCOUNT, Answer, Refused


def page(found, asked, key, size):
    """(those of the page, the next token): tokens are positions."""
    at = int(asked.get(key) or 0)
    return found[at:at + size], str(at + size) if at + size < len(found) else None


class Api:
    def __call__(self, aws, rq):
        answer = getattr(self, rq.operation)(aws, rq, json.loads(rq.body))
        return Answer(body=json.dumps(answer).encode(), type="application/x-amz-json-1.1")


class FakeConfig(Api):
    """resources: {(type, id): [(epoch seconds, configuration, status)]}, oldest first."""
    WEEK = 7 * 86400

    def __init__(self):
        self.resources, self.recorders, self.named = {}, True, []
        self.page_size, self.unprocessed = 100, 0
        self.generous = False  # a page of resources has as many as page_size, whatever was asked for
        self.recorder, self.status = {}, {"recording": True, "lastStatus": "SUCCESS"}
        self.channel_status = {}
        self.rules = {}  # (type, id): {rule: (compliance, annotation, when)}

    def put(self, type_, rid, when, configuration=None, status="OK"):
        self.resources.setdefault((type_, rid), []).append((when, configuration, status))
        return self

    def item(self, region, type_, rid, when, configuration, status, base=False):
        out = {"version": "1.3", "accountId": ACCOUNT, "configurationItemCaptureTime": when,
               "configurationItemStatus": status, "configurationStateId": str(int(when * 1000)),
               "arn": f"arn:aws:x:{region}:{ACCOUNT}:y/{rid}", "resourceType": type_,
               "resourceId": rid, "awsRegion": region,
               "configuration": json.dumps(configuration), "supplementaryConfiguration": {}}
        if not base:
            out |= {"tags": {}, "relatedEvents": [], "relationships": [],
                    "configurationItemMD5Hash": ""}
        return out

    def deleted(self, key):
        return self.resources[key][-1][2] == "ResourceDeleted"

    def DescribeConfigurationRecorders(self, aws, rq, asked):
        return {"ConfigurationRecorders": [
            {"name": "default", "recordingGroup": {"allSupported": True,
                                                   "resourceTypes": self.named}} | self.recorder]
            if self.recorders else []}

    def DescribeConfigurationRecorderStatus(self, aws, rq, asked):
        return {"ConfigurationRecordersStatus": [{"name": "default"} | self.status]}

    def DescribeDeliveryChannels(self, aws, rq, asked):
        return {"DeliveryChannels": [{"name": "default", "s3BucketName": "logs"}]}

    def DescribeDeliveryChannelStatus(self, aws, rq, asked):
        return {"DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": {
            "lastStatus": "SUCCESS", "lastSuccessfulTime": time.time()}} | self.channel_status]}

    def DescribeComplianceByResource(self, aws, rq, asked):
        assert asked["Limit"] <= 100
        found, token = page(sorted(self.rules), asked, "NextToken", self.page_size)
        out = {"ComplianceByResources": []}
        for t, i in found:
            bad = sum(v[0] == "NON_COMPLIANT" for v in self.rules[t, i].values())
            out["ComplianceByResources"].append({
                "ResourceType": t, "ResourceId": i, "Compliance": {
                    "ComplianceType": "NON_COMPLIANT" if bad else "COMPLIANT"} | (
                        {"ComplianceContributorCount": {"CappedCount": bad}} if bad else {})})
        return out | ({"NextToken": token} if token else {})

    def GetComplianceDetailsByResource(self, aws, rq, asked):
        rules = self.rules[asked["ResourceType"], asked["ResourceId"]]
        found, token = page(list(rules.items()), asked, "NextToken", self.page_size)
        out = {"EvaluationResults": [{
            "EvaluationResultIdentifier": {"EvaluationResultQualifier": {
                "ConfigRuleName": rule, "ResourceType": asked["ResourceType"],
                "ResourceId": asked["ResourceId"]}, "OrderingTimestamp": when - 1},
            "ComplianceType": verdict, "ResultRecordedTime": when} |
            ({"Annotation": annotation} if annotation else {})
            for rule, (verdict, annotation, when) in found]}
        return out | ({"NextToken": token} if token else {})

    def GetDiscoveredResourceCounts(self, aws, rq, asked):
        types = sorted({t for t, i in self.resources if not self.deleted((t, i))})
        found, token = page(types, asked, "nextToken", self.page_size)
        out = {"resourceCounts": [{"resourceType": t, "count": 1} for t in found]}
        return out | ({"nextToken": token} if token else {})

    def ListDiscoveredResources(self, aws, rq, asked):
        assert asked["limit"] <= 100
        found = [k for k in sorted(self.resources) if k[0] == asked["resourceType"]
                 and (asked.get("includeDeletedResources") or not self.deleted(k))]
        found, token = page(found, asked, "nextToken", self.page_size if self.generous else
                            min(self.page_size, asked["limit"]))
        out = {"resourceIdentifiers": [
            {"resourceType": t, "resourceId": i} |
            ({"resourceDeletionTime": self.resources[t, i][-1][0]}
             if self.deleted((t, i)) else {}) for t, i in found]}
        return out | ({"nextToken": token} if token else {})

    def GetResourceConfigHistory(self, aws, rq, asked):
        """Seven days a page, newest first, as AWS does it; many are empty."""
        key = asked["resourceType"], asked["resourceId"]
        if key not in self.resources:
            raise Refused(400, "ResourceNotDiscoveredException", f"no {key}")
        assert asked["limit"] <= 100
        states = self.resources[key]
        earliest = max(asked.get("earlierTime", 0), states[0][0] - 1)
        top = float(asked.get("nextToken") or asked["laterTime"])
        bottom = max(top - self.WEEK, earliest)
        found = [s for s in reversed(states) if bottom <= s[0] < top]
        out = {"configurationItems": [self.item(rq.region, *key, *s) for s in found]}
        return out | ({"nextToken": repr(bottom)} if bottom > earliest else {})

    def rows(self, asked):
        _, _, since = asked["Expression"].partition(">= ")
        when = time.mktime(time.strptime(since[1:20], "%Y-%m-%dT%H:%M:%S")) - time.timezone \
            if since else 0
        return [k for k in sorted(self.resources)
                if not self.deleted(k) and self.resources[k][-1][0] >= when]

    def SelectResourceConfig(self, aws, rq, asked):
        found, token = page(self.rows(asked), asked, "NextToken",
                            min(self.page_size, asked["Limit"]))
        out = {"Results": [json.dumps({"resourceType": t, "resourceId": i,
                                       "accountId": ACCOUNT, "awsRegion": rq.region})
                           for t, i in found]}
        return out | ({"NextToken": token} if token else {})

    def SelectAggregateResourceConfig(self, aws, rq, asked):
        if asked["ConfigurationAggregatorName"] != "org":
            raise Refused(400, "NoSuchConfigurationAggregatorException", "no such aggregator")
        return self.SelectResourceConfig(aws, rq, asked)

    def BatchGetAggregateResourceConfig(self, aws, rq, asked):
        wanted = asked["ResourceIdentifiers"]
        assert 1 <= len(wanted) <= 100
        left, self.unprocessed = wanted[:self.unprocessed], 0
        return {"BaseConfigurationItems": [
            self.item(w["SourceRegion"], w["ResourceType"], w["ResourceId"],
                      *self.resources[w["ResourceType"], w["ResourceId"]][-1], base=True)
            for w in wanted if w not in left], "UnprocessedResourceIdentifiers": left}


class FakeTrail(Api):
    def __init__(self):
        self.events, self.page_size, self.keys = [], 50, []

    def put_key(self, n, start, days=30):
        """A key that is valid from then on."""
        der = b"\x30\x82\x01\x0a" + n.to_bytes(266, "big")
        self.keys.append({"Value": base64.b64encode(der).decode(), "Fingerprint": f"{n:032x}",
                          "ValidityStartTime": start, "ValidityEndTime": start + days * 86400})
        return self

    def ListPublicKeys(self, aws, rq, asked):
        found = [k for k in self.keys if k["ValidityStartTime"] <= asked["EndTime"]
                 and k["ValidityEndTime"] >= asked["StartTime"]]
        found, token = page(found, asked, "NextToken", self.page_size)
        return {"PublicKeyList": found} | ({"NextToken": token} if token else {})

    def put(self, record):
        self.events.append((record["when"], record))
        return self

    def LookupEvents(self, aws, rq, asked):
        assert asked["MaxResults"] <= 50
        found = sorted(((when, r) for when, r in self.events
                        if asked["StartTime"] <= when <= asked["EndTime"]),
                       key=lambda e: -e[0])
        found, token = page(found, asked, "NextToken", self.page_size)
        out = {"Events": [{"EventId": r["eventID"], "EventName": r["eventName"],
                           "ReadOnly": "false", "EventTime": when,
                           "EventSource": r["eventSource"], "Username": "alice",
                           "Resources": [], "CloudTrailEvent": json.dumps(
                               {k: v for k, v in r.items() if k != "when"})}
                          for when, r in found]}
        return out | ({"NextToken": token} if token else {})


class FakeAlarms(Api):
    def __init__(self):
        self.alarms, self.history, self.page_size, self.queries = [], [], 100, []

    def put(self, name, when, old, new):
        if name not in [a["AlarmName"] for a in self.alarms]:
            self.alarms.append({
                "AlarmName": name, "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}",
                "Namespace": "AWS/EC2", "MetricName": "NetworkIn", "Statistic": "Sum",
                "Period": 60, "StateValue": new, "StateUpdatedTimestamp": when,
                "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]})
        data = {"version": "1.0", "oldState": {"stateValue": old, "stateReason": "was"},
                "newState": {"stateValue": new, "stateReason": "is"}}
        self.history.append({"AlarmName": name, "AlarmType": "MetricAlarm", "Timestamp": when,
                             "HistoryItemType": "StateUpdate",
                             "HistorySummary": f"Alarm updated from {old} to {new}",
                             "HistoryData": json.dumps(data)})
        return self

    def DescribeAlarms(self, aws, rq, asked):
        assert len(asked.get("AlarmNames", ())) <= 100
        alarms = [a for a in self.alarms
                  if a["AlarmName"] in asked.get("AlarmNames", [a["AlarmName"]])]
        found, token = page(alarms, asked, "NextToken", self.page_size)
        return {"MetricAlarms": found, "CompositeAlarms": []} | \
            ({"NextToken": token} if token else {})

    def DescribeAlarmHistory(self, aws, rq, asked):
        found = sorted((h for h in self.history
                        if asked["StartDate"] <= h["Timestamp"] <= asked["EndDate"]),
                       key=lambda h: h["Timestamp"])
        found, token = page(found, asked, "NextToken", self.page_size)
        return {"AlarmHistoryItems": found} | ({"NextToken": token} if token else {})

    def GetMetricData(self, aws, rq, asked):
        """A point for each period that is over: how many minutes it is since 1970."""
        assert 1 <= len(asked["MetricDataQueries"]) <= 500
        assert len({q["Id"] for q in asked["MetricDataQueries"]}) == len(asked["MetricDataQueries"])
        results = []
        age = aws.now() - asked["StartTime"]
        least = 60 if age < 15 * 86400 else 300 if age < 63 * 86400 else 3600
        for q in asked["MetricDataQueries"]:
            stat = q["MetricStat"]
            if stat["Period"] % least:
                raise Refused(400, "ValidationError", f"Period must be a multiple of {least}")
            self.queries.append((stat["Metric"]["Namespace"], stat["Metric"]["MetricName"],
                                 tuple((d["Name"], d["Value"])
                                       for d in stat["Metric"]["Dimensions"]),
                                 stat["Stat"], stat["Period"], asked["StartTime"],
                                 asked["EndTime"]))
            start = -(-asked["StartTime"] // stat["Period"]) * stat["Period"]
            end = min(asked["EndTime"], aws.now() - stat["Period"])
            times = list(range(start, int(end), stat["Period"]))
            results.append({"Id": q["Id"], "Label": "x", "Timestamps": times,
                            "Values": [t // 60 for t in times], "StatusCode": "Complete"})
        found, token = page(results, asked, "NextToken", self.page_size)
        return {"MetricDataResults": found} | ({"NextToken": token} if token else {})
