"""The report as one HTML file: words, numbers, a still picture, and the script that draws on."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from throng.report.picture import still_map
from throng.report.study import Study

_FOLDER = Path(__file__).parent
_SCRIPTS = ("state", "map", "time", "flows", "panels", "table", "main")
D3 = _FOLDER / "vendor" / "d3.v7.9.0.min.js"


@dataclass(frozen=True)
class Words:
    """What stands on a page beside the numbers.

    Attributes:
        title: of the page; none for the one of the language.
        language: in which the page opens; one of languages().
        events: date and name of what happened, such as a lockdown.
    """

    title: str | None = None
    language: str = "en"
    events: list[tuple[date, str]] = field(default_factory=list)


def languages() -> dict[str, dict[str, str]]:
    """Every language of the page: one file each."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((_FOLDER / "languages").glob("*.json"))
    }


def page_of(study: Study, words: Words) -> str:
    """The page. It loads nothing and sends nothing: its own policy forbids it."""
    known = languages()
    word = known[words.language]
    data = {
        **study.data,
        "language": words.language,
        "events": [{"date": day.isoformat(), "label": label} for day, label in words.events],
    }
    data["header"] = header = _header(study)
    data["findings"] = [_with_view(finding, data) for finding in data["findings"]]
    script = "\n".join(
        [
            D3.read_text(encoding="utf-8"),
            "(() => {",
            '"use strict";',
            *((_FOLDER / "page" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
            "})();",
        ]
    )
    style = (_FOLDER / "page" / "page.css").read_text(encoding="utf-8")
    values = {
        "language": words.language,
        "policy": f"default-src 'none'; script-src {_hash_of(script)}; "
        f"style-src {_hash_of(style)}; base-uri 'none'; form-action 'none'",
        "title": escape(words.title or word["title"]),
        "style": style,
        "script": script,
        "fictional": _fictional(study, word),
        "facts": _items(_facts(header, word)),
        "warnings": _items(
            _fill(word[warning["key"]], {**warning, "days": _days(study, word)})
            for warning in header["warnings"]
        ),
        "findings": _items(_sentence(finding, study, word) for finding in data["findings"]),
        "picture": still_map(study, word),
        "protection": _told("p", "protection", range(1, 4), header, word),
        "releases": _release_rows(study),
        "limits": _told("li", "limits", range(1, 6), header, word),
        "languages_json": _json(known),
        "study_json": _json(data),
    }
    template = (_FOLDER / "page" / "page.html").read_text(encoding="utf-8")

    def put(match: re.Match[str]) -> str:
        kind, key = match[1], match[2]
        return escape(word[key]) if kind == "word" else values[kind]

    return re.sub(r"\{(\w+)(?:\[([\w.]+)\])?\}", put, template)


def _hash_of(text: str) -> str:
    """As a policy names a script or style that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: object) -> str:
    """JSON that can stand in a page: no text in it can end the script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _fill(text: str, values: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], "")), text)


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def _told(tag: str, name: str, numbers: range, header: dict[str, Any], word: dict[str, str]) -> str:
    """Numbered sentences that speak of the threshold; the script fills them in other languages."""
    values = {"n": header["min_group_size"], "less": header["min_group_size"] - 1}
    data = escape(json.dumps(values))
    return "".join(
        f'<{tag} data-word="{name}.{i}" data-values="{data}">'
        f"{escape(_fill(word[f'{name}.{i}'], values))}</{tag}>"
        for i in numbers
    )


def _header(study: Study) -> dict[str, Any]:
    """What stands under the title."""
    releases = study.releases
    n_rows = sum(row["n_rows"] for row in releases)
    drawn = [area for areas in study.data["areas"].values() for area in areas]
    warnings: list[dict[str, Any]] = []
    if study.data["poor_days"]:
        warnings.append({"key": "poor_days"})
    if any(area["source"] == "sites" for area in drawn):
        warnings.append({"key": "guessed_outlines"})
    warnings += [
        {"key": "boundaries", "source": source}
        for source in sorted({area["boundaries"] for area in drawn if area["boundaries"]})
    ]
    if study.left_out:
        warnings.append({"key": "left_out", "what": ", ".join(study.left_out)})
    last = releases[-1]
    return {
        "releases": sorted({row["release_id"] for row in releases}),
        "published": max(row["published_at"] for row in releases)[:10],
        "first": min(row["first_date"] for row in releases if row["period"] == "day"),
        "last": max(row["last_date"] for row in releases if row["period"] == "day"),
        # Of several releases, what protects least.
        "min_group_size": min(row["min_group_size"] for row in releases),
        "mechanism": last["mechanism"],
        "rounding_base": last["rounding_base"],
        "percent_withheld": round(
            100 * sum(row["n_suppressed"] for row in releases) / max(n_rows, 1), 1
        ),
        "warnings": warnings,
    }


def _facts(header: dict[str, Any], word: dict[str, str]) -> list[str]:
    protected = [
        _fill(word["threshold"], {"n": header["min_group_size"]}),
        word[f"mechanism.{header['mechanism']}"],
    ]
    if header["rounding_base"]:
        protected.append(_fill(word["rounding"], {"base": header["rounding_base"]}))
    return [
        _fill(
            word["published"],
            {"release": ", ".join(header["releases"]), "date": header["published"]},
        ),
        _fill(word["covers"], header),
        "; ".join(protected),
        _fill(word["share_withheld"], {"percent": f"{header['percent_withheld']} %"}),
    ]


def _fictional(study: Study, word: dict[str, str]) -> str:
    """A synthetic country is called fictional, by the source of its boundaries."""
    drawn = [area for areas in study.data["areas"].values() for area in areas]
    if not any((area["boundaries"] or "").startswith("fictional") for area in drawn):
        return ""
    return f'<p class="fictional" data-word="fictional">{escape(word["fictional"])}</p>'


def _days(study: Study, word: dict[str, str]) -> str:
    return ", ".join(
        _fill(word["poor_day"], {"date": day["start"], "percent": f"{day['percent']} %"})
        for day in study.data["poor_days"]
    )


def _with_view(finding: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """A finding with the state of the page that shows it."""
    view: dict[str, str] = {"level": finding["level"]}
    periods = data["people"].get(finding["level"], {})
    if finding["finding"] in ("emptied", "filled") and "day" in periods:
        last = max(periods["day"])
        view |= {"measure": "percent", "period": "day", "start": last, "area": finding["area"]}
    elif "start" in finding:
        period = "week" if finding["start"] in periods.get("week", {}) else "day"
        view |= {"measure": "people", "period": period, "start": finding["start"]}
        view |= {"area": finding["from"], "compare": finding["to"], "arcs": "out"}
    else:
        view |= {"measure": "people", "period": "day"}
    return {**finding, "view": view}


def _sentence(finding: dict[str, Any], study: Study, word: dict[str, str]) -> str:
    """The sentence of a finding without JavaScript: numbers as English writes them."""
    names = {area["id"]: area["name"] for area in study.data["areas"].get(finding["level"], [])}
    values = {
        key: names.get(value, value) if key in ("area", "from", "to") else value
        for key, value in finding.items()
    }
    if "percent" in values:
        values["percent"] = f"{abs(values['percent'])} %"
    return _fill(word[finding["finding"]], values)


def _release_rows(study: Study) -> str:
    """Numbers and withheld numbers of each mart."""
    totals: dict[str, list[int]] = {}
    for row in study.releases:
        of_mart = totals.setdefault(row["mart"], [0, 0])
        of_mart[0] += row["n_rows"]
        of_mart[1] += row["n_suppressed"]
    return "".join(
        f'<tr><td>{escape(mart)}</td><td class="number">{n_rows:,}</td>'
        f'<td class="number">{n_withheld / max(n_rows, 1):.1%}</td></tr>'
        for mart, (n_rows, n_withheld) in sorted(totals.items())
    )
