"""A mail server of aiosmtpd, and the certificates for it."""

import asyncio
import datetime
import email
import email.policy
import ipaddress
import ssl
import threading

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME, PASSWORD = "unstale@example.com", "p@ss/word"


class Authority:
    """A certificate authority of its own, with a certificate for 127.0.0.1 and localhost."""

    def __init__(self, folder, name="authority", host="localhost"):
        self.roots = folder / f"{name}.pem"
        key, root = self.certificate("Test authority", None, None, [])
        self.roots.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        server_key, server = self.certificate(host, key, root, names if host == "localhost" else names[:1])
        chain = folder / f"{name}-server.pem"
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        chain.write_bytes(
            server_key.private_bytes(serialization.Encoding.PEM, *private)
            + server.public_bytes(serialization.Encoding.PEM)
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)

    @staticmethod
    def certificate(name, issuer_key, issuer, names):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return key, builder.sign(issuer_key or key, hashes.SHA256())


class MailServer:
    """Takes mail on a free port. It answers the end of each message with what `answer` says of its number, and a recipient
    with what `recipient` says of the address. Without a context it offers no encryption."""

    def __init__(self, context=None, implicit=False, answer=None, recipient=None):
        self.received, self.logins, self.changed = [], [], threading.Condition()
        self.tries = 0
        self.answer = answer or (lambda number: "250 taken")
        self.recipient = recipient or (lambda address: "250 ok")
        starttls = None if implicit else context
        server = self

        class Handler:
            async def handle_RCPT(self, _server, _session, envelope, address, _options):
                answer = server.recipient(address)
                if answer.startswith("250"):
                    envelope.rcpt_tos.append(address)
                return answer

            async def handle_DATA(self, smtp, _session, envelope):
                encrypted = smtp.transport.get_extra_info("ssl_object") is not None
                with server.changed:
                    server.tries += 1
                    answer = server.answer(server.tries)
                    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                    server.received.append((answer, envelope.rcpt_tos, message, encrypted))
                    server.changed.notify_all()
                return answer

        def authenticate(_server, _session, _envelope, _mechanism, login):
            self.logins.append((login.login.decode(), login.password.decode()))
            return AuthResult(success=self.logins[-1] == (NAME, PASSWORD), handled=False)

        def protocol():
            return SMTP(
                Handler(),
                hostname="mail.example.com",
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=authenticate,
                auth_require_tls=not implicit and starttls is not None,
                loop=self.loop,
            )

        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        listening = self.loop.create_server(protocol, "127.0.0.1", 0, ssl=context if implicit else None)
        listening = asyncio.run_coroutine_threadsafe(listening, self.loop).result(30)
        self.port = listening.sockets[0].getsockname()[1]

    def until(self, number, seconds=60):
        """Waits for so many messages, and gives them."""
        with self.changed:
            there = self.changed.wait_for(lambda: len(self.received) >= number, seconds)
        assert there, f"{len(self.received)} of {number} messages came"
        return self.received
