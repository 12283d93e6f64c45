"""A run: a proxy, its files and its environment, while a ``with`` block runs."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from tpmock.common import environment as sandbox_environment
from tpmock.run.environment import leading
from tpmock.run.folder import RunFolder
from tpmock.run.outcomes import Outcomes
from tpmock.run.policy import Policy
from tpmock.run.proxy import Mock, RunProxy
from tpmock.tls.certificates import Authority

if TYPE_CHECKING:
    from tpmock.run.watch import Watch

#: Variable with the sandbox of a run, for ``tpmock`` inside it.
SANDBOX_VARIABLE: Final = "TPMOCK_SANDBOX"


class Session:
    """Redirects programs that are started with its :attr:`variables` to a sandbox.

    :param authority: signs the certificate of its proxy
    :param described: the sandbox's row of the control API
    :param policy: decides about other hosts
    :param environ: the user's environment, by default that of this process
    :param trusted: TLS settings for the mock, if its address is ``https:``
    :ivar variables: the environment variables, with addresses and credentials of the sandbox
    """

    def __init__(
        self,
        authority: Authority,
        described: Mapping[str, Any],
        policy: Policy,
        environ: Mapping[str, str] | None = None,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        mock = Mock(described["urls"]["mock"], described["id"], trusted)
        self._policy = policy
        self._folder = TemporaryDirectory(prefix="tpmock-run-")
        try:
            files = RunFolder(Path(self._folder.name), authority.pem, environ)
            self._proxy = RunProxy(authority.issue().server_context(), mock, policy)
        except BaseException:
            self._folder.cleanup()
            raise
        self._proxy.start()
        self.variables: Final[dict[str, str]] = {
            **leading(self._proxy.address, files, policy, environ),
            **sandbox_environment.variables(described),
            SANDBOX_VARIABLE: described["id"],
        }

    @property
    def outcomes(self) -> Outcomes:
        """Return the outcomes of the programs' calls so far."""
        return self._proxy.outcomes

    def watch(self) -> Watch | None:
        """Return the watch for the connections of one program; None where the system does not support it."""
        if sys.platform != "linux":
            return None
        from tpmock.run.watch import Watch  # noqa: PLC0415 - imports what Linux alone has

        return Watch(self._proxy.address, self._policy, self.outcomes)

    def close(self) -> None:
        """End the proxy and delete the files."""
        self._proxy.close()
        self._folder.cleanup()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
