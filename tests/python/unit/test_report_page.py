"""The page of the report in a real browser that can reach nothing: what a reader does with it."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.python.support.browser import browser as chromium
from tests.python.support.report_study import made_up_study
from throng.report.page import Words, languages, page_of

EVENTS = [(date(2020, 2, 12), "flood & <fire>")]


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


class Reader:
    """An open page, what it asked of the network, and what it complained of."""

    def __init__(self, browser, file: Path, view: str = "", **options) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.context = browser.new_context(accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.url = file.as_uri()
        self.page.goto(self.url + view)

    def view(self) -> dict[str, str]:
        """The state that stands in the address."""
        return {k: v[0] for k, v in parse_qs(self.page.url.partition("#")[2]).items()}

    def area(self, area_id: str):
        return self.page.locator(f'#map-picture path[data-area="{area_id}"]')

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def slide(self, place: int) -> None:
        self.page.locator("#slider").fill(str(place))

    def download(self) -> list[dict[str, str]]:
        with self.page.expect_download() as started:
            self.page.click("#download")
        return list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))

    def close(self) -> None:
        """Nothing was asked of the network but the file, and nothing went wrong."""
        self.context.close()
        assert {url.partition("#")[0] for url in self.requests if not url.startswith("blob:")} == {
            self.url
        }
        assert self.complaints == []


STUDY = made_up_study()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page_of(STUDY, Words(events=EVENTS)), encoding="utf-8")
    return path


@pytest.fixture
def reader(browser, file):
    opened = Reader(browser, file)
    yield opened
    opened.close()


def numbers(level="district", start=None, period="day"):
    found = STUDY.data["people"][level][period]
    return found[start or max(found)]


def ids(level="district"):
    return [area["id"] for area in STUDY.data["areas"][level]]


def test_each_area_is_drawn_and_withheld_ones_are_hatched(reader):
    withheld = {area for area, value in zip(ids(), numbers(), strict=True) if value is None}
    assert 0 < len(withheld) < len(ids())
    assert reader.count("#map-picture path.area") == len(ids())
    for area in ids():
        fill = reader.area(area).get_attribute("fill")
        assert (fill == "url(#withheld)") == (area in withheld)
        assert reader.area(area).get_attribute("data-value") != "0"
    assert f"withheld: {len(withheld)}" in reader.page.locator("#legend").inner_text()


def test_a_click_selects_and_shift_compares(reader):
    one, other = ids()[:2]
    reader.area(one).click()
    assert reader.view()["area"] == one
    reader.area(other).click(modifiers=["Shift"])
    assert reader.view()["compare"] == other
    names = reader.page.locator("#time-picture text.name").all_text_contents()
    assert names == [f"District & <{area}>" for area in (one, other)]
    assert reader.count("#time-picture path.series") == 2
    fills = {area: reader.area(area).get_attribute("fill") for area in ids()}
    reader.slide(5)
    reader.slide(len(STUDY.data["people"]["district"]["day"]) - 1)
    assert fills == {area: reader.area(area).get_attribute("fill") for area in ids()}
    reader.area(one).click()
    assert "area" not in reader.view()


def test_flows_go_in_and_out_of_the_selected_area(reader):
    reader.area(ids()[0]).click()
    both = reader.count(".arcs .arc")
    reader.page.select_option("#arcs", "in")
    flows_in = reader.count(".arcs .arc-in")
    assert reader.count(".arcs .arc-out") == 0
    reader.page.select_option("#arcs", "out")
    assert 0 < reader.count(".arcs .arc-out") == both - flows_in
    reader.page.select_option("#arcs", "none")
    assert reader.count(".arcs .arc") == 0


def test_level_measure_and_period_are_chosen(reader):
    reader.page.select_option("#level", "region")
    assert reader.count("#map-picture path.area") == len(ids("region"))
    reader.page.select_option("#period", "week")
    assert reader.page.locator("#slider").get_attribute("max") == "2"
    reader.page.select_option("#level", "district")
    reader.page.select_option("#measure", "percent")
    assert reader.view()["period"] == "day"
    assert "-50%" in reader.page.locator("#legend").inner_text()
    reader.page.select_option("#measure", "abnormality")
    assert "median absolute deviation" in reader.page.locator("#measure-long").inner_text()


def test_the_slider_and_play_move_in_time(reader):
    days = sorted(STUDY.data["people"]["district"]["day"])
    reader.slide(3)
    assert reader.view()["start"] == days[3]
    shown = [reader.area(area).get_attribute("data-value") for area in ids()]
    assert shown == [None if v is None else str(v) for v in numbers(start=days[3])]
    reader.page.click("#play")
    expect(reader.page).to_have_url(re.compile(f"start={days[4]}"))
    reader.page.click("#play")
    assert reader.page.locator("#play").inner_text() == "Play"


def test_a_view_can_be_sent(browser, file, reader):
    reader.page.select_option("#level", "region")
    reader.page.select_option("#language", "fr")
    reader.slide(5)
    reader.area(ids("region")[0]).click()
    other = Reader(browser, file, "#" + reader.page.url.partition("#")[2])
    assert other.view() == reader.view()
    assert other.page.locator("#map-heading").inner_text() == "Carte"
    other.close()


@pytest.mark.parametrize(
    "view", ["#level=none&start=1999-01-01", "#measure=x&period=y&area=z&language=xx&arcs=q", "#%"]
)
def test_a_view_that_there_is_not_becomes_one_that_there_is(browser, file, view):
    reader = Reader(browser, file, view)
    assert reader.count("#map-picture path.area") == len(ids())
    reader.close()


@pytest.mark.parametrize("period", ["day", "week"])
def test_the_download_is_what_is_shown(reader, period):
    reader.page.select_option("#period", period)
    reader.slide(1)
    start = sorted(STUDY.data["people"]["district"][period])[1]
    rows = reader.download()
    assert [row["area_id"] for row in rows] == ids()
    wanted = numbers(start=start, period=period)
    assert [row["n_subscribers"] for row in rows] == ["" if v is None else str(v) for v in wanted]
    assert [row["is_suppressed"] for row in rows] == [str(v is None).lower() for v in wanted]
    assert {row["period_start"] for row in rows} == {start}
    if period == "day":
        change = STUDY.data["change"]["district"]["percent"][start]
        assert [row["change_percent"] and float(row["change_percent"]) for row in rows] == [
            "" if v is None else v for v in change
        ]


def test_people_are_estimated_by_day_with_their_interval(reader):
    """30 people for each subscriber, 29 to 31; none where the number is withheld."""
    day = reader.view()["start"]
    values = dict(zip(ids(), numbers(start=day), strict=True))
    for area, value in list(values.items())[:12]:
        cell = reader.page.locator(f'#areas-table tr[data-area="{area}"] td:nth-child(3)')
        wanted = "×" if value is None else f"{30 * value:,} ± {value:,}"
        assert cell.inner_text() == wanted
    assert None in values.values()
    rows = reader.download()
    for row in rows:
        value = values[row["area_id"]]
        wanted = ["", "", ""] if value is None else [str(n * value) for n in (30, 29, 31)]
        names = ("people_estimated", "people_estimated_low", "people_estimated_high")
        assert [row[name] for name in names] == wanted
    reader.page.click('#areas-table button[data-column="estimated"]')
    largest = max(value for value in values.values() if value is not None)
    first = reader.page.locator("#areas-table tbody td:nth-child(3)").first
    assert first.inner_text().startswith(f"{30 * largest:,} ±")
    reader.page.select_option("#period", "week")
    assert "estimated" not in reader.page.locator("#areas-table thead").inner_html()


def test_what_goes_together_is_said_with_its_lag(reader):
    rows = reader.page.locator("#context-table tbody tr").all_inner_texts()
    names = [STUDY.data["areas"]["district"][place]["name"] for place in (0, -1)]
    assert rows == [f"{names[0]}\train\t-4\t-0.81", f"{names[1]}\tcases\t+3\t+0.61"]
    reader.page.select_option("#level", "region")
    assert reader.page.locator("#context-table").is_hidden()
    assert "more than by chance" in reader.page.locator("#context-hint").inner_text()


def test_where_help_is_needed_most_is_said_with_the_reasons(reader):
    rows = reader.page.locator("#need-table tbody tr").all_inner_texts()
    assert rows == [
        "Alba & <b>\tchild mortality, income per person\t0.81\t1",
        "Brea\tinflation\t0.61\t1",
        "Cora\t\t0.05\t3",
    ]
    reader.page.select_option("#language", "fr")
    assert "besoin" in reader.page.locator("#need").inner_text()


def test_the_line_marks_what_is_withheld_and_what_happened(reader):
    series = [numbers(start=day)[0] for day in sorted(STUDY.data["people"]["district"]["day"])]
    assert None in series
    reader.area(ids()[0]).click()
    assert reader.count("#time-picture text.cross") == series.count(None)
    assert reader.count("#time-picture circle.dot") == len(series) - series.count(None)
    assert reader.count("#time-picture path.band") == 1
    assert reader.page.locator("#time-picture .event-name").text_content() == "flood & <fire>"


def test_the_table_sorts_and_searches(reader):
    reader.page.click('#areas-table button[data-column="people"]')
    shown = reader.page.locator("#areas-table tbody td:nth-child(2)").all_inner_texts()
    known = sorted((v for v in numbers() if v is not None), reverse=True)
    n_withheld = len(ids()) - len(known)
    assert shown == [f"{v:,}" for v in known] + ["withheld"] * n_withheld
    reader.page.click('#areas-table button[data-column="people"]')
    shown = reader.page.locator("#areas-table tbody td:nth-child(2)").all_inner_texts()
    assert shown == [f"{v:,}" for v in reversed(known)] + ["withheld"] * n_withheld
    reader.page.fill("#search", "d0003")
    assert reader.page.locator("#areas-table tbody tr").all_inner_texts()[0].startswith("District")
    assert reader.count("#areas-table tbody tr") == 1


def test_a_tip_tells_the_number(reader):
    index = next(i for i, value in enumerate(numbers()) if value is not None)
    reader.area(ids()[index]).hover()
    tip = reader.page.locator("#tip").inner_text()
    assert f"People: {numbers()[index]:,}" in tip and "usual: 1,000 ± 50" in tip
    index = numbers().index(None)
    reader.area(ids()[index]).hover()
    assert "withheld" in reader.page.locator("#tip").inner_text()


def test_flows_and_panels_show_their_numbers(reader):
    week = max(STUDY.data["flows"]["district"])
    pairs = [p for p in STUDY.data["flows"]["district"][week]["pairs"] if p[0] != p[1]]
    assert reader.count("#matrix-picture rect.pair") == len(
        [p for p in STUDY.data["flows"]["district"][week]["pairs"] if p[0] != p[1]]
    )
    assert reader.count("#flows-table tbody tr") == min(15, len(pairs))
    assert "144 pairs" in reader.page.locator("#flows-week").inner_text()
    for table in ("residents", "relocations", "flows", "areas", "releases"):
        assert reader.count(f"#{table}-table tbody tr") > 0, table
    for picture in ("rhythm", "stays", "trips", "profiles", "time", "matrix"):
        assert reader.count(f"#{picture}-picture > *") > 0, picture


def test_an_area_without_a_published_flow_says_so(reader):
    """Flows are of the first eight areas."""
    reader.area(ids()[9]).click()
    assert reader.count("#flows-table tbody tr") == 0
    note = reader.page.locator("#flows-none")
    assert "No flow of District & <D0009> is published" in note.inner_text()
    reader.area(ids()[0]).click()
    assert note.inner_text() == ""


def test_a_sentence_leads_to_its_view(reader):
    link = reader.page.locator("#findings a")
    assert "42.5% fewer" in link.inner_text()
    link.click()
    assert reader.view()["measure"] == "percent"
    assert reader.view()["area"] == ids()[0]


def test_every_control_works_from_the_keyboard(reader):
    reader.page.locator("#area").press("D")
    expect(reader.page).to_have_url(re.compile(f"area={ids()[0]}"))
    reader.page.locator("#slider").focus()
    before = reader.view()["start"]
    reader.page.keyboard.press("ArrowLeft")
    assert reader.view()["start"] < before
    reader.page.locator("#areas-table tbody button").nth(4).press("Enter")
    assert reader.view()["area"] == ids()[4]


#: Each language and each size once in `make test`, all pairs of them in `make test-all`.
PAGES = [
    pytest.param(language, size, marks=pytest.mark.long if (one + other) % 2 else ())
    for one, language in enumerate(sorted(languages()))
    for other, size in enumerate([(1280, 900), (390, 844)])
]


@pytest.mark.parametrize(("language", "size"), PAGES)
def test_nothing_is_in_the_way_of_a_screen_reader(browser, file, language, size):
    viewport = {"width": size[0], "height": size[1]}
    reader = Reader(browser, file, f"#language={language}&area={ids()[0]}", viewport=viewport)
    found = Axe().run(reader.page).response["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found] == []
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert not re.search(r"\{\w+\}|undefined|NaN", reader.page.locator("body").inner_text())
    reader.close()


def test_without_javascript_there_is_a_picture_and_every_sentence(browser, file):
    reader = Reader(browser, file, java_script_enabled=False)
    assert reader.count(".without-script svg path") >= len(ids())
    assert reader.page.locator(".without-script svg").is_visible()
    assert not reader.page.locator("#controls").is_visible()
    assert "42.5 % fewer" in reader.page.locator("#findings").inner_text()
    assert "at least 16 people" in reader.page.locator("main").inner_text()
    reader.close()


def test_it_prints(reader, tmp_path):
    document = reader.page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert document.startswith(b"%PDF") and document.count(b"/Type /Page\n") >= 2


@pytest.mark.parametrize(
    "options",
    [
        {"withheld": 1.0},
        {"n_areas": 1},
        {"n_areas": 1, "n_days": 1},
        pytest.param({"n_areas": 2000}, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_extreme_countries_have_a_page(browser, tmp_path, options):
    study = made_up_study(**options)
    path = tmp_path / "report.html"
    path.write_text(page_of(study, Words()), encoding="utf-8")
    reader = Reader(browser, path)
    level = study.first_level
    assert reader.count("#map-picture path.area") == len(study.data["areas"][level])
    if options.get("withheld") == 1.0:
        assert reader.count("#map-picture path.is-withheld") == len(study.data["areas"][level])
        assert reader.count("#legend li") == 1
    assert reader.download()
    wrong = "[...document.querySelectorAll('svg *')].filter((node) => "
    wrong += "[...node.attributes].some((one) => /NaN|undefined|Infinity/.test(one.value)))"
    assert reader.page.evaluate(f"{wrong}.length") == 0
    reader.close()


def test_a_year_of_200_areas_is_below_ten_megabytes():
    study = made_up_study(n_areas=200, n_days=366)
    assert study.left_out == []
    assert len(page_of(study, Words()).encode()) < 10e6


@pytest.mark.long
def test_what_is_too_much_is_left_out_the_finest_first():
    study = made_up_study(n_areas=2000, n_days=366)
    assert study.left_out == ["day of district"]
    page = page_of(study, Words())
    assert "day of district" in page and len(page.encode()) < 20e6


def test_a_real_country_is_not_called_fictional():
    page = page_of(made_up_study(boundaries="Statistics office"), Words())
    assert 'class="fictional"' not in page and "Boundaries: Statistics office" in page
    assert 'class="fictional"' in page_of(made_up_study(), Words())


def test_a_name_cannot_end_the_script():
    study = made_up_study(boundaries="</script><script>alert(1)</script>")
    assert "</script><script>alert" not in page_of(study, Words(title="<b>"))
    assert "<h1>&lt;b&gt;</h1>" in page_of(study, Words(title="<b>"))


def test_every_language_has_every_sentence():
    known = languages()
    places = {
        code: {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in words.items()}
        for code, words in known.items()
    }
    assert len(known) >= 2
    assert all(places[code] == places["en"] for code in known)


def test_every_word_of_the_page_is_in_the_languages():
    folder = Path(__file__).parents[3] / "throng/report/page"
    words = languages()["en"]
    page = (folder / "page.html").read_text()
    asked = set(re.findall(r'data-(?:word|label)="([\w.]+)"', page))
    scripts = "".join(path.read_text() for path in folder.glob("*.js"))
    asked |= set(re.findall(r'(?:word|say)\((?:"[\w-]+", )?"([\w.]+)"', scripts))
    # What ends with a dot is the beginning of a name.
    assert {name for name in asked if not name.endswith(".")} - set(words) == set()


def test_the_policy_allows_nothing_but_what_stands_in_the_page():
    page = page_of(STUDY, Words())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy and "http" not in policy
    assert json.loads(re.search(r'id="study">(.*?)</script>', page, re.DOTALL)[1])
