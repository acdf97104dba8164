"""A real HTTPS server on loopback, with a certificate of its own, that answers as it is told."""

import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "chat.example.com"


def certificate(name):
    """Key and certificate, signed by itself, as one PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, form, plain) + signed.public_bytes(pem)).decode()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up in the middle is what some tests are about."""


class Receiver:
    """What was posted; `status`, `headers` and `body` answer it, or `behave(handler)` does."""

    def __init__(self, folder):
        self.posts, self.status, self.headers, self.body = [], 200, {}, b"ok"
        self.behave = None
        self.file = folder / "receiver.pem"
        self.file.write_text(certificate(NAME))
        self.server = Server(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"{NAME}:{self.port}"
        self.url = f"https://{self.host}/hooks/T0/verysecret"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, self.headers, text))
                if receiver.behave:
                    return receiver.behave(self)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                return self.wfile.write(receiver.body)

            def log_message(self, *args):
                pass

        return Handler

    @property
    def bodies(self):
        return [json.loads(text) for _, _, text in self.posts]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Resolver:
    """Answers for names from a script: a look-up takes the next answer, or the last for ever."""

    def __init__(self, real):
        self.real, self.answers, self.asked = real, {}, []

    def __call__(self, host, port, *args, **kwargs):
        if host not in self.answers:
            return self.real(host, port, *args, **kwargs)
        self.asked.append(host)
        answers = self.answers[host]
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(given, Exception):
            raise given
        return [found for address in given for found in self.real(address, port, *args, **kwargs)]


@pytest.fixture
def resolver(monkeypatch):
    import socket

    made = Resolver(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


@pytest.fixture
def receiver(tmp_path, monkeypatch, settings, resolver):
    """A chat of the organisation in its own network, named in WEBHOOK_HOSTS and trusted."""
    made = Receiver(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    settings.WEBHOOK_HOSTS = [made.host]
    resolver.answers[NAME] = [["127.0.0.1"]]
    yield made
    made.close()
