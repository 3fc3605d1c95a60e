"""The report in a real browser: paging, searching, hostile names, and that it asks nobody for anything."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kzlabel.report import write_report
from kzlabel.scanning.record import Record
from tests.unit.report.rows import rows
from tests.unit.report.test_report import NASTY

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
SWITCHES = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1300,1000"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in (*SWITCHES.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open records as a report from a server that remembers what was asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def open_report(records: list[Record], **how: str) -> list[str]:
        write_report(records, tmp_path / "report.html", **how)  # type: ignore[arg-type]
        browser.get(f"http://127.0.0.1:{server.server_port}/report.html")
        return asked

    yield open_report
    server.shutdown()
    server.server_close()
    thread.join()


def texts(browser: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
    found: list[str] = browser.execute_script(script, selector)
    return found


def first(browser: Any, selector: str) -> Any:
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, selector)


def until(browser: Any, condition: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(condition)


def test_a_hundred_thousand_findings_can_be_paged_searched_and_sorted(browser: Any, opened: Any) -> None:
    records = [
        Record(path=f"/archive/{n:06}.jpg", status="invalid" if n % 2 else "declared", explanation=f"because {n}")
        for n in range(100_000)
    ]
    asked = opened(records)
    assert len(texts(browser, "#rows tr")) == 100
    assert first(browser, "#pages").text == "1,000"
    first(browser, "#next").click()
    assert texts(browser, "#rows tr td:nth-child(2)")[0] == "/archive/000100.jpg"
    first(browser, "#search").send_keys("because 99999")
    until(browser, lambda _: texts(browser, "#rows tr td:nth-child(2)") == ["/archive/099999.jpg"])
    first(browser, "#search").clear()
    first(browser, "#search").send_keys("archive")
    until(browser, lambda _: first(browser, "#count").text == "(100,000)")
    first(browser, "button[data-column='1']").click()
    first(browser, "button[data-column='1']").click()
    assert texts(browser, "#rows tr td:nth-child(2)")[0] == "/archive/099999.jpg"
    browser.execute_script(
        "const s = document.getElementById('which'); s.value = 'declared'; s.dispatchEvent(new Event('change'))"
    )
    assert first(browser, "#count").text == "(50,000)"
    assert set(texts(browser, "#rows tr td:first-child")) == {"declared"}
    assert [path for path in asked if path not in ("/report.html", "/favicon.ico")] == []
    assert [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]] == []


def test_no_name_runs_as_a_script(browser: Any, opened: Any) -> None:
    opened(
        [Record(path=f"/x/{name}", status="invalid", signer=name, system=name, explanation=name) for name in NASTY]
    )
    assert browser.execute_script("return typeof window.hurt") == "undefined"
    first(browser, "#search").send_keys("script")
    until(browser, lambda _: len(texts(browser, "#rows tr")) == 3)
    assert browser.execute_script("return typeof window.hurt") == "undefined"
    assert "<script>window.hurt=1</script>.jpg" in texts(browser, "#rows tr td:nth-child(2)")[0]
    assert [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]] == []


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_it_speaks_every_language_in_light_and_dark(language: str, browser: Any, opened: Any) -> None:
    opened(list(rows(400)), language=language)
    papers = []
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        papers.append(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        wide = browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert wide, scheme
    assert len(set(papers)) == 2
    assert len(texts(browser, "figure")) >= 6


def test_it_prints_without_its_tools(browser: Any, opened: Any) -> None:
    opened(list(rows(200)))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not first(browser, ".tools").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
