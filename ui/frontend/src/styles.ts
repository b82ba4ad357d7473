// The styles of the run view. They stand in its shadow root, and take the page's font from Streamlit.

export const STYLES = `
:host { display: block; }
.fr { --paper: var(--st-background-color, #ffffff); --ink: var(--st-text-color, #1e293b);
  --soft: color-mix(in srgb, var(--ink) 70%, var(--paper)); --line: color-mix(in srgb, var(--ink) 14%, var(--paper));
  --panel: color-mix(in srgb, var(--ink) 4%, var(--paper)); --accent: #3563c9;
  --accent-soft: color-mix(in srgb, var(--accent) 13%, var(--paper)); --good: #1f7f40; --bad: #c13333; --warn: #a86f00;
  --lit: #fff3c4;
  --mono: var(--st-code-font, ui-monospace), ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  position: relative; display: flex; flex-direction: column; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-radius: 10px; overflow: hidden; font-size: 13px; line-height: 1.45;
  font-family: var(--st-font, "Source Sans", sans-serif), sans-serif; box-sizing: border-box; }
.fr.dark { --paper: var(--st-background-color, #0b111b); --ink: var(--st-text-color, #e2e8f0); --accent: #7ea6ff;
  --accent-soft: color-mix(in srgb, var(--accent) 20%, var(--paper)); --good: #4fc274; --bad: #f06a6a; --warn: #f2b824;
  --lit: #40370f; color-scheme: dark; }
.fr *, .fr *::before { box-sizing: border-box; }
.fr [hidden] { display: none !important; }
.fr button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
  padding: 2px 9px; cursor: pointer; line-height: 1.5; white-space: nowrap; }
.fr button:hover:not(:disabled) { border-color: var(--accent); color: var(--accent); }
.fr button:disabled { cursor: default; opacity: .65; }
.fr button.quiet { border-color: transparent; background: none; color: var(--soft); padding: 1px 6px; }
.fr button.quiet:hover:not(:disabled) { color: var(--accent); }
.fr button.on, .fr button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); background: var(--accent-soft); }
.fr :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.muted { color: var(--soft); }

.top { display: flex; align-items: center; gap: 10px; padding: 7px 10px; border-bottom: 1px solid var(--line); min-height: 44px; flex-wrap: wrap; }
.top .status { font-weight: 600; white-space: nowrap; }
.top .status.failed { color: var(--bad); }
.top .numbers { color: var(--soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; flex: 1 1 120px; min-width: 0; }
.top .find { display: flex; align-items: center; gap: 4px; }
.top input[type=search] { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; padding: 3px 8px; width: 150px; }
.top .hits { color: var(--soft); min-width: 38px; text-align: right; font-variant-numeric: tabular-nums; }
.lost { background: var(--lit); padding: 4px 12px; }

.main { display: flex; flex: 1 1 auto; min-height: 0; }
.stage { position: relative; flex: 1 1 auto; min-width: 0; overflow: clip; cursor: grab; touch-action: pan-y; background: var(--paper); user-select: none; -webkit-user-select: none; }
.stage.dragging { cursor: grabbing; }
.stage > svg { position: absolute; left: 0; top: 0; display: block; overflow: visible; transform-origin: 0 0; }
.stage .hint { position: absolute; inset: 0; display: grid; place-items: center; color: var(--soft); pointer-events: none; }
.stage .controls { position: absolute; left: 10px; bottom: 10px; display: flex; gap: 4px; cursor: default; flex-wrap: wrap; }
.stage .controls button { background: var(--paper); min-width: 30px; }
.legend { position: absolute; left: 10px; bottom: 46px; background: var(--paper); border: 1px solid var(--line); cursor: default;
  border-radius: 8px; padding: 12px 16px; box-shadow: 0 4px 18px rgba(15,23,42,.12); z-index: 2; display: flex; gap: 12px 28px;
  max-width: calc(100% - 20px); max-height: calc(100% - 60px); overflow: auto; box-sizing: border-box; flex-wrap: wrap; overscroll-behavior: contain; }
.legend section { flex: 1 1 220px; max-width: 270px; }
.legend h4 { margin: 0 0 4px; font-size: 12px; } .legend .signs + h4 { margin-top: 10px; }
.legend .signs { display: grid; grid-template-columns: 46px auto; gap: 1px 10px; align-items: center; }
.legend svg { width: 46px; height: 27px; overflow: visible; }
.legend p { margin: 8px 0 0; color: var(--soft); font-size: 12px; }
.controls .saving { position: absolute; right: 0; bottom: 36px; display: flex; gap: 6px; align-items: center; padding: 8px; z-index: 2;
  background: var(--paper); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 18px rgba(15,23,42,.12); }
.controls .saving .muted:empty { display: none; }
.stage::after { content: "Click the chart to zoom with the wheel"; position: absolute; left: 50%; top: 14px; transform: translateX(-50%);
  padding: 4px 12px; border-radius: 14px; background: var(--ink); color: var(--paper); opacity: 0; transition: opacity .25s; pointer-events: none; white-space: nowrap; }
.stage.aside::after { opacity: .88; }
.flowreason text { white-space: pre; }
.stage .flowreason .frame { fill: color-mix(in srgb, var(--ink) 2%, var(--paper)); stroke: var(--line); }
.stage .flowreason .label { stroke: color-mix(in srgb, var(--ink) 2%, var(--paper)); }
.flowreason [data-node] { cursor: pointer; }
.flowreason .selected { fill: none; stroke: var(--accent); stroke-width: 2.5; pointer-events: none; }
.flowreason .hit { fill: none; stroke: var(--warn); stroke-width: 2; stroke-dasharray: 5 4; pointer-events: none; }
.flowreason .fold { cursor: pointer; }
.flowreason .fold rect { fill: var(--paper); stroke: var(--line); }
.flowreason .fold path { stroke: var(--soft); stroke-width: 1.6; stroke-linecap: round; fill: none; }
.flowreason .fold:hover rect, .flowreason .fold:focus-visible rect { stroke: var(--accent); }
@media (prefers-reduced-motion: no-preference) {
  .flowreason .s-running > .badge > .sign { animation: fr-run 1.2s steps(4) infinite alternate; }
  .flowreason .edge.pulse .line { animation: fr-lit .6s steps(5); }
  .flowreason .fresh { animation: fr-fresh .35s ease-out; }
  .source.writing .note::before { animation: fr-blink 1.2s steps(2) infinite; }
}
@keyframes fr-run { to { opacity: .25; } }
@keyframes fr-lit { from { stroke-width: 3.6; } }
@keyframes fr-fresh { from { opacity: 0; } }
@keyframes fr-blink { 50% { opacity: .2; } }

.grip { flex: 0 0 7px; cursor: col-resize; background: var(--panel); border-left: 1px solid var(--line); border-right: 1px solid var(--line); touch-action: none; }
.grip:hover, .grip:focus-visible { background: var(--accent-soft); }
.side { flex: 0 0 380px; min-width: 0; display: flex; flex-direction: column; background: var(--paper); }
.tabs, .tabs [role=tablist] { display: flex; gap: 2px; }
.tabs { padding: 6px 8px 0; border-bottom: 1px solid var(--line); }
.tabs button { border: none; border-bottom: 2px solid transparent; border-radius: 0; background: none; color: var(--soft); padding: 4px 10px 6px; }
.tabs button[aria-selected=true] { color: var(--ink); border-bottom-color: var(--accent); font-weight: 600; }
.tabs .hide { margin-left: auto; }
.pane { flex: 1 1 auto; min-height: 0; overflow: auto; overscroll-behavior: contain; }

.look { padding: 12px 14px 20px; }
.look .empty { color: var(--soft); margin: 18px 4px; }
.look header .kind { color: var(--soft); font-size: 12px; display: flex; gap: 8px; flex-wrap: wrap; }
.look header .type { font-family: var(--mono); }
.look h3 { margin: 1px 0 2px; font-size: 17px; line-height: 1.3; overflow-wrap: anywhere; }
.look h4, .drafts h4 { margin: 16px 0 5px; font-size: 12px; font-weight: 600; color: var(--soft); display: flex; align-items: baseline; gap: 6px; }
.look h4 .tools { margin-left: auto; font-weight: 400; }
.look .state { font-size: 12.5px; margin-bottom: 8px; color: var(--soft); }
.st-done .sign, .state.st-done, .round.st-done { color: var(--good); }
.st-retried .sign, .state.st-retried { color: var(--good); }
.st-cached .sign, .state.st-cached { color: #2f7f8f; }
.dark .st-cached .sign, .dark .state.st-cached { color: #57b7c9; }
.st-failed .sign, .state.st-failed, .fr .round.st-failed { color: var(--bad); }
.st-limit .sign, .state.st-limit, .state.st-bound, .st-bound .sign, .fr .round.st-limit { color: var(--warn); }
.fr .round.looked { color: var(--soft); border-style: dashed; }
.frame.told-only { cursor: default; }
.st-running .sign, .state.st-running, .state.st-ready, .fr .round.st-running { color: var(--warn); }
.long { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.long.code { font-family: var(--mono); font-size: 12px; }
.long.folded { max-height: 15.5em; overflow: hidden; mask-image: linear-gradient(#000 70%, transparent); }
.look section > .long, .look section > div > .long, .look dd .long, .look header .long, .message .long, .plain .long { background: var(--panel); border-radius: 6px; padding: 7px 9px; }
.more { margin-top: 2px; }
.look dl { margin: 0; display: grid; grid-template-columns: minmax(40px, auto) 1fr; gap: 6px 10px; }
.look dt { color: var(--soft); font-family: var(--mono); font-size: 12px; padding-top: 7px; overflow-wrap: anywhere; max-width: 120px; }
.look dd { margin: 0; min-width: 0; }
.look .change { margin-top: 8px; }
.look .error h4 { color: var(--bad); }
.look .error .long { background: none; border: 1px solid var(--bad); }
.notes { margin: 10px 0 0; padding-left: 18px; color: var(--soft); }
.plain { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
.frames { max-height: 190px; overflow: auto; border: 1px solid var(--line); border-radius: 6px; overscroll-behavior: contain; }
.frames.steps { margin-top: 8px; max-height: 280px; }
.frame { display: grid; grid-template-columns: 16px minmax(70px, 1.1fr) 2fr 56px; gap: 6px; padding: 3px 8px; cursor: pointer; align-items: baseline; }
.frame:nth-child(even) { background: var(--panel); }
.frame[aria-selected=true] { background: var(--accent-soft); box-shadow: inset 2px 0 var(--accent); }
.frame:hover .where { color: var(--accent); }
.frame .where, .frame .value { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.frame .value, .frame .time { color: var(--soft); }
.frame .time { text-align: right; font-variant-numeric: tabular-nums; font-size: 12px; }
.rounds { display: flex; flex-wrap: wrap; gap: 4px; max-height: 130px; overflow: auto; }
.fr .round { padding: 0 7px; font-variant-numeric: tabular-nums; }
.fr .round.chosen { border-color: var(--accent); background: var(--accent-soft); }
.attempt { border: 1px solid var(--line); border-radius: 6px; margin-bottom: 6px; }
.attempt summary { cursor: pointer; padding: 5px 9px; color: var(--soft); }
.attempt[open] summary { border-bottom: 1px solid var(--line); }
.message { padding: 6px 9px 8px; }
.message .role { display: flex; align-items: baseline; color: var(--soft); font-size: 12px; margin-bottom: 2px; }
.message .role .copy { margin-left: auto; }
.message.reply .long { border-left: 3px solid var(--accent); border-radius: 0 6px 6px 0; }
.message.wrong .long { border-left: 3px solid var(--bad); border-radius: 0 6px 6px 0; }
.long.reply { border-left: 3px solid var(--accent); margin-top: 4px; }

.code-block, .trace { background: var(--panel); border-radius: 6px; padding: 6px 0; overflow: auto; font-family: var(--mono); font-size: 12px; }
.code-block .row, .traced { display: flex; gap: 8px; padding: 0 10px 0 0; }
.number { flex: 0 0 34px; text-align: right; color: var(--soft); user-select: none; -webkit-user-select: none; font-family: var(--mono); font-size: 11.5px; }
.code-block code, .traced code { white-space: pre; font: inherit; background: none; color: inherit; padding: 0; }
.code-block .wrong { box-shadow: inset 3px 0 var(--bad); background: color-mix(in srgb, var(--bad) 12%, transparent); }
.code-block .said { color: var(--bad); } .code-block .said code { white-space: pre-wrap; }
.traced { align-items: baseline; border-left: 3px solid transparent; }
.traced code { flex: 1 0 auto; }
.traced .changed { margin-left: auto; padding-left: 16px; color: var(--soft); max-width: 46%; overflow-wrap: anywhere; }
.traced .changed > span + span { margin-left: 8px; }
.by { flex: 0 0 50px; font-size: 11px; font-family: var(--st-font, sans-serif); }
.by-legend { display: flex; gap: 12px; padding: 0 10px 6px 44px; } .by-legend .by { flex: none; }
.by.by-python { color: #b4402f; } .by.by-model { color: #7a4fd0; } .by.by-state { color: #2a7d46; }
.dark .by.by-python { color: #f2937f; } .dark .by.by-model { color: #b99cff; } .dark .by.by-state { color: #6fce8d; }
.traced.by-python { border-color: #d9705f; background: color-mix(in srgb, #d9705f 9%, transparent); }
.traced.by-model { border-color: #8f6be0; background: color-mix(in srgb, #8f6be0 13%, transparent); }
.traced.by-state { border-color: #3f9d60; background: color-mix(in srgb, #3f9d60 12%, transparent); }

.source { display: flex; flex-direction: column; min-height: 100%; }
.source .note { color: var(--soft); padding: 8px 14px 0; } .source .note:empty { display: none; }
.source.writing .note::before { content: "●"; color: var(--accent); margin-right: 7px; }
.source .lines { padding: 10px 0; font-family: var(--mono); font-size: 12.5px; line-height: 1.6; }
.source .row { display: flex; gap: 10px; padding-right: 12px; cursor: pointer; }
.source .row:hover { background: var(--panel); }
.source .row code { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; min-width: 0; background: none; color: inherit; padding: 0; }
.source .row.lit { box-shadow: inset 3px 0 var(--accent); }
.source .in { background: var(--lit); border-radius: 2px; }
.t-keyword { color: #8f3fb0; font-weight: 600; } .t-type { color: #1f7a8c; } .t-text { color: #35702f; }
.t-code { color: #a0522d; } .t-number { color: #9a5b00; } .t-comment { color: var(--soft); font-style: italic; }
.dark .t-keyword { color: #d39bf0; } .dark .t-type { color: #6cc7d8; } .dark .t-text { color: #93cf8b; }
.dark .t-code { color: #e2a782; } .dark .t-number { color: #e6b766; }
.drafts { padding: 0 14px 14px; } .drafts ul { margin: 0 0 4px; padding-left: 18px; }
.drafts small { display: block; color: var(--soft); } .drafts .error b { color: var(--bad); } .drafts .warning b { color: var(--warn); }
.drafts .draft { background: var(--panel); padding: 8px; border-radius: 6px; overflow: auto; font-size: 12px; max-height: 300px; font-family: var(--mono); }
.drafts .warn { color: var(--warn); }

.timeline { flex: 0 0 auto; border-top: 1px solid var(--line); background: var(--paper); position: relative; }
.timeline .totals { padding: 6px 12px 0; color: var(--soft); font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.timeline .totals b { color: var(--ink); }
.timeline .canvas { position: relative; height: 116px; }
.timeline canvas { display: block; width: 100%; height: 100%; touch-action: none; }
.timeline .tip { position: absolute; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 5px 9px;
  pointer-events: none; box-shadow: 0 4px 14px rgba(15,23,42,.16); font-size: 12px; z-index: 3; max-width: 300px; }
.timeline .tip div { color: var(--soft); }

.slider { display: flex; align-items: center; gap: 10px; padding: 7px 12px; border-top: 1px solid var(--line); background: var(--panel); }
.slider .play { min-width: 34px; }
.slider input[type=range] { flex: 1 1 auto; min-width: 60px; height: 18px; margin: 0; appearance: none; -webkit-appearance: none; background: none; --share: 0%; }
.slider input[type=range]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--accent) var(--share), var(--line) var(--share)); }
.slider input[type=range]::-moz-range-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--accent) var(--share), var(--line) var(--share)); }
.slider input[type=range]::-webkit-slider-thumb { -webkit-appearance: none; width: 14px; height: 14px; border-radius: 50%; background: var(--accent); margin-top: -5px; border: 2px solid var(--paper); }
.slider input[type=range]::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--accent); border: 2px solid var(--paper); }
.slider .clock { min-width: 62px; font-variant-numeric: tabular-nums; text-align: right; }
.slider .said { color: var(--soft); flex: 0 1 210px; min-width: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.slider select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 2px 4px; }
.slider button.quiet { min-width: 84px; }

.fr.narrow { height: auto !important; }
.fr.narrow .main { flex-direction: column; }
.fr.narrow .stage { flex: 0 0 400px; }
.fr.narrow .grip { display: none; }
.fr.narrow .side { flex: 0 0 auto; width: auto !important; border-top: 1px solid var(--line); }
.fr.narrow .pane { max-height: 460px; }
.fr.narrow .top { flex-wrap: wrap; } .fr.narrow .find { order: 5; width: 100%; } .fr.narrow .find input { flex: 1; width: auto; }
.fr.narrow .slider { flex-wrap: wrap; } .fr.narrow .slider .said { order: 8; flex: 1 1 60%; } .fr.narrow .slider button.quiet { order: 9; }
.fr.narrow .slider .clock { min-width: 48px; } .fr.narrow .timeline .totals { white-space: normal; }
`
