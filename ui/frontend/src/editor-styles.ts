// The styles of the editor, over those of the run view: the same colours, buttons and drawing.

export const EDITOR_STYLES = `
.edit .top { gap: 6px; }
.edit .top .told { flex: 1 1 160px; min-width: 0; color: var(--soft); text-align: right; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.edit .top .fixes { border-color: var(--accent); color: var(--accent); }
.edit .writing { flex: 1 1 50%; min-width: 0; display: flex; flex-direction: column; background: var(--paper); }
.edit .text { position: relative; flex: 1 1 auto; min-height: 0; display: flex; }
.edit .side { flex: 1 1 44%; }
.edit .side .stage { flex: 1 1 auto; min-height: 0; }
.edit .side .note { color: var(--soft); padding: 6px 12px; border-bottom: 1px solid var(--line); background: var(--panel); }
.edit .stage svg { transition: opacity .2s; }
.edit .stage.stale svg { opacity: .42; filter: grayscale(1); }
.edit .findings { flex: 0 0 auto; max-height: 34%; overflow: auto; border-top: 1px solid var(--line); background: var(--panel); overscroll-behavior: contain; }
.edit .findings:empty { display: none; }
.edit .finding { display: grid; grid-template-columns: 18px minmax(0, 1fr) auto; gap: 2px 8px; padding: 6px 12px; align-items: baseline; cursor: pointer; }
.edit .finding + .finding { border-top: 1px solid var(--line); }
.edit .finding:hover .words { color: var(--accent); }
.edit .finding .sign { font-weight: 700; text-align: center; }
.edit .finding .line { margin-right: 7px; padding: 0; font-variant-numeric: tabular-nums; text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: 3px; }
.edit .finding .words { overflow-wrap: anywhere; }
.edit .finding .help, .edit .finding .why { color: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; }
.edit .finding code, .tips .cm-diagnostic code { font-family: var(--mono); font-size: .94em; background: color-mix(in srgb, var(--soft) 14%, transparent); color: inherit; border-radius: 4px; padding: 0 3px; }
.edit .finding .why { margin-top: 4px; }
.edit .finding .code { font-size: 12px; margin-top: 3px; } .edit .finding .more { padding: 0 4px; }
.edit .way { position: absolute; border-color: color-mix(in srgb, var(--ink) 30%, var(--paper)); z-index: 1; width: 30px; height: 30px; padding: 0; border-radius: 50%; box-shadow: 0 2px 8px rgba(15,23,42,.16); cursor: pointer; }
.edit .ways { display: contents; } .edit .way.above { top: 8px; left: calc(50% - 15px); } .edit .way.below { bottom: 8px; left: calc(50% - 15px); }
.edit .way.left { left: 8px; top: calc(50% - 15px); } .edit .way.right { right: 8px; top: calc(50% - 15px); }
.edit .leaving { position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); z-index: 5; padding: 4px 12px; border-radius: 14px; background: var(--ink); color: var(--paper); white-space: nowrap; pointer-events: none; }
.edit .finding button { align-self: center; white-space: normal; text-align: left; max-width: 260px; }
.edit .top { flex-wrap: nowrap; } .edit .top > button, .edit .dropper { flex: none; }
.edit .top .next { margin-left: -2px; }
.edit .dropper { position: relative; }
.edit .drop { position: absolute; top: calc(100% + 6px); left: 0; z-index: 20; width: 340px; max-height: 420px; overflow: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 28px rgba(15,23,42,.18); padding: 12px; }
.edit .drop p { margin: 8px 0 0; }
.edit .kept { display: flex; align-items: center; gap: 4px; padding: 6px 0; }
.edit .kept + .kept { border-top: 1px solid var(--line); }
.edit .kept .words { flex: 1 1 auto; min-width: 0; display: flex; flex-direction: column; align-items: flex-start; }
.edit .kept .name { border: 0; background: none; padding: 0; font-weight: 600; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.edit .kept input, .edit .renaming input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; width: 100%; }
.edit .gone { background: var(--panel); border-radius: 6px; padding: 6px 9px; margin-bottom: 6px; }
.edit .keys { display: grid; grid-template-columns: auto 1fr; gap: 7px 14px; margin: 0; }
.edit .keys dt { font-family: var(--mono); font-size: 12px; white-space: nowrap; } .edit .keys dd { margin: 0; color: var(--soft); }
.edit .renaming { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 7px 12px; border-bottom: 1px solid var(--line); background: var(--panel); }
.edit .renaming input { width: 170px; font-family: var(--mono); } .edit .renaming .why { flex-basis: 100%; color: var(--bad); } .edit .renaming .why:empty { display: none; }
.error .sign, .f-error .sign { color: var(--bad); } .f-warning .sign { color: var(--warn); } .f-information .sign, .f-hint .sign { color: var(--accent); }

.fr .cm-editor.cm-editor { flex: 1 1 auto; min-width: 0; height: 100%; font-size: 13.5px; background: var(--paper); color: var(--ink); }
.fr .cm-editor.cm-focused { outline: none; }
.fr .cm-editor .cm-scroller { font-family: var(--mono); line-height: 1.6; overscroll-behavior: contain; }
.fr .cm-editor .cm-content { padding: 10px 0; caret-color: var(--ink); }
.fr .cm-editor .cm-line { padding: 0 14px 0 8px; }
.fr .cm-editor .cm-gutters { background: var(--paper); color: var(--soft); border-right: 1px solid var(--line); }
.fr .cm-editor .cm-lineNumbers .cm-gutterElement { padding: 0 6px 0 12px; opacity: .8; }
.fr .cm-editor .cm-activeLine { background: color-mix(in srgb, var(--accent) 6%, transparent); }
.fr .cm-editor .cm-activeLineGutter { background: none; color: var(--ink); opacity: 1; }
.fr .cm-editor .cm-cursor { border-left-color: var(--ink); border-left-width: 2px; }
.fr .cm-editor.cm-editor .cm-selectionBackground, .fr .cm-editor.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground { background: color-mix(in srgb, var(--accent) 26%, transparent); }
.fr .cm-editor .cm-selectionMatch { background: color-mix(in srgb, var(--accent) 16%, transparent); }
.fr .cm-editor .cm-searchMatch { background: var(--lit); outline: 1px solid var(--warn); }
.fr .cm-editor .cm-searchMatch-selected { background: color-mix(in srgb, var(--warn) 45%, transparent); }
.fr .cm-matchingBracket, .fr .cm-editor.cm-focused .cm-matchingBracket { background: none; outline: 1px solid var(--accent); border-radius: 2px; }
.fr .cm-nonmatchingBracket, .fr .cm-editor.cm-focused .cm-nonmatchingBracket { background: none; outline: 1px solid var(--bad); border-radius: 2px; }
.fr .cm-editor .cm-panels { background: var(--panel); color: var(--ink); }
.fr .cm-editor .cm-panels.cm-panels-top { border-bottom: 1px solid var(--line); }
.fr .cm-editor .cm-search { padding: 8px 30px 8px 10px; font: inherit; font-size: 13px; font-family: var(--st-font, sans-serif), sans-serif; display: flex; flex-wrap: wrap; gap: 5px; align-items: center; }
.fr .cm-editor .cm-search br { flex-basis: 100%; height: 0; content: ""; }
.fr .cm-editor .cm-search label { display: flex; align-items: center; gap: 3px; font-size: 12px; color: var(--soft); }
.fr .cm-editor .cm-textfield { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; margin: 0; width: 150px; font-size: 13px; }
.fr .cm-editor .cm-button { background: var(--paper); background-image: none; font-size: 12.5px; color: inherit; border: 1px solid var(--line); border-radius: 6px; padding: 2px 9px; margin: 0; }
.fr .cm-editor .cm-search button[name=close] { border: none; background: none; font-size: 18px; padding: 0 6px; color: var(--soft); }
.fr.tips .cm-tooltip { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 6px 22px rgba(15,23,42,.18); max-width: min(460px, 86vw); overflow: hidden; z-index: 999; font-size: 13px; }
.fr.tips .cm-tooltip-hover { max-height: 320px; overflow: auto; }
.fr.tips .cm-tooltip.cm-tooltip-autocomplete { overflow: visible; }
.fr.tips .cm-tooltip-autocomplete > ul { font-family: var(--mono); font-size: 12.5px; max-height: 15em; border-radius: 8px; }
.fr.tips .cm-tooltip-autocomplete > ul > li { padding: 3px 8px; line-height: 1.5; display: flex; gap: 8px; align-items: baseline; }
.fr.tips .cm-tooltip-autocomplete > ul > li[aria-selected] { background: var(--accent-soft); color: var(--ink); }
.fr.tips .cm-tooltip-autocomplete .kind { width: 4.6em; color: var(--soft); font-size: 11.5px; font-family: var(--st-font, sans-serif), sans-serif; flex: none; }
.fr.tips .cm-completionLabel { flex: none; } .fr.tips .cm-completionMatchedText { text-decoration: none; font-weight: 700; }
.fr.tips .cm-completionDetail { color: var(--soft); font-style: normal; margin-left: auto; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.fr.tips .cm-completionInfo { padding: 0; width: 280px; }
.fr.tips.narrow .cm-completionInfo { display: none; }
.fr .said { padding: 8px 12px; overflow-wrap: anywhere; line-height: 1.5; }
.fr .said > :first-child { margin-top: 0; } .fr .said > :last-child { margin-bottom: 0; }
.fr .said p, .fr .said ul { margin: 6px 0; } .fr .said ul { padding-left: 18px; }
.fr .said hr { border: 0; border-top: 1px solid var(--line); margin: 8px 0; }
.fr .said pre { background: var(--panel); border-radius: 6px; padding: 6px 9px; margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.fr .said code { font-family: var(--mono); font-size: 12px; background: var(--panel); color: inherit; border-radius: 4px; padding: 0 3px; } .fr .said pre code { padding: 0; background: none; }
.fr.tips .cm-diagnostic { border: 0; padding: 7px 12px; margin: 0; white-space: normal; border-left: 3px solid var(--accent); }
.fr.tips .cm-diagnostic-error { border-left-color: var(--bad); } .fr.tips .cm-diagnostic-warning { border-left-color: var(--warn); }
.fr.tips .cm-diagnosticText .help { color: var(--soft); white-space: pre-wrap; }
.fr.tips .cm-diagnosticAction { background: var(--accent-soft); color: var(--accent); border: 1px solid var(--accent); border-radius: 6px; padding: 2px 9px; margin: 5px 0 0; display: block; font-size: 12.5px; }
.fr.tips .cm-diagnosticSource { display: none; }
.fr .cm-editor .cm-lintRange-error, .fr .cm-editor .cm-lintRange-warning, .fr .cm-editor .cm-lintRange-info, .fr .cm-editor .cm-lintRange-hint { background: none; padding: 0; text-decoration-line: underline; text-decoration-style: wavy; text-decoration-thickness: 1.5px; text-underline-offset: 3px; }
.fr .cm-editor .cm-lintRange-error { text-decoration-color: var(--bad); } .fr .cm-editor .cm-lintRange-warning { text-decoration-color: var(--warn); }
.fr .cm-editor .cm-lintRange-info, .fr .cm-editor .cm-lintRange-hint { text-decoration-color: var(--accent); text-decoration-style: dotted; }
.fr .cm-editor .cm-lint-marker { content: none !important; width: 15px; height: 15px; line-height: 15px; text-align: center; font: 700 11px/15px var(--mono); }
.fr .cm-editor .cm-lint-marker-error::before { content: "✕"; color: var(--bad); } .fr .cm-editor .cm-lint-marker-warning::before { content: "△"; color: var(--warn); }
.fr .cm-editor .cm-lint-marker-info::before, .fr .cm-editor .cm-lint-marker-hint::before { content: "○"; color: var(--accent); }

.e-comment { color: var(--soft); font-style: italic; }
.e-defining, .e-deciding { color: #8f3fb0; font-weight: 600; } .e-acting { color: #2c5fc9; font-weight: 600; }
.e-adding, .e-constant { color: #8f3fb0; } .e-type { color: #1f7a8c; } .e-string { color: #35702f; }
.e-escape, .e-fence { color: #a0522d; font-weight: 600; } .e-hole { color: #2c5fc9; font-weight: 600; }
.e-python-string { color: #8a5a12; } .e-number { color: #9a5b00; } .e-setting { color: #1f7a8c; font-style: italic; }
.e-call { color: #6a3fc0; } .e-name { font-weight: 700; } .e-set { font-weight: 600; } .e-mark { color: var(--soft); }
.dark .e-defining, .dark .e-deciding, .dark .e-adding, .dark .e-constant { color: #d39bf0; } .dark .e-acting, .dark .e-hole { color: #8fb4ff; }
.dark .e-type, .dark .e-setting { color: #6cc7d8; } .dark .e-string { color: #93cf8b; } .dark .e-escape, .dark .e-fence { color: #e2a782; }
.dark .e-python-string { color: #e0c07a; } .dark .e-number { color: #e6b766; } .dark .e-call { color: #bfa6ff; }

.tips.fr { display: block; border: 0; overflow: visible; background: none; position: static; height: 0; }
.fr.edit.narrow .main { flex-direction: column; }
.fr.edit.narrow .writing { flex: 0 0 auto; }
.fr.edit.narrow .text { flex: 0 0 380px; height: 380px; }
.fr.edit.narrow .findings { max-height: 220px; }
.fr.edit.narrow .stage { flex: 0 0 340px; }
.fr.edit.narrow .top { flex-wrap: wrap; } .fr.edit.narrow .top .told { flex: 1 1 60%; text-align: left; white-space: normal; }
.fr.edit.narrow .dropper { position: static; } .fr.edit.narrow .drop { left: 10px; right: 10px; top: 44px; width: auto; }
.fr.edit.narrow .cm-editor { font-size: 13px; } .fr.edit.narrow .cm-lineNumbers .cm-gutterElement { padding: 0 3px 0 5px; }
.fr.edit.narrow .finding { grid-template-columns: 16px minmax(0, 1fr); } .fr.edit.narrow .finding button { grid-column: 2; justify-self: start; }
`
