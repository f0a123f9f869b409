"""A process that serves S3 on 127.0.0.1 from RAM, with the bucket `khala`; prints its port, ends when it is killed."""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportPrivateImportUsage=false
# what it serves with is typed in part only, and may be missing: its test is skipped then

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from moto import mock_aws
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Requests are no news; connections are kept, as S3 does."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Say nothing."""


def one_at_a_time(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Moto looks whether an object is there and then writes it; S3 does both at once, and commits rely on it."""
    lock = threading.Lock()

    def locked(environ: Any, start_response: Any) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return locked


def main() -> None:
    """Serve until killed."""
    with mock_aws():
        boto3.client("s3", "us-east-1", aws_access_key_id="k", aws_secret_access_key="s").create_bucket(Bucket="khala")
        app = one_at_a_time(DomainDispatcherApplication(create_backend_app))
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
