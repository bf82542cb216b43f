"""Calls operations of boto3's Lambda client that read functions, and prints each answer as it is, as a JSON array.

usage: boto3_functions.py ENDPOINT CALLS

CALLS is a JSON array of [operation, arguments]. An exception is {"exception": its class, "status": …, "message": …}.
`paginate` is list_functions with boto3's paginator, and gives the names that it saw, page by page.
"""

import json
import sys
import warnings

import boto3
from botocore.config import Config

warnings.simplefilter("ignore")
endpoint, calls = sys.argv[1], json.loads(sys.argv[2])
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="none",
    aws_secret_access_key="none",
    config=Config(retries={"total_max_attempts": 1}),
)


def call(operation, arguments):
    try:
        if operation == "paginate":
            pages = client.get_paginator("list_functions").paginate(**arguments)
            return [[function["FunctionName"] for function in page["Functions"]] for page in pages]
        answer = getattr(client, operation)(**arguments)
    except client.exceptions.ClientError as error:
        return {
            "exception": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
            "message": error.response["Error"]["Message"],
        }
    del answer["ResponseMetadata"]
    return answer


print(json.dumps([call(*one) for one in calls]))
