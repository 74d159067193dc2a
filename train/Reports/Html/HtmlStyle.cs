namespace SeLoRA.Train;

/// <summary>How pages look: light or dark as the reader's system has it, light on paper.</summary>
internal static class HtmlStyle
{
    /// <summary>The style sheet. Curves are coloured by class: <c>c0</c> to <c>c5</c> set <c>color</c>.</summary>
    public const string Css = """

        :root { color-scheme: light dark; --page: #fff; --ink: #22262b; --faint: #5c646c; --rule: #dfe3e8; --soft: #f4f6f8; --link: #1f5fa8;
          --c0: #1f5fa8; --c1: #c25a00; --c2: #24784a; --c3: #7a4fa3; --c4: #b3262e; --c5: #0b7285; }
        @media screen and (prefers-color-scheme: dark) {
          :root { --page: #15181c; --ink: #e4e7ea; --faint: #a3abb4; --rule: #353b43; --soft: #1f242a; --link: #8ab8f0;
            --c0: #74aaf0; --c1: #f0a050; --c2: #67c592; --c3: #bd98e6; --c4: #f08088; --c5: #5cc6d6; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1080px; padding: 1.5rem; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: break-word; }
        h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; }
        header p { margin: .2rem 0 1rem; color: var(--faint); } a { color: var(--link); }
        nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 0; padding: .5rem 0; list-style: none;
          border-block: 1px solid var(--rule); }
        figure { margin: 1rem 0; } figcaption { font-weight: 600; } figure p, .key { margin: .2rem 0; color: var(--faint); font-size: .9rem; }
        .key span { margin-right: 1.2rem; white-space: nowrap; } .key svg { vertical-align: middle; margin-right: .4rem; }
        .wide { overflow-x: auto; margin: .8rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
        caption { text-align: left; font-weight: 600; padding: .3rem 0; white-space: nowrap; }
        th, td { padding: .25rem .7rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--rule); }
        thead th { color: var(--faint); font-weight: 600; } tbody th { font-weight: 400; } table:not(.sheet) tbody th { white-space: nowrap; } .n { text-align: right; white-space: nowrap; }
        .map td, .map th { padding: 0; border: 2px solid var(--page); } .map td { min-width: 2.3rem; height: 1.7rem; text-align: center;
          vertical-align: middle; } .map th { padding: 0 .4rem; white-space: nowrap; font-size: .82rem; color: var(--faint); font-weight: 400; }
        .map tbody th { text-align: right; vertical-align: middle; } .map .up { display: inline-block; writing-mode: vertical-rl; rotate: 180deg; padding: .3rem 0; }
        .map td.none, .map svg { background: var(--soft); } .map svg { display: block; }
        .ramp { display: inline-block; width: 9rem; height: .8rem; margin: 0 .5rem; vertical-align: middle; }
        .plot { display: block; width: 100%; height: auto; } .plot text { font-size: 13px; fill: var(--faint); }
        .grid, .tick { stroke: var(--rule); } .tick { stroke: var(--faint); } .limit { stroke: var(--faint); stroke-dasharray: 2 2; }
        path { fill: none; stroke: currentColor; stroke-linejoin: round; } circle { fill: currentColor; } .raw { opacity: .35; }
        .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
        img { max-width: 100%; height: auto; image-rendering: auto; border: 1px solid var(--rule); }
        .sheet td { padding: .2rem; border: 0; } .sheet img { display: block; width: 9rem; } .sheet tbody th { min-width: 11rem; max-width: 16rem; vertical-align: middle; }
        .beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1.5rem; }
        details { margin: .8rem 0; } summary { cursor: pointer; color: var(--link); }
        @media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } h2 { break-after: avoid; }
          figure, tr, .beside > * { break-inside: avoid; } .wide { overflow: visible; } .map td { min-width: 0; }
          details::details-content { content-visibility: visible; height: auto; } }

        """;
}
