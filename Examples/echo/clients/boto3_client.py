"""Invokes the function over HTTP with boto3, as a program written for AWS does. usage: boto3_client.py [EVENT]"""

import os
import sys

import boto3

# The daemon asks for no signature, but boto3 insists on a region and on credentials to sign with.
client = boto3.client(
    "lambda",
    endpoint_url=os.environ.get("LAMBDA_ENDPOINT", "http://localhost:8080"),
    region_name=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "none"),
    aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "none"),
)
answer = client.invoke(
    FunctionName=os.environ.get("FUNCTION_NAME", "echo-lambda"),
    Payload=sys.argv[1] if len(sys.argv) > 1 else '{"key": "value"}',
)
payload = answer["Payload"].read().decode()
if "FunctionError" in answer:
    sys.exit(f"{answer['FunctionError']}: {payload}")
print(payload)
