"""Which proxy of the shell's variables a request goes through: none for this machine and for what NO_PROXY names."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yggdrasil.blocks.endpoint.errors import EndpointError

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport

_SYSTEM = "the system's settings"


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
    found = urllib.request.getproxies()
    for scheme in (parts.scheme, "all"):
        url = found.get(scheme)
        if url:
            names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
            variable = next((name for name in names if os.environ.get(name)), _SYSTEM)
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
    named = host if port is None else f"{host}:{port}"
    if urllib.request.proxy_bypass(named):
        return True
    address = _address(host)
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return address is not None and any(_holds(entry.strip(), address) for entry in listed.split(","))


def _holds(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
