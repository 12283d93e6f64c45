"""Environment variables that make a program use the proxy of a run and trust its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.run.folder import STORE_PASSWORD, RunFolder
from tpmock.run.policy import Policy
from tpmock.tls.front import Address

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
#: This machine's own names, in all forms that clients use.
_LOOPBACK: Final = "localhost,127.0.0.1,::1,.localhost"
#: Each file is the system's bundle with our authority added.
_BUNDLES: Final = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "DENO_CERT",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "PERL_LWP_SSL_CA_FILE",
    "HTTPLIB2_CA_CERTS",
)


def leading(proxy: Address, files: RunFolder, policy: Policy, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables; ours are added to those with a user's own options.

    :param environ: the user's environment
    """
    url = f"http://{proxy[0]}:{proxy[1]}"
    allowed = ["*"] if policy.network else list(policy.allowed)
    return {
        **{name: url for upper in _PROXIES for name in (upper, upper.lower())},
        **dict.fromkeys(("NO_PROXY", "no_proxy"), _LOOPBACK),
        **dict.fromkeys(_BUNDLES, str(files.bundle)),
        # Without it, Perl's LWP uses no proxy.
        "PERL_LWP_ENV_PROXY": "1",
        # The only such variable that wget reads.
        "WGETRC": str(files.wget),
        "JAVA_TOOL_OPTIONS": _added(environ, "JAVA_TOOL_OPTIONS", *_java(proxy, files)),
        "NODE_OPTIONS": _added(environ, "NODE_OPTIONS", f'--require "{files.preloads / "node.cjs"}"'),
        "RUBYOPT": _added(environ, "RUBYOPT", f"-r{files.preloads / 'ruby.rb'}"),
        # An empty part means PHP's default folder.
        "PHP_INI_SCAN_DIR": f"{environ.get('PHP_INI_SCAN_DIR', '')}:{files.php}",
        "PYTHONPATH": ":".join([str(files.preloads / "python"), *filter(None, [environ.get("PYTHONPATH")])]),
        # For the preload files of runtimes.
        "TPMOCK_RUN_PROXY": f"{proxy[0]}:{proxy[1]}",
        "TPMOCK_RUN_HOSTS": ",".join(sorted(vendor_hosts())),
        "TPMOCK_RUN_ALLOWED": ",".join(allowed),
        "TPMOCK_RUN_CA": str(files.authority),
    }


def _added(environ: Mapping[str, str], name: str, *options: str) -> str:
    return " ".join([*filter(None, [environ.get(name)]), *options])


def _java(proxy: Address, files: RunFolder) -> list[str]:
    properties = {
        "javax.net.ssl.trustStore": str(files.store),
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": STORE_PASSWORD,
        "http.proxyHost": proxy[0],
        "http.proxyPort": str(proxy[1]),
        "https.proxyHost": proxy[0],
        "https.proxyPort": str(proxy[1]),
        "http.nonProxyHosts": "localhost|127.*|[::1]|*.localhost",
    }
    return [f"'-D{name}={value}'" if " " in value else f"-D{name}={value}" for name, value in properties.items()]
