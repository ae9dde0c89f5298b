"""Proxy variables of the shell: NO_PROXY is obeyed, this machine is never behind one, a fault names its variable."""

from __future__ import annotations

import pytest

from tests.blocks.endpoint.stand_in import sending, standing_in, stream
from yggdrasil.blocks.endpoint.errors import EndpointError
from yggdrasil.blocks.endpoint.proxy import proxy_for, transport
from yggdrasil.blocks.llm.openai import OpenAIModel

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
ASK = [{"role": "user", "content": "hi"}]
FAR = "http://models.example.invalid/v1"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def model(url: str) -> OpenAIModel:
    return OpenAIModel(model="m", base_url=url, retries=0, timeout=5)


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:9", "socks://127.0.0.1:9", "http://127.0.0.1:9", "nonsense://x"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_what_runs_on_this_machine_is_never_asked_through_a_proxy(
    variable: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, url)
    with standing_in() as server:
        server.answer = stream("hello")
        assert model(server.url).chat(ASK).text == "hello"
        assert model(server.url.replace("127.0.0.1", "localhost")).chat(ASK).text == "hello"


@pytest.mark.parametrize(
    ("url", "mend"), [("socks5://127.0.0.1:9", "socksio"), ("socks://127.0.0.1:9", "socks5"), ("ftp://x", "http")]
)
@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "http_proxy"])
def test_a_proxy_that_cannot_be_used_is_told_with_its_variable_and_the_mend(
    variable: str, url: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setenv(variable, url)
    with pytest.raises(EndpointError, match=variable) as failure:
        model(FAR).chat(ASK)
    assert mend in str(failure.value) and "NO_PROXY" in failure.value.mend
    monkeypatch.setenv("NO_PROXY", "example.invalid")
    with pytest.raises(EndpointError, match="cannot be used") as failure:
        model(FAR).chat(ASK)
    assert variable not in str(failure.value), "the name is looked up here, and no proxy is in it"


def test_a_proxy_that_answers_with_a_fault_of_its_own_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in() as proxy:
        proxy.answer = sending(502, "text/html", "<html>Bad gateway</html>")
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1").replace("//", "//user:s3cret@"))
        with pytest.raises(EndpointError, match=r"HTTP 502.*the proxy of http_proxy") as failure:
            model(FAR).chat(ASK)
    assert "models.example.invalid" in failure.value.mend and "s3cret" not in str(failure.value)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(EndpointError, match="the proxy of http_proxy"):
        model(FAR).chat(ASK)


def test_the_proxy_is_that_of_the_scheme_else_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://every:1")
    monkeypatch.setenv("https_proxy", "secure:2")
    plain, secure = (proxy_for(f"{scheme}://models.example.invalid/v1") for scheme in ("http", "https"))
    assert plain is not None and (plain.url, plain.variable) == ("http://every:1", "ALL_PROXY")
    assert secure is not None and (secure.url, secure.variable) == ("http://secure:2", "https_proxy")


@pytest.mark.parametrize(
    "listed", ["*", "models.example.invalid", ".invalid", "a.b, example.invalid", "models.example.invalid:80"]
)
def test_no_proxy_is_obeyed_by_name(listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://every:1")
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxy_for("http://models.example.invalid:80/v1") is None
    transport(None)


def test_no_proxy_is_obeyed_by_address_and_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://every:1")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,192.168.1.7,fd00::/8")
    spared = [f"http://{host}/v1" for host in ("10.1.2.3", "192.168.1.7", "[fd00::1]")]
    assert [proxy_for(url) for url in spared] == [None] * 3
    assert proxy_for("http://192.168.1.8/v1") is not None
