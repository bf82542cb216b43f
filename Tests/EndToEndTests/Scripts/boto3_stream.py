"""Invokes a function with boto3's invoke_with_response_stream and prints what it got as JSON.

usage: boto3_stream.py ENDPOINT FUNCTION EVENT [MILLISECONDS to wait before each chunk is read]
"""

import hashlib
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import EventStreamError

import stream_contents

endpoint, function, event = sys.argv[1:4]
pause = float(sys.argv[4]) / 1000 if len(sys.argv) > 4 else 0
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="none",
    aws_secret_access_key="none",
    config=Config(retries={"total_max_attempts": 1}),
)
started = time.monotonic()
result = {"chunkCount": 0, "byteCount": 0}
digest = hashlib.sha256()
try:
    answer = client.invoke_with_response_stream(FunctionName=function, Payload=event, LogType="Tail")
    result.update({
        "statusCode": answer["StatusCode"],
        "executedVersion": answer.get("ExecutedVersion"),
        "contentType": answer.get("ResponseStreamContentType"),
        "requestId": answer["ResponseMetadata"]["RequestId"],
    })
    arrivals = []
    completions = 0
    part = {}
    for part in answer["EventStream"]:
        time.sleep(pause)
        if "PayloadChunk" in part:
            payload = part["PayloadChunk"]["Payload"]
            result["chunkCount"] += 1
            result["byteCount"] += len(payload)
            digest.update(payload)
            arrivals.append(time.monotonic() - started)
        elif "InvokeComplete" in part:
            completions += 1
            result["complete"] = part["InvokeComplete"]
    result["completionCount"] = completions if "InvokeComplete" in part else 0  # the last one is what counts
    if arrivals:
        result["firstAfter"], result["lastAfter"] = arrivals[0], arrivals[-1]
except EventStreamError as error:
    result["streamError"] = error.response["Error"]["Code"]
except client.exceptions.ClientError as error:
    result["statusCode"] = error.response["ResponseMetadata"]["HTTPStatusCode"]
    result["errorCode"] = error.response["Error"]["Code"]
expected = hashlib.sha256()
wanted = json.loads(event)
for chunk in stream_contents.chunks(wanted) if isinstance(wanted, dict) and "chunks" in wanted else []:
    expected.update(chunk)
result["isWhole"] = digest.digest() == expected.digest()
print(json.dumps(result))
