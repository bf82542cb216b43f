/// A runtime that plays a script, in Python: real processes, sockets and signals, but no library in between.
///
/// The steps are words. What the Runtime API answered to extra requests is collected, and sent as the response by
/// `report`.
///
/// - `next`: asks for an event.
/// - `ok`: answers with the event.
/// - `error`, `error:TYPE`: posts an error; with its type in a header.
/// - `begin-error:TYPE`, `finish-error`: the same, but the body comes later.
/// - `init-error`, `init-error:TYPE`: posts to init/error.
/// - `stale`: answers under another id.
/// - `mode:X`: answers with this response mode.
/// - `big:N`: answers with N bytes.
/// - `cut`: announces more than it sends, and hangs up.
/// - `half`: announces more than it sends, and does not hang up.
/// - `swap`: goes on over its other connection, with the other event.
/// - `go-ok`, `go-error`: answers chunked with trailers, as Go does.
/// - `open`, `open:TYPE`: begins a response in streaming mode, as Node does.
/// - `chunk:TEXT`, `fill:N`: a chunk of it, a text or N bytes.
/// - `end`, `fail`, `fail-swift`: ends it; with an error in trailers, as Node or as Swift sends it.
/// - `hang-up`: closes the connection in its middle.
/// - `header:N`: posts an error with a header of N bytes.
/// - `get:PATH`: asks for a path.
/// - `report`: answers with what was collected.
/// - `exit:N`, `kill:N`: ends, with a status or by a signal.
/// - `sleep:S`: sleeps for S seconds.
/// - `wait:FILE`: waits until the file exists.
/// - `once:FILE:STEP`: does the step only if the file does not exist, and makes it.
/// - `print:TEXT`, `err:TEXT`: prints a line to standard output or error, in one write.
/// - `raw:TEXT`: prints without an end of line.
/// - `lines:N`: prints N numbered lines.
/// - `flood`: prints without end.
/// - `loop`: starts again.
enum ScriptedRuntime {
    static func command(_ steps: String) -> [String] {
        ["python3", "-S", "-E", "-c", self.source] + steps.split(separator: " ").map(String.init)
    }

    private static let source = #"""
        import os, socket, sys, time
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        base = "/2018-06-01/runtime/"
        state = {"id": "", "event": b"", "seen": []}
        def connect():
            s = socket.create_connection((host, int(port)))
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return s, s.makefile("rb")
        connection = connect()
        other = {"connection": None, "id": "", "event": b""}
        def head(method, path, *headers):
            return "\r\n".join([method + " " + path + " HTTP/1.1", "Host: x"] + list(headers) + ["", ""]).encode()
        def answer():
            reader = connection[1]
            line = reader.readline().decode()
            if not line: raise SystemExit("the Runtime API has hung up")
            headers = {}
            while True:
                field = reader.readline().decode().strip()
                if not field: break
                name, value = field.split(":", 1)
                headers[name.lower()] = value.strip()
            return line.split()[1], headers, reader.read(int(headers.get("content-length", "0")))
        def post(path, body, *headers):
            connection[0].sendall(head("POST", base + path, "Content-Length: %d" % len(body), *headers) + body)
            return answer()
        def invocation(verb, id=None):
            return "invocation/" + (id or state["id"]) + "/" + verb
        def note(result):
            state["seen"].append(result[0] + " " + result[2].decode().strip())
        def typed(value):
            return ["Lambda-Runtime-Function-Error-Type: " + value] if value else []
        def chunked(trailers):
            connection[0].sendall(head("POST", base + invocation("response"), "Transfer-Encoding: chunked",
                "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
                + b"2\r\n{}\r\n0\r\n" + trailers + b"\r\n")
            note(answer())
        def step(word):
            name, _, value = word.partition(":")
            if name == "next":
                connection[0].sendall(head("GET", base + "invocation/next"))
                status, headers, body = answer()
                if status != "200": state["seen"].append(status + " " + body.decode()); return
                state["id"], state["event"], state["headers"] = headers["lambda-runtime-aws-request-id"], body, headers
                assert int(headers["lambda-runtime-deadline-ms"]) > time.time() * 1000
            elif name == "ok": note(post(invocation("response"), state["event"]))
            elif name == "error":
                note(post(invocation("error"), b'{"errorMessage":"boom","errorType":"Boom"}', *typed(value)))
            elif name == "begin-error":
                connection[0].sendall(head("POST", base + invocation("error"), "Content-Length: 2", *typed(value)))
            elif name == "finish-error": connection[0].sendall(b"{}"); note(answer())
            elif name == "init-error":
                note(post("init/error", b'{"errorMessage":"no init","errorType":"Init"}', *typed(value)))
            elif name == "swap":
                mine = {"connection": connection, "id": state["id"], "event": state["event"]}
                globals()["connection"] = other["connection"] or connect()
                state["id"], state["event"] = other["id"], other["event"]
                globals()["other"] = mine
            elif name == "stale": note(post(invocation("response", "00000000-stale"), b"{}"))
            elif name == "mode":
                note(post(invocation("response"), b"{}", "Lambda-Runtime-Function-Response-Mode: " + value))
            elif name == "big": note(post(invocation("response"), b'"' + b"x" * (int(value) - 2) + b'"'))
            elif name == "cut":
                connection[0].sendall(head("POST", base + invocation("response"), "Content-Length: 100") + b"{}")
                connection[0].shutdown(socket.SHUT_RDWR)
                globals()["connection"] = connect()
            elif name == "half":
                connection[0].sendall(head("POST", base + invocation("response"), "Content-Length: 100") + b"{}")
            elif name == "go-ok":
                chunked(b"Lambda-Runtime-Function-Error-Type: \r\nLambda-Runtime-Function-Error-Body: \r\n")
            elif name == "go-error":
                chunked(b"Lambda-Runtime-Function-Error-Type: E\r\n"
                    + b"Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJFIn0=\r\n")
            elif name == "open":
                connection[0].sendall(head("POST", base + invocation("response"),
                    "Lambda-Runtime-Function-Response-Mode: streaming",
                    "Trailer: Lambda-Runtime-Function-Error-Type", "Trailer: Lambda-Runtime-Function-Error-Body",
                    "Content-Type: " + (value or "application/octet-stream"), "Transfer-Encoding: chunked"))
            elif name in ("chunk", "fill"):
                body = value.encode() if name == "chunk" else b"x" * int(value)
                try: connection[0].sendall(b"%x\r\n%s\r\n" % (len(body), body))
                except OSError: pass
            elif name == "end":
                connection[0].sendall(b"0\r\n\r\n"); note(answer())
            elif name in ("fail", "fail-swift"):
                text = b"eyJlcnJvclR5cGUiOiJFIn0=" if name == "fail" else b"Requires base64"
                connection[0].sendall(b"0\r\nLambda-Runtime-Function-Error-Type: Unhandled\r\n"
                    + b"Lambda-Runtime-Function-Error-Body: " + text + b"\r\n\r\n")
                note(answer())
            elif name == "hang-up":
                connection[0].shutdown(socket.SHUT_RDWR)
                globals()["connection"] = connect()
            elif name == "header":
                note(post(invocation("error"), b"{}", "Lambda-Runtime-Function-XRay-Error-Cause: " + "x" * int(value)))
            elif name == "get":
                connection[0].sendall(head("GET", value)); note(answer())
            elif name == "report": post(invocation("response"), "\n".join(state["seen"]).encode())
            elif name == "exit": sys.stdout.flush(); os._exit(int(value))
            elif name == "kill": os.kill(os.getpid(), int(value)); time.sleep(1000)
            elif name == "sleep": time.sleep(float(value))
            elif name == "wait":
                while not os.path.exists(value): time.sleep(0.01)
            elif name == "print": os.write(1, (value + "\n").encode())
            elif name == "err": os.write(2, (value + "\n").encode())
            elif name == "raw": os.write(1, value.encode())
            elif name == "lines":
                for number in range(int(value)): os.write(1, b"line %d\n" % number)
            elif name == "flood":
                while True: os.write(1, b"x" * 1000 + b"\n")
            elif name == "once":
                path, _, then = value.partition(":")
                try: os.close(os.open(path, os.O_CREAT | os.O_EXCL))
                except FileExistsError: return
                step(then)
            else: raise SystemExit("no such step: " + word)
        while True:
            for word in sys.argv[1:]:
                if word != "loop": step(word)
            if sys.argv[-1] != "loop": break
        """#
}
