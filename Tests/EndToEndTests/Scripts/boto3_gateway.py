"""Makes calls with boto3 and prints what became of each, as a JSON array.

usage: boto3_gateway.py ENDPOINT CALLS

CALLS is a JSON array of objects with the arguments of `invoke`; with "operation", of another method of the client.
`invoke_async` takes its event as "Payload", too. A call's client context is given as it is before base64.
"""

import base64
import json
import sys
import time
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


def make(call):
    operation = call.pop("operation", "invoke")
    if "ClientContext" in call:
        call["ClientContext"] = base64.b64encode(call["ClientContext"].encode()).decode()
    if operation == "invoke_async":
        call["InvokeArgs"] = call.pop("Payload")
    answer = getattr(client, operation)(**call)
    return {
        "statusCode": answer["ResponseMetadata"]["HTTPStatusCode"],
        "functionError": answer.get("FunctionError"),
        "executedVersion": answer.get("ExecutedVersion"),
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "payload": answer["Payload"].read().decode() if "Payload" in answer else None,
        "logTail": base64.b64decode(answer["LogResult"]).decode() if "LogResult" in answer else None,
    }


def outcome(call):
    started = time.monotonic()
    try:
        result = make(call)
    except client.exceptions.ClientError as error:
        result = {
            "statusCode": error.response["ResponseMetadata"]["HTTPStatusCode"],
            "errorCode": error.response["Error"]["Code"],
            # The class of the SDK's own that the error is mapped to, as `except client.exceptions.…` needs it.
            "exception": type(error).__name__,
        }
    result["seconds"] = time.monotonic() - started
    return result


print(json.dumps([outcome(call) for call in calls]))
