"""Invokes a function with boto3 and prints what it got as JSON. usage: boto3_invoke.py ENDPOINT FUNCTION EVENT [LOGTYPE]"""

import base64
import json
import sys

import boto3
from botocore.config import Config

endpoint, function, event = sys.argv[1:4]
log_type = sys.argv[4] if len(sys.argv) > 4 else "None"
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="none",
    aws_secret_access_key="none",
    config=Config(retries={"total_max_attempts": 1}),
)
try:
    answer = client.invoke(FunctionName=function, Payload=event, LogType=log_type)
except client.exceptions.ClientError as error:
    print(json.dumps({"statusCode": error.response["ResponseMetadata"]["HTTPStatusCode"],
                      "errorCode": error.response["Error"]["Code"]}))
else:
    print(json.dumps({
        "statusCode": answer["StatusCode"],
        "functionError": answer.get("FunctionError"),
        "executedVersion": answer.get("ExecutedVersion"),
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "payload": answer["Payload"].read().decode(),
        "logTail": base64.b64decode(answer["LogResult"]).decode() if "LogResult" in answer else None,
    }))
