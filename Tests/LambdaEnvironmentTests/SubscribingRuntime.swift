/// A runtime, in Python, that subscribes to telemetry while it initialises, as two internal extensions.
///
/// It does so over HTTP and over TCP, and parses strictly what it is told.
///
/// - The event `"print"` is answered after some lines were printed.
/// - The event `"error"` is answered with a function error.
/// - The event `"collect"` is answered with what was wrong and what has come so far: for each subscription the types of
///   its events, and all events.
enum SubscribingRuntime {
    static let command = ["python3", "-S", "-E", "-c", Self.source]

    private static let source = #"""
        import http.client, http.server, json, os, re, socket, sys, threading, time
        host = os.environ["AWS_LAMBDA_RUNTIME_API"]
        events, problems, answers = {"http": [], "tcp": []}, [], []
        print("before the subscription", flush=True)
        def strict(text):
            def no_constant(name): raise ValueError(name)
            return json.loads(text, parse_constant=no_constant)
        def check(condition, what):
            if not condition: problems.append(what)
        integers = {"billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "producedBytes", "droppedRecords",
            "droppedBytes", "instanceMaxMemory"}
        def check_members(value):
            for name, member in value.items():
                if name in integers: check(type(member) is int, name + " is no integer")
                if name.endswith("DurationMs") and name not in integers or name == "durationMs":
                    check(type(member) is float and member >= 0, name + " is no number")
                if type(member) is dict: check_members(member)
        def received(kind, event):
            check(set(event) == {"time", "type", "record"}, "members " + str(set(event)))
            check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), "time " + event["time"])
            if type(event["record"]) is dict: check_members(event["record"])
            events[kind].append(event)
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            refusals = 1
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                check(self.path == "/a/path?q=1", "path " + self.path)
                check(self.headers["content-type"] == "application/json", "content type")
                if Handler.refusals > 0:
                    # The first batch has to come again.
                    Handler.refusals -= 1
                    self.send_response(500); self.send_header("content-length", "0"); self.end_headers(); return
                batch = strict(body)
                check(type(batch) is list and batch, "no batch")
                for event in batch: received("http", event)
                self.send_response(200); self.send_header("content-length", "2"); self.end_headers()
                self.wfile.write(b"ok")
            def log_message(self, *arguments): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        listener = socket.create_server(("127.0.0.1", 0))
        def listen():
            while True:
                connection, _ = listener.accept()
                for line in connection.makefile("rb"): received("tcp", strict(line))
        threading.Thread(target=listen, daemon=True).start()
        def register(name):
            api = http.client.HTTPConnection(host)
            api.request("POST", "/2020-01-01/extension/register", '{"events":["INVOKE"]}', {"Lambda-Extension-Name": name})
            answer = api.getresponse()
            answer.read()
            return answer.headers["Lambda-Extension-Identifier"]
        def poll(identifier):
            api = http.client.HTTPConnection(host)
            while True:
                api.request("GET", "/2020-01-01/extension/event/next", headers={"Lambda-Extension-Identifier": identifier})
                api.getresponse().read()
        over_http, over_tcp = register("http"), register("tcp")
        def put(path, identifier, body):
            api = http.client.HTTPConnection(host)
            api.request("PUT", path, json.dumps(body), {"Lambda-Extension-Identifier": identifier})
            answer = api.getresponse()
            answers.append("%d %s" % (answer.status, answer.read().decode()))
        types = ["platform", "function", "extension"]
        buffering = {"timeoutMs": 25}
        put("/2022-07-01/telemetry", over_http, {"schemaVersion": "2022-12-13", "types": types, "buffering": buffering,
            "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d/a/path?q=1" % server.server_port}})
        put("/2020-08-15/logs", over_tcp, {"schemaVersion": "2021-03-18", "types": types, "buffering": buffering,
            "destination": {"protocol": "TCP", "port": listener.getsockname()[1]}})
        put("/2022-07-01/telemetry", "7e57c0de-0000-4000-8000-00000000000a", {})
        put("/2022-07-01/telemetry", "nonsense", {})
        put("/2022-07-01/telemetry", over_http, {"types": ["platform"]})
        put("/2020-08-15/logs", over_http, {"types": types, "destination": {"protocol": "TCP", "port": 4000}})
        for identifier in (over_http, over_tcp): threading.Thread(target=poll, args=[identifier], daemon=True).start()
        runtime = http.client.HTTPConnection(host)
        def ask(method, path, body=None, headers={}):
            runtime.request(method, "/2018-06-01/runtime/invocation/" + path, body, headers)
            answer = runtime.getresponse()
            return answer, answer.read()
        while True:
            answer, event = ask("GET", "next")
            id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            if event == b'"print"':
                os.write(1, b'a line\n{"json": 1}\n')
                os.write(2, "a \"line\"\twith é\n".encode() + b"and \xff\n")
            if event == b'"error"':
                ask("POST", id + "/error", b"{}", {"Lambda-Runtime-Function-Error-Type": "Runtime.Broken"})
                continue
            if event == b'"collect"':
                put("/2022-07-01/telemetry", over_http, {})
                # The start of this very invocation is the last that there is to come.
                def started(kind):
                    return any(e["type"] == "platform.start" and e["record"]["requestId"] == id for e in events[kind])
                while not (started("http") and started("tcp")): time.sleep(0.01)
                result = {"problems": problems, "answers": answers, "http": events["http"], "tcp": events["tcp"]}
                event = json.dumps(result).encode()
            ask("POST", id + "/response", event)
        """#
}
