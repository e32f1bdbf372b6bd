"""A real HTTP server that takes webhooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Receiver:
    """`requests`: path, headers in lower case, and body of what came. `answer`: the status of the answers."""

    port: int = 0
    answer: int = 204
    redirect: str | None = None
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    patience: Event = field(default_factory=Event)
    """While it is not set, the server does not answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hidden"

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server listens, on the port it had before if it had one."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((self.path, headers, body))
                receiver.patience.wait()
                self.send_response(receiver.answer)
                if receiver.redirect is not None:
                    self.send_header("Location", receiver.redirect)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Not to the output of the tests."""

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        self.port = server.server_port
        self.patience.set()
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            self.patience.set()
            server.shutdown()
            server.server_close()
            thread.join()
