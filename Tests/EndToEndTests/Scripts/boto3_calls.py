"""Calls a function with boto3, one call after the other, and prints what came of each as a JSON array.

usage: boto3_calls.py ENDPOINT FUNCTION CALLS [ATTEMPTS]

CALLS is a JSON array of objects with boto3's arguments of `invoke`, and these:
"operation": NAME        another operation than invoke
"PayloadByteCount": N    a JSON string of N bytes as the payload
"ContextByteCount": N    a client context of N bytes of base64
ATTEMPTS is how often boto3 may send a call in all; as often as it likes by default, so that a repetition shows.
"""

import base64
import json
import sys
import time

import boto3
from botocore.config import Config

endpoint, function, calls = sys.argv[1:4]
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="none",
    aws_secret_access_key="none",
    config=Config(retries={"total_max_attempts": int(sys.argv[4])} if len(sys.argv) > 4 else {}),
)


def context(byte_count):
    length = byte_count * 3 // 4
    text = json.dumps({"custom": {"a": "x" * (length - len('{"custom": {"a": ""}}'))}})
    return base64.b64encode(text.encode()).decode().rstrip("=")


def arguments(call):
    result = {"FunctionName": function, **call}
    if (count := result.pop("PayloadByteCount", None)) is not None:
        result["Payload"] = '"' + "x" * (count - 2) + '"'
    if (count := result.pop("ContextByteCount", None)) is not None:
        result["ClientContext"] = context(count)
    if "Payload" in result and result.get("operation") == "invoke_async":
        result["InvokeArgs"] = result.pop("Payload")
    return result


def outcome(call):
    call = arguments(call)
    operation = getattr(client, call.pop("operation", "invoke"))
    started = time.time()
    try:
        answer = operation(**call)
        answered = time.time()
    except client.exceptions.ClientError as error:
        answered = time.time()
        answer = error.response
        result = {"errorCode": answer["Error"]["Code"], "errorClass": type(error).__name__,
                  "message": answer["Error"].get("Message"), "reason": answer.get("Reason"), "type": answer.get("Type")}
    else:
        payload = answer["Payload"].read() if "Payload" in answer else b""
        result = {
            "functionError": answer.get("FunctionError"),
            "executedVersion": answer.get("ExecutedVersion"),
            "payload": payload.decode() if len(payload) < 65536 else None,
            "payloadByteCount": len(payload),
            "logTail": base64.b64decode(answer["LogResult"], validate=True).decode() if "LogResult" in answer else None,
        }
    metadata = answer["ResponseMetadata"]
    return {"statusCode": metadata["HTTPStatusCode"], "requestId": metadata.get("RequestId"),
            "headers": metadata["HTTPHeaders"], "seconds": answered - started, "answeredAt": answered, **result}


print(json.dumps([outcome(call) for call in json.loads(calls)]))
