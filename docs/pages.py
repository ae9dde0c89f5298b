"""Tables in pages: what stands between `<!-- name -->` and `<!-- /name -->` is written anew."""

from __future__ import annotations


def filled(page: str, **tables: str) -> str:
    """The page with each table in its place."""
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return page
