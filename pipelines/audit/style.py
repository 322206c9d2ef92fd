"""The look of the audit page, light and dark; nothing is fetched."""

STYLE = """
:root { --ink: #1c2230; --soft: #667085; --paper: #ffffff; --card: #f6f7f9; --line: #e1e4ea; --blue: #3567c4;
  --error: #c02b2b; --warning: #b06a00; --note: #4a6a8f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --paper: #12151c; --card: #1b202a;
  --line: #2c3340; --blue: #7aa2f0; --error: #ff7b72; --warning: #e3a33b; --note: #8fb3dc; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 80px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; } h2 { font-size: 20px; margin: 44px 0 10px; }
h3 { font-size: 16px; margin: 22px 0 2px; } h4 { font-size: 15px; margin: 0; }
p { margin: 4px 0 8px; } .soft { color: var(--soft); } code { color: var(--soft); font-size: 12px; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 16px; }
.tile { background: var(--card); border-left: 4px solid var(--blue); border-radius: 6px; padding: 10px 16px;
  color: var(--soft); text-decoration: none; }
.tile b { display: block; font-size: 24px; line-height: 1.2; color: var(--ink); }
.tile.error, article.error { border-color: var(--error); }
.tile.warning, article.warning { border-color: var(--warning); }
.tile.note, article.note { border-color: var(--note); }
article { background: var(--card); border-left: 4px solid; border-radius: 6px; padding: 12px 16px; margin: 10px 0; }
article p { margin: 2px 0 4px; } .what { display: flex; justify-content: space-between; gap: 16px; flex-wrap: wrap; }
article ul { list-style: none; margin: 0; padding: 0; text-align: right; white-space: nowrap; }
article .what > div { flex: 1 1 420px; } article details { margin: 0; } article details[open] { flex-basis: 100%; }
nav { margin-top: 14px; } nav a { color: var(--blue); margin-right: 16px; text-decoration: none; }
figure { margin: 8px 0; max-width: 520px; } figcaption { font-weight: 600; font-size: 13px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 6px 0; }
th { text-align: left; font-weight: 600; color: var(--soft); } td, th { padding: 5px 12px 5px 0; vertical-align: top; }
td:first-child { white-space: nowrap; }
tr { border-bottom: 1px solid var(--line); }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 0 36px; }
details { margin: 4px 0; } summary { cursor: pointer; color: var(--blue); }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 10px; }
svg line { stroke: var(--line); } .week { fill: var(--blue); }
.flood { fill: var(--warning); background: var(--warning); }
.gap { fill: var(--error); background: var(--error); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 5px 0 12px; }
.bar { background: var(--line); border-radius: 3px; height: 9px; width: 110px; display: inline-block; }
.bar i { background: var(--blue); border-radius: 3px; height: 9px; display: block; }
"""
