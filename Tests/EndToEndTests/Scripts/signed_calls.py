"""Makes signed calls with botocore, each right or wrong in its own way, and prints what became of each, as a JSON array.

usage: signed_calls.py ENDPOINT CALLS

CALLS is a JSON array of objects: FunctionName, and where wanted Payload, Qualifier, InvocationType, and
  key, secret, token   the credentials               region    what the signature is for
  skew                 seconds by which the client's clock is ahead
  tamper               another body that is sent in place of the signed one
  query                true: signed in the query, sent without an SDK
  unsigned             true: sent without an SDK and without a signature
  stream               true: InvokeWithResponseStream
  verify               the file with the certificate authorities to trust
"""

import datetime
import hashlib
import http.client
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

endpoint, calls = sys.argv[1], json.loads(sys.argv[2])
true_clock = botocore.auth.get_current_datetime


def make(call):
    client = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=call.get("region", "us-east-1"),
        aws_access_key_id=call["key"],
        aws_secret_access_key=call["secret"],
        aws_session_token=call.get("token"),
        verify=call.get("verify"),
        config=Config(retries={"total_max_attempts": 1}),
    )
    if "tamper" in call:

        def tamper(request, **_):
            request.body = call["tamper"].encode()
            request.headers["Content-Length"] = str(len(request.body))

        client.meta.events.register("before-send.lambda", tamper)
    arguments = {name: call[name] for name in ("FunctionName", "Payload", "Qualifier", "InvocationType") if name in call}
    try:
        if call.get("stream"):
            answer = client.invoke_with_response_stream(**arguments)
            events = [event["PayloadChunk"]["Payload"] for event in answer["EventStream"] if "PayloadChunk" in event]
            payload = b"".join(events).decode()
        else:
            answer = client.invoke(**arguments)
            payload = answer["Payload"].read().decode()
        return {"status": answer["ResponseMetadata"]["HTTPStatusCode"], "payload": payload}
    except ClientError as error:
        return {
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
            "error": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
        }
    except BotoCoreError as error:
        return {"status": 0, "error": type(error).__name__, "message": str(error)}


class QueryAuth(botocore.auth.SigV4QueryAuth):
    """Leaves the body where it is, which botocore would move into the query as parameters, and signs it."""

    def __init__(self, body, *arguments):
        super().__init__(*arguments, expires=60)
        self.body = body

    def payload(self, request):
        return hashlib.sha256(self.body).hexdigest()


def make_plainly(call):
    path = f"/2015-03-31/functions/{urllib.parse.quote(call['FunctionName'], safe='')}/invocations"
    body = call["Payload"].encode()
    request = AWSRequest("POST", endpoint + path, params={"Qualifier": call.get("Qualifier", "$LATEST")})
    if call.get("query"):
        credentials = Credentials(call["key"], call["secret"], call.get("token"))
        QueryAuth(body, credentials, "lambda", call.get("region", "us-east-1")).add_auth(request)
    prepared = request.prepare()
    context = ssl.create_default_context(cafile=call["verify"]) if "verify" in call else None
    sent = urllib.request.Request(prepared.url, call.get("tamper", call["Payload"]).encode(), method="POST")
    try:
        with urllib.request.urlopen(sent, context=context) as answer:
            return {"status": answer.status, "payload": answer.read().decode()}
    except urllib.error.HTTPError as error:
        document = json.loads(error.read())
        return {
            "status": error.code,
            "error": error.headers["x-amzn-ErrorType"],
            "message": document.get("message", document.get("Message")),
        }
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        return {"status": 0, "error": type(error).__name__, "message": str(error)}


def outcome(call):
    skew = datetime.timedelta(seconds=call.get("skew", 0))
    botocore.auth.get_current_datetime = lambda *_, **__: true_clock() + skew
    return make_plainly(call) if call.get("query") or call.get("unsigned") else make(call)


print(json.dumps([outcome(call) for call in calls]))
