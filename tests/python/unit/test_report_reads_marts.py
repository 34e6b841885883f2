"""What the report asks for: marts, and nothing else."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from throng.report.queries import FINDINGS, QUERIES, QUERIES_OF_FEEDS


@pytest.mark.parametrize("sql", [*QUERIES.values(), *QUERIES_OF_FEEDS.values(), *FINDINGS.values()])
def test_each_statement_reads_marts_only(sql):
    text = sql.format(periods="'day'", indicators="'active_days'", level="admin1")
    [statement] = sqlglot.parse(text, read="spark")
    steps = {step.alias for step in statement.find_all(exp.CTE)}
    read = [table for table in statement.find_all(exp.Table) if table.name not in steps]
    assert read
    assert {table.db for table in read} == {"marts"}
