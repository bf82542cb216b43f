"""Makes a request signed by botocore, as for a function URL of AWS_IAM, and prints status and body.

usage: signed_request.py METHOD URL ACCESS-KEY-ID SECRET
"""

import sys
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

method, url, key, secret = sys.argv[1:]
body = '{"a": "é"}'.encode() if method == "POST" else None
request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"})
SigV4Auth(Credentials(key, secret), "lambda", "us-east-1").add_auth(request)
try:
    answer = urllib.request.urlopen(
        urllib.request.Request(url, data=body, method=method, headers=dict(request.headers)), timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
