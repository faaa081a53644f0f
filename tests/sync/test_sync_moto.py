# SPDX-License-Identifier: Apache-2.0
"""The same against moto's server, where it is installed: somebody else's idea of S3 and STS."""
import importlib.util
import logging
import os
import unittest

from support import DONE
from sync_support import SyncCase, config_key, small

HAS_MOTO = all(importlib.util.find_spec(name) for name in ("moto", "boto3", "flask"))


@unittest.skipUnless(HAS_MOTO, "moto's server is not installed")
class Moto(SyncCase):
    def setUp(self):
        super().setUp()
        import boto3
        from moto.server import ThreadedMotoServer
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        logging.getLogger("werkzeug").disabled = True
        server.start()
        self.addCleanup(server.stop)
        host, port = server.get_host_and_port()
        self.aws.url = f"http://{host}:{port}"
        self.s3 = boto3.client("s3", endpoint_url=self.aws.url, region_name="us-east-1",
                               aws_access_key_id="x", aws_secret_access_key="y")
        self.name = self.id().rpartition("_")[2]  # servers of one process share their buckets
        self.s3.create_bucket(Bucket=f"logs-{self.name}")

    def put(self, key, body):
        self.s3.put_object(Bucket=f"logs-{self.name}", Key=key, Body=body)

    def test_a_bucket(self):
        for n in range(1200):
            self.put(config_key(n), small(n))
        self.put("a b+c/ünïcode&more.json", small(5000))
        line, err = self.sync("s3://logs-bucket/", status=DONE)
        self.assertEqual(err, [])
        self.assertEqual(self.items(), 1201)
        self.assertEqual(self.sync("s3://logs-bucket/")[0],
                         "nothing new, 1,201 files unchanged, 0 refused")
        self.assertEqual(self.sync("s3://logs-bucket/", options=[
            "--since", "2024-05-01", "--until", "2024-05-02"])[1], [])

    def test_a_role(self):
        self.put(config_key(1), small(1))
        self.sync("s3://logs-role/", options=["--role-arn",
                                              "arn:aws:iam::123456789012:role/Reader"])
        self.assertEqual(self.items(), 1)


if os.environ.get("HTTP_PROXY"):
    os.environ["NO_PROXY"] = "127.0.0.1"
