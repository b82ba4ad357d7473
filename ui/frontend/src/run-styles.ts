// The styles of a run's head, slider, timeline and panel.

export const RUN_STYLES = `
.top { gap: 8px 10px; padding: 7px 12px; }
.top .standing { display: flex; align-items: center; gap: 7px; flex: 1 1 300px; min-width: 0; flex-wrap: wrap; }
.top .status { font-weight: 600; white-space: normal; }
.top .numbers { flex: 0 1 auto; margin-left: 4px; font-variant-numeric: tabular-nums; }
.top .moment { font-variant-numeric: tabular-nums; color: var(--accent); font-weight: 600; }
.top .sign { font-size: 12px; min-width: 14px; text-align: center; color: var(--accent); }
.top .sign:empty { min-width: 8px; width: 8px; height: 8px; border-radius: 50%; background: var(--accent); margin: 0 3px; }
.top[data-status=answered] .sign { color: var(--good); }
.top[data-status=failed] .sign, .top[data-status=failed] .status { color: var(--bad); }
.top[data-status=limit] .sign, .top[data-status=paused] .sign, .top[data-status=asking] .sign, .top[data-status=consent] .sign,
.top[data-status=priced] .sign, .top[data-status=waiting] .sign { color: var(--warn); }
.top[data-status=cancelled] .sign { color: var(--soft); }
.top.past { background: var(--accent-soft); }
.top input[type=search] { min-height: 28px; }
.top .hits { min-width: 0; }
@media (prefers-reduced-motion: no-preference) {
  .top[data-status=running]:not(.past) .sign:empty, .top[data-status=writing]:not(.past) .sign:empty,
  .top[data-status=mending]:not(.past) .sign:empty { animation: fr-beat 1.6s ease-in-out infinite; }
}
@keyframes fr-beat { 50% { opacity: .25; } }

/* where the chart goes on beyond the stage, a shade says so */
.stage { --shade: color-mix(in srgb, var(--ink) 22%, transparent); }
.dark .stage { --shade: rgba(0, 0, 0, .6); }
.stage > .shades { position: absolute; inset: 0; pointer-events: none; z-index: 1; }
.stage.more-left > .shades { box-shadow: inset 14px 0 12px -12px var(--shade); }
.stage.more-right > .shades { box-shadow: inset -14px 0 12px -12px var(--shade); }
.stage.more-left.more-right > .shades { box-shadow: inset 14px 0 12px -12px var(--shade), inset -14px 0 12px -12px var(--shade); }
.stage > .shades::before { content: ""; position: absolute; inset: 0; }
.stage.more-down > .shades::before { box-shadow: inset 0 -14px 12px -12px var(--shade); }
.stage.more-up > .shades::before { box-shadow: inset 0 14px 12px -12px var(--shade); }
.stage.more-up.more-down > .shades::before { box-shadow: inset 0 14px 12px -12px var(--shade), inset 0 -14px 12px -12px var(--shade); }
.stage > .shades::after { content: "Drag to see the rest"; position: absolute; left: 50%; top: 7px; transform: translateX(-50%); opacity: 0;
  padding: 3px 11px; border-radius: 14px; background: var(--paper); color: var(--soft); border: 1px solid var(--line); font-size: 12px; white-space: nowrap; }
.fr.narrow .stage.cut:is(.more-left, .more-right, .more-up, .more-down) > .shades::after { opacity: 1; }

.fr .stage:has(> .legend:not([hidden])) > .shades::after { opacity: 0; }

.slider { border-top: 1px solid var(--line); background: var(--panel); padding: 6px 12px; }
.slider .clock { min-width: 58px; text-align: right; white-space: nowrap; }
.slider .said { flex: 0 1 230px; min-height: 1.5em; }
.slider button.quiet { min-width: 118px; }
.slider button.quiet:not(:disabled) { border-color: var(--accent); color: var(--accent); }
.timeline { border-top: 1px solid var(--line); }
.timeline .totals { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 6px 12px 2px; white-space: normal; }
.timeline .totals b { font-weight: 600; }
.timeline .mark { display: inline-flex; align-items: center; gap: 6px; }
.swatch { display: inline-block; width: 20px; height: 9px; border-radius: 2px; }
.swatch.chain { border-bottom: 3px solid var(--ink); background: color-mix(in srgb, var(--accent) 22%, var(--paper)); }
.swatch.limit { background: repeating-linear-gradient(135deg, var(--warn) 0 1px, transparent 1px 4px); border: 1px solid var(--warn); }
.swatch.person { background: radial-gradient(circle, #d98b3c 1px, transparent 1.4px) 0 0 / 4px 4px; border: 1px solid #d98b3c; }
.swatch.saved { background: radial-gradient(circle, var(--ink) 1px, transparent 1.4px) 1px 1px / 5px 5px; border: 1px solid var(--line); }
.swatch.undone { border: 2px solid var(--warn); }
.swatch.failed { background: repeating-linear-gradient(135deg, var(--bad) 0 1.4px, transparent 1.4px 4px); border: 1.5px solid var(--bad); }
.timeline .canvas { height: 42px; }
.timeline.past .amount { display: none; }
.slider input[type=range]:focus-visible { outline: none; }
.slider input[type=range]:focus-visible::-webkit-slider-thumb { box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 40%, transparent); }
.slider input[type=range]:focus-visible::-moz-range-thumb { box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 40%, transparent); }
.timeline canvas:focus-visible { outline-offset: -2px; }

.look .times h4 { margin-bottom: 4px; }
.look .times .find { display: flex; align-items: center; gap: 8px; margin-bottom: 6px; }
.look .times input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 8px; flex: 1 1 auto; min-width: 0; }
.look .frames + .muted { margin: 4px 0 0; font-size: 12px; }
.frame { grid-template-columns: 14px minmax(48px, max-content) minmax(0, 1fr) 50px; }
.frame.told { grid-template-columns: 14px minmax(48px, max-content) minmax(0, 3fr) minmax(28px, 1fr) 50px; }
.frame .where { max-width: 110px; }
.frame .given { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.frame.told .value { text-align: right; }

.side.sheet { position: fixed; left: 0; right: 0; bottom: 0; z-index: 999990; width: auto !important; max-height: min(64vh, 560px);
  border-top: 1px solid var(--line); border-radius: 14px 14px 0 0; box-shadow: 0 -6px 28px rgba(15,23,42,.24); }
.side.sheet .tabs { padding-top: 8px; }
.side.sheet .tabs button { padding: 8px 14px 9px; }
.fr.narrow .pane { max-height: none; }
.fr.narrow .main { flex: 0 0 auto; }
.fr.narrow .stage { flex: 0 0 min(46vh, 400px); height: min(46vh, 400px); }
.fr.narrow .top { padding: 8px 10px; }
.fr.narrow .top .find { flex: 1 1 120px; width: auto; order: 0; }
/* two lines, whatever is told, so that nothing below them moves under the finger */
.fr.narrow .top .standing { flex: 1 1 100%; row-gap: 0; }
.fr.narrow .top .status { flex: 1 1 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.fr.narrow .top .numbers { flex: 1 1 100%; margin-left: 0; min-height: 1.5em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.fr.narrow button { min-height: 32px; }
.fr.narrow .slider { gap: 8px; }
.fr.narrow .slider .said { flex: 1 1 100%; order: 8; }
.fr.narrow .slider input[type=range] { flex: 1 1 90px; }
.fr.narrow .slider select { order: 9; flex: 1 1 auto; min-height: 32px; } .fr.narrow .slider button.quiet { order: 10; }
.fr.narrow .timeline .totals { gap: 2px 10px; }
`
