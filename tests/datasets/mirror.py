"""The mirror, a server in this process, and the ways in which it fails."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.answer(self, self.server.files.get(Path(self.path).name))

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Mirror(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.asked, self.answer = {}, [], whole
        self.half_sent, self.closing = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def handle_error(self, *_):
        pass  # whoever asked was killed, or had waited long enough

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()


def whole(request, data):
    if data is None:
        return request.send_error(404)
    request.reply(data, Content_Length=len(data))


def slowly(request, data):
    request.server.closing.wait(0.5)  # time for a second process to ask as well, if it would
    whole(request, data)


def not_found(request, data):
    request.send_error(404)


def broken(request, data):
    request.send_error(500)


def page(request, data):
    request.reply(b"<html>Please log in to the network</html>")


def redirect_to_page(request, data):
    if data is None:
        return page(request, data)
    request.reply(b"", status=302, Location="/login.html")


def redirect_for_ever(request, data):
    request.reply(b"", status=302, Location=request.path)


def half(request, data):
    request.reply(data[: len(data) // 2], Content_Length=len(data))


def half_without_length(request, data):
    request.reply(data[: len(data) // 2])


def same_length(request, data):
    request.reply(data[::-1], Content_Length=len(data))


def nothing(request, data):
    request.server.closing.wait()


def half_then_nothing(request, data):
    half(request, data)
    request.server.half_sent.set()
    request.server.closing.wait()


MIRROR_FAULTS = {
    not_found: "404",
    broken: "500",
    page: "not the published file",
    redirect_to_page: "not the published file",
    redirect_for_ever: "infinite loop",
    half: "not the published file",
    half_without_length: "not the published file",
    same_length: "not the published file",
}
