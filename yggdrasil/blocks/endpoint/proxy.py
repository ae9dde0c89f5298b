"""Which proxy of the shell's variables a request goes through: none for this machine and for what NO_PROXY names."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yggdrasil.blocks.endpoint.errors import EndpointError

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport


@dataclass(frozen=True)
class Proxy:
    """A proxy's address (it may hold a password: never show it), the variable that names it, the host beyond it."""

    url: str
    variable: str
    host: str

    @property
    def mend(self) -> str:
        return f"put {self.host} into NO_PROXY, or unset {self.variable}"


def proxy_for(base_url: str) -> Proxy | None:
    """The proxy between us and the endpoint, or None. Loopback addresses have none, whatever the variables say."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if _is_here(host) or _spared(host, parts.port):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            url = os.environ.get(variable)
            if url:
                return Proxy(url if "://" in url else f"http://{url}", variable, host)
    return None


def transport(proxy: Proxy | None) -> AsyncBaseTransport:
    """The way there. Raises EndpointError for a proxy of a kind that cannot be used here."""
    from httpx2 import AsyncHTTPTransport

    if proxy is None:
        return AsyncHTTPTransport()
    scheme = proxy.url.partition("://")[0].lower()
    try:
        return AsyncHTTPTransport(proxy=proxy.url)
    except ImportError:
        why, more = f"a {scheme} proxy needs the package socksio", ", or pip install socksio"
    except ValueError:
        known = "http, https, socks5 or socks5h"
        why, more = f"{scheme}:// is no proxy's scheme: {known} is", ", or write its scheme so"
    raise EndpointError(f"the proxy of {proxy.variable} cannot be used ({why})", mend=proxy.mend + more)


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _spared(host: str, port: int | None) -> bool:
    """Whether NO_PROXY names the host: by name, end of a name, address, network or `*`, with or without a port."""
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return any(_names(entry.strip().lower(), host.lower(), port) for entry in listed.split(","))


def _names(entry: str, host: str, port: int | None) -> bool:
    name = entry.removesuffix(f":{port}") if port else entry
    bare = name.strip("[]").removeprefix("*").lstrip(".")
    if name == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
        return True
    address = _address(host)
    try:
        return address is not None and address in ipaddress.ip_network(bare, strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
