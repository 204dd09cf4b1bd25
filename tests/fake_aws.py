"""AWS's services that give out credentials, as far as the tests ask them: STS, single sign-on, metadata.

Keys tell what was asked for: a role ``reader`` assumed by the key ``AK`` with the external id ``x`` is the
key ``reader.AK.x``. The secret of the key ``K`` is ``secret of K``, its token ``token of K``; signatures are
checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SSO_TOKEN, WEB_TOKEN, REFRESH, IMDS, CONTAINER = (
    "sso token",
    "web token",
    "refresh token",
    "imds-token",
    "container token",
)


@contextlib.contextmanager
def fake_aws() -> Iterator[str]:
    """Run the services on 127.0.0.1; give their URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: PLR0911 - one for each service
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if urlsplit(self.path).path == "/token":
            return self._token(json.loads(body))
        form = dict(parse_qsl(body.decode()))
        if form.get("Action") == "AssumeRoleWithWebIdentity":
            if form.get("WebIdentityToken") != WEB_TOKEN:
                return self._refuse(400, "InvalidIdentityToken", "The token is not ours.")
            return self._role(form, "web")
        caller, wrong = self._signed_by(body)
        if wrong:
            return self._refuse(403, wrong, "As the test has it.")
        if form.get("Action") == "GetCallerIdentity":
            arn = f"arn:aws:iam::123456789012:user/{caller}"
            return self._xml(
                f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn>"
                "<UserId>U</UserId><Account>123456789012</Account>"
                "</GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        if form["RoleArn"].endswith("/denied"):
            return self._refuse(403, "AccessDenied", f"User {caller} is not authorized.")
        return self._role(form, caller)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self.path == "/latest/api/token" and "x-aws-ec2-metadata-token-ttl-seconds" in self.headers
        self._send(200 if found else 404, IMDS if found else "")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/federation/credentials":
            return self._sso({name: values[0] for name, values in parse_qs(url.query).items()})
        if url.path.startswith("/container"):
            if url.path == "/container/closed" and self.headers.get("Authorization") != CONTAINER:
                return self._send(403, "{}")
            return self._send(200, json.dumps(_metadata(url.path.strip("/").replace("/", "."))))
        if self.headers.get("x-aws-ec2-metadata-token") != IMDS:
            return self._send(401, "")
        if url.path.endswith("/security-credentials/"):
            return self._send(200, "machine")
        return self._send(200, json.dumps(_metadata(f"imds.{url.path.rsplit('/', 1)[1]}")))

    def _token(self, asked: Mapping[str, str]) -> None:
        if asked.get("refreshToken") != REFRESH:
            return self._send(400, json.dumps({"error": "invalid_grant"}))
        renewed = {"accessToken": SSO_TOKEN, "expiresIn": 28800, "tokenType": "Bearer"}
        return self._send(200, json.dumps(renewed))

    def _sso(self, query: Mapping[str, str]) -> None:
        if self.headers.get("x-amz-sso_bearer_token") != SSO_TOKEN:
            return self._send(
                401,
                json.dumps({"message": "Session token not found or invalid"}),
                {"x-amzn-ErrorType": "UnauthorizedException"},
            )
        key = f"{query['role_name']}.{query['account_id']}"
        end = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
        found = {
            "accessKeyId": key,
            "secretAccessKey": f"secret of {key}",
            "sessionToken": f"token of {key}",
            "expiration": end,
        }
        return self._send(200, json.dumps({"roleCredentials": found}))

    def _role(self, form: Mapping[str, str], caller: str) -> None:
        session = form["RoleSessionName"]
        own = "" if session.startswith(("botocore-session-", "crossframe-")) else session
        parts = (form["RoleArn"].rsplit("/", 1)[1], caller, form.get("ExternalId"))
        key = ".".join(part for part in (*parts, form.get("DurationSeconds"), own) if part)
        found = _metadata(key, ended=form["RoleArn"].endswith("/ended"))
        fields = "".join(
            f"<{name}>{found[field]}</{name}>"
            for name, field in {
                "AccessKeyId": "AccessKeyId",
                "SecretAccessKey": "SecretAccessKey",
                "SessionToken": "Token",
                "Expiration": "Expiration",
            }.items()
        )
        action = form["Action"]
        self._xml(
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials>{fields}</Credentials></{action}Result></{action}Response>"
        )

    def _signed_by(self, body: bytes) -> tuple[str, str]:
        """Return who signed, and the code of what is wrong with that."""
        fields = dict(
            part.strip().split("=", 1)
            for part in self.headers.get("Authorization", "x x=").split(" ", 1)[1].split(",")
        )
        if "Credential" not in fields:
            return "", "MissingAuthenticationToken"
        caller, *scope = fields["Credential"].split("/")
        token = self.headers.get("x-amz-security-token")
        if ("." in caller) != (token is not None) or token not in {None, f"token of {caller}"}:
            return caller, "InvalidClientTokenId"
        names = fields["SignedHeaders"].split(";")
        lines = [f"{name}:{' '.join(self.headers[name].split())}\n" for name in names]
        url = urlsplit(self.path)
        payload = hashlib.sha256(body).hexdigest()
        asked = "\n".join(
            [self.command, quote(url.path), "", "".join(lines), fields["SignedHeaders"], payload]
        )
        digest = hashlib.sha256(asked.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], "/".join(scope), digest])
        key = f"AWS4secret of {caller}".encode()
        for part in (*scope, text):
            key = hmac.digest(key, part.encode(), "sha256")
        return caller, "" if key.hex() == fields["Signature"] else "SignatureDoesNotMatch"

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._xml(
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
            "</Error><RequestId>1</RequestId></ErrorResponse>",
            status,
        )

    def _xml(self, text: str, status: int = 200) -> None:
        self._send(status, text, {"Content-Type": "text/xml"})

    def _send(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _metadata(key: str, *, ended: bool = False) -> dict[str, str]:
    """Return credentials as the metadata services word them."""
    end = datetime.now(UTC) + timedelta(hours=-1 if ended else 1)
    return {
        "Code": "Success",
        "AccessKeyId": key,
        "SecretAccessKey": f"secret of {key}",
        "Token": f"token of {key}",
        "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
