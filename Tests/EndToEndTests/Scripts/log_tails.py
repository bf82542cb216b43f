"""Invokes a function many times at once, each with a tag of its own, and checks every log tail; prints a summary.

usage: log_tails.py PORT FUNCTION COUNT PROCESSES LINES
The function prints for the event {"do": "print", "tag": T, "processes": P, "lines": N} as scripted_runtime.py does.
"""

import base64
import collections
import concurrent.futures
import http.client
import json
import re
import sys

port, function, count, processes, lines = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
printed = re.compile(r"tag=(\d+) process=(\d+) line=(\d+) x{60}\Z")


def problems(tag):
    """What is wrong with one invocation's tail."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
    event = json.dumps({"do": "print", "tag": tag, "processes": processes, "lines": lines})
    connection.request(
        "POST", f"/2015-03-31/functions/{function}/invocations", event, {"X-Amz-Log-Type": "Tail"}
    )
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or answer.getheader("X-Amz-Function-Error"):
        return [f"{answer.status} {body[:200]}"]
    request_id = answer.getheader("x-amzn-RequestId")
    tail = base64.b64decode(answer.getheader("X-Amz-Log-Result"), validate=True).decode()
    if len(tail) > 4096:
        return ["longer than 4096 bytes"]
    *own, end, report = tail.removesuffix("\n").split("\n")
    if end != f"END RequestId: {request_id}" or not report.startswith(f"REPORT RequestId: {request_id}\t"):
        return [f"it ends with {end!r}, {report!r}"]
    if own[-1] != f"tag={tag} last":
        return [f"the last line is missing: {own[-1]!r}"]
    found = []
    # The first line may be cut: the tail begins with a byte, not with a line.
    for line in own[1:-1]:
        match = printed.match(line)
        if not match:
            found.append(f"torn: {line!r}")
        elif match[1] != str(tag):
            found.append(f"of another invocation: {line!r}")
    return found


with concurrent.futures.ThreadPoolExecutor(count) as pool:
    all_problems = [problem for result in pool.map(problems, range(count)) for problem in result]
print(json.dumps({"problems": all_problems[:20]}))
