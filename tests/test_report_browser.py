"""The report in a real browser: pictures, links, errors; it fits wide and narrow windows, light and dark."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import made_up_report as made_up
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from experiments.claims import CLAIMS

BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
OPEN_ALL = "for (const each of document.querySelectorAll('details')) each.open = true;"
# The ratio of contrast of every piece of text with the ground behind it (WCAG 2.1), the least of them and its text.
CONTRAST = """
const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
const linear = v => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
const ground = e => { for (; e; e = e.parentElement) {
  const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
  return [255, 255, 255]; };
const texts = [...document.body.querySelectorAll('*')].filter(
  e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
return texts.map(e => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.slice(0, 60)]; })
  .reduce((least, each) => each[0] < least[0] ? each : least);
"""


SHIPPED = Path(__file__).parents[1] / "docs" / "report" / "report.html"


@pytest.fixture(scope="module", params=["made up", "shipped"])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """With a report that has everything that there may be, and with the one that is shipped."""
    if missing := [path for path in (BROWSER, DRIVER) if not Path(path).exists()]:
        pytest.fail(
            f"{' and '.join(missing)} missing; install with"
            " apt-get install -y --no-install-recommends chromium chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    page = SHIPPED
    if request.param == "made up":
        page = tmp_path_factory.mktemp("reproduce") / "report.html"
        made_up.make(page.parent)
    driver.get(page.as_uri())
    yield driver
    driver.quit()


def _look(browser: webdriver.Chrome, width: int, scheme: str, media: str = "screen") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    preference = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [preference]})


def _run(browser: webdriver.Chrome, script: str) -> Any:
    return browser.execute_script(script)


def test_every_picture_is_drawn(browser: webdriver.Chrome) -> None:
    _run(browser, OPEN_ALL + "for (const each of document.images) each.loading = 'eager';")
    widths = browser.execute_async_script(
        "const done = arguments[0]; Promise.allSettled([...document.images].map(each => each.decode()))"
        ".then(() => done([...document.images].map(each => each.naturalWidth)));"
    )
    if browser.current_url == SHIPPED.as_uri():
        assert len(widths) > 90 and min(widths) > 500
        assert _run(browser, "return document.querySelectorAll('.missing').length") == 0
    else:
        assert len(widths) > 20 and set(widths) == {24}


def test_there_is_a_row_for_every_claim(browser: webdriver.Chrome) -> None:
    rows = _run(browser, "return [...document.querySelectorAll('.ledger tbody tr')].map(r => [r.id, r.cells.length])")
    assert [id for id, _ in rows] == sorted(CLAIMS)
    assert {cells for _, cells in rows} == {
        _run(browser, "return document.querySelectorAll('.ledger thead th').length")
    }


def test_every_internal_link_resolves(browser: webdriver.Chrome) -> None:
    count, dead = _run(
        browser,
        "const links = [...document.querySelectorAll('a')].map(a => a.getAttribute('href'));"
        "return [links.length, links.filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))]",
    )
    assert count > 100 and dead == []


def test_headings_are_in_order_and_tables_have_scopes(browser: webdriver.Chrome) -> None:
    levels = _run(browser, "return [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert _run(browser, "return document.querySelectorAll('th:not([scope])').length") == 0
    assert _run(browser, "return document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_and_can_be_read(browser: webdriver.Chrome, width: int, scheme: str) -> None:
    _look(browser, width, scheme)
    _run(browser, OPEN_ALL)
    inner, content = _run(browser, "const e = document.documentElement; return [e.clientWidth, e.scrollWidth]")
    assert width - 20 <= inner <= width and content <= inner
    ground = _run(browser, "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 200) == (scheme == "dark")
    assert (
        _run(browser, "return getComputedStyle(document.querySelector('.card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    least, where = _run(browser, CONTRAST)
    assert least >= 4.5, where


def test_paper_is_white_and_wide_enough(browser: webdriver.Chrome) -> None:
    _look(browser, 680, "dark", "print")
    _run(browser, OPEN_ALL)
    inner, content = _run(browser, "const e = document.documentElement; return [e.clientWidth, e.scrollWidth]")
    assert content <= inner
    assert _run(browser, "return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    least, where = _run(browser, CONTRAST)
    assert least >= 4.5, where


def test_the_browser_has_nothing_to_complain_of(browser: webdriver.Chrome) -> None:
    assert browser.get_log("browser") == []
    loaded = _run(browser, "return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
