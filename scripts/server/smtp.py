"""A mail server for tests, on a free loopback port. It keeps each mail as a line of JSON, read by Python's own parser.

Usage: smtp.py FOLDER [--tls starttls|implicit --cert FILE --key FILE] [--login USER PASSWORD] [--port PORT]

Standard output has the line `ready PORT`. It ends when standard input does. Whom a mail is for decides what becomes of
it: refused@ is 550, busy@ is 451, slow@ gets no answer, anybody else's mail is kept in FOLDER/mails; that of latin@
with an answer that is not UTF-8.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import os
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


# What clients do wrong is for the test to tell.
logging.getLogger("mail.log").addHandler(logging.NullHandler())
logging.getLogger("mail.log").propagate = False
warnings.simplefilter("ignore")


class Keeper:
    def __init__(self, folder):
        self.mails = os.path.join(folder, "mails")

    async def handle_RCPT(self, server, session, envelope, address, options):
        user = address.split("@")[0]
        if user == "refused":
            return "550 5.1.1 no such user"
        if user == "busy":
            return "451 4.3.2 come again later"
        if user == "slow":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "protected": server.transport.get_extra_info("ssl_object") is not None,
            "login": bool(session.authenticated),
            "type": mail.get_content_type(),
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "names": [name.lower() for name in mail.keys()],
            "parts": parts,
            "defects": [str(defect) for defect in mail.defects],
        }
        with open(self.mails, "a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if envelope.rcpt_tos[0].startswith("latin@"):
            return "250 2.0.0 aufgehoben für später".encode("latin-1")
        return "250 2.0.0 kept"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        known = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=known, handled=False)

    return check


async def serve(wanted):
    context = None
    if wanted.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(wanted.cert, wanted.key)

    def protocol():
        login = {}
        if wanted.login:
            login = {
                "authenticator": authenticator(*wanted.login),
                "auth_required": True,
                "auth_require_tls": wanted.tls == "starttls",
            }
        starttls = context if wanted.tls == "starttls" else None
        return SMTP(
            Keeper(wanted.folder),
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            **login,
        )

    loop = asyncio.get_running_loop()
    implicit = context if wanted.tls == "implicit" else None
    server = await loop.create_server(protocol, "127.0.0.1", wanted.port, ssl=implicit)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--tls", choices=["starttls", "implicit"])
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--login", nargs=2)
parser.add_argument("--port", type=int, default=0)
asyncio.run(serve(parser.parse_args()))
