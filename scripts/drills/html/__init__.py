"""The report of a drill for people, and the index over all drills: self-contained HTML files, drawn from report.json.

A page needs no network, no server and no script: the pictures are SVG, drawn here, and what little JavaScript there is
only reads out numbers that also stand in tables. Everything comes from `report.json` and `requests.csv`, so a page can
be drawn again at any time with `python -m drills report`.
"""
